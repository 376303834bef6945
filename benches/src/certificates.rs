//! Certificates for the cases over TLS, in files that all programs read.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ergo::net::tls::{Tls, Version};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A directory with an authority (`ca.pem`), a certificate of it for this machine (`node.pem`, `node.key`), and the
/// options of Erlang nodes (`ssl_dist.conf`).
#[derive(Debug)]
pub struct Certificates {
    directory: PathBuf,
    /// Whether dropping this removes the directory.
    own: bool,
}

impl Certificates {
    /// Makes them.
    pub(crate) fn make() -> Certificates {
        let directory = std::env::temp_dir().join(format!("ergo-bench-{}", std::process::id()));
        fs::create_dir_all(&directory).expect("a directory for certificates");
        let made = Certificates {
            directory,
            own: true,
        };
        made.write().expect("certificates");
        made
    }

    /// Those of another program.
    pub fn of(directory: &Path) -> Certificates {
        Certificates {
            directory: directory.to_owned(),
            own: false,
        }
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn write(&self) -> Result<(), Box<dyn std::error::Error>> {
        let mut authority = CertificateParams::default();
        authority
            .distinguished_name
            .push(DnType::CommonName, "ergo benchmarks");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        fs::write(self.path("ca.pem"), authority.self_signed(&key)?.pem())?;
        let issuer = Issuer::new(authority, key);

        let mut node = CertificateParams::default();
        node.distinguished_name.push(DnType::CommonName, HOST);
        // OTP looks for an address among the names.
        node.subject_alt_names = vec![
            SanType::DnsName(HOST.try_into()?),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        ];
        node.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        node.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        // With TLS 1.3, OTP 23 signs as if any key were of the curve that its peer names first.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
        fs::write(self.path("node.pem"), node.signed_by(&key, &issuer)?.pem())?;
        fs::write(self.path("node.key"), key.serialize_pem())?;

        let path = |name: &str| format!("{:?}", self.path(name).display().to_string());
        let both = "{versions, ['tlsv1.3']}";
        let options = format!(
            "[{{server, [{{certfile, {cert}}}, {{keyfile, {key}}}, {both}]}},
              {{client, [{{cacertfile, {ca}}}, {{verify, verify_peer}}, {both}]}}].\n",
            cert = path("node.pem"),
            key = path("node.key"),
            ca = path("ca.pem"),
        );
        fs::write(self.path("ssl_dist.conf"), options)?;
        Ok(())
    }

    /// The file with the options of Erlang nodes.
    pub fn erlang_options(&self) -> PathBuf {
        self.path("ssl_dist.conf")
    }

    /// The settings of a node.
    pub fn ergo(&self) -> Tls {
        Tls::new()
            .certfile(self.path("node.pem"))
            .keyfile(self.path("node.key"))
            .cacertfile(self.path("ca.pem"))
            .versions([Version::Tls13])
    }

    /// The settings of a bare client.
    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.path("ca.pem"));
        roots
            .add(authority.expect("the authority"))
            .expect("the authority");
        let config = ClientConfig::builder().with_root_certificates(roots);
        Arc::new(config.with_no_client_auth())
    }

    /// The settings of a bare server.
    pub fn server(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_file(self.path("node.pem"));
        let key = PrivateKeyDer::from_pem_file(self.path("node.key"));
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(
            vec![certificate.expect("the certificate")],
            key.expect("its key"),
        );
        Arc::new(config.expect("a certificate and its key"))
    }

    /// The name in the certificate.
    pub fn name() -> ServerName<'static> {
        ServerName::from(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        if self.own {
            // What is left is a few small files.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

const HOST: &str = "127.0.0.1";
