//! The external term format: bytes to Rust values and back.
//!
//! [`Encode`] and [`Decode`] go straight between Rust types and bytes; [`Term`](enum@crate::Term) is one
//! such type. [`to_bytes`] and [`from_bytes`] are `term_to_binary/1` and `binary_to_term/1`;
//! [`Encoder`] and [`Decoder`] are what impls, and the distribution, write and read with.
//!
//! | Rust | Erlang |
//! |---|---|
//! | `bool`, [`Atom`](crate::Atom) | an atom |
//! | integers, `f32`, `f64` | an integer or float; floats take integers that they hold exactly |
//! | `String`, `&str`, `Cow<str>`, `char` | a UTF-8 binary; decoding takes charlists too |
//! | `Vec<u8>`, `[u8; N]`, `Bytes`, `&[u8]`, [`Binary`](crate::term::Binary) | a binary; decoding takes lists of bytes too |
//! | `Vec`, `VecDeque`, sets, arrays, slices | a list |
//! | `HashMap`, `BTreeMap` | a map |
//! | tuples of 1 to 12 | a tuple |
//! | `()` | `ok` |
//! | `Option` | the value, or `undefined`; decoding takes `nil` too |
//! | `Result<T, E>` | `{ok, T}` or `{error, E}`; `Result<(), E>` is `ok` or `{error, E}` |
//! | `Box`, `Rc`, `Arc`, `Cow` | what they hold |
//! | [`Encoded`] | any term, kept as bytes |
//!
//! The format is described in the ERTS User's Guide, "External Term Format".

pub mod adapt;
mod atoms;
mod budget;
mod decoder;
pub mod derive;
mod encode_error;
mod encoded;
mod encoder;
mod error;
mod found;
mod impls;
mod letter;
pub(crate) mod tag;
#[cfg(test)]
mod tests;

use bytes::Bytes;

pub use atoms::Atoms;
pub use budget::Budget;
pub use decoder::{Decoder, Head, Kind};
pub(crate) use decoder::{NAMED_PID, named_pid, named_reference};
pub use encode_error::{Counted, EncodeError, NotFinite};
pub use encoded::Encoded;
pub use encoder::Encoder;
pub(crate) use encoder::{BY_REFERENCE, NAMED_REFERENCE, pid_bytes, reference_bytes};
pub use error::{DecodeError, DecodeErrorKind, Expected, Malformed, Spent};
pub use found::Found;
pub(crate) use letter::{Draft, Letter};

/// Encodes a value as `term_to_binary/1` does, with the leading 131.
///
/// ```
/// use ergo::etf;
///
/// assert_eq!(&etf::to_bytes("hi")?[..], &[131, 109, 0, 0, 0, 2, b'h', b'i']);
/// # Ok::<(), etf::EncodeError>(())
/// ```
pub fn to_bytes<T: Encode + ?Sized>(value: &T) -> Result<Bytes, EncodeError> {
    let mut out = Encoder::with_capacity(64);
    out.buffer_mut().extend_from_slice(&[tag::VERSION]);
    value.encode(&mut out)?;
    Ok(out.finish())
}

/// Decodes what `term_to_binary/1,2` made, compressed or not, under the default [`Budget`]. Bytes
/// after the term are an error, where `binary_to_term/1` ignores them.
///
/// ```
/// use ergo::etf;
///
/// let three: u8 = etf::from_bytes(&[131, 97, 3][..].into())?;
/// assert_eq!(three, 3);
///
/// let error = etf::from_bytes::<Vec<bool>>(&[131, 107, 0, 1, 5][..].into()).unwrap_err();
/// assert_eq!(error.to_string(), "[0]: expected `true` or `false`, got 5");
/// # Ok::<(), etf::DecodeError>(())
/// ```
pub fn from_bytes<T: Decode>(bytes: &Bytes) -> Result<T, DecodeError> {
    let mut decoder = Decoder::new(bytes, &Budget::default());
    let value = decoder.value()?;
    decoder.finish()?;
    Ok(value)
}

/// A Rust value that is an Erlang term.
///
/// `#[derive(Term)]` writes this for structs and enums. By hand it is one call of the [`Encoder`]
/// per term:
///
/// ```
/// use ergo::etf::{self, Encode, EncodeError, Encoder};
///
/// struct Point { x: f64, y: f64 }
///
/// impl Encode for Point {
///     fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
///         out.tuple(3)?;
///         out.atom_text("point")?;
///         out.float(self.x)?;
///         out.float(self.y)
///     }
/// }
/// # assert_eq!(etf::to_bytes(&Point { x: 1.0, y: 2.0 }).unwrap().len(), 28);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "cannot be encoded as a term",
    note = "add `#[derive(Term)]` to `{Self}`, or mark the handler `#[call(local)]` if only this program calls it",
    note = "for a field of another crate's type, `#[term(with = \"module\")]` names the functions to use"
)]
pub trait Encode {
    /// Whether values that differ are terms that differ. Where that is not known the keys of a map
    /// are compared once they are written, because a map with a key twice ends an OTP link.
    #[doc(hidden)]
    const DISTINCT: bool = false;

    /// Writes this value as exactly one term.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;

    /// Writes a sequence of these as one term: a list, but for bytes a binary. What `Vec`, arrays
    /// and slices call, so that `Vec<u8>` is a binary without specialization.
    #[doc(hidden)]
    fn encode_slice(items: &[Self], out: &mut Encoder) -> Result<(), EncodeError>
    where
        Self: Sized,
    {
        impls::encode_list(items.len(), items, out)
    }

    /// Writes this as the value of a successful result: `{ok, Value}`, but a bare `ok` for `()`.
    #[doc(hidden)]
    fn encode_ok(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.tuple(2)?;
        out.atom(crate::Atom::OK);
        self.encode(out)
    }
}

/// A Rust value that can be read from an Erlang term.
///
/// `#[derive(Term)]` writes this for structs and enums. By hand:
///
/// ```
/// use ergo::etf::{Decode, DecodeError, Decoder};
///
/// struct Point { x: f64, y: f64 }
///
/// impl Decode for Point {
///     fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
///         from.tuple_of(3)?;
///         from.expect_atom("point")?;
///         from.nested(|from| {
///             Ok(Point {
///                 x: from.f64().map_err(|error| error.at_field("x"))?,
///                 y: from.f64().map_err(|error| error.at_field("y"))?,
///             })
///         })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "cannot be decoded from a term",
    note = "add `#[derive(Term)]` to `{Self}`, or mark the handler `#[call(local)]` if only this program calls it",
    note = "for a field of another crate's type, `#[term(with = \"module\")]` names the functions to use"
)]
pub trait Decode: Sized {
    /// Reads exactly one term.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// The value of a map key or proplist entry that is absent, if absence means something
    /// (`None` for an `Option`).
    #[doc(hidden)]
    fn absent() -> Option<Self> {
        None
    }

    /// Reads a sequence: what `Vec` calls, the counterpart of [`Encode::encode_slice`].
    #[doc(hidden)]
    fn decode_vec(from: &mut Decoder<'_>) -> Result<Vec<Self>, DecodeError> {
        impls::decode_list(from)
    }

    /// Reads a sequence of a fixed length: what arrays call.
    #[doc(hidden)]
    fn decode_array<const N: usize>(from: &mut Decoder<'_>) -> Result<[Self; N], DecodeError> {
        impls::decode_list_of(from)
    }

    /// Reads the value of a successful result: what `Result<T, E>` calls for the `T` of `{ok, T}`,
    /// standing at the whole. `Result<(), E>` takes a bare `ok` here.
    #[doc(hidden)]
    fn decode_ok(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        impls::decode_tagged_ok(from)
    }
}
