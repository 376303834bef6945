//! Writing again what an encoder of this program wrote for a link.

use super::{Encoder, Part};
use crate::etf::tag::*;
use crate::etf::{DecodeErrorKind, Decoder, EncodeError};

impl Encoder {
    /// Writes the terms that `from` holds, an encoder's work, in this encoder's form: atoms get
    /// positions in its own table or become plain, binaries stay where they are or are copied.
    /// Neither recursive nor bounded by a budget: writing the terms was not either.
    pub(in crate::etf) fn transcribe(
        &mut self,
        from: &mut Decoder<'_>,
        parts: &[Part],
    ) -> Result<(), EncodeError> {
        let mut parts = parts.iter();
        while let Some(tag) = from.tag() {
            match tag {
                ATOM_CACHE_REF => self.copy_atom(from)?,
                NEW_PID => self.copy_pid(from)?,
                NEW_PORT | V4_PORT => self.copy_port(from)?,
                NEWER_REFERENCE => self.copy_reference(from)?,
                // Whole in every form.
                NEW_FUN => {
                    let fun = from.skipped()?;
                    self.out.extend_from_slice(fun);
                }
                BINARY => match parts.as_slice().first() {
                    Some(part) if part.at == from.position() + 5 => {
                        parts.next();
                        from.skip_binary_header()?;
                        self.bytes(&part.bytes)?;
                    }
                    _ => self.copy_token(from)?,
                },
                _ => self.copy_token(from)?,
            }
        }
        match parts.next() {
            None => Ok(()),
            Some(_) => Err(from.error(DecodeErrorKind::Truncated).into()),
        }
    }

    /// A term but for the terms in it.
    fn copy_token(&mut self, from: &mut Decoder<'_>) -> Result<(), EncodeError> {
        let token = from.token()?;
        self.out.extend_from_slice(token);
        Ok(())
    }
}
