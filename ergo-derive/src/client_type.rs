//! Typed clients, such as `KvRef`: a struct around a reference of the library.

use proc_macro2::TokenStream;
use quote::quote;

use crate::owner::Owner;
use crate::written::{doc, unused_params};

/// A client about to be written.
pub(crate) struct ClientType<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) docs: TokenStream,
    /// The type that it derefs to.
    pub(crate) inner: TokenStream,
    /// What it can do beside that.
    pub(crate) methods: TokenStream,
}

impl ClientType<'_> {
    /// `impl HasClient for Kv`
    pub(crate) fn said(&self) -> TokenStream {
        let Owner {
            self_ty,
            generics,
            cfgs,
            krate,
            client,
            ..
        } = self.owner;
        let inner = &self.inner;
        let (impl_generics, ty_generics, bounds) = generics.split_for_impl();
        let value = self.marker();
        quote! {
            #(#cfgs)*
            #[automatically_derived]
            impl #impl_generics #krate::gen_server::HasClient for #self_ty #bounds {
                type Client = #client #ty_generics;

                fn client(
                    on: &#krate::process::LocalNode,
                    pid: #krate::term::Pid,
                ) -> Self::Client {
                    #client(<#inner>::from_pid(on, pid) #value)
                }
            }
        }
    }

    pub(crate) fn written(&self) -> TokenStream {
        let ClientType {
            owner,
            docs,
            inner,
            methods,
        } = self;
        let Owner {
            ident: of,
            generics,
            cfgs,
            krate,
            client: name,
            stub,
            ..
        } = owner;
        let (impl_generics, ty_generics, bounds) = generics.split_for_impl();
        let params = &generics.params;
        let params = (!params.is_empty()).then(|| quote!(<#params>));
        let field = self.unused().map(|ty| quote!(, #ty));
        let value = self.marker();
        // The bodies of the methods are not there, nor is what used their arguments.
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
        unused_params(&self.owner.generics, self.inner.clone())
    }

    /// Its value.
    fn marker(&self) -> Option<TokenStream> {
        self.unused().map(|_| quote!(, ::core::marker::PhantomData))
    }
}
