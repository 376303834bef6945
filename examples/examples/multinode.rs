//! Two nodes in one program, each with a name, a cookie and an EPMD of its own: a bridge between two clusters that do not
//! know of each other.
//!
//! ```text
//! cargo run --release --example multinode -- \
//!     --left left@127.0.0.1 --left-cookie lemon --left-epmd 4371 \
//!     --right right@127.0.0.1 --right-cookie rhubarb --right-epmd 4372
//! ```
//!
//! It prints `ready left@127.0.0.1 right@127.0.0.1` once both serve, and ends with status 0 on SIGTERM or Ctrl-C. Each of the
//! two runs a server called `bridge`; `{Server, Request}`, called or cast, is called or cast on the other side.
//!
//! A node of the right cluster, `ERL_EPMD_PORT=4372 erl -name shop@127.0.0.1 -setcookie rhubarb`, has something to offer:
//!
//! ```erlang
//! (shop@127.0.0.1)1> Count = fun Count(N) -> receive {'$gen_call', From, {add, M}} -> gen_server:reply(From, N + M), Count(N + M); {'$gen_cast', reset} -> Count(0) end end, ok.
//! ok
//! (shop@127.0.0.1)2> register(counter, spawn(fun() -> Count(0) end)).
//! true
//! ```
//!
//! and one of the left cluster, `ERL_EPMD_PORT=4371 erl -name till@127.0.0.1 -setcookie lemon`, gets at it:
//!
//! ```erlang
//! (till@127.0.0.1)1> Bridge = {bridge, 'left@127.0.0.1'}, Counter = {counter, 'shop@127.0.0.1'}.
//! {counter,'shop@127.0.0.1'}
//! (till@127.0.0.1)2> net_adm:ping('shop@127.0.0.1').
//! pang
//! (till@127.0.0.1)3> gen_server:call(Bridge, {Counter, {add, 5}}).
//! {ok,5}
//! (till@127.0.0.1)4> gen_server:cast(Bridge, {Counter, reset}), gen_server:call(Bridge, {Counter, {add, 1}}).
//! {ok,1}
//! (till@127.0.0.1)5> gen_server:call(Bridge, {{nobody, 'shop@127.0.0.1'}, hello}).
//! {error,noproc}
//! (till@127.0.0.1)6> gen_server:call(Bridge, {{counter, 'shup@127.0.0.1'}, hello}).
//! {error,{nodedown,'shup@127.0.0.1'}}
//! (till@127.0.0.1)7> nodes().
//! ['left@127.0.0.1']
//! (till@127.0.0.1)8> register(shell, self()).
//! true
//! ```
//!
//! The bridge has two directions:
//!
//! ```erlang
//! (shop@127.0.0.1)3> gen_server:cast({bridge, 'right@127.0.0.1'}, {{shell, 'till@127.0.0.1'}, closed}).
//! ok
//! (shop@127.0.0.1)4> nodes().
//! ['right@127.0.0.1']
//! ```
//!
//! ```erlang
//! (till@127.0.0.1)9> receive Message -> Message end.
//! {'$gen_cast',closed}
//! ```

#![allow(clippy::print_stdout)]

use ergo::gen_server::{CallError, InitError, Request, ServerRef};
use ergo::prelude::*;
use examples::{init_log, read_options};

/// One end of the bridge. Any request is a term, and so is any answer: those of this server, and those of the servers that it
/// calls.
struct Bridge {
    /// The node in the other cluster.
    other_side: Node,
}

impl Bridge {
    /// Takes `{{Name, Node}, Request}` apart: the server on the other side, and what it is asked.
    fn read(&self, message: &Term) -> Option<(ServerRef<Request<Bridge>>, Term)> {
        let [server, request] = &message.as_tuple()?[..] else {
            return None;
        };
        let [name, node] = &server.as_tuple()?[..] else {
            return None;
        };
        let (name, node) = (name.as_atom()?, node.as_atom()?);
        let server = ServerRef::named(&self.other_side, name.as_str(), node.as_str());
        Some((server, request.clone()))
    }
}

impl GenServer for Bridge {
    type Args = Node;
    type Call = Term;
    type Reply = Term;
    type Cast = Term;
    type Info = Term;

    async fn init(other_side: Node, _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Bridge { other_side })
    }

    async fn handle_call(
        &mut self,
        message: Term,
        from: ReplyTo<Term>,
        _: &mut Context<Self>,
    ) -> Next {
        match self.read(&message) {
            // In a task: one slow server does not keep the others waiting.
            Some((server, request)) => drop(tokio::spawn(async move {
                from.send(match server.request(request).await {
                    Ok(answer) => term!({ok, (answer)}),
                    Err(error) => term!({error, (reason(&error))}),
                });
            })),
            None => from.send(term!({error, badarg})),
        }
        Next::Continue
    }

    async fn handle_cast(&mut self, message: Term, _: &mut Context<Self>) -> Next {
        match self.read(&message) {
            Some((server, request)) => server.cast(Request::Cast(request)),
            None => tracing::warn!(%message, "not for the other side"),
        }
        Next::Continue
    }
}

fn reason(error: &CallError) -> Term {
    match error {
        CallError::NoProc => term!(noproc),
        CallError::NoConnection { node } => term!({nodedown, (*node)}),
        other => Term::from(other.to_string()),
    }
}

/// How one of the two nodes is set up.
struct Side {
    name: String,
    cookie: String,
    epmd_port: String,
}

impl Side {
    fn new(name: &str, cookie: &str, epmd_port: &str) -> Side {
        Side {
            name: name.to_owned(),
            cookie: cookie.to_owned(),
            epmd_port: epmd_port.to_owned(),
        }
    }

    async fn start(&self) -> ergo::Result<Node> {
        let port = self.epmd_port.parse().expect("a port");
        let node = Node::builder(&self.name)
            .cookie(&self.cookie)
            .epmd_port(port);
        Ok(node.start().await?)
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let mut left = Side::new("left@127.0.0.1", "lemon", "4371");
    let mut right = Side::new("right@127.0.0.1", "rhubarb", "4372");
    read_options(&mut [
        ("--left", &mut left.name),
        ("--left-cookie", &mut left.cookie),
        ("--left-epmd", &mut left.epmd_port),
        ("--right", &mut right.name),
        ("--right-cookie", &mut right.cookie),
        ("--right-epmd", &mut right.epmd_port),
    ]);
    let (here, there) = (left.start().await?, right.start().await?);
    Bridge::start(&here, there.clone()).name("bridge").await?;
    Bridge::start(&there, here.clone()).name("bridge").await?;
    println!("ready {} {}", left.name, right.name);
    tokio::try_join!(here.run_until_shutdown(), there.run_until_shutdown())?;
    Ok(())
}
