//! What our attributes on methods say.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{Attribute, ImplItemFn, LitStr, Meta};

use crate::attr::{Known, Options, Schema};
use crate::block::{self, GEN_SERVER, Place, name_of};
use crate::errors::Errors;

use super::model::Kind;

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

pub(super) const PLACE: Place = Place {
    maker: &GEN_SERVER,
    on_type: "`#[gen_server]` stands on the `impl` block with the handlers, not on the type",
    on_fn: "`#[gen_server]` stands on an `impl` block; a single handler takes `#[call]`, `#[cast]` \
            or `#[info]`",
    on_trait_impl: "`#[gen_server]` makes a server of the handlers in an `impl` block of the type \
                    itself: write `impl Kv { … }`, without a trait",
    elsewhere: "`#[gen_server]` stands on the `impl` block of a server's type: `impl Kv { … }`",
};

/// Reads our attribute on a method.
pub(super) fn marked(attr: &Attribute, method: &ImplItemFn, errors: &mut Errors) -> Option<Marked> {
    Some(Marked {
        marker: read(attr, errors)?,
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
