//! What ten thousand nodes and ten thousand idle connections cost the program `epmd`.
//!
//! A test binary of its own: it needs nearly all descriptors that a process may have.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tests::{DEADLINE, Epmd};

const NODES: usize = 10_000;

const IDLE: usize = 10_000;

/// In kB, as `/proc` counts.
const LIMIT: usize = 50_000;

/// How many descriptors the test and `epmd` need beside those of connections.
const OTHERS: usize = 100;

/// Lets this process, and those it starts, have as many descriptors as they may.
fn descriptors() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be raised");
    limit
        .maximum
        .map_or(usize::MAX, |most| usize::try_from(most).unwrap())
}

/// The most memory that a process has had so far, in kB.
fn peak(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("Linux tells");
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The loopback has many addresses, and each has ports of its own.
fn connect(n: usize, port: u16) -> TcpStream {
    let last = u8::try_from(1 + n % 4).unwrap();
    let stream = TcpStream::connect((Ipv4Addr::new(127, 0, 0, last), port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn ask(port: u16, request: &[u8]) -> Vec<u8> {
    let mut stream = connect(0, port);
    stream.write_all(request).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    reply
}

#[test]
fn ten_thousand_nodes_and_as_many_idle_connections_fit_into_50_megabytes() {
    let descriptors = descriptors();
    let mut epmd = Epmd::program(&tests::our_epmd(), &["-packet_timeout", "600"]);
    let (port, pid) = (epmd.port(), epmd.pid());
    let empty = peak(pid);

    let mut nodes = Vec::with_capacity(NODES);
    for n in 0..NODES {
        let name = format!("node{n:05}");
        let mut stream = connect(n, port);
        let head = b"\0\x16x\x0f\xa1M\0\0\x06\0\x05\0\x09";
        stream
            .write_all(&[&head[..], name.as_bytes(), &[0, 0]].concat())
            .unwrap();
        let mut reply = [0; 6];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(reply[..2], [118, 0], "{name}");
        nodes.push(stream);
    }
    let list = ask(port, &[0, 1, b'n']);
    assert_eq!(list.iter().filter(|byte| **byte == b'\n').count(), NODES);
    let with_nodes = peak(pid);

    // Where a process may not have so many descriptors, each connection counts for as many as are missing.
    let idle = IDLE.min(descriptors.saturating_sub(NODES + OTHERS));
    assert!(
        idle >= 1000,
        "{descriptors} descriptors are too few for this test; raise `ulimit -Hn` to {}",
        NODES + IDLE + OTHERS
    );
    let waiting: Vec<TcpStream> = (0..idle).map(|n| connect(n, port)).collect();
    // It has accepted all of them when it answers one that came later.
    assert_eq!(ask(port, b"\0\x0aznode00000")[..2], [119, 0]);
    assert_eq!(ask(port, b"\0\x0aznode09999")[..2], [119, 0]);
    let all = with_nodes + (peak(pid) - with_nodes) * IDLE / idle;
    assert!(
        all < LIMIT,
        "{empty} kB empty, {with_nodes} kB with {NODES} nodes, {all} kB with {IDLE} idle connections, of which {idle} were open"
    );
    drop((nodes, waiting));
}
