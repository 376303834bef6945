//! Nodes that may talk to each other, on an EPMD of their own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use ergo::epmd::{Server, ServerOptions};

use crate::certificates::Certificates;

/// The cookie of all nodes.
pub const COOKIE: &str = "bench";

/// Which links the nodes of a case have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    /// TCP.
    Plain,
    /// TLS 1.3.
    Tls,
}

/// What the nodes of all cases share: an EPMD on a port that nobody else uses, and certificates.
#[derive(Debug)]
pub struct Cluster {
    epmd: Server,
    names: AtomicU32,
    certificates: OnceLock<Certificates>,
}

impl Cluster {
    /// A cluster without nodes.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start() -> Cluster {
        let epmd = Server::bind(ServerOptions {
            port: 0,
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            ..ServerOptions::default()
        });
        Cluster {
            epmd: epmd.await.expect("an EPMD on a free port"),
            names: AtomicU32::new(0),
            certificates: OnceLock::new(),
        }
    }

    /// The port of its EPMD.
    pub fn epmd_port(&self) -> u16 {
        self.epmd.port()
    }

    /// A name that no other node has. All are of the same length, so that frames are, too.
    pub fn name(&self) -> String {
        let number = self.names.fetch_add(1, Ordering::Relaxed);
        format!("node{number:04}@127.0.0.1")
    }

    /// The certificates, made when they are first asked for.
    pub fn certificates(&self) -> &Certificates {
        self.certificates.get_or_init(Certificates::make)
    }
}
