//! What monitors are told.

use crate::etf::{Decode, DecodeError, Decoder, Encode, EncodeError, Encoder};
use crate::term::{Pid, Ref, Term};

/// What happened to a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Processes joined: `join`.
    Join,
    /// Processes left, or are gone: `leave`.
    Leave,
}

impl Change {
    const ALL: [(&'static str, Change); 2] = [("join", Change::Join), ("leave", Change::Leave)];

    fn name(self) -> &'static str {
        match self {
            Change::Join => "join",
            Change::Leave => "leave",
        }
    }
}

/// Processes have joined a group or left it: the message `{Ref, join | leave, Group, Pids}` of
/// [`monitor_scope`](super::Scope::monitor_scope) and [`monitor`](super::Scope::monitor).
///
/// It is an ordinary message. A server takes it as the type of its catch-all for infos, or tries it there on any term; a plain
/// process tries it on what it receives.
///
/// ```
/// use ergo::pg::{self, Change};
/// use ergo::prelude::*;
///
/// struct Watcher {
///     workers: usize,
/// }
///
/// #[gen_server]
/// impl Watcher {
///     #[init]
///     async fn init(ctx: &mut Context<Self>) -> Result<Self, Reason> {
///         let scope = pg::Scope::new(ctx, "pg");
///         let (_monitor, workers) = scope.monitor(ctx, Atom::new("workers")).await?;
///         Ok(Watcher { workers: workers.len() })
///     }
///
///     #[info(_)]
///     fn changed(&mut self, event: pg::Event) {
///         match event.change {
///             Change::Join => self.workers += event.pids.len(),
///             Change::Leave => self.workers -= event.pids.len(),
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What the monitor gave.
    pub reference: Ref,
    /// What happened.
    pub change: Change,
    /// The group.
    pub group: Term,
    /// The processes, each as many times as it joined or left.
    pub pids: Vec<Pid>,
}

impl Encode for Event {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.tuple(4)?;
        out.reference(&self.reference);
        out.atom_text(self.change.name())?;
        out.term(&self.group)?;
        self.pids.encode(out)
    }
}

impl Decode for Event {
    fn decode(from: &mut Decoder<'_>) -> Result<Event, DecodeError> {
        from.tuple_of(4)?;
        from.nested(|from| {
            let reference = from.reference()?;
            let at = from.position();
            let word = from.atom_text()?;
            let known = Change::ALL.iter().find(|(name, _)| *name == word);
            let Some((_, change)) = known else {
                from.rewind(at);
                return Err(from.expected("`join` or `leave`"));
            };
            Ok(Event {
                reference,
                change: *change,
                group: from.value()?,
                pids: from.value()?,
            })
        })
    }
}

impl TryFrom<Term> for Event {
    type Error = Term;

    /// Reads a message that came as a term; gives it back if it is another one.
    fn try_from(message: Term) -> Result<Event, Term> {
        let read = |message: &Term| {
            let [reference, change, group, pids] = &message.as_tuple()?[..] else {
                return None;
            };
            let change = change.as_atom()?;
            let known = Change::ALL.iter().find(|(name, _)| change == **name);
            let pids = pids.as_list().filter(|pids| pids.is_proper())?;
            Some(Event {
                reference: *reference.as_reference()?,
                change: known?.1,
                group: group.clone(),
                pids: pids
                    .iter()
                    .map(|pid| pid.as_pid().copied())
                    .collect::<Option<_>>()?,
            })
        };
        read(&message).ok_or(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::etf;
    use crate::term::Atom;

    #[test]
    fn an_event_is_the_message_of_otp() {
        let node = crate::Node::alone();
        let (pid, reference) = (node.caller_pid(), node.make_ref());
        let event = Event {
            reference,
            change: Change::Leave,
            group: term!({a, 1}),
            pids: vec![pid, pid],
        };
        let term = term!({(reference), leave, {a, 1}, [(pid), (pid)]});
        let bytes = etf::to_bytes(&event).unwrap();
        assert_eq!(bytes, etf::to_bytes(&term).unwrap());
        assert_eq!(etf::from_bytes::<Event>(&bytes).unwrap(), event);
        assert_eq!(Event::try_from(term), Ok(event));
    }

    #[test]
    fn other_messages_come_back() {
        let node = crate::Node::alone();
        let (pid, reference) = (node.caller_pid(), node.make_ref());
        for other in [
            term!(join),
            term!({(reference), joined, g, [(pid)]}),
            term!({(reference), join, g, (pid)}),
            term!({(reference), join, g, [(pid) | x]}),
            term!({(reference), join, g, [x]}),
            Term::from((pid, Atom::new("join"), 1, Term::nil())),
        ] {
            assert_eq!(Event::try_from(other.clone()), Err(other.clone()));
            let bytes = etf::to_bytes(&other).unwrap();
            assert!(etf::from_bytes::<Event>(&bytes).is_err(), "{other}");
        }
    }

    use crate::term;
}
