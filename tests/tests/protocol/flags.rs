//! What an ergo node says to peers that lack a flag: only what they understand, operation by operation.

use bytes::BytesMut;
use ergo::dist::{DistFlags, Received, Receiver};
use ergo::etf::Budget;
use ergo::prelude::*;
use ergo::process::AliasMode;
use tests::peer::{
    ALIAS, ALTACT_SIG, DIST_HDR_ATOM_CACHE, DIST_MONITOR, DIST_MONITOR_NAME, EXIT_PAYLOAD, FLAGS,
    FRAGMENTS, MANDATORY_25_DIGEST, MODERN, Peer, SEND_SENDER, SPAWN, UNLINK_ID, V4_NC,
};
use tests::{Actor, Cluster, Probe, Said, unique_node, until};
use tokio::task::block_in_place;

/// A node, and a peer with these flags.
async fn meet(flags: u64) -> (Cluster, Node, Actor) {
    let cluster = Cluster::start();
    let node = cluster.node().await;
    let name = unique_node("actor");
    let actor = Actor::join(node.port().unwrap(), &name, cluster.cookie(), flags);
    (cluster, node, actor)
}

/// What the node has said until a process of it says to `done` that this is all.
async fn said(actor: &mut Actor, probe: &Probe) -> Vec<Said> {
    let done = ("done", actor.name);
    probe.act(move |ctx| ctx.send(done, &0).unwrap()).await;
    let mut said = Vec::new();
    loop {
        let next = actor.hear();
        let Term::Tuple(control) = &next.control else {
            panic!("{next:?}")
        };
        if next.operation == 6 && control[3] == Term::from(Atom::new("done")) {
            return said;
        }
        said.push(next);
    }
}

fn labels(said: &[Said]) -> String {
    said.iter().map(Said::label).collect::<Vec<_>>().join(" ")
}

/// Everything that a process can do to one of the peer; gives what the node said of it.
async fn everything(actor: &mut Actor, probe: &Probe) -> String {
    let (to, alias, us) = (actor.pid(1), actor.reference(9), actor.name);
    probe
        .act(move |ctx| {
            ctx.send(to, &term!(hello)).unwrap();
            ctx.send(("kv", us), &term!(hello)).unwrap();
            ctx.send(alias, &term!(hello)).unwrap();
            ctx.link(to);
            ctx.unlink(to);
            ctx.exit(to, Atom::new("why"));
            for target in [ergo::process::ProcessId::from(to), ("kv", us).into()] {
                let monitor = ctx.monitor(target);
                assert!(ctx.demonitor(monitor));
            }
        })
        .await;
    let said = said(actor, probe).await;
    for said in &said {
        let Term::Tuple(control) = &said.control else {
            panic!("{said:?}")
        };
        match (said.operation, &control[1]) {
            (35, id) => actor.send(term!({36, (id.clone()), (to), (probe.pid)})),
            // What stands for the sender where none is named.
            (2, nothing) => assert_eq!(*nothing, Term::from(Atom::new(""))),
            _ => {}
        }
    }
    labels(&said)
}

/// What the node says of the end of a process to which one of the peer is linked, and which it watches.
async fn end(node: &Node, actor: &mut Actor, probe: &Probe) -> String {
    let victim = Probe::start(node);
    let (me, reference) = (actor.pid(2), actor.reference(3));
    actor.send(term!({1, (me), (victim.pid)}));
    actor.send(term!({19, (me), (victim.pid), (reference)}));
    let (nothing, nobody) = (Atom::new(""), Atom::new("nobody"));
    actor.say(&[term!({6, (me), (nothing), (nobody)}), term!(sync)]);
    tests::until(|| node.undelivered().no_process == 1).await;
    victim.end(Atom::new("why"));
    // What it leaves behind is told before it is forgotten.
    tests::until(|| node.census().remotes == 0).await;
    labels(&said(actor, probe).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_told_what_it_understands() {
    let modern = "22 6 37:4 1 35 26 19 20 19 20, 24 28";
    let no_monitors = "22 6 37:4 1 35 26, 24";
    for (flags, expected) in [
        (MODERN, modern),
        (MODERN & !SPAWN, modern),
        (MODERN & !V4_NC, modern),
        (MODERN & !SEND_SENDER, "2 6 37:4 1 35 26 19 20 19 20, 24 28"),
        (MODERN & !EXIT_PAYLOAD, "22 6 37:4 1 35 8 19 20 19 20, 3 21"),
        (MODERN & !UNLINK_ID, "22 6 37:4 1 4 26 19 20 19 20, 24 28"),
        (MODERN & !DIST_MONITOR, no_monitors),
        (MODERN & !DIST_MONITOR_NAME, no_monitors),
        (MODERN & !ALTACT_SIG, "22 6 33 1 35 26 19 20 19 20, 24 28"),
        // The signal of OTP 28 serves aliases by itself.
        (MODERN & !ALIAS, modern),
        (
            MODERN & !ALIAS & !ALTACT_SIG,
            "22 6 1 35 26 19 20 19 20, 24 28",
        ),
        (FLAGS, "2 6 1 35 8 19 20 19 20, 3 21"),
        (FLAGS & !UNLINK_ID & !V4_NC, "2 6 1 4 8 19 20 19 20, 3 21"),
        // All that OTP 25 demands, in one bit.
        (MANDATORY_25_DIGEST, "2 6 1 4 8, 3"),
    ] {
        let (_cluster, node, mut actor) = meet(flags).await;
        let probe = Probe::trapping(&node).await;
        let heard = [
            everything(&mut actor, &probe).await,
            end(&node, &mut actor, &probe).await,
        ];
        assert_eq!(heard.join(", "), expected, "with {flags:#x}");
        let understands = flags & (ALIAS | ALTACT_SIG) != 0;
        let refused = u64::from(!understands);
        until(|| node.undelivered().no_connection == refused).await;
        assert!(probe.lives().await);
    }
}

/// Without `V4_NC` a pid has 15 and 13 bits, and a reference three words, the first of 18 bits.
#[tokio::test(flavor = "multi_thread")]
async fn pids_and_references_are_small() {
    let (_cluster, node, mut actor) = meet(FLAGS & !V4_NC).await;
    let to = actor.pid(1);
    for _ in 0..100 {
        let probe = Probe::start(&node);
        let reference = probe.act(move |ctx| ctx.monitor(to)).await;
        let Term::Tuple(monitor) = actor.control() else {
            panic!("no monitor")
        };
        assert_eq!(monitor[3], Term::from(reference));
        let Term::Pid(pid) = monitor[1] else {
            panic!("{monitor:?}")
        };
        assert!(pid.id < 1 << 15 && pid.serial < 1 << 13 && pid.creation > 3);
        assert!(reference.words().len() == 3 && reference.words()[0] < 1 << 18);
        let alias = probe.act(|ctx| ctx.alias(AliasMode::Explicit)).await;
        assert!(alias.words().len() == 3 && alias.words()[0] < 1 << 18);
        probe.act(move |ctx| ctx.demonitor(reference)).await;
        assert_eq!(actor.hear().operation, 20);
    }
}

/// A server such as the peer pretends to have.
struct Desk;

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk
    }
    #[call]
    fn twice(&mut self, n: i64) -> i64 {
        2 * n
    }
}

/// A call needs none of the flags; what it does not hear without monitors is that there is no such server.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_works_whatever_the_peer_lacks() {
    for (flags, around) in [
        (MODERN, "19 6 20"),
        (MODERN & !ALIAS & !ALTACT_SIG, "19 6 20"),
        (MODERN & !SEND_SENDER & !EXIT_PAYLOAD, "19 6 20"),
        (MODERN & !DIST_MONITOR, "6"),
        (MODERN & !DIST_MONITOR_NAME, "6"),
        (FLAGS, "19 6 20"),
        (MANDATORY_25_DIGEST, "6"),
    ] {
        let (_cluster, node, mut actor) = meet(flags).await;
        let probe = Probe::start(&node);
        let local = Desk::start(&node).await.unwrap();
        assert_eq!(local.twice(21).await.unwrap(), 42);
        let desk = DeskRef::named(&node, "desk", actor.name.as_str());
        let calling = tokio::spawn({
            let desk = desk.clone();
            async move { desk.twice(21).await }
        });
        let mut heard = Vec::new();
        let (from, tag) = loop {
            let next = actor.hear();
            heard.push(next.clone());
            let Some(Term::Tuple(request)) = next.message else {
                continue;
            };
            let Term::Tuple(from) = &request[1] else {
                panic!("{request:?}")
            };
            assert_eq!(request[0], Term::from(Atom::new("$gen_call")));
            assert_eq!(request[2], term!({twice, 21}));
            break (from[0].clone(), from[1].clone());
        };
        // As a server without aliases answers.
        let nothing = Atom::new("");
        actor.say(&[term!({2, (nothing), (from)}), term!({(tag), 42})]);
        assert_eq!(calling.await.unwrap().unwrap(), 42);
        heard.extend(said(&mut actor, &probe).await);
        assert_eq!(labels(&heard), around, "with {flags:#x}");

        // One that waits hears of the end of the link, monitored or not.
        let calling = tokio::spawn(async move { desk.twice(1).await });
        while actor.hear().operation != 6 {}
        drop(actor);
        let error = calling.await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::NodeDown { .. }), "{error:?}");
    }
}

/// A process that watches one of such a peer hears of the end of the link, as in OTP.
#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_the_peer_does_not_know_watches_the_link() {
    let (_cluster, node, actor) = meet(MODERN & !DIST_MONITOR).await;
    let mut probe = Probe::start(&node);
    let (to, us) = (actor.pid(1), actor.name);
    let monitors = probe
        .act(move |ctx| [ctx.monitor(to), ctx.monitor(("kv", us))])
        .await;
    assert_eq!(probe.left().await, []);
    drop(actor);
    let mut downs = Vec::new();
    for _ in 0..2 {
        let down = probe.down().await;
        assert_eq!(down.reason, Reason::NoConnection);
        downs.push(down.reference);
    }
    assert!(monitors.iter().all(|monitor| downs.contains(monitor)));
    assert_eq!(node.census().remotes, 0);
}

/// Without a cache and fragments terms are passed through; with either there is a header, which the peer, too, sends.
#[tokio::test(flavor = "multi_thread")]
async fn frames_have_the_form_that_was_agreed() {
    for (flags, headed) in [
        (MODERN, false),
        (MODERN | DIST_HDR_ATOM_CACHE, true),
        (MODERN | FRAGMENTS, true),
        (MODERN | DIST_HDR_ATOM_CACHE | FRAGMENTS, true),
    ] {
        let cluster = Cluster::start();
        let node = cluster.node().await;
        let (port, name) = (node.port().unwrap(), unique_node("actor"));
        let mut peer = block_in_place(|| Peer::join_with(port, &name, cluster.cookie(), flags));
        let mut probe = Probe::start(&node);
        probe.act(|ctx| ctx.register("named").unwrap()).await;
        let (to, ours) = (
            (Atom::new("kv"), Atom::new(&name)),
            DistFlags::from_bits(flags),
        );
        let mut receiver = Receiver::new(Atom::new(node.name().as_str()), ours, 16 << 20);
        let mut input = BytesMut::new();
        let texts = [term!(hello), term!({hello, hello}), term!([1, <<"two">>])];
        for text in texts {
            let sent = text.clone();
            probe.act(move |ctx| ctx.send(to, &sent).unwrap()).await;
            let message = loop {
                let frame = block_in_place(|| peer.read_frame());
                match (headed, &frame[..2]) {
                    (false, [112, 131]) | (true, [131, 68..=70]) => {}
                    other => panic!("{other:?} with {flags:#x}"),
                }
                input.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
                input.extend_from_slice(&frame);
                if let Some(Received::Message(_, payload)) = receiver.receive(&mut input).unwrap() {
                    break payload.unwrap().decode::<Term>(&Budget::default()).unwrap();
                }
            };
            assert_eq!(message, text);
        }
        // {6, Pid, '', named} and the message 7, with the atoms in the terms.
        let local = [&[119, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        let pid = [&[88], &local[..], &[0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 77]].concat();
        let control = [&[104, 4, 97, 6], &pid[..], &[119, 0, 119, 5], b"named"].concat();
        let frame = match headed {
            false => [&[112, 131], &control[..], &[131, 97, 7]].concat(),
            true => [&[131, 68, 0], &control[..], &[97, 7]].concat(),
        };
        block_in_place(|| peer.frame(&frame));
        assert_eq!(probe.message().await, term!(7));
    }
}

/// Those that nobody uses any more, that are inside OTP only, or that are kept for what may come.
#[tokio::test(flavor = "multi_thread")]
async fn flags_of_no_use_change_nothing() {
    let unused = 1 << 1 | 1 << 6 | 1 << 15 | 1 << 21 | 0x1f << 27 | 1 << 36 | 0x1ff_ffff << 39;
    let (_cluster, node, mut actor) = meet(MODERN | unused).await;
    let announced = actor.announced();
    assert_eq!(
        announced & unused,
        0,
        "nor does ergo announce them: {announced:#x}"
    );
    let probe = Probe::trapping(&node).await;
    let heard = everything(&mut actor, &probe).await;
    assert_eq!(heard, "22 6 37:4 1 35 26 19 20 19 20");
}
