//! The modes in which `epmd` asks the one that serves.
//!
//! There is no limit of time, as there is none in OTP's program.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpStream};
use std::process::ExitCode;

use crate::log;

/// The longest name that `-stop` takes.
const MAX_STOP: usize = 1000;

/// What to ask.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// `-names`
    Names,
    /// `-dump`
    Dump,
    /// `-started`
    Started,
    /// `-kill`
    Kill,
    /// `-stop`, with the name as it came.
    Stop(Vec<u8>),
}

/// Asks the `epmd` on a port of this machine, and prints what OTP's program prints.
pub(crate) fn ask(port: u16, question: &Question) -> ExitCode {
    let quiet = *question == Question::Started;
    if let Question::Stop(name) = question {
        if name.len() > MAX_STOP {
            return tell("epmd: Name too long!", false);
        }
    }
    let Ok(mut stream) = connect(port) else {
        if !quiet {
            log::to_stderr("epmd: Cannot connect to local epmd\n");
        }
        return ExitCode::FAILURE;
    };
    if stream.write_all(&request(question)).is_err() {
        return tell("epmd: Can't write to epmd\n", false);
    }
    match question {
        Question::Names | Question::Dump | Question::Started => list(stream, quiet),
        Question::Kill => match answer::<2>(&mut stream) {
            Ok(reply) if reply == *b"OK" => tell("Killed\n", true),
            Ok(_) => tell("Killing not allowed - living nodes in database.\n", false),
            Err(failure) => failure,
        },
        Question::Stop(_) => match answer::<7>(&mut stream) {
            Ok(reply) => tell(&format!("{}\n", String::from_utf8_lossy(&reply)), true),
            Err(failure) => failure,
        },
    }
}

fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect((Ipv6Addr::LOCALHOST, port))
        .or_else(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)))
}

/// The request with its length before it. Names are not judged here: that is for the server.
fn request(question: &Question) -> Vec<u8> {
    let body = match question {
        Question::Names | Question::Started => b"n".to_vec(),
        Question::Dump => b"d".to_vec(),
        Question::Kill => b"k".to_vec(),
        Question::Stop(name) => [b"s", &name[..]].concat(),
    };
    let length = u16::try_from(body.len()).expect("the name has been measured");
    [&length.to_be_bytes(), &body[..]].concat()
}

/// Prints a list as it comes, up to its end, however it ends.
fn list(mut stream: TcpStream, quiet: bool) -> ExitCode {
    let mut port = [0; 4];
    if stream.read_exact(&mut port).is_err() {
        if !quiet {
            tell("epmd: no response from local epmd\n", false);
        }
        return ExitCode::FAILURE;
    }
    if !quiet {
        let port = u32::from_be_bytes(port);
        tell(
            &format!("epmd: up and running on port {port} with data:\n"),
            true,
        );
        // Whoever reads no further, as `head` does, has what was wanted.
        let _ = io::copy(&mut stream, &mut io::stdout());
    }
    ExitCode::SUCCESS
}

/// A reply of a known length.
fn answer<const N: usize>(stream: &mut TcpStream) -> Result<[u8; N], ExitCode> {
    let mut reply = [0; N];
    match stream.read_exact(&mut reply) {
        Ok(()) => Ok(reply),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(tell("epmd: local epmd responded with <>\n", false))
        }
        Err(_) => Err(tell("epmd: failed to read answer from local epmd\n", false)),
    }
}

/// Prints, and says how the program ends.
fn tell(text: &str, success: bool) -> ExitCode {
    let mut stdout = io::stdout();
    // Where nobody listens, the exit code is all there is to tell.
    let _ = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if success {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
