//! One field: the function that writes it, and the function that reads it.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

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
            Some((none, ty)) => {
                let module = self.adapter("none");
                let some = self.local("some");
                let encode = self.encode_as(field, ty, &quote!(#some));
                quote!(#module::encode_with(#value, #none, #out, |#some, #out| #encode))
            }
            None => self.encode_as(field, &field.source.ty, value),
        }
    }

    /// An expression that reads the field, of type `Result<T, DecodeError>`.
    pub(super) fn decode_field(&self, field: &Field<'_>) -> TokenStream {
        let from = &self.from;
        match self.none(field) {
            Some((none, ty)) => {
                let module = self.adapter("none");
                let decode = self.decode_as(field, ty);
                quote!(#module::decode_with(#none, #from, |#from| #decode))
            }
            None => self.decode_as(field, &field.source.ty),
        }
    }

    /// Whether the field is read by its type's own impl.
    pub(super) fn is_plain(&self, field: &Field<'_>) -> bool {
        field.attrs.with.is_none() && field.attrs.as_.is_none() && self.none(field).is_none()
    }

    /// What the field is where it is not in the term.
    pub(super) fn skipped(&self, field: &Field<'_>) -> TokenStream {
        let ty = &field.source.ty;
        match field.attrs.default.as_ref().map(|given| &given.value) {
            Some(Fallback::Function(path)) => quote!(#path()),
            _ => quote_spanned!(at(field)=> <#ty as ::core::default::Default>::default()),
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

    /// Errors of the type checker belong at the type, so that is where its bounds are called upon.
    fn encode_as(&self, field: &Field<'_>, ty: &Type, value: &TokenStream) -> TokenStream {
        let (krate, out) = (self.krate, &self.out);
        match (&field.attrs.with, self.as_module(field)) {
            (Some(with), _) => {
                let module = &with.value;
                quote_spanned!(at(field)=> #module::encode(#value, #out))
            }
            (None, Some(module)) => {
                quote_spanned!(at(field)=> #module::encode::<#ty>(#value, #out))
            }
            (None, None) => {
                quote_spanned!(at(field)=> <#ty as #krate::etf::Encode>::encode(#value, #out))
            }
        }
    }

    fn decode_as(&self, field: &Field<'_>, ty: &Type) -> TokenStream {
        let (krate, from) = (self.krate, &self.from);
        match (&field.attrs.with, self.as_module(field)) {
            (Some(with), _) => {
                let module = &with.value;
                quote_spanned!(at(field)=> #module::decode(#from))
            }
            (None, Some(module)) => quote_spanned!(at(field)=> #module::decode::<#ty>(#from)),
            (None, None) => {
                quote_spanned!(at(field)=> <#ty as #krate::etf::Decode>::decode(#from))
            }
        }
    }

    /// The module that `as` stands for.
    fn as_module(&self, field: &Field<'_>) -> Option<TokenStream> {
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

/// Where the field's type stands, with the hygiene of the derive: a type may come out of a macro.
pub(super) fn at(field: &Field<'_>) -> Span {
    Span::call_site().located_at(field.source.ty.span())
}
