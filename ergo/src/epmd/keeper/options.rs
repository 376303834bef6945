//! What a node may choose about EPMD.

use std::env;
use std::net::IpAddr;
use std::time::Duration;

use crate::epmd::{DEFAULT_PORT, Error, ServerOptions};

/// What a node may choose about EPMD.
///
/// ```
/// use ergo::epmd::Options;
///
/// let options = Options { embedded: false, ..Options::default() };
/// assert_eq!(options.port, 4369);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Whether the node registers with EPMD at all: yes. In Erlang: `erl -start_epmd`, `-erl_epmd_port`.
    pub enabled: bool,
    /// Whether the node serves as EPMD where none answers: yes.
    pub embedded: bool,
    /// The port of EPMD on this machine and on those of all other nodes: 4369. In Erlang: `ERL_EPMD_PORT`.
    pub port: u16,
    /// The addresses that an embedded EPMD listens on, beside those of the loopback; with none, all addresses of the
    /// machine. In Erlang: `ERL_EPMD_ADDRESS`.
    pub addresses: Vec<IpAddr>,
    /// Whether an embedded EPMD may be killed while nodes are registered, and nodes be unregistered by name: no.
    /// In Erlang: `ERL_EPMD_RELAXED_COMMAND_CHECK`.
    pub relaxed: bool,
    /// How long EPMD has to answer a registration: 10 s, as in Erlang.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            enabled: true,
            embedded: true,
            port: DEFAULT_PORT,
            addresses: Vec::new(),
            relaxed: false,
            timeout: Duration::from_secs(10),
        }
    }
}

impl Options {
    /// The defaults, with what the environment variables `ERL_EPMD_PORT`, `ERL_EPMD_ADDRESS` (addresses with commas
    /// or spaces between them) and `ERL_EPMD_RELAXED_COMMAND_CHECK` (set to anything) say.
    ///
    /// # Errors
    ///
    /// When a variable is set to something else.
    pub fn from_env() -> Result<Options, Error> {
        Options::from_variables(|name| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        })
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Options, Error> {
        let mut options = Options {
            relaxed: variable("ERL_EPMD_RELAXED_COMMAND_CHECK").is_some(),
            ..Options::default()
        };
        let is_not = |variable, expected| Error::Environment { variable, expected };
        if let Some(port) = variable("ERL_EPMD_PORT") {
            let port = port.trim().parse().ok().filter(|port| *port != 0);
            options.port = port.ok_or_else(|| is_not("ERL_EPMD_PORT", "a port from 1 to 65535"))?;
        }
        if let Some(addresses) = variable("ERL_EPMD_ADDRESS") {
            let words = addresses.split([',', ' ']).filter(|word| !word.is_empty());
            let addresses = words.map(str::parse).collect::<Result<_, _>>();
            options.addresses =
                addresses.map_err(|_| is_not("ERL_EPMD_ADDRESS", "a list of IP addresses"))?;
        }
        Ok(options)
    }

    /// How the embedded EPMD serves.
    pub(super) fn server(&self) -> ServerOptions {
        ServerOptions {
            port: self.port,
            addresses: self.addresses.clone(),
            relaxed: self.relaxed,
            ..ServerOptions::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Options, Error> {
        let value = |name: &str| {
            variables
                .iter()
                .find(|(other, _)| *other == name)
                .map(|(_, value)| *value)
        };
        Options::from_variables(|name| value(name).map(str::to_owned))
    }

    #[test]
    fn the_environment_is_that_of_erlang() {
        assert_eq!(read(&[]).unwrap(), Options::default());
        let options = read(&[
            ("ERL_EPMD_PORT", "4370"),
            ("ERL_EPMD_ADDRESS", "10.0.0.1, ::1"),
            ("ERL_EPMD_RELAXED_COMMAND_CHECK", ""),
        ]);
        let expected = Options {
            port: 4370,
            addresses: vec!["10.0.0.1".parse().unwrap(), "::1".parse().unwrap()],
            relaxed: true,
            ..Options::default()
        };
        assert_eq!(options.unwrap(), expected);
    }

    #[test]
    fn a_mistake_names_its_variable() {
        for (variable, value) in [
            ("ERL_EPMD_PORT", ""),
            ("ERL_EPMD_PORT", "0"),
            ("ERL_EPMD_PORT", "65536"),
            ("ERL_EPMD_PORT", "epmd"),
            ("ERL_EPMD_ADDRESS", "localhost"),
        ] {
            let error = read(&[(variable, value)]).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("the environment variable {variable} is not a")),
                "{error}"
            );
            assert!(error.ends_with("; correct or unset it"), "{error}");
        }
    }
}
