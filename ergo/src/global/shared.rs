//! What the name server shares with its helpers and with those who ask for names and locks.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{OnceCell, mpsc};

use super::locks::Locks;
use super::message::{GlobalMessage, LockId};
use super::registrar::{Job, Registrar};
use super::resolver::Resolvers;
use super::server::{NameServer, SERVER};
use crate::gen_server::{ServerRef, Start, StartError};
use crate::process::LocalNode;
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

/// What a node keeps of its name server.
#[derive(Default)]
pub(super) struct Global {
    settings: OnceLock<Settings>,
    started: OnceCell<Result<Arc<Shared>, StartError>>,
    /// The closures that resolve conflicts.
    pub(super) resolvers: Resolvers,
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

/// Starts the name server of a node, before anybody can ask for it.
pub(crate) async fn start(node: &LocalNode, settings: Settings) -> Result<(), StartError> {
    let global = node.attached::<Global>();
    global.settings.get_or_init(|| settings);
    shared(node).await.map(drop)
}

/// The name server's shared state; a node without a network starts it when it is needed.
pub(super) async fn shared(node: &LocalNode) -> Result<Arc<Shared>, StartError> {
    let global = node.attached::<Global>();
    let started = global.started.get_or_init(|| async {
        let settings = *global.settings.get_or_init(Settings::default);
        let (jobs, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            settings,
            locks: Mutex::new(Locks::new(settings.limit)),
            jobs,
            registrar: OnceLock::new(),
        });
        let registrar = Registrar::new(node.clone(), shared.clone(), waiting);
        let server: Start<NameServer> = Start::new(node, (shared.clone(), registrar));
        server.name(Atom::new(SERVER)).await?;
        Ok(shared)
    });
    started.await.clone()
}

/// The name server of a node, this one or another.
pub(super) fn server_of(here: &LocalNode, node: Atom) -> ServerRef<GlobalMessage> {
    ServerRef::named(here, SERVER, node.as_str())
}
