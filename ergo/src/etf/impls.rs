//! [`Encode`] and [`Decode`] for the types of the standard library and of [`term`](crate::term).

mod collections;
mod numbers;
mod option;
mod pointers;
mod terms;
mod text;
mod tuples;

pub(super) use collections::{decode_list, decode_list_of, encode_list};
pub(super) use option::decode_tagged_ok;
