//! What the log shows at the level `trace`: what goes over a link, decoded and in hex, and nothing secret.
//!
//! Alone in its program, which has one log.

use ergo::dist::Cookie;
use ergo::process::ProcessId;
use ergo::{Atom, term};
use md5::{Digest, Md5};
use tests::{Cluster, Log, until};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The numbers that follow `field` in the log.
fn numbers(log: &str, field: &str) -> Vec<u32> {
    let digits = |rest: &str| {
        let end = rest.find(|c: char| !c.is_ascii_digit());
        rest[..end.unwrap_or(rest.len())].parse().ok()
    };
    log.split(field).skip(1).filter_map(digits).collect()
}

#[tokio::test]
async fn frames_are_shown_and_secrets_are_not() {
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_env_filter("ergo=trace")
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    erl.eval(
        "register(echo, spawn(fun F() -> receive {From, Term} -> From ! {echoed, Term}, F() end end)).",
    )
    .await;
    let name = Atom::new(erl.name());
    let probe = tests::Probe::start(&node);
    node.connect(erl.name()).await.unwrap();
    let request = (probe.pid, term!({ask, <<"question">>, 4711}));
    node.send(ProcessId::Name(Atom::new("echo"), name), &request)
        .unwrap();

    let mut shown = String::new();
    let lines = |log: &str, parts: &[&str]| {
        let fits = |line: &&str| parts.iter().all(|part| line.contains(part));
        log.lines().filter(fits).count()
    };
    let answer = [
        "received",
        "control=SEND ",
        "{echoed,{ask,<<\"question\">>,4711}}",
    ];
    until(|| {
        shown.push_str(&log.take());
        lines(&shown, &answer) > 0
    })
    .await;

    node.stop().await;
    shown.push_str(&log.take());

    let question = hex(b"question");
    for parts in [
        &["handshake way=out says=Name", "hex=4e"][..],
        &["handshake way=in says=Ok", "hex=736f6b"],
        &["handshake way=in says=Challenge", "hex=4e"],
        &["handshake way=out says=Reply", "Digest(..)"],
        &["handshake way=in says=Ack", "Digest(..)", "hex=61"],
        &["sent", "control=REG_SEND", "to echo", "4711"],
        &["written", "hex=", &question],
        &["received", "control=SEND ", "hex=", &question],
    ] {
        let parts = [&["TRACE ergo::dist: "], parts].concat();
        assert!(lines(&shown, &parts) > 0, "{parts:?} in\n{shown}");
    }
    for target in ["ergo::node", "ergo::net", "ergo::epmd"] {
        assert!(lines(&shown, &[&format!(" {target}: ")]) > 0, "{target}");
    }

    let cookie = cluster.cookie();
    let mut secrets = vec![cookie.to_owned(), hex(cookie.as_bytes())];
    let challenges = numbers(&shown, "challenge: ");
    assert!(challenges.len() >= 2, "{challenges:?}");
    for challenge in challenges {
        secrets.push(hex(&Md5::digest(format!("{cookie}{challenge}"))));
    }
    secrets.push(format!("{:?}", cookie.as_bytes()));
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in\n{shown}");
    }
    assert_eq!(format!("{:?}", Cookie::new(cookie).unwrap()), "Cookie(..)");
}
