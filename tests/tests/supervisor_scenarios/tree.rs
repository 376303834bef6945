//! The processes of a scenario's tree, made of ergo's supervisors and servers.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Waker};
use std::time::Duration;

use ergo::gen_server::{Context, Exit, InitError, Next, Reason};
use ergo::supervisor::{self, Child, ChildSpec, Supervisor, SupervisorSpec};
use ergo::{Atom, Term, gen_server};

use crate::model::{self, Fail, Manner, Path, Sup, What, Worker};
use crate::recorder::RecorderRef;

/// A worker, told by messages what to do.
pub(crate) struct Member {
    recorder: RecorderRef,
    manner: Manner,
}

#[gen_server]
impl Member {
    #[init]
    async fn init(
        recorder: RecorderRef,
        path: Path,
        worker: Worker,
        ctx: &mut Context<Self>,
    ) -> Result<Self, InitError> {
        let Worker { manner, fails } = worker;
        ctx.trap_exit(manner != Manner::Plain);
        match recorder.worker(path, manner, fails).no_timeout().await {
            Ok(None) => Ok(Member { recorder, manner }),
            Ok(Some(Fail::Ignore)) => Err(InitError::Ignore),
            Ok(Some(Fail::Stop(reason))) => Err(InitError::Stop(reason.into())),
            Err(error) => panic!("no recorder: {error}"),
        }
    }

    #[call]
    fn ping(&mut self) {}

    #[cast]
    fn die(&mut self, reason: Term) -> Next {
        self.manner = Manner::Plain;
        Next::Stop(reason.into())
    }

    #[cast]
    fn leave(&mut self, ctx: &mut Context<Self>) {
        let parent = ctx.parent().expect("started by its supervisor");
        ctx.unlink(parent);
    }

    #[info(exit)]
    async fn signal(&mut self, exit: Exit) {
        let reason = exit.reason.to_term();
        let _ = self.recorder.signalled(reason).no_timeout().await;
    }

    #[terminate]
    async fn terminate(&mut self, reason: &Reason) {
        let reason = reason.to_term();
        let _ = self.recorder.terminates(reason).no_timeout().await;
        match self.manner {
            Manner::Stubborn => pending().await,
            Manner::Slow => tokio::time::sleep(Duration::from_millis(10)).await,
            Manner::Plain | Manner::Trapping => {}
        }
    }
}

/// A supervisor of the tree.
pub(crate) struct Tree {
    pub(crate) recorder: RecorderRef,
    pub(crate) path: Path,
    pub(crate) sup: Sup,
}

impl Supervisor for Tree {
    fn spec(self: Arc<Self>) -> SupervisorSpec {
        let Tree {
            recorder,
            path,
            sup,
        } = &*self;
        // The message is sent by the first poll, and with it the pid of the supervisor, which waits for nothing here.
        let call = pin!(recorder.supervisor(path.clone(), sup.strategy));
        let _ = call.poll(&mut TaskContext::from_waker(Waker::noop()));
        let children = sup.children.iter();
        SupervisorSpec::new(strategy(sup.strategy))
            .intensity(sup.intensity)
            .period(Duration::from_secs(sup.period.into()))
            .auto_shutdown(auto_shutdown(sup.auto_shutdown))
            .children(children.map(|child| spec(recorder, path, sup.strategy, child)))
    }
}

/// The specification of a child, for its supervisor or for `start_child`.
pub(crate) fn spec(
    recorder: &RecorderRef,
    above: &Path,
    strategy: model::Strategy,
    child: &model::Child,
) -> ChildSpec {
    let restart = match child.restart {
        model::Restart::Permanent => supervisor::Restart::Permanent,
        model::Restart::Transient => supervisor::Restart::Transient,
        model::Restart::Temporary => supervisor::Restart::Temporary,
    };
    let shutdown = match child.shutdown {
        model::Shutdown::BrutalKill => supervisor::Shutdown::BrutalKill,
        model::Shutdown::Time(time) => {
            supervisor::Shutdown::After(Duration::from_millis(time.into()))
        }
        model::Shutdown::Infinity => supervisor::Shutdown::Infinity,
    };
    let dynamic = strategy == model::Strategy::SimpleOneForOne;
    let (recorder, above) = (recorder.clone(), above.clone());
    let below = move |id| {
        let mut path = above.clone();
        path.push(id);
        (recorder.clone(), path)
    };
    let id = child.id;
    let spec = match child.what.clone() {
        What::Worker(worker) => {
            let start = move |id: Atom| {
                let (recorder, path) = below(id);
                Child::<Member>::new((recorder, path, worker.clone()))
            };
            if dynamic {
                let spec = ChildSpec::dynamic(id, move |(key,): (Atom,)| start(key));
                spec.kind(supervisor::ChildKind::Worker)
                    .restart(restart)
                    .into()
            } else {
                ChildSpec::new(id, move || start(id))
            }
        }
        What::Supervisor(sup) => {
            let start = move |id: Atom| {
                let (recorder, path) = below(id);
                Tree {
                    recorder,
                    path,
                    sup: sup.clone(),
                }
                .child()
            };
            if dynamic {
                let spec = ChildSpec::dynamic(id, move |(key,): (Atom,)| start(key));
                spec.kind(supervisor::ChildKind::Supervisor)
                    .restart(restart)
                    .into()
            } else {
                ChildSpec::new(id, move || start(id)).kind(supervisor::ChildKind::Supervisor)
            }
        }
    };
    spec.restart(restart)
        .shutdown(shutdown)
        .significant(child.significant)
}

fn strategy(strategy: model::Strategy) -> supervisor::Strategy {
    match strategy {
        model::Strategy::OneForOne => supervisor::Strategy::OneForOne,
        model::Strategy::OneForAll => supervisor::Strategy::OneForAll,
        model::Strategy::RestForOne => supervisor::Strategy::RestForOne,
        model::Strategy::SimpleOneForOne => supervisor::Strategy::SimpleOneForOne,
    }
}

fn auto_shutdown(auto_shutdown: model::AutoShutdown) -> supervisor::AutoShutdown {
    match auto_shutdown {
        model::AutoShutdown::Never => supervisor::AutoShutdown::Never,
        model::AutoShutdown::AnySignificant => supervisor::AutoShutdown::AnySignificant,
        model::AutoShutdown::AllSignificant => supervisor::AutoShutdown::AllSignificant,
    }
}
