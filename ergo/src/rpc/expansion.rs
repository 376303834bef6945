//! What the expansion of `#[rpc]` calls. No stable interface: the macro of the same version calls it.
#![doc(hidden)]

use std::future::Future;
use std::sync::Arc;

pub use super::answer::{Answered, Write};
pub use super::arguments::each;
use super::function::{AnyFunction, Running};
use super::{Context, Module};
use crate::etf::{Decode, DecodeError, Decoder};
use crate::term::Atom;

/// A type in a function's signature that comes from other nodes.
///
/// The expansion uses [`Decode`] through this trait, and always as `<T as Argument>::read`: the
/// compiler then has one error for a type that is no term, at the type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "no other node can send this",
    note = "add `#[derive(Term)]` to a type of your own, or mark the function `#[rpc(skip)]` if it is not to be offered"
)]
pub trait Argument: Sized + Send + 'static {
    /// Reads it.
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

#[diagnostic::do_not_recommend]
impl<T: Decode + Send + 'static> Argument for T {
    fn read(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        T::decode(from)
    }
}

/// A function whose arguments the expansion reads.
struct Expanded<F>(F);

impl<F> AnyFunction for Expanded<F>
where
    F: Fn(Context, &mut Decoder<'_>) -> Result<Running, DecodeError> + Send + Sync,
{
    fn begin(&self, ctx: Context, args: &mut Decoder<'_>) -> Result<Running, DecodeError> {
        (self.0)(ctx, args)
    }
}

/// Adds a function to a module.
pub fn offer<F>(module: Module, name: &str, arity: u8, function: F) -> Module
where
    F: Fn(Context, &mut Decoder<'_>) -> Result<Running, DecodeError> + Send + Sync + 'static,
{
    module.with(Atom::new(name), arity, Arc::new(Expanded(function)), None)
}

/// The value that all calls of a module share.
pub fn shared<T: Send + Sync + 'static>(value: T) -> Arc<T> {
    Arc::new(value)
}

/// A function that has returned.
pub fn done(answered: Answered) -> Running {
    Running::Done(answered)
}

/// A function that is awaited. That its future can move between threads, `gen_server::sendable` checks.
pub fn running(future: impl Future<Output = Answered> + Send + 'static) -> Running {
    Running::Running(Box::pin(future))
}

/// There are more arguments than the function takes; the table of functions lets none through.
#[cold]
pub fn too_many(from: &Decoder<'_>) -> DecodeError {
    from.expected("no more arguments")
}

/// There are fewer arguments than the function takes; the table of functions lets none through.
#[cold]
pub fn too_few(from: &Decoder<'_>) -> DecodeError {
    from.expected("more arguments")
}
