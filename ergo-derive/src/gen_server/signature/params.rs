//! The parameters: which are the message, and which come from the runtime.

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{FnArg, Ident, Signature, Type};

use crate::errors::Errors;
use crate::method::{argument_name, unnamed};

use super::sendable;
use crate::gen_server::model::{Kind, Param, Role};
use crate::types::{bare, is_named, is_reference_to, only_argument, without_self};

/// The parameters of a handler; `None` after an error.
pub(super) fn of_handler(
    sig: &Signature,
    kind: Kind,
    local: bool,
    self_ty: &Type,
    errors: &mut Errors,
) -> Option<Vec<Param>> {
    let params = typed(sig, errors, |param, errors| {
        let role = role(&param.ty, kind)?;
        match role {
            Role::Argument => sendable(&param.ty, local, "an argument", errors)?,
            Role::Caller if kind != Kind::Call => {
                errors.push(&param.ty, "only a call says who sent it; make it a `#[call]`, or let the sender put its pid into the message");
                return None;
            }
            Role::ReplyTo => reply_to(&param.ty, kind, local, errors)?,
            _ => {}
        }
        Some(Param {
            ident: param.ident,
            ty: without_self(&param.ty, self_ty),
            role,
        })
    })?;
    at_most_once(&params, errors)?;
    last_reply_to(&params, errors)?;
    signal(kind, &params, errors)?;
    Some(params)
}

/// The parameters of `#[init]`.
pub(super) fn of_init(sig: &Signature, self_ty: &Type, errors: &mut Errors) -> Option<Vec<Param>> {
    let params = typed(sig, errors, |param, errors| {
        let role = match role(&param.ty, Kind::Cast)? {
            Role::Context => Role::Context,
            _ => Role::Argument,
        };
        if role == Role::Argument {
            sendable(&param.ty, true, "an argument", errors)?;
        }
        Some(Param {
            ident: param.ident,
            ty: without_self(&param.ty, self_ty),
            role,
        })
    })?;
    at_most_once(&params, errors)?;
    Some(params)
}

/// The parameters of `#[terminate]`.
pub(super) fn of_terminate(sig: &Signature, errors: &mut Errors) -> Option<Vec<Param>> {
    let params = typed(sig, errors, |param, errors| {
        let role = if is_reference_to(&param.ty, "Reason") {
            Role::Reason
        } else if is_reference_to(&param.ty, "Context") {
            Role::Context
        } else {
            errors.push(
                &param.ty,
                "`#[terminate]` takes `&Reason` and `&mut Context<Self>`, each if it needs it",
            );
            return None;
        };
        Some(Param {
            ident: param.ident,
            ty: param.ty,
            role,
        })
    })?;
    at_most_once(&params, errors)?;
    Some(params)
}

/// What can be read of a signature with errors: enough to name its function elsewhere.
pub(super) fn readable(sig: &Signature, kind: Kind, self_ty: &Type) -> Vec<Param> {
    let inputs = sig.inputs.iter().enumerate();
    inputs
        .filter_map(|(index, input)| {
            let FnArg::Typed(input) = input else {
                return None;
            };
            let ident = argument_name(input, index, &mut Errors::new());
            Some(Param {
                ident: ident.unwrap_or_else(|| unnamed(index, input.span())),
                ty: without_self(&input.ty, self_ty),
                role: role(&input.ty, kind)?,
            })
        })
        .collect()
}

/// A parameter before its meaning is known.
struct Typed {
    ident: Ident,
    ty: Type,
}

/// Every parameter but `self`, with a plain name.
fn typed(
    sig: &Signature,
    errors: &mut Errors,
    mut read: impl FnMut(Typed, &mut Errors) -> Option<Param>,
) -> Option<Vec<Param>> {
    let mut params = Vec::new();
    let mut complete = true;
    for (index, input) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(input) = input else { continue };
        let name = argument_name(input, index, errors);
        let param = name.and_then(|ident| {
            let ty = (*input.ty).clone();
            read(Typed { ident, ty }, errors)
        });
        complete &= param.is_some();
        params.extend(param);
    }
    complete.then_some(params)
}

/// What a parameter is, by the name of its type; `None` for what the compiler refuses by itself.
fn role(ty: &Type, kind: Kind) -> Option<Role> {
    if matches!(bare(ty), Type::Verbatim(_)) {
        return None;
    }
    Some(if is_reference_to(ty, "Context") {
        Role::Context
    } else if is_named(ty, "Caller") {
        Role::Caller
    } else if is_named(ty, "ReplyTo") {
        Role::ReplyTo
    } else if kind == Kind::Down && is_named(ty, "Down") {
        Role::Down
    } else if kind == Kind::Exit && is_named(ty, "Exit") {
        Role::Exit
    } else if kind == Kind::Exit && is_named(ty, "Pid") {
        Role::ExitFrom
    } else if kind == Kind::Exit && is_named(ty, "Reason") {
        Role::ExitReason
    } else {
        Role::Argument
    })
}

fn reply_to(ty: &Type, kind: Kind, local: bool, errors: &mut Errors) -> Option<()> {
    if kind != Kind::Call {
        errors.push(
            ty,
            "nobody waits for an answer here; only a `#[call]` takes `ReplyTo`",
        );
        return None;
    }
    // Without the one argument the compiler refuses the method itself.
    sendable(only_argument(ty)?, local, "an answer", errors)
}

fn at_most_once(params: &[Param], errors: &mut Errors) -> Option<()> {
    let mut once = true;
    for (index, param) in params.iter().enumerate() {
        let role = param.role;
        if role != Role::Argument && params[..index].iter().any(|other| other.role == role) {
            let message = match role {
                Role::ReplyTo => "a call is answered once: keep one `ReplyTo`",
                Role::Context => "the context is here already; keep one",
                _ => "this comes once; keep one",
            };
            errors.push(&param.ty, message);
            once = false;
        }
    }
    once.then_some(())
}

fn last_reply_to(params: &[Param], errors: &mut Errors) -> Option<()> {
    let reply = params.iter().position(|param| param.role == Role::ReplyTo);
    let last = params
        .iter()
        .rposition(|param| matches!(param.role, Role::Argument | Role::ReplyTo));
    if reply.is_none() || reply == last {
        return Some(());
    }
    let reply = reply.map(|index| &params[index].ty);
    errors.push(
        reply.into_token_stream(),
        "`ReplyTo` is the way back, not part of the message: move it behind the arguments",
    );
    None
}

/// `#[info(down)]` and `#[info(exit)]` take what the signal brings and nothing else.
fn signal(kind: Kind, params: &[Param], errors: &mut Errors) -> Option<()> {
    let takes = match kind {
        Kind::Down => "`#[info(down)]` takes a `Down` and, if it needs it, `&mut Context<Self>`",
        Kind::Exit => {
            "`#[info(exit)]` takes an `Exit`, or a `Pid` and a `Reason`, and, if it needs it, \
             `&mut Context<Self>`"
        }
        _ => return Some(()),
    };
    if let Some(other) = params.iter().find(|param| param.role == Role::Argument) {
        errors.push(&other.ty, takes);
        return None;
    }
    let has = |role| params.iter().find(|param| param.role == role);
    if let (Some(_), Some(other)) = (
        has(Role::Exit),
        has(Role::ExitFrom).or(has(Role::ExitReason)),
    ) {
        errors.push(&other.ty, takes);
        return None;
    }
    Some(())
}
