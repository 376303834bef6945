//! The supervisor's process.

use tokio::time::Instant;

use super::child_spec::{ChildSpec, StartFn};
use super::dynamic::Dynamic;
use super::error::{ChildError, said};
use super::group::Group;
use super::info::ChildInfo;
use super::message::{Failed, Restarted, StartResult, SupervisorMessage};
use super::options::{AutoShutdown, ChildId, Restart, Strategy};
use super::parent::Parent;
use super::restarts::Restarts;
use super::spec::{SpecError, SupervisorSpec};
use crate::etf::Encoded;
use crate::gen_server::{self, Context, InitError, Next, Server};
use crate::process::{Behaviour, Exit, Origin, Reason};
use crate::sys::shown;
use crate::term::{Atom, Pid, Term};

/// A supervisor as a server: it traps exits, and whatever its state is, a callback of it runs until
/// all that it starts or stops has started or ended, as in OTP.
pub(super) struct Engine {
    parent: Parent,
    auto_shutdown: AutoShutdown,
    restarts: Restarts,
    children: Children,
}

enum Children {
    Group(Group),
    Dynamic(Dynamic),
}

/// The state as it is shown.
#[derive(ergo_derive::Encode)]
struct State {
    strategy: Strategy,
    auto_shutdown: AutoShutdown,
    /// How many there were of late.
    restarts: u64,
    children: Vec<ChildInfo>,
}

/// What the supervisor does after the end of a child.
enum Verdict {
    /// Nothing.
    GoOn,
    Restart,
    /// A significant child has ended.
    Shutdown,
}

impl Server for Engine {
    type Args = Box<dyn FnOnce() -> SupervisorSpec + Send>;
    type Message = SupervisorMessage;

    async fn init(spec: Self::Args, ctx: &mut Context<Self>) -> Result<Engine, InitError> {
        ctx.trap_exit(true);
        let parent = Parent {
            node: ctx.node().clone(),
            pid: ctx.pid(),
        };
        let mut spec = spec();
        if let Err(error) = spec.check() {
            parent.report_spec(&error);
            return Err(Reason::from(error).into());
        }
        let first = spec.children.pop();
        let children = match (spec.strategy, first) {
            (Strategy::SimpleOneForOne, Some(template)) => {
                Children::Dynamic(Dynamic::new(template))
            }
            (strategy, last) => {
                spec.children.extend(last);
                let mut group = Group::new(strategy, spec.children);
                group.start(&parent).await?;
                Children::Group(group)
            }
        };
        Ok(Engine {
            parent,
            auto_shutdown: spec.auto_shutdown,
            restarts: Restarts::new(spec.intensity, spec.period),
            children,
        })
    }

    async fn handle(&mut self, message: SupervisorMessage, ctx: &mut Context<Self>) -> Next {
        let parent = self.parent.clone();
        match (message, &mut self.children) {
            (SupervisorMessage::Exit(exit), _) => return self.child_ended(exit, ctx).await,
            (SupervisorMessage::TryAgain(failed), _) => return self.try_again(failed, ctx).await,
            (SupervisorMessage::WhichChildren(reply), Children::Group(group)) => {
                reply.send(group.which());
            }
            (SupervisorMessage::WhichChildren(reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.which());
            }
            (SupervisorMessage::CountChildren(reply), Children::Group(group)) => {
                reply.send(group.count(&parent));
            }
            (SupervisorMessage::CountChildren(reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.count());
            }
            (SupervisorMessage::GetChildspec(id, reply), Children::Group(group)) => {
                reply.send(group.childspec(&id));
            }
            (SupervisorMessage::GetChildspec(id, reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.childspec(&id, &parent));
            }
            (SupervisorMessage::TerminateChild(id, reply), Children::Group(group)) => {
                reply.send(group.terminate(&id, &parent).await);
            }
            (SupervisorMessage::TerminateChild(id, reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.terminate(&id, &parent).await);
            }
            (SupervisorMessage::DeleteChild(id, reply), Children::Group(group)) => {
                reply.send(group.delete(&id));
            }
            (SupervisorMessage::RestartChild(id, reply), Children::Group(group)) => {
                reply.send(group.restart_by_hand(&id, &parent).await);
            }
            (SupervisorMessage::DeleteChild(_, reply), Children::Dynamic(_)) => {
                reply.send(Err(ChildError::SimpleOneForOne));
            }
            (SupervisorMessage::RestartChild(_, reply), Children::Dynamic(_))
            | (SupervisorMessage::StartChild(_, reply), Children::Dynamic(_)) => {
                reply.send(Err(ChildError::SimpleOneForOne));
            }
            (SupervisorMessage::StartChild(spec, reply), Children::Group(group)) => {
                let started = start_in(group, *spec, self.auto_shutdown, &parent).await;
                reply.send(started);
            }
            (SupervisorMessage::StartWith(_, reply), Children::Group(_)) => {
                reply.send(Err(ChildError::Arguments));
            }
            (SupervisorMessage::StartWith(args, reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.start_with(args, &parent).await);
            }
            (SupervisorMessage::StartEncoded(spec, reply), Children::Group(group)) => {
                reply.send(Err(refuse(group, &spec, &parent)));
            }
            (SupervisorMessage::StartEncoded(args, reply), Children::Dynamic(dynamic)) => {
                reply.send(dynamic.start_encoded(args, &parent).await);
            }
        }
        Next::Continue
    }

    fn format_state(&self) -> Term {
        let (strategy, children) = match &self.children {
            Children::Group(group) => (group.strategy(), group.which()),
            Children::Dynamic(dynamic) => (Strategy::SimpleOneForOne, dynamic.which()),
        };
        let state = State {
            strategy,
            auto_shutdown: self.auto_shutdown,
            restarts: self.restarts.count(),
            children,
        };
        shown::term(&state).unwrap_or_else(|| shown::name(self))
    }

    async fn terminate(&mut self, _: &Reason, _: &mut Context<Self>) {
        match &mut self.children {
            Children::Group(group) => group.stop_from(0, &self.parent).await,
            Children::Dynamic(dynamic) => dynamic.stop(&self.parent).await,
        }
    }
}

/// What the process of a supervisor runs that is known as an `S`.
pub(super) fn origin<S>() -> Origin {
    Origin {
        name: std::any::type_name::<S>(),
        behaviour: Some(Behaviour::Supervisor),
        ..gen_server::origin::<Engine>()
    }
}

async fn start_in(
    group: &mut Group,
    spec: ChildSpec,
    auto_shutdown: AutoShutdown,
    parent: &Parent,
) -> StartResult {
    spec.check(auto_shutdown)?;
    match spec.start {
        StartFn::Dynamic(_) => Err(SpecError::Dynamic(spec.id.into_term()).into()),
        StartFn::Fixed(_) => group.start_child(spec, parent).await,
    }
}

/// Answers who wants to start a child that is named by an Erlang function.
fn refuse(group: &Group, spec: &Encoded, parent: &Parent) -> ChildError {
    let Ok(spec) = spec.decode::<Term>(parent.node.budget()) else {
        return ChildError::Start(Atom::new("badarg").into());
    };
    let id = match &spec {
        Term::Map(map) => map.get_atom("id"),
        Term::Tuple(tuple) if tuple.len() == 6 => Some(&tuple[0]),
        _ => None,
    };
    let Some(id) = id else {
        let refused = Term::tuple([Term::atom("invalid_child_spec"), spec]);
        return ChildError::Start(refused.into());
    };
    let text = "this supervisor is written in Rust and cannot call the child's start function; \
                start a child of the program's own";
    let unsupported = ChildError::Start(said("unsupported_child_spec", &text).into());
    group.present(id).unwrap_or(unsupported)
}

impl Engine {
    /// Somebody ended: a child, or a process that is none (any more).
    async fn child_ended(&mut self, exit: Exit, ctx: &mut Context<Self>) -> Next {
        let Exit { from, reason, .. } = exit;
        let Some(spec) = self.spec_of(from) else {
            return Next::Continue;
        };
        let (id, restart, significant) = (spec.id.clone(), spec.restart, spec.significant);
        // A node that stops ends all its processes: nothing to report.
        let expected = restart != Restart::Permanent || self.parent.node.is_stopping();
        if !expected || reason.is_crash() {
            self.parent.report_end(&id, from, &reason);
        }
        let again = match restart {
            Restart::Permanent => true,
            Restart::Transient => reason.is_crash(),
            Restart::Temporary => false,
        };
        let verdict = if again {
            Verdict::Restart
        } else {
            self.forget(from);
            self.after_end_of(significant)
        };
        match verdict {
            Verdict::GoOn => Next::Continue,
            Verdict::Shutdown => Next::Stop(Reason::Shutdown),
            Verdict::Restart => self.restart(Failed::Instance(from), &id, ctx).await,
        }
    }

    async fn try_again(&mut self, failed: Failed, ctx: &mut Context<Self>) -> Next {
        // Terminated meanwhile, or started again with its group: nothing to do.
        let id = match (&self.children, &failed) {
            (Children::Group(group), Failed::Child(id)) => group.restarting(id),
            (Children::Dynamic(dynamic), Failed::Instance(pid)) => dynamic.restarting(pid),
            _ => None,
        };
        match id {
            Some(id) => self.restart(failed, &id, ctx).await,
            None => Next::Continue,
        }
    }

    /// Restarts a child, known by its last pid or, after a failure, by its id, and what its end
    /// takes with it.
    async fn restart(&mut self, child: Failed, id: &ChildId, ctx: &mut Context<Self>) -> Next {
        // A node that stops ends all its processes, and starts none.
        if self.parent.node.is_stopping() {
            self.forget_failed(&child);
            return Next::Stop(Reason::Shutdown);
        }
        if !self.restarts.add(Instant::now()) {
            self.parent.report_intensity(id);
            self.forget_failed(&child);
            return Next::Stop(Reason::Shutdown);
        }
        let restarted = match &mut self.children {
            Children::Group(group) => group.restart(id, &self.parent).await,
            Children::Dynamic(dynamic) => match child {
                Failed::Instance(pid) => dynamic.restart(pid, &self.parent).await,
                Failed::Child(_) => Restarted::Done,
            },
        };
        if let Restarted::Failed(failed) = restarted {
            // By way of the mailbox: who waits to be served comes first, a stop too.
            ctx.myself().cast(SupervisorMessage::TryAgain(failed));
        }
        Next::Continue
    }

    fn spec_of(&self, pid: Pid) -> Option<&ChildSpec> {
        match &self.children {
            Children::Group(group) => group.spec_of(pid),
            Children::Dynamic(dynamic) => dynamic.spec_of(pid),
        }
    }

    /// The child that had this pid is not restarted.
    fn forget(&mut self, pid: Pid) {
        match &mut self.children {
            Children::Group(group) => group.forget(pid),
            Children::Dynamic(dynamic) => dynamic.forget(&pid),
        }
    }

    fn forget_failed(&mut self, child: &Failed) {
        if let Failed::Instance(pid) = child {
            self.forget(*pid);
        }
    }

    fn after_end_of(&self, significant: bool) -> Verdict {
        let over = significant
            && match self.auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::AnySignificant => true,
                AutoShutdown::AllSignificant => match &self.children {
                    Children::Group(group) => !group.has_significant(),
                    Children::Dynamic(dynamic) => dynamic.is_empty(),
                },
            };
        if over {
            Verdict::Shutdown
        } else {
            Verdict::GoOn
        }
    }
}
