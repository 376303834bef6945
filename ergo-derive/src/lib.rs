//! The macros of ergo. The `ergo` crate exports them; depend on that.
//!
//! Every macro is a pipeline of the same stages, one a file: the parsed item (`ast`), its attributes
//! (`attr`), what makes no sense (`valid`), the code (`expand`). What two of them need stands beside
//! them: `block`, `types`, `client_type`, `written`. No stage stops at the first error,
//! and after an error the rest of the user's program still compiles (`fallback`).

mod attr;
mod block;
mod case;
mod client_type;
mod errors;
mod gen_server;
mod literal;
mod method;
mod owner;
mod rpc;
mod supervisor;
mod term;
mod types;
mod written;

use proc_macro::TokenStream;
use term::Derives;

#[doc = include_str!("term/docs.md")]
#[proc_macro_derive(Term, attributes(term))]
pub fn derive_term(item: TokenStream) -> TokenStream {
    let derives = Derives {
        encode: true,
        decode: true,
    };
    term::derive(item.into(), derives).into()
}

/// Derives `ergo::Encode` alone, for types that are only sent. They may borrow: `&str`, `&[T]`.
///
/// The attributes are those of [`Term`](derive@Term).
///
/// ```
/// use ergo::Encode;
///
/// #[derive(Encode)]
/// #[term(tag = "log")]
/// struct Line<'a>(&'a str); // {log, <<"text">>}
///
/// assert_eq!(ergo::etf::to_bytes(&Line("hi"))?, ergo::etf::to_bytes(&ergo::term!({log, <<"hi">>}))?);
/// # Ok::<(), ergo::etf::EncodeError>(())
/// ```
#[proc_macro_derive(Encode, attributes(term))]
pub fn derive_encode(item: TokenStream) -> TokenStream {
    let derives = Derives {
        encode: true,
        decode: false,
    };
    term::derive(item.into(), derives).into()
}

/// Derives `ergo::Decode` alone, for types that are only received.
///
/// The attributes are those of [`Term`](derive@Term).
#[proc_macro_derive(Decode, attributes(term))]
pub fn derive_decode(item: TokenStream) -> TokenStream {
    let derives = Derives {
        encode: false,
        decode: true,
    };
    term::derive(item.into(), derives).into()
}

#[allow(missing_docs)] // Documented where it is re-exported: `ergo::term!`.
#[proc_macro]
pub fn term(tokens: TokenStream) -> TokenStream {
    literal::expand(tokens.into()).into()
}

#[doc = include_str!("gen_server/docs.md")]
#[proc_macro_attribute]
pub fn gen_server(attribute: TokenStream, item: TokenStream) -> TokenStream {
    gen_server::expand(attribute.into(), item.into()).into()
}

/// Marks the function of a `#[gen_server]` that makes its state. In Erlang: `init/1`.
///
/// What it takes and returns is told at [`gen_server`](macro@gen_server).
#[proc_macro_attribute]
pub fn init(_: TokenStream, item: TokenStream) -> TokenStream {
    block::GEN_SERVER.stray("init", item.into()).into()
}

/// Marks a handler of a `#[gen_server]` that answers. In Erlang: a clause of `handle_call/3`.
///
/// Options: `tag = "…"`, `local`, or `_` alone; see [`gen_server`](macro@gen_server).
#[proc_macro_attribute]
pub fn call(_: TokenStream, item: TokenStream) -> TokenStream {
    block::GEN_SERVER.stray("call", item.into()).into()
}

/// Marks a handler of a `#[gen_server]` that does not answer. In Erlang: a clause of
/// `handle_cast/2`.
///
/// Options: `tag = "…"`, `local`, or `_` alone; see [`gen_server`](macro@gen_server).
#[proc_macro_attribute]
pub fn cast(_: TokenStream, item: TokenStream) -> TokenStream {
    block::GEN_SERVER.stray("cast", item.into()).into()
}

/// Marks a handler of a `#[gen_server]` for every other message. In Erlang: a clause of
/// `handle_info/2`.
///
/// Options: `tag = "…"`, `local`, or one of `down`, `exit` and `_` alone; see
/// [`gen_server`](macro@gen_server).
#[proc_macro_attribute]
pub fn info(_: TokenStream, item: TokenStream) -> TokenStream {
    block::GEN_SERVER.stray("info", item.into()).into()
}

/// Marks the method of a `#[gen_server]` that runs before it ends. In Erlang: `terminate/2`.
///
/// What it takes is told at [`gen_server`](macro@gen_server).
#[proc_macro_attribute]
pub fn terminate(_: TokenStream, item: TokenStream) -> TokenStream {
    block::GEN_SERVER.stray("terminate", item.into()).into()
}

#[doc = include_str!("rpc/docs.md")]
#[proc_macro_attribute]
pub fn rpc(attribute: TokenStream, item: TokenStream) -> TokenStream {
    rpc::expand(attribute.into(), item.into()).into()
}

#[doc = include_str!("supervisor/docs.md")]
#[proc_macro_attribute]
pub fn supervisor(attribute: TokenStream, item: TokenStream) -> TokenStream {
    supervisor::expand(attribute.into(), item.into()).into()
}

/// Marks a method of a `#[supervisor]` that makes a child. In Erlang: an element of the child
/// specifications that `init/1` returns.
///
/// Options: `name`, `restart`, `shutdown`, `significant`, `type`; see
/// [`supervisor`](macro@supervisor).
#[proc_macro_attribute]
pub fn child(_: TokenStream, item: TokenStream) -> TokenStream {
    block::SUPERVISOR.stray("child", item.into()).into()
}
