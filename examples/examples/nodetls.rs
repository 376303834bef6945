//! A node that speaks TLS: mutual authentication, with certificates that may be replaced while it runs.
//!
//! ```text
//! cargo run --release --example nodetls -- --name nodetls@127.0.0.1 --cookie secret --certs /tmp/nodetls
//! ```
//!
//! Where `--certs` names no directory, it makes one, with an authority (`ca.pem`), a certificate for nodes of its host
//! (`node.pem`, `node.key`), and the options that an Erlang node needs (`ssl_dist.conf`). Your own certificates serve
//! as well: put them there under these names. It prints `ready nodetls@127.0.0.1` once it serves, and ends with
//! status 0 on SIGTERM or Ctrl-C. In a shell beside it,
//! `erl -name me@127.0.0.1 -setcookie secret -proto_dist inet_tls -ssl_dist_optfile /tmp/nodetls/ssl_dist.conf`:
//!
//! ```erlang
//! (me@127.0.0.1)1> net_adm:ping('nodetls@127.0.0.1').
//! pong
//! (me@127.0.0.1)2> Certificates = {certificates, 'nodetls@127.0.0.1'}.
//! {certificates,'nodetls@127.0.0.1'}
//! (me@127.0.0.1)3> gen_server:call(Certificates, reload).
//! ok
//! (me@127.0.0.1)4> erlang:disconnect_node('nodetls@127.0.0.1').
//! true
//! (me@127.0.0.1)5> gen_server:call(Certificates, reload).
//! ok
//! (me@127.0.0.1)6> nodes().
//! ['nodetls@127.0.0.1']
//! ```

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ergo::net::Tls;
use ergo::prelude::*;
use examples::{Options, init_log};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};

/// Sees to the node's certificates.
struct Certificates {
    node: Node,
}

#[gen_server]
impl Certificates {
    #[init]
    fn init(node: Node) -> Self {
        Certificates { node }
    }

    /// Has the node read its files again: `ok`, or `{error, Text}`. Connections made from now on use what they say.
    #[call]
    async fn reload(&self) -> Result<(), String> {
        let reloaded = self.node.reload_certificates().await;
        reloaded.map_err(|error| error.to_string())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    init_log();
    let options = Options::with_certs("nodetls@127.0.0.1", "nodetls-certs");
    let directory = options.certs.clone().unwrap_or_default();
    if !directory.exists() {
        let host = options.name.split_once('@').map_or("localhost", |(_, h)| h);
        make_certificates(&directory, host)?;
    }
    let tls = Tls::new()
        .certfile(directory.join("node.pem"))
        .keyfile(directory.join("node.key"))
        .cacertfile(directory.join("ca.pem"));
    let node = options.node().tls(tls).start().await?;
    Certificates::start(&node, node.clone())
        .name("certificates")
        .await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await?;
    Ok(())
}

/// Makes an authority, which is forgotten at once, and a certificate for all nodes of the host.
fn make_certificates(directory: &Path, host: &str) -> Result<(), Box<dyn Error>> {
    let mut authority = CertificateParams::default();
    let name = "authority of the nodetls example";
    authority.distinguished_name.push(DnType::CommonName, name);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate()?;
    let ca = authority.self_signed(&key)?;
    let issuer = Issuer::new(authority, key);

    let mut node = CertificateParams::default();
    node.distinguished_name.push(DnType::CommonName, host);
    // OTP looks for the host among the names even if it is an address.
    node.subject_alt_names = vec![SanType::DnsName(host.try_into()?)];
    if let Ok(address) = host.parse() {
        node.subject_alt_names.push(SanType::IpAddress(address));
    }
    node.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    let key = KeyPair::generate()?;
    let cert = node.signed_by(&key, &issuer)?;

    fs::create_dir_all(directory)?;
    let directory = directory.canonicalize()?;
    fs::write(directory.join("ca.pem"), ca.pem())?;
    fs::write(directory.join("node.pem"), cert.pem())?;
    write_secret(&directory.join("node.key"), &key.serialize_pem())?;
    fs::write(directory.join("ssl_dist.conf"), erlang_options(&directory))?;
    Ok(())
}

fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// What `-ssl_dist_optfile` reads.
fn erlang_options(directory: &Path) -> String {
    let file = |name: &str| directory.join(name).display().to_string();
    let options = format!(
        "{{certfile, {:?}}}, {{keyfile, {:?}}},\n  {{cacertfile, {:?}}}, {{verify, verify_peer}}",
        file("node.pem"),
        file("node.key"),
        file("ca.pem")
    );
    format!(
        "[{{server,\n [{options}, {{fail_if_no_peer_cert, true}}]}},\n {{client,\n [{options}]}}].\n"
    )
}
