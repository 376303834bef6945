//! The table works: each peer of each case has its line, whatever the figure.

use std::collections::BTreeSet;
use std::process::Command;

use benches::cases::{self, Shared};

/// What a line says: the peer and the case. Anything else than the promised form fails.
fn read(line: &str) -> Option<(String, String)> {
    let line = line.strip_prefix(r#"{"peer":""#)?;
    let (peer, line) = line.split_once(r#"","case":""#)?;
    let (case, line) = line.split_once(r#"","ns_per_op":"#)?;
    let numbers = line.strip_suffix('}')?;
    let (ns, bytes) = match numbers.split_once(r#","bytes_per_op":"#) {
        Some((ns, bytes)) => (ns, Some(bytes)),
        None => (numbers, None),
    };
    let is_number = |text: &str| text.parse::<f64>().is_ok_and(|number| number >= 0.0);
    let numbers = is_number(ns) && bytes.is_none_or(is_number);
    numbers.then(|| (peer.to_owned(), case.to_owned()))
}

#[test]
fn every_peer_of_every_case_has_a_line() {
    let table = Command::new(env!("CARGO_BIN_EXE_table"))
        .args(["--quick", "--json"])
        .output()
        .expect("the table runs");
    let (out, err) = (
        String::from_utf8_lossy(&table.stdout),
        String::from_utf8_lossy(&table.stderr),
    );
    assert!(table.status.success(), "{out}{err}");
    let lines = out
        .lines()
        .map(|line| read(line).unwrap_or_else(|| panic!("no line of the table: {line}")));
    let found: BTreeSet<(String, String)> = lines.collect();

    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let wanted: BTreeSet<(String, String)> = runtime.block_on(async {
        let cases = cases::all(&Shared::new().await);
        let lines = cases.iter().flat_map(|case| {
            let line = |peer: &benches::case::Peer| (peer.name.to_owned(), case.name.clone());
            case.peers.iter().map(line)
        });
        lines.collect()
    });
    let differ: Vec<_> = found.symmetric_difference(&wanted).collect();
    assert!(differ.is_empty(), "{differ:?}: {err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_counted() {
    let mut counted = Vec::new();
    for _ in 0..2 {
        let shared = Shared::new().await;
        let calls = shared.sizes.of_calls::<i64>(&shared.cluster).await;
        counted.push((calls, shared.sizes.of_casts(&shared.cluster).await));
    }
    let [(calls, cast), (again, cast_again)] = [counted[0], counted[1]];
    // What ends the monitor of the last call may pass after the count.
    let apart = [
        calls.request.abs_diff(again.request),
        calls.answer.abs_diff(again.answer),
        cast.abs_diff(cast_again),
    ];
    assert!(apart.iter().all(|apart| *apart <= 1), "{counted:?}");
    // A cast is a part of a call, and an answer has neither the caller's pid nor a monitor.
    assert!(
        cast < calls.request && calls.answer < calls.request,
        "{counted:?}"
    );
}

#[test]
fn a_peer_that_is_not_there_is_named() {
    let table = Command::new(env!("CARGO_BIN_EXE_table"))
        .args(["--quick", "local_cast"])
        .env("ERGO_ERL", "/no/such/erl")
        .output()
        .expect("the table runs");
    let out = String::from_utf8_lossy(&table.stdout);
    assert!(table.status.success(), "{out}");
    assert!(out.contains("otp -"), "{out}");
    assert!(
        out.contains("otp is missing: /no/such/erl does not start"),
        "{out}"
    );
}

#[test]
fn a_case_that_is_not_there_is_an_error() {
    let table = Command::new(env!("CARGO_BIN_EXE_table"))
        .arg("chart_7")
        .output()
        .expect("the table runs");
    assert!(!table.status.success());
}
