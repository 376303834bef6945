//! Length-checked reading of a message.

use super::ProtocolError;

/// The bytes of a message that are not read yet.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], ProtocolError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(ProtocolError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ProtocolError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(ProtocolError::Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(super) fn u8(&mut self) -> Result<u8, ProtocolError> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Result<u16, ProtocolError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, ProtocolError> {
        self.array().map(u32::from_be_bytes)
    }

    /// Bytes after a `u16` that counts them.
    pub(super) fn counted(&mut self) -> Result<&'a [u8], ProtocolError> {
        let count = self.u16()?;
        self.take(count.into())
    }
}

/// Appends bytes after a `u16` that counts them; the caller has checked that there are at most 1020.
pub(super) fn put_counted(out: &mut Vec<u8>, bytes: &[u8]) {
    let count = u16::try_from(bytes.len()).expect("names and extra data are checked before");
    out.extend_from_slice(&count.to_be_bytes());
    out.extend_from_slice(bytes);
}
