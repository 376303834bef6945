//! Variants that only their shape tells apart.

use quote::ToTokens;

use super::super::ast::{Field, Name, Variant};
use super::super::shape::{Layout, Shape};
use crate::case;
use crate::errors::Errors;

/// An untagged enum is read by trying its variants in order: one that takes all that a later one
/// takes hides it.
pub(super) fn check(variants: &[(&Variant<'_>, Shape<'_>)], errors: &mut Errors) {
    for (index, (variant, shape)) in variants.iter().enumerate() {
        let hidden_by = variants[..index]
            .iter()
            .find(|(_, earlier)| takes_all_of(earlier, shape));
        let Some((earlier, by)) = hidden_by else {
            continue;
        };
        let (earlier, later) = (
            case::unraw(&earlier.source.ident),
            case::unraw(&variant.source.ident),
        );
        let way_out = match takes_all_of(shape, by) {
            true => {
                "without tags they look the same: give one of them another shape, or drop `untagged`"
            }
            false => "move the one with more fields first",
        };
        errors.push(
            &variant.source.ident,
            format!(
                "`{later}` is never read: `{earlier}` takes every term that it takes; {way_out}"
            ),
        );
    }
}

/// Conservative: types are compared as they are written, and different ones are not looked into.
fn takes_all_of(earlier: &Shape<'_>, later: &Shape<'_>) -> bool {
    match (&earlier.layout, &later.layout) {
        (Layout::Unit, Layout::Unit) => later
            .tags
            .iter()
            .all(|tag| earlier.tags.iter().any(|other| other.text == tag.text)),
        (Layout::Inner, Layout::Inner) | (Layout::Tuple, Layout::Tuple) => {
            earlier.sent().count() == later.sent().count()
                && earlier
                    .sent()
                    .zip(later.sent())
                    .all(|(one, other)| reads_as(one, other))
        }
        // The options stand on the enum: both variants have the same.
        (Layout::Pairs(options), Layout::Pairs(_)) => pairs(earlier, later, options.deny_unknown),
        _ => false,
    }
}

/// Whether every map of the later variant is one of the earlier: it has the keys that the earlier
/// one needs, and no key that it refuses.
fn pairs(earlier: &Shape<'_>, later: &Shape<'_>, deny_unknown: bool) -> bool {
    if earlier
        .sent()
        .chain(later.sent())
        .any(|field| field.attrs.flatten.is_some())
    {
        return false;
    }
    let needs = earlier.sent().all(|field| match twin(field, later) {
        Some(other) => reads_as(field, other) && (is_optional(field) || !is_optional(other)),
        None => is_optional(field),
    });
    let refuses = deny_unknown && later.sent().any(|field| twin(field, earlier).is_none());
    needs && !refuses
}

/// The field of that shape with the same key.
fn twin<'a>(field: &Field<'_>, shape: &Shape<'a>) -> Option<&'a Field<'a>> {
    shape
        .sent()
        .find(|other| field.keys.iter().any(|key| has_key(other, key)))
}

fn has_key(field: &Field<'_>, key: &Name) -> bool {
    field.keys.iter().any(|other| other.text == key.text)
}

fn is_optional(field: &Field<'_>) -> bool {
    field.attrs.default.is_some() || field.option().is_some()
}

/// The same type, read the same way.
fn reads_as(one: &Field<'_>, other: &Field<'_>) -> bool {
    let text = |tokens: &dyn ToTokens| tokens.to_token_stream().to_string();
    let with = |field: &Field<'_>| field.attrs.with.as_ref().map(|given| text(&given.value));
    text(&one.source.ty) == text(&other.source.ty)
        && with(one) == with(other)
        && one.attrs.as_.as_ref().map(|given| given.value)
            == other.attrs.as_.as_ref().map(|given| given.value)
}
