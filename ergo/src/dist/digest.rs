//! The proof that a node knows the cookie.

use std::fmt;

use md5::{Digest as _, Md5};
use subtle::{Choice, ConstantTimeEq};

use super::Cookie;

/// MD5 of the cookie and a challenge: what proves that a node knows the cookie. None reaches a log.
pub(super) struct Digest([u8; Digest::LEN]);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

impl Digest {
    /// How many bytes it has.
    pub(super) const LEN: usize = 16;

    /// Answers a challenge: MD5 over the cookie's bytes and the challenge in decimal.
    pub(super) fn of(cookie: &Cookie, challenge: u32) -> Digest {
        let mut md5 = Md5::new();
        md5.update(cookie.secret());
        md5.update(challenge.to_string());
        Digest(md5.finalize().into())
    }

    /// A digest that a peer sent.
    pub(super) fn received(bytes: [u8; Digest::LEN]) -> Digest {
        Digest(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8; Digest::LEN] {
        &self.0
    }
}

impl ConstantTimeEq for Digest {
    fn ct_eq(&self, other: &Digest) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_what_erlang_computes() {
        // erlang:md5("secret" ++ "4294967295")
        let cookie = Cookie::new("secret").unwrap();
        let digest = Digest::of(&cookie, u32::MAX);
        let hex: String = digest.0.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "5dfd181e69aa587cc812eb333e6536b6");
        assert!(bool::from(digest.ct_eq(&Digest::received(digest.0))));
        assert!(!bool::from(digest.ct_eq(&Digest::of(&cookie, 1))));
    }
}
