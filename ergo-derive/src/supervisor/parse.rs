//! The `impl` block: our attributes are read and taken off it.

use proc_macro2::TokenStream;
use syn::{Ident, ImplItemFn, ItemImpl};

use crate::block::{Place, SUPERVISOR, is_one_of, take};
use crate::errors::Errors;

use super::options::ChildOptions;

/// The block without our attributes, and the methods that had them.
pub(super) struct Block {
    pub(super) item: ItemImpl,
    pub(super) marked: Vec<Marked>,
}

/// A method with `#[child]`.
pub(super) struct Marked {
    pub(super) options: ChildOptions,
    pub(super) method: ImplItemFn,
}

const PLACE: Place = Place {
    maker: &SUPERVISOR,
    on_type: "`#[supervisor]` stands on the `impl` block with the children, not on the type",
    on_fn: "`#[supervisor]` stands on an `impl` block; a method in it that makes a child takes \
            `#[child]`",
    on_trait_impl: "`#[supervisor]` makes a supervisor of the children in an `impl` block of the \
                    type itself: write `impl AppSup { … }`, without a trait",
    elsewhere: "`#[supervisor]` stands on the `impl` block of a supervisor's type: \
                `impl AppSup { … }`",
};

/// Reads the block; anything else is given back as it was, with the error noted.
pub(super) fn block(tokens: TokenStream, errors: &mut Errors) -> Result<Block, TokenStream> {
    let mut item = PLACE.block(tokens, errors)?;
    let mut marked = Vec::new();
    PLACE.methods(&mut item, errors, |method, errors| {
        marked.extend(marked_method(method, errors));
    });
    let item = PLACE.inherent(item, errors)?;
    Ok(Block { item, marked })
}

/// The name of the block's type.
pub(super) fn type_name(item: &ItemImpl, errors: &mut Errors) -> Option<Ident> {
    PLACE.type_name(item, errors)
}

fn marked_method(method: &mut ImplItemFn, errors: &mut Errors) -> Option<Marked> {
    let markers = take(&mut method.attrs, |attr| {
        is_one_of(attr, SUPERVISOR.markers)
    });
    let mut markers = markers.into_iter();
    let first = markers.next()?;
    for other in markers {
        errors.push(other, "`#[child]` stands here twice; keep one");
    }
    Some(Marked {
        options: ChildOptions::read(&first, errors),
        method: method.clone(),
    })
}
