//! The `impl` block: our attributes are read and taken off it.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, ImplItemFn, Item, ItemImpl, LitStr, Meta};

use crate::attr::{Known, Options, Schema};
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

const MARKERS: &[&str] = &["init", "call", "cast", "info", "terminate"];

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

/// Reads the block; anything else is given back as it was, with the error noted.
pub(super) fn block(tokens: TokenStream, errors: &mut Errors) -> Result<Block, TokenStream> {
    let mut item = match syn::parse2::<Item>(tokens.clone()) {
        Ok(Item::Impl(item)) => item,
        Ok(other) => {
            errors.push_at(keyword(&other), wrong_place(&other));
            return Err(tokens);
        }
        Err(error) => {
            errors.add(error);
            return Err(tokens);
        }
    };
    let twice = take(&mut item.attrs, |attr| attr.path().is_ident("gen_server"));
    for attr in twice {
        errors.push(attr, "`#[gen_server]` stands here twice; keep one");
    }
    let mut marked = Vec::new();
    for member in &mut item.items {
        match member {
            ImplItem::Fn(method) => marked.extend(marked_method(method, errors)),
            ImplItem::Const(member) => only_methods(&mut member.attrs, errors),
            ImplItem::Type(member) => only_methods(&mut member.attrs, errors),
            _ => {}
        }
    }
    if let Some((path, _)) = &item.trait_ {
        errors.push(
            path,
            "`#[gen_server]` makes a server of the handlers in an `impl` block of the type itself: \
             write `impl Kv { … }`, without a trait",
        );
        return Err(item.into_token_stream());
    }
    Ok(Block { item, marked })
}

/// The word to underline on an item that is no `impl` block.
fn keyword(item: &Item) -> Span {
    match item {
        Item::Fn(item) => item.sig.fn_token.span,
        Item::Struct(item) => item.struct_token.span,
        Item::Enum(item) => item.enum_token.span,
        Item::Trait(item) => item.trait_token.span,
        Item::Mod(item) => item.mod_token.span,
        other => other.span(),
    }
}

fn wrong_place(item: &Item) -> &'static str {
    match item {
        Item::Struct(_) | Item::Enum(_) => {
            "`#[gen_server]` stands on the `impl` block with the handlers, not on the type"
        }
        Item::Fn(_) => {
            "`#[gen_server]` stands on an `impl` block; a single handler takes `#[call]`, `#[cast]` \
             or `#[info]`"
        }
        _ => "`#[gen_server]` stands on the `impl` block of a server's type: `impl Kv { … }`",
    }
}

fn only_methods(attrs: &mut Vec<Attribute>, errors: &mut Errors) {
    for attr in take(attrs, is_marker) {
        let name = name_of(&attr);
        errors.push(attr, format!("`#[{name}]` stands on a method"));
    }
}

fn marked_method(method: &mut ImplItemFn, errors: &mut Errors) -> Option<Marked> {
    let mut markers = take(&mut method.attrs, is_marker).into_iter();
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
            given(attr, &INIT, errors);
            return Some(Marker::Init(span));
        }
        "terminate" => {
            given(attr, &TERMINATE, errors);
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
    let options = given(attr, schema, errors);
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

fn given(attr: &Attribute, schema: &Schema, errors: &mut Errors) -> Options {
    match &attr.meta {
        Meta::Path(_) => Options::default(),
        Meta::List(list) => Options::of_tokens(list.tokens.clone(), schema, errors),
        Meta::NameValue(pair) => {
            let name = name_of(attr);
            errors.push(
                pair,
                format!("options go in parentheses: `#[{name}(tag = \"…\")]`"),
            );
            Options::default()
        }
    }
}

fn is_marker(attr: &Attribute) -> bool {
    MARKERS.iter().any(|name| attr.path().is_ident(name))
}

fn name_of(attr: &Attribute) -> String {
    attr.path().to_token_stream().to_string()
}

/// Takes the attributes that `is_ours` out of the list.
fn take(attrs: &mut Vec<Attribute>, is_ours: impl Fn(&Attribute) -> bool) -> Vec<Attribute> {
    let (ours, rest) = std::mem::take(attrs).into_iter().partition(is_ours);
    *attrs = rest;
    ours
}
