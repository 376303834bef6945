//! What a node may choose about TLS.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, ServerConfig};

use super::pem::Pem;

/// How often files are looked at: `ssl_pem_cache_clean` of OTP.
const PEM_CACHE_CLEAN: Duration = Duration::from_secs(120);

/// Whether the certificates of peers are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Verify {
    /// They must come from an authority of [`cacertfile`](Tls::cacertfile), be valid now, and that of
    /// a node that is dialled must be for the host in its node name. OTP's `verify_peer`.
    #[default]
    Peer,
    /// They are not checked at all: what is sent is encrypted, but anybody may sit in between. OTP's
    /// `verify_none`.
    None,
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Version {
    /// TLS 1.2, `'tlsv1.2'`: what OTP 23 to 27 speak between nodes unless told otherwise.
    Tls12,
    /// TLS 1.3, `'tlsv1.3'`.
    Tls13,
}

/// The certificates of a node and what it demands of its peers, see the [module](super).
///
/// ```no_run
/// # async fn example() -> ergo::Result<()> {
/// use ergo::Node;
/// use ergo::net::Tls;
///
/// let tls = Tls::new()
///     .certfile("/etc/ergo/node.pem")
///     .keyfile("/etc/ergo/node.key")
///     .cacertfile("/etc/ergo/ca.pem");
/// let node = Node::builder("rust@shop.example.org").tls(tls).start().await?;
/// # Ok(())
/// # }
/// ```
///
/// In Erlang: `erl -name rust@shop.example.org -proto_dist inet_tls -ssl_dist_optfile F`, where the
/// file F is
///
/// ```erlang
/// [{server, [{certfile, "/etc/ergo/node.pem"}, {keyfile, "/etc/ergo/node.key"},
///            {cacertfile, "/etc/ergo/ca.pem"}, {verify, verify_peer}, {fail_if_no_peer_cert, true}]},
///  {client, [{certfile, "/etc/ergo/node.pem"}, {keyfile, "/etc/ergo/node.key"},
///            {cacertfile, "/etc/ergo/ca.pem"}, {verify, verify_peer}]}].
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until `NodeBuilder::tls` gets them"]
pub struct Tls {
    pub(super) cert: Option<Pem>,
    pub(super) key: Option<Pem>,
    pub(super) cacerts: Option<Pem>,
    pub(super) verify: Verify,
    pub(super) fail_if_no_peer_cert: bool,
    pub(super) verify_client: bool,
    pub(super) versions: Vec<Version>,
    pub(super) pem_cache_clean: Duration,
    pub(super) client: Option<Arc<ClientConfig>>,
    pub(super) server: Option<Arc<ServerConfig>>,
}

impl Tls {
    /// The defaults; a certificate and an authority must still be given.
    pub fn new() -> Tls {
        Tls {
            cert: None,
            key: None,
            cacerts: None,
            verify: Verify::Peer,
            fail_if_no_peer_cert: true,
            verify_client: false,
            versions: vec![Version::Tls13, Version::Tls12],
            pem_cache_clean: PEM_CACHE_CLEAN,
            client: None,
            server: None,
        }
    }

    /// A PEM file with the node's certificate, followed by those of the authorities between it and
    /// the one that peers know. It is shown to peers of both directions.
    pub fn certfile(mut self, path: impl Into<PathBuf>) -> Tls {
        self.cert = Some(Pem::File(path.into()));
        self
    }

    /// A PEM file with the certificate's key: PKCS #8, PKCS #1 or SEC 1, without a password. By
    /// default it is looked for in the [`certfile`](Tls::certfile).
    pub fn keyfile(mut self, path: impl Into<PathBuf>) -> Tls {
        self.key = Some(Pem::File(path.into()));
        self
    }

    /// A PEM file with the certificates of the authorities that may have issued those of peers.
    pub fn cacertfile(mut self, path: impl Into<PathBuf>) -> Tls {
        self.cacerts = Some(Pem::File(path.into()));
        self
    }

    /// [`certfile`](Tls::certfile) from memory; PEM too, where OTP's `cert` is DER.
    pub fn cert(mut self, pem: impl AsRef<[u8]>) -> Tls {
        self.cert = Some(Pem::Bytes(pem.as_ref().into()));
        self
    }

    /// [`keyfile`](Tls::keyfile) from memory; PEM too, where OTP's `key` is DER.
    pub fn key(mut self, pem: impl AsRef<[u8]>) -> Tls {
        self.key = Some(Pem::Bytes(pem.as_ref().into()));
        self
    }

    /// [`cacertfile`](Tls::cacertfile) from memory; PEM too, where OTP's `cacerts` are DER.
    pub fn cacerts(mut self, pem: impl AsRef<[u8]>) -> Tls {
        self.cacerts = Some(Pem::Bytes(pem.as_ref().into()));
        self
    }

    /// Whether the certificates of peers are checked; [`Verify::Peer`] by default. OTP checks none
    /// between nodes unless `verify` says so, except that since OTP 26 a node that dials does.
    pub fn verify(mut self, verify: Verify) -> Tls {
        self.verify = verify;
        self
    }

    /// Whether a node that connects must show a certificate, where they are checked: mutual
    /// authentication. `true` by default; OTP's default is `false`, which authenticates only the
    /// node that is dialled, and leaves the other to the cookie.
    pub fn fail_if_no_peer_cert(mut self, fail: bool) -> Tls {
        self.fail_if_no_peer_cert = fail;
        self
    }

    /// Whether the certificate of a node that connects must be for the host in the name it gives;
    /// `false` by default. Otherwise whoever has a certificate of the authority and the cookie may
    /// take any name.
    ///
    /// OTP's `{verify_fun, {fun inet_tls_dist:verify_client/3, []}}` compares with the address that
    /// the node connects from and the hosts of `net_kernel:allow/1`, and passes everybody while
    /// that has no entry.
    pub fn verify_client(mut self, verify: bool) -> Tls {
        self.verify_client = verify;
        self
    }

    /// The versions that are spoken; by default both. OTP 23 to 27 speak only TLS 1.2 between nodes
    /// unless their `versions` say otherwise.
    pub fn versions(mut self, versions: impl IntoIterator<Item = Version>) -> Tls {
        self.versions = versions.into_iter().collect();
        self
    }

    /// How often PEM files may be looked at: when a connection is made and so much has passed since
    /// they were, files that have changed are read again. 2 minutes by default, as OTP's
    /// `ssl_pem_cache_clean`. [`Node::reload_certificates`](crate::Node::reload_certificates)
    /// reads them at once.
    pub fn ssl_pem_cache_clean(mut self, interval: Duration) -> Tls {
        self.pem_cache_clean = interval;
        self
    }

    /// A configuration of [`rustls`] for connections to other nodes, in place of all that the other
    /// options say about these. The server name that it checks is the host in the node's name.
    pub fn client_config(mut self, config: impl Into<Arc<ClientConfig>>) -> Tls {
        self.client = Some(config.into());
        self
    }

    /// A configuration of [`rustls`] for connections from other nodes, in place of all that the
    /// other options but [`verify_client`](Tls::verify_client) say about these.
    pub fn server_config(mut self, config: impl Into<Arc<ServerConfig>>) -> Tls {
        self.server = Some(config.into());
        self
    }
}

impl Default for Tls {
    fn default() -> Tls {
        Tls::new()
    }
}

/// Without keys.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("cert", &self.cert)
            .field("key", &self.key)
            .field("cacerts", &self.cacerts)
            .field("verify", &self.verify)
            .field("fail_if_no_peer_cert", &self.fail_if_no_peer_cert)
            .field("verify_client", &self.verify_client)
            .field("versions", &self.versions)
            .finish_non_exhaustive()
    }
}
