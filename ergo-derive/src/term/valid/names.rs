//! Tags and keys: no two alike, none too long for an atom.

use super::super::STRUCT_KEY;
use super::super::ast::{Input, Name};
use super::super::attr::Keys;
use super::super::shape::{Layout, Shape, Shapes, pattern};
use crate::errors::Errors;

/// Erlang's bound on an atom, in characters (Efficiency Guide, System Limits).
const ATOM_CHARS: usize = 255;

pub(super) fn check(input: &Input<'_>, shapes: &Shapes<'_>, errors: &mut Errors) {
    for shape in shapes.iter() {
        for tag in &shape.tags {
            fits_atom(tag, errors);
        }
        keys(shape, errors);
    }
    if let (Shapes::Enum(variants), None) = (shapes, &input.attrs.untagged) {
        tags(variants.iter().map(|(_, shape)| shape), errors);
    }
    let nones = input.fields().map(|field| &field.attrs.none);
    for given in nones.chain([&input.attrs.none]).flatten() {
        fits_atom(&Name::written(&given.value), errors);
    }
    if let Some(given) = &input.attrs.elixir {
        module(&Name::written(&given.value), errors);
    }
}

/// Two variants must differ in the tag or in the number of terms after it.
fn tags<'a>(shapes: impl Iterator<Item = &'a Shape<'a>>, errors: &mut Errors) {
    let mut seen: Vec<(&Name, &Shape<'_>)> = Vec::new();
    for shape in shapes {
        for tag in &shape.tags {
            let twin = seen
                .iter()
                .find(|(other, of)| other.text == tag.text && of.args() == shape.args());
            match twin {
                Some((other, _)) => {
                    let pattern = pattern(tag, shape.args());
                    twice(
                        other,
                        tag,
                        &format!("two variants are `{pattern}`; `rename` one of them"),
                        "the other one is here",
                        errors,
                    );
                }
                None => seen.push((tag, shape)),
            }
        }
    }
}

fn keys(shape: &Shape<'_>, errors: &mut Errors) {
    let Layout::Pairs(pairs) = &shape.layout else {
        return;
    };
    let mut seen: Vec<&Name> = Vec::new();
    for field in shape.sent().filter(|field| field.attrs.flatten.is_none()) {
        for key in &field.keys {
            if pairs.keys == Keys::Atom {
                fits_atom(key, errors);
            }
            if pairs.module.is_some() && key.text == STRUCT_KEY {
                errors.push_at(
                    key.span,
                    "`__struct__` is the key of the Elixir module; `rename` the field",
                );
            }
            match seen.iter().find(|other| other.text == key.text) {
                Some(other) => twice(
                    other,
                    key,
                    &format!(
                        "two fields have the key `{}`; `rename` one of them",
                        key.text
                    ),
                    "the other one is here",
                    errors,
                ),
                None => seen.push(key),
            }
        }
    }
}

fn twice(first: &Name, second: &Name, message: &str, other: &str, errors: &mut Errors) {
    errors.push_at(second.span, message);
    errors.push_at(first.span, other);
}

fn fits_atom(name: &Name, errors: &mut Errors) {
    let chars = name.text.chars().count();
    if chars > ATOM_CHARS {
        errors.push_at(
            name.span,
            format!("an atom has at most {ATOM_CHARS} characters; this one has {chars}"),
        );
    }
}

/// `MyApp.User`: what an Elixir developer writes, without the prefix that Elixir hides.
fn module(name: &Name, errors: &mut Errors) {
    if let Some(rest) = name.text.strip_prefix("Elixir.") {
        errors.push_at(
            name.span,
            format!("write the module as in Elixir: `elixir = \"{rest}\"`"),
        );
        return;
    }
    let is_alias = name.text.split('.').all(|part| {
        part.starts_with(|first: char| first.is_ascii_uppercase())
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    });
    if !is_alias {
        errors.push_at(
            name.span,
            "expected the name of an Elixir module: `elixir = \"MyApp.User\"`",
        );
    }
    fits_atom(
        &Name {
            text: format!("Elixir.{}", name.text),
            span: name.span,
        },
        errors,
    );
}
