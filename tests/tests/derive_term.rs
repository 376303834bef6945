//! `#[derive(Term)]`: the terms that every row of its table gives, byte for byte, and back.
//!
//! What a value is is written as Erlang prints it; [`Term`]'s own parser and encoder, which are
//! tested against `erl`, make the bytes to compare with.

#[path = "derive_term/containers.rs"]
mod containers;
#[path = "derive_term/enums.rs"]
mod enums;
#[path = "derive_term/errors.rs"]
mod errors;
#[path = "derive_term/fields.rs"]
mod fields;
#[path = "derive_term/generics.rs"]
mod generics;

use std::fmt::Debug;

use ergo::etf::{self, DecodeError};
use ergo::{Decode, Encode, Term};

/// The term that this text is.
fn term(erlang: &str) -> Term {
    erlang
        .parse()
        .unwrap_or_else(|error| panic!("{erlang}: {error}"))
}

/// The value is written as exactly this term.
#[track_caller]
fn writes<T: Encode + ?Sized>(value: &T, erlang: &str) {
    let bytes = etf::to_bytes(value).unwrap();
    let written: Term = etf::from_bytes(&bytes).unwrap();
    assert_eq!(written, term(erlang));
    assert_eq!(bytes, etf::to_bytes(&term(erlang)).unwrap(), "{erlang}");
}

/// This term is read as the value.
#[track_caller]
fn reads<T: Decode + Debug + PartialEq>(erlang: &str, value: T) {
    assert_eq!(read::<T>(erlang).unwrap(), value, "{erlang}");
}

/// This term is not read: the error prints as this.
#[track_caller]
fn refuses<T: Decode + Debug>(erlang: &str, message: &str) {
    assert_eq!(read::<T>(erlang).unwrap_err().to_string(), message);
}

/// Both ways.
#[track_caller]
fn is<T: Encode + Decode + Debug + PartialEq>(value: T, erlang: &str) {
    writes(&value, erlang);
    reads(erlang, value);
}

fn read<T: Decode>(erlang: &str) -> Result<T, DecodeError> {
    etf::from_bytes(&etf::to_bytes(&term(erlang)).unwrap())
}
