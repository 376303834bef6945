//! Peers that send what they should not, over real sockets: each is told or cut off, and every other goes on undisturbed.

use std::time::{Duration, Instant};

use ergo::prelude::*;
use tests::peer::{CREATION, FLAGS, Peer, name_message, reply_message};
use tests::{Cluster, Erl, unique_node};

struct Echo;

#[gen_server]
impl Echo {
    #[init]
    fn init() -> Self {
        Echo
    }
    #[call]
    fn echo(&self, term: Term) -> Term {
        term
    }
    #[call]
    fn number(&self, n: i64) -> i64 {
        n
    }
}

/// How long a peer may take to introduce itself: far longer than one that does.
const SETUP: Duration = Duration::from_secs(10);

/// A Rust node with a server `echo`, and an Erlang node that keeps talking to it.
struct Target {
    node: Node,
    erl: Erl,
    cluster: Cluster,
}

impl Target {
    async fn start() -> Target {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        let node = cluster
            .builder(&unique_node("target"))
            .net_setuptime(SETUP)
            .max_message(1 << 20)
            .start()
            .await
            .unwrap();
        Echo::start(&node).name("echo").await.unwrap();
        let target = Target { node, erl, cluster };
        // The Erlang node is connected from here on, and is told if it ever is not.
        let watch = format!(
            "spawn(fun() -> monitor_node({}, true), receive Down -> exit(Down) end end), ok.",
            target.node.name()
        );
        target.erl.eval(&watch).await;
        target.goes_on("at first").await;
        target
    }

    fn port(&self) -> u16 {
        self.node.port().unwrap()
    }

    /// The Erlang node gets its answers over the connection that it had.
    async fn goes_on(&self, after: &str) {
        let name = self.node.name();
        let answer = self
            .erl
            .eval(&format!(
                "{{gen_server:call({{echo, {name}}}, {{echo, [x]}}), lists:member({name}, nodes())}}."
            ))
            .await;
        assert_eq!(answer, "{[x],true}", "{after}");
    }

    /// What a scripted peer gets from a blocking script.
    async fn script<T: Send + 'static>(
        &self,
        script: impl FnOnce(u16, String) -> T + Send + 'static,
    ) -> T {
        let (port, cookie) = (self.port(), self.cluster.cookie().to_owned());
        tokio::task::spawn_blocking(move || script(port, cookie))
            .await
            .unwrap()
    }
}

/// What a peer says in place of a name.
fn bad_beginnings() -> Vec<(&'static str, Vec<u8>)> {
    let framed = |message: &[u8]| {
        [
            &u16::try_from(message.len()).unwrap().to_be_bytes()[..],
            message,
        ]
        .concat()
    };
    let random: Vec<u8> = (0..512).map(|_| getrandom::u32().unwrap() as u8).collect();
    vec![
        (
            "a request of HTTP",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        ),
        ("random bytes", [&[0, 200][..], &random].concat()),
        ("an empty message", framed(b"")),
        ("an unknown message", framed(b"X")),
        (
            "a name cut off",
            framed(&name_message("a@127.0.0.1", FLAGS)[..12]),
        ),
        (
            "a name without a host",
            framed(&name_message("nohost", FLAGS)),
        ),
        ("an empty name", framed(&name_message("", FLAGS))),
        (
            "a name of two hosts",
            framed(&name_message("a@b@127.0.0.1", FLAGS)),
        ),
        (
            "a name of 60,000 bytes",
            framed(&name_message(&"a".repeat(60_000), FLAGS)),
        ),
        (
            "a name that is not UTF-8",
            framed(&[&name_message("", FLAGS)[..13], &[0, 3, 0xff, b'@', 0xfe]].concat()),
        ),
        ("no flag at all", framed(&name_message("a@127.0.0.1", 0))),
        ("an old version", framed(b"n\0\x04\0\0\0\0a@127.0.0.1")),
        ("a digest before a name", framed(&reply_message(1, 2, "x"))),
    ]
}

#[tokio::test]
async fn bad_beginnings_are_cut_off() {
    let target = Target::start().await;
    for (what, bytes) in bad_beginnings() {
        let started = Instant::now();
        let answer = target
            .script(move |port, _| {
                let mut peer = Peer::connect(port);
                peer.send(&bytes);
                peer.closed()
            })
            .await;
        assert!(answer.len() < 100, "{what}: {answer:?}");
        assert!(
            started.elapsed() < 3 * SETUP,
            "{what}: {:?}",
            started.elapsed()
        );
        target.goes_on(what).await;
    }
}

#[tokio::test]
async fn missing_flags_are_refused_by_name() {
    let target = Target::start().await;
    let answer = target
        .script(|port, _| {
            let mut peer = Peer::connect(port);
            peer.handshake(&name_message("old@127.0.0.1", FLAGS & !0x2_0000));
            peer.handshake_answer()
        })
        .await;
    assert_eq!(answer, b"snot_allowed");
    target.goes_on("a peer without maps").await;
}

#[tokio::test]
async fn a_wrong_digest_is_cut_off() {
    let target = Target::start().await;
    let rest = target
        .script(|port, cookie| {
            let mut peer = Peer::connect(port);
            peer.handshake(&name_message("thief@127.0.0.1", FLAGS));
            assert_eq!(peer.handshake_answer(), b"sok");
            assert_eq!(peer.handshake_answer()[0], b'N');
            peer.handshake(&reply_message(7, 7, &format!("not {cookie}")));
            peer.closed()
        })
        .await;
    assert_eq!(rest, b"", "no proof for one who has none");
    assert!(!target.node.nodes().contains(&Atom::new("thief@127.0.0.1")));
    target.goes_on("a wrong digest").await;
}

#[tokio::test]
async fn silent_peers_cost_a_bounded_time() {
    let target = Target::start().await;
    let newcomer = target.cluster.erl().await;
    let peers = target
        .script(|port, _| {
            let mut peers: Vec<Peer> = (0..100).map(|_| Peer::connect(port)).collect();
            // Some stop in the middle of a length, of a name, or after it.
            for (index, peer) in peers.iter_mut().enumerate() {
                match index % 4 {
                    0 => {}
                    1 => peer.send(&[0]),
                    2 => peer.send(&[0, 30, b'N']),
                    _ => peer.handshake(&name_message(&format!("silent{index}@127.0.0.1"), FLAGS)),
                }
            }
            peers
        })
        .await;
    // While they wait, the node serves: those it knows, and new ones.
    target.goes_on("a hundred silent peers").await;
    let started = Instant::now();
    assert_eq!(
        newcomer
            .eval(&format!("net_adm:ping({}).", target.node.name()))
            .await,
        "pong"
    );
    assert!(started.elapsed() < SETUP, "{:?}", started.elapsed());

    target
        .script(|_, _| peers.into_iter().for_each(|mut peer| drop(peer.closed())))
        .await;
    target.goes_on("the end of the silent peers").await;
}

/// An atom as SMALL_ATOM_UTF8_EXT.
fn atom(name: &str) -> Vec<u8> {
    [&[119, u8::try_from(name.len()).unwrap()], name.as_bytes()].concat()
}

/// A pid of the scripted peer as NEW_PID_EXT.
fn pid(node: &str) -> Vec<u8> {
    [
        &[88][..],
        &atom(node),
        &9_u32.to_be_bytes(),
        &0_u32.to_be_bytes(),
        &CREATION.to_be_bytes(),
    ]
    .concat()
}

/// A tuple of encoded elements.
fn tuple(elements: &[Vec<u8>]) -> Vec<u8> {
    [
        &[104, u8::try_from(elements.len()).unwrap()],
        &elements.concat()[..],
    ]
    .concat()
}

/// A frame with a control message and, for those that carry one, a message.
fn frame(control: &[u8], message: Option<&[u8]>) -> Vec<u8> {
    let mut frame = [&[112, 131], control].concat();
    if let Some(message) = message {
        frame.push(131);
        frame.extend_from_slice(message);
    }
    frame
}

/// `{6, From, '', echo}` with a message: what `{echo, Node} ! Message` is on the wire.
fn to_echo(from: &str, message: &[u8]) -> Vec<u8> {
    frame(
        &tuple(&[vec![97, 6], pid(from), atom(""), atom("echo")]),
        Some(message),
    )
}

/// Frames that no node sends; the link of who sent them is closed.
fn bad_frames(me: &str) -> Vec<(&'static str, Vec<u8>)> {
    let named = |op: u8, rest: &[Vec<u8>]| tuple(&[&[vec![97, op]][..], rest].concat());
    vec![
        ("one byte", vec![112]),
        ("another kind of frame", vec![111, 131, 97, 1]),
        (
            "an unknown version",
            [&[112, 130][..], &named(6, &[])].concat(),
        ),
        (
            "a control message that is no tuple",
            frame(&atom("hello"), None),
        ),
        ("an empty tuple", frame(&[104, 0], None)),
        (
            "an operation that is an atom",
            frame(&tuple(&[atom("send"), pid(me)]), None),
        ),
        (
            "an unknown operation",
            frame(&named(99, &[pid(me), pid(me)]), None),
        ),
        (
            "a send of the wrong arity",
            frame(&named(2, &[pid(me)]), Some(&atom("x"))),
        ),
        (
            "a send to an atom",
            frame(&named(2, &[atom(""), atom("echo")]), Some(&atom("x"))),
        ),
        (
            "a send without a message",
            frame(&named(6, &[pid(me), atom(""), atom("echo")]), None),
        ),
        (
            "a monitor from another node",
            frame(
                &named(19, &[pid("other@127.0.0.1"), atom("echo"), vec![97, 1]]),
                None,
            ),
        ),
        (
            "a control message cut off",
            frame(&[104, 4, 97, 6, 88, 119], None),
        ),
        (
            "a tuple of four billion",
            frame(&[105, 255, 255, 255, 255, 97, 6], None),
        ),
    ]
}

#[tokio::test]
async fn bad_frames_close_their_own_link_only() {
    let target = Target::start().await;
    let name = unique_node("bad");
    for (what, bytes) in bad_frames(&name) {
        let started = Instant::now();
        let name = name.clone();
        target
            .script(move |port, cookie| {
                let mut peer = Peer::join(port, &name, &cookie);
                peer.frame(&bytes);
                peer.closed()
            })
            .await;
        assert!(
            started.elapsed() < 3 * SETUP,
            "{what}: {:?}",
            started.elapsed()
        );
        target.goes_on(what).await;
    }
}

#[tokio::test]
async fn an_oversized_frame_closes_its_own_link_only() {
    let target = Target::start().await;
    let name = unique_node("large");
    // The limit, and the mebibyte that is for what a frame needs beside its message.
    for length in [(1 << 20) + (1 << 20) + 1, u32::MAX] {
        let name = name.clone();
        target
            .script(move |port, cookie| {
                let mut peer = Peer::join(port, &name, &cookie);
                peer.send(&length.to_be_bytes());
                peer.closed()
            })
            .await;
        target.goes_on("an oversized frame").await;
    }
}

#[tokio::test]
async fn a_link_that_ends_in_a_frame_is_closed() {
    let target = Target::start().await;
    let name = unique_node("cut");
    target
        .script(move |port, cookie| {
            let mut peer = Peer::join(port, &name, &cookie);
            peer.send(&[0, 0, 1, 0, 112, 131]);
            peer.finish();
            peer.closed()
        })
        .await;
    target.goes_on("a frame cut off").await;
}

/// Messages that are no terms, or too much of one: they cost the server that decodes them nothing but a log line.
fn bad_messages() -> Vec<(&'static str, Vec<u8>)> {
    let nested = |depth: usize| [[104, 1].repeat(depth), vec![106]].concat();
    vec![
        ("an unknown tag", vec![1, 2, 3]),
        ("nothing", vec![]),
        (
            "a list of four billion",
            vec![108, 255, 255, 255, 255, 97, 1],
        ),
        ("a binary of four billion", vec![109, 255, 255, 255, 255, 1]),
        (
            "a number of four billion digits",
            vec![111, 255, 255, 255, 255, 0, 1],
        ),
        ("a map of four billion", vec![116, 255, 255, 255, 255]),
        ("tuples in tuples, 300,000 deep", nested(300_000)),
        (
            "a float that is no number",
            vec![70, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0],
        ),
        ("an atom that is not UTF-8", vec![119, 2, 0xff, 0xfe]),
        (
            "a map with a key twice",
            vec![116, 0, 0, 0, 2, 97, 1, 97, 2, 97, 1, 97, 3],
        ),
        (
            "a compressed bomb",
            [&[80, 0x40, 0, 0, 0][..], &[0x78, 0x9c, 0x63, 0x60, 0x60]].concat(),
        ),
    ]
}

#[tokio::test]
async fn bad_messages_leave_the_server_alive() {
    let target = Target::start().await;
    let pid_before = target.node.whereis("echo").unwrap();
    let name = unique_node("messy");
    for (what, message) in bad_messages() {
        let call = |request: &[u8]| {
            let tag = [
                &[90, 0, 3][..],
                &atom(&name),
                &CREATION.to_be_bytes(),
                &[0; 12],
            ]
            .concat();
            tuple(&[
                atom("$gen_call"),
                tuple(&[pid(&name), tag]),
                request.to_vec(),
            ])
        };
        for sent in [
            message.clone(),
            call(&message),
            call(&tuple(&[atom("echo"), message.clone()])),
        ] {
            let name = name.clone();
            target
                .script(move |port, cookie| {
                    let mut peer = Peer::join(port, &name, &cookie);
                    peer.frame(&to_echo(&name, &sent));
                    peer.finish();
                    peer.closed()
                })
                .await;
            target.goes_on(what).await;
        }
    }
    assert_eq!(
        target.node.whereis("echo"),
        Some(pid_before),
        "the server was not started anew"
    );
}

#[tokio::test]
async fn calls_that_match_nothing_are_answered() {
    let target = Target::start().await;
    let name = target.node.name();
    for (request, answer) in [
        ("nonsense", "{error,{badcall,nonsense}}"),
        ("{number, 1, 2}", "{error,{badcall,{number,1,2}}}"),
        ("lists:seq(1, 3)", "{error,{badcall,[1,2,3]}}"),
    ] {
        let call = format!("gen_server:call({{echo, {name}}}, {request}).");
        assert_eq!(target.erl.eval(&call).await, answer);
    }
    // The right call with arguments of other types names what it wanted.
    let refused = target
        .erl
        .eval(&format!(
            "gen_server:call({{echo, {name}}}, {{number, \"five\"}})."
        ))
        .await;
    assert!(refused.starts_with("{error,{bad"), "{refused}");
    target.goes_on("calls that match nothing").await;
}
