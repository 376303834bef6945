//! `gen_server`: calls, casts and infos, typed.
//!
//! A server is a Rust type whose methods are its handlers; `#[gen_server]` makes the rest: the
//! enum of its messages, a typed client, and the decoder that lets any BEAM call it. Under the
//! macro stands the trait [`Server`], which a server may implement by hand, and beside it
//! [`GenServer`], the callbacks in OTP's shape.
//!
//! | Erlang | here |
//! |---|---|
//! | `gen_server:start(…)` | `Kv::start(&node, args)`, see [`Start`] |
//! | `gen_server:start_link(…)` | `Kv::start_link(ctx, args)` |
//! | `{stop, Reason}`, `ignore` of `init/1` | [`InitError`] |
//! | `gen_server:call(Kv, {get, K})` | `kv.get(k).await`, see [`Call`] |
//! | `gen_server:call(Kv, Req, 1000)` | `kv.get(k).timeout(Duration::from_secs(1)).await` |
//! | `gen_server:send_request(Kv, {get, K})` | `kv.get(k).send()`, see [`Pending`], [`Requests`] |
//! | `gen_server:multi_call(…)`, `abcast(…)` | [`multi_call`], [`abcast`] |
//! | `gen_server:cast(Kv, {del, K})` | `kv.del(k)` |
//! | `Kv ! sweep` | `kv.send(KvInfo::Sweep)` |
//! | `gen_server:reply(From, V)` | [`ReplyTo::send`] |
//! | `{stop, Reason, Reply, State}` | [`Reply::stop`] |
//! | `{noreply, State, Timeout}` | [`Next::Timeout`] |
//! | `{noreply, State, {continue, X}}` | [`Context::continue_with`] |
//! | `sys:get_state(Kv)` and its like, from a shell | answered by every server, see [`sys`](crate::sys) |
//! | `gen_server:stop(Kv)` | [`ServerRef::stop`] |
//!
//! # What a call guarantees
//!
//! A call waits 5 seconds unless told otherwise, as in OTP. It fails at once when the server is not
//! there, ends while it waits, or its node cannot be reached; what the server itself says, errors
//! too, is the call's value. An answer that comes after the caller gave up is dropped and never
//! reaches a later call. Of one caller, the server sees calls, casts and infos in the order sent.

mod asked_for;
mod call;
mod call_error;
mod caller;
mod cast_error;
mod context;
mod ended;
mod engine;
mod exchange;
mod expansion;
mod has_client;
mod init_error;
mod many;
mod message;
mod next;
mod origin;
mod otp;
mod pending;
mod reply;
mod server;
mod server_ref;
mod settle;
mod start;
pub(crate) mod system;
mod turn;
mod unknown;

pub(crate) use asked_for::asked_for;
pub use call::Call;
pub use call_error::CallError;
pub use caller::Caller;
pub use cast_error::{CastError, Sent};
pub use context::Context;
pub use ended::Stop;
#[doc(hidden)]
pub use expansion::{Payload, sendable};
pub use has_client::HasClient;
pub use init_error::InitError;
#[doc(hidden)]
pub use init_error::IntoInitError;
pub use many::{abcast, multi_call};
pub use message::{Message, MessageKind};
pub use next::{IntoNext, Next, Reply};
pub(crate) use origin::origin;
pub use otp::{GenServer, Request};
pub use pending::{Pending, Requests};
pub use reply::ReplyTo;
pub use server::{Server, Unknown};
pub use server_ref::ServerRef;
pub(crate) use start::Before;
pub use start::{Start, StartError, StartMonitor, Starting};

pub use ergo_derive::{call, cast, info, init, terminate};

pub use crate::process::{Down, Exit, LocalNode, OnNode, Reason};
