//! What an offered function may know of its call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{Deref, DerefMut};

use super::offers::Offers;
use crate::net::Allowed;
use crate::process::{self, LocalNode, OnNode};
use crate::term::{Atom, Pid};

/// The process in which an offered function runs, for functions that ask for it: who called, and all
/// that a [process](process::Context) can do.
///
/// ```
/// # async fn example() -> ergo::Result<()> {
/// use ergo::rpc::{Context, Module};
/// use ergo::{Node, Pid, term};
///
/// let node = Node::alone();
/// let clock = Module::new("clock").function("tick", async |ctx: Context, to: Pid| {
///     let _ = ctx.send(to, &term!(tick));
///     ctx.caller()
/// });
/// node.offer(clock)?;
/// # Ok(())
/// # }
/// ```
pub struct Context {
    process: process::Context,
    caller: Pid,
    who: Who,
}

/// Who calls, as far as that is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// This node itself.
    Here,
    /// The node at the other end of a link.
    Peer(Atom),
    /// Some node: a request of `rex` says itself who sends it.
    Somebody,
}

/// Who asked for a call, for what is called in its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker {
    who: Who,
    pub(crate) node: Atom,
}

impl Asker {
    /// Whether it may call a function itself.
    pub(crate) fn may_call(
        self,
        here: &LocalNode,
        module: Atom,
        function: Atom,
        arity: usize,
    ) -> bool {
        let offers = here.attached::<Offers>();
        let found = offers.find(self.who, module.as_str(), function.as_str(), arity);
        found.is_some()
    }
}

impl Who {
    /// Whether such an entry lets it call.
    pub(super) fn is_accepted_by(self, allowed: &Allowed) -> bool {
        match self {
            Who::Here => true,
            Who::Peer(peer) => allowed.accepts(peer.as_str()),
            Who::Somebody => allowed.accepts_all(),
        }
    }
}

impl Context {
    pub(super) fn new(process: process::Context, caller: Pid, who: Who) -> Context {
        Context {
            process,
            caller,
            who,
        }
    }

    /// Who may call is decided by this.
    pub(super) fn who(&self) -> Who {
        self.who
    }

    /// The process that called, or asked for this one. What comes by way of `rex` (OTP 22, C nodes) says itself who that is.
    pub fn caller(&self) -> Pid {
        self.caller
    }

    /// Who called.
    pub(crate) fn asker(&self) -> Asker {
        Asker {
            who: self.who,
            node: self.caller.node,
        }
    }

    /// The functions that the caller may call here, by module.
    pub(crate) fn functions(&self) -> BTreeMap<Atom, BTreeSet<(Atom, u8)>> {
        self.node().attached::<Offers>().functions_for(self.who)
    }

    /// Whether the caller may call a function.
    pub(crate) fn may_call(&self, module: &str, function: &str, arity: usize) -> bool {
        let offers = self.node().attached::<Offers>();
        offers.find(self.who, module, function, arity).is_some()
    }

    /// Whether there is a module, one of functions or of processes that somebody has asked about.
    pub(crate) fn has_module(&self, module: Atom) -> bool {
        let offers = self.node().attached::<Offers>();
        self.functions().contains_key(&module) || offers.behaviour(module).is_some()
    }

    /// The caller's node; this one for its own calls.
    pub fn caller_node(&self) -> Atom {
        self.caller.node
    }
}

impl Deref for Context {
    type Target = process::Context;

    fn deref(&self) -> &process::Context {
        &self.process
    }
}

impl DerefMut for Context {
    fn deref_mut(&mut self) -> &mut process::Context {
        &mut self.process
    }
}

impl OnNode for Context {
    fn local_node(&self) -> &LocalNode {
        self.process.node()
    }

    fn own_pid(&self) -> Option<Pid> {
        Some(self.process.pid())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("pid", &self.process.pid())
            .field("caller", &self.caller)
            .finish()
    }
}
