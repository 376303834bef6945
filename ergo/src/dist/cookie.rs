//! The secret that the nodes of a cluster share.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;

/// The secret that two nodes must share before they talk.
///
/// It never shows in `Debug` output or logs, and compares in constant time.
///
/// ```
/// use ergo::dist::Cookie;
/// let cookie = Cookie::new("secret")?;
/// assert_eq!(format!("{cookie:?}"), "Cookie(..)");
/// # Ok::<(), ergo::dist::CookieError>(())
/// ```
///
/// In Erlang: `erlang:get_cookie()`, `erl -setcookie secret`.
#[derive(Clone)]
pub struct Cookie(Arc<[u8]>);

/// Why something cannot be a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CookieError {
    /// There is nothing in it.
    #[error("the cookie is empty; give it at least one character")]
    Empty,
    /// Erlang's cookies are atoms.
    #[error("the cookie has {0} characters; Erlang allows at most 255")]
    TooLong(usize),
    /// Erlang digests cookies as Latin-1.
    #[error("the cookie has a character outside Latin-1; use ASCII")]
    NotLatin1,
}

impl Cookie {
    /// A cookie of text, each character of which is one byte of the secret as it is in Erlang.
    ///
    /// # Errors
    ///
    /// When the text is empty, longer than 255 characters, or not Latin-1.
    pub fn new(text: &str) -> Result<Cookie, CookieError> {
        let bytes = text
            .chars()
            .map(|c| u8::try_from(c).map_err(|_| CookieError::NotLatin1))
            .collect::<Result<Vec<u8>, _>>()?;
        Cookie::from_bytes(&bytes)
    }

    /// A cookie of bytes, as they stand in a cookie file without its line ends.
    ///
    /// # Errors
    ///
    /// When there is none, or more than 255.
    pub fn from_bytes(bytes: &[u8]) -> Result<Cookie, CookieError> {
        match bytes.len() {
            0 => Err(CookieError::Empty),
            1..=255 => Ok(Cookie(bytes.into())),
            length => Err(CookieError::TooLong(length)),
        }
    }

    pub(super) fn secret(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Cookie {
    fn eq(&self, other: &Cookie) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Cookie {}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookie(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_bytes_as_in_erlang() {
        assert_eq!(Cookie::new("ä"), Cookie::from_bytes(&[228]));
        assert_eq!(Cookie::new("λ"), Err(CookieError::NotLatin1));
    }

    #[test]
    fn lengths_are_those_of_atoms() {
        assert_eq!(Cookie::new(""), Err(CookieError::Empty));
        assert!(Cookie::new(&"x".repeat(255)).is_ok());
        assert_eq!(
            Cookie::new(&"x".repeat(256)),
            Err(CookieError::TooLong(256))
        );
    }

    #[test]
    fn different_secrets_differ() {
        assert_ne!(Cookie::new("a"), Cookie::new("b"));
        assert_ne!(Cookie::new("a"), Cookie::new("ab"));
    }
}
