//! Typed clients, such as `KvRef`: a struct around a reference of the library.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{Attribute, Generics, Path};

use crate::written::{doc, unused_params};

/// A client about to be written.
pub(crate) struct ClientType<'a> {
    /// `KvRef`
    pub(crate) name: &'a Ident,
    /// `Kv`
    pub(crate) of: &'a Ident,
    pub(crate) krate: &'a Path,
    pub(crate) cfgs: &'a [Attribute],
    pub(crate) generics: &'a Generics,
    pub(crate) docs: TokenStream,
    /// The type that it derefs to.
    pub(crate) inner: TokenStream,
    /// What it can do beside that.
    pub(crate) methods: TokenStream,
    /// The bodies of the methods are not there, nor is what used their arguments.
    pub(crate) stub: bool,
}

impl ClientType<'_> {
    /// `impl HasClient for Kv`
    pub(crate) fn said(&self, of: TokenStream) -> TokenStream {
        let (name, krate, cfgs, inner) = (self.name, self.krate, self.cfgs, &self.inner);
        let (impl_generics, ty_generics, bounds) = self.generics.split_for_impl();
        let value = self.marker();
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics #krate::gen_server::HasClient for #of #bounds {
                type Client = #name #ty_generics;

                fn client(
                    on: &#krate::process::LocalNode,
                    pid: #krate::term::Pid,
                ) -> Self::Client {
                    #name(<#inner>::from_pid(on, pid) #value)
                }
            }
        }
    }

    pub(crate) fn written(&self) -> TokenStream {
        let ClientType {
            name,
            of,
            krate,
            cfgs,
            generics,
            docs,
            inner,
            methods,
            stub,
        } = self;
        let (impl_generics, ty_generics, bounds) = generics.split_for_impl();
        let params = &generics.params;
        let params = (!params.is_empty()).then(|| quote!(<#params>));
        let field = self.unused().map(|ty| quote!(, #ty));
        let value = self.marker();
        let quiet = stub.then(|| quote!(#[allow(unused_variables)]));
        let on_node = quote!(#krate::process::OnNode);
        let text_named = doc(format!(
            "The `{of}` that is registered under a name on a node. In Erlang: `{{Name, Node}}`."
        ));
        let text_local = doc(format!(
            "The `{of}` that is registered under a name on this node. In Erlang: `Name`."
        ));
        let text_pid = doc(format!("The `{of}` with this pid."));
        let text_debug = name.to_string();
        quote! {
            #(#cfgs)*
            #docs
            pub struct #name #params (#inner #field) #bounds;

            #(#cfgs)*
            #[allow(private_interfaces)]
            #quiet
            impl #impl_generics #name #ty_generics #bounds {
                #text_named
                pub fn named(on: &impl #on_node, name: &str, node: &str) -> Self {
                    Self(<#inner>::named(on, name, node) #value)
                }

                #text_local
                pub fn local(on: &impl #on_node, name: &str) -> Self {
                    Self(<#inner>::local(on, name) #value)
                }

                #text_pid
                pub fn from_pid(on: &impl #on_node, pid: #krate::term::Pid) -> Self {
                    Self(<#inner>::from_pid(on, pid) #value)
                }

                #methods
            }

            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics ::core::clone::Clone for #name #ty_generics #bounds {
                fn clone(&self) -> Self {
                    Self(::core::clone::Clone::clone(&self.0) #value)
                }
            }

            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics ::core::fmt::Debug for #name #ty_generics #bounds {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    f.debug_tuple(#text_debug).field(&self.0.process_id()).finish()
                }
            }

            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics ::core::convert::From<#inner> for #name #ty_generics #bounds {
                fn from(inner: #inner) -> Self {
                    Self(inner #value)
                }
            }

            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics ::core::ops::Deref for #name #ty_generics #bounds {
                type Target = #inner;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }
        }
    }

    /// The second field, if there is one.
    fn unused(&self) -> Option<TokenStream> {
        unused_params(self.generics, self.inner.clone())
    }

    /// Its value.
    fn marker(&self) -> Option<TokenStream> {
        self.unused().map(|_| quote!(, ::core::marker::PhantomData))
    }
}
