//! What an `impl` block says, once understood.

use proc_macro2::Span;
use syn::{Attribute, Generics, Ident, Type};

use crate::method::Attrs;
use crate::owner::Owner;

use super::options::Unknown;

/// A server.
pub(super) struct Model {
    pub(super) owner: Owner,
    pub(super) unknown: Unknown,
    /// `KvMessage`
    pub(super) message: Ident,
    /// `KvInfo`
    pub(super) info: Ident,
    pub(super) init: Option<Init>,
    pub(super) terminate: Option<Terminate>,
    pub(super) handlers: Vec<Handler>,
}

/// `#[init]`
pub(super) struct Init {
    pub(super) method: Ident,
    pub(super) docs: Vec<Attribute>,
    pub(super) is_async: bool,
    pub(super) params: Vec<Param>,
    /// It makes a `Result`; `None` for a plain `Self`.
    pub(super) fallible: Option<Fallible>,
    /// The method's own, which is an error.
    pub(super) generics: Generics,
    /// The signature has errors.
    pub(super) broken: bool,
}

/// An `#[init]` that may fail.
pub(super) struct Fallible {
    /// The type of the error, unless an alias of `Result` hides it.
    pub(super) error: Option<Type>,
}

/// `#[terminate]`
pub(super) struct Terminate {
    pub(super) method: Ident,
    pub(super) cfgs: Vec<Attribute>,
    pub(super) is_async: bool,
    pub(super) params: Vec<Param>,
}

/// `#[call]`, `#[cast]` or `#[info]`
pub(super) struct Handler {
    pub(super) kind: Kind,
    pub(super) pattern: Pattern,
    /// Where the pattern was written: the `tag` or the `_`, else the method's name.
    pub(super) pattern_span: Span,
    /// Only this program sends it: its arguments need not be terms.
    pub(super) local: bool,
    pub(super) method: Ident,
    pub(super) variant: Ident,
    /// Docs, `cfg`, `allow` and `deprecated`: what holds for the client's method too.
    pub(super) attrs: Attrs,
    pub(super) is_async: bool,
    pub(super) params: Vec<Param>,
    pub(super) output: Output,
    /// The method's own, which is an error.
    pub(super) generics: Generics,
    /// The signature has errors: the client gets a method of that name, if that is possible.
    pub(super) broken: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Call,
    Cast,
    Info,
    /// `#[info(down)]`
    Down,
    /// `#[info(exit)]`
    Exit,
}

/// Which terms a handler takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Pattern {
    /// `tag`, or `{tag, …}` with as many elements more as there are arguments.
    Tag(String),
    /// `_`
    Any,
    /// Not a term at all: a monitor or a link speaks.
    Signal,
}

/// One parameter of a method, in the place where it stands.
pub(super) struct Param {
    /// Without `mut`.
    pub(super) ident: Ident,
    /// With `Self` spelled out.
    pub(super) ty: Type,
    pub(super) role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Part of the message.
    Argument,
    /// `&mut Context<Self>`
    Context,
    /// `Caller`
    Caller,
    /// `ReplyTo<T>`
    ReplyTo,
    /// `&Reason`, of `#[terminate]`.
    Reason,
    /// `Down`
    Down,
    /// `Exit`
    Exit,
    /// The `Pid` of `#[info(exit)]`.
    ExitFrom,
    /// The `Reason` of `#[info(exit)]`.
    ExitReason,
}

/// What a handler's end means.
pub(super) enum Output {
    /// Nothing: a call is answered `ok`.
    Unit,
    /// The answer.
    Value(Type),
    /// `Reply<T>`
    Reply(Type),
    /// `Next`
    Next,
}

impl Handler {
    /// The parameters that are part of the message.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| p.role == Role::Argument)
    }

    pub(super) fn arity(&self) -> usize {
        self.arguments().count()
    }

    pub(super) fn param(&self, role: Role) -> Option<&Param> {
        self.params.iter().find(|p| p.role == role)
    }

    /// What the caller gets, for a call.
    pub(super) fn answer(&self) -> Type {
        if let Some(reply) = self.param(Role::ReplyTo) {
            if let Some(inner) = crate::types::only_argument(&reply.ty) {
                return inner.clone();
            }
        }
        match &self.output {
            Output::Value(ty) | Output::Reply(ty) => ty.clone(),
            Output::Unit | Output::Next => syn::parse_quote!(()),
        }
    }

    /// The pattern as Erlang writes it: `{get, Key}`.
    pub(super) fn erlang(&self) -> String {
        match &self.pattern {
            Pattern::Any => "_".to_owned(),
            Pattern::Signal => match self.kind {
                Kind::Exit => "{'EXIT', From, Reason}".to_owned(),
                _ => "{'DOWN', Ref, process, Pid, Reason}".to_owned(),
            },
            Pattern::Tag(tag) => {
                let names = self.arguments().map(|p| variable(&p.ident));
                erlang_pattern(tag, names)
            }
        }
    }

    /// The pattern with what a pattern looks at alone: `{get, _}`.
    pub(super) fn shape(&self) -> String {
        match &self.pattern {
            Pattern::Tag(tag) => erlang_pattern(tag, self.arguments().map(|_| "_".to_owned())),
            _ => self.erlang(),
        }
    }
}

fn erlang_pattern(tag: &str, elements: impl Iterator<Item = String>) -> String {
    let tag = quoted_atom(tag);
    let elements: Vec<String> = elements.collect();
    if elements.is_empty() {
        tag
    } else {
        format!("{{{tag}, {}}}", elements.join(", "))
    }
}

/// An atom as Erlang source has it, with quotes only if it needs them.
fn quoted_atom(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '@');
    if plain {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}

/// An argument's name as an Erlang variable.
fn variable(ident: &Ident) -> String {
    crate::case::Case::Pascal.apply(&crate::case::unraw(ident))
}
