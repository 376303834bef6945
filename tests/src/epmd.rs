//! A port mapper for each test: Erlang's own, or the program of this workspace.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Signal;

use crate::child::{DEADLINE, Group, Output};
use crate::program;
use crate::unique::draw_port;

/// An `epmd` on a port of its own; it ends when this is dropped.
///
/// For the tests that judge ergo against Erlang's port mapper; other tests may embed ergo's.
#[derive(Debug)]
pub struct Epmd {
    program: PathBuf,
    port: u16,
    output: Output,
    group: Group,
}

impl Epmd {
    /// Starts Erlang's `epmd` on a free port and waits until it listens.
    pub fn start() -> Epmd {
        Epmd::start_with(&[])
    }

    /// Starts Erlang's `epmd` with further options, such as `-relaxed_command_check`.
    pub fn start_with(options: &[&str]) -> Epmd {
        Epmd::program(&program::epmd(), options)
    }

    /// Starts Erlang's `epmd` on `port`; `None` when something else listens there.
    pub fn on_port(port: u16, options: &[&str]) -> Option<Epmd> {
        Epmd::program_on_port(&program::epmd(), port, options)
    }

    /// Starts an `epmd`, [ours](crate::our_epmd) or [Erlang's](crate::epmd), on a free port.
    pub fn program(program: &Path, options: &[&str]) -> Epmd {
        // `epmd` cannot choose a port by itself, so one is drawn below the ephemeral range, where no outgoing connection
        // sits; if it is taken meanwhile, `epmd` ends at once without the line waited for, and another one is drawn.
        for _ in 0..100 {
            if let Some(epmd) = Epmd::program_on_port(program, unused_port(), options) {
                return epmd;
            }
        }
        panic!("no free port for epmd in 100 draws");
    }

    /// Starts an `epmd` on `port`; `None` when something else listens there.
    pub fn program_on_port(program: &Path, port: u16, options: &[&str]) -> Option<Epmd> {
        let mut command = Epmd::command(program);
        // Its debug output tells when it listens, and that it is this one which does.
        command
            .args(["-d", "-d", "-port", &port.to_string()])
            .args(options);
        let mut group = Group::spawn({
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            command
        });
        let output = Output::default();
        output.read_lines(group.child().stderr.take().expect("piped"));
        output
            .wait_for(DEADLINE, |text| {
                text.contains("entering the main select() loop")
                    .then_some(())
            })
            .ok()?;
        Some(Epmd {
            program: program.to_owned(),
            port,
            output,
            group,
        })
    }

    /// A command that runs an `epmd` undisturbed by the environment of whoever runs the test.
    pub fn command(program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_remove("ERL_EPMD_PORT")
            .env_remove("ERL_EPMD_ADDRESS")
            .env_remove("ERL_EPMD_RELAXED_COMMAND_CHECK");
        command
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The number of its process.
    pub fn pid(&mut self) -> u32 {
        self.group.child().id()
    }

    /// Its debug output so far.
    pub fn log(&self) -> String {
        self.output.text()
    }

    /// Waits until it has ended; its status, and all it has logged.
    pub fn wait(mut self) -> (ExitStatus, String) {
        let status = self.group.wait(DEADLINE);
        let log = self.output.end();
        (status.expect("epmd ends"), log)
    }

    /// Kills it and starts another one of the same program on the same port.
    pub fn restart(mut self) -> Epmd {
        self.group.signal(Signal::KILL);
        self.group.wait(DEADLINE).expect("it is killed");
        Epmd::program_on_port(&self.program, self.port, &[]).expect("its port is free again")
    }
}

/// A port that nothing listens on, below those that the system hands out.
pub fn unused_port() -> u16 {
    draw_port(10_000..30_000, Ipv4Addr::LOCALHOST)
}
