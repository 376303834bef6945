//! Capability flags: what the two ends of a link may send each other.

use std::fmt;
use std::ops::{BitAnd, BitOr, Sub};

/// The capability flags that a node announces in its handshake.
///
/// What both ends announce is in force on the link: see [`DistFlags::negotiate`].
///
/// ```
/// use ergo::dist::DistFlags;
/// let ours = DistFlags::recommended().visible(false);
/// assert!(ours.contains(DistFlags::MAP_TAG | DistFlags::UTF8_ATOMS));
/// assert_eq!((DistFlags::MAP_TAG | DistFlags::SPAWN).to_string(), "MAP_TAG | SPAWN");
/// ```
///
/// Erlang/OTP documentation: ERTS, "Distribution Protocol", section "Distribution Flags"; there the
/// names start with `DFLAG_`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct DistFlags(u64);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {
        impl DistFlags {
            $($(#[$doc])* pub const $name: DistFlags = DistFlags($value);)*

            const NAMES: &'static [(DistFlags, &'static str)] =
                &[$((DistFlags::$name, stringify!($name))),*];
        }
    };
}

flags! {
    /// The node is visible: it is in `nodes()` and takes part in `global` and its kin.
    PUBLISHED = 0x1;
    /// References have several words.
    EXTENDED_REFERENCES = 0x4;
    /// Processes of the other node can be monitored.
    DIST_MONITOR = 0x8;
    /// Funs have a tag of their own.
    FUN_TAGS = 0x10;
    /// Registered names of the other node can be monitored.
    DIST_MONITOR_NAME = 0x20;
    /// Funs travel as `NEW_FUN_EXT`.
    NEW_FUN_TAGS = 0x80;
    /// Pids use 15 bits of id and 13 of serial.
    EXTENDED_PIDS_PORTS = 0x100;
    /// `fun M:F/A` travels as `EXPORT_EXT`.
    EXPORT_PTR_TAG = 0x200;
    /// Bit strings have a tag of their own.
    BIT_BINARIES = 0x400;
    /// Floats travel as eight bytes.
    NEW_FLOATS = 0x800;
    /// Characters past 255 are understood in the I/O protocol.
    UNICODE_IO = 0x1000;
    /// Messages start with a header that names their atoms through a cache.
    DIST_HDR_ATOM_CACHE = 0x2000;
    /// Short atoms have a tag of their own.
    SMALL_ATOM_TAGS = 0x4000;
    /// Atoms are UTF-8.
    UTF8_ATOMS = 0x1_0000;
    /// Maps have a tag.
    MAP_TAG = 0x2_0000;
    /// Creations have 32 bits.
    BIG_CREATION = 0x4_0000;
    /// Messages name their sender.
    SEND_SENDER = 0x8_0000;
    /// Trace labels may be any term.
    BIG_SEQTRACE_LABELS = 0x10_0000;
    /// Exit reasons follow the control message instead of standing in it.
    EXIT_PAYLOAD = 0x40_0000;
    /// Large messages travel in fragments.
    FRAGMENTS = 0x80_0000;
    /// The handshake of OTP 23 (version 6) is understood.
    HANDSHAKE_23 = 0x100_0000;
    /// Unlinking is acknowledged.
    UNLINK_ID = 0x200_0000;
    /// Stands for every flag that OTP 25 demands.
    MANDATORY_25_DIGEST = 0x400_0000;
    /// Processes can be spawned by request.
    SPAWN = 1 << 32;
    /// Not a capability: the node asks the other for a name.
    NAME_ME = 1 << 33;
    /// Pids and ports have 64 bits, references up to five words.
    V4_NC = 1 << 34;
    /// Process aliases are understood.
    ALIAS = 1 << 35;
    /// The extensible signal of OTP 28, which carries aliases and priorities.
    ALTACT_SIG = 1 << 37;
    /// Native records (OTP 29) are understood.
    NATIVE_RECORDS = 1 << 38;
}

/// What OTP 25 demands, and what its digest bit stands for.
const MANDATORY_25: DistFlags = DistFlags(
    MANDATORY.0 | DistFlags::HANDSHAKE_23.0, //
);

/// What ergo cannot do without: the encoder emits these forms to everybody. OTP 22 has them all.
const MANDATORY: DistFlags = DistFlags(
    DistFlags::EXTENDED_REFERENCES.0
        | DistFlags::FUN_TAGS.0
        | DistFlags::NEW_FUN_TAGS.0
        | DistFlags::EXTENDED_PIDS_PORTS.0
        | DistFlags::EXPORT_PTR_TAG.0
        | DistFlags::BIT_BINARIES.0
        | DistFlags::NEW_FLOATS.0
        | DistFlags::UTF8_ATOMS.0
        | DistFlags::MAP_TAG.0
        | DistFlags::BIG_CREATION.0,
);

impl DistFlags {
    /// No flags.
    pub const NONE: DistFlags = DistFlags(0);

    /// What an ergo node announces: a hidden node, understood by OTP 22 to 29.
    pub fn recommended() -> DistFlags {
        MANDATORY_25
            | DistFlags::DIST_MONITOR
            | DistFlags::DIST_MONITOR_NAME
            | DistFlags::UNICODE_IO
            | DistFlags::DIST_HDR_ATOM_CACHE
            | DistFlags::SMALL_ATOM_TAGS
            | DistFlags::SEND_SENDER
            | DistFlags::BIG_SEQTRACE_LABELS
            | DistFlags::EXIT_PAYLOAD
            // Both of DIST_HDR_ATOM_CACHE and FRAGMENTS, or neither: OTP 22 and later releases
            // disagree about the framing of a link that has only the second.
            | DistFlags::FRAGMENTS
            | DistFlags::UNLINK_ID
            | DistFlags::MANDATORY_25_DIGEST
            | DistFlags::SPAWN
            | DistFlags::V4_NC
            | DistFlags::ALIAS
            | DistFlags::ALTACT_SIG
            | DistFlags::NATIVE_RECORDS
    }

    /// The same flags, of a visible or a hidden node.
    pub fn visible(self, visible: bool) -> DistFlags {
        if visible {
            self | DistFlags::PUBLISHED
        } else {
            self - DistFlags::PUBLISHED
        }
    }

    /// The flags of this word; bits that ergo has no name for are kept.
    pub const fn from_bits(bits: u64) -> DistFlags {
        DistFlags(bits)
    }

    /// The flags as the word that travels.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `other` are among these.
    pub const fn contains(self, other: DistFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there is no flag.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in force on a link between nodes that announced `self` and `peer`.
    pub fn negotiate(self, peer: DistFlags) -> DistFlags {
        self.with_digest_expanded() & peer.with_digest_expanded()
    }

    /// The flags that ergo demands and that are not among these.
    ///
    /// Which ones a release of OTP demands: ERTS, "Distribution Protocol", "Distribution Flags",
    /// mandatory ones. Ergo demands those that its encoder relies on.
    pub fn missing(self) -> DistFlags {
        MANDATORY - self.with_digest_expanded()
    }

    /// A peer may announce all that OTP 25 demands with one bit.
    pub(crate) fn with_digest_expanded(self) -> DistFlags {
        if self.contains(DistFlags::MANDATORY_25_DIGEST) {
            self | MANDATORY_25
        } else {
            self
        }
    }

    /// The half that the name message of version 5 carries.
    pub(crate) fn low(self) -> u32 {
        self.0 as u32
    }

    /// The half that follows in the complement message.
    pub(crate) fn high(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl BitOr for DistFlags {
    type Output = DistFlags;

    fn bitor(self, other: DistFlags) -> DistFlags {
        DistFlags(self.0 | other.0)
    }
}

impl BitAnd for DistFlags {
    type Output = DistFlags;

    fn bitand(self, other: DistFlags) -> DistFlags {
        DistFlags(self.0 & other.0)
    }
}

/// The flags of the left side that are not among those of the right side.
impl Sub for DistFlags {
    type Output = DistFlags;

    fn sub(self, other: DistFlags) -> DistFlags {
        DistFlags(self.0 & !other.0)
    }
}

impl fmt::Display for DistFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = *self;
        let mut separator = "";
        for (flag, name) in DistFlags::NAMES {
            if rest.contains(*flag) {
                write!(f, "{separator}{name}")?;
                separator = " | ";
                rest = rest - *flag;
            }
        }
        if !rest.is_empty() || separator.is_empty() {
            write!(f, "{separator}{:#x}", rest.0)?;
        }
        Ok(())
    }
}

impl fmt::Debug for DistFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DistFlags({:#x})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_those_of_otp_29_without_its_publicity() {
        // OTP 29 announces 0x6d07df7fbd.
        let ours = DistFlags::recommended();
        assert_eq!(ours.bits(), 0x6d_07df_7fbc);
        assert_eq!(ours.visible(true).bits(), 0x6d_07df_7fbd);
        assert_eq!(ours.visible(true).visible(false), ours);
    }

    #[test]
    fn every_release_has_what_we_demand() {
        for word in [
            0xdf_7fbd,
            0x1_01df_7fbd,
            0xd_07df_7fbd,
            0x2d_07df_7fbd,
            0x6d_07df_7fbd,
            0x4_0707_4f9c,
        ] {
            assert_eq!(DistFlags::from_bits(word).missing(), DistFlags::NONE);
        }
    }

    #[test]
    fn the_digest_stands_for_the_flags_of_otp_25() {
        assert_eq!(DistFlags::MANDATORY_25_DIGEST.missing(), DistFlags::NONE);
        let link = DistFlags::recommended().negotiate(DistFlags::MANDATORY_25_DIGEST);
        assert!(link.contains(DistFlags::MAP_TAG | DistFlags::HANDSHAKE_23));
        assert!(!link.contains(DistFlags::SPAWN));
    }

    #[test]
    fn missing_flags_are_named() {
        let peer = DistFlags::from_bits(0xdf_7fbd) - DistFlags::MAP_TAG - DistFlags::NEW_FLOATS;
        assert_eq!(peer.missing().to_string(), "NEW_FLOATS | MAP_TAG");
        assert_eq!(DistFlags::NONE.to_string(), "0x0");
        assert_eq!(
            DistFlags::from_bits(0x8001).to_string(),
            "PUBLISHED | 0x8000"
        );
    }
}
