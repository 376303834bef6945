//! What the attribute macros read alike of the methods of a block.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItemFn, Pat, PatType, Signature};

use crate::block::{copied, is_one_of};
use crate::errors::Errors;

/// The attributes of a method that hold for what is made of it, too.
pub(crate) struct Attrs(Vec<Attribute>);

impl Attrs {
    /// Those with one of the `names`.
    pub(crate) fn of(method: &ImplItemFn, names: &[&str]) -> Attrs {
        Attrs(copied(&method.attrs, names))
    }

    pub(crate) fn docs(&self) -> impl Iterator<Item = &Attribute> {
        self.named(&["doc"])
    }

    pub(crate) fn cfgs(&self) -> impl Iterator<Item = &Attribute> {
        self.named(&["cfg"])
    }

    pub(crate) fn is_conditional(&self) -> bool {
        self.cfgs().next().is_some()
    }

    pub(crate) fn named<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a Attribute> {
        self.0.iter().filter(move |attr| is_one_of(attr, names))
    }
}

/// Refuses generics of the method's own, `why` of its parameters.
pub(crate) fn no_generics(sig: &Signature, why: &str, errors: &mut Errors) {
    if !sig.generics.params.is_empty() {
        let message = format!("{why}; name the types, or move the parameters to the `impl` block");
        errors.push(&sig.generics, message);
    } else if let Some(clause) = &sig.generics.where_clause {
        errors.push(clause, "move the bounds to the `impl` block");
    }
}

/// The plain name of a parameter, which is that of the client's method, too.
pub(crate) fn argument_name(input: &PatType, index: usize, errors: &mut Errors) -> Option<Ident> {
    let conditional = input.attrs.iter().find(|a| a.path().is_ident("cfg"));
    if let Some(attr) = conditional {
        errors.push(
            attr,
            "an argument cannot depend on a `cfg`; put the `cfg` on the method and write it twice",
        );
        return None;
    }
    match &*input.pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat.ident.clone()),
        // Nobody reads it here, but it is part of the pattern, and the client's method needs a name.
        Pat::Wild(wild) => Some(unnamed(index, wild.span())),
        pattern => {
            errors.push(
                pattern,
                "the argument's name is also that of the client's; take a plain name here and \
                 take the value apart in the body",
            );
            None
        }
    }
}

/// A name for a parameter that has none.
pub(crate) fn unnamed(index: usize, at: Span) -> Ident {
    Ident::new(&format!("arg{index}"), at)
}
