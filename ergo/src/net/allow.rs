//! Which nodes may connect, if not all may.

use std::sync::{PoisonError, RwLock};

use crate::dist::name::split;

/// The nodes that may connect: all of them until the first entry is there.
///
/// In Erlang: `net_kernel:allow/1`. An entry is a node (`a@b`), a host (`b`) or the name of nodes on any host (`a@`).
#[derive(Debug, Default)]
pub(crate) struct Allowed(RwLock<Vec<String>>);

impl Allowed {
    /// Lets more nodes in. Links that are up stay up.
    pub(crate) fn add(&self, entries: impl IntoIterator<Item = String>) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.extend(entries);
    }

    /// The entries, in the order in which they were added.
    pub(crate) fn entries(&self) -> Vec<String> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }

    /// Whether a node may connect to this one: one that has a name, or a host that asks for one.
    pub(crate) fn accepts(&self, node: &str) -> bool {
        self.allows(|entry| covers(entry, node))
    }

    /// Whether nobody is kept out.
    pub(crate) fn accepts_all(&self) -> bool {
        self.allows(|_| false)
    }

    /// Whether this node may connect to another: OTP wants its whole name on the list then (`setup_check/2` of
    /// `net_kernel`).
    pub(crate) fn dials(&self, node: &str) -> bool {
        self.allows(|entry| entry == node)
    }

    fn allows(&self, covers: impl Fn(&str) -> bool) -> bool {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.is_empty() || all.iter().any(|entry| covers(entry))
    }
}

/// Whether an entry stands for a node. As `dist_util:is_allowed/2`.
fn covers(entry: &str, node: &str) -> bool {
    let (name, host) = match split(node) {
        Some((name, host)) => (Some(name), host),
        None => (None, node),
    };
    match entry.split_once('@') {
        None => !entry.is_empty() && entry == host,
        Some((only, "")) => !only.is_empty() && name == Some(only),
        Some(_) => entry == node,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_a_node_or_a_part_of_its_name() {
        for (entry, node, covered) in [
            ("a@b", "a@b", true),
            ("a@b", "a@c", false),
            ("a@b", "b", false),
            ("b", "a@b", true),
            ("b", "b@a", false),
            ("b", "b", true),
            ("a@", "a@b", true),
            ("a@", "b@a", false),
            ("a@", "a", false),
            ("@", "a@b", false),
            ("", "a@b", false),
            ("@b", "a@b", false),
        ] {
            assert_eq!(covers(entry, node), covered, "{entry} for {node}");
        }
    }

    #[test]
    fn everybody_may_until_somebody_is_named() {
        let allowed = Allowed::default();
        assert!(allowed.accepts("x@y") && allowed.dials("x@y"));
        allowed.add(["b".to_owned(), "c@d".to_owned()]);
        assert!(allowed.accepts("a@b") && !allowed.dials("a@b"));
        assert!(allowed.accepts("c@d") && allowed.dials("c@d"));
        assert!(!allowed.accepts("x@y") && !allowed.dials("x@y"));
        assert_eq!(allowed.entries(), ["b", "c@d"]);
    }
}
