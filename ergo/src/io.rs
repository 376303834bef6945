//! What processes print and log whose group leader is here: those that this node started elsewhere,
//! and those that others started here.
//!
//! `user` serves Erlang's I/O protocol, and `logger_proxy` takes the events of `logger`. Both hand on
//! what they get and wait for nothing: a node of ergo has no terminal to be read.

mod chardata;
mod format;
mod logger;
mod request;
mod user;

pub(crate) use logger::LoggerProxy;
pub(crate) use user::{Sink, User};
