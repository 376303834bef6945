//! The servers, and the one that starts them for other nodes.

use bytes::Bytes;
use ergo::LocalNode;
use ergo::prelude::*;

use crate::payload::{Map, Number, Payload, Ten, Text};

/// A server that echoes, and adds up what it is cast.
#[derive(Debug)]
pub struct Echo<T> {
    sum: i64,
    payload: std::marker::PhantomData<fn() -> T>,
}

#[gen_server]
impl<T: Payload> Echo<T> {
    #[init]
    fn init() -> Self {
        Echo {
            sum: 0,
            payload: std::marker::PhantomData,
        }
    }

    /// `{echo, Payload}`.
    #[call]
    fn echo(&self, payload: T) -> T {
        payload
    }

    /// What was cast so far: `sum`.
    #[call]
    fn sum(&self) -> i64 {
        self.sum
    }

    /// `{add, Number}`.
    #[cast]
    fn add(&mut self, number: i64) {
        self.sum += number;
    }
}

/// A server that takes what it expects, and answers `ok`.
#[derive(Debug)]
pub struct Take<T> {
    expected: T,
}

#[gen_server]
impl<T: Payload> Take<T> {
    #[init]
    fn init(expected: T) -> Self {
        Take { expected }
    }

    /// `{take, Payload}`.
    #[call]
    fn take(&self, payload: T) {
        assert!(payload == self.expected, "another payload than expected");
    }
}

/// Starts servers for other nodes, under the name `keeper`.
#[derive(Debug)]
pub struct Keeper {
    servers: Vec<Pid>,
}

#[gen_server]
impl Keeper {
    #[init]
    fn init() -> Self {
        Keeper {
            servers: Vec::new(),
        }
    }

    /// `{start, Kind, Count, Pid}`: starts servers for this kind of payload, with this pid in it, in place of those that it
    /// has started before.
    #[call(tag = "start")]
    async fn start_servers(
        &mut self,
        kind: Atom,
        count: u64,
        pid: Pid,
        context: &mut Context<Self>,
    ) -> Vec<Pid> {
        for server in self.servers.drain(..) {
            context.exit(server, Reason::Kill);
        }
        let node = context.node().clone();
        for _ in 0..count {
            let server = match kind.as_str() {
                i64::KIND => echo::<i64>(&node).await,
                Text::KIND => echo::<Text>(&node).await,
                <(i64, Pid)>::KIND => echo::<(i64, Pid)>(&node).await,
                Bytes::KIND => echo::<Bytes>(&node).await,
                Number::KIND => take::<Number>(&node, pid).await,
                Ten::KIND => take::<Ten>(&node, pid).await,
                Map::KIND => take::<Map>(&node, pid).await,
                <Vec<Pid>>::KIND => take::<Vec<Pid>>(&node, pid).await,
                other => panic!("no payload is called {other}"),
            };
            self.servers.push(server);
        }
        self.servers.clone()
    }
}

async fn echo<T: Payload>(on: &LocalNode) -> Pid {
    let server = Echo::<T>::start(on).await.expect("init does not fail");
    server.pid().expect("a server that was started")
}

async fn take<T: Payload>(on: &LocalNode, within: Pid) -> Pid {
    let server = Take::<T>::start(on, T::sample(within)).await;
    let server = server.expect("init does not fail");
    server.pid().expect("a server that was started")
}
