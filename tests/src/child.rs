//! A child process whose whole process group dies with its handle.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long anything in these tests may take before it counts as hung.
///
/// Two minutes: a loaded machine with two cores starts a dozen Erlang nodes at once.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// `command` run by `sh` with the redirections of `redirect`, for what [`Command`] itself cannot connect.
pub(crate) fn redirected(command: &Command, redirect: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!(r#"exec "$@" {redirect}"#), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
}

/// A running child in a process group of its own.
#[derive(Debug)]
pub(crate) struct Group {
    child: Child,
}

impl Group {
    /// Starts `command` as the leader of a new process group.
    pub(crate) fn spawn(mut command: Command) -> Group {
        let child = command.process_group(0).spawn();
        Group {
            child: child.unwrap_or_else(|error| panic!("cannot start {command:?}: {error}")),
        }
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends `signal` to the leader alone.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the child is gone already");
    }

    /// Sends `signal` to the leader and all that it has started.
    pub(crate) fn signal_all(&self, signal: Signal) {
        kill_process_group(self.pid(), signal).expect("the child is gone already");
    }

    /// Waits until the leader has ended; `None` when `limit` passes first.
    pub(crate) fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            // The standard library has no wait with a limit; this polls a child that is about to end anyway.
            match self.child.try_wait().expect("the child can be waited for") {
                None if Instant::now() < end => thread::sleep(Duration::from_millis(10)),
                status => return status,
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The group outlives a leader that has ended only as long as it has members; either way nothing is left.
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// What a child has printed so far; threads that read its pipes append to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    inner: Arc<(Mutex<Printed>, Condvar)>,
}

#[derive(Debug, Default)]
struct Printed {
    text: String,
    open: usize,
}

impl Output {
    /// Reads `pipe` line by line to its end in the background.
    pub(crate) fn read_lines(&self, pipe: impl Read + Send + 'static) {
        self.read(pipe, |reader, bytes| reader.read_until(b'\n', bytes));
    }

    /// Reads `pipe` to its end in the background, as its bytes come: for prompts, which end no line.
    pub(crate) fn read_bytes(&self, pipe: impl Read + Send + 'static) {
        self.read(pipe, |reader, bytes| {
            let available = reader.fill_buf()?;
            bytes.extend_from_slice(available);
            let count = available.len();
            reader.consume(count);
            Ok(count)
        });
    }

    fn read<R: Read + Send + 'static>(
        &self,
        pipe: R,
        mut next: impl FnMut(&mut BufReader<R>, &mut Vec<u8>) -> std::io::Result<usize> + Send + 'static,
    ) {
        self.inner.0.lock().unwrap().open += 1;
        let inner = Arc::clone(&self.inner);
        thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut bytes = Vec::new();
            while matches!(next(&mut reader, &mut bytes), Ok(1..)) {
                // A character may be cut by the end of a read: keep its first bytes for the next one.
                let whole = match std::str::from_utf8(&bytes) {
                    Err(error) if error.error_len().is_none() => error.valid_up_to(),
                    _ => bytes.len(),
                };
                let text: Vec<u8> = bytes.drain(..whole).collect();
                inner
                    .0
                    .lock()
                    .unwrap()
                    .text
                    .push_str(&String::from_utf8_lossy(&text));
                inner.1.notify_all();
            }
            inner.0.lock().unwrap().open -= 1;
            inner.1.notify_all();
        });
    }

    /// All that has been printed so far.
    pub(crate) fn text(&self) -> String {
        self.inner.0.lock().unwrap().text.clone()
    }

    /// All that was printed, once the child has closed its pipes.
    pub(crate) fn end(&self) -> String {
        self.wait_for(DEADLINE, |_| None::<()>)
            .expect_err("nothing was looked for")
    }

    /// Waits until `found` sees what it looks for in the text, and returns that.
    ///
    /// `Err` with all the text when the child closed its pipes, or `limit` passed, before it did.
    pub(crate) fn wait_for<T>(
        &self,
        limit: Duration,
        mut found: impl FnMut(&str) -> Option<T>,
    ) -> Result<T, String> {
        let end = Instant::now() + limit;
        let mut printed = self.inner.0.lock().unwrap();
        loop {
            if let Some(result) = found(&printed.text) {
                return Ok(result);
            }
            let left = end.saturating_duration_since(Instant::now());
            if printed.open == 0 || left.is_zero() {
                return Err(printed.text.clone());
            }
            printed = self.inner.1.wait_timeout(printed, left).unwrap().0;
        }
    }
}
