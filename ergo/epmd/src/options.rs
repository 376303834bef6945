//! The command line and the environment of `epmd`.
//!
//! The words are read from left to right, as OTP's program does: an option counts for the mode word that follows it, and
//! nothing follows a mode word but its argument. Numbers are those of C's `atoi`.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use ergo::epmd::DEFAULT_PORT;

use crate::client::Question;

/// What is printed when the command line makes no sense.
pub(crate) const USAGE: &str = "\
usage: epmd [-d|-debug] [-port N] [-address LIST] [-daemon] [-relaxed_command_check] [TESTING...]
       epmd [-d|-debug] [-port N] -names|-dump|-started|-kill|-stop NAME

Serving
    -port N                  the port to listen on, and to ask on: 4369
    -address LIST            the IP addresses to listen on, with commas between
                             them, beside the loopback; all without this
    -daemon                  serve in the background, and log to syslog
    -relaxed_command_check   let -kill end it while nodes are registered, and
                             -stop unregister nodes
    -systemd                 serve on the sockets that systemd passes on
    -d, -debug               log to the terminal, and remember 5 instead of
                             1000 names of nodes that are gone; again for more

Testing
    -packet_timeout SECONDS  how long a connection may be silent: 60
    -delay_accept SECONDS    wait before a connection is accepted
    -delay_write SECONDS     wait before a reply is written

Asking the epmd of this machine; such a word comes last
    -names                   the nodes and their ports
    -dump                    that, and the nodes that are gone
    -started                 nothing, but exit with 1 if there is no epmd
    -kill                    end it, unless nodes are registered
    -stop NAME               unregister a node, if it is relaxed

Environment: ERL_EPMD_PORT, ERL_EPMD_ADDRESS, ERL_EPMD_RELAXED_COMMAND_CHECK
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// To serve.
    Serve(Options),
    /// To ask the `epmd` on a port of this machine.
    Ask(u16, Question),
}

/// How to serve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) port: u16,
    /// A list of addresses, not yet read: a wrong one is found when epmd starts to listen.
    pub(crate) addresses: String,
    pub(crate) debug: u8,
    pub(crate) daemon: bool,
    pub(crate) systemd: bool,
    pub(crate) relaxed: bool,
    pub(crate) packet_timeout: Duration,
    pub(crate) delay_accept: Duration,
    pub(crate) delay_write: Duration,
}

/// Reads the command line; `None` when there is something wrong with it.
pub(crate) fn parse(
    words: impl IntoIterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Option<Command> {
    let mut options = Options {
        // A variable that is no port is 0, with which the system chooses a port. That is what OTP's program does.
        port: match variable("ERL_EPMD_PORT") {
            Some(port) => u16::try_from(number(&port)).unwrap_or_default(),
            None => DEFAULT_PORT,
        },
        addresses: variable("ERL_EPMD_ADDRESS")
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        debug: 0,
        daemon: false,
        systemd: false,
        relaxed: variable("ERL_EPMD_RELAXED_COMMAND_CHECK").is_some(),
        packet_timeout: Duration::from_secs(60),
        delay_accept: Duration::ZERO,
        delay_write: Duration::ZERO,
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let question = match word.to_str()? {
            "-d" | "-debug" => {
                options.debug = options.debug.saturating_add(1);
                continue;
            }
            "-daemon" => {
                options.daemon = true;
                continue;
            }
            "-systemd" => {
                options.systemd = true;
                continue;
            }
            "-relaxed_command_check" => {
                options.relaxed = true;
                continue;
            }
            "-address" => {
                options.addresses = words.next()?.to_string_lossy().into_owned();
                continue;
            }
            "-port" => {
                let port = u16::try_from(number(&words.next()?)).ok()?;
                options.port = Some(port).filter(|port| *port != 0)?;
                continue;
            }
            "-packet_timeout" => {
                options.packet_timeout = seconds(words.next())?;
                continue;
            }
            "-delay_accept" => {
                options.delay_accept = seconds(words.next())?;
                continue;
            }
            "-delay_write" => {
                options.delay_write = seconds(words.next())?;
                continue;
            }
            "-names" => Question::Names,
            "-dump" => Question::Dump,
            "-started" => Question::Started,
            "-kill" => Question::Kill,
            "-stop" => Question::Stop(words.next()?.into_encoded_bytes()),
            _ => return None,
        };
        return match words.next() {
            None => Some(Command::Ask(options.port, question)),
            Some(_) => None,
        };
    }
    Some(Command::Serve(options))
}

/// A number of seconds, which is not 0.
fn seconds(word: Option<OsString>) -> Option<Duration> {
    let seconds = u64::try_from(number(&word?)).ok()?;
    (seconds != 0).then(|| Duration::from_secs(seconds))
}

/// The number that a word begins with, or 0: C's `atoi`.
fn number(word: &OsStr) -> i32 {
    let text = word.to_string_lossy();
    let text = text.trim_start();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|digit: char| !digit.is_ascii_digit());
    let digits = &digits[..end.unwrap_or(digits.len())];
    match digits.parse::<i32>() {
        Ok(number) if text.starts_with('-') => -number,
        Ok(number) => number,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, variables: &[(&str, &str)]) -> Option<Command> {
        let variable = |name: &str| {
            let found = variables.iter().find(|(other, _)| *other == name);
            found.map(|(_, value)| OsString::from(value))
        };
        parse(line.split_whitespace().map(OsString::from), variable)
    }

    fn serve(line: &str, variables: &[(&str, &str)]) -> Options {
        match read(line, variables) {
            Some(Command::Serve(options)) => options,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_are_those_of_erlangs_program() {
        let default = serve("", &[]);
        assert_eq!(
            (default.port, default.debug, default.daemon, default.relaxed),
            (4369, 0, false, false)
        );
        assert_eq!(default.packet_timeout, Duration::from_secs(60));
        let line = "-d -port 4370 -debug -daemon -address 10.0.0.1 -relaxed_command_check -systemd \
            -packet_timeout 1 -delay_accept 2 -delay_write 3";
        let expected = Options {
            port: 4370,
            addresses: "10.0.0.1".to_owned(),
            debug: 2,
            daemon: true,
            systemd: true,
            relaxed: true,
            packet_timeout: Duration::from_secs(1),
            delay_accept: Duration::from_secs(2),
            delay_write: Duration::from_secs(3),
        };
        assert_eq!(serve(line, &[]), expected);
    }

    #[test]
    fn options_win_over_the_environment() {
        let variables = [
            ("ERL_EPMD_PORT", "4370"),
            ("ERL_EPMD_ADDRESS", "10.0.0.1"),
            ("ERL_EPMD_RELAXED_COMMAND_CHECK", ""),
        ];
        let options = serve("", &variables);
        assert_eq!((options.port, options.relaxed), (4370, true));
        assert_eq!(options.addresses, "10.0.0.1");
        let options = serve("-port 4371 -address ::1", &variables);
        assert_eq!((options.port, options.addresses.as_str()), (4371, "::1"));
    }

    #[test]
    fn a_mode_word_comes_last() {
        let ask = |question| Some(Command::Ask(4370, question));
        assert_eq!(read("-port 4370 -names", &[]), ask(Question::Names));
        assert_eq!(read("-d -port 4370 -dump", &[]), ask(Question::Dump));
        assert_eq!(read("-port 4370 -started", &[]), ask(Question::Started));
        assert_eq!(read("-port 4370 -kill", &[]), ask(Question::Kill));
        let stop = Question::Stop(b"kv".to_vec());
        assert_eq!(read("-stop kv", &[("ERL_EPMD_PORT", "4370")]), ask(stop));
        for wrong in [
            "-names -port 4370",
            "-kill now",
            "-dump -dump",
            "-stop",
            "-stop a b",
            "names",
            "-help",
            "--help",
            "-port",
            "-port kv",
            "-port 0",
            "-address",
            "-packet_timeout 0",
            "-delay_write -1",
            "-names -d",
        ] {
            assert_eq!(read(wrong, &[]), None, "{wrong}");
        }
    }

    #[test]
    fn numbers_are_those_of_c() {
        for (word, expected) in [
            ("12", 12),
            (" 12ab", 12),
            ("+7", 7),
            ("-7", -7),
            ("", 0),
            ("-", 0),
            ("ab", 0),
        ] {
            assert_eq!(number(OsStr::new(word)), expected, "{word}");
        }
    }
}
