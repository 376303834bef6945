//! Every block of the README that is no Rust: its commands are the ones that work, its transcripts what a shell shows.

use std::path::Path;

use tests::phoenix;
use tests::readme::{blocks, transcript};
use tests::tls::Files;
use tests::{Epmd, Erl, Example, unused_port};

const README: &str = include_str!("../../README.md");

/// The words of the README's first command that begins with `program`.
fn command(program: &str) -> Vec<String> {
    commands(program).swap_remove(0)
}

/// The words of each of the README's commands that begin with `program`.
fn commands(program: &str) -> Vec<Vec<String>> {
    let blocks = blocks(README, "sh");
    let lines = blocks
        .iter()
        .flat_map(|block| block.lines())
        .filter(|line| line.starts_with(program));
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    let commands: Vec<Vec<String>> = lines.map(words).collect();
    assert!(!commands.is_empty(), "the README has no command {program}");
    commands
}

/// The value of an option in a command.
fn option<'a>(command: &'a [String], name: &str) -> &'a str {
    let at = command.iter().position(|word| word == name);
    &command[at.unwrap_or_else(|| panic!("no {name} in {command:?}")) + 1]
}

/// The part of the README under a heading.
fn section(heading: &str) -> &'static str {
    let begin = format!("\n## {heading}\n");
    let (_, rest) = README.split_once(&begin).expect("such a heading");
    rest.split_once("\n## ")
        .map_or(rest, |(section, _)| section)
}

/// Runs the example of a section by its own command, and the section's session in a shell as the README starts one.
fn session_of_example(heading: &str, example: &str) {
    let port = unused_port();
    let start = format!("cargo run --release --example {example} -- ");
    let [run] = &commands(&start)[..] else {
        panic!("one command for {example}")
    };
    let arguments: Vec<&str> = run[6..].iter().map(String::as_str).collect();
    let environment = [("ERL_EPMD_PORT", &*port.to_string())];
    let example = Example::start(example, &arguments, &environment);
    example.printed(&format!("ready {}", option(run, "--name")));
    let erl = command("erl");
    let mut shell = Erl::options()
        .distributed(port)
        .name(option(&erl, "-name"))
        .cookie(option(&erl, "-setcookie"))
        .shell();
    let [written] = &blocks(section(heading), "erlang")[..] else {
        panic!("one Erlang session under {heading}")
    };
    assert_eq!(shell.replay(&transcript(written)), *written);
    example.terminate();
    assert!(example.wait().0.success());
}

/// Starts the store by the README's own command, with an EPMD of its own: the one that it embeds.
fn run_kv(epmd_port: u16) -> Example {
    let command = command("cargo run");
    assert_eq!(
        command[..6].join(" "),
        "cargo run --release --example kv --"
    );
    let arguments: Vec<&str> = command[6..].iter().map(String::as_str).collect();
    let kv = Example::start(
        "kv",
        &arguments,
        &[("ERL_EPMD_PORT", &epmd_port.to_string())],
    );
    let name = option(&command, "--name");
    let ready = format!("ready {name}");
    assert!(README.contains(&format!("prints `{ready}`")));
    kv.printed(&ready);
    kv
}

#[test]
fn the_erlang_session_is_what_a_shell_shows() {
    let port = unused_port();
    let kv = run_kv(port);
    let command = command("erl");
    let mut shell = Erl::options()
        .distributed(port)
        .name(option(&command, "-name"))
        .cookie(option(&command, "-setcookie"))
        .shell();
    let [written, ..] = &blocks(README, "erlang")[..] else {
        panic!("no Erlang session")
    };
    assert_eq!(shell.replay(&transcript(written)), *written);

    kv.terminate();
    assert!(kv.wait().0.success());
}

#[test]
fn the_session_with_functions_is_what_a_shell_shows() {
    session_of_example("Functions for other nodes", "rpc");
}

#[test]
fn the_session_with_names_and_groups_is_what_a_shell_shows() {
    session_of_example("Names and groups", "cluster");
}

#[test]
fn the_session_of_an_operator_is_what_a_shell_shows() {
    session_of_example("Observer", "application");
}

#[test]
fn the_session_over_tls_is_what_a_shell_shows() {
    let (port, files) = (unused_port(), Files::new());
    let run = &command("cargo run --release --example nodetls --");
    let [_, erl, ..] = &commands("erl ")[..] else {
        panic!("no second command for Erlang")
    };
    // The one thing that differs: tests keep to a directory of their own.
    let certs = files.path("certs").display().to_string();
    let here = |word: &String| word.replace(option(run, "--certs"), &certs);
    let arguments: Vec<String> = run[6..].iter().map(here).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let environment = [("ERL_EPMD_PORT", &*port.to_string())];
    let nodetls = Example::start("nodetls", &arguments, &environment);
    nodetls.printed(&format!("ready {}", option(run, "--name")));

    let options = here(&option(erl, "-ssl_dist_optfile").to_owned());
    let carrier = ["-proto_dist", option(erl, "-proto_dist")];
    let mut shell = Erl::options()
        .distributed(port)
        .name(option(erl, "-name"))
        .cookie(option(erl, "-setcookie"))
        .args(&carrier)
        .args(&["-ssl_dist_optfile", &options])
        .shell();
    let [written] = &blocks(section("TLS"), "erlang")[..] else {
        panic!("one Erlang session")
    };
    assert_eq!(shell.replay(&transcript(written)), *written);
    nodetls.terminate();
    assert!(nodetls.wait().0.success());
}

#[test]
fn the_elixir_session_is_what_a_shell_shows() {
    let port = unused_port();
    let _kv = run_kv(port);
    let command = command("iex");
    let mut shell = Erl::elixir()
        .distributed(port)
        .name(option(&command, "--name"))
        .cookie(option(&command, "--cookie"))
        .shell();
    let [written, _] = &blocks(README, "elixir")[..] else {
        panic!("two Elixir sessions")
    };
    assert_eq!(shell.replay(&transcript(written)), *written);
}

#[test]
fn the_session_with_phoenix_is_what_a_shell_shows() {
    let port = unused_port();
    let [.., run] = &commands("cargo run --release --example phoenix")[..] else {
        panic!("no example of PubSub")
    };
    let arguments: Vec<&str> = run[6..].iter().map(String::as_str).collect();
    let environment = [("ERL_EPMD_PORT", &*port.to_string())];
    let example = Example::start("phoenix", &arguments, &environment);
    let name = option(run, "--name");
    example.printed(&format!("ready {name}"));
    let [_, iex] = &commands("iex")[..] else {
        panic!("no second command for Elixir")
    };
    let mut shell = Erl::elixir()
        .distributed(port)
        .name(option(iex, "--name"))
        .cookie(option(iex, "--cookie"))
        .shell();
    phoenix::prepare(&mut shell, name);
    let [_, written] = &blocks(README, "elixir")[..] else {
        panic!("two Elixir sessions")
    };
    assert_eq!(shell.replay(&transcript(written)), *written);
    example.terminate();
    assert!(example.wait().0.success());
}

/// What the README's counter prints when there is, or is not, a shop to count for.
async fn run_counter(epmd_port: u16) -> String {
    let counter = Example::start("counter", &[], &[("ERL_EPMD_PORT", &epmd_port.to_string())]);
    let (status, output, log) = tokio::task::spawn_blocking(|| counter.wait())
        .await
        .unwrap();
    assert!(status.success(), "{status}: {log}");
    output
}

#[tokio::test]
async fn the_counter_counts_here_and_there() {
    let [block, ..] = &blocks(README, "rust,no_run")[..] else {
        panic!("no block of Rust")
    };
    assert!(
        include_str!("../../examples/examples/counter.rs")
            // What every example does besides.
            .replacen("    examples::init_log();\n", "", 1)
            .ends_with(block.as_str()),
        "the example is another"
    );

    assert_eq!(
        run_counter(unused_port()).await,
        "'shop@127.0.0.1' cannot be reached\n"
    );

    let epmd = Epmd::start();
    let shop = Erl::options()
        .distributed(epmd.port())
        .name("shop@127.0.0.1")
        .cookie("secret")
        .start()
        .await;
    assert_eq!(
        run_counter(epmd.port()).await,
        "nobody at the shop is called counter\n"
    );

    shop.load_module(
        "-module(counter). -behaviour(gen_server). -export([init/1, handle_call/3, handle_cast/2]).
         init(N) -> {ok, N}.
         handle_call({add, By}, _From, N) -> {reply, N + By, N + By}.
         handle_cast(reset, _) -> {noreply, 0}.",
    )
    .await;
    shop.eval("{ok, _} = gen_server:start({local, counter}, counter, 37, []).")
        .await;
    assert_eq!(run_counter(epmd.port()).await, "the shop counts 42\n");
}

#[test]
fn no_block_is_of_another_kind() {
    let fences: Vec<&str> = README
        .lines()
        .filter_map(|line| line.strip_prefix("```"))
        .step_by(2)
        .collect();
    for fence in &fences {
        assert!(
            ["sh", "erlang", "elixir", "rust,no_run"].contains(fence),
            "{fence}"
        );
    }
    let commands: Vec<String> = blocks(README, "sh")
        .concat()
        .lines()
        .map(str::to_owned)
        .collect();
    let known = [
        "cargo run",
        "RUST_LOG=info,ergo::dist=trace cargo run",
        "cargo build --release -p ergo-epmd",
        "target/release/epmd -daemon",
        "erl ",
        "iex ",
        "tests/run",
    ];
    assert!(
        commands
            .iter()
            .all(|line| known.iter().any(|known| line.starts_with(known))),
        "{commands:?}"
    );
}

#[test]
fn the_files_it_names_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for link in README
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
    {
        assert!(
            link.starts_with("https://") || root.join(link).exists(),
            "{link}"
        );
    }
    assert!(root.join("tests/run").is_file() && root.join("tests/otp-matrix").is_file());
}
