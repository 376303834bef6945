//! Loading, starting, stopping and unloading.

use std::sync::Arc;

use super::app::{Kind, Startable};
use super::progress::{Progress, Run};
use super::run;
use super::table::Applications;
use super::{AppInfo, ApplicationError};
use crate::process::LocalNode;
use crate::supervisor::Restart;
use crate::term::Atom;

/// Applications.
impl LocalNode {
    /// Makes an application known, with its environment. In Erlang: `application:load(Application)`.
    ///
    /// # Errors
    ///
    /// When it is loaded already, or is only a name.
    pub fn load_application(&self, app: impl Startable) -> Result<(), ApplicationError> {
        match app.into_given().0.map_err(ApplicationError::Name)? {
            Kind::Value(value) => self.attached::<Applications>().load(value),
            Kind::Name(name) => match self.is_loaded(name) {
                true => Err(ApplicationError::AlreadyLoaded(name)),
                false => Err(ApplicationError::NotLoaded(name)),
            },
        }
    }

    /// Forgets an application that does not run, and its environment. In Erlang:
    /// `application:unload(Application)`.
    ///
    /// # Errors
    ///
    /// When it runs, or is not loaded.
    pub fn unload_application(&self, name: impl Into<Atom>) -> Result<(), ApplicationError> {
        self.attached::<Applications>().unload(name.into())
    }

    fn is_loaded(&self, name: Atom) -> bool {
        let table = self.attached::<Applications>();
        table.with_env(name, |_| ()).is_some()
    }

    /// Starts an application, given by its value or, if it is loaded, by its name. The applications
    /// that it needs are started first, as temporary ones, unless they run; they must be loaded.
    ///
    /// In Erlang: `application:start(Application, Type)`, which leaves it to
    /// `application:ensure_all_started` to start what is needed.
    ///
    /// What becomes of the node when the application ends is the matter of `restart`, see
    /// [the module](crate::application). A value takes the place of one of the same name that is
    /// loaded and does not run; what was set in its environment stays.
    ///
    /// # Errors
    ///
    /// When it runs already, when one that it needs is not loaded or does not start, when they need
    /// each other in a circle, or when it does not start itself. What this has started is stopped
    /// again then. An application that is just being started by somebody else is waited for.
    pub async fn start_application(
        &self,
        app: impl Startable,
        restart: Restart,
    ) -> Result<(), ApplicationError> {
        let name = self.load_given(app)?;
        let run = self.run_of(name);
        if run.is_some_and(|run| run.order().is_some() && !run.is_stopping()) {
            return Err(ApplicationError::AlreadyStarted(name));
        }
        self.start_needed(name, restart, Restart::Temporary).await?;
        Ok(())
    }

    /// Starts an application and all that it needs unless they run, each as the same type; says
    /// which ones it has started, in their order. In Erlang:
    /// `application:ensure_all_started(Application, Type)`.
    ///
    /// # Errors
    ///
    /// As [`LocalNode::start_application`], but for one that runs.
    pub async fn ensure_all_started(
        &self,
        app: impl Startable,
        restart: Restart,
    ) -> Result<Vec<Atom>, ApplicationError> {
        let name = self.load_given(app)?;
        self.start_needed(name, restart, restart).await
    }

    fn load_given(&self, app: impl Startable) -> Result<Atom, ApplicationError> {
        match app.into_given().0.map_err(ApplicationError::Name)? {
            Kind::Name(name) => Ok(name),
            Kind::Value(value) => {
                let name = value.name;
                self.attached::<Applications>().load_again(value);
                Ok(name)
            }
        }
    }

    async fn start_needed(
        &self,
        name: Atom,
        restart: Restart,
        of_others: Restart,
    ) -> Result<Vec<Atom>, ApplicationError> {
        let order = self.attached::<Applications>().lock().order(name)?;
        let mut started = Vec::new();
        for next in order {
            let restart = if next == name { restart } else { of_others };
            match self.start_one(next, restart).await {
                Ok(true) => started.push(next),
                Ok(false) => {}
                Err(error) => {
                    for name in started.into_iter().rev() {
                        // One that has ended by itself is as good as stopped.
                        let _ = self.stop_application(name).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(started)
    }

    /// Starts one application; `false` if it runs, or somebody else has started it meanwhile.
    async fn start_one(&self, name: Atom, restart: Restart) -> Result<bool, ApplicationError> {
        let table = self.attached::<Applications>();
        loop {
            let (run, own) = self.find_or_begin(&table, name, restart)?;
            if run.is_stopping() {
                run.ended().await;
                continue;
            }
            if !own && self.is_called_by(&run) && run.order().is_none() {
                // Its start would wait for itself.
                return Err(ApplicationError::NotStarted(name));
            }
            return match run.started().await {
                Progress::Failed(error) => Err(error),
                _ => Ok(own),
            };
        }
    }

    fn find_or_begin(
        &self,
        table: &Arc<Applications>,
        name: Atom,
        restart: Restart,
    ) -> Result<(Arc<Run>, bool), ApplicationError> {
        let mut state = table.lock();
        if state.is_stopping() {
            return Err(ApplicationError::NodeStopping);
        }
        let loaded = state.loaded.get(&name);
        match loaded.and_then(|loaded| loaded.run.as_ref()) {
            Some(run) => Ok((Arc::clone(run), false)),
            None => Ok((run::begin(self, table, &mut state, name, restart)?, true)),
        }
    }

    /// Whether the running code belongs to this run.
    fn is_called_by(&self, run: &Run) -> bool {
        let caller = self.process(&self.calling_pid());
        caller.is_some_and(|caller| caller.core().group_leader() == run.master)
    }

    fn run_of(&self, name: Atom) -> Option<Arc<Run>> {
        let table = self.attached::<Applications>();
        let state = table.lock();
        state.loaded.get(&name)?.run.clone()
    }

    /// Stops an application and waits until nothing is left of it: `prep_stop` runs, the top of
    /// its tree is sent `shutdown`, `stop` runs, and what is left of its processes is killed. It
    /// stays loaded, and the node stays up. In Erlang: `application:stop(Application)`.
    ///
    /// # Errors
    ///
    /// When it does not run, or did not stop within its [stop timeout](super::AppSpec::stop_timeout):
    /// then its processes were killed.
    pub async fn stop_application(&self, name: impl Into<Atom>) -> Result<(), ApplicationError> {
        let name = name.into();
        let run = self.run_of(name);
        let run = run.filter(|run| run.order().is_some());
        let run = run.ok_or(ApplicationError::NotStarted(name))?;
        run.ask_to_stop(true);
        match (run.ended().await, run.stop_timeout) {
            (Progress::Ended { killed }, Some(timeout)) if !killed.is_empty() => {
                Err(ApplicationError::StopTimeout {
                    application: name,
                    timeout,
                })
            }
            _ => Ok(()),
        }
    }

    /// The applications that run, the last started first. In Erlang:
    /// `application:which_applications()`.
    pub fn which_applications(&self) -> Vec<AppInfo> {
        self.attached::<Applications>().running()
    }

    /// The applications that are loaded, by name. In Erlang: `application:loaded_applications()`.
    pub fn loaded_applications(&self) -> Vec<AppInfo> {
        self.attached::<Applications>().infos()
    }
}
