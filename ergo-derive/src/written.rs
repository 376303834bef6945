//! Pieces that every expansion writes.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::{GenericParam, Generics};

/// `#[doc = "…"]`
pub(crate) fn doc(text: impl AsRef<str>) -> TokenStream {
    let text = text.as_ref();
    quote!(#[doc = #text])
}

/// A name of the user's with hygiene of ours, in the user's place.
pub(crate) fn here(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::call_site()));
    ident
}

/// What a type needs beside its `fields` to have all of the block's type parameters.
pub(crate) fn unused_params(generics: &Generics, fields: TokenStream) -> Option<TokenStream> {
    let mut used = Vec::new();
    words(fields, &mut used);
    let params = generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) if !used.contains(&param.ident) => Some(&param.ident),
        _ => None,
    });
    let unused: Vec<&Ident> = params.collect();
    (!unused.is_empty()).then(|| quote!(::core::marker::PhantomData<fn() -> (#(#unused,)*)>))
}

fn words(tokens: TokenStream, into: &mut Vec<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => into.push(ident),
            TokenTree::Group(group) => words(group.stream(), into),
            _ => {}
        }
    }
}
