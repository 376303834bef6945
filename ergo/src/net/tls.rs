//! Links over TLS: `erl -proto_dist inet_tls`.
//!
//! [`NodeBuilder::tls`](crate::node::NodeBuilder::tls) makes a node speak TLS, 1.3 or 1.2, on every
//! link, and with nodes that do so too: OTP's `inet_tls_dist`, or ergo. A cluster is either all
//! TLS or has none. EPMD stays in the clear, and the cookie is proved inside of TLS as ever.
//!
//! [`Tls`] has OTP's options under OTP's names, once for both directions, where OTP has a `server`
//! and a `client` list. The defaults are safe ones, which OTP's are not:
//!
//! | option | here | OTP |
//! |---|---|---|
//! | [`verify`](Tls::verify) | [`Verify::Peer`], which needs a [`cacertfile`](Tls::cacertfile) | `verify_none`; since OTP 26 `verify_peer` where it dials |
//! | [`fail_if_no_peer_cert`](Tls::fail_if_no_peer_cert) | `true` | `false` |
//! | [`verify_client`](Tls::verify_client) | `false` | `false` |
//! | [`versions`](Tls::versions) | 1.3 and 1.2 | 1.2 (OTP 23 to 27), 1.3 and 1.2 (OTP 29) |
//!
//! # Whose certificate it is
//!
//! The certificate of a node that is dialled must be for the host in its node name, as OTP checks it
//! for `verify_peer`: `shop@db.example.org` shows one with `DNS:db.example.org` among its
//! subjectAltNames. Where OTP differs:
//!
//! - A host that is an address, as in `shop@10.0.0.7`, must stand there as an address (`IP:10.0.0.7`).
//!   OTP compares it with the DNS names: a certificate for both has `DNS:10.0.0.7,IP:10.0.0.7`.
//! - OTP 23 and 25 take the common name of the subject where there are no subjectAltNames. Here, as in
//!   OTP 27 and 29, such a certificate is for no host.
//! - OTP names the host to the server (SNI) even if it is an address, against the standard; ergo only
//!   if it is a name.
//! - OTP takes `*.example.org` for a pattern only when `customize_hostname_check` says so; here it is
//!   one.
//!
//! Certificates should be for both uses (extended key usage `serverAuth` and `clientAuth`), because
//! either of two nodes may be the one that dials. With TLS 1.3, OTP 23 signs wrongly with ECDSA keys
//! of other curves than P-384: let it speak 1.2, as it does unasked.
//!
//! # New certificates
//!
//! Files that change are read again when a connection is made, at most every two minutes
//! ([`ssl_pem_cache_clean`](Tls::ssl_pem_cache_clean)), or at once by
//! [`Node::reload_certificates`](crate::Node::reload_certificates). New connections use them, and
//! those that there are go on. Files that cannot be used leave the old certificates in force, and
//! the log says so.
//!
//! # What is wrong
//!
//! What fails with a peer is a [`TlsError`], in a [`ConnectError`](super::ConnectError) where this
//! node dials and in the log where it listens; what is wrong with the settings a [`TlsConfigError`].
//! A peer without TLS is told from one whose TLS fails. The TLS handshake counts in
//! [`net_setuptime`](crate::node::NodeBuilder::net_setuptime), and what a peer in it can cost stands
//! in [`net`](super).
//!
//! Erlang/OTP documentation: SSL, "Using TLS for Erlang Distribution".

mod configs;
mod context;
mod error;
mod handshake;
mod pem;
mod settings;
mod verifier;

pub(crate) use context::Context;
pub use error::{TlsConfigError, TlsError};
pub use settings::{Tls, Verify, Version};

/// The TLS that this is built on, for [`Tls::client_config`] and [`Tls::server_config`].
pub use rustls;
