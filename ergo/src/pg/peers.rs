//! The scopes of other nodes, and what they have told.

use super::groups::{Counts, Map, count, repeated};
use super::message::Group;
use crate::term::{Atom, Pid, Term};

/// So many scope processes of one name may a node have. It has one; while that is started again perhaps two are known.
const MAX_OF_NODE: usize = 16;

/// The scope of another node.
#[derive(Default)]
pub(super) struct Peer {
    /// Whether it has been told all that there is here, and nothing since got lost on the way.
    pub(super) in_step: bool,
    /// Its members.
    groups: Map<Term, Counts>,
}

/// Who joined a group or left it, with repetitions.
pub(super) struct Changed {
    pub(super) group: Term,
    pub(super) joined: Vec<Pid>,
    pub(super) left: Vec<Pid>,
}

/// The scopes of other nodes.
#[derive(Default)]
pub(super) struct Peers(Map<Pid, Peer>);

impl Peers {
    pub(super) fn get_mut(&mut self, scope: &Pid) -> Option<&mut Peer> {
        self.0.get_mut(scope)
    }

    /// Whether one more of this node may be known.
    pub(super) fn has_room_for(&self, node: Atom) -> bool {
        let known = self.0.keys().filter(|scope| scope.node == node).count();
        known < MAX_OF_NODE
    }

    pub(super) fn add(&mut self, scope: Pid) {
        self.0.insert(scope, Peer::default());
    }

    /// A scope is gone: its members are.
    pub(super) fn remove(&mut self, scope: &Pid) -> Vec<Changed> {
        let Some(peer) = self.0.remove(scope) else {
            return Vec::new();
        };
        let groups = peer.groups.into_iter();
        groups
            .map(|(group, members)| Changed {
                group,
                joined: Vec::new(),
                left: repeated(&members),
            })
            .collect()
    }

    /// The scopes that are told of changes, or of which some are.
    pub(super) fn in_step(&self, wanted: bool) -> Vec<Pid> {
        let peers = self.0.iter();
        peers
            .filter(|(_, peer)| peer.in_step == wanted)
            .map(|(scope, _)| *scope)
            .collect()
    }
}

impl Peer {
    /// Takes up that processes joined. A scope speaks for those of its own node alone.
    pub(super) fn join(&mut self, node: Atom, group: Term, mut pids: Vec<Pid>) -> Option<Changed> {
        pids.retain(|pid| pid.node == node);
        if pids.is_empty() {
            return None;
        }
        let members = self.groups.entry(group.clone()).or_default();
        for pid in &pids {
            *members.entry(*pid).or_default() += 1;
        }
        Some(Changed {
            group,
            joined: pids,
            left: Vec::new(),
        })
    }

    /// Takes up that processes left the groups that are named, each as often as it is.
    pub(super) fn leave(&mut self, pids: &[Pid], groups: Vec<Term>) -> Vec<Changed> {
        let mut times: Map<Term, usize> = Map::default();
        for group in groups {
            *times.entry(group).or_default() += 1;
        }
        let named = count(pids.iter().copied());
        let left = times
            .into_iter()
            .filter_map(|(group, times)| self.leave_one(&named, group, times));
        left.collect()
    }

    fn leave_one(&mut self, named: &Counts, group: Term, times: usize) -> Option<Changed> {
        let members = self.groups.get_mut(&group)?;
        let mut left = Counts::default();
        for (pid, count) in named {
            let Some(there) = members.get_mut(pid) else {
                continue;
            };
            let leaving = count.saturating_mul(times).min(*there);
            *there -= leaving;
            if *there == 0 {
                members.remove(pid);
            }
            left.insert(*pid, leaving);
        }
        if members.is_empty() {
            self.groups.remove(&group);
        }
        (!left.is_empty()).then(|| Changed {
            group,
            joined: Vec::new(),
            left: repeated(&left),
        })
    }

    /// Takes up all that a scope has, and gives what is new in it.
    pub(super) fn sync(&mut self, node: Atom, groups: Vec<Group>) -> Vec<Changed> {
        let mut now: Map<Term, Counts> = Map::default();
        for (group, mut pids) in groups {
            pids.retain(|pid| pid.node == node);
            if !pids.is_empty() {
                let members = now.entry(group).or_default();
                for pid in pids {
                    *members.entry(pid).or_default() += 1;
                }
            }
        }
        let mut before = std::mem::take(&mut self.groups);
        let mut changed = Vec::new();
        for (group, members) in &now {
            let old = before.remove(group).unwrap_or_default();
            let (joined, left) = (more(members, &old), more(&old, members));
            if !(joined.is_empty() && left.is_empty()) {
                changed.push(Changed {
                    group: group.clone(),
                    joined,
                    left,
                });
            }
        }
        let gone = before.into_iter().map(|(group, members)| Changed {
            group,
            joined: Vec::new(),
            left: repeated(&members),
        });
        changed.extend(gone);
        self.groups = now;
        changed
    }
}

/// Who is in one more often than in the other, and by how much.
fn more(these: &Counts, than: &Counts) -> Vec<Pid> {
    let more = these.iter().flat_map(|(pid, count)| {
        let other = than.get(pid).copied().unwrap_or_default();
        std::iter::repeat_n(*pid, count.saturating_sub(other))
    });
    more.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(node: &str, id: u32) -> Pid {
        Pid {
            node: Atom::new(node),
            id,
            serial: 0,
            creation: 4,
        }
    }

    fn known() -> (Peers, Pid) {
        let (mut peers, scope) = (Peers::default(), pid("a@b", 1));
        peers.add(scope);
        (peers, scope)
    }

    fn sorted(changed: Vec<Changed>) -> Vec<(String, Vec<Pid>, Vec<Pid>)> {
        let mut all: Vec<_> = changed
            .into_iter()
            .map(|mut changed| {
                changed.joined.sort();
                changed.left.sort();
                (changed.group.to_string(), changed.joined, changed.left)
            })
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_state_replaces_what_was_known() {
        let (mut peers, scope) = known();
        let peer = peers.get_mut(&scope).unwrap();
        let (a, b, stranger) = (pid("a@b", 7), pid("a@b", 8), pid("c@d", 7));
        let (x, y, z) = (Term::atom("x"), Term::atom("y"), Term::atom("z"));
        let first = vec![
            (x.clone(), vec![a, a, stranger]),
            (y.clone(), vec![a]),
            (x.clone(), vec![b]),
        ];
        assert_eq!(
            sorted(peer.sync(scope.node, first)),
            [
                ("x".to_owned(), vec![a, a, b], vec![]),
                ("y".to_owned(), vec![a], vec![])
            ]
        );
        let second = vec![(x, vec![b, a]), (z, vec![b])];
        assert_eq!(
            sorted(peer.sync(scope.node, second)),
            [
                ("x".to_owned(), vec![], vec![a]),
                ("y".to_owned(), vec![], vec![a]),
                ("z".to_owned(), vec![b], vec![])
            ]
        );
        assert_eq!(
            sorted(peers.remove(&scope)),
            [
                ("x".to_owned(), vec![], vec![a, b]),
                ("z".to_owned(), vec![], vec![b])
            ]
        );
    }

    #[test]
    fn nobody_leaves_more_often_than_they_joined() {
        let (mut peers, scope) = known();
        let peer = peers.get_mut(&scope).unwrap();
        let (a, stranger) = (pid("a@b", 7), pid("c@d", 7));
        let x = Term::atom("x");
        assert!(peer.join(scope.node, x.clone(), vec![stranger]).is_none());
        assert!(peer.join(scope.node, x.clone(), vec![a, a, a]).is_some());
        let left = peer.leave(&[a, stranger], vec![x.clone(), x.clone(), Term::atom("y")]);
        assert_eq!(sorted(left), [("x".to_owned(), vec![], vec![a, a])]);
        let left = peer.leave(&[a], vec![x.clone(); 9]);
        assert_eq!(sorted(left), [("x".to_owned(), vec![], vec![a])]);
        assert!(peer.leave(&[a], vec![x]).is_empty());
        assert!(peers.remove(&scope).is_empty());
    }
}
