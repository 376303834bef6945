//! What every expansion of `#[derive(Term)]` would repeat. No stable interface: the derive of the
//! same version calls it.
#![doc(hidden)]

pub mod flatten;
mod name;
mod pairs;

pub use name::Name;
pub use pairs::{Unknown, first, first_with, map, once, once_with, present, proplist, required};

use super::{Decode, DecodeError, DecodeErrorKind, Decoder, Expected};

/// The header of `{tag, …}` with so many terms after the tag. `pattern` is how an error writes it.
#[inline(always)]
pub fn enter(
    tag: &str,
    args: usize,
    pattern: &'static str,
    from: &mut Decoder<'_>,
) -> Result<(), DecodeError> {
    if from.accept_head(tag, args) {
        return Ok(());
    }
    enter_other(tag, args, pattern, from)
}

/// The same in any form.
#[inline(never)]
fn enter_other(
    tag: &str,
    args: usize,
    pattern: &'static str,
    from: &mut Decoder<'_>,
) -> Result<(), DecodeError> {
    match from.raw_head()? {
        Some(head) if head.args == Some(args) && head.tag() == tag.as_bytes() => {
            from.enter_raw_head(&head)
        }
        _ => Err(no_head(from).unwrap_or_else(|| from.expected(Expected::Words(pattern)))),
    }
}

/// Why there is no head at all, if there is none: that stands before what it should be.
#[cold]
fn no_head(from: &Decoder<'_>) -> Option<DecodeError> {
    from.head().err()
}

/// One of several atoms.
pub fn one_of(atoms: &'static [&'static str], from: &mut Decoder<'_>) -> Result<(), DecodeError> {
    for atom in atoms {
        if from.accept_atom(atom)? {
            return Ok(());
        }
    }
    Err(from.expected(Expected::OneOf(atoms)))
}

/// What follows the tag of a variant.
#[inline(always)]
pub fn in_variant<T>(
    tag: &'static str,
    from: &mut Decoder<'_>,
    f: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    from.nested(f).map_err(|error| error.at_name(tag))
}

/// A named field in a tuple.
#[inline(always)]
pub fn field<T: Decode>(name: &'static str, from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    field_with(name, from, T::decode)
}

/// A named field in a tuple, read by this function.
#[inline(always)]
pub fn field_with<T>(
    name: &'static str,
    from: &mut Decoder<'_>,
    decode: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    decode(from).map_err(|error| error.at_field(name))
}

/// An unnamed field in a tuple.
#[inline(always)]
pub fn element<T: Decode>(index: usize, from: &mut Decoder<'_>) -> Result<T, DecodeError> {
    element_with(index, from, T::decode)
}

/// An unnamed field in a tuple, read by this function.
#[inline(always)]
pub fn element_with<T>(
    index: usize,
    from: &mut Decoder<'_>,
    decode: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    decode(from).map_err(|error| error.at_index(index))
}

/// A variant of an untagged enum, or `None` and nothing consumed if the term is another. A spent
/// budget and damaged bytes are no reason to try the next one.
pub fn attempt<T>(
    from: &mut Decoder<'_>,
    f: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    let start = from.position();
    match from.nested(f) {
        Ok(value) => Ok(Some(value)),
        Err(error) if is_mismatch(error.kind()) => {
            from.rewind(start);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_mismatch(kind: &DecodeErrorKind) -> bool {
    !matches!(
        kind,
        DecodeErrorKind::Budget { .. }
            | DecodeErrorKind::Truncated
            | DecodeErrorKind::UnknownTag(_)
            | DecodeErrorKind::Local
            | DecodeErrorKind::NestedCompressed
            | DecodeErrorKind::Inflate
    )
}

/// The tag is none of the enum's.
#[cold]
pub fn no_variant(patterns: &'static [&'static str], from: &Decoder<'_>) -> DecodeError {
    no_head(from).unwrap_or_else(|| match patterns {
        [] => from.expected("a variant of an enum that has none"),
        _ => from.expected(Expected::OneOf(patterns)),
    })
}

/// The term has the shape of no variant.
#[cold]
pub fn no_value(words: &'static str, from: &Decoder<'_>) -> DecodeError {
    from.expected(words)
}
