//! What our attributes say.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Ident, ImplItemFn, Item, LitStr, Path};

use crate::attr::{Known, Options, Schema};
use crate::block::{self, Place, RPC, fits_atom};
use crate::errors::Errors;

const MODULE: Schema = Schema {
    whose: "`#[rpc]`",
    known: &[Known::text("module"), Known::text("crate")],
    elsewhere: &[
        (
            "name",
            "`name` belongs on a function; the block has a `module`: `#[rpc(module = \"math\")]`",
        ),
        ("skip", "`skip` belongs on a function that is not offered"),
        (
            "only_from",
            "who may call is said where it is offered: `Module::from(Math).only_from([\"shop@\"])`",
        ),
    ],
};

const FUNCTION: Schema = Schema {
    whose: "`#[rpc]` on a function",
    known: &[Known::text("name"), Known::flag("skip")],
    elsewhere: &[(
        "module",
        "`module` belongs on the block: `#[rpc(module = \"math\")]`",
    )],
};

pub(super) const PLACE: Place = Place {
    maker: &RPC,
    on_type: "`#[rpc]` stands on the `impl` block with the functions, not on the type",
    on_fn: "`#[rpc]` stands on the `impl` block around the functions that are offered; to offer one \
            function alone, write `.offer_fn(\"math\", \"add\", add)` on the node's builder",
    on_trait_impl: "`#[rpc]` offers the functions in an `impl` block of the type itself: write \
                    `impl Math { … }`, without a trait",
    elsewhere: "`#[rpc]` stands on the `impl` block with the functions: `impl Math { … }`",
};

/// `#[rpc(module = "math")]`
pub(super) struct ModuleOptions {
    pub(super) module: Option<LitStr>,
    pub(super) krate: Path,
}

impl ModuleOptions {
    pub(super) fn read(tokens: TokenStream, errors: &mut Errors) -> ModuleOptions {
        let options = Options::of_tokens(tokens, &MODULE, errors);
        let module = options.text("module").cloned();
        if let Some(module) = &module {
            fits_atom(module, "module", errors);
        }
        ModuleOptions {
            module,
            krate: options.krate(errors),
        }
    }
}

/// Whether it is the attribute of a function whose block has none: `#[rpc(name = "add")] fn add…`
pub(super) fn is_for_function(attribute: &TokenStream, item: &TokenStream) -> bool {
    let first = attribute.clone().into_iter().next();
    matches!(first, Some(TokenTree::Ident(word)) if FUNCTION.knows(&word.to_string()))
        && matches!(syn::parse2(item.clone()), Ok(Item::Fn(_)))
}

/// What our attribute on a function says.
pub(super) struct Marked {
    pub(super) method: Ident,
    pub(super) name: Option<LitStr>,
    pub(super) skip: bool,
}

/// Reads our attribute on a function.
pub(super) fn marked(attr: &Attribute, method: &ImplItemFn, errors: &mut Errors) -> Option<Marked> {
    let options = block::options(attr, &FUNCTION, errors);
    if let (Some(name), Some(_)) = (options.get("name"), options.get("skip")) {
        errors.push(
            &name.key,
            "a function that is not offered needs no name; keep `name` or `skip`",
        );
    }
    if let Some(name) = options.text("name") {
        fits_atom(name, "name", errors);
    }
    Some(Marked {
        method: method.sig.ident.clone(),
        name: options.text("name").cloned(),
        skip: options.has("skip"),
    })
}
