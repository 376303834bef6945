//! What an application says of itself.

use std::fmt;
use std::time::Duration;

use crate::term::{Atom, Pid, Term};

/// What an application says of itself: what stands in an `.app` file in Erlang, and how long it
/// may take to start, to live, and to stop.
///
/// ```
/// use ergo::application::AppSpec;
/// use ergo::term;
///
/// let spec = AppSpec::new()
///     .description("keys and values")
///     .version("1.2.0")
///     .applications(["crypto", "log"])
///     .env("dir", term!("/var/lib/kv"))
///     .env("limit", 1000)
///     .start_phase("open", term!([]));
/// ```
#[derive(Debug, Clone, Default)]
pub struct AppSpec {
    pub(crate) description: String,
    pub(crate) version: String,
    pub(crate) applications: Vec<Atom>,
    pub(crate) optional: Vec<Atom>,
    pub(super) env: Vec<(Atom, Term)>,
    pub(crate) phases: Vec<(Atom, Term)>,
    pub(super) lifespan: Option<Duration>,
    pub(super) start_timeout: Option<Duration>,
    pub(super) stop_timeout: Option<Duration>,
}

impl AppSpec {
    /// An application that needs no others, has no environment of its own, and lives until it ends
    /// or is stopped.
    pub fn new() -> AppSpec {
        AppSpec::default()
    }

    /// One line for people: `{description, Text}`.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = text.into();
        self
    }

    /// `{vsn, Text}`; `env!("CARGO_PKG_VERSION")` is a good one.
    pub fn version(mut self, text: impl Into<String>) -> Self {
        self.version = text.into();
        self
    }

    /// Applications that must run before this one starts, in the order in which they are started:
    /// `{applications, Names}`.
    pub fn applications<N: Into<Atom>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.applications.extend(names.into_iter().map(Into::into));
        self
    }

    /// Applications that must run before this one if they are loaded:
    /// `{optional_applications, Names}`.
    pub fn optional_applications<N: Into<Atom>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        self.optional.extend(names.into_iter().map(Into::into));
        self
    }

    /// A value of the environment, which a config file and the process environment override: an
    /// entry of `{env, List}`.
    pub fn env(mut self, key: impl Into<Atom>, value: impl Into<Term>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// One more phase of the start, run after `start` has returned and after the phases before it:
    /// an entry of `{start_phases, List}`.
    pub fn start_phase(mut self, phase: impl Into<Atom>, args: impl Into<Term>) -> Self {
        self.phases.push((phase.into(), args.into()));
        self
    }

    /// How long the application lives once it runs: it then stops by itself, in good order, and has
    /// ended with the reason `normal`. By default there is no such time. (Erlang has no equivalent.)
    pub fn lifespan(mut self, time: Duration) -> Self {
        self.lifespan = Some(time);
        self
    }

    /// How long `start` and the phases may take together; then the start has failed and the
    /// application's processes are killed. By default as long as they take, as in Erlang.
    pub fn start_timeout(mut self, time: Duration) -> Self {
        self.start_timeout = Some(time);
        self
    }

    /// How long stopping may take, from `prep_stop` to `stop`; then the application's processes
    /// are killed. By default as long as it takes, as in Erlang, but no longer than the
    /// [stop timeout](crate::node::NodeBuilder::stop_timeout) of a node that stops
    /// (`-kernel shutdown_timeout`).
    pub fn stop_timeout(mut self, time: Duration) -> Self {
        self.stop_timeout = Some(time);
        self
    }
}

/// Why an application starts. In Erlang: the first argument of `Module:start/2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum StartMode {
    /// Somebody started it: `normal`.
    #[default]
    Normal,
}

/// An application that is loaded or runs. In Erlang: `{Application, Description, Vsn}`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppInfo {
    /// Its name.
    pub name: Atom,
    /// What it says it is.
    pub description: String,
    /// Its version.
    pub version: String,
    /// The top of its tree, if it runs.
    pub root: Option<Pid>,
}

/// Prints it as Erlang does: `{kv_app,"keys and values","1.2.0"}`.
impl fmt::Display for AppInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{{{},{:?},{:?}}}",
            self.name, self.description, self.version
        )
    }
}
