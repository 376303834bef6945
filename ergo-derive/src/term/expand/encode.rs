//! `fn encode`.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::super::ast::Field;
use super::super::attr::Keys;
use super::super::shape::{Form, Layout, Pairs, Shape};
use super::{Expand, STRUCT_KEY};

/// How to get at a field: `&self.name`, or the name that a pattern bound.
type Access<'f> = &'f dyn Fn(&Field<'_>) -> TokenStream;

impl Expand<'_> {
    /// The body of a function, or of a match arm, that writes one struct or variant.
    pub(super) fn encode(&self, shape: &Shape<'_>, access: Access<'_>) -> TokenStream {
        let out = &self.out;
        let tag = shape.tags.first().map(|tag| &tag.text);
        match &shape.layout {
            Layout::Unit => {
                let tag = tag.map(|tag| self.encode_name(tag));
                quote!(#tag)
            }
            Layout::Inner => shape
                .sent()
                .map(|field| self.encode_field(field, &access(field)))
                .collect(),
            Layout::Tuple => {
                let arity = shape.sent().count() + shape.tags.len().min(1);
                let tag = tag.map(|tag| {
                    let name = self.encode_name(tag);
                    quote!(#name?;)
                });
                let fields = shape.sent().map(|field| {
                    let encode = self.encode_field(field, &access(field));
                    quote!(#encode?;)
                });
                quote! {
                    #out.tuple(#arity)?;
                    #tag
                    #(#fields)*
                    ::core::result::Result::Ok(())
                }
            }
            Layout::Pairs(pairs) => {
                let tag = tag.map(|tag| {
                    let name = self.encode_name(tag);
                    quote!(#out.tuple(2)?; #name?;)
                });
                let pairs = self.encode_pairs(shape, pairs, access);
                quote! {
                    #tag
                    #pairs
                    ::core::result::Result::Ok(())
                }
            }
        }
    }

    fn encode_pairs(
        &self,
        shape: &Shape<'_>,
        pairs: &Pairs<'_>,
        access: Access<'_>,
    ) -> TokenStream {
        let out = &self.out;
        let mut entries: Vec<(&str, TokenStream)> = Vec::new();
        let mut fixed = 0usize;
        let mut counts = Vec::new();
        if let Some(module) = &pairs.module {
            let (key, module) = (self.encode_name(STRUCT_KEY), self.encode_name(&module.text));
            let entry = quote!(#key?; #module?;);
            entries.push((STRUCT_KEY, entry));
            fixed += 1;
        }
        for field in shape.sent().filter(|field| field.attrs.flatten.is_none()) {
            let key = field.keys[0].text.as_str();
            let value = access(field);
            let entry = self.encode_entry(field, key, pairs, &value);
            if pairs.skip_none && field.option().is_some() {
                let is_some = quote!(::core::option::Option::is_some(#value));
                counts.push(quote!(#is_some as ::core::primitive::usize));
                entries.push((key, quote!(if #is_some { #entry })));
            } else {
                fixed += 1;
                entries.push((key, entry));
            }
        }
        // A BEAM sorts the keys of a small map, and so does `term_to_binary` with `deterministic`.
        if pairs.form == Form::Map {
            entries.sort_by_key(|(key, _)| *key);
        }
        let flatten = shape
            .sent()
            .find(|field| field.attrs.flatten.is_some())
            .map(|field| {
                let rest = self.local("rest");
                let (ty, value) = (&field.source.ty, access(field));
                let keys = entries.iter().map(|(key, _)| *key);
                let flatten = self.support("flatten");
                counts.push(quote!(#rest.pairs()));
                (
                    quote!(let #rest = #flatten::Rest::of::<#ty>(#value, &[#(#keys),*])?;),
                    quote!(#rest.encode(#out);),
                )
            });
        let (rest, encode_rest) = flatten.unzip();
        let fixed = Literal::usize_unsuffixed(fixed);
        let entries = entries.iter().map(|(_, entry)| entry);
        match pairs.form {
            Form::Map => quote! {
                #rest
                #out.map(#fixed #(+ #counts)*)?;
                #(#entries)*
                #encode_rest
            },
            Form::Proplist => quote! {
                #out.list(#fixed #(+ #counts)*)?;
                #(#entries)*
                #out.nil();
            },
        }
    }

    fn encode_entry(
        &self,
        field: &Field<'_>,
        key: &str,
        pairs: &Pairs<'_>,
        value: &TokenStream,
    ) -> TokenStream {
        let out = &self.out;
        let pair = (pairs.form == Form::Proplist).then(|| quote!(#out.tuple(2)?;));
        let key = match pairs.keys {
            Keys::Atom => {
                let name = self.encode_name(key);
                quote!(#name?;)
            }
            Keys::Binary => {
                let key = Literal::byte_string(key.as_bytes());
                quote!(#out.binary(#key)?;)
            }
        };
        let value = self.encode_field(field, value);
        quote!(#pair #key #value?;)
    }

    /// Writes an atom whose text is known here.
    fn encode_name(&self, text: &str) -> TokenStream {
        let (out, name) = (&self.out, self.support("Name"));
        quote!(#out.name({
            static NAME: #name = #name::new(#text);
            &NAME
        }))
    }
}
