//! The item that a derive stands on, with its `#[term(…)]` attributes read.

use proc_macro2::Span;
use syn::{Data, DeriveInput, Fields, Ident, LitStr, Member, Type};

use super::attr;
use crate::case::{self, Case};
use crate::errors::Errors;

/// A struct or enum.
pub(super) struct Input<'a> {
    pub(super) source: &'a DeriveInput,
    pub(super) attrs: attr::Container,
    pub(super) kind: Kind<'a>,
}

pub(super) enum Kind<'a> {
    Struct(Style, Vec<Field<'a>>),
    Enum(Vec<Variant<'a>>),
}

/// A variant of an enum.
pub(super) struct Variant<'a> {
    pub(super) source: &'a syn::Variant,
    pub(super) attrs: attr::Variant,
    pub(super) style: Style,
    pub(super) fields: Vec<Field<'a>>,
}

/// A field of a struct or variant.
pub(super) struct Field<'a> {
    pub(super) source: &'a syn::Field,
    pub(super) attrs: attr::Field,
    /// `name` or `0`.
    pub(super) member: Member,
    /// Its key in a map or proplist: the one that is written first, then its aliases.
    pub(super) keys: Vec<Name>,
}

/// How fields are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Named,
    Unnamed,
    Unit,
}

/// A name on the wire, and where it comes from.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) span: Span,
}

impl<'a> Input<'a> {
    /// Reads the item; `None` if it is of a kind that can be no term.
    pub(super) fn read(source: &'a DeriveInput, errors: &mut Errors) -> Option<Input<'a>> {
        let attrs = attr::Container::read(&source.attrs, errors);
        let kind = match &source.data {
            Data::Struct(data) => {
                let case = attrs.rename_all.as_ref().map(|given| given.value);
                Kind::Struct(
                    Style::of(&data.fields),
                    Field::read_all(&data.fields, case, errors),
                )
            }
            Data::Enum(data) => Kind::Enum(
                data.variants
                    .iter()
                    .map(|variant| Variant::read(variant, errors))
                    .collect(),
            ),
            Data::Union(data) => {
                errors.push(
                    data.union_token,
                    "a union does not say which of its fields it holds; use an enum",
                );
                return None;
            }
        };
        Some(Input {
            source,
            attrs,
            kind,
        })
    }

    /// Every field there is.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field<'a>> {
        let (fields, variants) = match &self.kind {
            Kind::Struct(_, fields) => (fields.as_slice(), [].as_slice()),
            Kind::Enum(variants) => ([].as_slice(), variants.as_slice()),
        };
        fields
            .iter()
            .chain(variants.iter().flat_map(|variant| &variant.fields))
    }
}

impl<'a> Variant<'a> {
    fn read(source: &'a syn::Variant, errors: &mut Errors) -> Variant<'a> {
        let attrs = attr::Variant::read(&source.attrs, errors);
        let case = attrs.rename_all.as_ref().map(|given| given.value);
        Variant {
            source,
            style: Style::of(&source.fields),
            fields: Field::read_all(&source.fields, case, errors),
            attrs,
        }
    }

    /// The tag: the one that is written first, then its aliases.
    pub(super) fn tags(&self, case: Option<Case>) -> Vec<Name> {
        let first = match &self.attrs.rename {
            Some(given) => Name::written(&given.value),
            None => Name {
                text: case
                    .unwrap_or(Case::Snake)
                    .apply(&case::unraw(&self.source.ident)),
                span: self.source.ident.span(),
            },
        };
        let mut tags = vec![first];
        tags.extend(self.attrs.aliases.iter().map(Name::written));
        tags
    }
}

impl<'a> Field<'a> {
    fn read_all(fields: &'a Fields, case: Option<Case>, errors: &mut Errors) -> Vec<Field<'a>> {
        fields
            .iter()
            .zip(fields.members())
            .map(|(source, member)| {
                let attrs = attr::Field::read(&source.attrs, errors);
                let mut keys = Vec::new();
                match (&attrs.rename, &source.ident) {
                    (Some(given), _) => keys.push(Name::written(&given.value)),
                    (None, Some(ident)) => keys.push(Name::of_field(ident, case)),
                    (None, None) => {}
                }
                keys.extend(
                    attrs
                        .aliases
                        .iter()
                        .map(|given| Name::written(&given.value)),
                );
                Field {
                    source,
                    attrs,
                    member,
                    keys,
                }
            })
            .collect()
    }

    /// Whether the field has no place on the wire.
    pub(super) fn is_skipped(&self) -> bool {
        self.attrs.skip.is_some()
    }

    /// `T` where the field's type is written as `Option<T>`.
    pub(super) fn option(&self) -> Option<&'a Type> {
        let Type::Path(path) = &self.source.ty else {
            return None;
        };
        let last = path.path.segments.last()?;
        let syn::PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        match arguments.args.first() {
            Some(syn::GenericArgument::Type(inner))
                if last.ident == "Option" && arguments.args.len() == 1 =>
            {
                Some(inner)
            }
            _ => None,
        }
    }
}

impl Style {
    fn of(fields: &Fields) -> Style {
        match fields {
            Fields::Named(_) => Style::Named,
            Fields::Unnamed(_) => Style::Unnamed,
            Fields::Unit => Style::Unit,
        }
    }
}

impl Name {
    /// What the user wrote in an attribute.
    pub(super) fn written(text: &LitStr) -> Name {
        Name {
            text: text.value(),
            span: text.span(),
        }
    }

    /// A type's name in snake_case.
    pub(super) fn of_type(ident: &Ident) -> Name {
        Name {
            text: case::snake(ident),
            span: ident.span(),
        }
    }

    fn of_field(ident: &Ident, case: Option<Case>) -> Name {
        let name = case::unraw(ident);
        Name {
            text: case.map_or(name.clone(), |case| case.apply(&name)),
            span: ident.span(),
        }
    }
}
