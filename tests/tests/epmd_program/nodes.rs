//! Unmodified nodes of Erlang and Elixir with either program.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tests::{Epmd, Erl, Options, unique, unused_port};

use super::{names, programs, run};

fn short(erl: &Erl) -> &str {
    erl.name().split('@').next().unwrap()
}

/// Waits until exactly these nodes are registered.
async fn registered(port: u16, nodes: &[&Erl]) {
    let mut expected: Vec<&str> = nodes.iter().map(|node| short(node)).collect();
    expected.sort();
    tests::until(|| {
        let names = names(port);
        let mut names: Vec<&str> = names
            .lines()
            .filter_map(|line| line.strip_prefix("name ")?.split(' ').next())
            .collect();
        names.sort();
        names == expected
    })
    .await;
}

async fn ping(from: &Erl, to: &Erl) -> String {
    from.eval(&format!("net_adm:ping('{}').", to.name())).await
}

#[tokio::test]
async fn nodes_see_each_other_and_survive_a_restart() {
    let (theirs, ours) = tokio::join!(survive(tests::epmd()), survive(tests::our_epmd()));
    assert_eq!(ours, theirs);
}

/// Nodes of Erlang and of Elixir before and after the end of their `epmd`: what they see.
async fn survive(program: PathBuf) -> Vec<String> {
    let epmd = Epmd::program(&program, &[]);
    let port = epmd.port();
    let cookie = unique("cookie");
    let start = |options: Options| options.distributed(port).cookie(&cookie).start();
    let (first, second, elixir) = tokio::join!(
        start(Erl::options()),
        start(Erl::options()),
        start(Erl::elixir())
    );
    registered(port, &[&first, &second, &elixir]).await;
    let mut seen = vec![ping(&first, &second).await, ping(&first, &elixir).await];
    if first.release() < 24 {
        // `erl_epmd` registers again since OTP 23.3; Debian's 23 is older.
        return seen;
    }
    let creation = "erlang:system_info(creation).";
    let creations = [first.eval(creation).await, second.eval(creation).await];

    let epmd = epmd.restart();
    registered(port, &[&first, &second, &elixir]).await;
    assert_eq!(
        creations,
        [first.eval(creation).await, second.eval(creation).await]
    );
    // They never lost each other, and who comes later finds all.
    seen.push(first.eval("length(nodes()).").await);
    let third = start(Erl::options()).await;
    for node in [&first, &second, &elixir] {
        seen.push(ping(&third, node).await);
    }
    let all = "{ok, Names} = net_adm:names({127,0,0,1}), length(Names).";
    seen.push(third.eval(all).await);
    second.halt().await;
    elixir.halt().await;
    registered(port, &[&first, &third]).await;
    drop(epmd);
    seen
}

#[tokio::test]
async fn a_node_starts_the_program_itself() {
    if env::var_os("ERGO_ERL").is_some() {
        // That one may live under another root, from where it cannot run a program of this one.
        return;
    }
    for program in programs() {
        let port = unused_port();
        // Elixir takes an argument without spaces only, so the command is a script.
        let script = env::temp_dir().join(unique("epmd"));
        let command = format!("#!/bin/sh\nexec '{}' -daemon\n", program.display());
        fs::write(&script, command).unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
        let script_text = script.to_str().unwrap();
        let cookie = unique("cookie");
        let started = |options: Options| {
            let options = options.distributed(port).cookie(&cookie);
            options.epmd_command(script_text).start()
        };
        // The first starts it; the second one's is of no use, and does no harm.
        let first = started(Erl::options()).await;
        let second = started(Erl::elixir()).await;
        registered(port, &[&first, &second]).await;
        assert_eq!(ping(&first, &second).await, "pong");
        first.halt().await;
        second.halt().await;
        registered(port, &[]).await;
        let killed = run(&program, &["-port", &port.to_string(), "-kill"], &[]);
        assert_eq!(killed.stdout, "Killed\n");
        fs::remove_file(script).unwrap();
    }
}
