//! The module `dbg`, as far as tools go wrong without: nothing can be traced here.
//!
//! `etop` and the tab "Trace Overview" of `observer` set up a tracer on the node, and wait for it without end; then they
//! connect to its port. So there is one, from which no trace ever comes. The log of the tab says why.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use super::badarg;
use crate::etf::to_bytes;
use crate::process::{LocalNode, Received};
use crate::rpc::{Context, Module, Raise};
use crate::term;
use crate::term::{Atom, Port, Term};

/// So many tracers may be set up at once.
const MOST: usize = 8;

/// So many may be connected to one.
const MOST_CLIENTS: usize = 4;

/// How long nobody is accepted after an error.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the queues of tracers are that `dbg` and its users want.
const QUEUES: [i64; 2] = [200, 5000];

/// What is said of every attempt to trace.
const REFUSAL: &str = "a node of ergo cannot be traced";

/// The numbers of ports above those of links: tracers have them.
const FIRST: u64 = 1 << 40;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("dbg")
        .function("do_relay", relay)
        .function("erlang_trace", |_: Term, _: Term, _: Term| refuse())
        .function("deliver_and_flush", |_: Term| term!([0]))
}

/// Those of `erlang` that ask for traces.
pub(super) fn with_traces(erlang: Module) -> Module {
    erlang
        .function("trace", |_: Term, _: Term, _: Term| refuse())
        .function("trace_pattern", |_: Term, _: Term, _: Term| refuse())
        .function(
            "port_control",
            |ctx: Context, port: Term, command: Term, _: Term| {
                port_control(ctx.node(), &port, &command)
            },
        )
}

fn refuse() -> Result<Term, Raise> {
    Err(Raise::error(term!({notsup, (REFUSAL)})))
}

/// The tracers of a node.
#[derive(Default)]
struct Tracers {
    /// Where they listen; nowhere on a node that does not listen either.
    address: OnceLock<Option<IpAddr>>,
    /// The port of each; `None` while it has yet none.
    ports: Mutex<BTreeMap<u64, Option<u16>>>,
}

impl Tracers {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Option<u16>>> {
        self.ports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, if there are not too many.
    fn admit(self: Arc<Tracers>) -> Option<Tracer> {
        let mut ports = self.lock();
        if ports.len() >= MOST {
            return None;
        }
        let number = ports.last_key_value().map_or(FIRST, |(last, _)| last + 1);
        ports.insert(number, None);
        drop(ports);
        Some(Tracer {
            tracers: self,
            number,
        })
    }
}

/// Says on which address the node listens, if it does.
pub(super) fn set_address(node: &LocalNode, address: Option<IpAddr>) {
    let tracers = node.attached::<Tracers>();
    tracers.address.get_or_init(|| address);
}

/// A tracer, for as long as this is held.
struct Tracer {
    tracers: Arc<Tracers>,
    number: u64,
}

impl Tracer {
    fn listens(&self, port: u16) {
        self.tracers.lock().insert(self.number, Some(port));
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.tracers.lock().remove(&self.number);
    }
}

/// `dbg:do_relay/2`: says that there is a tracer, and ends with who asks for it.
async fn relay(mut ctx: Context, parent: Term, tracer: Term) -> Result<Atom, Raise> {
    let Term::Pid(parent) = parent else {
        return Err(badarg());
    };
    ctx.trap_exit(true);
    ctx.monitor(parent);
    let Some(wanted) = wanted_port(&tracer) else {
        // One that is no port gets nothing either.
        let _ = ctx.send(parent, &term!({started, (ctx.pid())}));
        until_end(&mut ctx).await;
        return Ok(Atom::OK);
    };
    let node = ctx.node().clone();
    let tracers = node.attached::<Tracers>();
    let Some(address) = tracers.address.get().copied().flatten() else {
        return Err(Raise::error(Atom::new("eacces")));
    };
    let in_use = || Raise::error(Atom::new("eaddrinuse"));
    let tracer = tracers.admit().ok_or_else(in_use)?;
    let address = SocketAddr::new(own_address(&node, address), wanted);
    let listener = TcpListener::bind(address).await.map_err(|_| in_use())?;
    let port = listener.local_addr().map_or(wanted, |at| at.port());
    tracer.listens(port);
    let id = Port {
        node: node.name(),
        id: tracer.number,
        creation: node.creation(),
    };
    let _ = ctx.send(parent, &term!({started, (id)}));
    // Only `etop` says which port it wants; it could make nothing of a message.
    let notice = (wanted == 0).then(|| notice(&ctx)).flatten();
    let mut clients: Vec<TcpStream> = Vec::new();
    loop {
        tokio::select! {
            () = until_end(&mut ctx) => break,
            client = listener.accept() => {
                let Ok((mut client, _)) = client else {
                    // There are no more sockets, for some time.
                    sleep(PAUSE).await;
                    continue;
                };
                if clients.len() < MOST_CLIENTS {
                    if let Some(notice) = &notice {
                        // So little finds room.
                        let _ = client.write_all(notice).await;
                    }
                    clients.push(client);
                }
            }
        }
    }
    // Who sees its connection end finds nobody listening any more.
    drop(listener);
    Ok(Atom::OK)
}

/// Waits until who asked has ended, or wants no more.
async fn until_end(ctx: &mut Context) {
    while let Received::Message(_) = ctx.receive().await {}
}

/// The port that a tracer is to listen on, which `{port, Fun}` says: it stands in the fun, with the size of a queue.
fn wanted_port(tracer: &Term) -> Option<u16> {
    let Term::Tuple(tracer) = tracer else {
        return None;
    };
    let [Term::Atom(kind), Term::Fun(fun)] = &tracer[..] else {
        return None;
    };
    let [Term::Int(one), Term::Int(other)] = fun.as_local()?.free[..] else {
        return None;
    };
    // Which of them comes first is up to the compiler.
    let port = match (one, other) {
        (0, _) | (_, 0) => 0,
        (port, queue) if QUEUES.contains(&queue) && !QUEUES.contains(&port) => port,
        (_, port) => port,
    };
    u16::try_from(port).ok().filter(|_| *kind == *"port")
}

/// The address on which the node listens; of all its addresses, that in its name, if there is one.
fn own_address(node: &LocalNode, listens: IpAddr) -> IpAddr {
    match listens.is_unspecified() {
        true => host(node).parse().unwrap_or(listens),
        false => listens,
    }
}

/// The host in the node's name: what `net_adm:localhost/0` is for.
pub(super) fn host(node: &LocalNode) -> &'static str {
    let name = node.name().as_str();
    name.split_once('@').map_or(name, |(_, host)| host)
}

/// The refusal as a trace, as the driver of a BEAM writes it.
fn notice(ctx: &Context) -> Option<Vec<u8>> {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let time = term!({
        (now.as_secs() / 1_000_000), (now.as_secs() % 1_000_000), (now.subsec_micros())
    });
    let trace = term!({trace_ts, (ctx.pid()), r#receive, (REFUSAL), (time)});
    let trace = to_bytes(&trace).ok()?;
    let mut frame = vec![0];
    frame.extend(u32::try_from(trace.len()).ok()?.to_be_bytes());
    frame.extend(trace);
    Some(frame)
}

/// `erlang:port_control(Port, $p, "")`: where a tracer listens, as its driver says it.
fn port_control(node: &LocalNode, port: &Term, command: &Term) -> Result<Term, Raise> {
    const LISTEN_PORT: i64 = 'p' as i64;
    let (Term::Port(port), Term::Int(LISTEN_PORT)) = (port, command) else {
        return Err(badarg());
    };
    let tracers = node.attached::<Tracers>();
    let listens = tracers.lock().get(&port.id).copied().flatten();
    let [high, low] = listens.ok_or_else(badarg)?.to_be_bytes();
    Ok(vec![0, high, low].into())
}
