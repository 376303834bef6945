//! `impl` blocks under an attribute macro: what they may be, and our attributes taken off them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{
    Attribute, GenericParam, Ident, ImplItem, ImplItemFn, Item, ItemImpl, LitStr, Meta, Type,
};

use crate::attr::{Options, Schema};
use crate::errors::Errors;
use crate::types::{bare, last_segment};

/// An attribute macro that makes something of a block.
pub(crate) struct Maker {
    attribute: &'static str,
    makes: &'static str,
    /// The attributes that it reads on methods.
    markers: &'static [&'static str],
    /// What those mark.
    marks: &'static str,
}

pub(crate) const GEN_SERVER: Maker = Maker {
    attribute: "gen_server",
    makes: "a server",
    markers: &["init", "call", "cast", "info", "terminate"],
    marks: "a handler of a server",
};

pub(crate) const SUPERVISOR: Maker = Maker {
    attribute: "supervisor",
    makes: "a supervisor",
    markers: &["child"],
    marks: "a child of a supervisor",
};

pub(crate) const RPC: Maker = Maker {
    attribute: "rpc",
    makes: "a module of functions",
    markers: &["rpc"],
    marks: "a function for other nodes",
};

/// One block takes one of them.
const MAKERS: &[&Maker] = &[&GEN_SERVER, &SUPERVISOR, &RPC];

/// What an attribute macro says of the places where it cannot stand.
pub(crate) struct Place {
    pub(crate) maker: &'static Maker,
    /// On a struct or enum.
    pub(crate) on_type: &'static str,
    /// On a function.
    pub(crate) on_fn: &'static str,
    /// On the implementation of a trait.
    pub(crate) on_trait_impl: &'static str,
    /// On anything else.
    pub(crate) elsewhere: &'static str,
}

impl Place {
    /// The expansion of the attribute on `item`: the block without our attributes, what `generate`
    /// makes of it and of the methods that have one, as `mark` reads it, and the errors.
    pub(crate) fn expand<M>(
        &self,
        item: TokenStream,
        mut errors: Errors,
        mark: impl FnMut(&Attribute, &ImplItemFn, &mut Errors) -> Option<M>,
        generate: impl FnOnce(&ItemImpl, Vec<M>, &mut Errors) -> Option<TokenStream>,
    ) -> TokenStream {
        let (item, marked) = match self.read(item, &mut errors, mark) {
            Ok(read) => read,
            Err(item) => {
                let errors = errors.into_compile_errors();
                return quote!(#item #errors);
            }
        };
        let generated = generate(&item, marked, &mut errors);
        // What only our code would have used must not be reported as unused beside the real mistake.
        let quiet = (!errors.is_empty()).then(|| quote!(#[allow(dead_code, unused_variables)]));
        let errors = errors.into_compile_errors();
        quote!(#quiet #item #generated #errors)
    }

    /// The block without our attributes, and the methods that had them; anything else is given back
    /// as it was, with the error noted.
    fn read<M>(
        &self,
        tokens: TokenStream,
        errors: &mut Errors,
        mut mark: impl FnMut(&Attribute, &ImplItemFn, &mut Errors) -> Option<M>,
    ) -> Result<(ItemImpl, Vec<M>), TokenStream> {
        let mut item = self.block(tokens, errors)?;
        let mut marked = Vec::new();
        self.methods(&mut item, errors, |method, errors| {
            if let Some(attr) = self.marker(method, errors) {
                marked.extend(mark(&attr, method, errors));
            }
        });
        Ok((self.inherent(item, errors)?, marked))
    }

    /// Reads the block; anything else is given back as it was, with the error noted.
    fn block(&self, tokens: TokenStream, errors: &mut Errors) -> Result<ItemImpl, TokenStream> {
        let mut item = match syn::parse2::<Item>(tokens.clone()) {
            Ok(Item::Impl(item)) => item,
            Ok(other) => {
                // Whatever its options say, it stands in the wrong place: that is the mistake.
                *errors = Errors::new();
                errors.push_at(keyword(&other), self.instead(&other));
                return Err(tokens);
            }
            Err(error) => {
                errors.add(error);
                return Err(tokens);
            }
        };
        for other in MAKERS {
            let twice = take(&mut item.attrs, |attr| is_one_of(attr, &[other.attribute]));
            for attr in twice {
                let name = other.attribute;
                let message = if name == self.maker.attribute {
                    format!("`#[{name}]` stands here twice; keep one")
                } else {
                    format!(
                        "this block makes {} already; one type is not {} as well",
                        self.maker.makes, other.makes
                    )
                };
                errors.push(attr, message);
                if name != self.maker.attribute {
                    // They are part of that one mistake.
                    for method in item.items.iter_mut().filter_map(method) {
                        take(&mut method.attrs, |attr| is_one_of(attr, other.markers));
                    }
                }
            }
        }
        Ok(item)
    }

    /// Calls `read` for every method; our attributes on anything else are an error.
    fn methods(
        &self,
        item: &mut ItemImpl,
        errors: &mut Errors,
        mut read: impl FnMut(&mut ImplItemFn, &mut Errors),
    ) {
        for member in &mut item.items {
            let attrs = match member {
                ImplItem::Fn(method) => {
                    self.foreign(&mut method.attrs, errors);
                    read(method, errors);
                    continue;
                }
                ImplItem::Const(member) => &mut member.attrs,
                ImplItem::Type(member) => &mut member.attrs,
                _ => continue,
            };
            for attr in take(attrs, |attr| is_one_of(attr, self.maker.markers)) {
                let name = name_of(&attr);
                errors.push(attr, format!("`#[{name}]` stands on a method"));
            }
        }
    }

    /// Takes our attributes off a method; the first says what it is.
    fn marker(&self, method: &mut ImplItemFn, errors: &mut Errors) -> Option<Attribute> {
        let ours = take(&mut method.attrs, |attr| {
            is_one_of(attr, self.maker.markers)
        });
        let mut ours = ours.into_iter();
        let first = ours.next()?;
        let name = name_of(&first);
        for other in ours {
            let message = if name_of(&other) == name {
                format!("`#[{name}]` stands here twice; keep one")
            } else {
                format!(
                    "`{}` is `#[{name}]` already; one method handles one kind of message",
                    method.sig.ident
                )
            };
            errors.push(other, message);
        }
        Some(first)
    }

    /// Attributes of another macro's methods.
    fn foreign(&self, attrs: &mut Vec<Attribute>, errors: &mut Errors) {
        let others = MAKERS
            .iter()
            .filter(|other| other.attribute != self.maker.attribute);
        for other in others {
            for attr in take(attrs, |attr| is_one_of(attr, other.markers)) {
                let message = format!(
                    "`#[{}]` marks {}, but this block makes {}; move the method to a block with \
                     `#[{}]`",
                    name_of(&attr),
                    other.marks,
                    self.maker.makes,
                    other.attribute
                );
                errors.push(attr, message);
            }
        }
    }

    /// The block again, unless it implements a trait.
    fn inherent(&self, item: ItemImpl, errors: &mut Errors) -> Result<ItemImpl, TokenStream> {
        if let Some((path, _)) = &item.trait_ {
            errors.push(path, self.on_trait_impl);
            return Err(item.into_token_stream());
        }
        Ok(item)
    }

    /// The name of the block's type; `None` with an error noted here, or one of the compiler's.
    pub(crate) fn type_name(&self, item: &ItemImpl, errors: &mut Errors) -> Option<Ident> {
        let what = self.maker.makes;
        let Some(name) = last_segment(&item.self_ty) else {
            // The compiler refuses the block itself for every other type without a name.
            if matches!(bare(&item.self_ty), Type::TraitObject(_)) {
                errors.push(
                    &item.self_ty,
                    format!("{what} is a type with a size; define a struct for its state"),
                );
            }
            return None;
        };
        for param in &item.generics.params {
            if let GenericParam::Lifetime(lifetime) = param {
                errors.push(
                    lifetime,
                    format!(
                        "{what} outlives whoever starts it, so it borrows nothing; let it own its \
                         state"
                    ),
                );
                return None;
            }
        }
        Some(name.ident.clone())
    }

    fn instead(&self, item: &Item) -> &'static str {
        match item {
            Item::Struct(_) | Item::Enum(_) => self.on_type,
            Item::Fn(_) => self.on_fn,
            _ => self.elsewhere,
        }
    }
}

impl Maker {
    /// One of its attributes on an item that it does not read: the item as it is, and what is
    /// missing around it.
    pub(crate) fn stray(&self, name: &str, item: TokenStream) -> TokenStream {
        let error = syn::Error::new(
            Span::call_site(),
            format!(
                "`#[{name}]` marks {}: put `#[{}]` on the `impl` block around it",
                self.marks, self.attribute
            ),
        )
        .into_compile_error();
        quote!(#item #error)
    }
}

/// The word to underline on an item that is no `impl` block.
fn keyword(item: &Item) -> Span {
    match item {
        Item::Fn(item) => item.sig.fn_token.span,
        Item::Struct(item) => item.struct_token.span,
        Item::Enum(item) => item.enum_token.span,
        Item::Trait(item) => item.trait_token.span,
        Item::Mod(item) => item.mod_token.span,
        other => other.span(),
    }
}

/// The options in one of our attributes on a method: `#[call]` or `#[call(…)]`.
pub(crate) fn options(attr: &Attribute, schema: &Schema, errors: &mut Errors) -> Options {
    match &attr.meta {
        Meta::Path(_) => Options::default(),
        Meta::List(list) => Options::of_tokens(list.tokens.clone(), schema, errors),
        Meta::NameValue(pair) => {
            let (name, example) = (name_of(attr), schema.example());
            let options = if example.is_empty() {
                example
            } else {
                format!("({example})")
            };
            errors.push(
                pair,
                format!("options go in parentheses: `#[{name}{options}]`"),
            );
            Options::default()
        }
    }
}

fn method(member: &mut ImplItem) -> Option<&mut ImplItemFn> {
    match member {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    }
}

pub(crate) fn is_one_of(attr: &Attribute, names: &[&str]) -> bool {
    names.iter().any(|name| attr.path().is_ident(name))
}

pub(crate) fn name_of(attr: &Attribute) -> String {
    attr.path().to_token_stream().to_string()
}

/// Takes the attributes that `is_ours` out of the list.
fn take(attrs: &mut Vec<Attribute>, is_ours: impl Fn(&Attribute) -> bool) -> Vec<Attribute> {
    let (ours, rest) = std::mem::take(attrs).into_iter().partition(is_ours);
    *attrs = rest;
    ours
}

/// The attributes that hold for what is made of an item, too.
pub(crate) fn copied(attrs: &[Attribute], names: &[&str]) -> Vec<Attribute> {
    let ours = attrs.iter().filter(|attr| is_one_of(attr, names));
    ours.cloned().collect()
}

/// Notes a text that is too long for an atom.
pub(crate) fn fits_atom(text: &LitStr, what: &str, errors: &mut Errors) {
    let length = text.value().chars().count();
    if length > 255 {
        errors.push(
            text,
            format!("an atom has at most 255 characters, this {what} has {length}"),
        );
    }
}
