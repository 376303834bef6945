//! Erlang/OTP for Rust.

// The macros name this crate `::ergo`, in its own tests too.
extern crate self as ergo;

pub mod dist;
pub mod epmd;
pub mod etf;
pub mod gen_server;
pub mod net;
pub mod node;
pub mod process;
pub mod term;

pub use etf::{Decode, Encode};
pub use process::{LocalNode, OnNode, Reason};
pub use term::{Atom, Pid, Port, Ref, Term};
