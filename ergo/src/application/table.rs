//! The applications of a node.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use super::app::{AnyApplication, Value};
use super::env::{Env, EnvSources};
use super::progress::{PATIENCE, Progress, Run};
use super::{AppInfo, AppSpec, ApplicationError, Terminated};
use crate::process::LocalNode;
use crate::supervisor::Restart;
use crate::term::{Atom, Pid};

/// The applications of a node, and what becomes of the node when one takes it down.
#[derive(Default)]
pub(crate) struct Applications {
    sources: OnceLock<EnvSources>,
    on_terminated: OnceLock<Box<dyn Fn() -> bool + Send + Sync>>,
    state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) loaded: HashMap<Atom, Loaded>,
    /// Whose group leader which process is.
    masters: HashMap<Pid, Atom>,
    /// How many have come up, for their order.
    come_up: u64,
    stopping: bool,
    terminated: Option<Terminated>,
}

/// An application that is loaded.
pub(super) struct Loaded {
    pub(super) app: Arc<dyn AnyApplication>,
    pub(super) spec: Arc<AppSpec>,
    env: Env,
    /// Its master and how far it is, from the start until nothing is left of it.
    pub(super) run: Option<Arc<Run>>,
}

impl Applications {
    /// Says where environments come from, before anything is loaded.
    pub(crate) fn set_sources(&self, sources: EnvSources) {
        self.sources.get_or_init(|| sources);
    }

    /// What stops the node when an application takes it down; `false` if the node is gone already.
    pub(crate) fn on_terminated(&self, action: impl Fn() -> bool + Send + Sync + 'static) {
        self.on_terminated.get_or_init(|| Box::new(action));
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(super) fn load(&self, value: Value) -> Result<(), ApplicationError> {
        let (name, mut state) = (value.name, self.lock());
        if state.loaded.contains_key(&name) {
            return Err(ApplicationError::AlreadyLoaded(name));
        }
        state.loaded.insert(name, self.loaded(value));
        Ok(())
    }

    /// Loads a value unless the application runs; what was set in its environment stays.
    pub(super) fn load_again(&self, value: Value) {
        let (name, mut state) = (value.name, self.lock());
        let before = state.loaded.get_mut(&name);
        if before.as_ref().is_some_and(|before| before.run.is_some()) {
            return;
        }
        let before = before.map(|before| std::mem::take(&mut before.env));
        let mut loaded = self.loaded(value);
        if let Some(before) = before {
            loaded.env.keep_changes(before);
        }
        state.loaded.insert(name, loaded);
    }

    fn loaded(&self, value: Value) -> Loaded {
        let sources = self.sources.get_or_init(EnvSources::default);
        Loaded {
            env: Env::load(value.name, &value.spec, sources),
            app: value.app,
            spec: value.spec,
            run: None,
        }
    }

    pub(super) fn unload(&self, name: Atom) -> Result<(), ApplicationError> {
        let mut state = self.lock();
        match state.loaded.get(&name) {
            None => Err(ApplicationError::NotLoaded(name)),
            Some(loaded) if loaded.run.is_some() => Err(ApplicationError::Running(name)),
            Some(_) => {
                state.loaded.remove(&name);
                Ok(())
            }
        }
    }

    /// Looks into, or changes, the environment of an application; `None` if it is not loaded.
    pub(super) fn with_env<T>(&self, name: Atom, look: impl FnOnce(&mut Env) -> T) -> Option<T> {
        Some(look(&mut self.lock().loaded.get_mut(&name)?.env))
    }

    /// The application whose master this is.
    pub(super) fn led_by(&self, master: &Pid) -> Option<Atom> {
        self.lock().masters.get(master).copied()
    }

    /// What a loaded application says of itself.
    pub(crate) fn spec(&self, name: Atom) -> Option<Arc<AppSpec>> {
        Some(Arc::clone(&self.lock().loaded.get(&name)?.spec))
    }

    /// The master of an application that runs or comes up, and its type.
    pub(crate) fn master(&self, name: Atom) -> Option<(Pid, Restart)> {
        let state = self.lock();
        let run = state.loaded.get(&name)?.run.as_ref()?;
        Some((run.master, run.restart))
    }

    /// All that are loaded, by name.
    pub(super) fn infos(&self) -> Vec<AppInfo> {
        let state = self.lock();
        let mut infos: Vec<_> = state
            .loaded
            .iter()
            .map(|(name, loaded)| loaded.info(*name))
            .collect();
        infos.sort_by_key(|info| info.name);
        infos
    }

    /// Those that run, the last started first.
    pub(super) fn running(&self) -> Vec<AppInfo> {
        let state = self.lock();
        let mut running: Vec<_> = state
            .loaded
            .iter()
            .filter_map(|(name, loaded)| Some((loaded.order()?, loaded.info(*name))))
            .collect();
        running.sort_by_key(|(order, _)| std::cmp::Reverse(*order));
        running.into_iter().map(|(_, info)| info).collect()
    }

    /// A run begins; its processes belong to the application from now on.
    pub(super) fn begin(&self, state: &mut State, name: Atom, run: &Arc<Run>) {
        state.masters.insert(run.master, name);
        if let Some(loaded) = state.loaded.get_mut(&name) {
            loaded.run = Some(Arc::clone(run));
        }
    }

    /// The application runs.
    pub(super) fn came_up(&self, run: &Run, root: Pid) {
        let mut state = self.lock();
        state.come_up += 1;
        let order = state.come_up;
        run.progress.send_replace(Progress::Running { root, order });
    }

    /// Nothing is left of the application's processes.
    pub(super) fn ended(&self, name: Atom, run: &Run, progress: Progress) {
        let mut state = self.lock();
        state.masters.remove(&run.master);
        if let Some(loaded) = state.loaded.get_mut(&name) {
            let of_this = |known: &Arc<Run>| known.master == run.master;
            if loaded.run.as_ref().is_some_and(of_this) {
                loaded.run = None;
            }
        }
        run.progress.send_replace(progress);
    }

    /// Starts no more applications; what runs, or comes up, follows one by one.
    pub(super) fn begin_stop(&self) {
        self.lock().stopping = true;
    }

    /// The next application to stop: what comes up, and then the last started.
    pub(super) fn next_to_stop(&self) -> Option<(Atom, Arc<Run>)> {
        let state = self.lock();
        let runs = state.loaded.iter().filter_map(|(name, loaded)| {
            let order = loaded.order().unwrap_or(u64::MAX);
            Some((order, *name, Arc::clone(loaded.run.as_ref()?)))
        });
        let (_, name, run) = runs.max_by_key(|(order, ..)| *order)?;
        Some((name, run))
    }

    /// The application that took the node down, if one has.
    pub(crate) fn terminated(&self) -> Option<Terminated> {
        self.lock().terminated.clone()
    }

    /// An application takes the node down, unless it stops already.
    pub(super) fn terminate(&self, node: &LocalNode, terminated: Terminated) {
        {
            let mut state = self.lock();
            if state.stopping {
                return;
            }
            state.stopping = true;
            tracing::error!(
                target: "ergo::application", application = %terminated.application,
                reason = %terminated.reason, "the application takes the node down"
            );
            state.terminated = Some(terminated);
        }
        let stops = self.on_terminated.get().is_some_and(|action| action());
        if !stops {
            // Nobody holds the node any more; its processes are all that is left of it.
            let node = node.clone();
            tokio::spawn(async move {
                node.stop_applications(PATIENCE).await;
                node.stop_processes(PATIENCE).await;
            });
        }
    }
}

impl State {
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    /// An application and all that it needs and that does not run, in the order of their start.
    pub(super) fn order(&self, name: Atom) -> Result<Vec<Atom>, ApplicationError> {
        let mut order = Vec::new();
        self.visit(name, &mut Vec::new(), &mut order)?;
        Ok(order)
    }

    fn visit(
        &self,
        name: Atom,
        path: &mut Vec<Atom>,
        order: &mut Vec<Atom>,
    ) -> Result<(), ApplicationError> {
        if order.contains(&name) {
            return Ok(());
        }
        if let Some(place) = path.iter().position(|above| *above == name) {
            let mut cycle = path[place..].to_vec();
            cycle.push(name);
            return Err(ApplicationError::Cycle(cycle));
        }
        let Some(loaded) = self.loaded.get(&name) else {
            return Err(match path.last() {
                Some(&application) => ApplicationError::DependencyNotLoaded {
                    application,
                    dependency: name,
                },
                None => ApplicationError::NotLoaded(name),
            });
        };
        if loaded.order().is_none() {
            path.push(name);
            let optional = loaded.spec.optional.iter();
            let there = optional.filter(|name| self.loaded.contains_key(name));
            for dependency in loaded.spec.applications.iter().chain(there) {
                self.visit(*dependency, path, order)?;
            }
            path.pop();
        }
        order.push(name);
        Ok(())
    }
}

impl Loaded {
    fn info(&self, name: Atom) -> AppInfo {
        let root = self.run.as_ref().and_then(|run| run.root());
        AppInfo {
            name,
            description: self.spec.description.clone(),
            version: self.spec.version.clone(),
            root,
        }
    }

    /// Which place it has among those that run.
    fn order(&self) -> Option<u64> {
        self.run.as_ref()?.order()
    }
}
