//! The process on which an application stands.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::app::{AnyApplication, Callback};
use super::progress::Run;
use super::{AppContext, AppSpec, ApplicationError, StartMode};
use crate::process::{Context, Reason, Received, catch_panics};
use crate::term::{Atom, Pid, Term, Tuple};

/// What a master needs of its application.
pub(super) struct Master {
    pub(super) name: Atom,
    pub(super) app: Arc<dyn AnyApplication>,
    pub(super) spec: Arc<AppSpec>,
}

/// Told once the start is over.
pub(super) type Report = oneshot::Sender<Result<Pid, ApplicationError>>;

/// What it waits for before it lives: its group and the table must know it before it starts anything.
pub(super) type Birth = oneshot::Receiver<(AppContext, Arc<Run>)>;

/// The body of the process. Its name is what a BEAM calls it, too.
pub(super) async fn init(ctx: Context, master: Master, birth: Birth, report: Report) -> Reason {
    match birth.await {
        Ok((app_ctx, run)) => master.live(ctx, app_ctx, run, report).await,
        Err(_) => Reason::Shutdown,
    }
}

impl Master {
    /// The life of the master: start, wait for the end of the tree or for a stop, and stop.
    pub(super) async fn live(
        self,
        mut ctx: Context,
        app_ctx: AppContext,
        run: Arc<Run>,
        report: Report,
    ) -> Reason {
        ctx.trap_exit(true);
        ctx.set_label(Tuple::from(vec![
            Atom::new("application_master").into(),
            self.name.into(),
        ]));
        let root = match self.start(&app_ctx).await {
            Ok(root) => root,
            Err(error) => {
                // Nobody waits if the start has taken too long.
                let _ = report.send(Err(error));
                return Reason::Shutdown;
            }
        };
        // A start that forgot to link it would never hear of its end.
        ctx.link(root);
        if let Err(error) = self.phases(&app_ctx).await {
            let _ = report.send(Err(error));
            ctx.exit(root, Reason::Shutdown);
            end_of(&mut ctx, root).await;
            return Reason::Shutdown;
        }
        if report.send(Ok(root)).is_err() {
            return Reason::Shutdown;
        }
        let ended = tokio::select! {
            biased;
            reason = end_of(&mut ctx, root) => Some(reason),
            () = run.stop_asked() => None,
        };
        self.guard("prep_stop", self.app.prep_stop(&app_ctx)).await;
        if ended.is_none() {
            ctx.exit(root, Reason::Shutdown);
            end_of(&mut ctx, root).await;
        }
        self.guard("stop", self.app.stop(&app_ctx)).await;
        ended.unwrap_or(Reason::Normal)
    }

    async fn start(&self, ctx: &AppContext) -> Result<Pid, ApplicationError> {
        // In a block, so that a panic before the first await point is caught too.
        let start = catch_panics(async { self.app.start(StartMode::Normal, ctx).await });
        let failed = |reason| ApplicationError::Start {
            application: self.name,
            reason,
        };
        let root = start.await.and_then(|result| result).map_err(failed)?;
        if root == ctx.pid() {
            return Err(failed(Atom::new("root_is_the_master").into()));
        }
        Ok(root)
    }

    async fn phases(&self, ctx: &AppContext) -> Result<(), ApplicationError> {
        for (phase, args) in &self.spec.phases {
            let run = async {
                let mode = StartMode::Normal;
                self.app.start_phase(*phase, mode, args, ctx).await
            };
            let done = catch_panics(run).await.and_then(|result| result);
            done.map_err(|reason| ApplicationError::StartPhase {
                application: self.name,
                phase: *phase,
                reason,
            })?;
        }
        Ok(())
    }

    /// A panic in a callback of the stop does not keep the rest of the application from stopping.
    async fn guard(&self, callback: &str, future: Callback<'_, ()>) {
        if let Err(reason) = catch_panics(future).await {
            tracing::error!(
                target: "ergo::application", application = %self.name, callback, %reason,
                "a callback panicked"
            );
        }
    }
}

/// Waits for the end of the tree's top. What the group prints goes to the leader of all groups;
/// whatever else reaches a master is not for it.
async fn end_of(ctx: &mut Context, root: Pid) -> Reason {
    loop {
        match ctx.receive().await {
            Received::Exit(exit) if exit.from == root => return exit.reason,
            Received::Message(message) if is_io_request(&message) => {
                let _ = ctx.send(ctx.node().first_leader(), &message);
            }
            _ => {}
        }
    }
}

/// `{io_request, From, ReplyAs, Request}`
fn is_io_request(message: &Term) -> bool {
    matches!(message, Term::Tuple(tuple) if tuple.len() == 4 && tuple[0] == Term::atom("io_request"))
}
