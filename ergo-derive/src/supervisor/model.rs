//! What an `impl` block says, once understood.

use std::time::Duration;

use proc_macro2::Span;
use syn::{Ident, Type};

use crate::method::Attrs;
use crate::owner::Owner;

/// A supervisor.
pub(super) struct Model {
    pub(super) owner: Owner,
    pub(super) strategy: Strategy,
    pub(super) intensity: Option<u32>,
    pub(super) period: Option<Duration>,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) children: Vec<Child>,
}

impl Model {
    /// The only child of a `simple_one_for_one` supervisor.
    pub(super) fn template(&self) -> Option<&Child> {
        match (self.strategy, &self.children[..]) {
            (Strategy::SimpleOneForOne, [only]) => Some(only),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Strategy {
    OneForOne,
    OneForAll,
    RestForOne,
    SimpleOneForOne,
    /// Something else, which is an error.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AutoShutdown {
    Never,
    AnySignificant,
    AllSignificant,
    /// Something else, which is an error.
    Unknown,
}

/// `#[child]`
pub(super) struct Child {
    pub(super) method: Ident,
    /// What the child is called among its siblings.
    pub(super) id: String,
    /// Where that was written.
    pub(super) id_span: Span,
    pub(super) restart: Option<Restart>,
    /// Where `restart` was written, if it was.
    pub(super) restart_span: Option<Span>,
    pub(super) shutdown: Option<Shutdown>,
    /// Where `significant` was written, if it is.
    pub(super) significant: Option<Span>,
    pub(super) kind: Option<Kind>,
    /// Docs and `cfg`.
    pub(super) attrs: Attrs,
    pub(super) params: Vec<Param>,
    /// The parameters as they were written, for errors about all of them.
    pub(super) inputs: proc_macro2::TokenStream,
    /// What the method returns; `None` after an error.
    pub(super) output: Option<Type>,
    /// The signature has errors.
    pub(super) broken: bool,
}

/// One argument of the child of a `simple_one_for_one` supervisor.
pub(super) struct Param {
    pub(super) ident: Ident,
    /// With `Self` spelled out.
    pub(super) ty: Type,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Restart {
    Permanent,
    Transient,
    Temporary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shutdown {
    BrutalKill,
    After(Duration),
    Infinity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Worker,
    Supervisor,
}
