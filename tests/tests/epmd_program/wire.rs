//! Bytes that no client should send, to both programs.

use proptest::prelude::RngCore;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::{Client, alive, both, counted, refused, register};

/// Takes out of a reply what differs from run to run: creations and descriptors.
fn masked(mut reply: Vec<u8>) -> Vec<u8> {
    if let [118 | 121, 0, ..] = reply[..] {
        reply[2..].fill(0);
    }
    let mut from = 0;
    while let Some(at) = find(&reply[from..], b"fd = ") {
        from += at + 5;
        while reply.get(from).is_some_and(u8::is_ascii_digit) {
            reply.remove(from);
        }
    }
    reply
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// The request that a random one is made from.
fn seeds() -> Vec<Vec<u8>> {
    vec![
        alive(b"kv", 4001, 6, b""),
        alive(b"old", 4001, 5, b"extra"),
        alive("kø\u{1f600}".as_bytes(), 4001, 6, b"\0\0"),
        alive(&[b'k'; 255], 4001, 6, &[b'e'; 1020]),
        alive("\u{1f600}".repeat(255).as_bytes(), 4001, 6, b""),
        counted(b"zkv"),
        counted("zkø".as_bytes()),
        counted(&[&b"z"[..], &[b'k'; 254]].concat()),
        counted(b"n"),
        counted(b"d"),
        counted(b"k"),
        counted(b"skv"),
    ]
}

/// A request that may have become something else.
fn spoiled(seed: &[u8], random: &mut TestRng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    let mut below = |limit: usize| (random.next_u32() as usize) % limit.max(1);
    for _ in 0..below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = below(bytes.len());
        match below(6) {
            0 => bytes[at] = u8::try_from(below(256)).unwrap(),
            1 => bytes.truncate(at),
            2 => bytes.insert(at, 0),
            3 => drop(bytes.remove(at)),
            4 => bytes.extend(vec![b'k'; below(40)]),
            // A length that is right again for what stands behind it.
            _ if bytes.len() > 2 => bytes = counted(&bytes[2..]),
            _ => {}
        }
    }
    bytes
}

#[test]
fn every_request_gets_the_reply_of_erlangs() {
    let servers = both(&[]);
    let ports = servers.each_ref().map(|server| server.port());
    let _held = ports.map(|port| register(port, "kv"));
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let seeds = seeds();
    let mut answered = 0;
    for round in 0..2000 {
        let request = spoiled(&seeds[round % seeds.len()], &mut random);
        let [theirs, ours] = ports.map(|port| {
            let mut reply = masked(Client::send(port, &request).finish());
            // The port before a list.
            if reply.starts_with(&u32::from(port).to_be_bytes()) {
                reply.drain(..4);
            }
            reply
        });
        assert!(
            ours == theirs,
            "{round}: {request:?}: {ours:?}, not {theirs:?}"
        );
        answered += usize::from(!ours.is_empty());
    }
    assert!(answered > 500, "{answered}");
}

#[test]
fn a_relaxed_one_stops_what_erlangs_stops() {
    let servers = both(&["-relaxed_command_check"]);
    for (stop, reply) in [
        (&b"skv"[..], &b"STOPPED"[..]),
        (b"skv\0", b"STOPPED"),
        (b"skv\0more", b"STOPPED"),
        (b"s", b""),
        (b"s\0", b"NOEXISTSTOPPED"),
        (b"s\xff", b"NOEXISTSTOPPED"),
        (b"sk", b"NOEXISTSTOPPED"),
        (b"skvv", b"NOEXISTSTOPPED"),
    ] {
        for server in &servers {
            let kv = register(server.port(), "kv");
            assert_eq!(
                Client::send(server.port(), &counted(stop)).rest(),
                reply,
                "{stop:?}"
            );
            assert_eq!(kv.is_open(server.port()), reply != b"STOPPED");
            drop(kv.finish());
        }
    }
}

#[test]
fn what_follows_a_request_is_its_end() {
    for server in both(&[]) {
        let port = server.port();
        // Together with the request it makes that no request.
        let request = [alive(b"kv", 4001, 6, b""), vec![0]].concat();
        assert_eq!(Client::send(port, &request).rest(), b"");
        // Later it unregisters the node.
        let kv = register(port, "kv");
        assert!(kv.is_open(port));
        assert_eq!(kv.say(b"x").rest(), b"");
        assert_eq!(super::names(port), "");
    }
}

#[test]
fn a_connection_that_was_refused_stays_open_and_registers_nothing() {
    for server in both(&[]) {
        let port = server.port();
        let _kv = register(port, "kv");
        for request in [
            alive(b"kv", 4001, 6, b""),
            alive(b"kv", 4001, 5, b""),
            alive(b"k\xff", 4001, 6, b""),
            alive(&[b'k'; 256], 4001, 6, b""),
            alive(b"other", 4001, 6, &[0; 1021]),
        ] {
            let client = refused(port, &request);
            assert!(client.is_open(port));
            assert_eq!(client.finish(), b"");
        }
        assert_eq!(super::names(port), "name kv at port 4001\n");
    }
}
