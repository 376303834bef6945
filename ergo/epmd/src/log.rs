//! What a serving `epmd` tells: to the terminal in the form of OTP's program, as a daemon to syslog.
//!
//! The server tells everything through `tracing`. The field `d` of an event is how many `-d` show it; events without it
//! are for those who embed the server.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

/// The target of what the server tells, which is also that of this program.
pub(crate) const TARGET: &str = "ergo::epmd";

/// Prints to stderr; where nobody reads that, nothing is lost.
pub(crate) fn to_stderr(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// What is shown, and where.
#[derive(Debug)]
pub(crate) struct Log {
    debug: u8,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    Terminal,
    Syslog(Syslog),
}

impl Log {
    /// A log on stderr, or in syslog for a daemon; every `-d` shows more.
    pub(crate) fn new(debug: u8, daemon: bool) -> Log {
        let sink = match daemon {
            true => Sink::Syslog(Syslog::new(SOCKET)),
            false => Sink::Terminal,
        };
        Log { debug, sink }
    }

    fn write(&self, message: &str) {
        match &self.sink {
            Sink::Terminal => to_stderr(&line(&Zoned::now(), message)),
            Sink::Syslog(syslog) => syslog.send(&Zoned::now(), message),
        }
    }
}

/// A message with its date as OTP's program prints it; it ends lines as a raw terminal wants them.
fn line(now: &Zoned, message: &str) -> String {
    let date = now.strftime("%a %b %e %T %Y");
    format!("epmd: {date}: {}\r\n", message.replace('\n', "\r\n"))
}

impl Subscriber for Log {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target() == TARGET
            && metadata.fields().field("d").is_some()
            && self
                .max_level_hint()
                .is_some_and(|most| *metadata.level() <= most)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.debug {
            0 | 1 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        if seen.level <= i64::from(self.debug) {
            self.write(&seen.message);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What an event contains.
#[derive(Default)]
struct Seen {
    level: i64,
    message: String,
}

impl Visit for Seen {
    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "d" {
            self.level = value;
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        }
    }
}

/// Where the log of the system listens.
const SOCKET: &str = "/dev/log";

/// The facility `user` and the severity `error`, which are those of OTP's program.
const PRIORITY: u8 = (1 << 3) | 3;

/// The log of the system, to which a datagram of RFC 3164 is a line.
#[derive(Debug)]
struct Syslog {
    socket: Option<UnixDatagram>,
    path: PathBuf,
}

impl Syslog {
    fn new(path: impl AsRef<Path>) -> Syslog {
        let socket = UnixDatagram::unbound().ok();
        // A log that is stuck must not make epmd stand still.
        let socket = socket.filter(|socket| socket.set_nonblocking(true).is_ok());
        let path = path.as_ref().to_owned();
        Syslog { socket, path }
    }

    /// Sends a message; where there is no log, there is nobody to tell.
    fn send(&self, now: &Zoned, message: &str) {
        if let Some(socket) = &self.socket {
            let date = now.strftime("%b %e %T");
            let line = format!("<{PRIORITY}>{date} epmd: epmd: {message}");
            let _ = socket.send_to(line.as_bytes(), &self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date() -> Zoned {
        let date = jiff::civil::date(2026, 11, 9).at(9, 5, 4, 0);
        date.to_zoned(jiff::tz::TimeZone::UTC).unwrap()
    }

    #[test]
    fn the_terminal_has_dates_as_c_writes_them() {
        assert_eq!(
            line(&date(), "got 1 bytes\n***** 0"),
            "epmd: Mon Nov  9 09:05:04 2026: got 1 bytes\r\n***** 0\r\n"
        );
    }

    #[test]
    fn syslog_gets_a_datagram_a_message() {
        let directory =
            std::env::temp_dir().join(format!("ergo-epmd-syslog-{}", std::process::id()));
        // What a process of this number may have left.
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir(&directory).unwrap();
        let path = directory.join("log");
        let receiver = UnixDatagram::bind(&path).unwrap();
        Syslog::new(&path).send(&date(), "got KILL_REQ - terminates normal");
        let mut datagram = [0; 256];
        let count = receiver.recv(&mut datagram).unwrap();
        std::fs::remove_dir_all(directory).unwrap();
        assert_eq!(
            String::from_utf8_lossy(&datagram[..count]),
            "<11>Nov  9 09:05:04 epmd: epmd: got KILL_REQ - terminates normal"
        );
    }
}
