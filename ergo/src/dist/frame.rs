//! Frames: the lengths that divide a link's stream.
//!
//! Erlang/OTP documentation: ERTS, "Distribution Protocol", "Protocol between Connected Nodes".

use super::DistFlags;

/// The bytes of a tick: a frame without content, which says that its sender lives.
pub const TICK: [u8; 4] = [0; 4];

pub(super) const VERSION: u8 = 131;
pub(super) const PASS_THROUGH: u8 = 112;
pub(super) const MESSAGE: u8 = 68;
pub(super) const FIRST_FRAGMENT: u8 = 69;
pub(super) const NEXT_FRAGMENT: u8 = 70;

/// The most that stands before the control message: a header of 255 new atoms of 255 characters of
/// four bytes, and what says how the frame is to be read.
pub(super) const MAX_HEADER: usize = 255 * (1 + 2 + 4 * 255) + 256;

/// What a frame may take beside the largest message: its header, the control message, the tags of
/// the terms that hold what is large.
pub(super) const OVERHEAD: usize = 1 << 20;

/// A frame that is longer than its reader allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the peer announces a frame of {length} bytes; raise the limit of {max} if it should be taken"
)]
pub struct FrameTooLarge {
    /// The length that the peer announced.
    pub length: usize,
    /// The longest frame that is taken.
    pub max: usize,
}

/// Where the content of a frame begins: after its length.
pub(super) const CONTENT: usize = 4;

/// Where the first frame ends; `None` while it is not complete. A tick is a frame without content.
pub(super) fn end(input: &[u8], max: usize) -> Result<Option<usize>, FrameTooLarge> {
    let Some(header) = input.first_chunk::<CONTENT>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*header) as usize;
    if length > max {
        return Err(FrameTooLarge { length, max });
    }
    Ok((input.len() - CONTENT >= length).then_some(CONTENT + length))
}

/// What the frames of a link begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// One byte, then terms with their version bytes.
    PassThrough,
    /// A header that names atoms; it may also make the frame one of many fragments.
    Header,
}

impl Framing {
    /// What these flags of a link imply.
    pub(super) fn of(flags: DistFlags) -> Framing {
        // With fragments alone, OTP 22 still writes no header.
        if flags.contains(DistFlags::DIST_HDR_ATOM_CACHE)
            || flags.contains(DistFlags::FRAGMENTS | DistFlags::HANDSHAKE_23)
        {
            Framing::Header
        } else {
            Framing::PassThrough
        }
    }
}
