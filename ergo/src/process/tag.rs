//! The tag of a `gen` call: `Ref`, or `[alias | Ref]` since OTP 24.

use crate::etf::{Decoder, Kind};
use crate::term::{Atom, Ref};

/// A tag that carries its reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Plain(Ref),
    /// `[alias | Ref]`
    Alias(Ref),
    /// An alias within the tag of `multi_call`.
    Nested(Ref),
}

impl Tag {
    pub(crate) fn reference(self) -> Ref {
        match self {
            Tag::Plain(reference) | Tag::Alias(reference) | Tag::Nested(reference) => reference,
        }
    }
}

/// The tag that stands next; `None` for one that only its maker understands. OTP's `multi_call` nests
/// tags, `[[alias | Ref] | MonitorRef]`: the alias inside counts.
pub(crate) fn read_from(from: &mut Decoder<'_>) -> Option<Tag> {
    let mut tails = 0_u32;
    while from.accept_pair() {
        tails += 1;
    }
    if tails == 0 {
        return match from.kind().ok()? {
            Kind::Reference => from.reference().ok().map(Tag::Plain),
            _ => None,
        };
    }
    if !from.accept(Atom::ALIAS) {
        return None;
    }
    let alias = from.reference().ok()?;
    for _ in 1..tails {
        from.reference().ok()?;
    }
    Some(if tails == 1 {
        Tag::Alias(alias)
    } else {
        Tag::Nested(alias)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etf::{Budget, Encoded};
    use crate::{Term, term};

    fn read(tag: Term) -> Option<Tag> {
        let tag = Encoded::from_value(&tag).unwrap();
        read_from(&mut tag.decoder(&Budget::default()))
    }

    #[test]
    fn references_are_found_in_tags() {
        let node = Atom::new("tag@test");
        let [one, other] = [1, 2].map(|word| Ref::new(node, 1, &[word]).unwrap());
        assert_eq!(read(term!((one))), Some(Tag::Plain(one)));
        assert_eq!(read(term!([alias | (one)])), Some(Tag::Alias(one)));
        let nested = term!([[alias | (one)] | (other)]);
        assert_eq!(read(nested), Some(Tag::Nested(one)));
        for none in [
            term!([alias | alias]),
            term!([other | (one)]),
            term!([alias, (one)]),
            term!([[alias | (one)] | alias]),
            term!([[alias | (one)]]),
            term!(alias),
        ] {
            assert_eq!(read(none.clone()), None, "{none}");
        }
    }
}
