//! What writes to a link's connection, one after the other.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use super::socket::Writer;

/// How many pieces go into one write.
const SLICES: usize = 64;

/// The room for pieces that is kept when nothing is to be written.
const KEPT_CHUNKS: usize = 64;

/// The half of a connection that is written, and what has been taken to be written to it.
pub(super) struct Pen {
    stream: Option<Writer>,
    pub(super) chunks: Vec<Bytes>,
    /// How many of `chunks` are written.
    done: usize,
}

impl Pen {
    /// One that cannot write yet.
    pub(super) fn new() -> Pen {
        Pen {
            stream: None,
            chunks: Vec::new(),
            done: 0,
        }
    }

    /// From now on it writes here.
    pub(super) fn open(&mut self, stream: Writer) {
        self.stream = Some(stream);
    }

    /// Lets go of the connection, and of what is not written.
    pub(super) fn close(&mut self) {
        *self = Pen::new();
    }

    /// Writes `chunks` in order, many with each write, and lets go of each as soon as it is written.
    /// Says how much each write took.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        mut written: impl FnMut(usize),
    ) -> Poll<io::Result<()>> {
        loop {
            let rest = &mut self.chunks[self.done..];
            let empty = rest.iter().take_while(|chunk| chunk.is_empty()).count();
            self.done += empty;
            let rest = &mut rest[empty..];
            let (Some(stream), false) = (&mut self.stream, rest.is_empty()) else {
                self.chunks.clear();
                self.done = 0;
                return Poll::Ready(Ok(()));
            };
            let stream = Pin::new(stream);
            let mut count = ready!(match &*rest {
                // As most often.
                [one] => stream.poll_write(cx, one),
                many => poll_write_many(stream, cx, many),
            })?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            written(count);
            for chunk in rest {
                let part = count.min(chunk.len());
                chunk.advance(part);
                count -= part;
                if !chunk.is_empty() {
                    break;
                }
                *chunk = Bytes::new();
            }
        }
    }

    /// A stream with a buffer of its own would keep the end of what was written.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.chunks.shrink_to(KEPT_CHUNKS);
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Says that nothing follows.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }
}

/// Writes as many of these as go into one write.
fn poll_write_many(
    stream: Pin<&mut Writer>,
    cx: &mut Context<'_>,
    chunks: &[Bytes],
) -> Poll<io::Result<usize>> {
    let mut slices = [IoSlice::new(&[]); SLICES];
    for (slice, chunk) in slices.iter_mut().zip(chunks) {
        *slice = IoSlice::new(chunk);
    }
    stream.poll_write_vectored(cx, &slices[..chunks.len().min(SLICES)])
}
