//! The code: what a person would have written beside the block.

mod client;
mod message;
mod server;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Attribute, Ident, Path};

use super::model::{Handler, Kind, Model, Param, Pattern};

/// Everything that comes of the block, but the block itself.
pub(super) fn expand(model: &Model) -> TokenStream {
    let message = message::expand(model);
    let server = server::expand(model);
    let client = client::expand(model);
    quote!(#message #server #client)
}

/// The paths and names that every part of the expansion writes.
struct Names<'a> {
    /// `::ergo::gen_server`
    gen_server: TokenStream,
    /// `::ergo::supervisor`
    supervisor: TokenStream,
    /// `::ergo::sys`
    sys: TokenStream,
    /// `::ergo::etf`
    etf: TokenStream,
    /// `::ergo::term`
    term: TokenStream,
    // Our own locals where the user's names are in scope, too: they cannot meet.
    ctx: Ident,
    on: Ident,
    out: Ident,
    reply: Ident,
    signal: Ident,
    cfgs: &'a [Attribute],
}

impl Names<'_> {
    fn of(model: &Model) -> Names<'_> {
        let krate: &Path = &model.owner.krate;
        let local = |name| Ident::new(name, Span::mixed_site());
        Names {
            gen_server: quote!(#krate::gen_server),
            supervisor: quote!(#krate::supervisor),
            sys: quote!(#krate::sys),
            etf: quote!(#krate::etf),
            term: quote!(#krate::term),
            ctx: local("ctx"),
            on: local("on"),
            out: local("out"),
            reply: local("reply"),
            signal: local("signal"),
            cfgs: &model.owner.cfgs,
        }
    }
}

impl Model {
    /// The handlers that have a variant of their own in the message: all but plain infos.
    fn direct(&self) -> impl Iterator<Item = &Handler> {
        self.handlers
            .iter()
            .filter(|h| h.kind != Kind::Info && !h.broken)
    }

    /// The handlers that have a variant in the enum of infos.
    fn infos(&self) -> impl Iterator<Item = &Handler> {
        self.handlers
            .iter()
            .filter(|h| h.kind == Kind::Info && h.can_be_variant())
    }

    fn has_infos(&self) -> bool {
        self.infos().next().is_some()
    }

    /// The variant of the message that holds an info: `Info`, unless a handler has that name.
    fn info_variant(&self) -> Ident {
        let taken = self.handlers.iter().any(|h| h.variant == "Info");
        let name = if taken { "InfoMessage" } else { "Info" };
        Ident::new(name, Span::call_site())
    }
}

impl Handler {
    /// Whether the variant can be made: of a handler with errors only where other code names it.
    fn can_be_variant(&self) -> bool {
        !self.broken
            || (self.generics.params.is_empty()
                && self
                    .arguments()
                    .all(|p| crate::types::unsendable(&p.ty, true).is_none()))
    }

    /// The field in which a call carries the right to answer: `reply`, or what the handler calls it.
    fn reply_field(&self) -> Ident {
        use super::model::Role;
        if let Some(reply) = self.param(Role::ReplyTo) {
            return reply.ident.clone();
        }
        let mut name = "reply".to_owned();
        while self.params.iter().any(|p| p.ident == name) {
            name.push_str("_to");
        }
        Ident::new(&name, Span::call_site())
    }

    /// How the wire tells the message from others: the tag's text and the arity as `Head::args`.
    fn head(&self) -> Option<TokenStream> {
        let Pattern::Tag(tag) = &self.pattern else {
            return None;
        };
        let arity = self.arity();
        Some(if arity == 0 {
            quote!((#tag, ::core::option::Option::None))
        } else {
            quote!((#tag, ::core::option::Option::Some(#arity)))
        })
    }
}

fn idents<'a>(params: impl Iterator<Item = &'a Param>) -> Vec<&'a Ident> {
    params.map(|param| &param.ident).collect()
}
