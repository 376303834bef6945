//! Processes that other nodes ask for: `spawn(Node, M, F, A)`, and with it `rpc` and `erpc`.
//!
//! This floor sets up what was asked for, in the order that OTP wants it; which process that is, the
//! services of the node decide.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use super::core::{AnyProcess, Birth, Process, Watcher};
use super::origin::Origin;
use super::plain::Context;
use super::spawn::{IntoExit, life_of};
use super::task::start_task;
use super::{LocalNode, ProcessId};
use crate::dist::{Control, SpawnFlags, SpawnRequest};
use crate::etf::{Budget, DecodeError, Encoded};
use crate::net::Peer;
use crate::term::{Atom, Pid, Ref, Term};

/// Makes the processes that other nodes ask for.
pub(crate) trait Spawner: Send + Sync {
    /// The process that a node asks for, or why there will be none. Runs in the reader of a link: it
    /// must not wait, nor decode the arguments.
    fn newborn(&self, node: &LocalNode, asked: Asked) -> Result<Newborn, Atom>;
}

/// What a node asks for.
pub(crate) struct Asked {
    /// The node.
    pub(crate) peer: Atom,
    pub(crate) request: Box<SpawnRequest>,
    /// Whether who asks is to be linked to the process.
    pub(crate) link: bool,
    /// The list of arguments.
    pub(crate) args: Encoded,
}

/// A process that does not run yet.
pub(crate) struct Newborn {
    pub(crate) process: Arc<dyn AnyProcess>,
    /// Starts it.
    pub(crate) run: Box<dyn FnOnce() + Send>,
    /// It works for who asked alone: it ends when the monitor that came with the request is taken
    /// back, or its node is lost.
    pub(crate) for_client: bool,
}

impl Asked {
    /// A process with a mailbox of its own kind, in the group that was asked for.
    pub(crate) fn create<M: Send + 'static>(
        &self,
        node: &LocalNode,
        plain: bool,
        origin: fn() -> Origin,
    ) -> Arc<Process<M>> {
        node.create(&Birth {
            parent: Some(self.request.from),
            group_leader: Some(self.request.group_leader),
            plain,
            origin: Some(origin),
            ..Birth::default()
        })
    }
}

impl Newborn {
    /// A plain process.
    pub(crate) fn plain<F, B>(node: &LocalNode, asked: &Asked, body: F) -> Newborn
    where
        F: FnOnce(Context) -> B + Send + 'static,
        B: Future + Send + 'static,
        B::Output: IntoExit,
    {
        let process = asked.create::<Term>(node, true, Origin::plain::<F, B>);
        let life = life_of(Arc::clone(&process), body);
        Newborn::new::<F>(process, life)
    }

    /// A process, and its task, which runs a `T`.
    pub(crate) fn new<T: ?Sized>(
        process: Arc<dyn AnyProcess>,
        life: impl Future<Output = ()> + Send + 'static,
    ) -> Newborn {
        let own = Arc::clone(&process);
        Newborn {
            process,
            run: Box::new(move || start_task::<T>(own.core(), life)),
            for_client: false,
        }
    }

    /// The same process, which works for who asked alone.
    pub(crate) fn for_client(self) -> Newborn {
        Newborn {
            for_client: true,
            ..self
        }
    }
}

/// Who makes the processes of a node that others ask for.
#[derive(Default)]
struct Hook(OnceLock<Arc<dyn Spawner>>);

/// The requests to other nodes have no more than ten options; a peer may say what it wants.
const OPTIONS: Budget = Budget {
    depth: 8,
    elements: 256,
    bytes: 4 << 10,
};

impl LocalNode {
    /// Says who makes the processes that other nodes ask for. Without, and beside the first, nobody.
    pub(crate) fn set_spawner(&self, spawner: Arc<dyn Spawner>) {
        self.attached::<Hook>().0.get_or_init(|| spawner);
    }

    /// A peer asks for a process.
    pub(super) fn spawn_requested(
        &self,
        peer: &Peer,
        request: Box<SpawnRequest>,
        args: Option<Encoded>,
    ) {
        let (id, from) = (request.id, request.from);
        // A node makes its own references: another's could take the place of that one's monitor.
        if id.node != peer.name || self.is_watched_from(peer.name, &id) {
            return tracing::debug!(
                target: "ergo::process", %from, %id, "an impossible spawn request ignored"
            );
        }
        let refuse = |reason: Atom| {
            let refusal = Control::SpawnReply {
                id,
                to: from,
                flags: SpawnFlags::default(),
                result: Err(reason),
            };
            self.signal_on(peer.name, peer.link, refusal, None);
        };
        let Ok(flags) = options(&request.options) else {
            return refuse(Atom::new("badopt"));
        };
        let Some(spawner) = self.attached::<Hook>().0.get().cloned() else {
            return refuse(Atom::new("notsup"));
        };
        let Some(args) = args.filter(|_| !self.is_stopping()) else {
            return refuse(Atom::new("notsup"));
        };
        let asked = Asked {
            peer: peer.name,
            request,
            link: flags.link,
            args,
        };
        match spawner.newborn(self, asked) {
            Ok(newborn) => self.deliver_newborn(peer, (id, from), flags, newborn),
            Err(reason) => refuse(reason),
        }
    }

    /// Ties a new process to who asked for it, says that it is there, and lets it run: in this order,
    /// because no signal of the process may come before the reply.
    fn deliver_newborn(
        &self,
        peer: &Peer,
        (id, from): (Ref, Pid),
        flags: SpawnFlags,
        newborn: Newborn,
    ) {
        let Newborn {
            process,
            run,
            for_client,
        } = newborn;
        let core = process.core();
        let pid = core.pid;
        self.remotes().with(peer.name, |shared| {
            if flags.link && core.linked_by(from) {
                shared.links.insert((pid, from), peer.link);
            }
            if flags.monitor {
                let as_process = ProcessId::Pid(pid);
                let watcher = if for_client {
                    Watcher::Client {
                        pid: from,
                        as_process,
                    }
                } else {
                    Watcher::Process {
                        pid: from,
                        as_process,
                    }
                };
                if core.watch(id, watcher).is_ok() {
                    shared.watched.insert(id, (pid, peer.link));
                }
            }
            let reply = Control::SpawnReply {
                id,
                to: from,
                flags,
                result: Ok(pid),
            };
            self.signal_on(peer.name, peer.link, reply, None);
        });
        run();
    }

    /// A monitor on a process of this node ends, because who watched says so or is lost.
    pub(super) fn monitor_ended(&self, process: &Pid, reference: &Ref) {
        let Some(process) = self.process(process) else {
            return;
        };
        if let Some(Watcher::Client { .. }) = process.core().unwatch(reference) {
            process.core().abandon();
        }
    }
}

/// What a request wants to be set up. Options that only say how the memory of a BEAM's process is
/// managed change nothing here; an unknown one refuses the request, as in OTP.
fn options(options: &Encoded) -> Result<SpawnFlags, DecodeError> {
    let mut flags = SpawnFlags::default();
    options.decoder(&OPTIONS).list(|from| {
        let head = from.head()?;
        let known = match head.as_ref().map(|head| (&*head.tag, head.args)) {
            Some(("link", None)) => {
                flags.link = true;
                true
            }
            Some(("monitor", None | Some(1))) => {
                flags.monitor = true;
                true
            }
            Some((
                "priority" | "fullsweep_after" | "min_heap_size" | "min_bin_vheap_size"
                | "max_heap_size" | "message_queue_data" | "async_dist",
                Some(1),
            )) => true,
            _ => false,
        };
        match known {
            true => from.skip(),
            false => Err(from.expected("an option of `spawn_opt`")),
        }
    })?;
    Ok(flags)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term;

    #[test]
    fn options_are_those_of_spawn_opt() {
        let read = |term: crate::Term| options(&Encoded::from_value(&term).unwrap());
        let flags = |term| read(term).map(|flags| (flags.link, flags.monitor));
        assert_eq!(flags(term!([])), Ok((false, false)));
        assert_eq!(flags(term!([monitor])), Ok((false, true)));
        assert_eq!(
            flags(term!([link, { priority, high }, { monitor, [{ tag, x }] }])),
            Ok((true, true))
        );
        assert!(flags(term!([links])).is_err());
        assert!(flags(term!([{ link, 1 }])).is_err());
        assert!(flags(term!(link)).is_err());
        assert!(flags(term!([link | monitor])).is_err());
        assert!(read(crate::Term::list(vec![term!(link); 300])).is_err());
    }
}
