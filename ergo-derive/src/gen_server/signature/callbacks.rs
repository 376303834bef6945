//! `#[init]` and `#[terminate]`.

use proc_macro2::Span;
use syn::{ImplItem, ImplItemFn, ItemImpl, ReturnType, Signature, Type};

use crate::errors::Errors;
use crate::gen_server::model::{Fallible, Init, Kind, Model, Terminate};
use crate::types::{arguments, is_named, is_unit, last_segment, without_self};

use super::{copied, params, plain, receiver};

/// `#[init]`
pub(super) fn init(model: &mut Model, method: &ImplItemFn, span: Span, errors: &mut Errors) {
    if let Some(first) = &model.init {
        let message = format!("`{}` is `#[init]` already; a server has one", first.method);
        errors.push_at(span, message);
        return;
    }
    let sig = &method.sig;
    let mut mistakes = Errors::new();
    plain(sig, &mut mistakes);
    if let Some(receiver) = sig.receiver() {
        mistakes.push(
            receiver,
            "`#[init]` makes the state, so there is no `self` yet: remove it",
        );
    }
    let params = params::of_init(sig, &model.owner.self_ty, &mut mistakes);
    let fallible = made(model, sig, &mut mistakes);
    let broken = !mistakes.is_empty() || params.is_none();
    errors.absorb(mistakes);
    model.init = Some(Init {
        method: sig.ident.clone(),
        docs: copied(&method.attrs, &["doc"]),
        is_async: sig.asyncness.is_some(),
        params: params.unwrap_or_else(|| params::readable(sig, Kind::Cast, &model.owner.self_ty)),
        fallible,
        generics: sig.generics.clone(),
        broken,
    });
}

/// A block without `#[init]`: the error, and the method that was probably meant.
pub(super) fn missing_init(model: &mut Model, item: &ItemImpl, errors: &mut Errors) {
    let meant = item.items.iter().find_map(|member| match member {
        ImplItem::Fn(method)
            if method.sig.receiver().is_none() && makes_self(model, &method.sig) =>
        {
            Some(method)
        }
        _ => None,
    });
    let Some(method) = meant else {
        errors.push(
            &item.self_ty,
            "a server needs an `#[init]`: `#[init] fn init() -> Self { … }` makes its state",
        );
        return;
    };
    errors.push(
        &method.sig.ident,
        format!(
            "a server needs an `#[init]`: put it on `{}`, if that makes its state",
            method.sig.ident
        ),
    );
    // What the signature of that method says is not wrong yet.
    init(model, method, method.sig.ident.span(), &mut Errors::new());
}

fn makes_self(model: &Model, sig: &Signature) -> bool {
    let ReturnType::Type(_, ty) = &sig.output else {
        return false;
    };
    is_state(model, ty)
        || (is_named(ty, "Result") && arguments(ty).first().is_some_and(|ty| is_state(model, ty)))
}

fn is_state(model: &Model, ty: &Type) -> bool {
    last_segment(ty).is_some_and(|name| name.ident == "Self" || name.ident == model.owner.ident)
}

/// How the state is made: `None` for a plain `Self`.
fn made(model: &Model, sig: &Signature, errors: &mut Errors) -> Option<Fallible> {
    let ReturnType::Type(_, ty) = &sig.output else {
        errors.push(
            &sig.ident,
            "`#[init]` makes the state: return `Self`, or `Result<Self, Reason>` if it may fail",
        );
        return None;
    };
    if !makes_self(model, sig) {
        errors.push(
            ty,
            "`#[init]` makes the state: return `Self`, or `Result<Self, Reason>` if it may fail",
        );
        return None;
    }
    if is_state(model, ty) {
        return None;
    }
    let error = match arguments(ty)[..] {
        [_, error] => Some(without_self(error, &model.owner.self_ty)),
        _ => None,
    };
    Some(Fallible { error })
}

/// `#[terminate]`
pub(super) fn terminate(model: &mut Model, method: &ImplItemFn, span: Span, errors: &mut Errors) {
    if let Some(first) = &model.terminate {
        let message = format!(
            "`{}` is `#[terminate]` already; a server has one",
            first.method
        );
        errors.push_at(span, message);
        return;
    }
    let sig = &method.sig;
    plain(sig, errors);
    receiver(sig, errors);
    if let ReturnType::Type(_, ty) = &sig.output {
        if !is_unit(ty) {
            errors.push(
                ty,
                "nobody hears of what `#[terminate]` returns; return nothing",
            );
        }
    }
    model.terminate = Some(Terminate {
        method: sig.ident.clone(),
        cfgs: copied(&method.attrs, &["cfg"]),
        is_async: sig.asyncness.is_some(),
        params: params::of_terminate(sig, errors).unwrap_or_default(),
    });
}
