//! Which term a struct or variant is: what the container attributes come to.

use syn::Ident;

use super::ast::{Field, Input, Kind, Name, Style, Variant};
use super::attr::{Container, Fallback, Given, Keys};
use crate::errors::Errors;

/// The term that a struct or variant is written as.
pub(super) struct Shape<'a> {
    /// The atom that it is or begins with. One is written, all are read; no tag, no names.
    pub(super) tags: Vec<Name>,
    pub(super) layout: Layout<'a>,
    pub(super) fields: &'a [Field<'a>],
}

pub(super) enum Layout<'a> {
    /// The tag alone.
    Unit,
    /// The one field that is not skipped.
    Inner,
    /// A tuple: the tag if there is one, then the fields.
    Tuple,
    /// A map or proplist, in a tuple with the tag if there is one.
    Pairs(Pairs<'a>),
}

pub(super) struct Pairs<'a> {
    pub(super) form: Form,
    pub(super) keys: Keys,
    /// The Elixir module in `__struct__`.
    pub(super) module: Option<Name>,
    pub(super) skip_none: bool,
    pub(super) deny_unknown: bool,
    /// Where absent fields come from.
    pub(super) default: Option<&'a Fallback>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Map,
    Proplist,
}

/// What is expanded: one shape, or one a variant.
pub(super) enum Shapes<'a> {
    Struct(Shape<'a>),
    Enum(Vec<(&'a Variant<'a>, Shape<'a>)>),
}

impl<'a> Shape<'a> {
    /// The fields that have a place on the wire.
    pub(super) fn sent(&self) -> impl Iterator<Item = &'a Field<'a>> + use<'a> {
        self.fields.iter().filter(|field| !field.is_skipped())
    }

    /// How many terms follow the tag; `None` for a bare atom.
    pub(super) fn args(&self) -> Option<usize> {
        match self.layout {
            Layout::Unit => None,
            Layout::Tuple => Some(self.sent().count()),
            Layout::Inner | Layout::Pairs(_) => Some(1),
        }
    }

    /// What an error calls it: `not_found`, `{too_big, _}`, `{_, _}`.
    pub(super) fn pattern(&self) -> String {
        match (self.tags.first(), &self.layout) {
            (Some(tag), _) => pattern(tag, self.args()),
            (None, Layout::Tuple) => format!("{{{}}}", vec!["_"; self.sent().count()].join(", ")),
            (
                None,
                Layout::Pairs(Pairs {
                    form: Form::Map, ..
                }),
            ) => "a map".to_owned(),
            (
                None,
                Layout::Pairs(Pairs {
                    form: Form::Proplist,
                    ..
                }),
            ) => "a proplist".to_owned(),
            (None, Layout::Inner | Layout::Unit) => "_".to_owned(),
        }
    }
}

/// `not_found`, `{too_big, _}`
pub(super) fn pattern(tag: &Name, args: Option<usize>) -> String {
    match args {
        None => tag.text.clone(),
        Some(args) => format!("{{{}{}}}", tag.text, ", _".repeat(args)),
    }
}

impl<'a> Shapes<'a> {
    /// Decides, and reports the container attributes that contradict each other or the fields.
    pub(super) fn of(input: &'a Input<'a>, errors: &mut Errors) -> Shapes<'a> {
        match &input.kind {
            Kind::Struct(style, fields) => Shapes::Struct(of_struct(input, *style, fields, errors)),
            Kind::Enum(variants) => {
                refuse_on_enum(&input.attrs, errors);
                let shapes = variants.iter().map(|variant| {
                    let shape = of_variant(&input.attrs, variant, errors);
                    (variant, shape)
                });
                Shapes::Enum(shapes.collect())
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Shape<'a>> {
        let (one, variants) = match self {
            Shapes::Struct(shape) => (Some(shape), [].as_slice()),
            Shapes::Enum(variants) => (None, variants.as_slice()),
        };
        one.into_iter()
            .chain(variants.iter().map(|(_, shape)| shape))
    }
}

fn of_struct<'a>(
    input: &'a Input<'a>,
    style: Style,
    fields: &'a [Field<'a>],
    errors: &mut Errors,
) -> Shape<'a> {
    let attrs = &input.attrs;
    let ident = &input.source.ident;
    refuse_on_struct(attrs, style, errors);
    let tag = |given: &Given<Option<syn::LitStr>>| match &given.value {
        Some(text) => Name::written(text),
        None => Name::of_type(ident),
    };
    let mut tags: Vec<Name> = attrs.tag.iter().map(tag).collect();
    let layout = match style {
        Style::Unit => {
            tags = vec![match &attrs.rename {
                Some(given) => Name::written(&given.value),
                None => Name::of_type(ident),
            }];
            Layout::Unit
        }
        Style::Unnamed => {
            let newtype = fields.len() == 1 && tags.is_empty() && attrs.tuple.is_none();
            if newtype || attrs.transparent.is_some() {
                Layout::Inner
            } else {
                Layout::Tuple
            }
        }
        Style::Named if attrs.transparent.is_some() => Layout::Inner,
        Style::Named if attrs.tuple.is_some() => Layout::Tuple,
        Style::Named => match &attrs.record {
            Some(record) => {
                tags = vec![tag(record)];
                Layout::Tuple
            }
            None => Layout::Pairs(pairs(attrs)),
        },
    };
    let shape = Shape {
        tags,
        layout,
        fields,
    };
    if let (Layout::Inner, Some(key)) = (&shape.layout, &attrs.transparent) {
        let sent = shape.sent().count();
        if sent != 1 {
            errors.push(
                key,
                format!("`transparent` needs one field that is not skipped; there are {sent}"),
            );
        }
    } else if matches!(shape.layout, Layout::Inner) && shape.sent().next().is_none() {
        errors.push(
            &fields[0].attrs.skip,
            "a newtype is its field; skipping it leaves nothing to send",
        );
    }
    shape
}

fn of_variant<'a>(
    attrs: &'a Container,
    variant: &'a Variant<'a>,
    errors: &mut Errors,
) -> Shape<'a> {
    let untagged = attrs.untagged.is_some();
    let positional = attrs.positional.is_some() || variant.attrs.positional.is_some();
    let tags = variant.tags(attrs.rename_all.as_ref().map(|given| given.value));
    if variant.style != Style::Named {
        let instead = "`positional` is for named fields; these have positions already";
        refuse([(variant.attrs.positional.as_ref(), instead)], errors);
    }
    let layout = match variant.style {
        Style::Unit => Layout::Unit,
        Style::Unnamed if untagged && variant.fields.len() == 1 => Layout::Inner,
        Style::Unnamed => Layout::Tuple,
        Style::Named if positional => Layout::Tuple,
        Style::Named => Layout::Pairs(pairs(attrs)),
    };
    if let (Layout::Inner, Some(skip)) = (
        &layout,
        variant.fields.first().and_then(|f| f.attrs.skip.as_ref()),
    ) {
        errors.push(
            skip,
            "an untagged newtype variant is its field; skipping it leaves nothing to send",
        );
    }
    let tags = match layout {
        Layout::Unit => tags,
        _ if untagged => {
            let instead = "an untagged variant with fields has no tag to rename";
            refuse([(key(&variant.attrs.rename), instead)], errors);
            Vec::new()
        }
        _ => tags,
    };
    Shape {
        tags,
        layout,
        fields: &variant.fields,
    }
}

fn pairs(attrs: &Container) -> Pairs<'_> {
    Pairs {
        form: match attrs.proplist {
            Some(_) => Form::Proplist,
            None => Form::Map,
        },
        keys: attrs.keys.as_ref().map_or(Keys::Atom, |given| given.value),
        module: attrs.elixir.as_ref().map(|given| Name {
            text: format!("Elixir.{}", given.value.value()),
            span: given.value.span(),
        }),
        skip_none: attrs.skip_none.is_some(),
        deny_unknown: attrs.deny_unknown.is_some(),
        default: attrs.default.as_ref().map(|given| &given.value),
    }
}

/// Reports options that make no sense where they stand, with what to write instead.
fn refuse<const N: usize>(options: [(Option<&Ident>, &str); N], errors: &mut Errors) {
    for (key, instead) in options {
        if let Some(key) = key {
            errors.push(key, instead);
        }
    }
}

fn key<T>(given: &Option<Given<T>>) -> Option<&Ident> {
    given.as_ref().map(|given| &given.key)
}

fn refuse_on_struct(attrs: &Container, style: Style, errors: &mut Errors) {
    refuse(
        [
            (
                attrs.untagged.as_ref(),
                "`untagged` is for enums; a struct has no tag unless you give it one",
            ),
            (
                attrs.positional.as_ref(),
                "`positional` is for enums; write `record` for `{name, A, B}` or `tuple` for `{A, B}`",
            ),
        ],
        errors,
    );
    match style {
        Style::Unit => refuse_on_unit(attrs, errors),
        Style::Unnamed => refuse_on_unnamed(attrs, errors),
        Style::Named => {}
    }
    if style != Style::Unit {
        let instead = "`rename` is for the atom of a unit struct; write `tag` or `record` to put a name before the fields";
        refuse([(key(&attrs.rename), instead)], errors);
        one_form(attrs, errors);
    }
}

/// `record`, `tuple`, `proplist`, `elixir` and `transparent` exclude each other, `tag` some of them.
fn one_form(attrs: &Container, errors: &mut Errors) {
    let forms = [
        key(&attrs.record),
        attrs.tuple.as_ref(),
        attrs.proplist.as_ref(),
        key(&attrs.elixir),
        attrs.transparent.as_ref(),
    ];
    let mut forms = forms.into_iter().flatten();
    if let Some(first) = forms.next() {
        for second in forms {
            let message =
                format!("`{first}` and `{second}` are two forms of one term; keep one of them");
            errors.push(second, message);
        }
    }
    if attrs.tag.is_some() {
        let tag = key(&attrs.tag);
        refuse(
            [
                (
                    tag.filter(|_| attrs.record.is_some()),
                    "`record` gives a tag already; keep one of them",
                ),
                (
                    tag.filter(|_| attrs.transparent.is_some()),
                    "`transparent` is the field alone, `tag` puts a name before it; keep one of them",
                ),
            ],
            errors,
        );
    }
}

fn refuse_on_enum(attrs: &Container, errors: &mut Errors) {
    refuse(
        [
            (
                key(&attrs.elixir),
                "an Elixir struct is one struct; write `elixir` on a struct and hold that in a variant",
            ),
            (
                key(&attrs.record),
                "`record` is for structs; write `positional` for `{variant, A, B}` from named fields",
            ),
            (
                attrs.tuple.as_ref(),
                "`tuple` is for structs; write `positional` for `{variant, A, B}` from named fields",
            ),
            (
                key(&attrs.tag),
                "each variant is tagged with its own name; write `rename` on a variant to change it",
            ),
            (
                attrs.transparent.as_ref(),
                "`transparent` is for structs; write `untagged` for variants without a tag",
            ),
            (
                key(&attrs.default),
                "`default` on a type fills the fields of a struct; write it on fields here",
            ),
            (
                key(&attrs.rename),
                "an enum has no name of its own in its terms; write `rename` on a variant",
            ),
        ],
        errors,
    );
}

fn refuse_on_unit(attrs: &Container, errors: &mut Errors) {
    let rename = "a unit struct is an atom; write `rename` to change that";
    let form = "a unit struct is an atom; for this form declare it with `{}`";
    refuse(
        [
            (key(&attrs.tag), rename),
            (key(&attrs.record), rename),
            (attrs.tuple.as_ref(), form),
            (attrs.proplist.as_ref(), form),
            (key(&attrs.elixir), form),
            (attrs.transparent.as_ref(), "`transparent` needs a field"),
        ],
        errors,
    );
}

fn refuse_on_unnamed(attrs: &Container, errors: &mut Errors) {
    refuse(
        [
            (
                key(&attrs.record),
                "a record has named fields; write `tag` for `{name, A, B}` from unnamed ones",
            ),
            (
                key(&attrs.elixir),
                "an Elixir struct has named fields; name these",
            ),
            (
                attrs.proplist.as_ref(),
                "a proplist has keys; name the fields",
            ),
        ],
        errors,
    );
}
