//! What a node offers to others.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::context::Who;
use super::module::Entry;
use super::module_info::ModuleInfo;
use super::running::{Permit, Running, TooMany};
use super::spawner::Services;
use super::{Function, Module};
use crate::net::Allowed;
use crate::process::LocalNode;
use crate::term::Atom;

/// How many calls and other processes one node may have here at once.
const MAX_RUNNING: usize = 1000;

/// Why a module is not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// The node offers this function already.
    #[error(
        "{module}:{function}/{arity} is offered already; revoke it first, or give this another name"
    )]
    Taken {
        /// The module.
        module: Atom,
        /// The function.
        function: Atom,
        /// How many arguments it takes.
        arity: u8,
    },
}

/// What holds for all that a node offers.
#[derive(Debug)]
pub(crate) struct Settings {
    /// How many processes one other node may have running here.
    pub(crate) max_running: usize,
    /// The nodes that may call anything at all; all of them without an entry.
    pub(crate) only_from: Allowed,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_running: MAX_RUNNING,
            only_from: Allowed::default(),
        }
    }
}

type Functions = HashMap<(Atom, Atom, u8), Entry, foldhash::quality::RandomState>;

/// The functions of a node that others may call.
#[derive(Default)]
pub(crate) struct Offers {
    /// What the program offers. It comes first: a program may replace a function of the node's own.
    own: RwLock<Functions>,
    /// What the node's own services offer.
    services: RwLock<Functions>,
    /// The modules of processes that somebody has asked about, and their behaviours.
    behaviours: RwLock<HashMap<Atom, Atom, foldhash::quality::RandomState>>,
    /// Set when every module has `module_info/0,1`, as on a BEAM.
    with_module_info: OnceLock<()>,
    settings: OnceLock<Settings>,
    running: Arc<Running>,
}

impl Offers {
    fn settings(&self) -> &Settings {
        self.settings.get_or_init(Settings::default)
    }

    /// One more process for a node, or for all those together of which nobody is sure, unless there are too many.
    pub(super) fn admit(&self, peer: Option<Atom>) -> Option<Permit> {
        let limit = self.settings().max_running;
        let admitted = self.running.admit(peer, limit);
        let refused = |TooMany { is_news }| {
            if is_news {
                let node = peer.map_or("by way of rex", |peer| peer.as_str());
                tracing::warn!(
                    target: "ergo::rpc", node, limit, "a node has too many calls running here; refused one"
                );
            }
        };
        admitted.map_err(refused).ok()
    }

    /// The function of these names that somebody may call.
    pub(super) fn find(
        &self,
        who: Who,
        module: &str,
        function: &str,
        arity: usize,
    ) -> Option<(Atom, Atom, Entry)> {
        // What was never named here is not offered, and a peer's words need no place in the atom table.
        let (module, function) = (Atom::existing(module)?, Atom::existing(function)?);
        let key = (module, function, u8::try_from(arity).ok()?);
        if !who.is_accepted_by(&self.settings().only_from) {
            return None;
        }
        let of = |table: &RwLock<Functions>| {
            let table = table.read().unwrap_or_else(PoisonError::into_inner);
            table.get(&key).cloned()
        };
        let entry = of(&self.own)
            .or_else(|| of(&self.services))
            .or_else(|| self.module_info(who, key))?;
        entry.is_open_to(who).then_some((module, function, entry))
    }

    /// The function that says what there is in a module.
    fn module_info(&self, who: Who, (module, function, arity): (Atom, Atom, u8)) -> Option<Entry> {
        let asked = self.with_module_info.get().is_some() && arity <= 1;
        if !asked || function != *"module_info" {
            return None;
        }
        let functions = self.functions_for(who);
        let functions = functions.get(&module).cloned();
        let behaviour = self.behaviour(module);
        if functions.is_none() && behaviour.is_none() {
            return None;
        }
        let info = ModuleInfo {
            module,
            functions: functions.unwrap_or_default(),
            behaviour,
            arity,
        };
        Some(info.into_entry())
    }

    /// The functions that somebody may call, by module.
    pub(super) fn functions_for(&self, who: Who) -> BTreeMap<Atom, BTreeSet<(Atom, u8)>> {
        let mut modules = BTreeMap::<_, BTreeSet<_>>::new();
        if !who.is_accepted_by(&self.settings().only_from) {
            return modules;
        }
        for table in [&self.own, &self.services] {
            let table = table.read().unwrap_or_else(PoisonError::into_inner);
            for ((module, function, arity), entry) in &*table {
                if entry.is_open_to(who) {
                    let functions = modules.entry(*module).or_default();
                    functions.insert((*function, *arity));
                }
            }
        }
        modules
    }

    pub(super) fn behaviour(&self, module: Atom) -> Option<Atom> {
        let behaviours = self.behaviours.read();
        let behaviours = behaviours.unwrap_or_else(PoisonError::into_inner);
        behaviours.get(&module).copied()
    }

    fn offer(&self, module: Module) -> Result<(), OfferError> {
        let (module, functions) = module.into_functions();
        let functions: Vec<_> = functions.collect();
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let taken = functions
            .iter()
            .find(|(function, arity, _)| own.contains_key(&(module, *function, *arity)));
        if let Some((function, arity, _)) = taken {
            return Err(OfferError::Taken {
                module,
                function: *function,
                arity: *arity,
            });
        }
        for (function, arity, entry) in functions {
            own.insert((module, function, arity), entry);
        }
        Ok(())
    }

    fn revoke(&self, module: Atom, only: Option<Atom>) -> usize {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        let before = own.len();
        own.retain(|(of, function, _), _| {
            *of != module || only.is_some_and(|only| only != *function)
        });
        before - own.len()
    }
}

/// Lets a node serve other nodes that call or spawn.
pub(crate) fn serve(node: &LocalNode, settings: Settings) {
    let offers = node.attached::<Offers>();
    offers.settings.get_or_init(|| settings);
    node.set_spawner(Arc::new(Services));
}

impl LocalNode {
    /// Offers the functions of a module to other nodes, from now on: see [`rpc`](mod@crate::rpc).
    ///
    /// A program may offer a function that the node has itself (`erlang:system_info/1`, say); then this one is called.
    ///
    /// # Errors
    ///
    /// When the program offers one of them already; then none of them is offered.
    ///
    /// ```
    /// # async fn example() -> ergo::Result<()> {
    /// use ergo::Node;
    /// use ergo::rpc::Module;
    ///
    /// let node = Node::alone();
    /// node.offer(Module::new("math").function("add", |a: i64, b: i64| a + b))?;
    /// assert_eq!(node.revoke("math"), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn offer(&self, module: impl Into<Module>) -> Result<(), OfferError> {
        self.attached::<Offers>().offer(module.into())
    }

    /// Offers one function: a [`Module`] with nothing else in it.
    ///
    /// # Errors
    ///
    /// As of [`LocalNode::offer`].
    pub fn offer_fn<Kind: 'static>(
        &self,
        module: impl Into<Atom>,
        name: impl Into<Atom>,
        function: impl Function<Kind>,
    ) -> Result<(), OfferError> {
        self.offer(Module::new(module).function(name, function))
    }

    /// Offers no functions of a module any more; says how many there were. Calls that run go on.
    pub fn revoke(&self, module: impl Into<Atom>) -> usize {
        self.attached::<Offers>().revoke(module.into(), None)
    }

    /// Offers a function no more, whatever number of arguments it takes; says how many there were.
    pub fn revoke_fn(&self, module: impl Into<Atom>, function: impl Into<Atom>) -> usize {
        let offers = self.attached::<Offers>();
        offers.revoke(module.into(), Some(function.into()))
    }

    /// Has every module offer `module_info/0,1`, as on a BEAM.
    pub(crate) fn offer_module_info(&self) {
        // A name that nobody made is not offered.
        let _ = Atom::new("module_info");
        self.attached::<Offers>()
            .with_module_info
            .get_or_init(|| ());
    }

    /// Notes that processes run this module, which is one of that behaviour.
    pub(crate) fn note_module(&self, module: Atom, behaviour: Atom) {
        let offers = self.attached::<Offers>();
        if offers.behaviour(module).is_none() {
            let behaviours = offers.behaviours.write();
            let mut behaviours = behaviours.unwrap_or_else(PoisonError::into_inner);
            behaviours.insert(module, behaviour);
        }
    }

    /// Offers the functions of a service that the node has itself.
    pub(crate) fn offer_service(&self, module: Module) {
        let (module, functions) = module.into_functions();
        let offers = self.attached::<Offers>();
        let mut services = offers.services.write();
        let services = services.as_deref_mut();
        let services = services.expect("nothing panics while it holds the table");
        for (function, arity, entry) in functions {
            services.insert((module, function, arity), entry);
        }
    }
}
