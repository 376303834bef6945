//! The buffer in which a thread writes its messages for links, one after the other.

use std::cell::Cell;

use bytes::{Bytes, BytesMut};

use super::BY_REFERENCE;

/// What a buffer begins with: most messages fit.
const FIRST: usize = 512;

thread_local! {
    static SPARE: Cell<Option<BytesMut>> = const { Cell::new(None) };
}

/// An empty buffer.
pub(super) fn take() -> BytesMut {
    // A thread that ends may have none any more.
    let spare = SPARE.try_with(Cell::take).ok().flatten();
    spare.unwrap_or_else(|| BytesMut::with_capacity(FIRST))
}

/// The message that was written into a buffer. A short one is copied, into just the memory that it
/// needs, so that the next message finds the buffer grown.
pub(super) fn finish(mut buffer: BytesMut) -> Bytes {
    if buffer.len() >= BY_REFERENCE {
        return buffer.freeze();
    }
    let message = Bytes::copy_from_slice(&buffer);
    if buffer.capacity() <= 2 * BY_REFERENCE {
        buffer.clear();
        // A thread that ends keeps none.
        let _ = SPARE.try_with(|spare| spare.set(Some(buffer)));
    }
    message
}
