//! How `epmd -daemon` gets into the background.
//!
//! OTP's program forks. This one starts itself again, which needs no `unsafe`: the second process has a session of its
//! own, `/` as its directory, and nothing open that the first one had. The first one waits until the second listens, so
//! that whoever starts a daemon may ask it at once.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Tells the second process that it is the second one.
const DETACHED: &str = "ERGO_EPMD_DETACHED";

/// Whether this is the process that the first one has started.
pub(crate) fn is_detached() -> bool {
    env::var_os(DETACHED).is_some()
}

/// Starts this program again, and returns when that listens or has ended.
pub(crate) fn start() -> io::Result<()> {
    // Whoever waits for the end of an inherited pipe must not wait for the daemon.
    close_fds::set_fds_cloexec(3, &[]);
    let mut words = env::args_os();
    let name = words.next().unwrap_or_else(|| OsString::from("epmd"));
    let mut command = Command::new(env::current_exe()?);
    command
        .arg0(name)
        .args(words)
        .env(DETACHED, "1")
        .current_dir("/");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut listens) = child.stdout.take() {
        listens.read_to_end(&mut Vec::new())?;
    }
    Ok(())
}

/// Leaves the session of the terminal.
pub(crate) fn leave_session() {
    // It fails for the leader of a group, which a process that was just started is not.
    let _ = rustix::process::setsid();
}

/// Lets the first process go.
pub(crate) fn listens() -> io::Result<()> {
    let null = File::options().write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(null)?;
    Ok(())
}
