//! Names of nodes, checked as `erl` checks them.

use std::fmt;
use std::fs;
use std::str::FromStr;
use std::sync::Arc;

use crate::dist::name::{self, NameKind};

/// The longest name of a node in characters, because it is an atom.
const MAX_CHARS: usize = 255;

/// The name of a node: `kv@shop.example`.
///
/// A name is long or short. Long ones have a host with a dot, or an IP address, and are for clusters of many networks;
/// short ones have the first word of a host, and are for one network. Nodes with long names refuse to talk to nodes with
/// short ones, and the reverse.
///
/// ```
/// use ergo::node::NodeName;
///
/// let name: NodeName = "kv@shop.example".parse()?;
/// assert_eq!((name.name(), name.host(), name.is_long()), ("kv", "shop.example", true));
/// assert!(name.may_connect("till@192.168.1.7").is_ok());
/// assert!(name.may_connect("till@shop").is_err());
///
/// assert!(!NodeName::new("kv@shop")?.is_long());
/// assert!(NodeName::new("k.v@shop").is_err());
/// # Ok::<(), ergo::node::NameError>(())
/// ```
///
/// In Erlang: `node()`, `erl -name`, `erl -sname`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NodeName {
    full: Arc<str>,
    at: usize,
    long: bool,
}

/// Why a text is not the name of a node, or why two nodes cannot talk.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// `erl` allows letters, digits, `_` and `-` before the `@`.
    #[error("`{name}` is no name for a node; use letters, digits, `_` and `-` before the `@`")]
    Name {
        /// What stands before the `@`.
        name: String,
    },
    /// Spaces, control characters and the like.
    #[error("`{host}` is no host for a node; use a host name or an IP address after the `@`")]
    Host {
        /// What stands after the `@`.
        host: String,
    },
    /// More than one `@`, or none in the name of a peer.
    #[error("`{name}` is no node; write it as `name@host`, with one `@`")]
    At {
        /// The whole text.
        name: String,
    },
    /// Names of nodes are atoms.
    #[error("the name of the node has {0} characters; shorten it to at most 255")]
    TooLong(usize),
    /// A short name has a host without dots.
    #[error(
        "`{host}` is a host for a long name; start the node with a long name, or use the host's name up to its first dot"
    )]
    ShortWithDot {
        /// What stands after the `@`.
        host: String,
    },
    /// This machine does not know a name for itself that will do.
    #[error(
        "this machine's own host name cannot be found out; write it after an `@`: `{name}@host`"
    )]
    NoHostName {
        /// What stands before the `@`.
        name: String,
    },
    /// This machine has no domain to make a long name with.
    #[error(
        "this machine's domain cannot be found out, which a long name needs; write it: `{name}@host.domain`"
    )]
    NoDomain {
        /// What stands before the `@`.
        name: String,
    },
    /// This node has a long name and the other one a short one.
    #[error(
        "`{peer}` has a short name, and this node a long one (`{own}`); address it by its full host name or start both alike"
    )]
    PeerShort {
        /// This node.
        own: NodeName,
        /// The other one.
        peer: String,
    },
    /// This node has a short name and the other one a long one.
    #[error(
        "`{peer}` has a long name, and this node a short one (`{own}`); address it by its short host name or start both alike"
    )]
    PeerLong {
        /// This node.
        own: NodeName,
        /// The other one.
        peer: String,
    },
}

impl NodeName {
    /// The name that a text says: long when its host has a dot or is an IP address, else short.
    ///
    /// Without a host it is that of this machine, up to its first dot.
    ///
    /// # Errors
    ///
    /// When `erl` would refuse the name.
    pub fn new(text: &str) -> Result<NodeName, NameError> {
        match text.split_once('@') {
            Some((_, host)) if NameKind::of_host(host) == NameKind::Long => NodeName::long(text),
            _ => NodeName::short(text),
        }
    }

    /// A short name; without a host it is that of this machine, up to its first dot.
    ///
    /// In Erlang: `erl -sname`.
    ///
    /// # Errors
    ///
    /// When `erl` would refuse the name.
    pub fn short(text: &str) -> Result<NodeName, NameError> {
        let (name, host) = split(text)?;
        let host = match host {
            Some(host) if host.contains('.') => {
                return Err(NameError::ShortWithDot {
                    host: host.to_owned(),
                });
            }
            Some(host) => host.to_owned(),
            None => Machine::this()
                .short_host()
                .ok_or_else(|| NameError::NoHostName {
                    name: name.to_owned(),
                })?,
        };
        NodeName::join(name, &host, false)
    }

    /// A long name; without a host it is that of this machine with its domain.
    ///
    /// A host without a dot is taken at its word, as `erl` takes it, but other nodes with long names will refuse to
    /// connect to it.
    ///
    /// In Erlang: `erl -name`.
    ///
    /// # Errors
    ///
    /// When `erl` would refuse the name.
    pub fn long(text: &str) -> Result<NodeName, NameError> {
        let (name, host) = split(text)?;
        let host = match host {
            Some(host) => host.to_owned(),
            None => Machine::this()
                .long_host()
                .ok_or_else(|| NameError::NoDomain {
                    name: name.to_owned(),
                })?,
        };
        NodeName::join(name, &host, true)
    }

    fn join(name: &str, host: &str, long: bool) -> Result<NodeName, NameError> {
        let full = format!("{name}@{host}");
        match full.chars().count() {
            0..=MAX_CHARS => Ok(NodeName {
                full: full.into(),
                at: name.len(),
                long,
            }),
            length => Err(NameError::TooLong(length)),
        }
    }

    /// All of it: `kv@shop.example`.
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// What stands before the `@`, which is the name that EPMD knows.
    pub fn name(&self) -> &str {
        &self.full[..self.at]
    }

    /// What stands after the `@`.
    pub fn host(&self) -> &str {
        &self.full[self.at + 1..]
    }

    /// Whether it is a long name.
    ///
    /// In Erlang: `net_kernel:longnames()`.
    pub fn is_long(&self) -> bool {
        self.long
    }

    /// Whether a node of this name connects to `peer`, and the name and host of the peer if it does.
    ///
    /// This is the check of the node that connects; nobody checks a node that is connected from.
    ///
    /// # Errors
    ///
    /// When `peer` is not `name@host`, or one is a long name and the other a short one.
    pub fn may_connect<'a>(&self, peer: &'a str) -> Result<(&'a str, &'a str), NameError> {
        let (name, host) = name::split(peer).ok_or_else(|| NameError::At {
            name: peer.to_owned(),
        })?;
        let (own, peer) = (|| self.clone(), || peer.to_owned());
        match self.kind() {
            kind if kind.dials(host) => Ok((name, host)),
            NameKind::Short => Err(NameError::PeerLong {
                own: own(),
                peer: peer(),
            }),
            NameKind::Long => Err(NameError::PeerShort {
                own: own(),
                peer: peer(),
            }),
        }
    }

    pub(crate) fn kind(&self) -> NameKind {
        if self.long {
            NameKind::Long
        } else {
            NameKind::Short
        }
    }
}

/// Splits at the `@`; `erl` takes an empty host for none.
fn split(text: &str) -> Result<(&str, Option<&str>), NameError> {
    let (name, host) = match text.split_once('@') {
        Some((name, host)) => (name, Some(host).filter(|host| !host.is_empty())),
        None => (text, None),
    };
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    {
        return Err(NameError::Name {
            name: name.to_owned(),
        });
    }
    if let Some(host) = host {
        if host.contains('@') {
            return Err(NameError::At {
                name: text.to_owned(),
            });
        }
        // What `erl` allows in a host are the visible characters of Latin-1.
        if !host.chars().all(|c| matches!(c, '!'..='\u{ff}')) {
            return Err(NameError::Host {
                host: host.to_owned(),
            });
        }
    }
    Ok((name, host))
}

/// What this machine calls itself.
struct Machine {
    /// As `hostname` prints it, with or without a domain.
    host: String,
    /// As in `/etc/resolv.conf`.
    resolver: String,
}

impl Machine {
    fn this() -> Machine {
        Machine {
            host: hostname::get()
                .ok()
                .and_then(|host| host.into_string().ok())
                .unwrap_or_default(),
            resolver: fs::read_to_string("/etc/resolv.conf").unwrap_or_default(),
        }
    }

    fn short_host(&self) -> Option<String> {
        let host = self.host.split('.').next().unwrap_or_default();
        Some(host.to_owned()).filter(|host| !host.is_empty())
    }

    /// The host with its own domain, or with the one that the resolver completes names with.
    fn long_host(&self) -> Option<String> {
        let host = self.short_host()?;
        let own = self.host.split_once('.').map(|(_, domain)| domain);
        let configured = || {
            let mut lines = self.resolver.lines().rev().map(str::split_whitespace);
            lines.find_map(|mut words| match words.next() {
                Some("domain" | "search") => words.next(),
                _ => None,
            })
        };
        let domain = own
            .filter(|domain| !domain.is_empty())
            .or_else(configured)?;
        Some(format!("{host}.{domain}"))
    }
}

impl FromStr for NodeName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<NodeName, NameError> {
        NodeName::new(text)
    }
}

impl AsRef<str> for NodeName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_tells_long_from_short() {
        for (text, long) in [
            ("a@b", false),
            ("a@localhost", false),
            ("a-B_9@lo-cal_h", false),
            ("a@b.c", true),
            ("a@127.0.0.1", true),
            ("a@::1", true),
            ("a@fe80::1%eth0", true),
            ("a@Host.Example", true),
        ] {
            let name = NodeName::new(text).unwrap();
            assert_eq!((name.as_str(), name.is_long()), (text, long));
        }
    }

    #[test]
    fn a_kind_may_be_asked_for() {
        assert!(!NodeName::short("a@::1").unwrap().is_long());
        assert!(NodeName::long("a@b").unwrap().is_long());
        assert_eq!(
            NodeName::short("a@b.c"),
            Err(NameError::ShortWithDot {
                host: "b.c".to_owned()
            })
        );
    }

    #[test]
    fn what_erl_refuses_is_refused() {
        let name = |name: &str| NameError::Name {
            name: name.to_owned(),
        };
        for (text, error) in [
            ("", name("")),
            ("@b", name("")),
            ("a b@localhost", name("a b")),
            ("a.b@localhost", name("a.b")),
            ("é@localhost", name("é")),
            ("a/b@h", name("a/b")),
            ("a+b@h", name("a+b")),
            (
                "a@b@c",
                NameError::At {
                    name: "a@b@c".to_owned(),
                },
            ),
            (
                "a@b c",
                NameError::Host {
                    host: "b c".to_owned(),
                },
            ),
            (
                "a@λ",
                NameError::Host {
                    host: "λ".to_owned(),
                },
            ),
        ] {
            assert_eq!(NodeName::new(text), Err(error), "{text:?}");
        }
        let long = format!("a@{}", "h".repeat(253));
        assert!(NodeName::new(&long).is_ok());
        assert_eq!(
            NodeName::new(&format!("{long}h")),
            Err(NameError::TooLong(256))
        );
    }

    #[test]
    fn a_name_alone_gets_this_machine() {
        let name = NodeName::new("a").unwrap();
        let host = hostname::get().unwrap().into_string().unwrap();
        assert_eq!(name.host(), host.split('.').next().unwrap());
        assert_eq!(NodeName::new("a@"), Ok(name));
    }

    #[test]
    fn a_machine_knows_its_domain_by_its_name_or_its_resolver() {
        let machine = |host: &str, resolver: &str| Machine {
            host: host.to_owned(),
            resolver: resolver.to_owned(),
        };
        let long = |host, resolver| machine(host, resolver).long_host();
        assert_eq!(long("vm", ""), None);
        assert_eq!(long("", "domain b.c"), None);
        assert_eq!(
            long("vm.shop.example", "domain b.c").as_deref(),
            Some("vm.shop.example")
        );
        assert_eq!(
            long("vm", "nameserver 1.1.1.1\n domain b.c\n").as_deref(),
            Some("vm.b.c")
        );
        assert_eq!(
            long("vm", "domain x\nsearch b.c d.e\n").as_deref(),
            Some("vm.b.c")
        );
        assert_eq!(
            machine("vm.shop.example", "").short_host().as_deref(),
            Some("vm")
        );
    }

    #[test]
    fn long_and_short_do_not_mix() {
        let long = NodeName::new("a@b.c").unwrap();
        let short = NodeName::new("a@b").unwrap();
        assert_eq!(long.may_connect("x@y.z"), Ok(("x", "y.z")));
        assert_eq!(long.may_connect("x@::1"), Ok(("x", "::1")));
        assert_eq!(short.may_connect("x@y"), Ok(("x", "y")));
        assert!(matches!(
            long.may_connect("x@y"),
            Err(NameError::PeerShort { .. })
        ));
        assert!(matches!(
            short.may_connect("x@y.z"),
            Err(NameError::PeerLong { .. })
        ));
        assert!(matches!(
            short.may_connect("x@127.0.0.1"),
            Err(NameError::PeerLong { .. })
        ));
        for text in ["", "x", "@", "x@", "@y", "x@y@z"] {
            assert_eq!(
                short.may_connect(text),
                Err(NameError::At {
                    name: text.to_owned()
                })
            );
        }
    }

    #[test]
    fn errors_say_what_to_do() {
        let error = NodeName::new("k v@shop").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`k v` is no name for a node; use letters, digits, `_` and `-` before the `@`"
        );
    }
}
