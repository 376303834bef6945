//! The scopes of other nodes, and what they have told.

use super::groups::{Group, Map};
use super::memberships::{Changed, Memberships};
use crate::process::Quota;
use crate::term::{Atom, Pid, Term};

/// So many scope processes of one name may a node have. It has one; while that is started again perhaps two are known.
const MAX_OF_NODE: usize = 16;

/// The scope of another node.
#[derive(Default)]
struct Peer {
    /// Whether it has been told all that there is here, and nothing since got lost on the way.
    in_step: bool,
    members: Memberships,
}

/// The scopes of other nodes. What they tell is taken up of processes of their own node alone, and as far as that may have
/// memberships.
pub(super) struct Peers {
    /// The name of all these scopes.
    name: Atom,
    scopes: Map<Pid, Peer>,
    quota: Quota,
}

impl Peers {
    pub(super) fn new(name: Atom, limit: usize) -> Peers {
        Peers {
            name,
            scopes: Map::default(),
            quota: Quota::new(limit),
        }
    }

    pub(super) fn is_known(&self, scope: &Pid) -> bool {
        self.scopes.contains_key(scope)
    }

    /// Whether one more of this node may be known.
    pub(super) fn has_room_for(&self, node: Atom) -> bool {
        let known = self.scopes.keys().filter(|scope| scope.node == node);
        known.count() < MAX_OF_NODE
    }

    pub(super) fn add(&mut self, scope: Pid) {
        self.scopes.insert(scope, Peer::default());
    }

    /// A scope is gone: its members are.
    pub(super) fn remove(&mut self, scope: &Pid) -> impl Iterator<Item = Changed> + use<> {
        let peer = self.scopes.remove(scope);
        let members = peer.map(|peer| peer.members).unwrap_or_default();
        self.quota.sub(scope.node, members.cost());
        members.into_left()
    }

    /// The scopes that are told of changes, or of which some are.
    pub(super) fn in_step(&self, wanted: bool) -> Vec<Pid> {
        let scopes = self.scopes.iter();
        scopes
            .filter(|(_, peer)| peer.in_step == wanted)
            .map(|(scope, _)| *scope)
            .collect()
    }

    pub(super) fn set_in_step(&mut self, scope: &Pid, in_step: bool) {
        if let Some(peer) = self.scopes.get_mut(scope) {
            peer.in_step = in_step;
        }
    }

    /// Takes up that processes joined.
    pub(super) fn join(&mut self, scope: &Pid, group: Term, mut pids: Vec<Pid>) -> Option<Changed> {
        pids.retain(|pid| pid.node == scope.node);
        let (joined, all) = self.change(scope, |members, room| {
            let joined = members.join(&group, &pids, room);
            (joined, joined == pids.len())
        })?;
        self.tell_unless(all, scope.node);
        pids.truncate(joined);
        (joined > 0).then(|| Changed::joined(group, pids))
    }

    /// Takes up that processes left the groups that are named, each as often as it is.
    pub(super) fn leave(&mut self, scope: &Pid, pids: &[Pid], groups: Vec<Term>) -> Vec<Changed> {
        let left = self.change(scope, |members, _| members.leave(pids, groups));
        left.unwrap_or_default()
    }

    /// Takes up all that a scope has, and gives what is new in it.
    pub(super) fn sync(&mut self, scope: &Pid, mut groups: Vec<Group>) -> Vec<Changed> {
        for (_, pids) in &mut groups {
            pids.retain(|pid| pid.node == scope.node);
        }
        let changed = self.change(scope, |members, room| {
            let room = room + members.cost();
            members.replace(groups, room)
        });
        let Some((changed, all)) = changed else {
            return Vec::new();
        };
        self.tell_unless(all, scope.node);
        changed
    }

    /// Changes what is known of a scope's members, for whom there is so much room.
    fn change<T>(
        &mut self,
        scope: &Pid,
        change: impl FnOnce(&mut Memberships, usize) -> T,
    ) -> Option<T> {
        let members = &mut self.scopes.get_mut(scope)?.members;
        let before = members.cost();
        let result = change(members, self.quota.room(scope.node));
        let now = members.cost();
        self.quota.add(scope.node, now.saturating_sub(before));
        self.quota.sub(scope.node, before.saturating_sub(now));
        Some(result)
    }

    fn tell_unless(&mut self, all: bool, node: Atom) {
        if !all && self.quota.is_news(node) {
            tracing::warn!(
                target: "ergo::pg", scope = %self.name, node = node.as_str(), limit = self.quota.limit(),
                "the processes of a node have too many memberships; no more of them are taken up"
            );
        }
    }
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

    fn known(limit: usize) -> (Peers, Pid) {
        let (mut peers, scope) = (Peers::new(Atom::new("sc"), limit), pid("a@b", 1));
        peers.add(scope);
        (peers, scope)
    }

    fn sorted(changed: impl IntoIterator<Item = Changed>) -> Vec<(String, Vec<Pid>, Vec<Pid>)> {
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
        let (mut peers, scope) = known(100);
        let (a, b, stranger) = (pid("a@b", 7), pid("a@b", 8), pid("c@d", 7));
        let (x, y, z) = (Term::atom("x"), Term::atom("y"), Term::atom("z"));
        let first = vec![
            (x.clone(), vec![a, a, stranger]),
            (y.clone(), vec![a]),
            (x.clone(), vec![b]),
        ];
        assert_eq!(
            sorted(peers.sync(&scope, first)),
            [
                ("x".to_owned(), vec![a, a, b], vec![]),
                ("y".to_owned(), vec![a], vec![])
            ]
        );
        let second = vec![(x, vec![b, a]), (z, vec![b])];
        assert_eq!(
            sorted(peers.sync(&scope, second)),
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
        assert!(peers.quota.is_empty());
    }

    #[test]
    fn nobody_leaves_more_often_than_they_joined() {
        let (mut peers, scope) = known(100);
        let (a, stranger) = (pid("a@b", 7), pid("c@d", 7));
        let x = Term::atom("x");
        assert!(peers.join(&scope, x.clone(), vec![stranger]).is_none());
        assert!(peers.join(&scope, x.clone(), vec![a, a, a]).is_some());
        let groups = vec![x.clone(), x.clone(), Term::atom("y")];
        let left = peers.leave(&scope, &[a, stranger], groups);
        assert_eq!(sorted(left), [("x".to_owned(), vec![], vec![a, a])]);
        let left = peers.leave(&scope, &[a], vec![x.clone(); 9]);
        assert_eq!(sorted(left), [("x".to_owned(), vec![], vec![a])]);
        assert!(peers.leave(&scope, &[a], vec![x]).is_empty());
        assert!(peers.quota.is_empty());
        assert!(peers.remove(&scope).next().is_none());
    }

    #[test]
    fn the_processes_of_a_node_have_so_many_memberships_and_no_more() {
        let (mut peers, scope) = known(3);
        // Whatever its scope calls itself.
        let other = pid("a@b", 2);
        peers.add(other);
        let (a, x, y) = (pid("a@b", 7), Term::atom("x"), Term::atom("y"));
        let joined = peers.join(&scope, x.clone(), vec![a, a]);
        assert_eq!(sorted(joined), [("x".to_owned(), vec![a, a], vec![])]);
        let joined = peers.join(&other, y.clone(), vec![a, a]);
        assert_eq!(sorted(joined), [("y".to_owned(), vec![a], vec![])]);
        assert!(peers.join(&scope, x.clone(), vec![a]).is_none());
        // Those that it had make room for what comes in their place.
        let state = vec![(y.clone(), vec![a; 3])];
        assert_eq!(
            sorted(peers.sync(&scope, state)),
            [
                ("x".to_owned(), vec![], vec![a, a]),
                ("y".to_owned(), vec![a, a], vec![])
            ]
        );
        // Other nodes are not concerned.
        let far = pid("c@d", 1);
        peers.add(far);
        assert!(peers.join(&far, x.clone(), vec![far; 3]).is_some());
        peers.leave(&scope, &[a], vec![y]);
        assert!(peers.join(&other, x, vec![a]).is_some());
        for scope in [scope, other, far] {
            drop(peers.remove(&scope));
        }
        assert!(peers.quota.is_empty());
    }

    #[test]
    fn a_long_name_takes_the_place_of_memberships() {
        let (mut peers, scope) = known(5);
        let (a, long) = (pid("a@b", 7), Term::from(vec![0; 4096]));
        assert!(peers.join(&scope, long.clone(), vec![a]).is_some());
        assert!(peers.join(&scope, Term::atom("x"), vec![a]).is_none());
        let left = peers.leave(&scope, &[a], vec![long]);
        assert_eq!(left.len(), 1);
        assert!(peers.quota.is_empty());
    }
}
