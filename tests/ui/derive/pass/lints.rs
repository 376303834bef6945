//! The expansion is quiet under lints that a user may deny.

#![deny(warnings)]
#![deny(
    missing_docs,
    missing_debug_implementations,
    nonstandard_style,
    rust_2018_idioms,
    single_use_lifetimes,
    unreachable_pub,
    unsafe_code,
    unused,
    unused_qualifications,
    unused_results,
    trivial_casts,
    variant_size_differences
)]

use std::collections::BTreeMap;

use ergo::{Atom, Encode, Term};

/// Nothing.
#[derive(Debug, Term)]
pub struct Unit;

/// No fields.
#[derive(Debug, Term)]
pub struct Empty {}

/// All there is.
#[derive(Debug, Default, Term)]
#[term(elixir = "My.Everything", skip_none, default)]
pub struct Everything<T: Default> {
    /// Raw.
    pub r#type: Option<T>,
    /// Not sent.
    #[term(skip)]
    pub skipped: u8,
    /// Another form.
    #[term(as = "atom", none = "nil")]
    pub atom: Option<String>,
    /// The rest.
    #[term(flatten)]
    pub rest: BTreeMap<Atom, Term>,
}

/// A proplist.
#[derive(Debug, Term)]
#[term(proplist, deny_unknown)]
pub struct Options {
    /// Whether.
    pub on: bool,
}

/// Variants.
#[derive(Debug, Term)]
pub enum Message {
    /// An atom.
    Stop,
    /// A tuple.
    Get(Atom, #[term(skip)] u8),
    /// A map.
    Put {
        /// Its key.
        key: Atom,
    },
}

/// By shape.
#[derive(Debug, Term)]
#[term(untagged)]
pub enum Either {
    /// Two.
    Two(u8, u8),
    /// One.
    One(u8),
}

/// Never.
#[derive(Debug, Term)]
pub enum Never {}

/// Borrows.
#[derive(Debug, Encode)]
pub struct Borrows<'a> {
    text: &'a str,
}

impl<'a> Borrows<'a> {
    /// Makes one.
    pub fn new(text: &'a str) -> Self {
        Borrows { text }
    }
}

fn main() {
    assert!(ergo::etf::to_bytes(&Borrows::new("a")).is_ok());
}
