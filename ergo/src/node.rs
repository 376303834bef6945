//! A node: the table of processes and peers, and everything a node owns.

mod cookie;
mod name;

pub use cookie::{CookieFileError, CookieFiles};
pub use name::{NameError, NodeName};
