//! The module `application`, and the process `application_controller`.

use super::function_clause;
use super::system_info::text;
use crate::application::{AppInfo, Applications};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};
use crate::gen_server::{Caller, Context, InitError, Message, MessageKind, Next, Server};
use crate::process::LocalNode;
use crate::rpc::{Context as Call, Module, Raise};
use crate::supervisor::Restart;
use crate::term;
use crate::term::{Atom, List, Term};

type Answer = Result<Term, Raise>;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("application")
        .function("which_applications", |ctx: Call| running(ctx.node()))
        .function("which_applications", |ctx: Call, _timeout: Term| {
            running(ctx.node())
        })
        .function("loaded_applications", |ctx: Call| {
            listed(ctx.node().loaded_applications())
        })
        .function("info", |ctx: Call| info(ctx.node()))
        .function("get_env", |ctx: Call, app: Term, key: Term| {
            get_env(ctx.node(), &app, &key, None)
        })
        .function(
            "get_env",
            |ctx: Call, app: Term, key: Term, default: Term| {
                get_env(ctx.node(), &app, &key, Some(default))
            },
        )
        .function("get_all_env", |ctx: Call, app: Term| {
            Ok::<_, Raise>(env(ctx.node(), atom(&app)?))
        })
        .function("get_key", |ctx: Call, app: Term, key: Term| {
            get_key(ctx.node(), &app, &key)
        })
        .function("get_all_key", |ctx: Call, app: Term| {
            get_all_key(ctx.node(), &app)
        })
        .function("get_application", |ctx: Call, of: Term| {
            get_application(ctx.node(), &of)
        })
}

fn atom(term: &Term) -> Result<Atom, Raise> {
    match term {
        Term::Atom(atom) => Ok(*atom),
        _ => Err(function_clause()),
    }
}

/// `{Name, "Description", "Vsn"}`
pub(super) fn described(app: &AppInfo) -> Term {
    term!({(app.name), (text(&app.description)), (text(&app.version))})
}

fn listed(apps: Vec<AppInfo>) -> List {
    apps.iter().map(described).collect()
}

fn running(node: &LocalNode) -> List {
    listed(node.which_applications())
}

fn info(node: &LocalNode) -> Term {
    let loaded = listed(node.loaded_applications());
    let running = node.which_applications();
    let started = running.iter().map(|app| {
        let master = node.attached::<Applications>().master(app.name);
        let restart = match master.map(|(_, restart)| restart) {
            Some(Restart::Permanent) => "permanent",
            Some(Restart::Transient) => "transient",
            _ => "temporary",
        };
        term!({(app.name), (Atom::new(restart))})
    });
    let roots = running.iter().map(|app| {
        let root = app.root.map_or(Atom::UNDEFINED.into(), Term::from);
        term!({(app.name), (root)})
    });
    term!([
        {loaded, (loaded)}, {loading, []}, {started, (started.collect::<List>())}, {start_p_false, []},
        {running, (roots.collect::<List>())}, {starting, []}
    ])
}

fn env(node: &LocalNode, app: Atom) -> List {
    let env = node.all_env(app).into_iter();
    env.map(|(key, value)| term!({(key), (value)})).collect()
}

fn get_env(node: &LocalNode, app: &Term, key: &Term, default: Option<Term>) -> Answer {
    let (app, key) = (atom(app)?, atom(key)?);
    let mut env = node.all_env(app).into_iter();
    let found = env.find(|(known, _)| *known == key);
    Ok(match (found, default) {
        (Some((_, value)), Some(_)) => value,
        (Some((_, value)), None) => term!({ok, (value)}),
        (None, Some(default)) => default,
        (None, None) => Atom::UNDEFINED.into(),
    })
}

/// What the `.app` file of a BEAM says, in its order.
const KEYS: [&str; 13] = [
    "description",
    "id",
    "vsn",
    "modules",
    "maxP",
    "maxT",
    "registered",
    "included_applications",
    "optional_applications",
    "applications",
    "env",
    "mod",
    "start_phases",
];

fn key(node: &LocalNode, app: Atom, key: &str) -> Option<Term> {
    let table = node.attached::<Applications>();
    let spec = table.spec(app)?;
    let names = |names: &[Atom]| names.iter().copied().map(Term::from).collect::<List>();
    Some(match key {
        "description" => text(&spec.description),
        "vsn" => text(&spec.version),
        "applications" => names(&spec.applications).into(),
        "optional_applications" => names(&spec.optional).into(),
        "env" => env(node, app).into(),
        "start_phases" if spec.phases.is_empty() => Atom::UNDEFINED.into(),
        "start_phases" => {
            let phases = spec.phases.iter();
            let phases = phases.map(|(phase, args)| term!({(*phase), (args.clone())}));
            phases.collect::<List>().into()
        }
        "maxP" | "maxT" => Atom::INFINITY.into(),
        "id" | "modules" | "registered" | "included_applications" | "mod" => term!([]),
        _ => return None,
    })
}

fn get_key(node: &LocalNode, app: &Term, wanted: &Term) -> Answer {
    let (app, wanted) = (atom(app)?, atom(wanted)?);
    let value = key(node, app, wanted.as_str());
    Ok(value.map_or(Atom::UNDEFINED.into(), |value| term!({ok, (value)})))
}

fn get_all_key(node: &LocalNode, app: &Term) -> Answer {
    let app = atom(app)?;
    let keys = KEYS.iter().map(|name| {
        let value = key(node, app, name)?;
        Some(term!({(Atom::new(name)), (value)}))
    });
    let keys: Option<List> = keys.collect();
    Ok(keys.map_or(Atom::UNDEFINED.into(), |keys| term!({ok, (keys)})))
}

/// Of a process; modules belong to no application.
fn get_application(node: &LocalNode, of: &Term) -> Answer {
    let app = match of {
        Term::Pid(pid) => node.application_of(pid),
        Term::Atom(name) => node
            .whereis(*name)
            .and_then(|pid| node.application_of(&pid)),
        _ => return Err(function_clause()),
    };
    Ok(app.map_or(Atom::UNDEFINED.into(), |app| term!({ok, (app)})))
}

/// The process `application_controller`, for those who ask it without the module.
pub(super) struct Controller;

pub(super) enum ControllerMessage {
    /// `which_applications`
    Which(Caller),
    /// `info`
    Info(Caller),
}

impl Server for Controller {
    type Args = ();
    type Message = ControllerMessage;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.never_suspend();
        Ok(Controller)
    }

    async fn handle(&mut self, message: ControllerMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            ControllerMessage::Which(caller) => caller.reply_to().send(running(ctx.node())),
            ControllerMessage::Info(caller) => caller.reply_to().send(info(ctx.node())),
        }
        Next::Continue
    }
}

impl Message for ControllerMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        if from.accept_atom("which_applications")? {
            return Ok(Some(ControllerMessage::Which(caller.clone())));
        }
        if from.accept_atom("info")? {
            return Ok(Some(ControllerMessage::Info(caller.clone())));
        }
        Ok(None)
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Call
    }
}
