//! Node names as they stand on the wire, and which of them connect to each other.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What hosts the names of a cluster have: whole ones (`erl -name`), or their first words
/// (`erl -sname`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameKind {
    /// Hosts without dots.
    Short,
    /// Hosts with dots, and IP addresses.
    Long,
}

impl NameKind {
    /// The kind of a name that has this host, where nobody has chosen one.
    pub(crate) fn of_host(host: &str) -> NameKind {
        if host.contains('.') || is_address(host) {
            NameKind::Long
        } else {
            NameKind::Short
        }
    }

    /// Whether a node with names of this kind connects to the nodes of a host. Only the node that
    /// connects asks this, and none asks it of who connects to it.
    ///
    /// As `splitnode/3` of `inet_tcp_dist`: a dot makes a host long, and an address without one,
    /// such as `::1`, will do for both kinds.
    pub(crate) fn dials(self, host: &str) -> bool {
        match self {
            NameKind::Short => !host.contains('.'),
            NameKind::Long => NameKind::of_host(host) == NameKind::Long,
        }
    }
}

fn is_address(host: &str) -> bool {
    // A scope, as in `fe80::1%eth0`, says through which interface the address is reached.
    let (address, _) = host.split_once('%').unwrap_or((host, ""));
    host.parse::<Ipv4Addr>().is_ok() || address.parse::<Ipv6Addr>().is_ok()
}

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
    fn long_and_short_names_do_not_mix() {
        for (host, short, long) in [
            ("b", true, false),
            ("localhost", true, false),
            ("b.c", false, true),
            ("127.0.0.1", false, true),
            ("::1", true, true),
            ("fe80::1%eth0", true, true),
            ("::ffff:10.0.0.1", false, true),
        ] {
            assert_eq!(NameKind::Short.dials(host), short, "{host}");
            assert_eq!(NameKind::Long.dials(host), long, "{host}");
        }
        assert_eq!(NameKind::of_host("::1"), NameKind::Long);
    }

    #[test]
    fn names_travel_as_latin1() {
        assert_eq!(to_latin1("ä@b").as_deref(), Some(&[0xe4, b'@', b'b'][..]));
        assert_eq!(from_latin1(&[0xe4, b'@', b'b']), "ä@b");
        assert_eq!(to_latin1("λ@b"), None);
    }
}
