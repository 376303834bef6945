//! Command lines, the environment, what is printed, and exit codes.

use std::net::TcpListener;

use tests::{Epmd, unused_port};

use super::{Client, Printed, alive, both, counted, names, programs, refused, register, run};

/// The same command line with both programs; what they print may differ in what `same` takes out.
fn alike(
    arguments: &[&str],
    environment: &[(&str, &str)],
    same: impl Fn(Printed) -> Printed,
) -> Printed {
    let [theirs, ours] = programs().map(|program| same(run(&program, arguments, environment)));
    assert_eq!(ours, theirs, "{arguments:?} {environment:?}");
    ours
}

/// Takes the date out of each line of a log, and the numbers that the system chooses.
fn undated(log: &str) -> String {
    let mut lines = String::new();
    for line in log.lines() {
        let line = match line.strip_prefix("epmd: ") {
            // `Sun Nov 29 09:16:14 2026: `
            Some(dated) if dated.get(24..26) == Some(": ") => &dated[26..],
            _ => line,
        };
        lines.push_str(&masked(&masked(line, "descriptor "), "fd = "));
        lines.push('\n');
    }
    lines
}

/// Replaces the number after each `label`.
fn masked(text: &str, label: &str) -> String {
    let mut parts = text.split(label);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.find(|digit: char| !digit.is_ascii_digit());
        out.push_str(label);
        out.push('N');
        out.push_str(&part[digits.unwrap_or(part.len())..]);
    }
    out
}

#[test]
fn a_command_line_that_makes_no_sense_gets_the_usage() {
    for wrong in [
        &["-help"][..],
        &["--help"],
        &["kv"],
        &["-"],
        &[""],
        &["-names", "-port", "4370"],
        &["-names", "-d"],
        &["-kill", "now"],
        &["-dump", "-names"],
        &["-started", "kv"],
        &["-stop"],
        &["-stop", "a", "b"],
        &["-port"],
        &["-port", "kv"],
        &["-port", "0"],
        &["-address"],
        &["-packet_timeout"],
        &["-packet_timeout", "0"],
        &["-delay_accept", "soon"],
        &["-delay_write"],
        &["-daemon", "-nonsense"],
        &["-d", "-debug", "-relaxed_command_check", "-Port", "1"],
    ] {
        let same = |mut printed: Printed| {
            assert!(
                printed.stderr.starts_with("usage: epmd [-d|-debug]"),
                "{printed:?}"
            );
            printed.stderr.clear();
            printed
        };
        assert_eq!(alike(wrong, &[], same).code, Some(1));
    }
}

#[test]
fn the_usage_names_every_option_of_erlangs() {
    let [theirs, ours] = programs().map(|program| run(&program, &["-help"], &[]).stderr);
    let options = |usage: &str| {
        let words = usage.split(|other: char| !(other.is_alphanumeric() || "-_".contains(other)));
        let mut options: Vec<String> = words
            .filter(|word| word.len() > 1 && word.starts_with('-'))
            .map(str::to_owned)
            .collect();
        options.sort();
        options.dedup();
        options
    };
    let ours = options(&ours);
    for option in options(&theirs) {
        assert!(ours.contains(&option), "{option} is missing");
    }
}

#[test]
fn without_a_server_there_is_nothing_to_ask() {
    let port = unused_port().to_string();
    for question in [
        &["-names"][..],
        &["-dump"],
        &["-kill"],
        &["-started"],
        &["-stop", "kv"],
    ] {
        let printed = alike(&[&["-port", &port], question].concat(), &[], |same| same);
        assert_eq!(printed.code, Some(1), "{question:?}");
    }
    let long = "k".repeat(1001);
    alike(&["-port", &port, "-stop", &long], &[], |same| same);
}

#[test]
fn a_client_prints_what_the_server_knows() {
    for server in both(&[]) {
        let port = server.port();
        let text = port.to_string();
        let ask = |question: &[&str]| {
            let same = |mut printed: Printed| {
                printed.stdout = masked(&printed.stdout, "fd = ");
                printed
            };
            let printed = alike(&[&["-port", &text], question].concat(), &[], same);
            (printed.code, printed.stdout)
        };
        let head = format!("epmd: up and running on port {port} with data:\n");
        assert_eq!(ask(&["-names"]), (Some(0), head.clone()));
        assert_eq!(ask(&["-d", "-d", "-names"]), (Some(0), head.clone()));
        assert_eq!(ask(&["-started"]), (Some(0), String::new()));

        let _first = register(port, "kv");
        let _second = register(port, "kø");
        drop(register(port, "gone").finish());
        let listed = format!("{head}name kø at port 4001\nname kv at port 4001\n");
        assert_eq!(ask(&["-names"]), (Some(0), listed));
        let dumped = format!(
            "{head}active name     <kø> at port 4001, fd = N\n\0active name     <kv> at port 4001, fd = N\n\0\
            old/unused name <gone>, port = 4001, fd = N \n\0"
        );
        assert_eq!(ask(&["-dump"]), (Some(0), dumped));

        let living = "Killing not allowed - living nodes in database.\n".to_owned();
        assert_eq!(ask(&["-kill"]), (Some(1), living));
        let nothing = "epmd: local epmd responded with <>\n".to_owned();
        assert_eq!(ask(&["-stop", "kv"]), (Some(1), nothing));
    }
}

#[test]
fn a_relaxed_server_stops_nodes_and_is_killed_any_time() {
    for client in programs() {
        for server in both(&["-relaxed_command_check"]) {
            let port = server.port().to_string();
            let ask = |question: &[&str]| {
                let printed = run(&client, &[&["-port", &port], question].concat(), &[]);
                assert_eq!(printed.stderr, "");
                (printed.code, printed.stdout)
            };
            let kv = register(server.port(), "kv");
            let _other = register(server.port(), "other");
            assert_eq!(ask(&["-stop", "kv"]), (Some(0), "STOPPED\n".to_owned()));
            assert_eq!(kv.rest(), b"", "its connection is closed");
            assert_eq!(ask(&["-stop", "kv"]), (Some(0), "NOEXIST\n".to_owned()));
            assert_eq!(ask(&["-kill"]), (Some(0), "Killed\n".to_owned()));
            let (status, _) = server.wait();
            assert_eq!(status.code(), Some(0));
        }
    }
}

#[test]
fn the_environment_counts_where_options_are_silent() {
    for server in both(&[]) {
        let port = server.port().to_string();
        let printed = alike(&["-names"], &[("ERL_EPMD_PORT", &port)], |same| same);
        assert_eq!(printed.code, Some(0));
        let elsewhere = [("ERL_EPMD_PORT", "1")];
        let printed = alike(&["-port", &port, "-names"], &elsewhere, |same| same);
        assert_eq!(printed.code, Some(0));
        for wrong in ["", "kv", "0"] {
            let printed = alike(&["-names"], &[("ERL_EPMD_PORT", wrong)], |same| same);
            assert_eq!(printed.code, Some(1));
        }
    }
    for program in programs() {
        // Both variables make the server another one: it is killed although a node lives, and listens on loopback only.
        let port = unused_port();
        let mut command = Epmd::command(&program);
        command
            .env("ERL_EPMD_PORT", port.to_string())
            .env("ERL_EPMD_RELAXED_COMMAND_CHECK", "")
            .env("ERL_EPMD_ADDRESS", "127.0.0.1, ::1");
        command.arg("-daemon");
        assert!(command.status().unwrap().success());
        let port_text = port.to_string();
        let started = || run(&program, &["-port", &port_text, "-started"], &[]).code == Some(0);
        while !started() {
            std::thread::yield_now();
        }
        let _kv = register(port, "kv");
        drop(TcpListener::bind(("127.0.0.2", port)).expect("only the loopback is taken"));
        let killed = run(&program, &["-port", &port_text, "-kill"], &[]);
        assert_eq!(killed.stdout, "Killed\n");
    }
}

#[test]
fn what_cannot_listen_says_why() {
    let same = |mut printed: Printed| {
        printed.stderr = undated(&printed.stderr);
        printed
    };
    let server = Epmd::start();
    let port = server.port().to_string();
    // `erl` relies on this at every start.
    let silent = Printed {
        code: Some(0),
        stdout: String::new(),
        stderr: String::new(),
    };
    assert_eq!(alike(&["-port", &port], &[], same), silent);
    assert_eq!(alike(&["-port", &port, "-daemon"], &[], same), silent);
    let printed = alike(&["-d", "-port", &port], &[], same);
    assert_eq!(
        (printed.code, printed.stderr),
        (
            Some(0),
            format!(
                "epmd running - daemon = 0\nthere is already a epmd running at port {port} on ipaddr 0.0.0.0\n"
            )
        )
    );

    let free = unused_port().to_string();
    for (list, code) in [
        ("kv", 1),
        ("127.0.0.1,kv", 1),
        ("10.0.0", 1),
        // Of TEST-NET-1, which belongs to nobody.
        ("192.0.2.1", 1),
        ("2001:db8::1", 1),
    ] {
        let printed = alike(&["-port", &free, "-address", list], &[], same);
        assert_eq!(printed.code, Some(code), "{list}");
        let printed = alike(&["-port", &free], &[("ERL_EPMD_ADDRESS", list)], same);
        assert_eq!(printed.code, Some(code), "{list}");
    }
    let many: Vec<String> = (1..=14).map(|last| format!("192.0.2.{last}")).collect();
    let printed = alike(&["-port", &free, "-address", &many.join(",")], &[], same);
    assert_eq!(
        (printed.code, printed.stderr.as_str()),
        (Some(1), "cannot listen on more than 16 IP addresses\n")
    );
}

#[test]
fn the_debug_log_is_that_of_erlangs() {
    let logs = programs().map(|program| {
        // Without the two `-d` of `Epmd`, which are for the second half of this test.
        let port = unused_port();
        let text = port.to_string();
        let mut command = Epmd::command(&program);
        command.args(["-d", "-port", &text, "-relaxed_command_check"]);
        command.stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        while run(&program, &["-port", &text, "-started"], &[]).code != Some(0) {
            std::thread::yield_now();
        }
        let kv = register(port, "kv");
        drop(refused(port, &alive(b"kv", 4001, 6, b"")).finish());
        drop(super::lookup(port, b"kv"));
        drop(super::lookup(port, b"none"));
        drop(Client::send(port, &[0]).finish());
        drop(kv.finish());
        let again = register(port, "kv");
        drop(Client::send(port, &counted(b"skv")).rest());
        drop(again.rest());
        drop(Client::send(port, &counted(b"snone")).rest());
        drop(Client::send(port, &counted(b"d")).rest());
        drop(Client::send(port, &counted(b"k")).rest());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        let log = String::from_utf8(output.stderr).unwrap();
        assert!(log.ends_with("\r\n"));
        let log = undated(&log);
        // How often it was asked whether it has started is chance.
        let start = log.find("** got ALIVE2_REQ").unwrap();
        masked(&log[start..], "'kv:")
    });
    let [theirs, ours] = logs;
    assert_eq!(ours, theirs);

    let logs = both(&[]).map(|server| {
        let port = server.port();
        assert_eq!(names(port), "");
        drop(refused(port, &alive(b"k\xff", 4001, 6, b"")).finish());
        drop(Client::send(port, &counted(b"k")).rest());
        let (_, log) = server.wait();
        let log = undated(&log).replace(&port.to_string(), "PORT");
        // Why it refuses, it says in words of its own.
        let end = log.find("** got ALIVE2_REQ").expect("it tells");
        // The port stands in the dumps of bytes as well.
        masked_bytes(&log[..end], port)
    });
    let [theirs, ours] = logs;
    assert_eq!(ours, theirs);
}

#[test]
fn dates_are_of_the_time_zone_that_the_environment_names() {
    let [theirs, ours] = programs();
    let minute = |program| {
        let wrong = ["-address", "kv"];
        let printed = run(program, &wrong, &[("TZ", "Asia/Kathmandu")]);
        // `epmd: Sun Nov 29 09:16`
        printed.stderr[..22].to_owned()
    };
    let [before, our, after] = [minute(&theirs), minute(&ours), minute(&theirs)];
    assert!(our == before || our == after, "{before}, {our}, {after}");
}

/// Takes the bytes of a port out of a dump of bytes.
fn masked_bytes(log: &str, port: u16) -> String {
    let lines = log.lines().filter(|line| {
        let [high, low] = port.to_be_bytes();
        !line.contains(&format!("00 00 {high:02x} {low:02x}"))
    });
    lines.collect::<Vec<_>>().join("\n")
}
