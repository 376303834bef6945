//! The distribution protocol with a real Erlang node, byte by byte: the handshake in both roles, every framing, and
//! the control messages that Erlang sends. No ergo node is involved, only the state machines of `ergo::dist`.

use std::time::Duration;

use bytes::BytesMut;
use ergo::dist::handshake::{
    Acceptor, AcceptorStep, Decision, HandshakeError, HandshakeVersion, Identity, Refusal, Stage,
};
use ergo::dist::{Control, DistFlags, TICK, Target};
use ergo::epmd::{NodeInfo, Registration};
use ergo::etf::{Budget, Encoded};
use ergo::{Atom, Pid, Term};
use tests::wire::{Wire, dial, identity};
use tests::{DEADLINE, Epmd, Erl, unique_node};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::timeout;

/// What a release demands of a peer.
fn demanded_by(release: u32) -> DistFlags {
    let since_23 = DistFlags::EXTENDED_REFERENCES
        | DistFlags::NEW_FUN_TAGS
        | DistFlags::EXTENDED_PIDS_PORTS
        | DistFlags::UTF8_ATOMS
        | DistFlags::BIG_CREATION;
    let since_25 = DistFlags::FUN_TAGS
        | DistFlags::EXPORT_PTR_TAG
        | DistFlags::BIT_BINARIES
        | DistFlags::NEW_FLOATS
        | DistFlags::MAP_TAG
        | DistFlags::HANDSHAKE_23;
    let since_26 = DistFlags::V4_NC | DistFlags::UNLINK_ID;
    match release {
        ..25 => since_23,
        25 => since_23 | since_25,
        26.. => since_23 | since_25 | since_26,
    }
}

async fn start() -> (Epmd, Erl) {
    let epmd = Epmd::start();
    let erl = Erl::options().distributed(epmd.port()).start().await;
    erl.eval(
        "Echo = fun F() -> receive {From, Term} -> From ! Term, F() end end,
         register(echo, spawn(Echo)).",
    )
    .await;
    (epmd, erl)
}

/// Waits for the Erlang node to connect.
async fn accept(listener: &TcpListener, us: Identity) -> Result<Wire, HandshakeError> {
    let name = us.name().to_owned();
    let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
    let mut handshake = Acceptor::new(us, 4711);
    let shaking = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        loop {
            match handshake.advance(&mut input, &mut output)? {
                AcceptorStep::Read => {
                    stream.write_all(&output.split()).await.unwrap();
                    input.reserve(1024);
                    if !matches!(stream.read_buf(&mut input).await, Ok(1..)) {
                        return Err(handshake.closed());
                    }
                }
                AcceptorStep::Decide(_) => handshake.decide(Decision::Ok, &mut output)?,
                AcceptorStep::Verified => {
                    let established = handshake.acknowledge(&mut output)?;
                    stream.write_all(&output.split()).await.unwrap();
                    return Ok((established, stream));
                }
                other => panic!("{other:?}"),
            }
        }
    };
    let (established, stream) = timeout(DEADLINE, shaking).await.expect("a handshake")?;
    Ok(Wire::new(&name, established, stream, input))
}

/// A listener that EPMD knows under a name.
async fn listen(epmd: &Epmd, name: &str) -> (TcpListener, Registration) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let local = name.split_once('@').unwrap().0;
    let node = NodeInfo::new(local, port);
    let registered = Registration::register(epmd.port(), &node, DEADLINE).await;
    (listener, registered.unwrap())
}

fn list_of_atoms(count: usize) -> Term {
    let atoms = (0..count).map(|n| Term::from(Atom::new(&format!("atom_{n}"))));
    Term::from(atoms.collect::<Vec<Term>>())
}

#[tokio::test]
async fn terms_come_back_in_every_framing() {
    let (epmd, erl) = start().await;
    let all = DistFlags::recommended();
    let neither = all - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS;
    for flags in [
        all,
        neither,
        neither | DistFlags::DIST_HDR_ATOM_CACHE,
        neither | DistFlags::FRAGMENTS,
    ] {
        let us = identity(&unique_node("wire"), flags, erl.cookie());
        let mut wire = dial(&epmd, &erl, us, HandshakeVersion::V6).await.unwrap();
        assert!(wire.established.is_hidden());
        wire.echo(&Term::from("hello")).await;
        // More atoms than a header can name; then the same again, out of the cache.
        for _ in 0..2 {
            wire.echo(&list_of_atoms(300)).await;
        }
        wire.echo(&list_of_atoms(3_000)).await;
        // Many fragments, and a tick between messages.
        wire.stream.write_all(&TICK).await.unwrap();
        wire.echo(&Term::from(bytes::Bytes::from(vec![7; 5 << 20])))
            .await;
        wire.echo(&Term::from("bye")).await;
    }
}

#[tokio::test]
async fn fragments_of_several_processes_interleave() {
    let (epmd, erl) = start().await;
    let us = identity(&unique_node("wire"), DistFlags::recommended(), erl.cookie());
    let mut wire = dial(&epmd, &erl, us, HandshakeVersion::V6).await.unwrap();
    let to = Encoded::from_value(&wire.pid(1)).unwrap();
    let mut pid = vec![131];
    pid.extend_from_slice(to.bytes());
    erl.eval_with(
        "To = binary_to_term(Pid),
         [spawn(fun() -> To ! {N, binary:copy(<<N>>, 1 bsl 20)} end) || N <- lists:seq(1, 8)], ok.",
        &[("Pid", &pid)],
    )
    .await;
    let mut seen = Vec::new();
    for _ in 0..8 {
        let message = wire.message().await;
        let (number, blob): (u8, bytes::Bytes) = message.decode(&Budget::default()).unwrap();
        assert!(blob.len() == 1 << 20 && blob.iter().all(|byte| *byte == number));
        seen.push(number);
    }
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn erlang_speaks_of_its_processes() {
    let (epmd, erl) = start().await;
    let name = unique_node("wire");
    let us = identity(&name, DistFlags::recommended(), erl.cookie());
    let mut wire = dial(&epmd, &erl, us, HandshakeVersion::V6).await.unwrap();
    let erlang = wire.peer;
    erl.eval(&format!(
        "spawn(fun() ->
            Ref = erlang:monitor(process, {{kv, '{name}'}}),
            {{kv, '{name}'}} ! hello,
            erlang:demonitor(Ref)
         end)."
    ))
    .await;
    let (control, _) = wire.receive().await;
    let Control::Monitor {
        from,
        to: Target::Name(kv),
        reference,
    } = control
    else {
        panic!("{control:?}");
    };
    assert_eq!((from.node, kv), (erlang, Atom::new("kv")));
    let (control, payload) = wire.receive().await;
    assert!(matches!(control, Control::RegSend { name, .. } if name == kv));
    let hello: Atom = payload.unwrap().decode(&Budget::default()).unwrap();
    assert_eq!(hello, Atom::new("hello"));
    let (control, _) = wire.receive().await;
    assert!(matches!(control, Control::Demonitor { reference: of, .. } if of == reference));

    // A link that we make, and its end.
    let echo = Control::Link {
        from: wire.pid(1),
        to: erl_pid(&erl, "whereis(echo)").await,
    };
    wire.send(&echo, None).await;
    wire.echo(&Term::from("linked")).await;
    erl.eval("exit(whereis(echo), enough).").await;
    let (control, reason) = wire.receive().await;
    assert!(matches!(control, Control::Exit { to, .. } if to == wire.pid(1)));
    let reason: Atom = reason.unwrap().decode(&Budget::default()).unwrap();
    assert_eq!(reason, Atom::new("enough"));
}

async fn erl_pid(erl: &Erl, expression: &str) -> Pid {
    let bytes = erl
        .eval_bytes(&format!("term_to_binary({expression})."), &[])
        .await;
    let encoded = Encoded::new(bytes.into(), Default::default());
    encoded.decode(&Budget::default()).unwrap()
}

#[tokio::test]
async fn erlang_connects_to_us() {
    let (epmd, erl) = start().await;
    let name = unique_node("wire");
    let (listener, _registration) = listen(&epmd, &name).await;
    let us = identity(&name, DistFlags::recommended().visible(true), erl.cookie());
    let connecting = format!("net_kernel:connect_node('{name}').");
    let (wire, connected) = tokio::join!(accept(&listener, us), erl.eval(&connecting));
    let mut wire = wire.unwrap();
    assert_eq!(connected, "true");
    assert_eq!(wire.established.name, erl.name());
    assert!(
        wire.established
            .creation
            .is_some_and(|creation| creation > 3)
    );
    assert!(!wire.established.is_hidden());
    assert_eq!(erl.eval("nodes().").await, format!("['{name}']"));
    // A visible node is told about `global` first.
    while !matches!(
        wire.receive().await.0,
        Control::Monitor { .. } | Control::RegSend { .. }
    ) {}
}

#[tokio::test]
async fn erlang_refuses_who_lacks_a_flag() {
    let (epmd, erl) = start().await;
    let all = DistFlags::recommended() - DistFlags::MANDATORY_25_DIGEST;
    let demanded = demanded_by(erl.release());
    let mut refused = DistFlags::NONE;
    for bit in (0..39).map(|bit| DistFlags::from_bits(1 << bit)) {
        // OTP 23 answers who lacks this in version 5 of the handshake.
        let changes_version = bit == DistFlags::HANDSHAKE_23 && erl.release() < 25;
        if !all.contains(bit) || changes_version {
            continue;
        }
        let us = identity(&unique_node("wire"), all - bit, erl.cookie());
        match dial(&epmd, &erl, us, HandshakeVersion::V6).await.map(drop) {
            Err(HandshakeError::Refused(Refusal::NotAllowed)) => refused = refused | bit,
            Ok(()) => {}
            other => panic!("without {bit}: {other:?}"),
        }
    }
    assert_eq!(refused.to_string(), demanded.to_string());
    let us = identity(&unique_node("wire"), all, erl.cookie());
    let wire = dial(&epmd, &erl, us, HandshakeVersion::V6).await;
    assert!(wire.is_ok(), "and takes who has all");
}

#[tokio::test]
async fn different_cookies_do_not_connect() {
    let (epmd, erl) = start().await;
    let name = unique_node("wire");
    let us = identity(&name, DistFlags::recommended(), "another");
    let error = dial(&epmd, &erl, us.clone(), HandshakeVersion::V6).await;
    assert_eq!(error.map(drop), Err(HandshakeError::Closed(Stage::Ack)));

    let (listener, _registration) = listen(&epmd, &name).await;
    let connecting = format!("net_kernel:connect_node('{name}').");
    let (wire, connected) = tokio::join!(accept(&listener, us), erl.eval(&connecting));
    assert_eq!(wire.map(drop), Err(HandshakeError::WrongCookie));
    assert_eq!(connected, "false");
}

#[tokio::test]
async fn a_name_that_connects_again_replaces_its_old_connection() {
    let (epmd, erl) = start().await;
    let us = identity(&unique_node("wire"), DistFlags::recommended(), erl.cookie());
    let version = HandshakeVersion::V6;
    let mut old = dial(&epmd, &erl, us.clone(), version).await.unwrap();
    old.echo(&Term::from("old")).await;
    if erl.release() < 25 {
        // OTP 23 does not close the old connection; it waits for its end.
        drop(old);
        let mut new = dial(&epmd, &erl, us, version).await.unwrap();
        return new.echo(&Term::from("new")).await;
    }
    let mut new = dial(&epmd, &erl, us, version).await.unwrap();
    assert!(old.closes().await);
    new.echo(&Term::from("new")).await;
}

#[tokio::test]
async fn a_silent_connection_is_kept_by_ticks_alone() {
    let epmd = Epmd::start();
    let erl = Erl::options()
        .distributed(epmd.port())
        .args(&["-kernel", "net_ticktime", "2"])
        .start()
        .await;
    let name = unique_node("wire");
    let us = identity(&name, DistFlags::recommended(), erl.cookie());
    let mut wire = dial(&epmd, &erl, us.clone(), HandshakeVersion::V6)
        .await
        .unwrap();
    // Twice the time after which a silent peer is given up.
    let ticks = async {
        loop {
            wire.stream.write_all(&TICK).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let seen = tokio::select! {
        () = ticks => unreachable!("they go on"),
        seen = erl.eval("timer:sleep(5000), nodes(hidden).") => seen,
    };
    assert_eq!(seen, format!("['{name}']"));
    // Erlang ticked meanwhile.
    wire.input.reserve(1024);
    wire.stream.read_buf(&mut wire.input).await.unwrap();
    let ticks = std::iter::from_fn(|| wire.receiver.receive(&mut wire.input).unwrap());
    assert!(ticks.count() > 1);
    assert!(wire.closes().await, "without ticks it ends");
}
