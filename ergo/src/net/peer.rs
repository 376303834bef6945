//! The node at the other end of a link.

use crate::dist::DistFlags;
use crate::term::Atom;

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
    /// Different for every link that a `Links` ever had: tells a link from its successor.
    pub(crate) link: u64,
}
