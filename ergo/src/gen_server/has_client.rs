//! Which client a process type has.

use super::{GenServer, Server, ServerRef};
use crate::process::LocalNode;
use crate::term::Pid;

/// A type of process with a typed client: `Kv` has `KvRef`.
///
/// `#[gen_server]` and `#[supervisor]` implement it, and every [`GenServer`] has it. It says what
/// the start of a child under a `simple_one_for_one` supervisor gives. For a [`Server`] written by
/// hand:
///
/// ```
/// # use ergo::etf::{DecodeError, Decoder, EncodeError, Encoder};
/// # use ergo::gen_server::{Context, InitError, Message, MessageKind, Next, Server};
/// use ergo::gen_server::{HasClient, ServerRef};
/// use ergo::{Pid, process::LocalNode};
/// # struct Counter;
/// # enum CounterMessage {}
/// # impl Server for Counter {
/// #     type Args = ();
/// #     type Message = CounterMessage;
/// #     async fn init(_: (), _: &mut Context<Self>) -> Result<Self, InitError> { Ok(Counter) }
/// #     async fn handle(&mut self, _: CounterMessage, _: &mut Context<Self>) -> Next { Next::Continue }
/// # }
/// # impl Message for CounterMessage {
/// #     fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> { Ok(()) }
/// #     fn kind(&self) -> MessageKind { MessageKind::Call }
/// # }
///
/// impl HasClient for Counter {
///     type Client = ServerRef<CounterMessage>;
///
///     fn client(on: &LocalNode, pid: Pid) -> Self::Client {
///         ServerRef::from_pid(on, pid)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its client is",
    label = "a process without a typed client",
    note = "`#[gen_server]` and `#[supervisor]` say it; by hand, implement `HasClient`"
)]
pub trait HasClient {
    /// The client.
    type Client;

    /// The client of the process with this pid.
    fn client(on: &LocalNode, pid: Pid) -> Self::Client;
}

#[diagnostic::do_not_recommend]
impl<S: GenServer> HasClient for S {
    type Client = ServerRef<<S as Server>::Message>;

    fn client(on: &LocalNode, pid: Pid) -> Self::Client {
        ServerRef::from_pid(on, pid)
    }
}
