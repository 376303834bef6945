//! The caller's side: the typed client, and the functions that start a server.

mod start;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::case::unraw;
use crate::client_type::ClientType;
use crate::gen_server::model::{Handler, Kind, Model, Param, Pattern};
use crate::types::{is_passable, unsendable};
use crate::written::{doc, here};

use super::Names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let names = Names::of(model);
    let client = client(model, &names);
    let start = start::expand(model, &names);
    quote!(#client #start)
}

/// `struct KvRef(ServerRef<KvMessage>)`
fn client(model: &Model, names: &Names<'_>) -> TokenStream {
    let gen_server = &names.gen_server;
    let (message, ident) = (&model.message, &model.owner.ident);
    let (_, ty_generics, _) = model.owner.generics.split_for_impl();
    let methods = model
        .handlers
        .iter()
        .map(|handler| method(model, names, handler));
    let client = ClientType {
        owner: &model.owner,
        docs: doc(format!(
            "A `{ident}`, wherever it runs: started here, or named on any node, in Rust or on a \
             BEAM."
        )),
        inner: quote!(#gen_server::ServerRef<#message #ty_generics>),
        methods: quote!(#(#methods)*),
    };
    let (written, said) = (client.written(), client.said());
    quote!(#written #said)
}

/// The client's method for a call or cast; infos go through `send`.
fn method(model: &Model, names: &Names<'_>, handler: &Handler) -> Option<TokenStream> {
    let gen_server = &names.gen_server;
    if !matches!(handler.kind, Kind::Call | Kind::Cast) {
        return None;
    }
    if handler.broken && !handler.arguments().all(|param| is_passable(&param.ty)) {
        return None;
    }
    let attrs = handler.attrs.named(&["cfg", "allow", "deprecated"]);
    let docs = docs(model, handler);
    let (method, message) = (here(&handler.method), &model.message);
    let (_, ty_generics, _) = model.owner.generics.split_for_impl();
    let arguments: Vec<TokenStream> = handler.arguments().map(declared).collect();
    let answer = handler.answer();
    let output = (handler.kind == Kind::Call)
        .then(|| quote!(-> #gen_server::Call<'_, #message #ty_generics, #answer>));
    let generics = &handler.generics;
    let (own, clause) = (generics.to_token_stream(), &generics.where_clause);
    if handler.broken && unsendable(&answer, true).is_some() {
        return None;
    }
    let body = if model.owner.stub {
        quote!(::core::unreachable!())
    } else {
        let (variant, reply) = (here(&handler.variant), handler.reply_field());
        let local = &names.reply;
        let fields: Vec<_> = handler
            .arguments()
            .map(|param| here(&param.ident))
            .collect();
        match (handler.kind, handler.local) {
            (Kind::Cast, _) => quote!(self.0.cast(#message::#variant { #(#fields),* })),
            (_, false) => {
                let call = quote_spanned!(answer.span()=> <#answer as #gen_server::Payload>::call);
                quote!(#call(&self.0, |#local| #message::#variant { #(#fields,)* #reply: #local }))
            }
            (_, true) => {
                quote!(self.0.call_local(|#local| #message::#variant { #(#fields,)* #reply: #local }))
            }
        }
    };
    Some(quote! {
        #docs
        #(#attrs)*
        pub fn #method #own (&self #(, #arguments)*) #output #clause {
            #body
        }
    })
}

fn declared(param: &Param) -> TokenStream {
    let (ident, ty) = (here(&param.ident), &param.ty);
    quote!(#ident: #ty)
}

/// The handler's docs, and what the call is in Erlang.
fn docs(model: &Model, handler: &Handler) -> TokenStream {
    let documented = handler.attrs.docs().next().is_some();
    let docs = handler.attrs.docs();
    let (about, function) = match handler.kind {
        Kind::Call => ("Asks", "call"),
        _ => ("Tells", "cast"),
    };
    let about = (!documented).then(|| {
        doc(format!(
            "{about} the server: its handler is `{}::{}`.",
            model.owner.ident,
            unraw(&handler.method)
        ))
    });
    let request = match &handler.pattern {
        Pattern::Any => "Request".to_owned(),
        _ => handler.erlang(),
    };
    let erlang = if handler.local {
        doc(" Only within one program: the message is no term.")
    } else {
        doc(format!(
            " In Erlang: `gen_server:{function}({}, {request})`.",
            model.owner.ident
        ))
    };
    let gap = doc("");
    quote!(#(#docs)* #about #gap #erlang)
}
