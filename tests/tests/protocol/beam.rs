//! What a real Erlang node says to a peer with these flags or those: the numbers of the operations, read off the bytes,
//! and that ergo understands exactly these bytes.

use ergo::{Atom, Term, term};
use tests::peer::{
    ALIAS, ALTACT_SIG, DIST_MONITOR, DIST_MONITOR_NAME, EXIT_PAYLOAD, FLAGS, MODERN, SEND_SENDER,
    SPAWN, UNLINK_ID,
};

use super::audience::Audience;

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
    row(
        "R = monitor(process, To), demonitor(R).",
        "19 20",
        "19 20",
        23,
    ),
    row(
        "R = monitor(process, {kv, Node}), demonitor(R).",
        "19 20",
        "19 20",
        23,
    ),
    row("group_leader(self(), To).", "7", "7", 23),
    row(
        "spawn_request(Node, m, f, [one, 2], [{reply, no}]).",
        "29",
        "",
        23,
    ),
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
    row(
        "Token(), spawn_request(Node, m, f, [one, 2], [{reply, no}]).",
        "30",
        "",
        23,
    ),
    row("Token(), Alias ! hello.", "34", "", 24),
    row(
        "Token(), link(To), R = monitor(process, To), demonitor(R), unlink(To).",
        "1 19 20 35",
        "1 19 20 35",
        23,
    ),
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
    let monitors =
        "R = monitor(process, To), demonitor(R), S = monitor(process, {kv, Node}), demonitor(S)";
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
        audience
            .eval(&format!("{text}, {{done, Node}} ! hello."))
            .await;
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

/// What only OTP 28 and later do, each in the signal that came with it.
#[tokio::test(flavor = "multi_thread")]
async fn the_signal_of_otp_28_in_every_form() {
    let rows = [
        ("Alias ! hello", "37:4"),
        ("erlang:send(To, hello, [priority])", "37:1"),
        ("erlang:send({kv, Node}, hello, [priority])", "37:9"),
        ("erlang:send(Alias, hello, [priority])", "37:5"),
        ("exit(To, why, [priority])", "37:17"),
        ("exit(Alias, why, [])", "37:20"),
        ("exit(Alias, why, [priority])", "37:21"),
        ("Token(), Alias ! hello", "37:6"),
        ("Token(), erlang:send(To, hello, [priority])", "37:3"),
        (
            "Token(), erlang:send({kv, Node}, hello, [priority])",
            "37:11",
        ),
        ("Token(), erlang:send(Alias, hello, [priority])", "37:7"),
        // As before.
        ("link(To, [priority]), unlink(To)", "1 35"),
        (
            "R = monitor(process, To, [priority]), demonitor(R)",
            "19 20",
        ),
        ("exit(To, why)", "26"),
        ("To ! hello", "22"),
    ];
    let mut audience = Audience::new(MODERN).await;
    if audience.erl.release() < 28 {
        let priority = audience.eval("erlang:function_exported(erlang, exit, 3).");
        assert_eq!(priority.await, "false");
        return;
    }
    let mut without = Audience::new(MODERN & !ALTACT_SIG).await;
    for (text, expected) in rows {
        let text = format!("{TOKEN} {text}.");
        assert_eq!(
            audience.operations(&text).await.join(" "),
            expected,
            "{text}"
        );
        let fallback = match expected {
            "37:4" | "37:5" => "33",
            "37:6" | "37:7" => "34",
            "37:1" => "22",
            "37:3" => "23",
            "37:9" => "6",
            "37:11" => "16",
            "37:17" => "26",
            "37:20" | "37:21" => "",
            other => other,
        };
        assert_eq!(
            without.operations(&text).await.join(" "),
            fallback,
            "{text}"
        );
    }
}

/// What it says because it was asked, in old and in new forms.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_beam_answers() {
    for flags in [MODERN, FLAGS] {
        let mut audience = Audience::new(flags).await;
        let has = |flag| flags & flag != 0;
        let release = audience.erl.release();
        let dead = audience
            .pid("begin {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> P end end")
            .await;
        let (me, reference) = (audience.actor.pid(1), audience.actor.reference(1));
        let nobody = Atom::new("nobody");
        let payload = has(EXIT_PAYLOAD);
        let answered = |audience: &mut Audience, number: u8, with: Term| {
            let said = audience.actor.hear();
            audience.understood(&said);
            let (control, message) = (said.control, said.message);
            let inline = match (message, with) {
                (None, without) => without,
                (Some(reason), with) => {
                    assert_eq!(reason, term!(noproc));
                    with
                }
            };
            assert_eq!((said.operation, control), (number, inline));
        };
        for target in [Term::Pid(dead), Term::from(nobody)] {
            audience
                .actor
                .send(term!({19, (me), (target.clone()), (reference)}));
            let (number, with) = match payload {
                true => (28, term!({28, (target), (me), (reference)})),
                false => (21, term!({21, (target), (me), (reference), noproc})),
            };
            answered(&mut audience, number, with);
        }
        audience.actor.send(term!({1, (me), (dead)}));
        let (number, with) = match payload {
            true => (24, term!({24, (dead), (me)})),
            false => (3, term!({3, (dead), (me), noproc})),
        };
        answered(&mut audience, number, with);
        if release >= 24 {
            audience.actor.send(term!({35, 77, (me), (dead)}));
            answered(&mut audience, 36, term!({36, 77, (dead), (me)}));
        }
        if has(SPAWN) {
            let token = term!({1, 17, 1, (me), 0});
            let function = term!({erlang, is_atom, 1});
            let request = term!({29, (reference), (me), (me), (function.clone()), [nonsense]});
            audience.actor.say(&[request, term!([a])]);
            answered(&mut audience, 31, term!({31, (reference), (me), 0, badopt}));
            let request = term!({30, (reference), (me), (me), (function), [nonsense], (token)});
            audience.actor.say(&[request, term!([a])]);
            // In a token the node may stand where else a pid does.
            let token = term!({1, 17, 1, (Atom::new(audience.erl.name())), 0});
            let traced = term!({32, (reference), (me), 0, badopt, (token)});
            answered(&mut audience, 32, traced);
            let request = term!({29, (reference), (me), (me), {timer, sleep, 1}, [link, monitor]});
            audience.actor.say(&[request, term!([infinity])]);
            let said = audience.actor.hear();
            audience.understood(&said);
            let Term::Tuple(reply) = &said.control else {
                panic!("{said:?}")
            };
            assert_eq!((said.operation, &reply[3]), (31, &Term::from(3)));
        }
        audience.actor.settle();
    }
}
