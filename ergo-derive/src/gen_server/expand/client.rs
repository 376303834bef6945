//! The caller's side: the typed client, and the functions that start a server.

mod start;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::case::unraw;
use crate::gen_server::model::{Handler, Kind, Model, Param, Pattern};
use crate::gen_server::types::{is_passable, unsendable};

use super::{Names, doc, here};

pub(super) fn expand(model: &Model) -> TokenStream {
    let names = Names::of(model);
    let client = client(model, &names);
    let start = start::expand(model, &names);
    quote!(#client #start)
}

/// `struct KvRef(ServerRef<KvMessage>)`
fn client(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names {
        gen_server,
        term,
        cfgs,
        ..
    } = names;
    let (client, message, ident) = (&model.client, &model.message, &model.ident);
    let (impl_generics, ty_generics, bounds) = model.generics.split_for_impl();
    let params = &model.generics.params;
    let params = (!params.is_empty()).then(|| quote!(<#params>));
    let inner = quote!(#gen_server::ServerRef<#message #ty_generics>);
    let text = doc(format!(
        "A `{ident}`, wherever it runs: started here, or named on any node, in Rust or on a BEAM."
    ));
    let text_named = doc(format!(
        "The `{ident}` that is registered under a name on a node. In Erlang: `{{Name, Node}}`."
    ));
    let text_local = doc(format!(
        "The `{ident}` that is registered under a name on this node. In Erlang: `Name`."
    ));
    let text_pid = doc(format!("The `{ident}` with this pid."));
    let text_debug = client.to_string();
    // The bodies that used them are not there.
    let quiet = model.stub.then(|| quote!(#[allow(unused_variables)]));
    let methods = model
        .handlers
        .iter()
        .map(|handler| method(model, names, handler));
    quote! {
        #(#cfgs)*
        #text
        pub struct #client #params (#inner) #bounds;

        #(#cfgs)*
        #[allow(private_interfaces)]
        #quiet
        impl #impl_generics #client #ty_generics #bounds {
            #text_named
            pub fn named(on: &impl #gen_server::OnNode, name: &str, node: &str) -> Self {
                Self(#gen_server::ServerRef::named(on, name, node))
            }

            #text_local
            pub fn local(on: &impl #gen_server::OnNode, name: &str) -> Self {
                Self(#gen_server::ServerRef::local(on, name))
            }

            #text_pid
            pub fn from_pid(on: &impl #gen_server::OnNode, pid: #term::Pid) -> Self {
                Self(#gen_server::ServerRef::from_pid(on, pid))
            }

            #(#methods)*
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::clone::Clone for #client #ty_generics #bounds {
            fn clone(&self) -> Self {
                Self(::core::clone::Clone::clone(&self.0))
            }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::fmt::Debug for #client #ty_generics #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_tuple(#text_debug).field(&self.0.process_id()).finish()
            }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::convert::From<#inner> for #client #ty_generics #bounds {
            fn from(server: #inner) -> Self {
                Self(server)
            }
        }

        #(#cfgs)*
        #[automatically_derived]
        impl #impl_generics ::core::ops::Deref for #client #ty_generics #bounds {
            type Target = #inner;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
    }
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
    let attrs = handler.named(&["cfg", "allow", "deprecated"]);
    let docs = docs(model, handler);
    let (method, message) = (here(&handler.method), &model.message);
    let (_, ty_generics, _) = model.generics.split_for_impl();
    let arguments: Vec<TokenStream> = handler.arguments().map(declared).collect();
    let answer = handler.answer();
    let output = (handler.kind == Kind::Call)
        .then(|| quote!(-> #gen_server::Call<'_, #message #ty_generics, #answer>));
    let generics = &handler.generics;
    let (own, clause) = (generics.to_token_stream(), &generics.where_clause);
    if handler.broken && unsendable(&answer, true).is_some() {
        return None;
    }
    let body = if model.stub {
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
    let documented = handler.docs().next().is_some();
    let docs = handler.docs();
    let (about, function) = match handler.kind {
        Kind::Call => ("Asks", "call"),
        _ => ("Tells", "cast"),
    };
    let about = (!documented).then(|| {
        doc(format!(
            "{about} the server: its handler is `{}::{}`.",
            model.ident,
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
            model.ident
        ))
    };
    let gap = doc("");
    quote!(#(#docs)* #about #gap #erlang)
}
