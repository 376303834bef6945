//! Those who do the work.

pub mod ergo;
pub mod raw;
