//! What the expansion of `#[gen_server]` says through the compiler: each item here is there for the
//! error that a user gets.

use std::future::Future;

use super::{Call, Caller, Message, ReplyTo, ServerRef};
use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

/// A type in a handler's signature that goes over the wire, both ways: the server may be here or on
/// another node.
///
/// The expansion uses [`Encode`] and [`Decode`] through this one trait, and always as `<T as
/// Payload>::…`: the compiler then has one error for a type that is no term, at the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "cannot be part of a message",
    note = "a message's types are terms all the way down: add `#[derive(Term)]` to a type of your own",
    note = "or mark the handler `local`, as in `#[call(local)]`, if only this program sends the message"
)]
pub trait Payload: Sized {
    /// Reads an argument.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Writes an argument.
    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError>;

    /// The way back to a caller that wants this answer.
    fn reply_to(caller: &Caller) -> ReplyTo<Self>;

    /// A call with this answer.
    fn call<M: Message>(
        server: &ServerRef<M>,
        make: impl FnOnce(ReplyTo<Self>) -> M,
    ) -> Call<'_, M, Self>;
}

#[diagnostic::do_not_recommend]
impl<T: Encode + Decode> Payload for T {
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::decode(from)
    }

    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.encode(out)
    }

    fn reply_to(caller: &Caller) -> ReplyTo<Self> {
        caller.reply_to()
    }

    fn call<M: Message>(
        server: &ServerRef<M>,
        make: impl FnOnce(ReplyTo<Self>) -> M,
    ) -> Call<'_, M, Self> {
        server.call(make)
    }
}

/// The future of an async handler, which must be able to move between threads.
///
/// That it can is checked here, at the handler: the future of `Server::handle` around it takes it
/// as given, so that there is one error, in the right place.
pub fn sendable<F: Future + Send>(handler: F) -> impl Future<Output = F::Output> + Send {
    handler
}
