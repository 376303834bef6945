//! Certificates and keys, from files or memory.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::TlsConfigError;

/// Where PEM text comes from.
#[derive(Clone)]
pub(super) enum Pem {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

/// Tells one state of a file from another; `None` for what is not there, or is no file.
pub(super) type Stamp = Option<(SystemTime, u64)>;

impl Pem {
    /// Changes when the file is replaced.
    pub(super) fn stamp(&self) -> Stamp {
        let Pem::File(path) = self else { return None };
        let data = fs::metadata(path).ok()?;
        Some((data.modified().ok()?, data.len()))
    }

    fn read(&self, option: &'static str) -> Result<Arc<[u8]>, TlsConfigError> {
        match self {
            Pem::Bytes(bytes) => Ok(bytes.clone()),
            Pem::File(path) => {
                let bytes = fs::read(path).map_err(|source| TlsConfigError::Read {
                    option,
                    path: path.clone(),
                    source: source.into(),
                })?;
                Ok(bytes.into())
            }
        }
    }

    /// All certificates; at least one.
    pub(super) fn certificates(
        &self,
        option: &'static str,
    ) -> Result<Vec<CertificateDer<'static>>, TlsConfigError> {
        let text = self.read(option)?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
        let found = found.map_err(|error| malformed(option, error, "certificate"))?;
        if found.is_empty() {
            return Err(malformed(option, pem::Error::NoItemsFound, "certificate"));
        }
        Ok(found)
    }

    /// The first private key.
    pub(super) fn key(
        &self,
        option: &'static str,
    ) -> Result<PrivateKeyDer<'static>, TlsConfigError> {
        let text = self.read(option)?;
        let wanted = "private key without a password";
        PrivateKeyDer::from_pem_slice(&text).map_err(|error| malformed(option, error, wanted))
    }
}

fn malformed(option: &'static str, error: pem::Error, wanted: &'static str) -> TlsConfigError {
    match error {
        pem::Error::NoItemsFound => TlsConfigError::Nothing { option, wanted },
        // What is wrong with base64 may quote a key.
        pem::Error::Base64Decode(_) => TlsConfigError::Pem {
            option,
            source: Arc::from(Box::from("its base64 is damaged")),
        },
        source => TlsConfigError::Pem {
            option,
            source: Arc::new(source),
        },
    }
}

/// Files by name; what is in memory may be a key.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pem::File(path) => path.fmt(f),
            Pem::Bytes(_) => f.write_str("<bytes>"),
        }
    }
}
