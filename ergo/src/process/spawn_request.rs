//! Asking other nodes for processes: `spawn_request(Node, M, F, Args, Options)`.

use std::sync::{Arc, OnceLock};

use super::call_table::CallFailure;
use super::remote::Shared;
use super::slot::Slot;
use super::{LocalNode, Reason};
use crate::dist::{Control, SpawnFlags, SpawnRequest, Target};
use crate::etf::Encoded;
use crate::net::{LinkId, Peer};
use crate::process::parting::Parting;
use crate::term::{Atom, Pid, Ref};

/// A request that waits for its reply.
pub(crate) struct Request {
    pub(super) link: LinkId,
    from: Pid,
    waiter: Waiter,
}

/// Who waits for the reply.
pub(crate) enum Waiter {
    /// A call, of which the request is the monitor: it waits for that, and needs the pid to give up.
    Call(Arc<OnceLock<Pid>>),
    /// A process, or what is none.
    Spawn(Arc<Slot<Result<Pid, Atom>>>),
    /// Nobody any more.
    Nobody,
}

impl Waiter {
    fn refuse(self, node: &LocalNode, id: &Ref, reason: Atom) {
        match self {
            Waiter::Call(_) => {
                let failure = CallFailure::Down(Reason::from(reason).into());
                node.calls().settle(id, Err(failure));
            }
            Waiter::Spawn(slot) => drop(slot.fill(Err(reason))),
            Waiter::Nobody => {}
        }
    }
}

impl LocalNode {
    /// Asks a node for a process, on the link that there is or will be; `false` if there will be none.
    pub(crate) fn request_spawn(
        &self,
        node: Atom,
        request: SpawnRequest,
        args: Encoded,
        waiter: Waiter,
    ) -> bool {
        if self.links().is_none() {
            return false;
        }
        let (id, from) = (request.id, request.from);
        self.remotes().with(node, |shared| {
            let control = Control::SpawnRequest(Box::new(request));
            match self.signal(node, control, Some(args)) {
                Some(link) => {
                    let request = Request { link, from, waiter };
                    shared.requests.insert(id, request);
                    true
                }
                None => false,
            }
        })
    }

    /// Nobody waits for a call any more. Its process, if it has one already, hears that the monitor ends.
    pub(crate) fn abandon_spawned(&self, node: Atom, id: Ref, from: Pid, pid: &OnceLock<Pid>) {
        self.remotes().with(node, |shared| {
            if let Some(request) = shared.requests.get_mut(&id) {
                request.waiter = Waiter::Nobody;
            } else if let Some(pid) = pid.get() {
                self.signal_if_linked(node, demonitor(id, from, *pid));
            }
        });
    }

    /// A peer replies to a request.
    pub(super) fn spawn_replied(
        &self,
        peer: &Peer,
        id: Ref,
        flags: SpawnFlags,
        result: Result<Pid, Atom>,
    ) {
        self.remotes().with(peer.name, |shared| {
            let Some(request) = shared.requests.remove(&id) else {
                return;
            };
            // A node speaks for its own processes.
            let result = match result {
                Ok(pid) if pid.node != peer.name => Err(Atom::new("badarg")),
                result => result,
            };
            match (request.waiter, result) {
                (waiter, Err(reason)) => waiter.refuse(self, &id, reason),
                (Waiter::Call(to), Ok(pid)) => drop(to.set(pid)),
                (Waiter::Spawn(slot), Ok(pid)) if slot.is_awaited() => {
                    self.adopt(peer, shared, (id, request.from), flags, pid);
                    let _ = slot.fill(Ok(pid));
                }
                (_, Ok(pid)) => self.disown(peer, (id, request.from), flags, pid),
            }
        });
    }

    /// Notes what a reply says was set up for a process of this node.
    fn adopt(
        &self,
        peer: &Peer,
        shared: &mut Shared,
        (id, from): (Ref, Pid),
        flags: SpawnFlags,
        pid: Pid,
    ) {
        let process = self.process(&from);
        let core = process.as_ref().map(|process| process.core());
        let mut missed = flags;
        if flags.link && core.is_some_and(|core| core.link(pid)) {
            shared.links.insert((from, pid), peer.link);
            missed.link = false;
        }
        if flags.monitor && core.is_some_and(|core| core.add_monitor(id, pid.into())) {
            shared.watching.insert(id, (from, peer.link));
            missed.monitor = false;
        }
        self.disown(peer, (id, from), missed, pid);
    }

    /// Ends what was set up for a process that is not there any more, or does not wait.
    fn disown(&self, peer: &Peer, (id, from): (Ref, Pid), flags: SpawnFlags, pid: Pid) {
        if flags.link {
            let control = Control::Exit { from, to: pid };
            let reason = Parting::new(Reason::from(Atom::new("abandoned"))).encoded();
            self.signal_on(peer.name, peer.link, control, Some(reason));
        }
        if flags.monitor {
            self.signal_on(peer.name, peer.link, demonitor(id, from, pid), None);
        }
    }

    /// The node of a request cannot be reached, or is lost.
    pub(super) fn spawn_failed(&self, id: &Ref, request: Request) {
        request.waiter.refuse(self, id, Atom::NOCONNECTION);
    }
}

fn demonitor(reference: Ref, from: Pid, to: Pid) -> Control {
    Control::Demonitor {
        from,
        to: Target::Pid(to),
        reference,
    }
}
