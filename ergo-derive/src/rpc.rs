//! `#[rpc]`: the functions of an `impl` block are offered to other nodes.
//!
//! The stages: the block and its attributes ([`parse`]), what each signature means ([`signature`] into
//! [`model`]), what makes no sense between functions ([`valid`]), the code ([`expand`]). Whatever is
//! wrong, the user's block comes out again without our attributes, and with it the conversion that
//! other code names, so that one mistake is one error.

mod expand;
mod model;
mod parse;
mod signature;
mod valid;

use proc_macro2::TokenStream;

use crate::block::RPC;
use crate::errors::Errors;

/// The expansion of `#[rpc(…)]` on an item.
pub(crate) fn expand(attribute: TokenStream, item: TokenStream) -> TokenStream {
    if parse::is_for_function(&attribute, &item) {
        return RPC.stray("rpc", item);
    }
    let mut errors = Errors::new();
    let options = parse::ModuleOptions::read(attribute, &mut errors);
    parse::PLACE.expand(item, errors, parse::marked, |item, marked, errors| {
        let mut model = signature::model(item, &marked, options, errors)?;
        valid::check(&model, errors);
        model.owner.stub = !errors.is_empty();
        Some(expand::expand(&model))
    })
}
