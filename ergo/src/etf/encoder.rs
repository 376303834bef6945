//! Writing terms.

use bytes::Bytes;

use super::EncodeError;
use crate::term::{Atom, Pid, Port, Ref, Term};

/// Writes terms in the form that OTP 25 and later emit.
#[derive(Debug, Default)]
pub struct Encoder {}

#[allow(missing_docs, unused_variables)]
impl Encoder {
    pub fn new() -> Encoder {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// the bytes written so far
    pub fn finish(self) -> Bytes {
        todo!()
    }
    pub fn atom(&mut self, value: Atom) {
        todo!()
    }
    /// an atom from text, without touching the atom table
    pub fn atom_text(&mut self, value: &str) -> Result<(), EncodeError> {
        todo!()
    }
    pub fn int(&mut self, value: i64) {
        todo!()
    }
    pub fn uint(&mut self, value: u64) {
        todo!()
    }
    pub fn int128(&mut self, value: i128) {
        todo!()
    }
    pub fn uint128(&mut self, value: u128) {
        todo!()
    }
    pub fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        todo!()
    }
    /// header only: `arity` terms must follow
    pub fn tuple(&mut self, arity: usize) -> Result<(), EncodeError> {
        todo!()
    }
    /// header only: `len` terms and a tail (usually `nil()`) must follow; len 0 writes nothing
    pub fn list(&mut self, len: usize) -> Result<(), EncodeError> {
        todo!()
    }
    pub fn nil(&mut self) {
        todo!()
    }
    /// header only: `pairs` keys and values must follow
    pub fn map(&mut self, pairs: usize) -> Result<(), EncodeError> {
        todo!()
    }
    pub fn binary(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        todo!()
    }
    /// a binary that is already shared: room for not copying it
    pub fn bytes(&mut self, value: &Bytes) -> Result<(), EncodeError> {
        todo!()
    }
    /// a list of bytes: STRING_EXT, or LIST_EXT past 65535
    pub fn charlist(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        todo!()
    }
    pub fn pid(&mut self, value: &Pid) {
        todo!()
    }
    pub fn reference(&mut self, value: &Ref) {
        todo!()
    }
    pub fn port(&mut self, value: &Port) {
        todo!()
    }
    pub fn term(&mut self, value: &Term) -> Result<(), EncodeError> {
        todo!()
    }
    /// one complete term that is already encoded (its cache references resolved)
    pub fn encoded(&mut self, value: &super::Encoded) -> Result<(), EncodeError> {
        todo!()
    }
}
