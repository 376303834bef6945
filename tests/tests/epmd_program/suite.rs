//! What OTP's own `epmd_SUITE` tests, in seconds instead of minutes; `tests/epmd-suite` runs the suite itself.

use std::thread;
use std::time::Duration;

use socket2::SockRef;
use tests::Epmd;

use super::{Client, alive, counted, lookup, names, register, run};

/// Our program as the suite starts it.
fn epmd(options: &[&str]) -> Epmd {
    let options = [&["-packet_timeout", "1"], options].concat();
    Epmd::program(&tests::our_epmd(), &options)
}

/// The nodes of the suite are old ones.
fn register_old(port: u16, name: &[u8], extra: &[u8]) -> Option<Client> {
    let mut client = Client::send(port, &alive(name, 4711, 5, extra));
    let [kind, result, ..]: [u8; 4] = client.next();
    assert_eq!(kind, b'y');
    (result == 0).then_some(client)
}

/// The reply to a question for the port of such a node.
fn found(name: &[u8], extra: &[u8]) -> Vec<u8> {
    let fixed = [b'w', 0, 0x12, 0x67, b'M', 0, 0, 5, 0, 5];
    [&fixed, &counted(name)[..], &counted(extra)].concat()
}

#[test]
fn names_are_registered_found_and_refused() {
    let epmd = epmd(&[]);
    let port = epmd.port();

    // register_name, register_name_ipv6, register_names_1, register_names_2
    let mut over_v6 = Client::connect(("::1", port)).say(&alive(b"foobar6", 1000, 5, b""));
    assert_eq!(over_v6.next(), [b'y', 0]);
    let first = register_old(port, b"foobar", b"").unwrap();
    let second = register_old(port, b"foozap", b"").unwrap();
    // register_duplicate_name
    assert!(register_old(port, b"foobar", b"").is_none());
    for client in [first, second, over_v6] {
        drop(client.finish());
    }
    assert_eq!(names(port), "");

    // unicode_name, long_unicode_name, and the longest there is
    let long: String = ('\u{1f600}'..='\u{1f6c8}').collect();
    let longest = "\u{1f600}".repeat(254);
    for name in ["\u{1f608}", &long, &longest] {
        let node = register_old(port, name.as_bytes(), b"").unwrap();
        assert_eq!(lookup(port, name.as_bytes()), found(name.as_bytes(), b""));
        drop(node.finish());
    }

    // returns_valid_empty_extra, returns_valid_populated_extra_with_nulls
    for extra in [&b""[..], b"ABC\0\0"] {
        let node = register_old(port, b"foo", extra).unwrap();
        assert_eq!(lookup(port, b"foo"), found(b"foo", extra));
        drop(node.finish());
    }

    // name_with_null_inside, name_null_terminated, alive_req_too_small_1, alive_req_too_small_2
    for request in [
        alive(b"foo\0bar", 1000, 5, b""),
        alive(b"foobar\0", 1000, 5, b""),
        counted(b"x"),
        counted(&alive(b"foobar", 1000, 5, b"")[2..14]),
    ] {
        assert_eq!(Client::send(port, &request).rest(), b"");
    }
    // alive_req_too_large
    assert!(register_old(port, &[b'a'; 600], b"").is_none());

    // names_stdout
    let _foobar = register_old(port, b"foobar", b"").unwrap();
    let printed = run(
        &tests::our_epmd(),
        &["-port", &port.to_string(), "-names"],
        &[],
    );
    assert_eq!(
        printed.stdout,
        format!("epmd: up and running on port {port} with data:\nname foobar at port 4711\n")
    );
}

#[test]
fn a_question_may_come_byte_by_byte() {
    // slow_get_port_nr: each byte starts the time anew.
    let epmd = epmd(&["-packet_timeout", "3"]);
    let port = epmd.port();
    let _foo = register_old(port, b"foo", b"").unwrap();
    let mut client = Client::local(port);
    for byte in counted(b"zfoo") {
        client = client.say(&[byte]);
        thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(client.rest(), found(b"foo", b""));
}

#[test]
fn what_is_silent_or_hostile_is_closed() {
    let epmd = epmd(&[]);
    let port = epmd.port();
    // no_data, one_byte, two_bytes, partial_packet: closed by the time, all of them at once.
    let silent = [&b""[..], &[0], &[0, 3], b"\0\x0fx\x0f\xa0M"];
    let silent = silent.map(|bytes| Client::send(port, bytes));
    // zero_length, too_large: closed at once.
    for bytes in [&[0, 0][..], &63000_u16.to_be_bytes()] {
        assert_eq!(Client::send(port, bytes).rest(), b"");
    }
    // buffer_overrun_1
    let body = |extra: u16| {
        let alive = alive(b"gurka", 4747, 5, b"");
        [&alive[2..alive.len() - 2], &extra.to_be_bytes()].concat()
    };
    for extra in (1..=10_000).step_by(3) {
        assert_eq!(Client::send(port, &counted(&body(extra))).rest(), b"");
    }
    // buffer_overrun_2
    for extra in (1020..10_000).step_by(17) {
        let flood = [body(extra), vec![255; extra.into()]].concat();
        let mut client = Client::send(port, &counted(&flood));
        if flood.len() > 3057 {
            assert_eq!(client.rest(), b"");
        } else {
            let result = u8::from(extra > 1020);
            assert_eq!(client.next(), [b'y', result]);
        }
    }
    for client in silent {
        assert_eq!(client.rest(), b"");
    }
    assert_eq!(names(port), "");
}

#[test]
fn a_thousand_names_come_and_go_ten_times() {
    // register_overflow, stupid_names_req
    let epmd = epmd(&[]);
    let port = epmd.port();
    for round in 0..10 {
        let mut nodes: Vec<Client> = (0..1000)
            .map(|n| register_old(port, format!("foo{n}").as_bytes(), b"").expect("there is room"))
            .collect();
        let mut expected: Vec<String> = (0..1000)
            .map(|n| format!("name foo{n} at port 4711"))
            .collect();
        expected.reverse();
        // The list begins before anyone reads it.
        let list = Client::send(port, &counted(b"n"));
        assert!(register_old(port, b"foo999", b"").is_none());
        let list = String::from_utf8(list.rest()[4..].to_vec()).unwrap();
        assert_eq!(list.lines().collect::<Vec<_>>(), expected);
        if round % 2 == 1 {
            nodes.reverse();
        }
        for node in nodes {
            drop(node.finish());
        }
        assert_eq!(names(port), "");
    }
}

#[test]
fn nodes_are_stopped_and_epmd_is_killed_as_far_as_allowed() {
    // no_live_killing
    let strict = epmd(&[]);
    let port = strict.port();
    let foo = register_old(port, b"foo", b"").unwrap();
    assert_eq!(Client::send(port, &counted(b"k")).rest(), b"NO");
    assert_eq!(Client::send(port, &counted(b"sfoo")).rest(), b"");
    assert!(foo.is_open(port));
    drop(foo.finish());
    assert_eq!(Client::send(port, &counted(b"k")).rest(), b"OK");
    assert_eq!(strict.wait().0.code(), Some(0));

    // unregister_others_name_1, unregister_others_name_2
    let relaxed = epmd(&["-relaxed_command_check"]);
    let port = relaxed.port();
    let foo = register_old(port, b"foo", b"").unwrap();
    assert_eq!(Client::send(port, &counted(b"sfoo")).rest(), b"STOPPED");
    assert_eq!(foo.rest(), b"");
    let none = Client::send(port, &counted(b"sxxx42")).rest();
    assert_eq!(none, b"NOEXISTSTOPPED");
}

#[test]
fn a_reset_before_the_reply_leaves_no_node() {
    // socket_reset_before_alive2_reply_is_written
    let epmd = epmd(&["-delay_write", "5", "-relaxed_command_check"]);
    let port = epmd.port();
    let client = Client::send(port, &alive(b"test", 4711, 5, b""));
    while !epmd.log().contains("registering 'test:") {
        thread::yield_now();
    }
    SockRef::from(&client.0)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(client);
    while !epmd.log().contains("unregistering 'test:") {
        thread::yield_now();
    }
    assert!(!epmd.log().contains("** sent ALIVE2_RESP"));
    assert_eq!(names(port), "");
}

#[test]
fn delays_delay() {
    let epmd = epmd(&["-delay_accept", "1"]);
    let start = std::time::Instant::now();
    drop(register(epmd.port(), "kv"));
    assert!(start.elapsed() >= Duration::from_secs(1));
}
