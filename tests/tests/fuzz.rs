//! A short run of every fuzz target: over its corpus, over what was once found, and over some thousand changes of them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tests::fuzz::{self, Mutations};

/// How many changed inputs each target gets.
const CHANGED: usize = 3000;

fn smoke(name: &str, target: fn(&[u8])) {
    let corpus = fuzz::corpus(name);
    assert!(corpus.len() >= 5, "a corpus of {} inputs", corpus.len());
    let run = |input: &[u8], what: &str| {
        // What is wrong has been printed by then.
        let ended = catch_unwind(AssertUnwindSafe(|| target(input)));
        assert!(
            ended.is_ok(),
            "{name} fails on {what}, which is {}",
            hex(input)
        );
    };
    for input in &corpus {
        run(&input.bytes, &input.name);
    }
    let inputs: Vec<Vec<u8>> = corpus.into_iter().map(|input| input.bytes).collect();
    for (index, changed) in Mutations::new(&inputs).take(CHANGED).enumerate() {
        run(&changed, &format!("change {index}"));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn term() {
    smoke("term", fuzz::term);
}

#[test]
fn handshake_initiator() {
    smoke("handshake_initiator", fuzz::handshake_initiator);
}

#[test]
fn handshake_acceptor() {
    smoke("handshake_acceptor", fuzz::handshake_acceptor);
}

#[test]
fn link() {
    smoke("link", fuzz::link);
}

#[test]
fn control() {
    smoke("control", fuzz::control);
}

#[test]
fn epmd_server() {
    smoke("epmd_server", fuzz::epmd_server);
}

#[test]
fn epmd_client() {
    smoke("epmd_client", fuzz::epmd_client);
}
