//! What each method's signature means.

mod callbacks;
mod params;

use quote::ToTokens;
use syn::{Ident, ImplItemFn, ItemImpl, ReceiverKind, ReturnType, Safety, Signature, Type};

use crate::block::{copied, fits_atom};
use crate::case::{Case, unraw};
use crate::errors::Errors;
use crate::method::{Attrs, no_generics};
use crate::owner::Owner;
use crate::types::{self, Unsendable, is_named, is_unit};

use super::model::{Handler, Kind, Model, Output, Pattern, Role};
use super::options::ServerOptions;
use super::parse::{Marked, Marker, PLACE};

/// The block as a model; `None` if it is not even of a type with a name.
pub(super) fn model(
    item: &ItemImpl,
    marked: Vec<Marked>,
    options: ServerOptions,
    errors: &mut Errors,
) -> Option<Model> {
    let owner = Owner::read(&PLACE, item, options.client, options.krate, errors)?;
    let mut model = Model {
        unknown: options.unknown,
        message: options.message.unwrap_or_else(|| owner.derived("Message")),
        info: options.info.unwrap_or_else(|| owner.derived("Info")),
        init: None,
        terminate: None,
        handlers: Vec::new(),
        owner,
    };
    for Marked { marker, method } in marked {
        match marker {
            Marker::Init(span) => callbacks::init(&mut model, &method, span, errors),
            Marker::Terminate(span) => callbacks::terminate(&mut model, &method, span, errors),
            Marker::Message { .. } => {
                let handler = handler(&model, marker, &method, errors);
                model.handlers.extend(handler);
            }
        }
    }
    if model.init.is_none() {
        callbacks::missing_init(&mut model, item, errors);
    }
    Some(model)
}

fn handler(
    model: &Model,
    marker: Marker,
    method: &ImplItemFn,
    errors: &mut Errors,
) -> Option<Handler> {
    let Marker::Message {
        kind,
        any,
        tag,
        local,
    } = marker
    else {
        return None;
    };
    let sig = &method.sig;
    let mut mistakes = Errors::new();
    plain(sig, &mut mistakes);
    receiver(sig, &mut mistakes);
    let params = params::of_handler(sig, kind, local, &model.owner.self_ty, &mut mistakes);
    let (pattern, pattern_span) = match (kind, any, tag) {
        (Kind::Down | Kind::Exit, ..) => (Pattern::Signal, sig.ident.span()),
        (_, Some(span), _) => (Pattern::Any, span),
        (_, None, Some(tag)) => {
            fits_atom(&tag, "tag", &mut mistakes);
            (Pattern::Tag(tag.value()), tag.span())
        }
        (_, None, None) => (Pattern::Tag(unraw(&sig.ident)), sig.ident.span()),
    };
    let deferred = params
        .as_ref()
        .is_some_and(|params| params.iter().any(|param| param.role == Role::ReplyTo));
    let output = output(model, sig, kind, local, deferred, &mut mistakes);
    let broken = !mistakes.is_empty() || output.is_none() || params.is_none();
    errors.absorb(mistakes);
    let handler = Handler {
        kind,
        pattern,
        pattern_span,
        local,
        method: sig.ident.clone(),
        variant: variant(&sig.ident),
        attrs: Attrs::of(method, &["doc", "cfg", "allow", "deprecated"]),
        is_async: sig.asyncness.is_some(),
        params: params.unwrap_or_else(|| params::readable(sig, kind, &model.owner.self_ty)),
        output: output.unwrap_or_else(|| readable_output(model, sig, kind)),
        generics: sig.generics.clone(),
        broken,
    };
    if !broken && handler.pattern == Pattern::Any && handler.arity() != 1 {
        let what = if handler.arity() == 0 {
            &sig.ident as &dyn ToTokens
        } else {
            &sig.inputs
        };
        errors.push(
            what,
            "`_` takes the whole message as its one argument: `message: Term`",
        );
        return Some(Handler {
            broken: true,
            ..handler
        });
    }
    Some(handler)
}

fn variant(method: &Ident) -> Ident {
    let mut name = Case::Pascal.apply(&unraw(method));
    // `__` and the like have no letters, `_1` begins with a digit.
    if !name.starts_with(|c: char| c.is_alphabetic()) {
        name.insert_str(0, "Message");
    }
    // The one name in Pascal case that an enum's variant cannot have.
    if name == "Self" {
        name.push('_');
    }
    Ident::new(&name, method.span())
}

/// What no handler may be.
fn plain(sig: &Signature, errors: &mut Errors) {
    if let Some(constness) = &sig.constness {
        errors.push(constness, "a handler runs in its process: remove `const`");
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(
            token,
            "anybody may send a message, so its handler cannot be `unsafe`; make it safe to call",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(abi, "a handler is called by ergo alone: remove `extern`");
    }
    let why = "a message has one concrete type, so a handler has no generics of its own";
    no_generics(sig, why, errors);
}

fn receiver(sig: &Signature, errors: &mut Errors) {
    let Some(receiver) = sig.receiver() else {
        errors.push(
            &sig.ident,
            "a handler works on the server's state: take `&mut self` or `&self`",
        );
        return;
    };
    let borrowed = match &receiver.kind {
        ReceiverKind::Reference(..) => true,
        ReceiverKind::Typed(_, ty) => types::is_reference_to(ty, "Self"),
        _ => false,
    };
    if !borrowed {
        errors.push(
            receiver,
            "the server keeps its state for the next message: take `&mut self` or `&self`",
        );
    }
}

/// What the handler's end means; `None` after an error, or where the compiler has one of its own.
fn output(
    model: &Model,
    sig: &Signature,
    kind: Kind,
    local: bool,
    deferred: bool,
    errors: &mut Errors,
) -> Option<Output> {
    let ReturnType::Type(_, ty) = &sig.output else {
        return Some(Output::Unit);
    };
    if is_unit(ty) {
        return Some(Output::Unit);
    }
    let next = is_named(ty, "Next");
    if kind != Kind::Call {
        if next {
            return Some(Output::Next);
        }
        let message = match kind {
            Kind::Cast => {
                "nobody waits for what a cast returns: return nothing or `Next`, or make it a `#[call]`"
            }
            _ => "nobody waits for what an info returns: return nothing or `Next`",
        };
        errors.push(ty, message);
        return None;
    }
    if deferred {
        if next {
            return Some(Output::Next);
        }
        errors.push(
            ty,
            "`ReplyTo` answers later, so the handler returns nothing or `Next`; to answer now, \
             take no `ReplyTo`",
        );
        return None;
    }
    if next {
        errors.push(
            ty,
            "a call is owed an answer: return `Reply<T>` to answer and stop or wait, or take a \
             `ReplyTo<T>` to answer later",
        );
        return None;
    }
    sendable(ty, local, "an answer", errors)?;
    let spelled = |ty: &Type| types::without_self(ty, &model.owner.self_ty);
    if is_named(ty, "Reply") {
        if let Some(inner) = types::only_argument(ty) {
            return Some(Output::Reply(spelled(inner)));
        }
    }
    Some(Output::Value(spelled(ty)))
}

/// What can be read of a result with errors: enough for the client's method.
fn readable_output(model: &Model, sig: &Signature, kind: Kind) -> Output {
    match &sig.output {
        ReturnType::Type(_, ty) if kind == Kind::Call && types::unsendable(ty, true).is_none() => {
            Output::Value(types::without_self(ty, &model.owner.self_ty))
        }
        _ => Output::Unit,
    }
}

/// Whether a value of the type can be in a message.
fn sendable(ty: &Type, local: bool, what: &str, errors: &mut Errors) -> Option<()> {
    let Some(part) = types::unsendable(ty, local) else {
        return Some(());
    };
    match part {
        Unsendable::Reference(reference) => {
            let verb = if what == "an answer" {
                "return"
            } else {
                "take"
            };
            errors.push(
                &reference,
                format!("messages are owned; {verb} `{}`", types::owned(&reference)),
            );
        }
        Unsendable::ImplTrait(it) => errors.push(
            it,
            format!("{what} has one concrete type, so it cannot be `impl Trait`; name the type"),
        ),
        Unsendable::Infer => {}
    }
    None
}
