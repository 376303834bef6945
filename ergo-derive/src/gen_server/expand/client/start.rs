//! The functions of the server's type that start one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::gen_server::expand::{Names, server};
use crate::gen_server::model::{Model, Param};
use crate::types::is_passable;
use crate::written::{doc, here};

use super::declared;

/// `Kv::start(&node, …)` and its like: all take what `#[init]` takes.
pub(super) fn expand(model: &Model, names: &Names<'_>) -> TokenStream {
    let Names {
        gen_server,
        supervisor,
        cfgs,
        on,
        ..
    } = names;
    let (self_ty, client, ident) = (
        &model.owner.self_ty,
        &model.owner.client,
        &model.owner.ident,
    );
    let (impl_generics, ty_generics, bounds) = model.owner.generics.split_for_impl();
    let idents: Vec<Ident> = arguments(model).map(|param| here(&param.ident)).collect();
    let start = quote!(#gen_server::Start<#self_ty, #client #ty_generics>);
    let functions = [
        Starter {
            name: "start",
            about: format!(
                " Starts a `{ident}` on a node. Awaited, this runs its `#[init]` and gives a \
                 `{client}`."
            ),
            on: Some(quote!(#on: &impl #gen_server::OnNode)),
            output: start.clone(),
            body: quote!(#gen_server::Start::new(#on, (#(#idents,)*))),
        },
        Starter {
            name: "start_link",
            about: format!(
                " Starts a `{ident}` that is linked to the process of this context. Awaited, this \
                 runs its `#[init]` and gives a `{client}`."
            ),
            on: Some(quote!(#on: &impl #gen_server::OnNode)),
            output: start,
            body: quote!(#gen_server::Start::new(#on, (#(#idents,)*)).link()),
        },
        Starter {
            name: "child",
            about: format!(" One start of a `{ident}`; a supervisor does it."),
            on: None,
            output: quote!(#supervisor::Child<#self_ty>),
            body: quote!(#supervisor::Child::<#self_ty>::new((#(#idents,)*))),
        },
    ];
    let functions = functions
        .iter()
        .filter(|starter| {
            !model
                .owner
                .own_starters
                .iter()
                .any(|own| own == starter.name)
        })
        .map(|starter| starter.function(model));
    let quiet = model.owner.stub.then(|| quote!(#[allow(unused_variables)]));
    quote! {
        #(#cfgs)*
        // The type of a server may be called `Child`, too.
        #[allow(private_interfaces, clippy::self_named_constructors)]
        #quiet
        impl #impl_generics #self_ty #bounds {
            #(#functions)*
        }
    }
}

fn arguments(model: &Model) -> impl Iterator<Item = &Param> {
    server::arguments(model.init.as_ref()).filter(|param| is_passable(&param.ty))
}

/// One of the functions.
struct Starter {
    name: &'static str,
    about: String,
    /// The first parameter: where the server starts.
    on: Option<TokenStream>,
    output: TokenStream,
    body: TokenStream,
}

impl Starter {
    fn function(&self, model: &Model) -> TokenStream {
        let name = Ident::new(self.name, Span::call_site());
        let (about, output) = (doc(&self.about), &self.output);
        let docs: Vec<_> = model.init.iter().flat_map(|init| &init.docs).collect();
        let gap = (!docs.is_empty()).then(|| doc(""));
        let own = model.init.as_ref().map(|init| &init.generics);
        let clause = own.and_then(|generics| generics.where_clause.as_ref());
        let on = self.on.iter().cloned();
        let params = on.chain(arguments(model).map(declared));
        let body = if model.owner.stub {
            quote!(::core::unreachable!())
        } else {
            self.body.clone()
        };
        quote! {
            #(#docs)*
            #gap
            #about
            pub fn #name #own (#(#params,)*) -> #output #clause {
                #body
            }
        }
    }
}
