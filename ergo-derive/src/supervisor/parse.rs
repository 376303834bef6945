//! What our attributes on methods say.

use syn::{Attribute, ImplItemFn};

use crate::block::{Place, SUPERVISOR};
use crate::errors::Errors;

use super::options::ChildOptions;

/// A method with `#[child]`.
pub(super) struct Marked {
    pub(super) options: ChildOptions,
    pub(super) method: ImplItemFn,
}

pub(super) const PLACE: Place = Place {
    maker: &SUPERVISOR,
    on_type: "`#[supervisor]` stands on the `impl` block with the children, not on the type",
    on_fn: "`#[supervisor]` stands on an `impl` block; a method in it that makes a child takes \
            `#[child]`",
    on_trait_impl: "`#[supervisor]` makes a supervisor of the children in an `impl` block of the \
                    type itself: write `impl AppSup { … }`, without a trait",
    elsewhere: "`#[supervisor]` stands on the `impl` block of a supervisor's type: \
                `impl AppSup { … }`",
};

/// Reads our attribute on a method.
pub(super) fn marked(attr: &Attribute, method: &ImplItemFn, errors: &mut Errors) -> Option<Marked> {
    Some(Marked {
        options: ChildOptions::read(attr, errors),
        method: method.clone(),
    })
}
