//! `fn decode`, and `fn absent` of types that are their only field.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::{quote, quote_spanned};
use syn::Member;

use super::super::ast::{Field, Variant};
use super::super::attr::Fallback;
use super::super::shape::{Form, Layout, Pairs, Shape};
use super::field::at;
use super::{Expand, STRUCT_KEY, binding};
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
            let tags = shape.tags.iter().map(|tag| bytes(&tag.text));
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
                ::core::option::Option::Some((#head, #(#tags)|*, #args)) => {
                    #from.enter_raw_head(#head)?;
                    #body
                }
            }
        });
        let name = self.local("name");
        let units = variants
            .iter()
            .filter(|(_, shape)| matches!(shape.layout, Layout::Unit));
        let units = units.map(|(variant, shape)| {
            let ident = &variant.source.ident;
            let tags = shape.tags.iter().map(|tag| bytes(&tag.text));
            quote! {
                ::core::option::Option::Some(#name @ (#(#tags)|*)) => {
                    #from.enter_bare_atom(#name);
                    return ::core::result::Result::Ok(Self::#ident);
                }
            }
        });
        let units: Vec<_> = units.collect();
        let bare = (!units.is_empty()).then(|| {
            quote! {
                match #from.bare_atom() {
                    #(#units)*
                    _ => {}
                }
            }
        });
        quote! {
            #bare
            let #head = #from.raw_head()?;
            match #head.as_ref().map(|#head| (#head, #head.tag(), #head.args)) {
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
                let value = self.construct(shape, path, &|field| match &field.member {
                    Member::Named(ident) => {
                        let name = case::unraw(ident);
                        let value = self.decode_by("field", &quote!(#name), field);
                        quote!(#value?)
                    }
                    Member::Unnamed(index) => {
                        let index = index.index as usize;
                        let value = self.decode_by("element", &quote!(#index), field);
                        quote!(#value?)
                    }
                });
                quote!(::core::result::Result::Ok(#value))
            }
            Layout::Pairs(pairs) => self.decode_pairs(shape, pairs, path),
        }
    }

    /// A variable for each key, a walk over the pairs that fills them, and what they come to.
    fn decode_pairs(
        &self,
        shape: &Shape<'_>,
        pairs: &Pairs<'_>,
        path: &TokenStream,
    ) -> TokenStream {
        let from = &self.from;
        let walk = match pairs.form {
            Form::Map => self.support("map"),
            Form::Proplist => self.support("proplist"),
        };
        let unknown = self.support("Unknown");
        let unknown = match pairs.deny_unknown {
            true => quote!(#unknown::Deny),
            false => quote!(#unknown::Skip),
        };
        let slots = keyed(shape).map(|field| {
            let (slot, ty) = (binding(field), &field.source.ty);
            quote!(let mut #slot: ::core::option::Option<#ty> = ::core::option::Option::None;)
        });
        let entry = self.decode_entry(shape, pairs);
        let (module, present) = (self.local("module"), self.support("present"));
        let (module_slot, module_check) = pairs
            .module
            .is_some()
            .then(|| {
                (
                    quote!(let mut #module: ::core::option::Option<()> = ::core::option::Option::None;),
                    quote!(#present(#module, #STRUCT_KEY, #from)?;),
                )
            })
            .unzip();
        let start = self.local("start");
        let flatten = shape.sent().find(|field| field.attrs.flatten.is_some());
        let start_here = flatten.map(|_| quote!(let #start = #from.position();));
        let default = self.local("default");
        let whole_default = pairs.default.map(|fallback| match fallback {
            Fallback::Trait => quote!(let #default: Self = ::core::default::Default::default();),
            Fallback::Function(function) => quote!(let #default: Self = #function();),
        });
        let value = self.construct(shape, path, &|field| {
            if field.attrs.flatten.is_some() {
                return self.decode_rest(field, shape, pairs, &start);
            }
            self.or_absent(field, pairs.default.is_some().then_some(&default))
        });
        quote! {
            #(#slots)*
            #module_slot
            #start_here
            #walk(#from, #unknown, #entry)?;
            #module_check
            #whole_default
            ::core::result::Result::Ok(#value)
        }
    }

    /// The closure that gets each key: it reads the value of one that it knows.
    fn decode_entry(&self, shape: &Shape<'_>, pairs: &Pairs<'_>) -> TokenStream {
        let from = &self.from;
        let (key, module) = (self.local("key"), self.local("module"));
        let take = match pairs.form {
            Form::Map => "once",
            Form::Proplist => "first",
        };
        let module_arm = pairs.module.as_ref().map(|name| {
            let (name, once_with) = (&name.text, self.support("once_with"));
            let struct_key = bytes(STRUCT_KEY);
            quote! {
                #struct_key => {
                    #once_with(&mut #module, #STRUCT_KEY, #from, |#from| #from.expect_atom(#name))
                }
            }
        });
        let arms = keyed(shape).map(|field| {
            let keys = field.keys.iter().map(|key| bytes(&key.text));
            let (slot, name) = (binding(field), &field.keys[0].text);
            let take = self.decode_by(take, &quote!(&mut #slot, #name), field);
            quote!(#(#keys)|* => #take,)
        });
        if pairs.module.is_none() && keyed(shape).next().is_none() {
            return quote!(|_, _| ::core::result::Result::Ok(false));
        }
        quote! {
            |#key, #from| match #key {
                #module_arm
                #(#arms)*
                _ => ::core::result::Result::Ok(false),
            }
        }
    }

    /// The flattened field: what the struct itself has not taken.
    fn decode_rest(
        &self,
        field: &Field<'_>,
        shape: &Shape<'_>,
        pairs: &Pairs<'_>,
        start: &Ident,
    ) -> TokenStream {
        let (ty, from, flatten) = (&field.source.ty, &self.from, self.support("flatten"));
        let keys = keyed(shape)
            .flat_map(|field| &field.keys)
            .map(|key| key.text.as_str())
            .chain(pairs.module.as_ref().map(|_| STRUCT_KEY));
        quote!(#flatten::decode::<#ty>(#start, &[#(#keys),*], #from)?)
    }

    /// A call of a function of `ergo::etf::derive` that reads the field, by its type's own impl or
    /// by what its attributes say.
    fn decode_by(&self, function: &str, args: &TokenStream, field: &Field<'_>) -> TokenStream {
        let from = &self.from;
        if self.is_plain(field) {
            let (ty, function) = (&field.source.ty, self.support(function));
            return quote!(#function::<#ty>(#args, #from));
        }
        let (decode, function) = (
            self.decode_field(field),
            self.support(&format!("{function}_with")),
        );
        quote!(#function(#args, #from, |#from| #decode))
    }

    /// The value of a field whose key may have been missing.
    fn or_absent(&self, field: &Field<'_>, default: Option<&Ident>) -> TokenStream {
        let from = &self.from;
        let (slot, name, ty) = (binding(field), &field.keys[0].text, &field.source.ty);
        if let Some(given) = &field.attrs.default {
            return match &given.value {
                Fallback::Trait => quote_spanned! {at(field)=>
                    #slot.unwrap_or_else(|| <#ty as ::core::default::Default>::default())
                },
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
        if self.is_plain(field) {
            let required = self.support("required");
            return quote!(#required::<#ty>(#slot, #name, #from)?);
        }
        // The type need not be a term by itself.
        let present = self.support("present");
        quote!(#present(#slot, #name, #from)?)
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

/// The fields that have a key of their own.
fn keyed<'a>(shape: &Shape<'a>) -> impl Iterator<Item = &'a Field<'a>> + use<'a> {
    shape.sent().filter(|field| field.attrs.flatten.is_none())
}

/// What a name is compared with: its bytes.
fn bytes(name: &str) -> Literal {
    Literal::byte_string(name.as_bytes())
}
