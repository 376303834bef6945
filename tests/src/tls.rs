//! Certificates, and the options of Erlang nodes that use them (`erl -proto_dist inet_tls`).
//!
//! ```no_run
//! # async fn test() {
//! use tests::tls::{Authority, Files, erlang_options};
//! use tests::{Cluster, Erl};
//!
//! let (files, authority) = (Files::new(), Authority::new("one"));
//! authority.issue("127.0.0.1").write(&files, "erl");
//! let server = files.options("erl", "{verify, verify_none}");
//! let options = Cluster::start().options(Erl::options());
//! let erl = erlang_options(options, &files, &server, &server).start().await;
//! # }
//! ```

use std::env;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P384_SHA384, SanType, date_time_ymd,
};

use crate::erl::Options;
use crate::unique::unique;

/// Issues certificates.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as PEM.
    pub pem: String,
}

impl Authority {
    /// An authority with a key of its own.
    pub fn new(name: &str) -> Authority {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Authority {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// A certificate for nodes of this host, valid now. A host that is an address stands there as a name too, because
    /// that is what OTP looks for.
    pub fn issue(&self, host: &str) -> Certificate {
        self.issue_until(host, 2100)
    }

    /// A certificate that is valid from 2000 to the beginning of the year `end`.
    pub fn issue_until(&self, host: &str, end: i32) -> Certificate {
        self.issue_for(&[host], end)
    }

    /// A certificate for several hosts; the common name of its subject is `localhost`.
    pub fn issue_for(&self, hosts: &[&str], end: i32) -> Certificate {
        let mut params = CertificateParams::default();
        // What OTP falls back to where there are no names.
        params
            .distinguished_name
            .push(DnType::CommonName, "localhost");
        for host in hosts {
            let name = (*host).try_into().expect("a name");
            params.subject_alt_names.push(SanType::DnsName(name));
            if let Ok(address) = host.parse::<IpAddr>() {
                params.subject_alt_names.push(SanType::IpAddress(address));
            }
        }
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(end, 1, 1);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // With TLS 1.3, OTP 23 signs as if any key were of the curve that its peer names first.
        let key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Certificate {
            cert: certificate.pem(),
            key: key.serialize_pem(),
        }
    }
}

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub cert: String,
    /// The key.
    pub key: String,
}

impl Certificate {
    /// Writes `NAME.pem` and `NAME.key`.
    pub fn write(&self, files: &Files, name: &str) {
        files.write(&format!("{name}.pem"), &self.cert);
        files.write(&format!("{name}.key"), &self.key);
    }
}

/// A directory that Erlang nodes see under the same name; dropping it removes it.
#[derive(Debug)]
pub struct Files(PathBuf);

impl Files {
    /// An empty directory.
    pub fn new() -> Files {
        let path = env::temp_dir().join(unique("tls"));
        fs::create_dir(&path).expect("a directory");
        Files(path)
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, which takes the place of an older one at once.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let (part, path) = (self.path(&format!("{name}.part")), self.path(name));
        fs::write(&part, text).expect("a file");
        fs::rename(&part, &path).expect("a file");
        path
    }

    /// The options of an Erlang node with the certificate in `NAME.pem` and `NAME.key`: elements of a list.
    pub fn options(&self, name: &str, more: &str) -> String {
        let path = |end: &str| self.path(&format!("{name}.{end}")).display().to_string();
        format!(
            "{{certfile, {:?}}}, {{keyfile, {:?}}}, {more}",
            path("pem"),
            path("key")
        )
    }

    /// The option that has an Erlang node check certificates against the authorities in `ca.pem`.
    pub fn verify_peer(&self) -> String {
        format!(
            "{{verify, verify_peer}}, {{cacertfile, {:?}}}",
            self.path("ca.pem").display().to_string()
        )
    }
}

impl Default for Files {
    fn default() -> Files {
        Files::new()
    }
}

impl AsRef<Path> for Files {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left is a few small files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Has an Erlang node speak TLS, with these options for connections from and to other nodes.
pub fn erlang_options(options: Options, files: &Files, server: &str, client: &str) -> Options {
    let text = format!("[{{server, [{server}]}}, {{client, [{client}]}}].\n");
    let path = files.write(&format!("{}.conf", unique("dist")), &text);
    let path = path.to_str().expect("a path in UTF-8");
    options.args(&["-proto_dist", "inet_tls", "-ssl_dist_optfile", path])
}
