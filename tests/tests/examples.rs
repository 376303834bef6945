//! The examples, run as their readers would.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tests::phoenix;
use tests::readme::{blocks, head, transcript};
use tests::tls::Files;
use tests::{Epmd, Erl, Example, unique, unique_node};

/// Starts a serving example under the name that its transcript uses, replays the transcript in a shell, and ends the
/// example.
fn replay(name: &str, source: &str) {
    let epmd = Epmd::start();
    let example = Example::node(name, &format!("{name}@127.0.0.1"), "secret", epmd.port());
    let [written] = &blocks(&head(source), "erlang")[..] else {
        panic!("{name} has one transcript")
    };
    let mut shell = Erl::options()
        .distributed(epmd.port())
        .name("me@127.0.0.1")
        .cookie("secret")
        .shell();
    assert_eq!(shell.replay(&transcript(written)), *written, "{name}");

    example.terminate();
    let (status, output, log) = example.wait();
    assert!(status.success(), "{name}: {status}: {log}");
    assert_eq!(output, format!("ready {name}@127.0.0.1\n"));
}

#[test]
fn genserver_is_what_a_shell_shows() {
    replay(
        "genserver",
        include_str!("../../examples/examples/genserver.rs"),
    );
}

#[test]
fn supervisor_is_what_a_shell_shows() {
    replay(
        "supervisor",
        include_str!("../../examples/examples/supervisor.rs"),
    );
}

#[test]
fn application_is_what_a_shell_shows() {
    replay(
        "application",
        include_str!("../../examples/examples/application.rs"),
    );
}

#[test]
fn rpc_is_what_a_shell_shows() {
    replay("rpc", include_str!("../../examples/examples/rpc.rs"));
}

#[test]
fn cluster_is_what_a_shell_shows() {
    replay(
        "cluster",
        include_str!("../../examples/examples/cluster.rs"),
    );
}

#[test]
fn phoenix_is_what_an_elixir_shell_shows() {
    let epmd = Epmd::start();
    let name = "phoenix@127.0.0.1";
    let example = Example::node("phoenix", name, "secret", epmd.port());
    let source = include_str!("../../examples/examples/phoenix.rs");
    let [written] = &blocks(&head(source), "elixir")[..] else {
        panic!("one transcript")
    };
    let mut shell = Erl::elixir()
        .distributed(epmd.port())
        .name("web@127.0.0.1")
        .cookie("secret")
        .shell();
    phoenix::prepare(&mut shell, name);
    assert_eq!(shell.replay(&transcript(written)), *written);
    example.terminate();
    let (status, output, log) = example.wait();
    assert!(status.success(), "{status}: {log}");
    assert_eq!(output, format!("ready {name}\n"));
}

#[test]
fn multinode_is_what_two_clusters_see() {
    let source = include_str!("../../examples/examples/multinode.rs");
    let (left, right) = (Epmd::start(), Epmd::start());
    let ports = [left.port().to_string(), right.port().to_string()];
    let arguments = [
        "--left",
        "left@127.0.0.1",
        "--left-cookie",
        "lemon",
        "--left-epmd",
        &ports[0],
        "--right",
        "right@127.0.0.1",
        "--right-cookie",
        "rhubarb",
        "--right-epmd",
        &ports[1],
    ];
    let example = Example::start("multinode", &arguments, &[("RUST_LOG", "info")]);
    example.printed("ready left@127.0.0.1 right@127.0.0.1");
    let shell = |epmd: &Epmd, name, cookie| {
        let options = Erl::options().distributed(epmd.port());
        options.name(name).cookie(cookie).shell()
    };
    let mut till = shell(&left, "till@127.0.0.1", "lemon");
    let mut shop = shell(&right, "shop@127.0.0.1", "rhubarb");
    let written = blocks(&head(source), "erlang");
    assert_eq!(written.len(), 4);
    for block in written {
        let shell = match block.starts_with("(till@") {
            true => &mut till,
            false => &mut shop,
        };
        assert_eq!(shell.replay(&transcript(&block)), block);
    }
    example.terminate();
    let (status, output, log) = example.wait();
    assert!(status.success(), "{status}: {log}");
    assert_eq!(output, "ready left@127.0.0.1 right@127.0.0.1\n");
}

#[test]
fn nodetls_is_what_a_shell_shows() {
    let source = include_str!("../../examples/examples/nodetls.rs");
    let (epmd, files) = (Epmd::start(), Files::new());
    let certs = files.path("certs");
    let certs = certs.to_str().expect("a path in UTF-8");
    let name = "nodetls@127.0.0.1";
    let start = || {
        let arguments = ["--name", name, "--cookie", "secret", "--certs", certs];
        let environment = [("ERL_EPMD_PORT", &*epmd.port().to_string())];
        let example = Example::start("nodetls", &arguments, &environment);
        example.printed(&format!("ready {name}"));
        example
    };
    let example = start();
    let [written] = &blocks(&head(source), "erlang")[..] else {
        panic!("one transcript")
    };
    let options = format!("{certs}/ssl_dist.conf");
    let options = ["-proto_dist", "inet_tls", "-ssl_dist_optfile", &options];
    let mut shell = Erl::options()
        .distributed(epmd.port())
        .name("me@127.0.0.1")
        .cookie("secret")
        .args(&options)
        .shell();
    assert_eq!(shell.replay(&transcript(written)), *written);
    example.terminate();
    let (status, output, log) = example.wait();
    assert!(status.success(), "{status}: {log}");
    assert_eq!(output, format!("ready {name}\n"));

    // The certificates that it made are there when it starts again.
    let gone =
        "(fun Gone() -> nodes(connected) =:= [] orelse begin erlang:yield(), Gone() end end)().";
    assert_eq!(shell.line(gone), "true");
    let example = start();
    let ping = format!("net_adm:ping('{name}').");
    assert_eq!(shell.line(&ping), "pong");
    // The key is for nobody else.
    let key = fs::metadata(files.path("certs/node.key")).expect("a key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    example.terminate();
    assert!(example.wait().0.success());
}

#[test]
fn simple_tells_the_life_of_a_server() {
    let epmd = Epmd::start();
    let (node, cookie) = (unique_node("simple"), unique("cookie"));
    let environment = [("ERL_EPMD_PORT", &*epmd.port().to_string())];
    let simple = Example::start(
        "simple",
        &["--name", &node, "--cookie", &cookie],
        &environment,
    );
    let (status, output, log) = simple.wait();
    assert!(status.success(), "{status}: {log}");
    let story = "\
        init: 100\n\
        cast: \"hey\" (value 100)\n\
        cast: \"hi\" (value 101)\n\
        cast: \"hi\" (value 102)\n\
        cast: \"hi\" (value 103)\n\
        info: hello (value 104)\n\
        info: hello (value 105)\n\
        info: hello (value 106)\n\
        terminate: normal\n\
        exited\n";
    assert_eq!(output, story);
}

#[test]
fn examples_say_how_they_are_used() {
    let (status, output, log) = Example::start("kv", &["--nmae", "x"], &[]).wait();
    assert_eq!(status.code(), Some(2));
    assert_eq!(
        (output.as_str(), log.as_str()),
        (
            "",
            "no option --nmae\nusage: [--name kv@127.0.0.1] [--cookie COOKIE]\n"
        )
    );
}
