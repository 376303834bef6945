//! The impls of a valid item.

mod decode;
mod encode;
mod field;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Member, Path, parse_quote};

use super::ast::{Field, Input};
use super::shape::{Shape, Shapes};
use super::{Derives, STRUCT_KEY, bound};
use crate::case;

pub(super) fn expand(
    input: &Input<'_>,
    shapes: &Shapes<'_>,
    derives: Derives,
    krate: &Path,
) -> TokenStream {
    let expand = Expand {
        input,
        krate,
        out: Ident::new("out", Span::mixed_site()),
        from: Ident::new("from", Span::mixed_site()),
    };
    let encode = derives.encode.then(|| expand.encode_impl(shapes));
    let decode = derives.decode.then(|| expand.decode_impl(shapes));
    quote!(#encode #decode)
}

/// What every part of the expansion needs. The names of our own variables are of mixed-site hygiene:
/// a field may be called `out` or `from` too.
struct Expand<'a> {
    input: &'a Input<'a>,
    krate: &'a Path,
    out: Ident,
    from: Ident,
}

impl Expand<'_> {
    fn encode_impl(&self, shapes: &Shapes<'_>) -> TokenStream {
        let krate = self.krate;
        let mut out = &self.out;
        let unused = self.local("_out");
        let body = match shapes {
            Shapes::Struct(shape) => self.encode(shape, &|field| {
                let member = &field.member;
                quote!(&self.#member)
            }),
            Shapes::Enum(variants) if variants.is_empty() => {
                out = &unused;
                quote!(match *self {})
            }
            Shapes::Enum(variants) => {
                let arms = variants.iter().map(|(variant, shape)| {
                    let ident = &variant.source.ident;
                    let pattern = bindings(shape);
                    let body = self.encode(shape, &|field| {
                        let binding = binding(field);
                        quote!(#binding)
                    });
                    quote!(Self::#ident #pattern => { #body })
                });
                quote!(match self { #(#arms)* })
            }
        };
        let trait_: Path = parse_quote!(#krate::etf::Encode);
        self.implement(
            &trait_,
            quote! {
                fn encode(
                    &self,
                    #out: &mut #krate::etf::Encoder,
                ) -> ::core::result::Result<(), #krate::etf::EncodeError> {
                    #body
                }
            },
        )
    }

    fn decode_impl(&self, shapes: &Shapes<'_>) -> TokenStream {
        let (krate, from) = (self.krate, &self.from);
        let body = match shapes {
            Shapes::Struct(shape) => self.decode_struct(shape),
            Shapes::Enum(variants) if self.input.attrs.untagged.is_some() => {
                self.decode_untagged(variants)
            }
            Shapes::Enum(variants) => self.decode_tagged(variants),
        };
        let absent = match shapes {
            Shapes::Struct(shape) => self.absent(shape),
            Shapes::Enum(_) => None,
        };
        let trait_: Path = parse_quote!(#krate::etf::Decode);
        self.implement(
            &trait_,
            quote! {
                #[inline]
                fn decode(
                    #from: &mut #krate::etf::Decoder<'_>,
                ) -> ::core::result::Result<Self, #krate::etf::DecodeError> {
                    #body
                }
                #absent
            },
        )
    }

    fn implement(&self, trait_: &Path, methods: TokenStream) -> TokenStream {
        let ident = &self.input.source.ident;
        let (impl_generics, type_generics, _) = self.input.source.generics.split_for_impl();
        let where_clause = bound::where_clause(self.input, trait_);
        quote! {
            #[automatically_derived]
            impl #impl_generics #trait_ for #ident #type_generics #where_clause {
                #methods
            }
        }
    }

    /// A function of `ergo::etf::derive`, which holds what every expansion would repeat.
    fn support(&self, name: &str) -> TokenStream {
        let krate = self.krate;
        let name = Ident::new(name, Span::call_site());
        quote!(#krate::etf::derive::#name)
    }

    /// A module of `ergo::etf::adapt`: another form of a term, in the shape of a `with` module.
    fn adapter(&self, name: &str) -> TokenStream {
        let krate = self.krate;
        let name = Ident::new(name, Span::call_site());
        quote!(#krate::etf::adapt::#name)
    }

    /// A variable of our own.
    fn local(&self, name: &str) -> Ident {
        Ident::new(name, Span::mixed_site())
    }
}

/// The variable that holds a field: `field_name`, or `field_0`. Of our hygiene, or it would hide the
/// user's items of that name from `default = "name"`.
fn binding(field: &Field<'_>) -> Ident {
    let name = match &field.member {
        Member::Named(ident) => case::unraw(ident),
        Member::Unnamed(index) => index.index.to_string(),
    };
    format_ident!("field_{name}", span = Span::mixed_site())
}

/// The pattern that binds every field that is sent.
fn bindings(shape: &Shape<'_>) -> TokenStream {
    let fields = shape.fields.iter().map(|field| {
        let binding = binding(field);
        match (&field.member, field.is_skipped()) {
            (Member::Named(ident), true) => quote!(#ident: _),
            (Member::Unnamed(_), true) => quote!(_),
            (Member::Named(ident), false) => quote!(#ident: #binding),
            (Member::Unnamed(_), false) => quote!(#binding),
        }
    });
    match shape.fields.first().map(|field| &field.member) {
        Some(Member::Unnamed(_)) => quote!((#(#fields),*)),
        _ => quote!({ #(#fields),* }),
    }
}
