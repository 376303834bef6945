//! The external term format: bytes to Rust values and back.

mod budget;
mod decoder;
mod encoded;
mod encoder;
mod error;

pub use budget::Budget;
pub use decoder::{Decoder, Head, Kind};
pub use encoded::{Atoms, Encoded};
pub use encoder::Encoder;
pub use error::{DecodeError, DecodeErrorKind, EncodeError};

/// A Rust value that is an Erlang term.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "cannot be encoded as a term",
    note = "add `#[derive(Term)]` to `{Self}`, or mark the handler `#[call(local)]` if only this program calls it"
)]
pub trait Encode {
    /// Writes this value as one term.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

/// A Rust value that can be read from an Erlang term.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "cannot be decoded from a term",
    note = "add `#[derive(Term)]` to `{Self}`, or mark the handler `#[call(local)]` if only this program calls it"
)]
pub trait Decode: Sized {
    /// Reads one term.
    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// The value of a map key or proplist entry that is absent, if absence means something
    /// (`None` for an `Option`).
    #[doc(hidden)]
    fn absent() -> Option<Self> {
        None
    }
}
