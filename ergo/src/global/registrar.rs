//! The process that changes names, one change at a time, each on all known nodes under the lock of all names.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::message::{GlobalMessage, LockId, Registered};
use super::nodes::{ask, boss, del_lock, del_lock_boss_last, linked, random_sleep, try_set_lock};
use super::shared::{Shared, server_of};
use crate::process::{GlobalNames, LocalNode};
use crate::term::{Atom, Pid, Term};

/// A change of the names.
pub(super) struct Job {
    pub(super) change: Change,
    pub(super) done: oneshot::Sender<Outcome>,
}

pub(super) enum Change {
    /// Registers a name that nobody has.
    Register(Registered),
    /// Registers a name, whoever has it.
    ReRegister(Registered),
    Unregister(Term),
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    /// The name is another's.
    Taken(Pid),
    /// The process has a name already.
    Named(Term),
}

pub(super) struct Registrar {
    here: LocalNode,
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedReceiver<Job>,
}

impl Registrar {
    pub(super) fn new(
        here: LocalNode,
        shared: Arc<Shared>,
        jobs: mpsc::UnboundedReceiver<Job>,
    ) -> Registrar {
        Registrar { here, shared, jobs }
    }

    /// The body of its process.
    pub(super) async fn run(mut self, own: Pid) {
        while let Some(job) = self.jobs.recv().await {
            let id = LockId::names(own);
            let nodes = self.lock(&id, own).await;
            let outcome = self.change(job.change, &nodes, own).await;
            del_lock_boss_last(&self.here, &id, &nodes, own).await;
            // Whoever asked may have gone.
            let _ = job.done.send(outcome);
        }
    }

    /// Locks the names on all known nodes, and makes sure that there have come no others meanwhile.
    async fn lock(&self, id: &LockId, own: Pid) -> Vec<Atom> {
        let here = &self.here;
        for times in 0_u32.. {
            let known = self.known().await;
            let mut nodes = known.clone();
            nodes.push(here.name());
            let first: Vec<Atom> = boss(&nodes).into_iter().collect();
            if try_set_lock(here, &self.shared, id, &first, own).await {
                if try_set_lock(here, &self.shared, id, &nodes, own).await {
                    let now = self.known().await;
                    if now.iter().all(|node| known.contains(node)) {
                        return nodes;
                    }
                    del_lock_boss_last(here, id, &nodes, own).await;
                } else {
                    del_lock(here, id, &first, own).await;
                }
            }
            random_sleep(times).await;
        }
        unreachable!("a node does not live for so long")
    }

    async fn known(&self) -> Vec<Atom> {
        let server = server_of(&self.here, self.here.name());
        let known = server.call(GlobalMessage::GetKnown).no_timeout().await;
        // Without a name server this process is about to end.
        linked(&self.here, &known.unwrap_or_default())
    }

    async fn change(&self, change: Change, nodes: &[Atom], own: Pid) -> Outcome {
        let what = match change {
            Change::Register(what) => {
                if let Some(pid) = self.here.whereis_global(&what.name) {
                    return Outcome::Taken(pid);
                }
                let names = self.here.attached::<GlobalNames>();
                if let Some(name) = names.name_of(&what.pid) {
                    return Outcome::Named(name);
                }
                what
            }
            Change::ReRegister(what) => what,
            Change::Unregister(name) => {
                let asked = ask::<Atom>(&self.here, nodes, |reply| GlobalMessage::Unregister {
                    name: name.clone(),
                    reply,
                });
                asked.await;
                return Outcome::Done;
            }
        };
        let asked = ask::<Atom>(&self.here, nodes, |reply| GlobalMessage::Register {
            what: what.clone(),
            through: None,
            from: own,
            reply,
        });
        asked.await;
        Outcome::Done
    }
}
