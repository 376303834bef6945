//! Functions under the name of a module.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::Function;
use super::arguments::{FromArguments, Names};
use super::context::Who;
use super::function::{AnyFunction, Typed};
use super::server::{Spawn, starter};
use crate::gen_server::Server;
use crate::net::Allowed;
use crate::term::Atom;

/// Functions that other nodes may call, as those of one Erlang module.
///
/// `#[rpc]` makes one of an `impl` block; this makes one of closures. A node offers it from the start
/// ([`NodeBuilder::offer`](crate::node::NodeBuilder::offer)) or later ([`LocalNode::offer`](crate::LocalNode::offer)).
///
/// ```
/// use ergo::rpc::Module;
///
/// let math = Module::new("math")
///     .function("add", |a: i64, b: i64| a + b)
///     .function("pi", || std::f64::consts::PI)
///     .only_from(["shop@10.0.0.7", "10.0.0.8"]);
/// ```
pub struct Module {
    pub(super) name: Atom,
    pub(super) functions: Vec<(Atom, u8, Entry)>,
    only_from: Option<Vec<String>>,
}

/// A function in the table.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) function: Arc<dyn AnyFunction>,
    /// The server that is the process itself where one is spawned.
    pub(super) server: Option<Spawn>,
    /// The nodes that may call it; all of them if `None`.
    pub(super) only_from: Option<Arc<Allowed>>,
}

impl Entry {
    pub(super) fn is_open_to(&self, who: Who) -> bool {
        let only_from = self.only_from.as_deref();
        only_from.is_none_or(|allowed| who.is_accepted_by(allowed))
    }
}

impl Module {
    /// A module without functions.
    pub fn new(name: impl Into<Atom>) -> Module {
        Module {
            name: name.into(),
            functions: Vec::new(),
            only_from: None,
        }
    }

    /// Adds a function, see [`Function`]. There may be several of a name that take different numbers of arguments, as in
    /// Erlang.
    pub fn function<Kind: 'static>(
        self,
        name: impl Into<Atom>,
        function: impl Function<Kind>,
    ) -> Module {
        self.named(name.into(), &[], function)
    }

    /// Adds a function whose arguments have names, for what is said when one of them is wrong.
    pub(super) fn named<Kind: 'static, F: Function<Kind>>(
        self,
        name: Atom,
        names: Names,
        function: F,
    ) -> Module {
        let arity = u8::try_from(F::ARITY).expect("no function takes more than twelve arguments");
        let typed = Typed {
            function,
            names,
            kind: PhantomData,
        };
        self.with(name, arity, Arc::new(typed), None)
    }

    pub(super) fn with(
        mut self,
        name: Atom,
        arity: u8,
        function: Arc<dyn AnyFunction>,
        server: Option<Spawn>,
    ) -> Module {
        let entry = Entry {
            function,
            server,
            only_from: None,
        };
        self.functions.push((name, arity, entry));
        self
    }

    /// Adds a function that starts a server: its arguments are those of `#[init]`. Spawned by another node,
    /// `spawn_link(Node, kv, start, Args)`, the server is the process itself; called, it answers `{ok, Pid}` or `{error, Reason}`.
    ///
    /// ```
    /// use ergo::prelude::*;
    /// use ergo::rpc::Module;
    ///
    /// struct Counter(i64);
    ///
    /// #[gen_server]
    /// impl Counter {
    ///     #[init]
    ///     fn init(from: i64, step: i64) -> Self {
    ///         Counter(from * step)
    ///     }
    /// }
    ///
    /// let counter = Module::new("counter").server::<Counter>("start"); // counter:start/2
    /// ```
    pub fn server<S: Server<Args: FromArguments>>(self, name: impl Into<Atom>) -> Module {
        let arity = u8::try_from(S::Args::COUNT).expect("a tuple of no more than twelve");
        let (function, spawn) = starter::<S>();
        self.with(name.into(), arity, function, Some(spawn))
    }

    /// Lets only some nodes call these functions; for all others they are not there (`undef`). Without this, all nodes may
    /// that know the cookie.
    ///
    /// An entry is a node (`shop@10.0.0.7`), a host (`10.0.0.7`), or the name of nodes on any host (`shop@`), as for
    /// [`Node::allow`](crate::Node::allow). What this node itself calls is never refused; what comes by way of `rex` (OTP 22, C
    /// nodes) says itself who sends it, and always is.
    pub fn only_from<E: Into<String>>(mut self, entries: impl IntoIterator<Item = E>) -> Module {
        let entries = entries.into_iter().map(Into::into);
        self.only_from.get_or_insert_default().extend(entries);
        self
    }

    /// Its functions with what holds for all of them.
    pub(super) fn into_functions(self) -> (Atom, impl Iterator<Item = (Atom, u8, Entry)>) {
        let only_from = self.only_from.map(|entries| {
            let allowed = Allowed::default();
            allowed.add(entries);
            Arc::new(allowed)
        });
        let functions = self.functions.into_iter();
        let functions = functions.map(move |(name, arity, entry)| {
            let only_from = only_from.clone();
            (name, arity, Entry { only_from, ..entry })
        });
        (self.name, functions)
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let functions = self.functions.iter();
        f.debug_struct("Module")
            .field("name", &self.name)
            .field(
                "functions",
                &functions
                    .map(|(name, arity, _)| format!("{name}/{arity}"))
                    .collect::<Vec<_>>(),
            )
            .finish()
    }
}
