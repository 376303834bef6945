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

use crate::errors::Errors;

/// The expansion of `#[supervisor(…)]` on an item.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let options = options::SupervisorOptions::read(attribute, &mut errors);
    parse::PLACE.expand(item, errors, parse::marked, |item, marked, errors| {
        let mut model = signature::model(item, marked, options, errors)?;
        valid::check(&mut model, item, errors);
        model.owner.stub = !errors.is_empty();
        Some(expand::expand(&model))
    })
}
