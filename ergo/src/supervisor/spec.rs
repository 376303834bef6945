//! What a supervisor is to do, and what is wrong with it.

use std::time::Duration;

use super::child_spec::ChildSpec;
use super::options::{AutoShutdown, Restart, Strategy};
use crate::process::Reason;
use crate::term::Term;

/// A supervisor's flags and children: what `init/1` returns in Erlang.
///
/// ```
/// # use std::time::Duration;
/// use ergo::gen_server;
/// use ergo::supervisor::{ChildSpec, Strategy, SupervisorSpec};
///
/// struct Kv;
/// #[gen_server]
/// impl Kv {
///     #[init] fn init() -> Self { Kv }
/// }
///
/// # async fn example(node: &ergo::Node) -> Result<(), ergo::gen_server::StartError> {
/// let supervisor = SupervisorSpec::new(Strategy::OneForOne)
///     .intensity(3)
///     .period(Duration::from_secs(5))
///     .child(ChildSpec::new("kv", Kv::child))
///     .start(node)
///     .name("app_sup")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SupervisorSpec {
    pub(super) strategy: Strategy,
    pub(super) intensity: u32,
    pub(super) period: Duration,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) children: Vec<ChildSpec>,
}

impl SupervisorSpec {
    /// A supervisor without children that allows one restart in five seconds, as OTP's defaults do.
    pub fn new(strategy: Strategy) -> SupervisorSpec {
        SupervisorSpec {
            strategy,
            intensity: 1,
            period: Duration::from_secs(5),
            auto_shutdown: AutoShutdown::Never,
            children: Vec::new(),
        }
    }

    /// How many restarts may happen within the [period](Self::period); one more, and the supervisor
    /// terminates its children and itself, with the reason `shutdown`. The default is 1.
    pub fn intensity(mut self, restarts: u32) -> Self {
        self.intensity = restarts;
        self
    }

    /// How long a restart counts. The default is 5 s. OTP measures in whole seconds of its clock,
    /// this in the time that passed.
    pub fn period(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    /// Whether the supervisor ends with its significant children. The default is never.
    pub fn auto_shutdown(mut self, auto_shutdown: AutoShutdown) -> Self {
        self.auto_shutdown = auto_shutdown;
        self
    }

    /// Adds a child. They start in the order in which they are added and stop in reverse.
    pub fn child(mut self, child: impl Into<ChildSpec>) -> Self {
        self.children.push(child.into());
        self
    }

    /// Adds children.
    pub fn children(self, children: impl IntoIterator<Item = ChildSpec>) -> Self {
        children.into_iter().fold(self, Self::child)
    }

    /// Whether a supervisor would take it. Starting asks this first, before any child. In Erlang:
    /// `supervisor:check_childspecs/2`, and more.
    ///
    /// # Errors
    ///
    /// The first mistake that is found.
    pub fn check(&self) -> Result<(), SpecError> {
        if self.period.is_zero() {
            return Err(SpecError::ZeroPeriod);
        }
        let dynamic = self.strategy == Strategy::SimpleOneForOne;
        if dynamic && self.children.len() != 1 {
            return Err(SpecError::DynamicChildren {
                children: self.children.len(),
            });
        }
        for (index, child) in self.children.iter().enumerate() {
            child.check(self.auto_shutdown)?;
            let id = &child.id;
            if self.children[..index].iter().any(|other| other.id == *id) {
                return Err(SpecError::DuplicateId(id.term().clone()));
            }
            match (dynamic, child.is_dynamic()) {
                (true, false) => return Err(SpecError::NotDynamic(id.term().clone())),
                (false, true) => return Err(SpecError::Dynamic(id.term().clone())),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Why a specification is refused, before any child is started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// `{duplicate_child_name, Id}`
    #[error("two children have the id {0}; give each its own")]
    DuplicateId(Term),
    /// `{invalid_period, 0}`
    #[error("the period is zero; give a longer one, such as 5 s")]
    ZeroPeriod,
    /// `{bad_start_spec, [..]}`
    #[error("simple_one_for_one has exactly one child specification, not {children}")]
    DynamicChildren {
        /// How many there are.
        children: usize,
    },
    /// The only child of a `simple_one_for_one` supervisor takes no arguments.
    #[error(
        "the child {0} of a simple_one_for_one supervisor must be made by `ChildSpec::dynamic`"
    )]
    NotDynamic(Term),
    /// A child that takes arguments stands under another strategy.
    #[error(
        "the child {0} takes arguments at its start, which needs the strategy simple_one_for_one"
    )]
    Dynamic(Term),
    /// `{bad_combination, [{restart, permanent}, {significant, true}]}`
    #[error(
        "the child {0} is significant, so it must be transient or temporary: a permanent child never ends"
    )]
    SignificantPermanent(Term),
    /// `{bad_combination, [{auto_shutdown, never}, {significant, true}]}`
    #[error(
        "the child {0} is significant, but the supervisor's auto_shutdown is never; set one of the other two"
    )]
    SignificantNever(Term),
}

impl SpecError {
    /// As OTP says it of one child: `duplicate_child_name` and the like.
    pub(super) fn to_term(&self) -> Term {
        let bad_combination = |first: (&str, &str)| {
            let pair =
                |(key, value): (&str, &str)| Term::tuple([Term::atom(key), Term::atom(value)]);
            let pairs = Term::list([pair(first), pair(("significant", "true"))]);
            Term::tuple([Term::atom("bad_combination"), pairs])
        };
        let tagged = |tag: &str, of: Term| Term::tuple([Term::atom(tag), of]);
        match self {
            SpecError::DuplicateId(id) => tagged("duplicate_child_name", id.clone()),
            SpecError::ZeroPeriod => tagged("invalid_period", 0.into()),
            SpecError::DynamicChildren { children } => {
                tagged("bad_start_spec", Term::from(*children as u64))
            }
            SpecError::NotDynamic(id) => tagged("not_dynamic", id.clone()),
            SpecError::Dynamic(id) => tagged("dynamic", id.clone()),
            SpecError::SignificantPermanent(_) => bad_combination(("restart", "permanent")),
            SpecError::SignificantNever(_) => bad_combination(("auto_shutdown", "never")),
        }
    }
}

/// The reason with which a supervisor of this specification does not start, as in OTP.
impl From<SpecError> for Reason {
    fn from(error: SpecError) -> Reason {
        let what = match error {
            SpecError::ZeroPeriod => "supervisor_data",
            SpecError::DynamicChildren { .. } => return Reason::from(error.to_term()),
            _ => "start_spec",
        };
        Reason::from(Term::tuple([Term::atom(what), error.to_term()]))
    }
}

impl ChildSpec {
    /// What is wrong with it, whatever its siblings are.
    pub(super) fn check(&self, auto_shutdown: AutoShutdown) -> Result<(), SpecError> {
        if !self.significant {
            return Ok(());
        }
        let id = || self.id.term().clone();
        if auto_shutdown == AutoShutdown::Never {
            return Err(SpecError::SignificantNever(id()));
        }
        if self.restart == Restart::Permanent {
            return Err(SpecError::SignificantPermanent(id()));
        }
        Ok(())
    }
}
