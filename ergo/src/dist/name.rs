//! Node names as they stand on the wire.

/// The two parts of `name@host`; `None` for anything else. As OTP: both parts non-empty, one `@`,
/// and no longer than an atom can be.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    let (local, host) = name.split_once('@')?;
    let good =
        !local.is_empty() && !host.is_empty() && !host.contains('@') && name.chars().count() <= 255;
    good.then_some((local, host))
}

/// OTP reads and writes the names in a handshake as Latin-1, whatever EPMD says.
pub(super) fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// The bytes of a name, or `None` when it has characters that the handshake cannot carry.
pub(super) fn to_latin1(name: &str) -> Option<Vec<u8>> {
    name.chars().map(|c| u8::try_from(c).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_two_parts() {
        assert_eq!(split("a@b.c"), Some(("a", "b.c")));
        for bad in ["", "a", "@", "a@", "@b", "a@b@c"] {
            assert_eq!(split(bad), None, "{bad:?}");
        }
        assert!(split(&format!("{}@b", "a".repeat(253))).is_some());
        assert_eq!(split(&format!("{}@b", "a".repeat(254))), None);
    }

    #[test]
    fn names_travel_as_latin1() {
        assert_eq!(to_latin1("ä@b").as_deref(), Some(&[0xe4, b'@', b'b'][..]));
        assert_eq!(from_latin1(&[0xe4, b'@', b'b']), "ä@b");
        assert_eq!(to_latin1("λ@b"), None);
    }
}
