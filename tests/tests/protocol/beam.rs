//! What a real Erlang node says to a peer with these flags or those: the numbers of the operations, read off the bytes,
//! and that ergo understands exactly these bytes.

use bytes::BytesMut;
use ergo::dist::{Control, DistFlags, Received, Receiver};
use ergo::etf::Budget;
use ergo::{Atom, Term, term};
use tests::peer::{
    ALIAS, ALTACT_SIG, DIST_MONITOR, DIST_MONITOR_NAME, EXIT_PAYLOAD, FLAGS, MODERN, SEND_SENDER,
    SPAWN, UNLINK_ID,
};
use tests::{Actor, Cluster, DEADLINE, Erl, Said, unique_node};

/// A BEAM, and what a scripted peer hears of it.
struct Audience {
    erl: Erl,
    actor: Actor,
    flags: u64,
    _cluster: Cluster,
}

impl Audience {
    /// A peer with these flags.
    async fn new(flags: u64) -> Audience {
        Audience::try_new(flags).await.expect("the BEAM takes these flags")
    }

    /// A peer with these flags, unless the release of the BEAM demands others.
    async fn try_new(flags: u64) -> Option<Audience> {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        let local = erl.name().split_once('@').unwrap().0;
        let found = ergo::epmd::lookup("127.0.0.1", cluster.epmd_port(), local, DEADLINE).await;
        let port = found.unwrap().expect("registered").port;
        if erl.release() >= 26 && flags & UNLINK_ID == 0 {
            return None;
        }
        let actor = Actor::join(port, &unique_node("actor"), cluster.cookie(), flags);
        Some(Audience {
            erl,
            actor,
            flags,
            _cluster: cluster,
        })
    }

    /// Evaluates with `To`, a process of the peer, and `Alias`, a reference of it, bound, and `Node`, its name.
    async fn eval(&mut self, text: &str) -> String {
        let to = ergo::etf::to_bytes(&Term::Pid(self.actor.pid(1))).unwrap();
        let alias = ergo::etf::to_bytes(&Term::Ref(self.actor.reference(7))).unwrap();
        let text = format!(
            "To = binary_to_term(B1), Alias = binary_to_term(B2), Node = '{}', {text}",
            self.actor.name.as_str()
        );
        let bindings: [(&str, &[u8]); 2] = [("B1", &to), ("B2", &alias)];
        self.erl.eval_with(&text, &bindings).await
    }

    /// The operations that an expression makes the BEAM send.
    async fn operations(&mut self, text: &str) -> Vec<String> {
        self.eval(text).await;
        let heard = self.actor.heard();
        heard.iter().for_each(|said| self.understood(said));
        heard.iter().map(Said::label).collect()
    }

    /// Reads the same bytes as ergo does on a link with these flags.
    fn understood(&self, said: &Said) {
        let peer = Atom::new(self.erl.name());
        let mut receiver = Receiver::new(peer, DistFlags::from_bits(self.flags), 1 << 20);
        let length = u32::try_from(said.frame.len()).unwrap().to_be_bytes();
        let mut input = BytesMut::from(&[&length, &said.frame[..]].concat()[..]);
        let (control, payload) = match receiver.receive(&mut input).unwrap() {
            Some(Received::Message(control, payload)) => (control, payload),
            other => panic!("{other:?} of {said:?}"),
        };
        let altact = match &said.control {
            Term::Tuple(tuple) if said.operation == 37 => i64::try_from(&tuple[1]).unwrap(),
            _ => 0,
        };
        let meant = match said.operation {
            1 => "Link ",
            4 | 35 => "Unlink ",
            36 => "UnlinkAck ",
            7 => "GroupLeader ",
            19 => "Monitor ",
            20 => "Demonitor ",
            21 | 28 => "MonitorExit ",
            29 | 30 => "SpawnRequest",
            31 | 32 => "SpawnReply ",
            3 | 13 | 24 | 25 => "Exit ",
            8 | 18 | 26 | 27 => "Exit2 ",
            33 | 34 => "AliasSend ",
            2 | 12 | 22 | 23 => "Send ",
            6 | 16 => "RegSend ",
            37 if altact & 16 != 0 => "Exit2 ",
            37 if altact & 4 != 0 => "AliasSend ",
            37 if altact & 8 != 0 => "RegSend ",
            37 => "Send ",
            other => panic!("operation {other}"),
        };
        assert!(format!("{control:?}").starts_with(meant), "{control:?}");
        assert_eq!(control.has_payload(), payload.is_some());
        let payload: Option<Term> = payload.map(|it| it.decode(&Budget::default()).unwrap());
        match control {
            Control::SpawnRequest(_) => assert_eq!(payload, Some(term!([one, 2]))),
            // The link is to a process that is not there, or whose reason is given.
            _ => assert!(payload.is_none_or(|it| it == term!(hello) || it == term!(why))),
        }
    }
}

/// One thing to do, and the operations that it takes with a modern peer, with one that lacks flags, and by whom.
struct Row {
    text: &'static str,
    modern: &'static str,
    /// To a peer without [`OPTIONAL`].
    bare: &'static str,
    since: u32,
}

const fn row(text: &'static str, modern: &'static str, bare: &'static str, since: u32) -> Row {
    Row {
        text,
        modern,
        bare,
        since,
    }
}

/// What a peer of OTP 26 and later may lack.
const OPTIONAL: u64 = SEND_SENDER | EXIT_PAYLOAD | SPAWN | ALIAS | ALTACT_SIG;

/// Without a trace token, and with one.
const ROWS: &[Row] = &[
    row("To ! hello.", "22", "2", 23),
    row("{kv, Node} ! hello.", "6", "6", 23),
    row("link(To), unlink(To).", "1 35", "1 35", 23),
    row("exit(To, why).", "26", "8", 23),
    row(
        "{_, R} = spawn_monitor(fun() -> link(To), exit(why) end), receive {'DOWN', R, _, _, _} -> ok end.",
        "1 24",
        "1 3",
        23,
    ),
    row("R = monitor(process, To), demonitor(R).", "19 20", "19 20", 23),
    row("R = monitor(process, {kv, Node}), demonitor(R).", "19 20", "19 20", 23),
    row("group_leader(self(), To).", "7", "7", 23),
    row("spawn_request(Node, m, f, [one, 2], [{reply, no}]).", "29", "", 23),
    row("Alias ! hello.", "33", "", 24),
    // A token.
    row("Token(), To ! hello.", "23", "12", 23),
    row("Token(), {kv, Node} ! hello.", "16", "16", 23),
    // Of `exit/2` no release keeps it.
    row("Token(), exit(To, why).", "26", "8", 23),
    row(
        "{_, R} = spawn_monitor(fun() -> link(To), Token(), exit(why) end), receive {'DOWN', R, _, _, _} -> ok end.",
        "1 25",
        "1 13",
        23,
    ),
    row("Token(), spawn_request(Node, m, f, [one, 2], [{reply, no}]).", "30", "", 23),
    row("Token(), Alias ! hello.", "34", "", 24),
    row("Token(), link(To), R = monitor(process, To), demonitor(R), unlink(To).", "1 19 20 35", "1 19 20 35", 23),
];

const TOKEN: &str =
    "Token = fun() -> seq_trace:set_token(label, 17), seq_trace:set_token(send, true) end,";

async fn rows(audience: &mut Audience, expected: impl Fn(&Row, u32) -> String) {
    let release = audience.erl.release();
    let mut others = Vec::new();
    // An older release has no such function.
    for row in ROWS.iter().filter(|row| release >= row.since) {
        let text = format!("{TOKEN} {}", row.text);
        let operations = audience.operations(&text).await.join(" ");
        let mut expected = expected(row, release);
        if release < 24 {
            expected = expected.replace("35", "4");
        }
        if operations != expected {
            others.push(format!("{operations} by {}", row.text));
        }
    }
    assert_eq!(others, [""; 0], "on OTP {release}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_that_a_beam_sends() {
    let mut audience = Audience::new(MODERN).await;
    let expected = |row: &Row, release| match (row.modern, release) {
        // What only releases with the signal of OTP 28 send.
        ("33", 28..) => "37:4".to_owned(),
        ("34", 28..) => "37:6".to_owned(),
        (modern, _) => modern.to_owned(),
    };
    rows(&mut audience, expected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_old_form_that_a_beam_sends() {
    let mut audience = Audience::new(FLAGS & !OPTIONAL).await;
    rows(&mut audience, |row, _| row.bare.to_owned()).await;
}

/// With one flag less at a time.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_beam_does_without_a_flag() {
    let monitors = "R = monitor(process, To), demonitor(R), S = monitor(process, {kv, Node}), demonitor(S)";
    for (lacks, text, expected, since) in [
        (SEND_SENDER, "To ! hello", "2", 23),
        (EXIT_PAYLOAD, "exit(To, why)", "8", 23),
        (SPAWN, "spawn_request(Node, m, f, [one, 2])", "", 23),
        // Either of the two means: no monitors at all.
        (DIST_MONITOR, monitors, "", 23),
        (DIST_MONITOR_NAME, monitors, "", 23),
        // OTP 26 and later demand it.
        (UNLINK_ID, "link(To), unlink(To)", "1 4", 23),
        (ALIAS, "Alias ! hello", "", 24),
        (ALTACT_SIG, "Alias ! hello", "33", 24),
    ] {
        let Some(mut audience) = Audience::try_new(MODERN & !lacks).await else {
            assert_eq!(lacks, UNLINK_ID);
            continue;
        };
        if audience.erl.release() < since {
            continue;
        }
        audience.eval(&format!("{text}, {{done, Node}} ! hello.")).await;
        let mut operations = Vec::new();
        loop {
            let said = audience.actor.hear();
            audience.understood(&said);
            if said.operation == 6 {
                break;
            }
            operations.push(said.label());
        }
        assert_eq!(operations.join(" "), expected, "without {lacks:#x}: {text}");
    }
}
