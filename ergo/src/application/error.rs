//! What can go wrong with applications.

use std::time::Duration;

use crate::process::Reason;
use crate::term::{Atom, AtomError};

/// Why an application was not loaded, started, stopped or unloaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplicationError {
    /// In Erlang: `{already_loaded, Application}`.
    #[error("the application {0} is loaded already (already_loaded)")]
    AlreadyLoaded(Atom),
    /// In Erlang: `{already_started, Application}`.
    #[error("the application {0} runs already (already_started)")]
    AlreadyStarted(Atom),
    /// In Erlang: `{not_loaded, Application}`.
    #[error("the application {0} is not loaded; load it, or start it by its value (not_loaded)")]
    NotLoaded(Atom),
    /// In Erlang: `{not_started, Application}`.
    #[error("the application {0} does not run (not_started)")]
    NotStarted(Atom),
    /// It must be stopped before it is unloaded. In Erlang: `{running, Application}`.
    #[error("the application {0} runs; stop it before it is unloaded (running)")]
    Running(Atom),
    /// What it depends on is not loaded. In Erlang: `{not_started, Dependency}`.
    #[error("the application {application} needs {dependency}, which is not loaded; load it first")]
    DependencyNotLoaded {
        /// Who needs it.
        application: Atom,
        /// What is missing.
        dependency: Atom,
    },
    /// Applications that wait for each other: each needs the next, and the last is the first again.
    /// Erlang's `ensure_all_started` never comes back from such a start.
    #[error("applications need each other in a circle: {}", arrows(.0))]
    Cycle(Vec<Atom>),
    /// `start` gave this reason, panicked, or was killed. In Erlang: `{Reason, {Module, start, _}}`.
    #[error("the application {application} did not start: {reason}")]
    Start {
        /// Which one; it may be one that the wanted one depends on.
        application: Atom,
        /// Why.
        reason: Reason,
    },
    /// A start phase gave this reason or panicked. In Erlang: `{Reason, {Module, start_phase, _}}`.
    #[error("the application {application} did not start: {reason} in its start phase {phase}")]
    StartPhase {
        /// Which one; it may be one that the wanted one depends on.
        application: Atom,
        /// The phase.
        phase: Atom,
        /// Why.
        reason: Reason,
    },
    /// The start took longer than the application allows; its processes were killed.
    #[error("the application {application} did not start within {timeout:?} and was killed")]
    StartTimeout {
        /// Which one; it may be one that the wanted one depends on.
        application: Atom,
        /// Its start timeout.
        timeout: Duration,
    },
    /// Stopping took longer than the application allows; it is stopped now, because its processes
    /// were killed.
    #[error("the application {application} did not stop within {timeout:?} and was killed")]
    StopTimeout {
        /// Which one.
        application: Atom,
        /// Its stop timeout.
        timeout: Duration,
    },
    /// The node is stopping, or has stopped.
    #[error("the node is stopping and starts no applications any more")]
    NodeStopping,
    /// Its name is no atom.
    #[error("the application's name cannot be one")]
    Name(#[source] AtomError),
}

fn arrows(names: &[Atom]) -> String {
    let names: Vec<_> = names.iter().map(|name| name.as_str()).collect();
    names.join(" -> ")
}

/// An application took its node down: a permanent one ended or did not start, or a transient one
/// ended with another reason than `normal` or did not start. In Erlang: the node ends with
/// `{application_terminated, Application, Reason}` or `{application_start_failure, …}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the application {application} ended, and the node with it: {reason}")]
#[non_exhaustive]
pub struct Terminated {
    /// The application.
    pub application: Atom,
    /// Why it ended, or did not start.
    pub reason: Reason,
}
