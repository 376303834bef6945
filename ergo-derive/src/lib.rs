//! The macros of ergo.
