//! What can be wrong with certificates, this node's and its peers'.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, InvalidMessage, PeerIncompatible};

/// Why there is no secure connection.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The peer speaks, but not TLS.
    #[error(
        "this node speaks TLS and the peer does not; start the peer with `-proto_dist inet_tls` (in Rust: `NodeBuilder::tls`), or this node without"
    )]
    PlainPeer,
    /// The peer closed the connection, or let the time pass, without a word of TLS.
    #[error(
        "this node speaks TLS and the peer does not answer in it; if the peer is a node without TLS, start it with `-proto_dist inet_tls` (in Rust: `NodeBuilder::tls`), or this node without"
    )]
    NoAnswer,
    /// The two have no version of TLS in common.
    #[error(
        "no version of TLS that both ends speak; OTP 23 to 27 speak only TLS 1.2 between nodes unless their `versions` say otherwise"
    )]
    Versions,
    /// The peer should have shown a certificate.
    #[error(
        "the peer shows no certificate; give it one (`certfile` among its `client` options), or set `fail_if_no_peer_cert(false)` here"
    )]
    NoPeerCertificate,
    /// The peer's certificate comes from an unknown authority.
    #[error(
        "the peer's certificate is from an unknown authority; add that authority to this node's `cacertfile`"
    )]
    UnknownCa,
    /// The peer's certificate is for other hosts.
    #[error(
        "the peer's certificate is not for `{host}`, the host in its node name, but for {}; issue it for that host (subjectAltName)",
        if .presented.is_empty() { "no host".to_owned() } else { .presented.join(", ") }
    )]
    WrongHost {
        /// The host in the peer's node name.
        host: String,
        /// What the certificate is for.
        presented: Vec<String>,
    },
    /// The peer's certificate was valid once.
    #[error("the peer's certificate has expired; renew it")]
    Expired,
    /// The peer's certificate is not valid yet.
    #[error("the peer's certificate is not valid yet; are the clocks of both hosts right?")]
    NotYetValid,
    /// The host in the peer's node name is neither a DNS name nor an address.
    #[error("`{0}` can stand in no certificate; rename the node's host, or set `Verify::None`")]
    HostName(String),
    /// There is something else wrong with the peer's certificate.
    #[error("the peer's certificate cannot be used: {0}")]
    Certificate(CertificateError),
    /// The peer did not like what this node showed.
    #[error("the peer refused this node: {}", meaning(*.0))]
    Refused(AlertDescription),
    /// The peer does not keep to TLS, or has no cipher or key exchange in common with this node.
    #[error("TLS with the peer failed")]
    Protocol(#[source] rustls::Error),
}

impl TlsError {
    /// What TLS found out, of a connection's error; `None` when the connection itself failed.
    /// `host` is the host in the peer's node name, where that is known.
    pub(in crate::net) fn of(error: &io::Error, host: &str) -> Option<TlsError> {
        let inner = error.get_ref()?.downcast_ref::<rustls::Error>()?;
        Some(TlsError::from_rustls(inner, host))
    }

    pub(super) fn from_rustls(error: &rustls::Error, host: &str) -> TlsError {
        match error {
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                TlsError::PlainPeer
            }
            rustls::Error::NoCertificatesPresented => TlsError::NoPeerCertificate,
            rustls::Error::InvalidCertificate(error) => TlsError::from_certificate(error, host),
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => TlsError::Versions,
            rustls::Error::AlertReceived(alert) => TlsError::Refused(*alert),
            rustls::Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => TlsError::Versions,
            other => TlsError::Protocol(other.clone()),
        }
    }

    fn from_certificate(error: &CertificateError, host: &str) -> TlsError {
        match error {
            CertificateError::UnknownIssuer => TlsError::UnknownCa,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                TlsError::Expired
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                TlsError::NotYetValid
            }
            CertificateError::NotValidForName => TlsError::WrongHost {
                host: host.to_owned(),
                presented: Vec::new(),
            },
            CertificateError::NotValidForNameContext { presented, .. } => TlsError::WrongHost {
                host: host.to_owned(),
                presented: presented.iter().map(|name| bare(name).to_owned()).collect(),
            },
            other => TlsError::Certificate(other.clone()),
        }
    }
}

/// The name in `DnsName("name")`, the address in `IpAddress(address)`.
fn bare(presented: &str) -> &str {
    let inner = presented
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(presented).trim_matches('"')
}

/// What a node means by an alert.
fn meaning(alert: AlertDescription) -> String {
    let meaning = match alert {
        AlertDescription::UnknownCA => {
            "it does not know the authority of this node's certificate; add that to its `cacertfile`"
        }
        AlertDescription::CertificateRequired => "it wants a certificate and this node showed none",
        AlertDescription::CertificateExpired => "this node's certificate has expired; renew it",
        AlertDescription::CertificateRevoked => "this node's certificate has been revoked",
        AlertDescription::BadCertificate | AlertDescription::CertificateUnknown => {
            "it takes this node's certificate for a bad one; is it for the host in this node's name?"
        }
        AlertDescription::UnsupportedCertificate => {
            "this node's certificate is not for this use; issue it for serverAuth and clientAuth"
        }
        AlertDescription::HandshakeFailure => {
            "it wants another certificate (for the host in this node's name, or any at all), or has no cipher in common with this node"
        }
        other => return format!("alert {other:?}"),
    };
    meaning.to_owned()
}

/// Why a node's TLS settings cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TlsConfigError {
    /// A file cannot be read.
    #[error("the {option} {path:?} cannot be read")]
    Read {
        /// Which option names the file.
        option: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// What an option gives is no PEM.
    #[error("the {option} is not PEM")]
    Pem {
        /// Which option.
        option: &'static str,
        /// What is wrong.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// What an option gives holds nothing of the kind.
    #[error("the {option} holds no {wanted}")]
    Nothing {
        /// Which option.
        option: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// There is no certificate to show.
    #[error("a node that speaks TLS shows a certificate; give one with `certfile` and `keyfile`")]
    NoCertificate,
    /// There is nothing to check certificates against.
    #[error(
        "certificates of peers are checked, and no authority is given; give `cacertfile`, or ask for `verify(Verify::None)`"
    )]
    NoCa,
    /// The key is not that of the certificate, a certificate is malformed, or no version is left.
    #[error("the certificate, key or authorities cannot be used")]
    Rejected(#[source] rustls::Error),
}

impl TlsConfigError {
    pub(super) fn rejected(error: &dyn Error) -> TlsConfigError {
        TlsConfigError::Rejected(rustls::Error::General(error.to_string()))
    }
}
