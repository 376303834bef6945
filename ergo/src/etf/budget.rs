//! How much one decoded message may cost.

/// Bounds on what decoding one term may cost. Going past one is a
/// [`DecodeError`](super::DecodeError) of kind [`Budget`](super::DecodeErrorKind::Budget).
///
/// Erlang has no such bounds: a BEAM that receives a hostile term grows until it is killed.
///
/// ```
/// use ergo::etf::Budget;
///
/// let small = Budget::default().with_elements(1_000).with_bytes(64 << 10);
/// assert_eq!(small.depth, Budget::default().depth);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Budget {
    /// How deep containers may nest; 256 by default. A `Box`, `Rc` or `Arc` on the Rust side counts
    /// as a level too, so that no recursive type follows a peer further than this.
    ///
    /// The default leaves 8 KiB of a thread's usual 2 MiB stack to each level, which is enough in
    /// debug builds.
    pub depth: u32,
    /// How many terms there may be in all, elements of containers counted; 16,777,216 by default.
    pub elements: u64,
    /// How many bytes the decoded value may own beside the frame: what is inflated or copied, and
    /// the storage of lists, tuples and maps; by default 1 GiB for the largest message that a node
    /// takes, and 1 MiB for what holds it. Binaries that are slices of the frame cost nothing, and
    /// terms that stay [`Encoded`](super::Encoded) only what holds them.
    pub bytes: u64,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget {
            depth: 256,
            elements: 1 << 24,
            bytes: (1 << 30) + (1 << 20),
        }
    }
}

impl Budget {
    /// The same budget with another bound on the depth.
    pub fn with_depth(self, depth: u32) -> Budget {
        Budget { depth, ..self }
    }

    /// The same budget with another bound on the number of terms.
    pub fn with_elements(self, elements: u64) -> Budget {
        Budget { elements, ..self }
    }

    /// The same budget with another bound on the bytes that the value owns.
    pub fn with_bytes(self, bytes: u64) -> Budget {
        Budget { bytes, ..self }
    }
}
