//! One field: the function that writes it, and the function that reads it.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Path, Type};

use super::super::ast::Field;
use super::super::attr::{As, Fallback};
use super::Expand;

/// The atom of an absent `Option` that nothing else is said about.
const UNDEFINED: &str = "undefined";

impl Expand<'_> {
    /// An expression that writes the field, of type `Result<(), EncodeError>`. `value` is a
    /// reference to the field.
    pub(super) fn encode_field(&self, field: &Field<'_>, value: &TokenStream) -> TokenStream {
        let out = &self.out;
        match self.none(field) {
            Some((none, inner)) => {
                let (module, inner) = (self.adapter("none"), self.encode_fn(field, inner));
                quote!(#module::encode_with(#value, #none, #out, #inner))
            }
            None => {
                let encode = self.encode_fn(field, &field.source.ty);
                quote!(#encode(#value, #out))
            }
        }
    }

    /// An expression that reads the field, of type `Result<T, DecodeError>`.
    pub(super) fn decode_field(&self, field: &Field<'_>) -> TokenStream {
        let from = &self.from;
        match self.none(field) {
            Some((none, inner)) => {
                let (module, inner) = (self.adapter("none"), self.decode_fn(field, inner));
                quote!(#module::decode_with(#none, #from, #inner))
            }
            None => {
                let decode = self.decode_fn(field, &field.source.ty);
                quote!(#decode(#from))
            }
        }
    }

    /// A function that does so: `fn(&mut Decoder<'_>) -> Result<T, DecodeError>`.
    pub(super) fn field_decoder(&self, field: &Field<'_>) -> TokenStream {
        let from = &self.from;
        match self.none(field) {
            Some(_) => {
                let decode = self.decode_field(field);
                quote!(|#from| #decode)
            }
            None => self.decode_fn(field, &field.source.ty),
        }
    }

    /// What the field is where it is not in the term.
    pub(super) fn skipped(&self, field: &Field<'_>) -> TokenStream {
        let ty = &field.source.ty;
        match field.attrs.default.as_ref().map(|given| &given.value) {
            Some(Fallback::Function(path)) => quote!(#path()),
            _ => quote_spanned!(ty.span()=> <#ty as ::core::default::Default>::default()),
        }
    }

    /// The atom of `None`, and the type of `Some`, if the derive and not `Option`'s own impl has to
    /// tell them apart.
    fn none<'f>(&self, field: &Field<'f>) -> Option<(String, &'f Type)> {
        let inner = field.option()?;
        if field.attrs.with.is_some() {
            return None;
        }
        let given = field.attrs.none.as_ref().or(self.input.attrs.none.as_ref());
        match (given, &field.attrs.as_) {
            (Some(given), _) => Some((given.value.value(), inner)),
            (None, Some(_)) => Some((UNDEFINED.to_owned(), inner)),
            (None, None) => None,
        }
    }

    /// Errors of the type checker belong at the type, so that is where the paths stand.
    fn encode_fn(&self, field: &Field<'_>, ty: &Type) -> TokenStream {
        let krate = self.krate;
        match self.module(field) {
            Some(module) => quote_spanned!(ty.span()=> #module::encode),
            None => quote_spanned!(ty.span()=> <#ty as #krate::etf::Encode>::encode),
        }
    }

    fn decode_fn(&self, field: &Field<'_>, ty: &Type) -> TokenStream {
        let krate = self.krate;
        match self.module(field) {
            Some(module) => quote_spanned!(ty.span()=> #module::decode),
            None => quote_spanned!(ty.span()=> <#ty as #krate::etf::Decode>::decode),
        }
    }

    /// The module whose `encode` and `decode` stand in for the traits.
    fn module(&self, field: &Field<'_>) -> Option<TokenStream> {
        let with: Option<&Path> = field.attrs.with.as_ref().map(|given| &given.value);
        if let Some(path) = with {
            return Some(quote!(#path));
        }
        let name = match field.attrs.as_.as_ref()?.value {
            As::Charlist => "charlist",
            As::Atom => "atom",
            As::List => "list",
            As::Tuple => "tuple",
            As::Proplist => "proplist",
        };
        Some(self.adapter(name))
    }
}
