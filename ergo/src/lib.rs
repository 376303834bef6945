//! Erlang/OTP for Rust: nodes that speak the real Erlang distribution protocol, and processes that
//! a BEAM calls as its own.
//!
//! - A [`Node`] joins a cluster: it is registered with EPMD, shakes hands, and links to others.
//! - A [`gen_server`](mod@gen_server) is a Rust type whose methods are its handlers.
//! - A [`supervisor`](mod@supervisor) starts processes, and starts them again when they fail.
//! - An [`application`] is a tree of processes that starts and stops as one.
//! - [`rpc`](mod@rpc) offers functions to other nodes, and calls theirs.
//! - [`global`] has the names and locks that a whole cluster shares.
//! - [`pg`] has groups of processes that all nodes know; [`pubsub`] is Phoenix.PubSub upon them.
//! - A [`Term`](enum@Term) is any Erlang value; types with a fixed shape travel without it, through
//!   [`Encode`](trait@Encode) and [`Decode`](trait@Decode).
//!
//! The floors of the house, each on those before it: [`term`](mod@term) and [`etf`], the values and
//! their bytes; [`dist`] and [`epmd`], the protocols; [`net`], the links; [`process`];
//! [`gen_server`](mod@gen_server); [`supervisor`](mod@supervisor); [`application`]; [`rpc`](mod@rpc); [`global`]; [`pg`]; [`pubsub`]; [`node`]. What all of them promise stands in [`semantics`]; for people of Elixir there is [`elixir`].
//!
//! # Seeing it
//!
//! Each floor tells through `tracing` what it does, under a target of its own; ergo prints nothing and installs no
//! subscriber. With `tracing_subscriber`'s `EnvFilter`, as in the examples:
//!
//! | `RUST_LOG` | shows |
//! |---|---|
//! | `ergo=info` | nodes that start, meet, part and stop; applications, supervisors and their failures |
//! | `ergo::net=debug` | why a connection was refused or lost, links that are busy |
//! | `ergo::dist=trace` | every message of a handshake and every frame of a link, decoded and in hex; no cookies, no proofs of them |
//! | `ergo::epmd=debug` | registrations and look-ups |
//! | `ergo::process=debug` | messages that reached nobody |
//!
//! The others are `ergo::node`, `ergo::gen_server`, `ergo::sys`, `ergo::supervisor`, `ergo::application`, `ergo::rpc`, `ergo::global` and `ergo::pg`. How to find out
//! what a node spends its time and memory on stands in [`profiling`].
//!
//! # Features
//!
//! | feature | brings |
//! |---|---|
//! | `tls`, on by default | links over TLS: `net::tls` |
//! | `console` | names of processes in [tokio-console](profiling#tasks-tokio-console) |

// The macros name this crate `::ergo`, in its own tests too.
#[allow(unused_extern_crates)]
extern crate self as ergo;

pub mod application;
pub mod dist;
#[doc = include_str!("elixir.md")]
pub mod elixir {}
pub mod epmd;
mod error;
pub mod etf;
pub mod gen_server;
pub mod global;
mod io;
pub mod net;
pub mod node;
pub mod operators;
pub mod pg;
pub mod prelude;
pub mod process;
#[doc = include_str!("profiling.md")]
pub mod profiling {}
pub mod pubsub;
pub mod rpc;
#[doc = include_str!("semantics.md")]
pub mod semantics {}
pub mod supervisor;
pub mod sys;
pub mod term;

pub use ergo_derive::{Decode, Encode, Term};
pub use ergo_derive::{gen_server, rpc, supervisor};
pub use error::{Error, Result};
pub use etf::{Decode, Encode};
pub use node::Node;
pub use process::{LocalNode, OnNode, Reason};
pub use term::{Atom, Pid, Port, Ref, Term};

/// Writes a [`Term`](enum@Term) as an Erlang person would.
///
/// | | |
/// |---|---|
/// | `ok`, `true`, `type` | an atom; any Rust word, `:"Elixir.Foo"` for one that Erlang quotes |
/// | `42`, `-1`, `0xff`, `1.5`, `'a'` | a number; a character is its code, Erlang's `$a` |
/// | `"text"` | a list of code points, as in Erlang |
/// | `<<"key">>`, `<<"é"/utf8>>`, `<<1, 5:3>>` | a binary or bit string |
/// | `{put, a}`, `[1, 2]`, `[1 \| rest]`, `#{a => 1}` | containers |
/// | `fun lists:map/2` | the name of a function |
/// | `(expression)` | any Rust value that is `Into<Term>`; `&str`, `String` and `Vec<u8>` give binaries |
///
/// A word that Erlang would take for a variable, as in `{ok, Value}`, does not compile. Where a map
/// has a key twice, the last value stays.
///
/// ```
/// use ergo::term;
///
/// let value = vec![1, 2, 3];
/// let request = term!({put, <<"key">>, (value), #{ttl => -1, :"Elixir.X" => [a, 'b' | c]}});
/// assert_eq!(request.to_string(), "{put,<<\"key\">>,<<1,2,3>>,#{'Elixir.X' => [a,98|c],ttl => -1}}");
/// assert_eq!(term!(["ab", 0xff, 1.5, {}, []]).to_string(), "[\"ab\",255,1.5,{},[]]");
/// ```
pub use ergo_derive::term;
