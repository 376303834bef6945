//! `fn decode`, and `fn absent` of types that are their only field.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Member;
use syn::spanned::Spanned;

use super::super::ast::{Field, Variant};
use super::super::attr::Fallback;
use super::super::shape::{Form, Layout, Pairs, Shape};
use super::{Expand, binding};
use crate::case;

impl Expand<'_> {
    pub(super) fn decode_struct(&self, shape: &Shape<'_>) -> TokenStream {
        self.decode_whole(shape, &quote!(Self))
    }

    /// Peeks at the tag and the number of terms after it, then reads the one variant they name.
    pub(super) fn decode_tagged(&self, variants: &[(&Variant<'_>, Shape<'_>)]) -> TokenStream {
        let from = &self.from;
        let no_variant = self.support("no_variant");
        let patterns = variants.iter().map(|(_, shape)| shape.pattern());
        let otherwise = quote!(::core::result::Result::Err(#no_variant(&[#(#patterns),*], #from)));
        if variants.is_empty() {
            return otherwise;
        }
        let head = self.local("head");
        let arms = variants.iter().map(|(variant, shape)| {
            let ident = &variant.source.ident;
            let tags = shape.tags.iter().map(|tag| &tag.text);
            let args = match shape.args() {
                None => quote!(::core::option::Option::None),
                Some(args) => quote!(::core::option::Option::Some(#args)),
            };
            let variant = quote!(Self::#ident);
            let body = match &shape.layout {
                Layout::Unit => quote!(::core::result::Result::Ok(#variant)),
                _ => {
                    let content = self.decode_content(shape, &variant);
                    let name = &shape.tags[0].text;
                    let in_variant = self.support("in_variant");
                    quote!(#in_variant(#name, #from, |#from| { #content }))
                }
            };
            quote! {
                ::core::option::Option::Some((#(#tags)|*, #args)) => {
                    #from.enter_head()?;
                    #body
                }
            }
        });
        quote! {
            let #head = #from.head()?;
            match #head.as_ref().map(|#head| (&*#head.tag, #head.args)) {
                #(#arms)*
                _ => #otherwise,
            }
        }
    }

    /// Tries the variants in order.
    pub(super) fn decode_untagged(&self, variants: &[(&Variant<'_>, Shape<'_>)]) -> TokenStream {
        let from = &self.from;
        let no_value = self.support("no_value");
        let expected = format!("a `{}`", case::unraw(&self.input.source.ident));
        let value = self.local("value");
        let attempt = self.support("attempt");
        let attempts = variants.iter().map(|(variant, shape)| {
            let ident = &variant.source.ident;
            let whole = self.decode_whole(shape, &quote!(Self::#ident));
            quote! {
                if let ::core::option::Option::Some(#value) = #attempt(#from, |#from| { #whole })? {
                    return ::core::result::Result::Ok(#value);
                }
            }
        });
        quote! {
            #(#attempts)*
            ::core::result::Result::Err(#no_value(#expected, #from))
        }
    }

    /// `absent` of a type that is its only field is that field's.
    pub(super) fn absent(&self, shape: &Shape<'_>) -> Option<TokenStream> {
        let Layout::Inner = shape.layout else {
            return None;
        };
        let field = shape.sent().next()?;
        let (krate, ty) = (self.krate, &field.source.ty);
        let is_term = field.attrs.with.is_none() && field.attrs.as_.is_none();
        let inner = match field.option() {
            Some(_) => quote!(::core::option::Option::None),
            None if is_term => quote!(<#ty as #krate::etf::Decode>::absent()?),
            None => return None,
        };
        let value = self.construct(shape, &quote!(Self), &|_| inner.clone());
        Some(quote! {
            fn absent() -> ::core::option::Option<Self> {
                ::core::option::Option::Some(#value)
            }
        })
    }

    /// Reads the tag, if there is one, and the content.
    fn decode_whole(&self, shape: &Shape<'_>, path: &TokenStream) -> TokenStream {
        let from = &self.from;
        let content = self.decode_content(shape, path);
        if let Layout::Unit = shape.layout {
            let tags = shape.tags.iter().map(|tag| &tag.text);
            let read = match shape.tags.len() {
                1 => quote!(#from.expect_atom(#(#tags)*)?;),
                _ => {
                    let one_of = self.support("one_of");
                    quote!(#one_of(&[#(#tags),*], #from)?;)
                }
            };
            return quote! {
                #read
                ::core::result::Result::Ok(#path)
            };
        }
        if let Some(tag) = shape.tags.first() {
            let (tag, pattern) = (&tag.text, shape.pattern());
            let args = shape.args();
            let enter = self.support("enter");
            return quote! {
                #enter(#tag, #args, #pattern, #from)?;
                #from.nested(|#from| { #content })
            };
        }
        let arity = shape.sent().count();
        match shape.layout {
            Layout::Tuple => quote! {
                #from.tuple_of(#arity)?;
                #from.nested(|#from| { #content })
            },
            _ => content,
        }
    }

    /// What follows the tag: statements and a last expression of type `Result<Self, DecodeError>`.
    fn decode_content(&self, shape: &Shape<'_>, path: &TokenStream) -> TokenStream {
        let from = &self.from;
        match &shape.layout {
            Layout::Unit => TokenStream::new(),
            Layout::Inner => {
                let value = self.construct(shape, path, &|field| {
                    let decode = self.decode_field(field);
                    quote!(#decode?)
                });
                quote!(::core::result::Result::Ok(#value))
            }
            Layout::Tuple => {
                let element = self.support("element");
                let field = self.support("field");
                let value = self.construct(shape, path, &|sent| {
                    let decode = self.field_decoder(sent);
                    match &sent.member {
                        Member::Named(ident) => {
                            let name = case::unraw(ident);
                            quote!(#field(#name, #from, #decode)?)
                        }
                        Member::Unnamed(index) => {
                            let index = index.index as usize;
                            quote!(#element(#index, #from, #decode)?)
                        }
                    }
                });
                quote!(::core::result::Result::Ok(#value))
            }
            Layout::Pairs(pairs) => self.decode_pairs(shape, pairs, path),
        }
    }

    fn decode_pairs(
        &self,
        shape: &Shape<'_>,
        pairs: &Pairs<'_>,
        path: &TokenStream,
    ) -> TokenStream {
        let from = &self.from;
        let key = self.local("key");
        let module = self.local("module");
        let start = self.local("start");
        let default = self.local("default");
        let (walk, take) = match pairs.form {
            Form::Map => (self.support("map"), self.support("once")),
            Form::Proplist => (self.support("proplist"), self.support("first")),
        };
        let unknown = self.support("Unknown");
        let unknown = match pairs.deny_unknown {
            true => quote!(#unknown::Deny),
            false => quote!(#unknown::Skip),
        };
        let keyed = || shape.sent().filter(|field| field.attrs.flatten.is_none());
        let slots = keyed().map(|field| {
            let (slot, ty) = (binding(field), &field.source.ty);
            quote!(let mut #slot: ::core::option::Option<#ty> = ::core::option::Option::None;)
        });
        let arms = keyed().map(|field| {
            let keys = field.keys.iter().map(|key| &key.text);
            let (slot, name) = (binding(field), &field.keys[0].text);
            let decode = self.field_decoder(field);
            quote!(#(#keys)|* => #take(&mut #slot, #name, #from, #decode),)
        });
        let module_slot = pairs.module.as_ref().map(
            |_| quote!(let mut #module: ::core::option::Option<()> = ::core::option::Option::None;),
        );
        let module_arm = pairs.module.as_ref().map(|name| {
            let name = &name.text;
            quote!("__struct__" => #take(&mut #module, "__struct__", #from, |#from| #from.expect_atom(#name)),)
        });
        let take_entry = match pairs.module.is_some() || keyed().next().is_some() {
            true => quote! {
                |#key, #from| match #key {
                    #module_arm
                    #(#arms)*
                    _ => ::core::result::Result::Ok(false),
                }
            },
            false => quote!(|_, _| ::core::result::Result::Ok(false)),
        };
        let present = self.support("present");
        let module_check = pairs
            .module
            .as_ref()
            .map(|_| quote!(#present(#module, "__struct__", #from)?;));
        let has_rest = shape.sent().any(|field| field.attrs.flatten.is_some());
        let start_here = has_rest.then(|| quote!(let #start = #from.position();));
        let whole_default = pairs.default.map(|fallback| match fallback {
            Fallback::Trait => {
                quote!(let #default: Self = ::core::default::Default::default();)
            }
            Fallback::Function(function) => quote!(let #default: Self = #function();),
        });
        let value = self.construct(shape, path, &|field| {
            if field.attrs.flatten.is_some() {
                let keys = keyed()
                    .flat_map(|field| &field.keys)
                    .map(|key| key.text.as_str())
                    .chain(pairs.module.as_ref().map(|_| "__struct__"));
                let (ty, flatten) = (&field.source.ty, self.support("flatten"));
                return quote!(#flatten::decode::<#ty>(#start, &[#(#keys),*], #from)?);
            }
            self.or_absent(field, pairs.default.is_some().then_some(&default))
        });
        quote! {
            #(#slots)*
            #module_slot
            #start_here
            #walk(#from, #unknown, #take_entry)?;
            #module_check
            #whole_default
            ::core::result::Result::Ok(#value)
        }
    }

    /// The value of a field whose key may have been missing.
    fn or_absent(&self, field: &Field<'_>, default: Option<&syn::Ident>) -> TokenStream {
        let from = &self.from;
        let (slot, name, ty) = (binding(field), &field.keys[0].text, &field.source.ty);
        if let Some(given) = &field.attrs.default {
            return match &given.value {
                Fallback::Trait => quote_spanned!(ty.span()=> #slot.unwrap_or_default()),
                Fallback::Function(path) => quote!(#slot.unwrap_or_else(#path)),
            };
        }
        if let Some(default) = default {
            let member = &field.member;
            return quote!(#slot.unwrap_or(#default.#member));
        }
        if field.option().is_some() {
            return quote!(#slot.flatten());
        }
        let check = match (&field.attrs.with, &field.attrs.as_) {
            (None, None) => self.support("required"),
            // The type need not be a term by itself.
            _ => self.support("present"),
        };
        quote!(#check(#slot, #name, #from)?)
    }

    /// `Path { a: …, b: … }` or `Path(…, …)`.
    fn construct(
        &self,
        shape: &Shape<'_>,
        path: &TokenStream,
        value: &dyn Fn(&Field<'_>) -> TokenStream,
    ) -> TokenStream {
        let fields = shape.fields.iter().map(|field| {
            let value = match field.is_skipped() {
                true => self.skipped(field),
                false => value(field),
            };
            match &field.member {
                Member::Named(ident) => quote!(#ident: #value),
                Member::Unnamed(_) => value,
            }
        });
        match shape.fields.first().map(|field| &field.member) {
            Some(Member::Unnamed(_)) => quote!(#path(#(#fields),*)),
            _ => quote!(#path { #(#fields),* }),
        }
    }
}
