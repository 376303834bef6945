//! References.

use super::Atom;

/// A reference: unique among all that its node made.
///
/// In Erlang: `#Ref<0.1.2.3>`, from `make_ref/0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ref {
    /// The node's name.
    pub node: Atom,
    /// The incarnation of the node that made this reference.
    pub creation: u32,
    len: u8,
    words: [u32; 5],
}

impl Ref {
    /// A reference of one to five words, first word first, as on the wire.
    /// `None` for no words, or more than five.
    pub fn new(node: Atom, creation: u32, ids: &[u32]) -> Option<Ref> {
        let mut words = [0; 5];
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
    pub fn words(&self) -> &[u32] {
        &self.words[..usize::from(self.len)]
    }
}
