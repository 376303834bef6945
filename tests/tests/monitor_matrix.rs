//! The matrix of monitors: what is watched, by what, where it is, and what becomes of it, in both directions.
//!
//! Every cell runs; those that cannot be are named, with the reason, in [`Cell::excluded`].

use std::fmt;

use ergo::node::NodeBuilder;
use ergo::prelude::*;
use ergo::process::ProcessId;
use tests::{Epmd, Erl, Probe, unique, unique_node};

/// How the watched process is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pid,
    /// A name alone.
    Name,
    /// `{Name, Node}`.
    NameNode,
}

/// Where it is, seen from the watcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Local,
    Rust,
    Beam,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Demonitor,
    NormalEnd,
    Crash,
    Unknown,
    NodeDown,
    UnknownNode,
}

/// Who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Watcher {
    Plain,
    Server,
    Beam,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    watcher: Watcher,
    form: Form,
    place: Place,
    event: Event,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cell {
            watcher,
            form,
            place,
            event,
        } = self;
        write!(f, "{watcher:?} watches {form:?} × {place:?} × {event:?}")
    }
}

impl Cell {
    fn all() -> impl Iterator<Item = Cell> {
        use Event::*;
        let watchers = [Watcher::Plain, Watcher::Server, Watcher::Beam];
        let events = [Demonitor, NormalEnd, Crash, Unknown, NodeDown, UnknownNode];
        watchers.into_iter().flat_map(move |watcher| {
            [Form::Pid, Form::Name, Form::NameNode]
                .into_iter()
                .flat_map(move |form| {
                    [Place::Local, Place::Rust, Place::Beam]
                        .into_iter()
                        .flat_map(move |place| {
                            events.into_iter().map(move |event| Cell {
                                watcher,
                                form,
                                place,
                                event,
                            })
                        })
                })
        })
    }

    /// Why this cell cannot be, if it cannot.
    fn excluded(&self) -> Option<&'static str> {
        match (self.watcher, self.form, self.place, self.event) {
            (Watcher::Beam, _, Place::Local | Place::Beam, _) => {
                Some("between processes of a BEAM nothing of ergo is concerned")
            }
            (Watcher::Beam, _, _, Event::UnknownNode) => {
                Some("a BEAM alone finds out that there is no such node")
            }
            (_, Form::Name, Place::Rust | Place::Beam, _) => {
                Some("a name alone is one of the watcher's own node")
            }
            (_, _, Place::Local, Event::NodeDown) => Some("the watcher goes with its own node"),
            (_, _, Place::Local, Event::UnknownNode) => Some("the watcher's own node is known"),
            _ => None,
        }
    }

    /// The reason that is told; `None` if nothing is.
    fn reason(&self) -> Option<&'static str> {
        match self.event {
            Event::Demonitor => None,
            Event::NormalEnd => Some("normal"),
            Event::Crash => Some("{crash,[1,\"two\"]}"),
            Event::Unknown => Some("noproc"),
            Event::NodeDown | Event::UnknownNode => Some("noconnection"),
        }
    }
}

/// Watches as a server does.
struct Guard {
    downs: tokio::sync::mpsc::UnboundedSender<Down>,
}

#[gen_server]
impl Guard {
    #[init]
    fn init(downs: tokio::sync::mpsc::UnboundedSender<Down>) -> Self {
        Guard { downs }
    }
    #[call(local)]
    fn watch(&mut self, target: ProcessId, ctx: &mut Context<Self>) -> Ref {
        ctx.monitor(target)
    }
    #[call(local)]
    fn unwatch(&mut self, reference: Ref, ctx: &mut Context<Self>) -> bool {
        ctx.demonitor(reference)
    }
    #[info(down)]
    fn down(&mut self, down: Down) {
        // The test may have seen enough.
        let _ = self.downs.send(down);
    }
}

/// The watched process, wherever it is.
enum Target {
    Rust(Probe),
    Beam { pid: Pid },
    Nobody { pid: Pid },
}

impl Target {
    fn pid(&self) -> Pid {
        match self {
            Target::Rust(probe) => probe.pid,
            Target::Beam { pid } | Target::Nobody { pid } => *pid,
        }
    }
}

/// Where the watched processes live. Each node that is lost is another's.
struct World {
    epmd: Epmd,
    cookie: String,
    node: Node,
    rust: Node,
    beam: Erl,
}

impl World {
    async fn start() -> World {
        let epmd = Epmd::start();
        let cookie = unique("cookie");
        let (node, rust) = (
            rust_node(&epmd, &cookie).await,
            rust_node(&epmd, &cookie).await,
        );
        let beam = beam(&epmd, &cookie).await;
        World {
            epmd,
            cookie,
            node,
            rust,
            beam,
        }
    }

    /// Runs one cell; what went wrong is the error.
    async fn run(&self, cell: Cell, name: &str) -> Result<(), String> {
        if cell.watcher == Watcher::Beam {
            return self.run_for_beam(cell, name).await;
        }
        // A node of its own for those who lose it.
        let (mut lost_rust, mut lost_beam) = (None, None);
        if cell.event == Event::NodeDown {
            match cell.place {
                Place::Beam => lost_beam = Some(beam(&self.epmd, &self.cookie).await),
                _ => lost_rust = Some(lost_node(&self.epmd, &self.cookie).await),
            }
        }
        let rust = match cell.place {
            Place::Local => &self.node,
            _ => lost_rust.as_ref().unwrap_or(&self.rust),
        };
        let beam = lost_beam.as_ref().unwrap_or(&self.beam);
        let at = match (cell.event, cell.place) {
            (Event::UnknownNode, _) => Atom::new("nowhere@127.0.0.1"),
            (_, Place::Beam) => Atom::new(beam.name()),
            _ => rust.name(),
        };
        let target = match (cell.event, cell.place) {
            (Event::Unknown | Event::UnknownNode, _) => {
                // Of a process that was there, and has ended.
                let pid = match cell.place {
                    Place::Beam => beam_process(beam, None).await,
                    _ => Probe::start(rust).pid,
                };
                if cell.place == Place::Beam {
                    end_on_beam(beam, pid, "normal").await;
                } else {
                    tests::gone(rust, pid).await;
                }
                Target::Nobody {
                    pid: Pid { node: at, ..pid },
                }
            }
            (_, Place::Beam) => Target::Beam {
                pid: beam_process(beam, Some(name)).await,
            },
            _ => {
                let probe = Probe::start(rust);
                rust.register(name, probe.pid).unwrap();
                Target::Rust(probe)
            }
        };
        let id: ProcessId = match cell.form {
            Form::Pid => target.pid().into(),
            Form::Name => (name, self.node.name()).into(),
            Form::NameNode => (name, at).into(),
        };

        let (send, mut downs) = tokio::sync::mpsc::unbounded_channel();
        let guard = Guard::start(&self.node, send).await.unwrap();
        let mut probe = Probe::start(&self.node);
        let plain = cell.watcher == Watcher::Plain;
        let watch = async || match plain {
            true => probe.act(move |ctx| ctx.monitor(id)).await,
            false => guard.watch(id).await.unwrap(),
        };
        // Two: each is its own, and the order of their `DOWN`s is none.
        let (first, second) = (watch().await, watch().await);
        // It must be there before it can end.
        let known = async |count| match &target {
            Target::Rust(probe) => watched_on_rust(rust, probe.pid, count).await,
            Target::Beam { pid } => watched_on_beam(beam, *pid, count).await,
            Target::Nobody { .. } => {}
        };
        known(2).await;
        let mut expected = vec![second];
        if cell.event == Event::Demonitor {
            let unwatch = async |reference| match plain {
                true => probe.act(move |ctx| ctx.demonitor(reference)).await,
                false => guard.unwatch(reference).await.unwrap(),
            };
            // What `info` says: it stood, then it did not.
            if !unwatch(first).await || unwatch(first).await {
                return Err("demonitor says something else".to_owned());
            }
            known(1).await;
        } else {
            expected.insert(0, first);
        }
        match (cell.event, &target) {
            (Event::Unknown | Event::UnknownNode, _) => {}
            (Event::NodeDown, Target::Beam { .. }) => {
                lost_beam.take().expect("a node of its own").kill();
            }
            (Event::NodeDown, _) => {
                rust.disconnect(self.node.name().as_str());
            }
            (event, target) => {
                let reason = match event {
                    Event::NormalEnd => "normal",
                    _ => "{crash,[1,\"two\"]}",
                };
                match target {
                    Target::Rust(probe) => probe.end(reason.parse::<Term>().unwrap()),
                    Target::Beam { pid } => end_on_beam(beam, *pid, reason).await,
                    Target::Nobody { .. } => {}
                }
            }
        }
        let reason = cell.reason().unwrap_or("{crash,[1,\"two\"]}");
        let mut told = Vec::new();
        for _ in 0..expected.len() {
            let down = match plain {
                true => probe.down().await,
                false => downs.recv().await.ok_or("the server has ended")?,
            };
            if down.process != id {
                return Err(format!("the object is {:?}, not {id:?}", down.process));
            }
            if down.reason.to_string() != reason {
                return Err(format!("the reason is {}, not {reason}", down.reason));
            }
            told.push(down.reference);
        }
        if !(told.contains(&second) && expected.iter().all(|wanted| told.contains(wanted))) {
            return Err(format!("of {expected:?}, {told:?} were told"));
        }
        // What was taken back is not told, and nothing is told twice.
        let left = probe.left().await.len();
        if left > 0 || downs.try_recv().is_ok() {
            return Err("told more than once".to_owned());
        }
        let (watcher, guard_pid) = (probe.pid, guard.pid().unwrap());
        for pid in [watcher, guard_pid] {
            let monitors = self.node.process_info(&pid).unwrap().monitors;
            if !monitors.is_empty() {
                return Err(format!("{monitors:?} are left"));
            }
        }
        guard.stop(Reason::Normal).await.unwrap();
        Ok(())
    }

    /// A process of a BEAM watches one of ours.
    async fn run_for_beam(&self, cell: Cell, name: &str) -> Result<(), String> {
        // A node of its own for those who lose it.
        let lost = lost_node(&self.epmd, &self.cookie).await;
        let rust = match cell.event {
            Event::NodeDown => &lost,
            _ => &self.rust,
        };
        let probe = Probe::start(rust);
        let pid = probe.pid;
        let at = rust.name();
        let id = match cell.form {
            Form::Pid => "Pid".to_owned(),
            _ => format!("{{{name}, {at}}}"),
        };
        if cell.event == Event::Unknown {
            probe.end(Reason::Normal);
            tests::gone(rust, pid).await;
        } else {
            rust.register(name, pid).unwrap();
        }
        // `begin` watches and waits; `told` gives what it was told.
        let demonitor = match cell.event {
            Event::Demonitor => {
                "{true, false} = {demonitor(First, [info]), demonitor(First, [info, flush])},"
            }
            _ => "",
        };
        let begin = format!(
            "Pid = binary_to_term(Bytes), Me = self(),
             spawn(fun() -> register('{name} watcher', self()),
                 First = monitor(process, {id}), {demonitor} Second = monitor(process, {id}),
                 % What is sent later on the same connection is answered: all of this has arrived.
                 Sync = monitor(process, {{nobody, {at}}}), receive {{'DOWN', Sync, _, _, _}} -> ok end,
                 Me ! ready,
                 Loop = fun Loop(Told) -> receive
                     {{'DOWN', Ref, process, Object, Why}} when Object =:= {id} ->
                         Loop(Told ++ [{{case Ref of First -> first; Second -> second end, Why}}]);
                     {{tell, From, N}} when N =< length(Told) -> From ! {{told, lists:sort(Told)}};
                     Other when element(1, Other) =:= 'DOWN' -> Loop(Told ++ [Other])
                 end end,
                 Loop([]) end),
             receive ready -> ok end."
        );
        let bytes = ergo::etf::to_bytes(&Term::Pid(pid)).unwrap();
        self.beam.eval_with(&begin, &[("Bytes", &bytes)]).await;
        match cell.event {
            Event::NodeDown => assert!(rust.disconnect(self.beam.name())),
            Event::NormalEnd => probe.end(Reason::Normal),
            Event::Demonitor | Event::Crash => probe.end(term!({crash, [1, "two"]})),
            Event::Unknown | Event::UnknownNode => {}
        }
        let crash = "{crash,[1,\"two\"]}";
        let reason = match cell.event {
            Event::Demonitor | Event::Crash => crash,
            _ => cell.reason().unwrap_or_default(),
        };
        let (count, expected) = match cell.event {
            Event::Demonitor => (1, format!("[{{second,{reason}}}]")),
            _ => (2, format!("[{{first,{reason}}},{{second,{reason}}}]")),
        };
        let tell = format!(
            "'{name} watcher' ! {{tell, self(), {count}}}, receive {{told, Told}} -> Told end."
        );
        let told = self.beam.eval(&tell).await;
        match told == expected {
            true => Ok(()),
            false => Err(format!("it was told {told}, not {expected}")),
        }
    }
}

async fn rust_node(epmd: &Epmd, cookie: &str) -> Node {
    builder(epmd, cookie).start().await.unwrap()
}

/// One that is lost to a single node: `global` knows nothing of it, and parts nobody for its sake.
async fn lost_node(epmd: &Epmd, cookie: &str) -> Node {
    builder(epmd, cookie).hidden().start().await.unwrap()
}

fn builder(epmd: &Epmd, cookie: &str) -> NodeBuilder {
    let builder = Node::builder(&unique_node("rust")).cookie(cookie);
    builder.epmd_port(epmd.port())
}

async fn beam(epmd: &Epmd, cookie: &str) -> Erl {
    let options = Erl::options().distributed(epmd.port());
    options.cookie(cookie).start().await
}

/// A process of the BEAM that ends as it is told.
async fn beam_process(beam: &Erl, name: Option<&str>) -> Pid {
    let register = name.map_or(String::new(), |name| format!("register({name}, P),"));
    let text = format!(
        "P = spawn(fun() -> receive {{exit, Why}} -> exit(Why) end end), {register} term_to_binary(P)."
    );
    let bytes = beam.eval_bytes(&text, &[]).await;
    ergo::etf::from_bytes(&bytes.into()).unwrap()
}

async fn end_on_beam(beam: &Erl, pid: Pid, reason: &str) {
    let bytes = ergo::etf::to_bytes(&Term::Pid(pid)).unwrap();
    let text = format!(
        "P = binary_to_term(Bytes), R = monitor(process, P), P ! {{exit, {reason}}},
         receive {{'DOWN', R, _, _, _}} -> ok end."
    );
    beam.eval_with(&text, &[("Bytes", &bytes)]).await;
}

/// Waits until the node of the watched process knows of so many monitors.
async fn watched_on_beam(beam: &Erl, pid: Pid, count: usize) {
    let bytes = ergo::etf::to_bytes(&Term::Pid(pid)).unwrap();
    let text = format!(
        "P = binary_to_term(Bytes),
         Wait = fun Wait() -> {{monitored_by, By}} = process_info(P, monitored_by), case length(By) of
             {count} -> ok; _ -> erlang:yield(), Wait() end end, Wait()."
    );
    beam.eval_with(&text, &[("Bytes", &bytes)]).await;
}

async fn watched_on_rust(node: &Node, pid: Pid, count: usize) {
    let watched = async {
        while node.process_info(&pid).unwrap().monitored_by.len() != count {
            tokio::task::yield_now().await;
        }
    };
    let watched = tokio::time::timeout(tests::DEADLINE, watched).await;
    watched.expect("the monitors never arrived");
}

#[tokio::test]
async fn every_cell_of_the_matrix() {
    let world = World::start().await;
    let (mut failures, mut ran, mut excluded) = (Vec::new(), 0, 0);
    for (index, cell) in Cell::all().enumerate() {
        if cell.excluded().is_some() {
            excluded += 1;
            continue;
        }
        ran += 1;
        if let Err(wrong) = world.run(cell, &format!("cell{index}")).await {
            failures.push(format!("{cell}: {wrong}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!((ran, excluded), (82, 80), "cells come and go with a reason");
    // What the last cells have taken back is forgotten a moment later.
    tests::until(|| world.node.census().remotes + world.rust.census().remotes == 0).await;
}
