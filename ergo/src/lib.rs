//! Erlang/OTP for Rust.

// The macros name this crate `::ergo`, in its own tests too.
extern crate self as ergo;

pub mod etf;
pub mod term;

pub use etf::{Decode, Encode};
pub use term::{Atom, Pid, Port, Ref, Term};
