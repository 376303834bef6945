//! The configurations of rustls that a node's settings make.

use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::error::TlsConfigError;
use super::pem::Stamp;
use super::settings::{Tls, Verify, Version};
use super::verifier::VerifyNone;

/// Made of one state of the files.
pub(super) struct Configs {
    pub(super) client: Arc<ClientConfig>,
    pub(super) server: Arc<ServerConfig>,
    pub(super) stamps: [Stamp; 3],
}

/// A certificate with those that link it to its authority, and its key.
type Own = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Configs {
    /// Reads the files.
    pub(super) fn read(tls: &Tls) -> Result<Configs, TlsConfigError> {
        // Before the files: one that is replaced meanwhile is read again.
        let stamps = stamps(tls);
        let provider = Arc::new(ring::default_provider());
        let client = match &tls.client {
            Some(given) => given.clone(),
            None => Arc::new(client(tls, &provider)?),
        };
        let server = match &tls.server {
            Some(given) => given.clone(),
            None => Arc::new(server(tls, &provider)?),
        };
        Ok(Configs {
            client,
            server,
            stamps,
        })
    }
}

/// Changes when a file is replaced.
pub(super) fn stamps(tls: &Tls) -> [Stamp; 3] {
    [&tls.cert, &tls.key, &tls.cacerts].map(|pem| pem.as_ref().and_then(|pem| pem.stamp()))
}

fn versions(tls: &Tls) -> Vec<&'static SupportedProtocolVersion> {
    let versions = tls.versions.iter().map(|version| match version {
        Version::Tls12 => &TLS12,
        Version::Tls13 => &TLS13,
    });
    versions.collect()
}

fn own(tls: &Tls) -> Result<Option<Own>, TlsConfigError> {
    let Some(cert) = &tls.cert else {
        return Ok(None);
    };
    let key = tls.key.as_ref().unwrap_or(cert);
    Ok(Some((cert.certificates("certfile")?, key.key("keyfile")?)))
}

fn roots(tls: &Tls) -> Result<Arc<RootCertStore>, TlsConfigError> {
    let cacerts = tls.cacerts.as_ref().ok_or(TlsConfigError::NoCa)?;
    let mut roots = RootCertStore::empty();
    for cert in cacerts.certificates("cacertfile")? {
        roots.add(cert).map_err(TlsConfigError::Rejected)?;
    }
    Ok(Arc::new(roots))
}

/// For connections to other nodes.
fn client(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<ClientConfig, TlsConfigError> {
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions(tls))
        .map_err(TlsConfigError::Rejected)?;
    let builder = match tls.verify {
        Verify::Peer => {
            let verifier =
                WebPkiServerVerifier::builder_with_provider(roots(tls)?, provider.clone());
            builder.with_webpki_verifier(
                verifier
                    .build()
                    .map_err(|error| TlsConfigError::rejected(&error))?,
            )
        }
        Verify::None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(VerifyNone(provider.clone()))),
    };
    let mut config = match own(tls)? {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(TlsConfigError::Rejected)?,
        None => builder.with_no_client_auth(),
    };
    // Links last: a session that goes on would save little, and would not see new certificates.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// For connections from other nodes.
fn server(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<ServerConfig, TlsConfigError> {
    let (chain, key) = own(tls)?.ok_or(TlsConfigError::NoCertificate)?;
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&versions(tls))
        .map_err(TlsConfigError::Rejected)?;
    let builder = match tls.verify {
        Verify::Peer => {
            let mut verifier =
                WebPkiClientVerifier::builder_with_provider(roots(tls)?, provider.clone());
            if !tls.fail_if_no_peer_cert {
                verifier = verifier.allow_unauthenticated();
            }
            builder.with_client_cert_verifier(
                verifier
                    .build()
                    .map_err(|error| TlsConfigError::rejected(&error))?,
            )
        }
        Verify::None => builder.with_no_client_auth(),
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(TlsConfigError::Rejected)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}
