//! The node at the other end of a link.

use crate::dist::DistFlags;
use crate::term::Atom;

/// A link: different for every one that a `Links` ever had or began to set up.
pub(crate) type LinkId = u64;

/// The node at the other end of a link that is, or was, up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its name.
    pub(crate) name: Atom,
    /// Its incarnation; `None` when it does not tell (OTP 22).
    pub(crate) creation: Option<u32>,
    /// What both ends announced.
    pub(crate) flags: DistFlags,
    /// Whether either end is hidden.
    pub(crate) hidden: bool,
    /// Tells a link from its successor.
    pub(crate) link: LinkId,
}
