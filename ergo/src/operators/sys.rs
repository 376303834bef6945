//! The modules `sys` and `supervisor` where they only look: a tool has them run on the node that it
//! looks at.

use std::time::Duration;

use super::{badarg, function_clause};
use crate::etf::{EncodeError, Encoder};
use crate::gen_server::{CallError, Message, MessageKind, ReplyTo, ServerRef};
use crate::process::LocalNode;
use crate::rpc::{Context, Module, Raise};
use crate::sys;
use crate::term;
use crate::term::{Atom, Term};

type Answer = Result<Term, Raise>;

/// What `sys` waits by default.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The functions of `sys` that are offered.
pub(super) fn module() -> Module {
    Module::new("sys")
        .function("get_status", async |ctx: Context, of: Term| {
            ask_sys(ctx, "get_status", of, None).await
        })
        .function(
            "get_status",
            async |ctx: Context, of: Term, timeout: Term| {
                ask_sys(ctx, "get_status", of, Some(timeout)).await
            },
        )
        .function("get_state", async |ctx: Context, of: Term| {
            ask_sys(ctx, "get_state", of, None).await
        })
        .function(
            "get_state",
            async |ctx: Context, of: Term, timeout: Term| {
                ask_sys(ctx, "get_state", of, Some(timeout)).await
            },
        )
}

/// The functions of `supervisor` that are offered.
pub(super) fn supervisor() -> Module {
    Module::new("supervisor")
        .function("which_children", async |ctx: Context, of: Term| {
            ask_supervisor(ctx, "which_children", of).await
        })
        .function("count_children", async |ctx: Context, of: Term| {
            ask_supervisor(ctx, "count_children", of).await
        })
}

/// A request that is an atom.
struct Question(&'static str);

impl Message for Question {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.atom_text(self.0)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Call
    }
}

/// The server that a pid, a name, or a name on a node stands for.
fn server(node: &LocalNode, of: &Term) -> Result<ServerRef<Question>, Raise> {
    match of {
        Term::Pid(pid) => Ok(ServerRef::from_pid(node, *pid)),
        Term::Atom(name) => Ok(ServerRef::named(node, name.as_str(), node.name().as_str())),
        Term::Tuple(pair) => match pair[..] {
            [Term::Atom(name), Term::Atom(on)] => {
                Ok(ServerRef::named(node, name.as_str(), on.as_str()))
            }
            _ => Err(badarg()),
        },
        _ => Err(badarg()),
    }
}

async fn ask_sys(ctx: Context, what: &'static str, of: Term, timeout: Option<Term>) -> Answer {
    let server = server(ctx.node(), &of)?;
    let asked = match what {
        "get_state" => sys::get_state::<Term, _>(&server),
        _ => sys::get_status(&server),
    };
    let asked = match &timeout {
        None => asked.timeout(TIMEOUT),
        Some(Term::Int(millis)) => {
            let millis = u64::try_from(*millis).map_err(|_| function_clause())?;
            asked.timeout(Duration::from_millis(millis))
        }
        Some(Term::Atom(Atom::INFINITY)) => asked.no_timeout(),
        Some(_) => return Err(function_clause()),
    };
    let args = [of].into_iter().chain(timeout);
    let failed = |error| exit(error, "sys", what, args);
    asked.await.map_err(failed)
}

async fn ask_supervisor(ctx: Context, what: &'static str, of: Term) -> Answer {
    let server = server(ctx.node(), &of)?;
    let call = server.call(|_: ReplyTo<Term>| Question(what)).no_timeout();
    call.await.map_err(|error| {
        exit(
            error,
            "gen_server",
            "call",
            [of, Term::atom(what), Atom::INFINITY.into()],
        )
    })
}

/// The exit of a call that has failed: `{Reason, {M, F, Args}}`.
fn exit(
    error: CallError,
    module: &str,
    function: &str,
    args: impl IntoIterator<Item = Term>,
) -> Raise {
    let reason = match error {
        CallError::Timeout => Atom::TIMEOUT.into(),
        CallError::NoProc => Atom::NOPROC.into(),
        CallError::NoConnection { node } | CallError::NodeDown { node } => {
            term!({nodedown, (node)})
        }
        CallError::CallingSelf => Term::atom("calling_self"),
        CallError::Exit(reason) => reason.to_term(),
        error => error.to_string().into(),
    };
    let args = Term::list(args.into_iter().collect::<Vec<_>>());
    Raise::exit(term!({(reason), {(Atom::new(module)), (Atom::new(function)), (args)}}))
}
