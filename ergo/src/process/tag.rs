//! The tag of a `gen` call: `Ref`, or `[alias | Ref]` since OTP 24.

use crate::etf::{Budget, Decoder, Encoded, Kind};
use crate::term::{Atom, Ref, Term};

/// A tag that carries its reference.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tag {
    Plain(Ref),
    Alias(Ref),
}

impl Tag {
    pub(crate) fn reference(self) -> Ref {
        match self {
            Tag::Plain(reference) | Tag::Alias(reference) => reference,
        }
    }

    pub(crate) fn alias(self) -> Option<Ref> {
        match self {
            Tag::Plain(_) => None,
            Tag::Alias(reference) => Some(reference),
        }
    }
}

/// The tag in these bytes; `None` for one that only its maker understands.
pub(crate) fn read(tag: &Encoded, budget: &Budget) -> Option<Tag> {
    read_from(&mut tag.decoder(budget))
}

/// OTP's `multi_call` nests tags, `[[alias | Ref] | MonitorRef]`: the alias inside counts.
pub(crate) fn read_from(from: &mut Decoder<'_>) -> Option<Tag> {
    match from.kind().ok()? {
        Kind::Reference => from.reference().ok().map(Tag::Plain),
        Kind::List => match from.term().ok()? {
            Term::List(list) => alias_of(&Term::List(list)),
            _ => None,
        },
        _ => None,
    }
}

fn alias_of(tag: &Term) -> Option<Tag> {
    let Term::List(list) = tag else { return None };
    match (list.items(), list.tail()) {
        ([Term::Atom(Atom::ALIAS)], Some(Term::Ref(reference))) => Some(Tag::Alias(*reference)),
        ([nested], Some(Term::Ref(_))) => alias_of(nested),
        _ => None,
    }
}
