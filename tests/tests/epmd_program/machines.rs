//! Who may do what from where: a network of its own, in which addresses may be had, as two machines have them.
//!
//! `epmd` takes a peer for one of its machine when it comes from the loopback, or from the address it came to. So a
//! machine that has two more addresses, and connects from one of them to the other, is another machine.

use std::env;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::process::Command;

use socket2::{Domain, Socket, Type};
use tests::{DEADLINE, Epmd};

use super::{Client, alive, counted, names, programs, register};

/// Set for the process that is in the network of its own.
const INSIDE: &str = "ERGO_TEST_NETWORK";

/// Of TEST-NET-1, which belongs to nobody.
const ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];

/// Runs this test again in a network that has nothing but a loopback with two more addresses; false inside of it.
fn outside(test: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return false;
    }
    // What has to be built is built here: there is no network inside.
    let [_, _] = programs();
    let [first, second] = ADDRESSES;
    let script = format!(
        "ip link set lo up && ip addr add {first}/32 dev lo && ip addr add {second}/32 dev lo && exec \"$@\""
    );
    let mut unshare = Command::new("unshare");
    unshare.arg("--net");
    if !rustix::process::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["sh", "-c", &script, "sh"]);
    unshare.arg(env::current_exe().unwrap());
    unshare
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1");
    let output = unshare.output().expect("`unshare` of util-linux runs");
    assert!(
        output.status.success() && String::from_utf8_lossy(&output.stdout).contains("1 passed"),
        "in a network of its own, made by `unshare` and `ip` (packages util-linux and iproute2):\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    true
}

/// Connects from one address to another.
fn from_to(from: Ipv4Addr, to: Ipv4Addr, port: u16) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&SocketAddrV4::new(to, port).into()).unwrap();
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    Client(stream)
}

#[test]
fn other_machines_may_only_ask() {
    // no_nonlocal_register, no_nonlocal_kill of OTP's suite, with Erlang's program beside ours.
    if outside("machines::other_machines_may_only_ask") {
        return;
    }
    let [here, there] = ADDRESSES;
    for program in programs() {
        let epmd = Epmd::program(&program, &["-relaxed_command_check"]);
        let port = epmd.port();
        let _kv = register(port, "kv");
        for request in [
            alive(b"gurka", 4747, 5, b""),
            counted(b"k"),
            counted(b"skv"),
            counted(b"d"),
        ] {
            let reply = from_to(there, here, port).say(&request).rest();
            assert_eq!(reply, b"", "{request:?}");
        }
        let asked = |question: &[u8]| {
            let reply = from_to(there, here, port).say(&counted(question)).rest();
            (reply.len(), reply)
        };
        assert_eq!(asked(b"zkv").1[..4], [119, 0, 0x0f, 0xa1]);
        let list = asked(b"n").1;
        assert_eq!(&list[4..], b"name kv at port 4001\n");

        // From its own address it is the same machine, as from any of the loopback.
        for (from, to) in [
            (here, here),
            (Ipv4Addr::new(127, 9, 9, 9), Ipv4Addr::LOCALHOST),
        ] {
            let mut local = from_to(from, to, port).say(&alive(b"local", 4747, 5, b""));
            assert_eq!(local.next(), [b'y', 0]);
            drop(local.finish());
        }
        assert_eq!(names(port), "name kv at port 4001\n");
        assert_eq!(from_to(here, here, port).say(&counted(b"k")).rest(), b"OK");
        assert_eq!(epmd.wait().0.code(), Some(0));
    }
}

#[test]
fn it_listens_where_it_is_told_and_on_the_loopback() {
    if outside("machines::it_listens_where_it_is_told_and_on_the_loopback") {
        return;
    }
    let [here, there] = ADDRESSES;
    for program in programs() {
        let epmd = Epmd::program(&program, &["-address", &here.to_string()]);
        let port = epmd.port();
        let _kv = register(port, "kv");
        for to in [here, Ipv4Addr::LOCALHOST] {
            let list = from_to(to, to, port).say(&counted(b"n")).rest();
            assert_eq!(&list[4..], b"name kv at port 4001\n");
        }
        assert!(TcpStream::connect((there, port)).is_err());
        assert!(TcpStream::connect((Ipv4Addr::new(127, 0, 0, 2), port)).is_err());
    }
}
