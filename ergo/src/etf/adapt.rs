//! What `#[derive(Term)]` calls for `as = ".."` and `none = ".."`: other forms of a term than a
//! type's own. Each module has the shape that `with = ".."` wants: `encode(&T, &mut Encoder)` and
//! `decode(&mut Decoder<'_>)`.
#![doc(hidden)]

pub mod atom;
pub mod charlist;
pub mod list;
pub mod none;
pub mod proplist;
pub mod tuple;
