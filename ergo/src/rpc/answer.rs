//! What offered functions return.

use super::Raise;
use crate::etf::{Encode, EncodeError, Encoder};

/// What an offered function may return: a term, or an exception in its place (`Result<T, Raise>`).
///
/// `()` is `ok`, and `Result<T, E>` is `{ok, T}` or `{error, E}`, as everywhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an Erlang term",
    label = "no other node can be told this",
    note = "add `#[derive(Term)]` to a type of your own; to raise an exception, return `Result<T, rpc::Raise>`"
)]
pub trait Answer: Send + 'static {
    /// The term, to be written when it is known who gets it.
    #[doc(hidden)]
    fn answer(self) -> Answered;
}

/// What a function came to.
#[doc(hidden)]
pub type Answered = Result<Box<dyn Write>, Raise>;

/// A term of any type.
#[doc(hidden)]
pub trait Write: Send {
    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

impl<T: Encode + Send> Write for T {
    fn write(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        self.encode(out)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Encode + Send + 'static> Answer for T {
    fn answer(self) -> Answered {
        Ok(Box::new(self))
    }
}

#[diagnostic::do_not_recommend]
impl<T: Encode + Send + 'static> Answer for Result<T, Raise> {
    fn answer(self) -> Answered {
        match self {
            Ok(value) => Ok(Box::new(value)),
            Err(raise) => Err(raise),
        }
    }
}
