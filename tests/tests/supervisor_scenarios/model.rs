//! What a scenario is: a tree of supervisors, and what happens to it. Both sides play the same term.

use std::fmt;

use ergo::{Atom, Term};

/// Child ids from the top supervisor down; the top itself is `[]`.
pub(crate) type Path = Vec<Atom>;

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) struct Scenario {
    /// The seed that it was generated from.
    pub(crate) seed: u64,
    pub(crate) top: Sup,
    pub(crate) steps: Vec<Step>,
    /// How the top supervisor ends if it lives until then.
    pub(crate) end: End,
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) struct Sup {
    pub(crate) strategy: Strategy,
    pub(crate) intensity: u32,
    /// Seconds.
    pub(crate) period: u32,
    pub(crate) auto_shutdown: AutoShutdown,
    /// The template alone under `simple_one_for_one`.
    pub(crate) children: Vec<Child>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Term)]
pub(crate) enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
    SimpleOneForOne,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Term)]
pub(crate) enum AutoShutdown {
    Never,
    AnySignificant,
    AllSignificant,
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) struct Child {
    pub(crate) id: Atom,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Shutdown,
    pub(crate) significant: bool,
    pub(crate) what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Term)]
pub(crate) enum Restart {
    Permanent,
    Transient,
    Temporary,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Term)]
pub(crate) enum Shutdown {
    BrutalKill,
    /// Milliseconds.
    Time(u32),
    Infinity,
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum What {
    Worker(Worker),
    Supervisor(Sup),
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) struct Worker {
    pub(crate) manner: Manner,
    /// What `init` says at its n-th start, if not that all is well. Starts are counted by path, over the whole scenario.
    pub(crate) fails: Vec<(u32, Fail)>,
}

/// How a worker takes it when it is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Term)]
pub(crate) enum Manner {
    /// It does not trap exits.
    Plain,
    /// It traps exits and terminates at once.
    Trapping,
    /// It traps exits and takes a moment to terminate.
    Slow,
    /// It traps exits and does not end when its supervisor asks.
    Stubborn,
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Fail {
    Ignore,
    Stop(Term),
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Step {
    /// A process ends, or is asked to.
    Death(Path, Death),
    /// A worker unlinks itself from its supervisor.
    Unlink(Path),
    /// A request to a supervisor.
    Ask(Path, Ask),
    /// All that happens while a supervisor is busy, in the order in which it will hear of it.
    Burst(Path, Vec<Act>),
    /// Time passes: 2.6 s, of which one is within a period of 4 s and two are not, however OTP rounds.
    Wait,
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Act {
    Death(Atom, Death),
    Ask(Ask),
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Death {
    /// A worker stops itself with this reason; a supervisor is stopped by `gen_server:stop/1`, whatever the reason.
    Stop(Term),
    /// The exit signal of a stranger.
    Signal(Term),
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Ask {
    Which,
    Count,
    /// Under `simple_one_for_one` the key of a child, which is asked for by its last pid.
    Terminate(Atom),
    Restart(Atom),
    Delete(Atom),
    Start(Child),
    /// A child of a `simple_one_for_one` supervisor.
    Dynamic(Atom),
}

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum End {
    /// The exit signal of the process that is linked as its parent.
    Parent(Term),
    Stop,
    Kill,
}

impl Scenario {
    /// Whether a supervisor may end with a significant child.
    pub(crate) fn has_auto_shutdown(&self) -> bool {
        let starts = self.steps.iter().any(|step| match step {
            Step::Ask(_, Ask::Start(child)) => child.significant,
            Step::Burst(_, acts) => (acts.iter())
                .any(|act| matches!(act, Act::Ask(Ask::Start(child)) if child.significant)),
            _ => false,
        });
        starts || self.top.has_auto_shutdown()
    }

    /// Whether a supervisor of instances may end with significant ones: later releases of OTP refuse
    /// this.
    pub(crate) fn has_significant_instances(&self) -> bool {
        self.top.has_significant_instances()
    }

    /// The same with more time for whoever is to be ended: where time passes as it does, a thread may be without a core for a
    /// while.
    pub(crate) fn patient(&self) -> Scenario {
        let mut patient = self.clone();
        patient.top.give_time();
        for step in &mut patient.steps {
            if let Step::Ask(_, Ask::Start(child)) = step {
                child.give_time();
            }
        }
        patient
    }

    /// Whether one thing happens after the other, at times that do not matter.
    pub(crate) fn is_sequential(&self) -> bool {
        let at_once = |step: &Step| matches!(step, Step::Burst(..) | Step::Wait);
        !self.steps.iter().any(at_once)
    }
}

/// The path as the logs have it.
pub(crate) fn shown(path: &[Atom]) -> String {
    if path.is_empty() {
        return "top".to_owned();
    }
    let ids: Vec<&str> = path.iter().map(|id| id.as_str()).collect();
    ids.join(".")
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}\ntop: ", self.seed)?;
        self.top.show(f, 4)?;
        for (number, step) in self.steps.iter().enumerate() {
            writeln!(f, "step {}: {step:?}", number + 1)?;
        }
        writeln!(f, "end: {:?}", self.end)
    }
}

impl Child {
    fn give_time(&mut self) {
        if let Shutdown::Time(time) = &mut self.shutdown {
            *time *= 10;
        }
        if let What::Supervisor(inner) = &mut self.what {
            inner.give_time();
        }
    }
}

impl Sup {
    fn give_time(&mut self) {
        self.children.iter_mut().for_each(Child::give_time);
    }

    fn has_auto_shutdown(&self) -> bool {
        let mut children = self.children.iter();
        self.auto_shutdown != AutoShutdown::Never
            || children.any(|child| match &child.what {
                What::Supervisor(inner) => inner.has_auto_shutdown(),
                What::Worker(_) => false,
            })
    }

    fn has_significant_instances(&self) -> bool {
        let mut children = self.children.iter();
        (self.strategy == Strategy::SimpleOneForOne && self.auto_shutdown != AutoShutdown::Never)
            || children.any(|child| match &child.what {
                What::Supervisor(inner) => inner.has_significant_instances(),
                What::Worker(_) => false,
            })
    }

    fn show(&self, f: &mut fmt::Formatter<'_>, indent: usize) -> fmt::Result {
        let Sup {
            strategy,
            intensity,
            period,
            auto_shutdown,
            children,
        } = self;
        writeln!(
            f,
            "{strategy:?}, {intensity} in {period} s, auto_shutdown {auto_shutdown:?}"
        )?;
        for child in children {
            let Child {
                id,
                restart,
                shutdown,
                significant,
                what,
            } = child;
            let significant = if *significant { ", significant" } else { "" };
            write!(
                f,
                "{:indent$}{id}: {restart:?}, {shutdown:?}{significant}, ",
                ""
            )?;
            match what {
                What::Worker(Worker { manner, fails }) => writeln!(f, "{manner:?} {fails:?}")?,
                What::Supervisor(inner) => inner.show(f, indent + 4)?,
            }
        }
        Ok(())
    }
}
