//! Shared by the examples: the options of their command lines, and the log.

use std::env;
use std::path::PathBuf;
use std::process::exit;

use ergo::Node;
use ergo::node::NodeBuilder;
use tracing_subscriber::EnvFilter;

/// What an example may be told: `--name NODE` and `--cookie COOKIE`, and where it keeps certificates.
#[derive(Debug)]
pub struct Options {
    /// The name of the node.
    pub name: String,
    /// The cookie, if one was given; else the node reads `~/.erlang.cookie`, as `erl` does.
    pub cookie: Option<String>,
    /// The directory of certificates, where the example has one: `--certs DIR`.
    pub certs: Option<PathBuf>,
}

impl Options {
    /// Reads the command line, and ends the program with a usage line when it cannot be understood.
    pub fn from_args(default_name: &str) -> Options {
        Options::read(default_name, None)
    }

    /// The same for an example with certificates: `--certs DIR` too.
    pub fn with_certs(default_name: &str, default_certs: &str) -> Options {
        Options::read(default_name, Some(default_certs))
    }

    fn read(default_name: &str, default_certs: Option<&str>) -> Options {
        let parsed = Options::parse(default_name, default_certs, env::args().skip(1));
        parsed.unwrap_or_else(|error| {
            let certs = default_certs.map(|certs| format!(" [--certs {certs}]"));
            let certs = certs.unwrap_or_default();
            misused(
                &error,
                &format!("[--name {default_name}] [--cookie COOKIE]{certs}"),
            )
        })
    }

    fn parse(
        default_name: &str,
        default_certs: Option<&str>,
        arguments: impl Iterator<Item = String>,
    ) -> Result<Options, String> {
        let mut options = Options {
            name: default_name.to_owned(),
            cookie: None,
            certs: default_certs.map(PathBuf::from),
        };
        read(arguments, |option, value| {
            match option {
                "--name" => options.name = value,
                "--cookie" => options.cookie = Some(value),
                "--certs" if default_certs.is_some() => options.certs = Some(value.into()),
                _ => return false,
            }
            true
        })?;
        Ok(options)
    }

    /// A node with these options, to be started.
    pub fn node(&self) -> NodeBuilder {
        let node = Node::builder(&self.name);
        match &self.cookie {
            Some(cookie) => node.cookie(cookie),
            None => node,
        }
    }
}

/// Reads a command line of other options, each with its value, over the values that they have; and ends the program with a
/// usage line when it cannot be understood.
pub fn read_options(options: &mut [(&str, &mut String)]) {
    let usage: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("[{name} {value}]"))
        .collect();
    let outcome = read(env::args().skip(1), |given, new| {
        let known = options.iter_mut().find(|(name, _)| *name == given);
        known.map(|(_, value)| **value = new).is_some()
    });
    if let Err(error) = outcome {
        misused(&error, &usage.join(" "));
    }
}

/// Gives each option and its value to `set`, which says whether it knows that option.
fn read(
    mut arguments: impl Iterator<Item = String>,
    mut set: impl FnMut(&str, String) -> bool,
) -> Result<(), String> {
    while let Some(option) = arguments.next() {
        let value = arguments.next();
        let value = value.ok_or_else(|| format!("{option} needs a value"))?;
        if !set(&option, value) {
            return Err(format!("no option {option}"));
        }
    }
    Ok(())
}

#[allow(clippy::print_stderr)]
fn misused(error: &str, usage: &str) -> ! {
    eprintln!("{error}\nusage: {usage}");
    exit(2)
}

/// Writes what ergo and the example log to standard error, as `RUST_LOG` asks: `RUST_LOG=ergo=debug`.
pub fn init_log() {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::parse(
            "kv@127.0.0.1",
            None,
            arguments.iter().map(ToString::to_string),
        )
    }

    #[test]
    fn reads_the_command_line() {
        let options = parse(&["--cookie", "secret", "--name", "shop@host"]).unwrap();
        assert_eq!(options.name, "shop@host");
        assert_eq!(options.cookie.as_deref(), Some("secret"));

        let options = parse(&[]).unwrap();
        assert_eq!(
            (options.name.as_str(), options.cookie),
            ("kv@127.0.0.1", None)
        );
    }

    #[test]
    fn says_what_it_does_not_understand() {
        assert_eq!(parse(&["--nmae", "x"]).unwrap_err(), "no option --nmae");
        assert_eq!(parse(&["--name"]).unwrap_err(), "--name needs a value");
    }
}
