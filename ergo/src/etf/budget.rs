//! How much one decoded message may cost.

/// Bounds on what decoding one term may cost. Going past one is a [`DecodeError`](super::DecodeError).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// How deep containers may nest.
    pub depth: u32,
    /// How many terms there may be in all, elements of containers counted.
    pub elements: u64,
    /// How many bytes the decoded value may own beside the frame (inflated, copied).
    pub bytes: u64,
}
