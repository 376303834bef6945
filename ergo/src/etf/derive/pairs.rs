//! Structs as maps and proplists.

use bytes::Bytes;

use crate::etf::{Decode, DecodeError, DecodeErrorKind, Decoder, Found, Kind};

/// What becomes of keys that the type does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are passed over, with their values.
    Skip,
    /// They are errors.
    Deny,
}

/// Walks over a map. `entry` gets the bytes of each key that is an atom or a binary; it reads the
/// value and answers true, or answers false and reads nothing.
#[inline]
pub fn map(
    from: &mut Decoder<'_>,
    unknown: Unknown,
    mut entry: impl FnMut(&[u8], &mut Decoder<'_>) -> Result<bool, DecodeError>,
) -> Result<(), DecodeError> {
    let pairs = from.map()?;
    from.nested(|from| {
        for _ in 0..pairs {
            let at = from.position();
            let known = match from.key_bytes()? {
                Some(key) => entry(&key, from)?,
                None => false,
            };
            if !known {
                unknown.pair(at, from)?;
            }
        }
        Ok(())
    })
}

/// Walks over a proplist: `{Key, Value}`, and `Key` for `{Key, true}`. As for the functions of
/// OTP's `proplists`, other elements do not count.
pub fn proplist(
    from: &mut Decoder<'_>,
    unknown: Unknown,
    mut entry: impl FnMut(&[u8], &mut Decoder<'_>) -> Result<bool, DecodeError>,
) -> Result<(), DecodeError> {
    from.list(|from| {
        let start = from.position();
        let mut at = start;
        let known = match from.kind()? {
            Kind::Atom => {
                let key = from.atom_text()?;
                let value = Bytes::from_static(b"w\x04true");
                entry(key.as_bytes(), &mut from.aside(&value))?
            }
            Kind::Tuple => {
                let arity = from.tuple()?;
                at = from.position();
                arity == 2
                    && from.nested(|from| match from.key_text()? {
                        Some(key) => entry(key.as_bytes(), from),
                        None => Ok(false),
                    })?
            }
            _ => false,
        };
        if !known {
            unknown.key(at, from)?;
            from.rewind(start);
            from.skip()?;
        }
        Ok(())
    })
}

impl Unknown {
    /// Passes over the key at this position, and its value.
    #[cold]
    fn pair(self, at: usize, from: &mut Decoder<'_>) -> Result<(), DecodeError> {
        from.rewind(at);
        if from.key_text()?.is_none() {
            from.skip()?;
        }
        let value = from.position();
        self.key(at, from)?;
        from.rewind(value);
        from.skip()
    }

    fn key(self, at: usize, from: &mut Decoder<'_>) -> Result<(), DecodeError> {
        match self {
            Unknown::Skip => Ok(()),
            Unknown::Deny => {
                from.rewind(at);
                Err(from.error(DecodeErrorKind::UnknownKey(from.found())))
            }
        }
    }
}

/// The value of a map's key. The key cannot come twice, but beside an alias, or as an atom and as a
/// binary, it can.
#[inline(always)]
pub fn once<T: Decode>(
    slot: &mut Option<T>,
    name: &'static str,
    from: &mut Decoder<'_>,
) -> Result<bool, DecodeError> {
    once_with(slot, name, from, T::decode)
}

/// The value of a map's key, read by this function.
#[inline(always)]
pub fn once_with<T>(
    slot: &mut Option<T>,
    name: &'static str,
    from: &mut Decoder<'_>,
    decode: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<bool, DecodeError> {
    if slot.is_some() {
        return Err(from.error(DecodeErrorKind::DuplicateKey(Found::new(name))));
    }
    first_with(slot, name, from, decode)
}

/// The value of a proplist's key: the first one counts, as for `proplists:get_value/2`.
#[inline(always)]
pub fn first<T: Decode>(
    slot: &mut Option<T>,
    name: &'static str,
    from: &mut Decoder<'_>,
) -> Result<bool, DecodeError> {
    first_with(slot, name, from, T::decode)
}

/// The value of a proplist's key, read by this function.
#[inline(always)]
pub fn first_with<T>(
    slot: &mut Option<T>,
    name: &'static str,
    from: &mut Decoder<'_>,
    decode: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
) -> Result<bool, DecodeError> {
    match slot {
        Some(_) => from.skip()?,
        None => *slot = Some(decode(from).map_err(|error| error.at_field(name))?),
    }
    Ok(true)
}

/// The value of a key that must be there, unless the type has a value for its absence.
#[inline(always)]
pub fn required<T: Decode>(
    slot: Option<T>,
    name: &'static str,
    from: &Decoder<'_>,
) -> Result<T, DecodeError> {
    present(slot.or_else(T::absent), name, from)
}

/// The value of a key that must be there.
#[inline(always)]
pub fn present<T>(
    slot: Option<T>,
    name: &'static str,
    from: &Decoder<'_>,
) -> Result<T, DecodeError> {
    slot.ok_or_else(|| from.error(DecodeErrorKind::Missing(name)))
}
