//! The caller's side: the typed reference.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Attribute;

use crate::client_type::ClientType;
use crate::supervisor::model::{Child, Model};
use crate::written::{doc, here};

use super::{Names, template};

/// `struct AppSupRef(SupervisorRef)`, and that it is the supervisor's client.
pub(super) fn expand(model: &Model, names: &Names) -> TokenStream {
    let supervisor = &names.supervisor;
    let client = ClientType {
        owner: &model.owner,
        docs: docs(model),
        inner: quote!(#supervisor::SupervisorRef),
        methods: model
            .template()
            .and_then(|child| start_child(model, names, child))
            .unwrap_or_default(),
    };
    let (written, said) = (client.written(), client.said());
    quote!(#written #said)
}

fn docs(model: &Model) -> TokenStream {
    let ident = &model.owner.ident;
    let about = doc(format!(
        " The supervisor `{ident}`, wherever it runs: started here, or named on any node."
    ));
    let children: Vec<String> = model
        .children
        .iter()
        .map(|child| format!("`{}`", child.id))
        .collect();
    let children = match (&children[..], model.template()) {
        ([], _) => return about,
        (_, Some(_)) => format!(" Its children are {}, one for each start.", children[0]),
        ([only], _) => format!(" Its child is {only}."),
        (all, _) => format!(
            " Its children, in the order of their start: {}.",
            all.join(", ")
        ),
    };
    let (gap, children) = (doc(""), doc(children));
    quote!(#about #gap #children)
}

/// `conn_sup.start_child(sock).await?`
fn start_child(model: &Model, names: &Names, child: &Child) -> Option<TokenStream> {
    let supervisor = &names.supervisor;
    let output = child.output.as_ref()?;
    if !template::is_nameable(child) {
        return None;
    }
    let params = child.params.iter().map(|param| {
        let (ident, ty) = (here(&param.ident), &param.ty);
        quote!(#ident: #ty)
    });
    let body = if model.owner.stub {
        quote!(::core::unreachable!())
    } else {
        let self_ty = &model.owner.self_ty;
        let (name, (_, ty_generics, _)) =
            (template::name(model), model.owner.generics.split_for_impl());
        let idents = child.params.iter().map(|param| here(&param.ident));
        quote!(#supervisor::expansion::start_child::<#self_ty, #name #ty_generics>(&self.0, (#(#idents,)*)))
    };
    let docs: Vec<&Attribute> = child.attrs.docs().collect();
    let about = docs.is_empty().then(|| {
        doc(format!(
            " Starts a child, made by `{}::{}`. Awaited, this gives its client.",
            model.owner.ident, child.method
        ))
    });
    let gap = doc("");
    let erlang = doc(format!(
        " In Erlang: `supervisor:start_child({}, [{}])`.",
        model.owner.ident,
        erlang_args(child)
    ));
    Some(quote! {
        #(#docs)*
        #about
        #gap
        #erlang
        pub fn start_child(
            &self,
            #(#params,)*
        ) -> #supervisor::StartChild<'_, #output> {
            #body
        }
    })
}

fn erlang_args(child: &Child) -> String {
    let names = child.params.iter().map(|param| {
        let name = crate::case::unraw(&param.ident);
        crate::case::Case::Pascal.apply(&name)
    });
    names.collect::<Vec<_>>().join(", ")
}
