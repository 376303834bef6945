//! What processes here share with each other node: to be undone when its link is lost.
//!
//! A relation belongs to the one link on which it was set up, or will be: it ends with that link,
//! and nothing about it is said on another. So each is noted with the link's number, under the lock
//! under which its signal was sent; a loss finds all that belongs to the lost link and nothing else.

use std::collections::HashMap;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use super::spawn_request::Request;
use crate::net::LinkId;
use crate::term::{Atom, Pid, Ref};

type State = foldhash::quality::RandomState;

/// So much room for relations is kept while there are none.
const KEPT: usize = 1024;

/// The relations of local processes with those of one other node, each with its link.
#[derive(Default)]
pub(crate) struct Shared {
    /// Monitors that the node's processes hold on ours: the local process of each.
    pub(crate) watched: HashMap<Ref, (Pid, LinkId), State>,
    /// Monitors that our processes hold on the node's: the local process of each.
    pub(crate) watching: HashMap<Ref, (Pid, LinkId), State>,
    /// Links, also those that wait to be acknowledged as removed: the local end first.
    pub(crate) links: HashMap<(Pid, Pid), LinkId, State>,
    /// Our processes that watch the node itself, once for each time they asked to.
    pub(crate) nodes: HashMap<Pid, Vec<LinkId>, State>,
    /// Processes that we asked the node for, until it replies.
    pub(crate) requests: HashMap<Ref, Request, State>,
}

impl Shared {
    fn is_empty(&self) -> bool {
        self.watched.is_empty()
            && self.watching.is_empty()
            && self.links.is_empty()
            && self.nodes.is_empty()
            && self.requests.is_empty()
    }

    /// Whether it has the memory of a time when much was shared.
    fn was_large(&self) -> bool {
        let monitors = self.watched.capacity().max(self.watching.capacity());
        monitors.max(self.links.capacity()) > KEPT
    }

    fn len(&self) -> usize {
        self.watched.len() + self.watching.len() + self.links.len() + self.requests.len()
    }

    /// Takes what belongs to a link.
    pub(crate) fn take(&mut self, link: LinkId) -> Lost {
        Lost {
            watched: take_if(&mut self.watched, |(_, on)| *on == link),
            watching: take_if(&mut self.watching, |(_, on)| *on == link),
            links: take_if(&mut self.links, |on| *on == link),
            nodes: self.take_nodes(link),
            requests: self.take_requests(link),
        }
    }

    fn take_requests(&mut self, link: LinkId) -> Vec<(Ref, Request)> {
        let on_link = self
            .requests
            .iter()
            .filter(|(_, request)| request.link == link);
        let ids: Vec<Ref> = on_link.map(|(id, _)| *id).collect();
        ids.into_iter()
            .filter_map(|id| self.requests.remove_entry(&id))
            .collect()
    }

    /// Takes those who watch the node over a link, so many times as they do.
    pub(crate) fn take_nodes(&mut self, link: LinkId) -> Vec<Pid> {
        let mut taken = Vec::new();
        self.nodes.retain(|pid, links| {
            let before = links.len();
            links.retain(|on| *on != link);
            taken.extend(std::iter::repeat_n(*pid, before - links.len()));
            !links.is_empty()
        });
        taken
    }
}

/// What belonged to a lost link.
pub(crate) struct Lost {
    pub(crate) watched: Vec<(Ref, (Pid, LinkId))>,
    pub(crate) watching: Vec<(Ref, (Pid, LinkId))>,
    pub(crate) links: Vec<((Pid, Pid), LinkId)>,
    pub(crate) nodes: Vec<Pid>,
    pub(crate) requests: Vec<(Ref, Request)>,
}

fn take_if<K: Copy, V: Copy>(
    map: &mut HashMap<K, V, State>,
    wanted: impl Fn(&V) -> bool,
) -> Vec<(K, V)> {
    let mut taken = Vec::new();
    map.retain(|key, value| {
        let take = wanted(value);
        if take {
            taken.push((*key, *value));
        }
        !take
    });
    taken
}

#[derive(Default)]
pub(crate) struct Remotes {
    nodes: DashMap<Atom, Shared, State>,
}

impl Remotes {
    /// Changes what is shared with a node; nodes with which nothing was ever shared cost nothing.
    ///
    /// The table is locked meanwhile: `change` may send, and touch single processes, but not come
    /// back here.
    pub(crate) fn with<T>(&self, node: Atom, change: impl FnOnce(&mut Shared) -> T) -> T {
        // The way of nearly all. Kept even if it is empty then: while there is a link, calls set
        // monitors and take them back all the time.
        if let Some(mut shared) = self.nodes.get_mut(&node) {
            let result = change(&mut shared);
            let tidy = shared.is_empty() && shared.was_large();
            drop(shared);
            if tidy {
                self.tidy(node);
            }
            return result;
        }
        match self.nodes.entry(node) {
            // It came right now.
            Entry::Occupied(mut entry) => change(entry.get_mut()),
            Entry::Vacant(entry) => {
                let mut shared = Shared::default();
                let result = change(&mut shared);
                if !shared.is_empty() {
                    entry.insert(shared);
                }
                result
            }
        }
    }

    /// There is no link to a node any more, or there was to be one: gives back the memory, if nothing
    /// is shared with it.
    pub(crate) fn tidy(&self, node: Atom) {
        self.nodes.remove_if(&node, |_, shared| shared.is_empty());
    }

    /// Looks at what is shared with a node.
    pub(crate) fn is(&self, node: Atom, look: impl FnOnce(&Shared) -> bool) -> bool {
        self.nodes.get(&node).is_some_and(|shared| look(&shared))
    }

    /// How many relations with other nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.iter().map(|shared| shared.len()).sum()
    }

    /// How many times processes watch other nodes.
    pub(crate) fn node_monitors(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes
            .map(|shared| shared.nodes.values().map(Vec::len).sum::<usize>())
            .sum()
    }
}
