//! What each method's signature means.

use quote::{ToTokens, quote};
use syn::{FnArg, ItemImpl, ReceiverKind, ReturnType, Safety, Signature, Type};

use crate::case::unraw;
use crate::errors::Errors;
use crate::method::{Attrs, argument_name, no_generics, unnamed};
use crate::owner::Owner;
use crate::types::{self, Unsendable, is_reference_to};

use super::model::{Child, Model, Param};
use super::options::SupervisorOptions;
use super::parse::{Marked, PLACE};

/// The block as a model; `None` if it is not even of a type with a name.
pub(super) fn model(
    item: &ItemImpl,
    marked: Vec<Marked>,
    options: SupervisorOptions,
    errors: &mut Errors,
) -> Option<Model> {
    let owner = Owner::read(&PLACE, item, options.client, options.krate, errors)?;
    let children = marked
        .into_iter()
        .map(|marked| child(marked, &owner.self_ty, errors))
        .collect();
    Some(Model {
        owner,
        strategy: options.strategy,
        intensity: options.intensity,
        period: options.period,
        auto_shutdown: options.auto_shutdown,
        children,
    })
}

fn child(marked: Marked, self_ty: &Type, errors: &mut Errors) -> Child {
    let Marked { options, method } = marked;
    let sig = &method.sig;
    let mut mistakes = Errors::new();
    plain(sig, &mut mistakes);
    receiver(sig, &mut mistakes);
    let params = params(sig, self_ty, &mut mistakes);
    let output = output(sig, self_ty, &mut mistakes);
    let broken = !mistakes.is_empty();
    errors.absorb(mistakes);
    let (id, id_span) = match &options.name {
        Some(name) => (name.value(), name.span()),
        None => (unraw(&sig.ident), sig.ident.span()),
    };
    Child {
        method: sig.ident.clone(),
        id,
        id_span,
        restart: options.restart,
        restart_span: options.restart_span,
        shutdown: options.shutdown,
        significant: options.significant,
        kind: options.kind,
        attrs: Attrs::of(&method, &["doc", "cfg"]),
        params,
        inputs: inputs(sig),
        output,
        broken,
    }
}

/// What no method of a child may be.
fn plain(sig: &Signature, errors: &mut Errors) {
    if let Some(asyncness) = &sig.asyncness {
        errors.push(
            asyncness,
            "this says how the child is started, and the supervisor starts it: remove `async`, and \
             wait in the child's `#[init]`",
        );
    }
    if let Safety::Unsafe(token) = &sig.safety {
        errors.push(
            token,
            "the supervisor calls this at every restart, so it cannot be `unsafe`; make it safe to \
             call",
        );
    }
    let why = "a child has one concrete type, so its method has no generics of its own";
    no_generics(sig, why, errors);
}

fn receiver(sig: &Signature, errors: &mut Errors) {
    let Some(receiver) = sig.receiver() else {
        errors.push(
            &sig.ident,
            "a child is made from the supervisor's fields: take `&self`",
        );
        return;
    };
    let message = match &receiver.kind {
        ReceiverKind::Reference(_, _, Some(_)) => {
            "the supervisor's fields are shared by all its children: take `&self`, and keep what \
             changes in a `Mutex` or an atomic"
        }
        ReceiverKind::Reference(..) => return,
        ReceiverKind::Typed(_, ty) if is_reference_to(ty, "Self") && !is_mutable(ty) => return,
        _ => "this is called again at every restart: take `&self`",
    };
    errors.push(receiver, message);
}

fn is_mutable(ty: &Type) -> bool {
    matches!(types::bare(ty), Type::Reference(reference) if reference.mutability.is_some())
}

/// Every parameter but `self`.
fn params(sig: &Signature, self_ty: &Type, errors: &mut Errors) -> Vec<Param> {
    let mut params = Vec::new();
    for (index, input) in sig.inputs.iter().enumerate() {
        let FnArg::Typed(input) = input else { continue };
        let ident = argument_name(input, index, errors);
        owned(&input.ty, errors);
        params.push(Param {
            ident: ident.unwrap_or_else(|| unnamed(index, proc_macro2::Span::call_site())),
            ty: types::without_self(&input.ty, self_ty),
        });
    }
    params
}

fn inputs(sig: &Signature) -> proc_macro2::TokenStream {
    let typed = sig
        .inputs
        .iter()
        .filter(|input| matches!(input, FnArg::Typed(_)));
    quote!(#(#typed),*)
}

/// Arguments go to another process.
fn owned(ty: &Type, errors: &mut Errors) {
    match types::unsendable(ty, true) {
        Some(Unsendable::Reference(reference)) => errors.push(
            &reference,
            format!(
                "the supervisor keeps the arguments; take `{}`",
                types::owned(&reference)
            ),
        ),
        Some(Unsendable::ImplTrait(it)) => errors.push(
            it,
            "an argument has one concrete type, so it cannot be `impl Trait`; name the type",
        ),
        // The compiler refuses `_` by itself.
        Some(Unsendable::Infer) | None => {}
    }
}

/// What the method returns. That it is a `Child` is checked by its type.
fn output(sig: &Signature, self_ty: &Type, errors: &mut Errors) -> Option<Type> {
    let ReturnType::Type(_, ty) = &sig.output else {
        errors.push(&sig.ident, "say what the child is: `-> Child<Kv>`");
        return None;
    };
    match types::unsendable(ty, true) {
        Some(Unsendable::ImplTrait(it)) => {
            errors.push(
                it.to_token_stream(),
                "a child has one concrete type: write `Child<Kv>`",
            );
            None
        }
        Some(Unsendable::Infer) => None,
        _ => Some(types::without_self(ty, self_ty)),
    }
}
