//! The processes of an application, and how they hang together.

use std::collections::{HashSet, VecDeque};

use tokio::task::yield_now;

use super::super::memory::BATCH;
use super::super::system_info::text;
use crate::application::Applications;
use crate::process::{LocalNode, ProcessInfo};
use crate::term;
use crate::term::{Atom, List, Pid, Term};

/// No larger tree is drawn: nobody could look at it.
const MAX_PROCESSES: usize = 10_000;

/// `{Root, [{Pid, Name}], [{From, To}], [{From, To}]}` of an application: its processes, from the
/// master on along the links, who has started whom, and the other links.
pub(super) async fn of(node: &LocalNode, app: &Term) -> Term {
    let master = match app {
        Term::Atom(app) => node.attached::<Applications>().master(*app),
        _ => None,
    };
    let Some((master, _)) = master else {
        return term!({[], [], [], []});
    };
    let mut tree = Tree::default();
    tree.queued.insert(master);
    tree.queue.push_back(master);
    let leader = node.process_info(&master).map(|info| info.group_leader);
    while let Some(pid) = tree.queue.pop_front() {
        if tree.seen.len() >= MAX_PROCESSES {
            break;
        }
        tree.visit(node, pid, leader);
        if tree.seen.len() % BATCH == 0 {
            yield_now().await;
        }
    }
    tree.into_term(node, master)
}

#[derive(Default)]
struct Tree {
    /// Those that were visited, in their order.
    processes: Vec<Pid>,
    seen: HashSet<Pid>,
    queue: VecDeque<Pid>,
    /// All that were ever queued.
    queued: HashSet<Pid>,
    children: Vec<(Pid, Pid)>,
    links: Vec<(Pid, Pid)>,
}

impl Tree {
    fn visit(&mut self, node: &LocalNode, pid: Pid, leader: Option<Pid>) {
        if !self.seen.insert(pid) {
            return;
        }
        self.processes.push(pid);
        let info = (pid.node == node.name()).then(|| node.process_info(&pid));
        let mut linked = info.flatten().map(|info| info.links).unwrap_or_default();
        // Numbers grow: who was started first stands first.
        linked.sort_unstable();
        for other in linked {
            if self.seen.contains(&other) {
                continue;
            }
            if other.node != node.name() {
                self.links.push((pid, other));
                self.queue_once(other);
                continue;
            }
            let Some(info) = node.process_info(&other) else {
                continue;
            };
            match self.relation(pid, &info, leader) {
                Relation::Child => {
                    self.children.push((pid, other));
                    self.queue_once(other);
                }
                Relation::Link => self.links.push((pid, other)),
                Relation::Stranger => {}
            }
        }
    }

    fn queue_once(&mut self, pid: Pid) {
        if self.queued.insert(pid) {
            self.queue.push_back(pid);
        }
    }

    /// What a process that is linked to `pid` is to it.
    fn relation(&self, pid: Pid, other: &ProcessInfo, leader: Option<Pid>) -> Relation {
        match other.parent {
            Some(parent) if parent == pid => Relation::Child,
            // Of servers a BEAM knows who started them, and believes that alone.
            Some(_) if other.behaviour.is_some() => Relation::Link,
            _ if Some(other.group_leader) != leader => Relation::Stranger,
            _ if self.queued.contains(&other.pid) => Relation::Link,
            _ => Relation::Child,
        }
    }

    fn into_term(self, node: &LocalNode, master: Pid) -> Term {
        let name = |pid: &Pid| text(&name(node, pid));
        let pairs = |pairs: &[(Pid, Pid)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(from, to)| term!({(name(from)), (name(to))}));
            pairs.collect::<List>()
        };
        let processes = self.processes.iter();
        let processes = processes.map(|pid| term!({(*pid), (name(pid))}));
        term!({
            (name(&master)), (processes.collect::<List>()), (pairs(&self.children)),
            (pairs(&self.links))
        })
    }
}

enum Relation {
    Child,
    Link,
    /// It belongs to another group.
    Stranger,
}

/// The registered name, or the pid as it is printed on its own node.
fn name(node: &LocalNode, pid: &Pid) -> String {
    let printed = format!("<0.{}.{}>", pid.id, pid.serial);
    if pid.node != node.name() {
        return format!("{printed} {}", pid.node.as_str());
    }
    let process = node.process(pid);
    let name: Option<Atom> = process.and_then(|process| process.core().name());
    name.map_or(printed, |name| name.as_str().to_owned())
}
