//! Binaries.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;

/// How many bytes stand in the value itself: as many as make it no larger than other terms.
const INLINE: usize = 22;

/// Bytes, which a short binary holds in itself and a longer one shares with its clones.
///
/// It is a slice of its bytes, and compares with all that is one. [`Bytes`] become a binary without
/// being copied, and a long binary becomes [`Bytes`] so.
///
/// ```
/// use bytes::Bytes;
/// use ergo::Term;
/// use ergo::term::Binary;
///
/// let key = Binary::from("key");
/// assert_eq!(key, b"key");
/// assert_eq!(key[1..].to_ascii_uppercase(), b"EY");
/// assert_eq!(key.as_str(), Some("key"));
///
/// let blob = Bytes::from(vec![0; 1 << 20]);
/// let term = Term::from(blob.clone());
/// assert_eq!(term.as_binary().map(|binary| binary.as_ptr()), Some(blob.as_ptr()));
/// # assert_eq!(Bytes::from(Binary::from(blob.clone())).as_ptr(), blob.as_ptr());
/// ```
///
/// In Erlang: `<<"key">>`.
#[derive(Clone)]
pub struct Binary(Repr);

#[derive(Clone)]
enum Repr {
    /// The first `len` of these bytes; what the others are does not matter.
    Inline { len: u8, bytes: [u8; INLINE] },
    /// Copied from somewhere.
    Copied(Arc<[u8]>),
    /// Part of a frame, or of whatever else holds them. Apart, since they are a wide handle.
    Shared(Arc<Bytes>),
}

impl Binary {
    /// The empty binary, `<<>>`.
    pub const fn new() -> Binary {
        Binary(Repr::Inline {
            len: 0,
            bytes: [0; INLINE],
        })
    }

    /// A binary of bytes that live as long as the program, of which no more than a few are copied.
    pub fn from_static(bytes: &'static [u8]) -> Binary {
        Binary::from(Bytes::from_static(bytes))
    }

    /// A copy of these bytes.
    #[inline]
    pub fn copy_from_slice(bytes: &[u8]) -> Binary {
        match Binary::inline(bytes) {
            Some(binary) => binary,
            None => Binary(Repr::Copied(bytes.into())),
        }
    }

    /// A copy of bytes that are few enough.
    #[inline]
    fn inline(bytes: &[u8]) -> Option<Binary> {
        let mut inline = [0; INLINE];
        inline.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Binary(Repr::Inline {
            len: bytes.len() as u8,
            bytes: inline,
        }))
    }

    /// A copy of the first `len` of these bytes, if they are few enough and many more follow: what
    /// has a known length is copied in a few instructions.
    #[inline]
    pub(crate) fn inline_first(bytes: &[u8], len: usize) -> Option<Binary> {
        if len > INLINE {
            return None;
        }
        let bytes: &[u8; INLINE] = bytes.first_chunk()?;
        // In pieces, each where other terms have a field: then the compiler holds terms of all kinds
        // in the same registers, where it would hold them in memory.
        let mut inline = [0; INLINE];
        inline[..2].copy_from_slice(&bytes[..2]);
        inline[2..6].copy_from_slice(&bytes[2..6]);
        inline[6..14].copy_from_slice(&bytes[6..14]);
        inline[14..].copy_from_slice(&bytes[14..]);
        Some(Binary(Repr::Inline {
            len: len as u8,
            bytes: inline,
        }))
    }

    /// If the bytes stand in the binary itself: they, with others after them, and how many of them
    /// are the binary's.
    #[inline]
    pub(crate) fn as_inline(&self) -> Option<(&[u8; INLINE], usize)> {
        match &self.0 {
            Repr::Inline { len, bytes } => Some((bytes, usize::from(*len))),
            _ => None,
        }
    }

    /// The bytes as [`Bytes`], if they are held as such.
    pub(crate) fn as_shared(&self) -> Option<&Bytes> {
        match &self.0 {
            Repr::Shared(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The bytes.
    #[inline]
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Copied(bytes) => bytes,
            Repr::Shared(bytes) => bytes,
        }
    }

    /// The text that the bytes are, if they are UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self).ok()
    }
}

impl Default for Binary {
    fn default() -> Binary {
        Binary::new()
    }
}

impl Deref for Binary {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsRef<[u8]> for Binary {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

/// By its bytes, with whatever has some.
impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Binary {
    fn eq(&self, other: &T) -> bool {
        self.as_slice() == other.as_ref()
    }
}

impl Eq for Binary {}

impl Hash for Binary {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_slice().hash(state);
    }
}

/// As Rust writes bytes: `b"key"`.
impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

impl From<&[u8]> for Binary {
    #[inline]
    fn from(bytes: &[u8]) -> Binary {
        Binary::copy_from_slice(bytes)
    }
}

impl<const N: usize> From<&[u8; N]> for Binary {
    fn from(bytes: &[u8; N]) -> Binary {
        Binary::copy_from_slice(bytes)
    }
}

impl From<&str> for Binary {
    fn from(text: &str) -> Binary {
        Binary::copy_from_slice(text.as_bytes())
    }
}

/// Without a copy, unless they are few.
impl From<Bytes> for Binary {
    fn from(bytes: Bytes) -> Binary {
        Binary::inline(&bytes).unwrap_or_else(|| Binary(Repr::Shared(Arc::new(bytes))))
    }
}

/// Without a copy, unless they are few.
impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Binary {
        Binary::from(Bytes::from(bytes))
    }
}

/// Without a copy, unless it is short.
impl From<String> for Binary {
    fn from(text: String) -> Binary {
        Binary::from(text.into_bytes())
    }
}

/// Without a copy, unless they are few.
impl From<Binary> for Bytes {
    fn from(binary: Binary) -> Bytes {
        match binary.0 {
            Repr::Inline { .. } => Bytes::copy_from_slice(&binary),
            Repr::Copied(bytes) => Bytes::from_owner(bytes),
            Repr::Shared(bytes) => Arc::unwrap_or_clone(bytes),
        }
    }
}

impl From<Binary> for Vec<u8> {
    fn from(binary: Binary) -> Vec<u8> {
        match binary.0 {
            Repr::Shared(bytes) => Arc::unwrap_or_clone(bytes).into(),
            _ => binary.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::hash::BuildHasher;

    use super::*;

    /// The same bytes in every way that there is to hold them.
    fn all(bytes: &[u8]) -> [Binary; 5] {
        let mut followed = bytes.to_vec();
        followed.extend([0xff; INLINE]);
        [
            Binary::copy_from_slice(bytes),
            Binary::from(bytes.to_vec()),
            Binary::from(Bytes::copy_from_slice(bytes)),
            Binary(Repr::Shared(Arc::new(Bytes::copy_from_slice(bytes)))),
            Binary::inline_first(&followed, bytes.len()).unwrap_or_else(|| bytes.into()),
        ]
    }

    #[test]
    fn how_bytes_are_held_does_not_show() {
        for len in [0, 1, INLINE - 1, INLINE, INLINE + 1, 100] {
            let bytes: Vec<u8> = (0..len as u8).collect();
            let hasher = foldhash::fast::RandomState::default();
            for binary in all(&bytes) {
                assert_eq!(binary, bytes);
                assert_eq!(binary.len(), len);
                assert_eq!(hasher.hash_one(&binary), hasher.hash_one(&bytes));
                for other in all(&bytes) {
                    assert_eq!(binary, other);
                }
                assert_ne!(binary, [&bytes[..], b"x"].concat());
                assert_eq!(Vec::from(binary.clone()), bytes);
                assert_eq!(Bytes::from(binary), bytes);
            }
        }
        assert_eq!(Binary::inline_first(&[0; INLINE + 1], INLINE + 1), None);
        assert_eq!(Binary::inline_first(&[0; INLINE - 1], 1), None);
    }

    #[test]
    fn many_bytes_are_not_copied() {
        let bytes = vec![7; INLINE + 1];
        let place = bytes.as_ptr();
        let binary = Binary::from(bytes);
        assert_eq!(binary.as_ptr(), place);
        assert_eq!(Bytes::from(binary.clone()).as_ptr(), place);
        let vec = Vec::from(binary);
        assert_eq!(vec.as_ptr(), place);
        let copied = Binary::copy_from_slice(&[7; INLINE + 1]);
        assert_eq!(copied.clone().as_ptr(), copied.as_ptr());
        assert_eq!(Bytes::from(copied.clone()).as_ptr(), copied.as_ptr());
    }

    #[test]
    fn shows_as_rust_writes_it() {
        assert_eq!(
            format!("{:?}", Binary::from("a\"\u{e9}\n")),
            r#"b"a\"\xc3\xa9\n""#
        );
        assert_eq!(Binary::from("\u{e9}").as_str(), Some("\u{e9}"));
        assert_eq!(Binary::from(&[0xff]).as_str(), None);
        assert!(Binary::default().is_empty());
    }
}
