//! `epmd`, the Erlang Port Mapper Daemon: a drop-in for the one of OTP.
//!
//! Options, environment, output and exit codes are those of OTP's `epmd(1)`; what it serves is [`ergo::epmd::Server`].
//! The program adds what a library must not do: it reads the command line, detaches, and writes to terminal and syslog.

mod client;
mod daemon;
mod log;
mod options;
mod serve;
mod systemd;

use std::env;
use std::process::ExitCode;

use options::{Command, USAGE};

fn main() -> ExitCode {
    let variable = |name: &str| env::var_os(name);
    match options::parse(env::args_os().skip(1), variable) {
        Some(Command::Serve(options)) => serve::run(&options),
        Some(Command::Ask(port, question)) => client::ask(port, &question),
        None => {
            log::to_stderr(USAGE);
            ExitCode::FAILURE
        }
    }
}
