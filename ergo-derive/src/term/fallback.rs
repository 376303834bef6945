//! Impls for an item that is wrong, so that its users see no error of their own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, Path};

use super::Derives;

pub(super) fn expand(item: &DeriveInput, derives: Derives, krate: &Path) -> TokenStream {
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let encode = derives.encode.then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::etf::Encode for #ident #type_generics #where_clause {
                fn encode(
                    &self,
                    _: &mut #krate::etf::Encoder,
                ) -> ::core::result::Result<(), #krate::etf::EncodeError> {
                    ::core::unreachable!()
                }
            }
        }
    });
    let decode = derives.decode.then(|| {
        quote! {
            #[automatically_derived]
            impl #impl_generics #krate::etf::Decode for #ident #type_generics #where_clause {
                fn decode(
                    _: &mut #krate::etf::Decoder<'_>,
                ) -> ::core::result::Result<Self, #krate::etf::DecodeError> {
                    ::core::unreachable!()
                }
            }
        }
    });
    quote!(#encode #decode)
}
