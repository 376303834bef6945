//! The `impl` block: our attributes are read and taken off it.

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Attribute, Ident, ImplItemFn, ItemImpl, LitStr, Meta};

use crate::attr::{Known, Options, Schema};
use crate::block::{self, GEN_SERVER, Place, is_one_of, name_of, take};
use crate::errors::Errors;

use super::model::Kind;

/// The block without our attributes, and the methods that had them.
pub(super) struct Block {
    pub(super) item: ItemImpl,
    pub(super) marked: Vec<Marked>,
}

/// A method with one of our attributes.
pub(super) struct Marked {
    pub(super) marker: Marker,
    pub(super) method: ImplItemFn,
}

/// One of our attributes, read.
pub(super) enum Marker {
    Init(Span),
    Terminate(Span),
    Message {
        kind: Kind,
        /// `_`, if it is a catch-all.
        any: Option<Span>,
        tag: Option<LitStr>,
        local: bool,
    },
}

const CALL: Schema = Schema {
    whose: "`#[call]`",
    known: &[Known::text("tag"), Known::flag("local")],
    elsewhere: &[(
        "timeout",
        "a timeout is the caller's: `client.get(key).timeout(…)`",
    )],
};

const CAST: Schema = Schema {
    whose: "`#[cast]`",
    known: &[Known::text("tag"), Known::flag("local")],
    elsewhere: &[],
};

const INFO: Schema = Schema {
    whose: "`#[info]`",
    known: &[
        Known::text("tag"),
        Known::flag("local"),
        Known::flag("down"),
        Known::flag("exit"),
    ],
    elsewhere: &[],
};

const INIT: Schema = Schema {
    whose: "`#[init]`",
    known: &[],
    elsewhere: &[],
};

const TERMINATE: Schema = Schema {
    whose: "`#[terminate]`",
    known: &[],
    elsewhere: &[],
};

const PLACE: Place = Place {
    maker: &GEN_SERVER,
    on_type: "`#[gen_server]` stands on the `impl` block with the handlers, not on the type",
    on_fn: "`#[gen_server]` stands on an `impl` block; a single handler takes `#[call]`, `#[cast]` \
            or `#[info]`",
    on_trait_impl: "`#[gen_server]` makes a server of the handlers in an `impl` block of the type \
                    itself: write `impl Kv { … }`, without a trait",
    elsewhere: "`#[gen_server]` stands on the `impl` block of a server's type: `impl Kv { … }`",
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
    let mut markers = take(&mut method.attrs, |attr| {
        is_one_of(attr, GEN_SERVER.markers)
    })
    .into_iter();
    let first = markers.next()?;
    for other in markers {
        let message = if name_of(&other) == name_of(&first) {
            format!("`#[{}]` stands here twice; keep one", name_of(&other))
        } else {
            format!(
                "`{}` is `#[{}]` already; one method handles one kind of message",
                method.sig.ident,
                name_of(&first)
            )
        };
        errors.push(other, message);
    }
    let marker = read(&first, errors)?;
    Some(Marked {
        marker,
        method: method.clone(),
    })
}

fn read(attr: &Attribute, errors: &mut Errors) -> Option<Marker> {
    let span = attr.path().span();
    let (kind, schema) = match &*name_of(attr) {
        "init" => {
            block::options(attr, &INIT, errors);
            return Some(Marker::Init(span));
        }
        "terminate" => {
            block::options(attr, &TERMINATE, errors);
            return Some(Marker::Terminate(span));
        }
        "call" => (Kind::Call, &CALL),
        "cast" => (Kind::Cast, &CAST),
        _ => (Kind::Info, &INFO),
    };
    let any = catch_all(attr, errors);
    if any.is_some() {
        return Some(Marker::Message {
            kind,
            any,
            tag: None,
            local: false,
        });
    }
    let options = block::options(attr, schema, errors);
    let kind = signal(kind, &options, errors)?;
    Some(Marker::Message {
        kind,
        any: None,
        tag: options.text("tag").cloned(),
        local: options.has("local"),
    })
}

/// `#[info(down)]` and `#[info(exit)]` take no pattern.
fn signal(kind: Kind, options: &Options, errors: &mut Errors) -> Option<Kind> {
    let (signal, name) = match (options.get("down"), options.get("exit")) {
        (Some(_), Some(exit)) => {
            errors.push(
                &exit.key,
                "a handler takes `down` or `exit`; write one for each",
            );
            return None;
        }
        (Some(_), None) => (Kind::Down, "down"),
        (None, Some(_)) => (Kind::Exit, "exit"),
        (None, None) => return Some(kind),
    };
    for other in ["tag", "local"] {
        if let Some(given) = options.get(other) {
            errors.push(
                &given.key,
                format!("`{name}` says what comes already; leave `{other}` out"),
            );
        }
    }
    Some(signal)
}

/// The `_` of a catch-all, which stands alone.
fn catch_all(attr: &Attribute, errors: &mut Errors) -> Option<Span> {
    let Meta::List(list) = &attr.meta else {
        return None;
    };
    let mut tokens = list.tokens.clone().into_iter();
    let first = tokens.next()?;
    if first.to_string() != "_" {
        return None;
    }
    if tokens.next().is_some() {
        errors.push(
            &list.tokens,
            format!(
                "`_` takes every message there is: write `#[{}(_)]`",
                name_of(attr)
            ),
        );
    }
    Some(first.span())
}
