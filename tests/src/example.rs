//! The example programs, as a person runs them.

use std::process::{Command, ExitStatus, Stdio};

use rustix::process::Signal;

use crate::child::{DEADLINE, Group, Output};
use crate::program::built;

/// A running example program; dropping it kills it.
#[derive(Debug)]
pub struct Example {
    name: String,
    group: Group,
    output: Output,
    errors: Output,
}

impl Example {
    /// Starts the example `name` with `arguments` and `environment`.
    ///
    /// The examples are brought up to date once for each test binary, so that no test runs an old one.
    pub fn start(name: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Example {
        let mut command = Command::new(built().join("examples").join(name));
        command.args(arguments).envs(environment.iter().copied());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(command);
        let (output, errors) = (Output::default(), Output::default());
        output.read_lines(group.child().stdout.take().expect("piped"));
        errors.read_lines(group.child().stderr.take().expect("piped"));
        Example {
            name: name.to_owned(),
            group,
            output,
            errors,
        }
    }

    /// Starts an example that is a node, and waits until it serves: it prints `ready NAME`.
    pub fn node(name: &str, node: &str, cookie: &str, epmd_port: u16) -> Example {
        let arguments = ["--name", node, "--cookie", cookie];
        let environment = [
            ("ERL_EPMD_PORT", epmd_port.to_string()),
            ("RUST_LOG", "info".to_owned()),
        ];
        let environment = environment
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let example = Example::start(name, &arguments, &environment);
        example.printed(&format!("ready {node}"));
        example
    }

    /// Waits until the example has printed `line` as a line of its own.
    pub fn printed(&self, line: &str) {
        let found = self.output.wait_for(DEADLINE, |text| {
            text.lines().any(|one| one == line).then_some(())
        });
        if let Err(text) = found {
            panic!(
                "{} never printed {line:?}, only:\n{text}\nand as errors:\n{}",
                self.name,
                self.errors.text()
            );
        }
    }

    /// Asks the example to end, as `kill` does.
    pub fn terminate(&self) {
        self.group.signal(Signal::TERM);
    }

    /// Asks the example to end, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.group.signal(Signal::INT);
    }

    /// Waits until the example has ended; its status, and what it printed and logged.
    pub fn wait(mut self) -> (ExitStatus, String, String) {
        let status = self.group.wait(DEADLINE);
        let (output, errors) = (self.output.end(), self.errors.end());
        let status = status
            .unwrap_or_else(|| panic!("{} did not end; it printed:\n{output}{errors}", self.name));
        (status, output, errors)
    }
}
