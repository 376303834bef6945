//! What a connection costs a node in memory, at every stage at which a peer can leave it. The bounds are those that the
//! documentation of `ergo::net` states.
//!
//! The node runs on the thread of the test, whose allocations are counted; its peers are bare sockets on another.

#[path = "memory/fragments.rs"]
mod fragments;

use std::time::{Duration, Instant};

use ergo::Node;
use ergo::prelude::*;
use tests::allocation_counter::measure;
use tests::peer::{CREATION, FLAGS, Peer, name_message, reply_message};
use tests::{Cluster, DEADLINE, unique_node};
use tokio::runtime::{Builder, Runtime};
use tokio::task::spawn_blocking;

#[path = "memory/tls.rs"]
mod tls;

/// What a connection may cost before the peer has proved the cookie.
const HANDSHAKE: i64 = 8 << 10;

/// What a link may cost that has said nothing yet.
const IDLE: i64 = 16 << 10;

/// What a link keeps beside that once it has been busy.
const BUSY: i64 = 64 << 10;

/// What a link's cache of atoms may cost.
const CACHE: i64 = 17 << 10;

/// What a message may cost that has begun and not ended, beside what has come of it.
const OPEN: i64 = 512;

/// What a node may keep that has had so many connections: its tables do not shrink.
const TABLES: i64 = 8 << 10;

/// How many messages may have begun and not ended.
const MAX_OPEN: u32 = 1 << 14;

/// `DIST_HDR_ATOM_CACHE` and `FRAGMENTS`.
const WITH_HEADER: u64 = FLAGS | 0x80_2000;

/// A node on a thread of its own, with what its peers need to know.
struct Host {
    runtime: Runtime,
    node: Node,
    cluster: Cluster,
}

impl Host {
    fn start(adjust: impl FnOnce(ergo::node::NodeBuilder) -> ergo::node::NodeBuilder) -> Host {
        Host::start_with(adjust, |port, cookie| {
            let join = |_| Peer::join(port, &unique_node("warm"), &cookie);
            drop((0..100).map(join).collect::<Vec<_>>());
        })
    }

    /// A node that some peers have visited already: tables and threads that are there once are there for good.
    fn start_with(
        adjust: impl FnOnce(ergo::node::NodeBuilder) -> ergo::node::NodeBuilder,
        visit: impl FnOnce(u16, String) + Send + 'static,
    ) -> Host {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let cluster = Cluster::start();
        let builder = cluster
            .builder(&unique_node("host"))
            .net_setuptime(DEADLINE)
            .net_ticktime(10 * DEADLINE);
        let node = runtime.block_on(adjust(builder).start()).unwrap();
        let host = Host {
            runtime,
            node,
            cluster,
        };
        host.held(|port, _| drop((0..100).map(|_| Peer::connect(port)).collect::<Vec<_>>()));
        host.held(visit);
        host
    }

    /// What the node holds more after the peers have done something, in bytes.
    fn held<T: Send + 'static>(
        &self,
        script: impl FnOnce(u16, String) -> T + Send + 'static,
    ) -> (i64, T) {
        let (port, cookie) = (self.node.port().unwrap(), self.cluster.cookie().to_owned());
        let mut done = None;
        let counted = measure(|| {
            self.runtime.block_on(async {
                done = spawn_blocking(move || script(port, cookie)).await.ok();
                self.noticed(port).await;
            });
        });
        (counted.bytes_current, done.expect("no panic"))
    }

    /// What all peers have said so far has been read: the node sees in order what comes.
    async fn noticed(&self, port: u16) {
        for _ in 0..3 {
            let marker = move || {
                let mut peer = Peer::connect(port);
                peer.handshake(&name_message("", FLAGS));
                peer.closed()
            };
            spawn_blocking(marker).await.unwrap();
        }
    }

    /// Waits until what is held in all has fallen to a bound.
    fn falls(&self, mut held: i64, bound: i64, what: &str) {
        let started = Instant::now();
        while held > bound {
            assert!(started.elapsed() < DEADLINE, "{what} leave {held} bytes");
            let turn = || tokio::time::sleep(Duration::from_millis(5));
            held += measure(|| self.runtime.block_on(async { turn().await })).bytes_current;
        }
    }
}

/// Asserts what each of some connections costs.
#[track_caller]
fn each(held: i64, count: usize, bound: i64, what: &str) {
    let each = held / i64::try_from(count).unwrap();
    assert!(
        each <= bound,
        "{what}: {each} bytes each, where {bound} are allowed"
    );
}

/// The name message of version 5, whose sender knows version 6 too.
fn old_name_message(name: &str) -> Vec<u8> {
    let flags = u32::try_from(FLAGS & 0xffff_ffff).unwrap();
    [b"n\0\x05", &flags.to_be_bytes()[..], name.as_bytes()].concat()
}

#[test]
fn a_stalled_handshake_costs_little_at_every_stage() {
    const COUNT: usize = 100;
    let host = Host::start(|builder| builder);
    let (_, there) = host.held(|port, cookie| {
        let name = unique_node("there");
        (Peer::join(port, &name, &cookie), name)
    });
    let known = there.1.clone();
    type Stall = Box<dyn Fn(&mut Peer, usize) + Send>;
    let stages: Vec<(&str, Stall)> = vec![
        ("silent", Box::new(|_, _| {})),
        ("half a length", Box::new(|peer, _| peer.send(&[0]))),
        (
            "half a name",
            Box::new(|peer, _| {
                // As long as a message may be.
                peer.send(&[&1024_u16.to_be_bytes()[..], &[b'N'; 1000]].concat());
            }),
        ),
        (
            "a name",
            Box::new(|peer, index| {
                let name = format!("{}@{}", "n".repeat(200), index);
                peer.handshake(&name_message(&name, FLAGS));
                assert_eq!(peer.handshake_answer(), b"sok");
                assert_eq!(peer.handshake_answer()[0], b'N');
            }),
        ),
        (
            "a name of old",
            Box::new(|peer, index| {
                peer.handshake(&old_name_message(&format!("old@{index}")));
                assert_eq!(peer.handshake_answer(), b"sok");
                assert_eq!(peer.handshake_answer()[0], b'N');
            }),
        ),
        (
            "a name that is taken",
            Box::new(move |peer, _| {
                peer.handshake(&name_message(&known, FLAGS));
                assert_eq!(peer.handshake_answer(), b"salive");
            }),
        ),
        (
            "half a reply",
            Box::new(|peer, index| {
                peer.handshake(&name_message(&format!("half@{index}"), FLAGS));
                peer.handshake_answer();
                peer.handshake_answer();
                peer.send(&[&[0, 21][..], &reply_message(1, 2, "x")[..20]].concat());
            }),
        ),
    ];
    for (what, stall) in stages {
        let (held, peers) = host.held(move |port, _| {
            let connect = |index| {
                let mut peer = Peer::connect(port);
                stall(&mut peer, index);
                peer
            };
            (0..COUNT).map(connect).collect::<Vec<Peer>>()
        });
        each(held, COUNT, HANDSHAKE, what);
        let (change, ()) = host.held(move |_, _| drop(peers));
        host.falls(held + change, TABLES, what);
    }
    drop(there);
}

#[test]
fn so_many_handshakes_and_no_more() {
    const COUNT: usize = 500;
    let host = Host::start(|builder| builder.max_handshakes(50));
    let (held, peers) = host.held(|port, _| {
        (0..COUNT)
            .map(|_| Peer::connect(port))
            .collect::<Vec<Peer>>()
    });
    assert!(held <= 50 * HANDSHAKE, "{held} bytes");
    // All but those are closed.
    let (_, open) = host.held(move |_, _| {
        let mut peers = peers;
        peers
            .split_off(50)
            .into_iter()
            .for_each(|mut peer| assert_eq!(peer.closed(), b""));
        peers
    });
    assert_eq!(open.len(), 50);
}

#[test]
fn an_oversized_announcement_costs_nothing() {
    let host = Host::start(|builder| builder);
    let (held, ()) = host.held(|port, _| {
        for _ in 0..100 {
            let mut peer = Peer::connect(port);
            peer.send(&[0xff, 0xff, b'N']);
            assert_eq!(peer.closed(), b"");
        }
    });
    host.falls(held, TABLES, "oversized messages");
}

#[test]
fn a_link_costs_little_until_it_says_something() {
    const COUNT: usize = 50;
    let host = Host::start(|builder| builder);
    let join = |port, cookie: String, flags| {
        let one = move |_| Peer::join_with(port, &unique_node("idle"), &cookie, flags);
        (0..COUNT).map(one).collect::<Vec<Peer>>()
    };
    let (held, peers) = host.held(move |port, cookie| join(port, cookie, WITH_HEADER));
    each(held, COUNT, IDLE, "idle");

    // A frame of 1 GiB is announced, and little of it comes.
    let (more, peers) = host.held(|_, _| {
        let mut peers = peers;
        for peer in &mut peers {
            peer.send(
                &[
                    &(1_u32 << 30).to_be_bytes()[..],
                    &[131, 68, 0],
                    &[b'x'; 1000],
                ]
                .concat(),
            );
        }
        peers
    });
    each(held + more, COUNT, IDLE, "an announced frame");

    // What has come is held, and as much again while the buffer grows.
    const SENT: i64 = 300 << 10;
    let (rest, peers) = host.held(|_, _| {
        let mut peers = peers;
        peers
            .iter_mut()
            .for_each(|peer| peer.send(&[b'x'; SENT as usize]));
        peers
    });
    each(
        held + more + rest,
        COUNT,
        IDLE + 2 * SENT,
        "a part of a frame",
    );

    let (change, ()) = host.held(|_, _| drop(peers));
    host.falls(held + more + rest + change, TABLES, "links");
}

/// An atom as SMALL_ATOM_UTF8_EXT.
fn atom(name: &str) -> Vec<u8> {
    [&[119, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat()
}

/// `{6, From, '', nobody}`.
fn to_nobody(from: &str) -> Vec<u8> {
    let ids = [9, 0, CREATION].map(u32::to_be_bytes).concat();
    let pid = [&[88][..], &atom(from), &ids].concat();
    [&[104, 4, 97, 6][..], &pid, &atom(""), &atom("nobody")].concat()
}

/// The first of two fragments.
fn first_fragment(from: &str, sequence: u64, payload: &[u8]) -> Vec<u8> {
    first_of(2, from, sequence, payload)
}

/// The first of some fragments.
fn first_of(count: u64, from: &str, sequence: u64, payload: &[u8]) -> Vec<u8> {
    let numbers = [sequence, count].map(u64::to_be_bytes).concat();
    [&[131, 69], &numbers[..], &[0], &to_nobody(from), payload].concat()
}

#[test]
fn messages_that_have_begun_cost_what_has_come_of_them() {
    let host = Host::start(|builder| builder);
    let name = unique_node("open");
    let (idle, peer) = host.held({
        let name = name.clone();
        move |port, cookie| Peer::join_with(port, &name, &cookie, WITH_HEADER)
    });
    let (held, mut peer) = host.held({
        let name = name.clone();
        move |_, _| {
            let mut peer = peer;
            for sequence in 0..MAX_OPEN {
                peer.frame(&first_fragment(&name, sequence.into(), &[b'x'; 100]));
            }
            peer
        }
    });
    each(
        held - BUSY,
        MAX_OPEN as usize,
        OPEN + 100,
        "a message that has begun",
    );
    // One more is too many.
    let (change, ()) = host.held(move |_, _| {
        peer.frame(&first_fragment(&name, MAX_OPEN.into(), b"x"));
        peer.closed();
    });
    host.falls(idle + held + change, TABLES, "messages that have begun");
}

#[test]
fn messages_that_have_begun_are_bounded_by_the_largest() {
    const MAX: usize = 1 << 20;
    let host = Host::start(|builder| builder.max_message(MAX));
    let name = unique_node("large");
    let sent = host.held(move |port, cookie| {
        let mut peer = Peer::join_with(port, &name, &cookie, WITH_HEADER);
        // More than twice as much as one message may be with its overhead.
        for sequence in 0..50 {
            peer.frame(&first_fragment(&name, sequence, &vec![b'x'; MAX / 10]));
        }
        peer.closed()
    });
    host.falls(sent.0, TABLES, "too much that has begun");
}

#[test]
fn a_full_atom_cache_is_bounded() {
    let host = Host::start(|builder| builder);
    // The table of atoms is the program's, and outlives all links.
    let text = |slot: usize| format!("cached{slot}");
    (0..2048).for_each(|slot| assert_ne!(Atom::new(&text(slot)), Atom::OK));
    let name = unique_node("cache");
    let (idle, peer) = host.held({
        let name = name.clone();
        move |port, cookie| Peer::join_with(port, &name, &cookie, WITH_HEADER)
    });
    let (held, peer) = host.held(move |_, _| {
        let mut peer = peer;
        for first in (0..2048_usize).step_by(128) {
            // Each half byte: a new atom, and its segment.
            let segment = u8::try_from(8 | first >> 8).unwrap();
            let mut header = vec![131, 68, 128];
            header.extend([segment << 4 | segment; 64]);
            header.push(0);
            for slot in first..first + 128 {
                header.push((slot & 0xff) as u8);
                header.push(text(slot).len() as u8);
                header.extend(text(slot).bytes());
            }
            peer.frame(&[&header[..], &to_nobody(&name), &[106]].concat());
        }
        peer
    });
    each(idle + held, 1, IDLE + BUSY + CACHE, "a full cache");
    // The slots of every segment serve: the link still stands.
    let (change, ()) = host.held(|_, _| {
        let mut peer = peer;
        peer.finish();
        peer.closed();
    });
    host.falls(idle + held + change, TABLES, "a cache");
}

#[test]
fn nothing_is_left_of_thousands_of_connections() {
    let host = Host::start(|builder| builder);
    let name = unique_node("again");
    let round = |count: usize| {
        let name = name.clone();
        host.held(move |port, cookie| {
            for _ in 0..count {
                let mut peer = Peer::join_with(port, &name, &cookie, WITH_HEADER);
                peer.finish();
                peer.closed();
                let mut peer = Peer::connect(port);
                peer.handshake(&name_message(&name, FLAGS));
                assert_eq!(peer.handshake_answer(), b"sok");
            }
        })
        .0
    };
    host.falls(round(50), TABLES, "some connections");
    host.falls(round(2000), 4 << 10, "thousands of connections");
}
