//! `epmd` in the background, and under systemd.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tests::{DEADLINE, Epmd, unique, unused_port};

use super::{Client, Printed, counted, names, programs, register, run};

/// The processes whose command line ends so.
fn processes(command_line: &str) -> Vec<Pid> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let path = entry.unwrap().path();
        // A process may end while it is looked at.
        let Ok(words) = fs::read(path.join("cmdline")) else {
            continue;
        };
        let words = String::from_utf8_lossy(&words).replace('\0', " ");
        if words.trim_end().ends_with(command_line) {
            let pid = path.file_name().unwrap().to_str().unwrap().parse();
            found.extend(pid.ok().and_then(Pid::from_raw));
        }
    }
    found
}

#[test]
fn a_daemon_has_nothing_of_those_who_started_it() {
    for program in programs() {
        let port = unused_port().to_string();
        let line = format!("-daemon -port {port}");
        // What is started so has two pipes that the shell's own end does not close.
        let mut shell = Epmd::command("sh".as_ref());
        shell
            .args(["-c", r#""$@" 7>&1 9>&2; echo $?"#, "sh"])
            .arg(&program);
        shell.args(line.split(' ')).stdin(Stdio::piped());
        let output = shell.output().unwrap();
        assert_eq!(
            (output.stdout, output.stderr),
            (b"0\n".to_vec(), Vec::new())
        );

        while run(&program, &["-port", &port, "-started"], &[]).code != Some(0) {
            std::thread::yield_now();
        }
        // OTP's forks twice, and who is in between ends a moment later.
        let pid = loop {
            if let [pid] = processes(&line)[..] {
                break pid;
            }
            std::thread::yield_now();
        };
        let proc = PathBuf::from(format!("/proc/{}", pid.as_raw_nonzero()));
        assert_eq!(fs::read_link(proc.join("cwd")).unwrap(), PathBuf::from("/"));
        // `pid (comm) state ppid pgrp session tty …`
        let stat = fs::read_to_string(proc.join("stat")).unwrap();
        let stat: Vec<&str> = stat
            .rsplit(')')
            .next()
            .unwrap()
            .split_whitespace()
            .collect();
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        let own: Vec<&str> = own.rsplit(')').next().unwrap().split_whitespace().collect();
        assert_ne!(stat[3], own[3], "the session is another one");
        assert_eq!(stat[4], "0", "there is no terminal");
        for entry in fs::read_dir(proc.join("fd")).unwrap() {
            // It may just have been closed.
            let Ok(link) = fs::read_link(entry.unwrap().path()) else {
                continue;
            };
            let link = link.to_str().unwrap();
            assert!(!link.starts_with("pipe:"), "{link} is still open");
        }
        for standard in ["0", "1", "2"] {
            let link = fs::read_link(proc.join("fd").join(standard)).unwrap();
            assert_eq!(link, PathBuf::from("/dev/null"), "{standard}");
        }

        // A terminal that goes away does not end it, nor is there a second one.
        kill_process(pid, Signal::HUP).unwrap();
        let again = run(&program, &["-daemon", "-port", &port], &[]);
        let silent = Printed {
            code: Some(0),
            stdout: String::new(),
            stderr: String::new(),
        };
        assert_eq!(again, silent);
        assert_eq!(names(port.parse().unwrap()), "");
        assert_eq!(
            run(&program, &["-port", &port, "-kill"], &[]).stdout,
            "Killed\n"
        );
    }
}

#[test]
fn our_daemon_listens_when_the_command_has_ended() {
    let program = tests::our_epmd();
    let port = unused_port();
    let text = port.to_string();
    assert_eq!(
        run(&program, &["-port", &text, "-daemon"], &[]).code,
        Some(0)
    );
    drop(register(port, "kv").finish());
    assert_eq!(Client::send(port, &counted(b"k")).rest(), b"OK");
    // One that cannot listen is as silent as Erlang's.
    let printed = run(&program, &["-daemon", "-address", "192.0.2.1"], &[]);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
}

#[test]
fn sockets_and_news_are_exchanged_with_systemd() {
    for program in programs() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let directory = std::env::temp_dir().join(unique("epmd"));
        fs::create_dir(&directory).unwrap();
        let news = UnixDatagram::bind(directory.join("notify")).unwrap();
        news.set_read_timeout(Some(DEADLINE)).unwrap();

        // The third descriptor is the socket, and the process is the one that it is meant for.
        let mut shell = Epmd::command("sh".as_ref());
        shell.args([
            "-c",
            r#"LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&0 0</dev/null"#,
            "sh",
        ]);
        shell
            .arg(&program)
            .args(["-systemd", "-port", &port.to_string()]);
        shell
            .stdin(OwnedFd::from(listener))
            .env("NOTIFY_SOCKET", directory.join("notify"));
        let mut child = shell.spawn().unwrap();
        let mut datagram = [0; 256];
        let count = news.recv(&mut datagram).unwrap();
        let ready = String::from_utf8_lossy(&datagram[..count]).into_owned();
        assert!(ready.starts_with("READY=1\n"), "{ready}");
        assert!(
            ready.contains(&format!("MAINPID={}", child.id())),
            "{ready}"
        );
        fs::remove_dir_all(directory).unwrap();

        let kv = register(port, "kv");
        assert_eq!(names(port), "name kv at port 4001\n");
        drop(kv.finish());
        assert_eq!(Client::send(port, &counted(b"k")).rest(), b"OK");
        assert_eq!(child.wait().unwrap().code(), Some(0));

        let mut alone = Command::new(&program);
        alone.arg("-systemd").env_remove("LISTEN_FDS");
        let output = alone.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            stderr.ends_with(": systemd provides no sockets\r\n"),
            "{stderr}"
        );
    }
}
