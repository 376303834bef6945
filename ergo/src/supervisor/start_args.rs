//! Arguments of a child as a list of terms.

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};

/// The arguments of a child under `simple_one_for_one` as other nodes give them: the tuple of them
/// here is the list in `supervisor:start_child(Sup, [Arg1, Arg2])`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no tuple of Erlang terms",
    label = "cannot be given by another node",
    note = "the arguments are a tuple of up to six types, each a term: `(String,)` for one"
)]
pub trait StartArgs: Sized + Send + 'static {
    /// Reads the list.
    fn decode_list(from: &mut Decoder<'_>) -> Result<Self, DecodeError>;

    /// Writes the list.
    fn encode_list(&self, out: &mut Encoder) -> Result<(), EncodeError>;
}

macro_rules! start_args {
    ($($len:literal, $words:literal: $($name:ident $index:tt),*;)*) => {$(
        impl<$($name: Encode + Decode + Send + 'static),*> StartArgs for ($($name,)*) {
            fn decode_list(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let start = from.position();
                let mut args = ($(None::<$name>,)*);
                let mut count = 0;
                from.list(|from| {
                    match count {
                        $($index => args.$index = Some(from.value()?),)*
                        _ => from.skip()?,
                    }
                    count += 1;
                    Ok(())
                })?;
                if count == $len {
                    #[allow(non_snake_case)]
                    if let ($(Some($name),)*) = args {
                        return Ok(($($name,)*));
                    }
                }
                from.rewind(start);
                Err(from.expected($words))
            }

            fn encode_list(&self, out: &mut Encoder) -> Result<(), EncodeError> {
                out.list($len)?;
                $(self.$index.encode(out)?;)*
                out.nil();
                Ok(())
            }
        }
    )*};
}

start_args! {
    1, "a list of 1 argument": A 0;
    2, "a list of 2 arguments": A 0, B 1;
    3, "a list of 3 arguments": A 0, B 1, C 2;
    4, "a list of 4 arguments": A 0, B 1, C 2, D 3;
    5, "a list of 5 arguments": A 0, B 1, C 2, D 3, E 4;
    6, "a list of 6 arguments": A 0, B 1, C 2, D 3, E 4, F 5;
}

impl StartArgs for () {
    fn decode_list(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let start = from.position();
        let mut count = 0;
        from.list(|from| {
            count += 1;
            from.skip()
        })?;
        if count == 0 {
            return Ok(());
        }
        from.rewind(start);
        Err(from.expected("a list of no arguments"))
    }

    fn encode_list(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.nil();
        Ok(())
    }
}
