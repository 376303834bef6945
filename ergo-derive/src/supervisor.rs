//! `#[supervisor]`: an `impl` block of methods that make children becomes a supervisor.
//!
//! The stages: the block and its attributes ([`parse`], [`options`]), what each method's signature
//! means ([`signature`] into [`model`]), what makes no sense between children ([`valid`]), the code
//! ([`expand`]). Whatever is wrong, the user's block comes out again without our attributes, and
//! with it everything that other code may name, so that one mistake is one error.

mod duration;
mod expand;
mod model;
mod options;
mod parse;
mod signature;
mod valid;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

/// The expansion of `#[supervisor(…)]` on an item.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = options::SupervisorOptions::read(attribute, &mut errors);
    let block = match parse::block(item, &mut errors) {
        Ok(block) => block,
        Err(item) => {
            let errors = errors.into_compile_errors();
            return quote!(#item #errors);
        }
    };
    let parse::Block { item, marked } = block;
    let generated = signature::model(&item, marked, options, &mut errors).map(|mut model| {
        valid::check(&mut model, &item, &mut errors);
        model.stub = !errors.is_empty();
        expand::expand(&model)
    });
    // What only our code would have used must not be reported as unused beside the real mistake.
    let quiet = (!errors.is_empty()).then(|| quote!(#[allow(dead_code, unused_variables)]));
    let errors = errors.into_compile_errors();
    quote!(#quiet #item #generated #errors)
}
