//! What the name server shares with its helpers and with those who ask for names and locks.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, mpsc};

use super::estate::Estate;
use super::locks::Locks;
use super::message::{GlobalMessage, LockId};
use super::registrar::Job;
use super::resolver::Resolvers;
use super::server::{NameServer, SERVER};
use crate::gen_server::{ServerRef, Start, StartError};
use crate::process::LocalNode;
use crate::supervisor::ChildSpec;
use crate::term::{Atom, Pid, Term};

/// How the name server of a node is set up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Whether the nodes that others know are connected: `-kernel connect_all`.
    pub(crate) connect_all: bool,
    /// Whether nodes that lost one of them are left: `-kernel prevent_overlapping_partitions`.
    pub(crate) prevent_overlapping_partitions: bool,
    /// How many names, and how many locks, processes of one node may have.
    pub(crate) limit: usize,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            connect_all: true,
            prevent_overlapping_partitions: true,
            limit: 1 << 20,
        }
    }
}

/// What a node keeps of its name server, whichever that is now.
#[derive(Default)]
pub(super) struct Global {
    settings: OnceLock<Settings>,
    /// What the name server shares that runs, or ran last.
    shared: Mutex<Option<Arc<Shared>>>,
    /// Held by who starts the first.
    starting: AsyncMutex<()>,
    /// What one has left behind that has ended.
    pub(super) estate: Mutex<Option<Estate>>,
    /// Set when links tell the name server that they come and go.
    told_of_links: OnceLock<()>,
    /// The closures that resolve conflicts.
    pub(super) resolvers: Resolvers,
}

impl Global {
    pub(super) fn settings(&self) -> Settings {
        *self.settings.get_or_init(Settings::default)
    }

    fn current(&self) -> Option<Arc<Shared>> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.clone()
    }

    /// From now on this is what there is to share.
    pub(super) fn publish(&self, now: &Arc<Shared>) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        *shared = Some(Arc::clone(now));
    }

    /// Has links tell whichever process is the name server.
    pub(super) fn hear_of_links(&self, node: &LocalNode) {
        self.told_of_links.get_or_init(|| {
            node.on_nodes(|node, peer, up| {
                if !peer.hidden {
                    server_of(node, node.name()).send(match up {
                        true => GlobalMessage::NodeUp(peer.name, peer.link),
                        false => GlobalMessage::NodeDown(peer.name, peer.link),
                    });
                }
            });
        });
    }
}

/// What the name server's helpers and users see of its state.
pub(super) struct Shared {
    pub(super) settings: Settings,
    locks: Mutex<Locks>,
    /// What is to be done under the lock of all names.
    pub(super) jobs: mpsc::UnboundedSender<Job>,
    /// Who does it, and holds the locks of those that are no processes.
    pub(super) registrar: OnceLock<Pid>,
}

impl Shared {
    pub(super) fn new(settings: Settings, jobs: mpsc::UnboundedSender<Job>) -> Shared {
        Shared {
            settings,
            locks: Mutex::new(Locks::new(settings.limit)),
            jobs,
            registrar: OnceLock::new(),
        }
    }

    /// The table of locks; only the name server changes it.
    pub(super) fn locks(&self) -> MutexGuard<'_, Locks> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_free_for(&self, id: &LockId) -> bool {
        self.locks().is_free_for(id)
    }

    /// Whether the names are changing.
    pub(super) fn are_names_locked(&self) -> bool {
        self.locks().is_set(&Term::atom("global"))
    }
}

/// The name server of a node as the child of a supervisor, to be started before anybody can ask for it.
pub(crate) fn child(node: &LocalNode, settings: Settings) -> ChildSpec {
    let global = node.attached::<Global>();
    global.settings.get_or_init(|| settings);
    ChildSpec::named::<NameServer>(SERVER)
}

/// What the name server shares; a node without a network starts it when it is needed.
pub(super) async fn shared(node: &LocalNode) -> Result<Arc<Shared>, StartError> {
    let global = node.attached::<Global>();
    if let Some(shared) = global.current() {
        return Ok(shared);
    }
    let _starting = global.starting.lock().await;
    if global.current().is_none() {
        let server: Start<NameServer> = Start::new(node, ());
        server.name(Atom::new(SERVER)).await?;
    }
    global.current().ok_or(StartError::NodeStopping)
}

/// The name server of a node, this one or another.
pub(super) fn server_of(here: &LocalNode, node: Atom) -> ServerRef<GlobalMessage> {
    ServerRef::named(here, SERVER, node.as_str())
}
