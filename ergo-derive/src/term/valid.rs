//! What is wrong with names, fields and variants, each at its token.

mod names;
mod untagged;

use syn::visit_mut::VisitMut;
use syn::{Ident, Type};

use super::Derives;
use super::ast::{Field, Input, Kind};
use super::attr::As;
use super::shape::{Form, Layout, Shape, Shapes};
use crate::errors::Errors;

/// Reports everything that would not expand, or not to what the user means.
pub(super) fn check(input: &Input<'_>, shapes: &Shapes<'_>, derives: Derives, errors: &mut Errors) {
    unused(input, shapes, errors);
    for shape in shapes.iter() {
        fields(input, shape, errors);
    }
    names::check(input, shapes, errors);
    if let (Shapes::Enum(variants), true) = (shapes, input.attrs.untagged.is_some()) {
        untagged::check(variants, errors);
    }
    if derives.decode {
        for field in input.fields().filter(|field| !field.is_skipped()) {
            owned(field, errors);
        }
    }
}

/// Options that concern keys, or `Option`s, where there are none.
fn unused(input: &Input<'_>, shapes: &Shapes<'_>, errors: &mut Errors) {
    let attrs = &input.attrs;
    let keyed = shapes
        .iter()
        .any(|shape| matches!(shape.layout, Layout::Pairs(_)));
    if !keyed {
        let rename_all = match input.kind {
            Kind::Struct(..) => attrs.rename_all.as_ref().map(|given| &given.key),
            Kind::Enum(_) => None,
        };
        let keys = attrs.keys.as_ref().map(|given| &given.key);
        let default = match input.kind {
            Kind::Struct(..) => attrs.default.as_ref().map(|given| &given.key),
            // Refused with the other options that are for structs.
            Kind::Enum(_) => None,
        };
        let options = [
            rename_all,
            keys,
            default,
            attrs.skip_none.as_ref(),
            attrs.deny_unknown.as_ref(),
        ];
        for key in options.into_iter().flatten() {
            errors.push(
                key,
                format!("`{key}` is about the keys of a map or proplist; there are none here"),
            );
        }
    }
    if let (Some(elixir), Some(keys)) = (&attrs.elixir, &attrs.keys) {
        errors.push(
            &keys.key,
            format!(
                "the keys of an Elixir struct are atoms; drop `{}` or `{}`",
                keys.key, elixir.key
            ),
        );
    }
    let options = [
        attrs.none.as_ref().map(|given| &given.key),
        attrs.skip_none.as_ref().filter(|_| keyed),
    ];
    for key in options.into_iter().flatten() {
        if input.fields().all(|field| field.option().is_none()) {
            errors.push(
                key,
                format!("`{key}` is about `Option<…>` fields; there are none here"),
            );
        }
    }
}

/// The attributes of each field against each other and against the term.
fn fields(input: &Input<'_>, shape: &Shape<'_>, errors: &mut Errors) {
    let mut flattened: Option<&Ident> = None;
    for field in shape.fields {
        let attrs = &field.attrs;
        contradictions(field, errors);
        if !matches!(shape.layout, Layout::Pairs(_)) {
            keyless(field, errors);
        }
        if let (Some(given), None) = (&attrs.none, field.option()) {
            errors.push(
                &given.key,
                "`none` is the atom of an absent `Option`; write the type as `Option<…>`",
            );
        }
        if let Some(flatten) = &attrs.flatten {
            flattening(input, field, shape, flatten, errors);
            if flattened.replace(flatten).is_some() {
                errors.push(
                    flatten,
                    "only one field can be flattened: it takes all keys that are left over",
                );
            }
        }
    }
}

fn contradictions(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    let rename = attrs.rename.as_ref().map(|given| &given.key);
    let alias = attrs.aliases.first().map(|given| &given.key);
    let default = attrs.default.as_ref().map(|given| &given.key);
    let with = attrs.with.as_ref().map(|given| &given.key);
    let as_ = attrs.as_.as_ref().map(|given| &given.key);
    let none = attrs.none.as_ref().map(|given| &given.key);
    if attrs.skip.is_some() {
        for key in [rename, alias, with, as_, none, attrs.flatten.as_ref()]
            .into_iter()
            .flatten()
        {
            errors.push(
                key,
                format!("a skipped field is not in the term; drop `skip` or `{key}`"),
            );
        }
        return;
    }
    if attrs.flatten.is_some() {
        for key in [rename, alias, default, with, as_, none]
            .into_iter()
            .flatten()
        {
            errors.push(
                key,
                format!("a flattened field has no key and no value of its own; drop `flatten` or `{key}`"),
            );
        }
        return;
    }
    if let (Some(with), Some(other)) = (with, as_.or(none)) {
        errors.push(
            other,
            format!("`{with}` says all about the encoding; drop `{with}` or `{other}`"),
        );
    }
}

/// What has no sense on a field without a key.
fn keyless(field: &Field<'_>, errors: &mut Errors) {
    let attrs = &field.attrs;
    let rename = attrs.rename.as_ref().map(|given| &given.key);
    let alias = attrs.aliases.first().map(|given| &given.key);
    if attrs.skip.is_some() {
        return;
    }
    for key in [rename, alias].into_iter().flatten() {
        errors.push(
            key,
            format!("`{key}` is about the field's key in a map or proplist; here the field has a position only"),
        );
    }
    if let Some(given) = &attrs.default {
        errors.push(
            &given.key,
            "`default` fills in for a missing key; an element of a tuple is never missing (with `skip` it makes the value)",
        );
    }
    if let Some(key) = &attrs.flatten {
        errors.push(
            key,
            "`flatten` merges the keys of maps; here the field has a position only",
        );
    }
}

fn flattening(
    input: &Input<'_>,
    field: &Field<'_>,
    shape: &Shape<'_>,
    flatten: &Ident,
    errors: &mut Errors,
) {
    let Layout::Pairs(pairs) = &shape.layout else {
        return;
    };
    if pairs.form == Form::Proplist {
        errors.push(flatten, "`flatten` merges maps; a proplist is a list");
    }
    if let Some(key) = &input.attrs.deny_unknown {
        errors.push(
            key,
            "a flattened field takes all unknown keys; drop `deny_unknown` or `flatten`",
        );
    }
    if field.option().is_some() {
        errors.push(
            &field.source.ty,
            "an `Option` cannot be flattened; flatten the type itself and make its fields `Option`",
        );
    }
}

/// A peer's message is gone once it is decoded: nothing can borrow from it.
fn owned(field: &Field<'_>, errors: &mut Errors) {
    struct References<'e>(&'e mut Errors);

    impl VisitMut for References<'_> {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            let Type::Reference(reference) = ty else {
                syn::visit_mut::visit_type_mut(self, ty);
                return;
            };
            let instead = match &*reference.elem {
                Type::Path(path) if path.path.is_ident("str") => "take `String`",
                Type::Slice(_) => "take `Vec<…>`, or `Bytes` for bytes",
                _ => "take the type without `&`",
            };
            self.0.push(
                &*reference,
                format!("a decoded value owns its parts: {instead}, or derive `Encode` alone"),
            );
        }
    }

    References(errors).visit_type_mut(&mut field.source.ty.clone());
    if let (Some(given), Type::Tuple(_)) = (&field.attrs.as_, &field.source.ty) {
        if given.value == As::Tuple {
            errors.push(&given.key, "a Rust tuple is a tuple already; drop `as`");
        }
    }
}
