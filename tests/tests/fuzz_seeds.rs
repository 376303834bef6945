//! The corpora of the fuzz targets: what real `erl` nodes say to each other and to EPMD, recorded between them.
//!
//! Every run records and checks that ergo takes all of it. `tests/fuzz/record` also keeps what was recorded, under
//! `tests/fuzz/corpus`.

use std::collections::BTreeSet;
use std::thread;

use bytes::BytesMut;
use ergo::Atom;
use ergo::dist::{DistFlags, Received, Receiver};
use tests::fuzz::{self, COOKIE, FOUR, NAME, PASS_THROUGH, PEER};
use tests::recorder::{Conversation, Recorder};
use tests::{Epmd, Erl};

/// Messages longer than this are cut: what comes after shows nothing new, and a fuzzer takes long over it.
const LONGEST: usize = 500;

/// No more of a link is kept.
const LONGEST_LINK: usize = 4 << 10;

/// `DIST_HDR_ATOM_CACHE` and `FRAGMENTS`, without which frames are passed through.
const WITH_HEADER: u64 = 0x80_2000;

/// `EXIT_PAYLOAD` and `SEND_SENDER` too, without which nodes fall back to the operations of old.
const OF_OLD: u64 = WITH_HEADER | 0x40_0000 | 0x8_0000;

/// What `alpha` does with `beta`, which is `B`; each is a link of its own.
const SCENARIOS: [(&str, u64, &str); 11] = [
    ("ping", 0, "pong = net_adm:ping(B)."),
    ("cache", 0, CACHE),
    ("signals", 0, SIGNALS),
    ("terms", 0, TERMS),
    ("calls", 0, CALLS),
    ("trace", 0, TRACE),
    ("fragments", 0, FRAGMENTS),
    ("passed-terms", WITH_HEADER, TERMS),
    ("passed-calls", WITH_HEADER, CALLS),
    ("passed-signals", WITH_HEADER, SIGNALS),
    ("passed-of-old", OF_OLD, SIGNALS),
];

const CACHE: &str = r#"
    Atoms = [list_to_atom("atom" ++ integer_to_list(N)) || N <- lists:seq(1, 40)],
    [{sink, B} ! Atom || Atom <- Atoms, _ <- "12"],
    {sink, B} ! list_to_tuple(Atoms),
    {sink, B} ! {list_to_atom(lists:duplicate(255, $x)), list_to_atom([16#65e5, 16#672c])}."#;

const SIGNALS: &str = r#"
    process_flag(trap_exit, true),
    P1 = spawn_link(B, timer, sleep, [infinity]),
    P2 = spawn(B, timer, sleep, [infinity]), M2 = monitor(process, P2), catch spawn_monitor(B, timer, sleep, [1]),
    P3 = spawn(B, timer, sleep, [infinity]),
    M3 = monitor(process, P3), M4 = monitor(process, {sink, B}), M5 = monitor(process, {nobody, B}),
    receive {'DOWN', M5, _, _, _} -> ok end,
    true = demonitor(M4),
    unlink(P1), link(P1), unlink(P1), link(P1),
    exit(P1, {reason, [1, 2, 3], <<"why">>}),
    receive {'EXIT', P1, _} -> ok end,
    exit(P3, kill),
    receive {'DOWN', M3, _, _, killed} -> ok end,
    P4 = spawn(B, timer, sleep, [infinity]),
    group_leader(self(), P4), link(P4), exit(P4, normal),
    M6 = monitor(process, spawn(B, erlang, exit, [{bye, "text"}])),
    receive {'DOWN', M6, _, _, _} -> ok end,
    {sink, B} ! {watch, self()}, {sink, B} ! {exit2, self()},
    receive {'EXIT', _, asked} -> ok end,
    catch receive {spawn_reply, _, _, _} -> ok after 0 -> ok end,
    catch spawn_request(B, timer, sleep, [infinity], [link, monitor, {priority, high}]),
    catch spawn_request(B, no_module, no_function, [], [monitor, {no_option, 1}]),
    catch receive {spawn_reply, _, error, _} -> ok end,
    catch (fun() -> Alias = erlang:alias(), {sink, B} ! {alias, Alias},
                    receive to_alias -> erlang:unalias(Alias) end end)(),
    exit(P2, kill), demonitor(M2)."#;

const TERMS: &str = r#"
    Terms = [ok, 'Elixir.Foo', [], {}, #{}, 0, 255, 256, -1, 1 bsl 31, -(1 bsl 40), 1 bsl 64, 1 bsl 2100, 1.5, -0.0,
             "text", [1, 2 | 3], [a, b], <<>>, <<"binary">>, <<5:3>>, <<"bits", 1:1>>, lists:seq(250, 260),
             list_to_atom([228, 246, 252]), self(), make_ref(), hd(erlang:ports()), fun lists:map/2,
             fun lists:sort/1, #{a => 1, "key" => [#{}], 1.0 => {x}}, {error, {bad, <<"why">>}}, {1, {2, {3, [[]]}}},
             lists:foldl(fun(_, T) -> {T} end, [], lists:seq(1, 40)), list_to_tuple(lists:seq(1, 260))],
    [{sink, B} ! Term || Term <- Terms],
    {sink, B} ! Terms."#;

const CALLS: &str = r#"
    B = rpc:call(B, erlang, node, []),
    {badrpc, _} = rpc:call(B, erlang, error, [oops]),
    B = erpc:call(B, erlang, node, []),
    catch gen_server:call({rex, B}, nonsense, 1000),
    gen_server:cast({rex, B}, nonsense),
    {sink, B} ! {'$gen_call', {self(), make_ref()}, {get, <<"key">>}}."#;

const TRACE: &str = r#"
    process_flag(trap_exit, true),
    seq_trace:set_token(label, {a, label}), seq_trace:set_token(send, true), seq_trace:set_token(serial, {3, 4}),
    {sink, B} ! traced, rpc:call(B, erlang, node, []),
    P = spawn(B, timer, sleep, [infinity]), link(P), exit(P, traced),
    seq_trace:set_token([])."#;

const FRAGMENTS: &str = r#"
    Large = fun(Byte) -> {large, binary:copy(<<Byte>>, 150000), [some, atoms]} end,
    Self = self(),
    Senders = [spawn(fun() -> {sink, B} ! Large(Byte), Self ! {sent, Byte} end) || Byte <- "abc"],
    [receive {sent, Byte} -> ok end || Byte <- "abc"],
    M = monitor(process, spawn(B, erlang, exit, [Large($d)])),
    receive {'DOWN', M, _, _, _} -> ok end,
    P = spawn(B, timer, sleep, [infinity]), exit(P, Large($e))."#;

/// The process at `beta` that takes all that comes, and does what only the other side can do.
const SINK: &str = r#"
    register(sink, spawn(fun Loop() ->
        receive
            {From, sync} -> From ! synced;
            {watch, Pid} -> monitor(process, Pid), spawn_link(fun() -> exit(normal) end);
            {exit2, Pid} -> exit(Pid, asked);
            {alias, Alias} -> Alias ! to_alias;
            _ -> ok
        end,
        Loop()
    end))."#;

/// Where what was recorded goes: into the corpora, if that is asked for, and through the targets.
struct Seeds {
    release: u32,
    keep: bool,
    targets: BTreeSet<&'static str>,
    /// The handshakes that were recorded, without what is random in them.
    handshakes: BTreeSet<Vec<Vec<u8>>>,
}

impl Seeds {
    fn add(&mut self, target: &'static str, name: &str, bytes: &[u8]) {
        let run = match target {
            "term" => fuzz::term,
            "handshake_initiator" => fuzz::handshake_initiator,
            "handshake_acceptor" => fuzz::handshake_acceptor,
            "link" => fuzz::link,
            "control" => fuzz::control,
            "epmd_server" => fuzz::epmd_server,
            _ => fuzz::epmd_client,
        };
        // Some have a runtime of their own.
        let ended = thread::scope(|scope| scope.spawn(|| run(bytes)).join());
        assert!(ended.is_ok(), "{target} fails on {name}: {bytes:?}");
        self.targets.insert(target);
        // Releases say much the same: what differs in its pids only need not be there again.
        let known = |input: &fuzz::Input| {
            let stem = input.name.rsplit_once("-otp").map(|(stem, _)| stem);
            stem == Some(&format!("corpus/{target}/{name}")) && input.bytes.len() == bytes.len()
        };
        if self.keep && !fuzz::corpus(target).iter().any(known) {
            fuzz::write(target, &format!("{name}-otp{}", self.release), bytes);
        }
    }

    /// Both ends of a handshake, and the link that follows.
    fn link(&mut self, name: &str, recorded: &Conversation) {
        let (client, server) = (&recorded.client[..], &recorded.server[..]);
        let (asked, frames) = handshake(client, b'r');
        let (answered, answers) = handshake(server, b'a');
        let challenge = |messages: &[&[u8]], tag: u8| {
            let message = messages.iter().find(|message| message[2] == tag);
            let start = match tag {
                b'N' => 11,
                b'n' => 9,
                _ => 3,
            };
            message.map(|message| message[start..start + 4].to_vec())
        };
        let theirs = challenge(&answered, b'N').or_else(|| challenge(&answered, b'n'));
        let ours = challenge(&asked, b'r').unwrap_or_default();
        let version = if asked[0][2] == b'n' { 2 } else { 0 };
        // Most links begin alike.
        let same = |message: &&&[u8]| !b"ra".contains(&message[2]);
        let said = asked.iter().chain(&answered).filter(same);
        let new = self.handshakes.insert(
            said.map(|message| message[..11.min(message.len())].to_vec())
                .collect(),
        );
        let mut seed = |target, challenge: &[u8], choice, messages: &[&[u8]]| {
            // The same over TLS, where lengths have four bytes.
            let four: Vec<u8> = messages
                .iter()
                .flat_map(|message| [&[0, 0], *message].concat())
                .collect();
            let two = [challenge, &[choice, 7], &messages.concat()].concat();
            self.add(target, name, &two);
            let four = [challenge, &[choice | FOUR, 7], &four].concat();
            self.add(target, &format!("tls-{name}"), &four);
        };
        if let Some(theirs) = theirs.filter(|_| new) {
            seed("handshake_acceptor", &theirs, 0, &asked);
        }
        if ours.len() == 4 && new {
            seed("handshake_initiator", &ours, 1 | version, &answered);
        }
        let passed = if name.starts_with("passed") {
            PASS_THROUGH
        } else {
            0
        };
        for (from, choice, stream) in [(PEER, 0, frames), (NAME, 2, answers)] {
            let short = name_of(from);
            self.messages(&format!("{name}-{short}"), from, passed != 0, stream);
            let stream = shortened(stream);
            if !stream.is_empty() {
                let choice = choice | passed;
                self.add(
                    "link",
                    &format!("{name}-{short}"),
                    &[&[choice, 5], &stream[..]].concat(),
                );
            }
        }
    }

    /// All that stands in the frames of one direction is taken; those that are passed through are messages of their own.
    fn messages(&mut self, name: &str, from: &str, passed: bool, stream: &[u8]) {
        let mut flags = DistFlags::recommended();
        if passed {
            flags = flags - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS;
        }
        let mut receiver = Receiver::new(Atom::new(from), flags, 1 << 30);
        let mut seen = BTreeSet::new();
        for frame in frames(stream) {
            let mut input = BytesMut::from(frame);
            let received = receiver.receive(&mut input);
            let received = received.unwrap_or_else(|error| panic!("{name}: {error}: {frame:?}"));
            let Some(Received::Message(_, payload)) = received else {
                continue;
            };
            if !passed || frame.len() > LONGEST {
                continue;
            }
            // The operation, and what kind of term goes with it.
            let operation = frame[9];
            let tag = payload.as_ref().map_or(0, |payload| payload.bytes()[0]);
            if seen.insert((operation, tag)) {
                self.add("control", &format!("{operation}-{tag}-{name}"), &frame[6..]);
            }
            if let Some(payload) = payload.filter(|_| name.starts_with("passed-terms")) {
                self.add("term", &format!("{tag}-{}", seen.len()), payload.bytes());
                seen.insert((operation, seen.len() as u8));
            }
        }
    }
}

fn name_of(node: &str) -> &str {
    node.split_once('@').map_or(node, |(name, _)| name)
}

/// The messages up to the last one of this end, and what follows them.
fn handshake(mut stream: &[u8], last: u8) -> (Vec<&[u8]>, &[u8]) {
    let mut messages = Vec::new();
    while let Some(length) = stream.first_chunk::<2>() {
        let (message, rest) = stream.split_at(2 + usize::from(u16::from_be_bytes(*length)));
        messages.push(message);
        stream = rest;
        if message[2] == last {
            break;
        }
    }
    (messages, stream)
}

/// The whole frames of a stream, with their lengths.
fn frames(mut stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = u32::from_be_bytes(*stream.first_chunk::<4>()?) as usize;
        let (frame, rest) = stream.split_at_checked(4 + length)?;
        stream = rest;
        Some(frame)
    })
}

/// The beginning of a stream, with its long frames cut short.
fn shortened(stream: &[u8]) -> Vec<u8> {
    let mut short = Vec::new();
    for frame in frames(stream).filter(|frame| frame.len() > 4) {
        let content = &frame[4..frame.len().min(LONGEST)];
        if short.len() + content.len() > LONGEST_LINK {
            break;
        }
        let length = u32::try_from(content.len()).expect("a short frame");
        short.extend_from_slice(&length.to_be_bytes());
        short.extend_from_slice(content);
    }
    short
}

#[tokio::test(flavor = "multi_thread")]
async fn ergo_takes_all_that_real_nodes_say() {
    let epmd = Epmd::start();
    let mut recorder = Recorder::start(epmd.port()).await;
    let options = |name: &str| {
        let options = Erl::options().distributed(recorder.port()).name(name);
        options.cookie(COOKIE).arg("-hidden")
    };
    let (alpha, beta) = tokio::join!(options(PEER).start(), options(NAME).start());
    let mut seeds = Seeds {
        release: alpha.release(),
        keep: std::env::var_os("ERGO_SEEDS").is_some(),
        targets: BTreeSet::new(),
        handshakes: BTreeSet::new(),
    };
    beta.eval(SINK).await;
    for (name, hidden, script) in SCENARIOS {
        recorder.hide(hidden);
        let script = script.trim_end_matches('.');
        let all = format!(
            "B = '{NAME}', {script}, {{sink, B}} ! {{self(), sync}}, receive synced -> ok end."
        );
        assert_eq!(alpha.eval(&all).await, "ok", "{name}");
        alpha.cut(Atom::new(NAME)).await;
        seeds.link(name, &recorder.link().await);
    }
    recorder.hide(0);

    // Nodes that are visible have more to say, and one that does not know the cookie has less.
    drop((alpha, beta));
    let visible = |name: &str, cookie: &str| {
        let options = Erl::options().distributed(recorder.port());
        options.name(name).cookie(cookie)
    };
    // Name servers that hear of a node when it is gone again would connect once more, and `beta` would be the one that dials.
    let answers_only = visible(NAME, COOKIE).args(&["-kernel", "dist_auto_connect", "never"]);
    let (alpha, beta) = tokio::join!(visible(PEER, COOKIE).start(), answers_only.start());
    let ping = format!("net_adm:ping('{NAME}').");
    assert_eq!(alpha.eval(&ping).await, "pong");
    alpha.cut(Atom::new(NAME)).await;
    seeds.link("visible", &recorder.link().await);
    // OTP 23 begins in the old way with a node that it takes for an older one.
    recorder.highest(5);
    assert_eq!(alpha.eval(&ping).await, "pong");
    alpha.cut(Atom::new(NAME)).await;
    seeds.link("older", &recorder.link().await);
    recorder.highest(6);
    // Should a name server have connected again.
    let wrong = format!("erlang:set_cookie(node(), wrong), disconnect_node('{NAME}').");
    alpha.eval(&wrong).await;
    assert_eq!(alpha.eval(&ping).await, "pang");
    seeds.link("wrong-cookie", &recorder.link().await);
    let nobody = "erl_epmd:port_please(\"nobody\", {127, 0, 0, 1}).";
    assert_eq!(alpha.eval(nobody).await, "noport");

    // A node without a name is given one.
    let port = recorder.port().to_string();
    let nameless = Erl::options().env("ERL_EPMD_PORT", &port).args(&[
        "-sname",
        "undefined",
        "-setcookie",
        COOKIE,
        "-start_epmd",
        "false",
        "-hidden",
    ]);
    let nameless = nameless.start().await;
    let connect = format!("net_kernel:connect_node('{NAME}').");
    assert_eq!(nameless.eval(&connect).await, "true");
    drop(nameless);
    seeds.link("nameless", &recorder.link().await);

    // What only the program `epmd` asks.
    let port = recorder.port().to_string();
    for arguments in [
        &["-names"][..],
        &["-dump"],
        &["-stop", "nobody"],
        &["-kill"],
    ] {
        let mut program = tokio::process::Command::new(tests::epmd());
        let asked = program
            .args(["-port", &port])
            .args(arguments)
            .output()
            .await;
        asked.expect("epmd runs");
    }

    let release = seeds.release;
    for Conversation { client, server } in recorder.questions() {
        // A question that is not answered yet.
        let Some(&kind) = client.get(2) else { continue };
        let kind = char::from(kind);
        let name = |said: &[u8]| format!("{kind}-{}", said.len());
        seeds.add("epmd_server", &name(&client), &[&[0], &client[..]].concat());
        let asked = match kind {
            'x' => 0,
            'z' => 1,
            'n' | 'd' => 2,
            'k' => 3,
            's' => 4,
            other => panic!("OTP {release} asks EPMD for {other:?}"),
        };
        seeds.add(
            "epmd_client",
            &name(&server),
            &[&[asked], &server[..]].concat(),
        );
    }
    for (name, text) in [
        (
            "compressed",
            "term_to_binary([{N, ok} || N <- lists:seq(1, 300)], [compressed])",
        ),
        (
            "old-floats",
            "term_to_binary({1.5, -1.0e-300}, [{minor_version, 0}])",
        ),
        ("closure", "term_to_binary(fun() -> beta end)"),
    ] {
        let bytes = beta.eval_bytes(&format!("{text}."), &[]).await;
        seeds.add("term", name, &bytes);
    }
    let all = [
        "control",
        "epmd_client",
        "epmd_server",
        "handshake_acceptor",
        "handshake_initiator",
        "link",
        "term",
    ];
    assert_eq!(seeds.targets, BTreeSet::from(all));
}
