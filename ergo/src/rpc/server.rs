//! gen_servers as the processes that other nodes ask for.

use std::marker::PhantomData;
use std::sync::Arc;

use super::Context;
use super::arguments::FromArguments;
use super::function::{AnyFunction, Running};
use super::outcome::{Mfa, Outcome};
use super::raise::Raise;
use super::running::Permit;
use crate::etf::{DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::gen_server::{Server, ServerRef, Start, StartError, asked_for};
use crate::process::{Asked, LocalNode, Newborn, Reason};
use crate::term::{Atom, Pid};

/// Starts a server, as `M:start(…)` does that ends in `gen_server:start/3`.
pub(super) struct Starter<S>(PhantomData<fn(S)>);

/// What such a function returns.
struct Started(Result<Pid, StartError>);

impl<S> Starter<S> {
    pub(super) fn new() -> Starter<S> {
        Starter(PhantomData)
    }
}

impl<S: Server<Args: FromArguments>> AnyFunction for Starter<S> {
    fn begin(&self, ctx: Context, args: &mut Decoder<'_>) -> Result<Running, DecodeError> {
        let args = S::Args::read(args, &[])?;
        Ok(Running::until(async move {
            let start: Start<S> = Start::new(ctx.node(), args);
            let server: Result<ServerRef<S::Message>, StartError> = start.await;
            Started(server.map(|server| server.pid().expect("it was started here")))
        }))
    }
}

impl Encode for Started {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match &self.0 {
            Ok(pid) => (Atom::OK, *pid).encode(out),
            Err(StartError::Ignore) => out.atom_text("ignore"),
            Err(error) => (Atom::ERROR, Reason::from(error.clone())).encode(out),
        }
    }
}

/// The server as the process that a node asks for: `spawn(Node, kv, start, Args)`.
pub(super) fn newborn<S: Server<Args: FromArguments>>(
    node: &LocalNode,
    asked: &Asked,
    permit: Permit,
) -> Newborn {
    let (module, function) = (asked.request.module, asked.request.function);
    let args = asked.args.clone();
    let budget = *node.budget();
    asked_for::<S>(node, asked, permit, move || {
        let read = S::Args::read(&mut args.decoder(&budget), &[]);
        read.map_err(|error| {
            let error = error.at_name(format!("{module}:{function}"));
            let mfa = Mfa {
                module: Mfa::name(module),
                function: Mfa::name(function),
                args,
            };
            Outcome::Raised(Raise::badarg(&error), Box::new(mfa)).reason(&budget)
        })
    })
}

/// What makes the process of a server.
pub(super) type Spawn = fn(&LocalNode, &Asked, Permit) -> Newborn;

/// A starter whose server does not matter.
pub(super) fn starter<S: Server<Args: FromArguments>>() -> (Arc<dyn AnyFunction>, Spawn) {
    (Arc::new(Starter::<S>::new()), newborn::<S>)
}
