//! The messages of a server.

use super::{Caller, Down, Exit};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoder};

/// The messages of a server: typed values here, terms on the wire.
///
/// The decoders stand at the request itself, without `'$gen_call'` and `'$gen_cast'`.
/// `Ok(None)` says that no pattern fits, an error that the pattern fits but an argument does not.
pub trait Message: Sized + Send + 'static {
    /// Reads a request of `gen_server:call`.
    fn decode_call(
        request: &mut Decoder<'_>,
        caller: &Caller,
    ) -> Result<Option<Self>, DecodeError> {
        let _ = (request, caller);
        Ok(None)
    }

    /// Reads a request of `gen_server:cast`.
    fn decode_cast(request: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let _ = request;
        Ok(None)
    }

    /// Reads any other message.
    fn decode_info(message: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        let _ = message;
        Ok(None)
    }

    /// The message that says that a monitored process is gone; gives it back if there is none.
    fn from_down(down: Down) -> Result<Self, Down> {
        Err(down)
    }

    /// The message that brings a trapped exit signal; gives it back if there is none.
    fn from_exit(exit: Exit) -> Result<Self, Exit> {
        Err(exit)
    }

    /// Writes the request as a term.
    ///
    /// # Errors
    ///
    /// [`EncodeError::LocalOnly`] for a message that only this program can send.
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError>;

    /// How the message is wrapped on the wire.
    fn kind(&self) -> MessageKind;
}

/// How a message is wrapped on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageKind {
    /// `{'$gen_call', From, Request}`.
    Call,
    /// `{'$gen_cast', Request}`.
    Cast,
    /// The request alone.
    Info,
    /// `{system, From, Request}`: the requests of [`sys`](crate::sys).
    System,
}
