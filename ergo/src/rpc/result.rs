//! What comes of a call, read from what its process exits with.

use super::error::RpcError;
use crate::etf::{Budget, Decode, DecodeError, Decoder, Encoded, Kind};
use crate::process::Reason;
use crate::term::{Atom, Ref, Term};

/// Reads `{Tag, return, Value}` and so on; anything else ended the process from outside.
pub(super) fn read<T: Decode>(
    reason: &Encoded,
    tag: &Ref,
    node: Atom,
    budget: &Budget,
) -> Result<T, RpcError> {
    let mut from = reason.decoder(budget);
    if let Some((kind, elements)) = head(&mut from, tag) {
        let read = from.nested(|from| tagged(from, &kind, elements, node));
        match read {
            Ok(Some(result)) => return result,
            Ok(None) => {}
            Err(error) => return Err(RpcError::BadValue(error)),
        }
    }
    Err(RpcError::Signal(signal(reason, budget)))
}

/// The kind of a result, and how many elements follow it.
fn head(from: &mut Decoder<'_>, tag: &Ref) -> Option<(String, usize)> {
    if from.kind().ok()? != Kind::Tuple {
        return None;
    }
    let elements = from.tuple().ok()?;
    if elements < 3 || from.kind().ok()? != Kind::Reference || from.reference().ok()? != *tag {
        return None;
    }
    let kind = from.atom_text().ok()?.into_owned();
    Some((kind, elements - 2))
}

fn tagged<T: Decode>(
    from: &mut Decoder<'_>,
    kind: &str,
    elements: usize,
    node: Atom,
) -> Result<Option<Result<T, RpcError>>, DecodeError> {
    Ok(Some(match (kind, elements) {
        ("return", 1) => Ok(T::decode(from)?),
        ("throw", 1) => Err(RpcError::Throw(from.term()?)),
        ("exit", 1) => Err(RpcError::Exit(from.term()?.into())),
        ("error", 2) => Err(RpcError::Error {
            reason: from.term()?,
            stack: from.term()?,
        }),
        ("error", 1) => match from.term()? {
            Term::Tuple(tuple) => match tuple[..] {
                [_, Term::Atom(reason)] => Err(RpcError::Refused { node, reason }),
                _ => return Ok(None),
            },
            _ => return Ok(None),
        },
        _ => return Ok(None),
    }))
}

fn signal(reason: &Encoded, budget: &Budget) -> Reason {
    let decoded = reason.decode(budget);
    decoded.unwrap_or_else(|_| Reason::from(Atom::new("undecodable_reason")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term;

    #[test]
    fn what_a_call_exits_with_is_its_result() {
        let (node, budget) = (Atom::new("shop@host"), Budget::default());
        let tag = Ref::new(node, 4, &[1, 2, 3]).unwrap();
        let other = Ref::new(node, 4, &[1, 2, 4]).unwrap();
        let result = |reason: Term| {
            let reason = Encoded::from_value(&reason).unwrap();
            read::<u8>(&reason, &tag, node, &budget)
        };
        assert_eq!(result(term!({(tag), return, 3})), Ok(3));
        assert_eq!(
            result(term!({(tag), throw, b})),
            Err(RpcError::Throw(term!(b)))
        );
        let exit = RpcError::Exit(Reason::Shutdown);
        assert_eq!(result(term!({(tag), exit, shutdown})), Err(exit));
        let (reason, stack) = (term!(badarg), term!([{m, f, 1, []}]));
        let error = RpcError::Error {
            reason: reason.clone(),
            stack: stack.clone(),
        };
        assert_eq!(result(term!({(tag), error, (reason), (stack)})), Err(error));
        let reason = Atom::new("badarg");
        let refused = Err(RpcError::Refused { node, reason });
        assert_eq!(result(term!({(tag), error, {erpc, badarg}})), refused);
        let wrong = result(term!({(tag), return, 300}));
        assert!(matches!(wrong, Err(RpcError::BadValue(_))), "{wrong:?}");
        // What anybody else made of it is why the process ended.
        for signal in [
            term!(killed),
            term!({}),
            term!({ (tag) }),
            term!({(tag), return}),
            term!({(tag), return, 1, 2}),
            term!({(tag), gave, 1}),
            term!({(tag), error, 1}),
            term!({(tag), error, {erpc, 1}}),
            term!({(other), return, 3}),
            term!({(tag), 1, 3}),
            term!([(tag), return, 3]),
        ] {
            let reason = Reason::from(signal.clone());
            assert_eq!(result(signal), Err(RpcError::Signal(reason)));
        }
    }
}
