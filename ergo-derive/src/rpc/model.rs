//! What an `impl` block says, once understood.

use proc_macro2::Span;
use syn::{Attribute, Ident, Type};

use crate::owner::Owner;

/// A module.
pub(super) struct Model {
    pub(super) owner: Owner,
    /// Its name in Erlang.
    pub(super) module: String,
    pub(super) functions: Vec<Function>,
}

/// A function that is offered.
pub(super) struct Function {
    pub(super) method: Ident,
    /// Its name in Erlang.
    pub(super) name: String,
    /// Where that was written.
    pub(super) name_span: Span,
    pub(super) cfgs: Vec<Attribute>,
    /// It takes `&self`.
    pub(super) receiver: bool,
    pub(super) is_async: bool,
    pub(super) params: Vec<Param>,
    /// What it returns; `()` is spelled out.
    pub(super) output: Type,
}

/// One parameter, in the place where it stands.
pub(super) enum Param {
    Argument {
        /// What it is called, if it has a name.
        name: String,
        /// With `Self` spelled out.
        ty: Box<Type>,
    },
    /// `Context`, by value.
    Context,
    /// `&Context` or `&mut Context`
    ContextRef,
}

impl Function {
    /// The parameters that other nodes give.
    pub(super) fn arguments(&self) -> impl Iterator<Item = (&str, &Type)> {
        self.params.iter().filter_map(|param| match param {
            Param::Argument { name, ty } => Some((name.as_str(), &**ty)),
            Param::Context | Param::ContextRef => None,
        })
    }

    pub(super) fn arity(&self) -> usize {
        self.arguments().count()
    }
}
