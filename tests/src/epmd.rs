//! Erlang's own port mapper, one for each test.

use std::process::{Command, Stdio};

use crate::child::{DEADLINE, Group, Output};
use crate::program;

/// A real `epmd` on a port of its own; it ends when this is dropped.
///
/// For the tests that judge ergo against Erlang's port mapper; other tests may embed ergo's.
#[derive(Debug)]
pub struct Epmd {
    port: u16,
    output: Output,
    _group: Group,
}

impl Epmd {
    /// Starts `epmd` on a free port and waits until it listens.
    pub fn start() -> Epmd {
        Epmd::start_with(&[])
    }

    /// Starts `epmd` with further options, such as `-relaxed_command_check`.
    pub fn start_with(options: &[&str]) -> Epmd {
        // `epmd` cannot choose a port by itself, so one is drawn below the ephemeral range, where no outgoing connection
        // sits; if it is taken all the same, `epmd` ends at once without the line waited for, and another one is drawn.
        for _ in 0..100 {
            let random = getrandom::u32().expect("the system has no randomness");
            let port = 10_000 + u16::try_from(random % 20_000).expect("below 2^16");
            if let Some(epmd) = Epmd::on_port(port, options) {
                return epmd;
            }
        }
        panic!("no free port for epmd in 100 draws");
    }

    /// Starts `epmd` on `port`; `None` when something else listens there.
    pub fn on_port(port: u16, options: &[&str]) -> Option<Epmd> {
        let mut command = Command::new(program::epmd());
        // Its debug output tells when it listens, and that it is this one which does.
        command
            .args(["-d", "-d", "-port", &port.to_string()])
            .args(options);
        command
            .env_remove("ERL_EPMD_PORT")
            .env_remove("ERL_EPMD_ADDRESS");
        command.env_remove("ERL_EPMD_RELAXED_COMMAND_CHECK");
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
            port,
            output,
            _group: group,
        })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its debug output so far.
    pub fn log(&self) -> String {
        self.output.text()
    }
}
