//! What each function's signature means.

use syn::{
    FnArg, ImplItem, ImplItemFn, ItemImpl, Pat, ReceiverKind, ReturnType, Safety, Signature, Type,
};

use crate::block::copied;
use crate::case::{snake, unraw};
use crate::errors::Errors;
use crate::method::no_generics;
use crate::owner::Owner;
use crate::types::{self, Unsendable, is_named, is_reference_to, without_self};

use super::model::{Function, Model, Param};
use super::parse::{Marked, ModuleOptions, PLACE};

/// The block as a model; `None` if it is not even of a type with a name.
pub(super) fn model(
    item: &ItemImpl,
    marked: &[Marked],
    options: ModuleOptions,
    errors: &mut Errors,
) -> Option<Model> {
    let owner = Owner::read(&PLACE, item, None, options.krate, errors)?;
    let module = options.module.map(|module| module.value());
    let mut functions = Vec::new();
    for member in &item.items {
        let ImplItem::Fn(method) = member else {
            continue;
        };
        let marked = marked
            .iter()
            .find(|marked| marked.method == method.sig.ident);
        if marked.is_none_or(|marked| !marked.skip) {
            functions.extend(function(method, marked, &owner.self_ty, errors));
        }
    }
    Some(Model {
        module: module.unwrap_or_else(|| snake(&owner.ident)),
        owner,
        functions,
    })
}

/// A function; `None` after an error.
fn function(
    method: &ImplItemFn,
    marked: Option<&Marked>,
    self_ty: &Type,
    errors: &mut Errors,
) -> Option<Function> {
    let sig = &method.sig;
    let mut mistakes = Errors::new();
    plain(sig, &mut mistakes);
    let receiver = receiver(sig, &mut mistakes);
    let params = params(sig, self_ty, &mut mistakes);
    let output = output(sig, self_ty, &mut mistakes);
    let right = mistakes.is_empty();
    errors.absorb(mistakes);
    let (name, name_span) = match marked.and_then(|marked| marked.name.as_ref()) {
        Some(name) => (name.value(), name.span()),
        None => (unraw(&sig.ident), sig.ident.span()),
    };
    right.then(|| Function {
        method: sig.ident.clone(),
        name,
        name_span,
        cfgs: copied(&method.attrs, &["cfg"]),
        receiver,
        is_async: sig.asyncness.is_some(),
        params,
        output,
    })
}

/// What no offered function may be.
fn plain(sig: &Signature, errors: &mut Errors) {
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(
            token,
            "any node may call this, so it cannot be `unsafe`; make it safe to call, or mark it \
             `#[rpc(skip)]`",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.push(
            abi,
            "an offered function is called by ergo alone: remove `extern`",
        );
    }
    let why = "other nodes send concrete types, so an offered function has no generics of its own";
    no_generics(sig, why, errors);
}

/// Whether it takes `&self`.
fn receiver(sig: &Signature, errors: &mut Errors) -> bool {
    let Some(receiver) = sig.receiver() else {
        return false;
    };
    let message = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => {
            "calls run at the same time and share this: take `&self`, and keep what changes in a \
             `Mutex` or an atomic, or in a `#[gen_server]`"
        }
        ReceiverKind::Reference(..) => return true,
        ReceiverKind::Typed(_, ty)
            if is_reference_to(ty, "Self")
                && !matches!(types::bare(ty), Type::Reference(r) if r.mutability.is_some()) =>
        {
            return true;
        }
        _ => "many calls share this: take `&self`",
    };
    errors.push(receiver, message);
    true
}

fn params(sig: &Signature, self_ty: &Type, errors: &mut Errors) -> Vec<Param> {
    let (mut params, mut context) = (Vec::new(), false);
    for input in &sig.inputs {
        let FnArg::Typed(input) = input else {
            continue;
        };
        if let Some(attr) = input.attrs.iter().find(|attr| attr.path().is_ident("cfg")) {
            errors.push(
                attr,
                "an argument cannot depend on a `cfg`; put the `cfg` on the function and write it twice",
            );
            continue;
        }
        let by_reference = is_reference_to(&input.ty, "Context");
        if by_reference || is_named(&input.ty, "Context") {
            if context {
                errors.push(&input.ty, "the context is here already; keep one");
            }
            context = true;
            params.push(match by_reference {
                true => Param::ContextRef,
                false => Param::Context,
            });
            continue;
        }
        sendable(&input.ty, "an argument", errors);
        let name = match &*input.pat {
            Pat::Ident(pat) if pat.subpat.is_none() => unraw(&pat.ident),
            _ => String::new(),
        };
        let ty = without_self(&input.ty, self_ty);
        params.push(Param::Argument {
            name,
            ty: Box::new(ty),
        });
    }
    params
}

fn output(sig: &Signature, self_ty: &Type, errors: &mut Errors) -> Type {
    match &sig.output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => {
            sendable(ty, "what a function returns", errors);
            without_self(ty, self_ty)
        }
    }
}

/// Whether a value of the type can go to another node, and come from there.
fn sendable(ty: &Type, what: &str, errors: &mut Errors) {
    match types::unsendable(ty, false) {
        Some(Unsendable::Reference(reference)) => {
            let verb = match what {
                "an argument" => "arrive from other nodes, so they are owned; take",
                _ => "go to other nodes, so they are owned; return",
            };
            let owned = types::owned(&reference);
            errors.push(&reference, format!("values {verb} `{owned}`"));
        }
        Some(Unsendable::ImplTrait(it)) => errors.push(
            it,
            format!("{what} has one concrete type, so it cannot be `impl Trait`; name the type"),
        ),
        // The compiler refuses `_` by itself.
        Some(Unsendable::Infer) | None => {}
    }
}
