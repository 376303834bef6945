//! `#[derive(Term)]`, `#[derive(Encode)]` and `#[derive(Decode)]`.

mod ast;
mod attr;
mod bound;
mod expand;
mod fallback;
mod shape;
mod valid;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_quote};

use crate::errors::Errors;
use ast::Input;
use shape::Shapes;

/// The key under which an Elixir struct names its module.
const STRUCT_KEY: &str = "__struct__";

/// Which of the two traits are derived.
#[derive(Clone, Copy)]
pub(crate) struct Derives {
    pub(crate) encode: bool,
    pub(crate) decode: bool,
}

/// The impls; after an error, the errors and impls that let everything else compile.
pub(crate) fn derive(item: TokenStream, derives: Derives) -> TokenStream {
    let item: DeriveInput = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.into_compile_error(),
    };
    let mut errors = Errors::new();
    let input = Input::read(&item, &mut errors);
    let krate = input
        .as_ref()
        .and_then(|input| input.attrs.krate.clone())
        .unwrap_or_else(|| parse_quote!(::ergo));
    if let Some(input) = &input {
        let shapes = Shapes::of(input, &mut errors);
        valid::check(input, &shapes, derives, &mut errors);
        if errors.is_empty() {
            return expand::expand(input, &shapes, derives, &krate);
        }
    }
    let stubs = fallback::expand(&item, derives, &krate);
    let errors = errors.into_compile_errors();
    quote!(#errors #stubs)
}
