//! References.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::Atom;

/// A reference: unique among all that its node made.
///
/// In Erlang: `#Ref<0.1.2.3>`, from `make_ref/0`.
#[derive(Clone, Copy)]
pub struct Ref {
    /// The node's name.
    pub node: Atom,
    /// The incarnation of the node that made this reference.
    pub creation: u32,
    len: u8,
    // Zero beyond `len`.
    words: [u32; Ref::MAX_WORDS],
}

impl Ref {
    /// How many words a reference has at most; the aliases of OTP 27 and later have that many.
    pub const MAX_WORDS: usize = 5;

    /// A reference of one to five words, first word first, as on the wire.
    /// `None` for no words, or more than five.
    pub fn new(node: Atom, creation: u32, ids: &[u32]) -> Option<Ref> {
        let mut words = [0; Ref::MAX_WORDS];
        if ids.is_empty() || ids.len() > words.len() {
            return None;
        }
        words[..ids.len()].copy_from_slice(ids);
        Some(Ref {
            node,
            creation,
            len: ids.len() as u8,
            words,
        })
    }

    /// The words, first word first, as on the wire.
    #[inline]
    pub fn words(&self) -> &[u32] {
        &self.words[..usize::from(self.len)]
    }

    /// The words, with zeros behind them; and how many they are.
    #[inline]
    pub(crate) fn all_words(&self) -> ([u32; Ref::MAX_WORDS], usize) {
        (self.words, usize::from(self.len))
    }
}

/// As in OTP, words that are not there count as 0.
impl PartialEq for Ref {
    fn eq(&self, other: &Ref) -> bool {
        (self.node, self.creation, self.words) == (other.node, other.creation, other.words)
    }
}

impl Eq for Ref {}

impl Hash for Ref {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // In as few steps as there can be: every call and every monitor is found by its reference.
        let [a, b, c, d, e] = self.words.map(u64::from);
        state.write_u64(u64::from(self.creation) << 32 | e);
        state.write_u64(a << 32 | b);
        state.write_u64(c << 32 | d);
        self.node.hash(state);
    }
}

/// By node name, then creation, then the words from the last to the first.
impl Ord for Ref {
    fn cmp(&self, other: &Ref) -> Ordering {
        (self.node.cmp(&other.node))
            .then(self.creation.cmp(&other.creation))
            .then_with(|| self.words.iter().rev().cmp(other.words.iter().rev()))
    }
}

impl PartialOrd for Ref {
    fn partial_cmp(&self, other: &Ref) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
