//! Pieces that every expansion writes.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
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

/// The future of an async method of the user's, awaited where it must be able to move between threads: what `make` makes
/// of the place to write it in. `gen_server` is the path of ergo's module, which has `sendable`.
///
/// All of it stands in the method's place, where a future that is not `Send` is then reported.
pub(crate) fn awaited(
    method: &Ident,
    gen_server: TokenStream,
    make: impl FnOnce(Span) -> TokenStream,
) -> TokenStream {
    let at = method.span().resolved_at(Span::call_site());
    let gen_server = respanned(gen_server, at);
    let future = make(at);
    quote_spanned!(at=> #gen_server::sendable(#future).await)
}

fn respanned(tokens: TokenStream, span: Span) -> TokenStream {
    let at = |mut token: TokenTree| {
        token.set_span(span);
        token
    };
    tokens.into_iter().map(at).collect()
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
