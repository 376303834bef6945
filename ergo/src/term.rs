//! Erlang values.
//!
//! [`Term`] is the dynamic value: anything an Erlang process can hold or send. Types with a fixed
//! shape travel without it, see [`Encode`](crate::etf::Encode) and [`Decode`](crate::etf::Decode).

mod atom;
mod pid;
mod port;
mod reference;

pub use atom::{Atom, AtomError};
pub use pid::Pid;
pub use port::Port;
pub use reference::Ref;

/// Any Erlang term (skeleton).
#[derive(Debug, Clone)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Term {
    Int(i64),
    Float(f64),
    Atom(Atom),
    Pid(Pid),
    Ref(Ref),
    Port(Port),
    Binary(bytes::Bytes),
}
