//! A call on its way: through a spawn request, as `erpc` does it, or a call of `rex` on a node of OTP 22.

use std::future::poll_fn;
use std::sync::{Arc, OnceLock};

use tokio::sync::oneshot;

use super::arguments::Arguments;
use super::context::Who;
use super::error::RpcError;
use super::offers::Offers;
use super::outcome::Mfa;
use super::result::read;
use super::worker::{apply, run};
use super::{Context, old};
use crate::dist::{DistFlags, SpawnRequest};
use crate::etf::{Decode, Encode, EncodeError, Encoded, Encoder};
use crate::process::{
    ArrivedReason, CallFailure, CallResult, LocalNode, Reason, SpawnError, SpawnOptions, Spawned,
    Waiter,
};
use crate::term::{Atom, Pid, Ref};

/// The function that is wanted, and its arguments.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) module: Atom,
    pub(super) function: Atom,
    /// The list.
    pub(super) args: Encoded,
}

/// Arguments as the term that they are.
struct List<'a, A>(&'a A);

impl<A: Arguments> Encode for List<'_, A> {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.0.write(out)
    }
}

impl Wanted {
    pub(super) fn new(
        module: Atom,
        function: Atom,
        args: &impl Arguments,
    ) -> Result<Wanted, EncodeError> {
        let args = Encoded::for_link(&List(args))?;
        Ok(Wanted {
            module,
            function,
            args,
        })
    }

    /// The arguments of `erpc:execute_call/4`, or without a tag of `erpc:execute_cast/3`.
    fn executed(&self, tag: Option<&Ref>) -> Result<Encoded, EncodeError> {
        let mut out = Encoder::for_link(true);
        out.list(3 + usize::from(tag.is_some()))?;
        if let Some(tag) = tag {
            out.reference(tag);
        }
        out.atom(self.module);
        out.atom(self.function);
        out.encoded(&self.args)?;
        out.nil();
        Ok(Encoded::from_encoder(out))
    }
}

/// Who leads the group of what is started from here.
pub(super) fn caller_leader(here: &LocalNode) -> Pid {
    let caller = here.process(&here.calling_pid());
    caller.map_or_else(
        || here.first_leader(),
        |process| process.core().group_leader(),
    )
}

/// The request for a process that runs a function of a node.
pub(super) fn request(
    here: &LocalNode,
    id: Ref,
    (module, function, arity): (Atom, Atom, u8),
    options: &[&str],
) -> SpawnRequest {
    let (from, leader) = (here.calling_pid(), caller_leader(here));
    let mut out = Encoder::new();
    let written = (|| {
        if !options.is_empty() {
            out.list(options.len())?;
            for option in options {
                out.atom_text(option)?;
            }
        }
        Ok::<(), EncodeError>(())
    })();
    debug_assert!(written.is_ok(), "short atoms have an encoding");
    out.nil();
    let options = Encoded::from_encoder(out);
    SpawnRequest::new(id, from, leader, (module, function, arity), options)
}

/// Connects to a node; whether it takes spawn requests.
pub(super) async fn connect(here: &LocalNode, node: Atom) -> Option<bool> {
    let peer = here.links()?.connect(node).await.ok()?;
    Some(peer.flags.contains(DistFlags::SPAWN))
}

fn erpc(function: &str, arity: u8) -> (Atom, Atom, u8) {
    (Atom::new("erpc"), Atom::new(function), arity)
}

/// Starts a process that runs a function which this node itself offers.
pub(super) fn start_here(
    here: &LocalNode,
    wanted: &Wanted,
    options: SpawnOptions,
) -> Result<Spawned, SpawnError> {
    let offers = here.attached::<Offers>();
    let (mfa, caller) = (Mfa::of(wanted), here.calling_pid());
    here.spawn_opt(options, async move |ctx| {
        run(offers, Context::new(ctx, caller, Who::Here), mfa).await
    })
}

/// Has a function called, and does not wait for it.
pub(super) async fn cast(here: &LocalNode, node: Atom, wanted: Wanted) -> Result<(), RpcError> {
    if node == here.name() {
        let spawned = start_here(here, &wanted, SpawnOptions::new());
        spawned.expect("without a name nothing is refused");
        return Ok(());
    }
    let gone = || RpcError::NoConnection { node };
    if !connect(here, node).await.ok_or_else(gone)? {
        return old::cast(here, node, &wanted).map_err(RpcError::Encode);
    }
    let args = wanted.executed(None).map_err(RpcError::Encode)?;
    let request = request(here, here.make_ref(), erpc("execute_cast", 3), &[]);
    match here.request_spawn(node, request, args, Waiter::Nobody) {
        true => Ok(()),
        false => Err(gone()),
    }
}

/// Calls a function, and waits for what comes of it.
pub(super) async fn call<T: Decode>(
    here: &LocalNode,
    node: Atom,
    wanted: Wanted,
) -> Result<T, RpcError> {
    let tag = here.make_ref();
    if node == here.name() {
        return call_here(here, wanted, tag).await;
    }
    let gone = || RpcError::NoConnection { node };
    if !connect(here, node).await.ok_or_else(gone)? {
        return old::call(here, node, &wanted).await;
    }
    let args = wanted.executed(Some(&tag)).map_err(RpcError::Encode)?;
    let id = here.begin_call(node);
    let request = request(here, id, erpc("execute_call", 4), &["monitor"]);
    let waiting = Waiting {
        here,
        node,
        id,
        from: request.from,
        pid: Arc::default(),
    };
    let waiter = Waiter::Call(Arc::clone(&waiting.pid));
    if !here.request_spawn(node, request, args, waiter) {
        return Err(gone());
    }
    let result: CallResult = poll_fn(|cx| here.calls().poll_take(&id, cx)).await;
    let reason = match result {
        Err(CallFailure::Down(ArrivedReason::Wire(reason))) => reason,
        Err(CallFailure::Down(ArrivedReason::Known(reason))) => {
            return Err(match reason {
                Reason::NoConnection => gone(),
                reason => match reason.to_term() {
                    crate::Term::Atom(reason) => RpcError::Refused { node, reason },
                    _ => RpcError::Signal(reason),
                },
            });
        }
        Err(CallFailure::NodeDown) => return Err(gone()),
        // Nobody answers a request for a process otherwise than by its end.
        Ok(_) => return Err(RpcError::Signal(Reason::Normal)),
    };
    read(&reason, &tag, node, here.budget())
}

/// A call that waits. Dropped before its end, it is given up.
struct Waiting<'a> {
    here: &'a LocalNode,
    node: Atom,
    id: Ref,
    from: Pid,
    pid: Arc<OnceLock<Pid>>,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.here.calls().remove(&self.id) {
            self.here
                .abandon_spawned(self.node, self.id, self.from, &self.pid);
        }
    }
}

/// A call of a function that this node itself offers, in a process of its own as elsewhere.
async fn call_here<T: Decode>(here: &LocalNode, wanted: Wanted, tag: Ref) -> Result<T, RpcError> {
    let (offers, mfa, caller) = (
        here.attached::<Offers>(),
        Mfa::of(&wanted),
        here.calling_pid(),
    );
    let (tell, told) = oneshot::channel();
    let mut encoded = Encoder::new();
    encoded.reference(&tag);
    let encoded = Encoded::from_encoder(encoded);
    let options = SpawnOptions::new();
    let spawned = here.spawn_opt(options, async move |ctx| {
        let outcome = apply(offers, Context::new(ctx, caller, Who::Here), mfa).await;
        let _ = tell.send(outcome.tagged(&encoded));
    });
    let spawned = spawned.expect("without a name nothing is refused");
    let _ending = Ending(here, spawned.pid);
    match told.await {
        Ok(reason) => read(&reason, &tag, here.name(), here.budget()),
        Err(_) => Err(RpcError::Signal(Reason::Killed)),
    }
}

/// Ends the process of a call that nobody waits for.
struct Ending<'a>(&'a LocalNode, Pid);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if let Some(process) = self.0.process(&self.1) {
            process.core().abandon();
        }
    }
}
