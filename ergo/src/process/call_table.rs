//! Calls to other nodes that wait for their answer.
//!
//! A call's reference is its alias and its monitor at once, as in OTP: the answer, the `DOWN` and
//! the loss of the node all find it here, and what comes after it was taken is dropped.
//!
//! Where a call is in the table stands in its reference, so that nothing is hashed for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::LocalNode;
use super::signal::ArrivedReason;
use crate::etf::tag::{ATOM_CACHE_REF, LIST, NEWER_REFERENCE, SMALL_TUPLE};
use crate::etf::{Budget, Encoded, Kind};
use crate::term::{Atom, Ref};

/// What a waiting call gets.
pub(crate) type CallResult = Result<Encoded, CallFailure>;

/// Why there will be no answer.
#[derive(Debug, Clone)]
pub(crate) enum CallFailure {
    /// The monitor fired.
    Down(ArrivedReason),
    /// The link to the server's node was lost.
    NodeDown,
}

/// Calls that are made one after the other are in different shards.
const SHARDS: usize = 16;

/// So many places of a shard are kept while there are no calls.
const KEPT: usize = 256;

/// The calls that wait. Each is taken out by whoever made it: by
/// [`poll_take`](CallTable::poll_take), or by [`remove`](CallTable::remove).
#[derive(Default)]
pub(crate) struct CallTable {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    places: Vec<Place>,
    /// The first of the free places.
    free: Option<usize>,
    /// How many are not free.
    taken: usize,
    /// How many of those wait.
    waiting: usize,
}

enum Place {
    /// And the next that is.
    Free(Option<usize>),
    Waiting {
        reference: Ref,
        node: Atom,
        waker: Option<Waker>,
    },
    Over(Ref, CallResult),
}

impl Place {
    fn reference(&self) -> Option<&Ref> {
        match self {
            Place::Free(_) => None,
            Place::Waiting { reference, .. } | Place::Over(reference, _) => Some(reference),
        }
    }

    /// Ends a call that waits; whom to wake.
    fn end(&mut self, result: CallResult) -> Option<Waker> {
        let Place::Waiting {
            reference, waker, ..
        } = self
        else {
            return None;
        };
        let (reference, waker) = (*reference, waker.take());
        *self = Place::Over(reference, result);
        waker
    }
}

impl Shard {
    fn insert(&mut self, make: impl FnOnce(usize) -> Place) -> usize {
        self.taken += 1;
        self.waiting += 1;
        let Some(index) = self.free else {
            let index = self.places.len();
            self.places.push(make(index));
            return index;
        };
        if let Place::Free(next) = std::mem::replace(&mut self.places[index], make(index)) {
            self.free = next;
        }
        index
    }

    fn remove(&mut self, index: usize) -> Place {
        let place = std::mem::replace(&mut self.places[index], Place::Free(self.free));
        self.free = Some(index);
        self.taken -= 1;
        self.waiting -= usize::from(matches!(place, Place::Waiting { .. }));
        if self.taken == 0 && self.places.len() > KEPT {
            *self = Shard::default();
        }
        place
    }

    fn end(&mut self, index: usize, result: CallResult) -> Option<Waker> {
        self.waiting -= 1;
        self.places[index].end(result)
    }
}

impl LocalNode {
    /// Registers a call to a server on `node`, under a new reference.
    pub(crate) fn begin_call(&self, node: Atom) -> Ref {
        let number = self.unique();
        self.calls()
            .insert(number, node, |place| self.numbered_ref(number, place))
    }
}

impl CallTable {
    fn shard(&self, number: u32) -> MutexGuard<'_, Shard> {
        // Every change of a shard is whole before anything in it can panic.
        self.shards[number as usize % SHARDS]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers a call. Its reference begins with the lowest bits of `number` and ends with what
    /// `make` gets, which no other reference does: theirs end with 0.
    fn insert(&self, number: u64, node: Atom, make: impl FnOnce(u32) -> Ref) -> Ref {
        let mut shard = self.shard(number as u32);
        let mut made = None;
        shard.insert(|index| {
            let reference = make(index as u32 + 1);
            made = Some(reference);
            Place::Waiting {
                reference,
                node,
                waker: None,
            }
        });
        match made {
            Some(reference) => reference,
            None => unreachable!("a place is made for every call"),
        }
    }

    /// The place of a call, whether it waits or is over.
    fn find(&self, reference: &Ref) -> Option<(MutexGuard<'_, Shard>, usize)> {
        let &[number, _, place] = reference.words() else {
            return None;
        };
        let index = place.checked_sub(1)? as usize;
        let shard = self.shard(number);
        let found = shard.places.get(index)?.reference() == Some(reference);
        found.then_some((shard, index))
    }

    /// The place of a call that waits.
    fn find_waiting(&self, reference: &Ref) -> Option<(MutexGuard<'_, Shard>, usize)> {
        let found = self.find(reference);
        found.filter(|(shard, index)| matches!(shard.places[*index], Place::Waiting { .. }))
    }

    fn waits(&self, reference: &Ref, on: impl FnOnce(Atom) -> bool) -> bool {
        let found = self.find(reference);
        found.is_some_and(|(shard, index)| match shard.places[index] {
            Place::Waiting { node, .. } => on(node),
            _ => false,
        })
    }

    /// How many calls wait.
    pub(crate) fn len(&self) -> usize {
        let shards = 0..SHARDS as u32;
        shards.map(|number| self.shard(number).waiting).sum()
    }

    /// Whether a call waits under this reference.
    pub(crate) fn contains(&self, reference: &Ref) -> bool {
        self.waits(reference, |_| true)
    }

    /// Whether a call to that node waits under this reference.
    pub(crate) fn waits_on(&self, reference: &Ref, node: Atom) -> bool {
        self.waits(reference, |on| on == node)
    }

    /// The end of a call, once; or leaves word to be woken when it is there.
    pub(crate) fn poll_take(&self, reference: &Ref, cx: &mut Context<'_>) -> Poll<CallResult> {
        let Some((mut shard, index)) = self.find(reference) else {
            return Poll::Pending;
        };
        if let Place::Waiting { waker, .. } = &mut shard.places[index] {
            match waker {
                Some(known) if known.will_wake(cx.waker()) => {}
                _ => *waker = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        match shard.remove(index) {
            Place::Over(_, result) => Poll::Ready(result),
            Place::Free(_) | Place::Waiting { .. } => Poll::Pending,
        }
    }

    /// The caller does not wait any more; `false` if the call was over already.
    pub(crate) fn remove(&self, reference: &Ref) -> bool {
        let Some((mut shard, index)) = self.find(reference) else {
            return false;
        };
        let place = shard.remove(index);
        drop(shard);
        matches!(place, Place::Waiting { .. })
    }

    /// Gives a call its end; `false` if nobody waits for it.
    pub(crate) fn settle(&self, reference: &Ref, result: CallResult) -> bool {
        let Some((shard, index)) = self.find_waiting(reference) else {
            return false;
        };
        CallTable::end(shard, index, result);
        true
    }

    /// Gives a call the answer in `message`, which is `{[alias | Ref], Answer}` or `{Ref, Answer}`; it
    /// comes back if it is none or comes too late.
    pub(crate) fn answer(&self, message: Encoded, budget: &Budget) -> Result<(), Encoded> {
        match answer_of(&message, budget) {
            Some((reference, at)) => self.answered(&reference, message, at),
            None => Err(message),
        }
    }

    /// Like [`CallTable::answer`], for a message that was sent to this alias.
    pub(crate) fn answer_to(
        &self,
        alias: &Ref,
        message: Encoded,
        budget: &Budget,
    ) -> Result<(), Encoded> {
        let at = behind_alias(&message).or_else(|| answer_of(&message, budget).map(|(_, at)| at));
        match at {
            Some(at) => self.answered(alias, message, at),
            None => Err(message),
        }
    }

    fn answered(&self, reference: &Ref, message: Encoded, at: usize) -> Result<(), Encoded> {
        let Some((shard, index)) = self.find_waiting(reference) else {
            return Err(message);
        };
        CallTable::end(shard, index, Ok(message.into_starting_at(at)));
        Ok(())
    }

    fn end(mut shard: MutexGuard<'_, Shard>, index: usize, result: CallResult) {
        let waker = shard.end(index, result);
        drop(shard);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// All calls to a lost node fail.
    pub(crate) fn node_down(&self, node: Atom) {
        for number in 0..SHARDS as u32 {
            let mut shard = self.shard(number);
            let mut wakers = Vec::new();
            for index in 0..shard.places.len() {
                if matches!(&shard.places[index], Place::Waiting { node: on, .. } if *on == node) {
                    wakers.extend(shard.end(index, Err(CallFailure::NodeDown)));
                }
            }
            drop(shard);
            wakers.into_iter().for_each(Waker::wake);
        }
    }
}

/// Where the answer begins in `{[alias | Ref], Answer}` as nodes write it today. To whom the alias
/// belongs is known from elsewhere.
fn behind_alias(message: &Encoded) -> Option<usize> {
    let bytes: &[u8] = message.as_whole()?;
    let atoms = message.atoms().as_slice();
    let [
        SMALL_TUPLE,
        2,
        LIST,
        0,
        0,
        0,
        1,
        ATOM_CACHE_REF,
        alias,
        NEWER_REFERENCE,
        0,
        words @ 1..=5,
        ATOM_CACHE_REF,
        node,
        ..,
    ] = *bytes
    else {
        return None;
    };
    let alias = atoms.get(usize::from(alias))?;
    // Its creation and its words.
    let at = 14 + 4 + 4 * usize::from(words);
    let is_one = *alias == Atom::ALIAS && usize::from(node) < atoms.len() && at < bytes.len();
    is_one.then_some(at)
}

/// The reference that an answer carries, and where the answer begins.
fn answer_of(message: &Encoded, budget: &Budget) -> Option<(Ref, usize)> {
    // Most messages to a pid are no answers: their first element tells.
    if !message.may_be_pair_of_reference() {
        return None;
    }
    let mut from = message.decoder(budget);
    if from.kind().ok()? != Kind::Tuple || from.tuple().ok()? != 2 {
        return None;
    }
    let reference = super::tag::read_from(&mut from)?.reference();
    Some((reference, from.position()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Node, term};

    fn answer(number: u8) -> CallResult {
        Ok(Encoded::from_value(&number).unwrap())
    }

    fn poll(node: &LocalNode, call: &Ref) -> Option<u8> {
        let cx = &mut Context::from_waker(Waker::noop());
        match node.calls().poll_take(call, cx) {
            Poll::Ready(Ok(answer)) => Some(answer.decode(&Budget::default()).unwrap()),
            Poll::Ready(Err(failure)) => panic!("{failure:?}"),
            Poll::Pending => None,
        }
    }

    #[test]
    fn each_call_gets_its_own_end_once() {
        let (node, there) = (Node::alone(), Atom::new("calls@there"));
        let calls: Vec<Ref> = (0..200).map(|_| node.begin_call(there)).collect();
        assert_eq!(node.calls().len(), 200);
        for (number, call) in (0..).zip(&calls) {
            assert!(node.calls().waits_on(call, there) && poll(&node, call).is_none());
            assert!(!node.calls().waits_on(call, node.name()));
            assert!(node.calls().settle(call, answer(number)));
            assert!(!node.calls().settle(call, answer(0)) && !node.calls().contains(call));
        }
        assert_eq!(node.calls().len(), 0);
        for (number, call) in (0..).zip(&calls) {
            assert_eq!((poll(&node, call), poll(&node, call)), (Some(number), None));
        }
    }

    #[test]
    fn an_answer_begins_behind_its_alias() {
        let reference = |words: &[u32]| Ref::new(Atom::new("calls@here"), 4, words).unwrap();
        for alias in [
            reference(&[1]),
            reference(&[1, 2, 3]),
            reference(&[1, 2, 3, 4, 5]),
        ] {
            let answer = Encoded::for_link(&term!({ [alias | (alias)], { answer, 1 } })).unwrap();
            let expected = answer_of(&answer, &Budget::default());
            assert_eq!(expected.map(|(found, _)| found), Some(alias));
            assert_eq!(behind_alias(&answer), expected.map(|(_, at)| at));
            for end in 0..answer.bytes().len() {
                let cut = Encoded::new(answer.bytes().slice(..end), answer.atoms().clone());
                let at = behind_alias(&cut);
                assert!(at.is_none_or(|at| at < end), "{at:?} of {end}");
            }
            for other in [
                term!({ [other | (alias)], 1 }),
                term!({ (alias), 1 }),
                term!(alias),
            ] {
                assert_eq!(behind_alias(&Encoded::for_link(&other).unwrap()), None);
            }
        }
    }

    #[test]
    fn a_place_is_used_again_and_no_older_reference_finds_it() {
        let (node, there) = (Node::alone(), Atom::new("calls@there"));
        let old: Vec<Ref> = (0..SHARDS).map(|_| node.begin_call(there)).collect();
        assert!(old.iter().all(|call| node.calls().remove(call)));
        let new: Vec<Ref> = (0..SHARDS).map(|_| node.begin_call(there)).collect();
        for (old, new) in old.iter().zip(&new) {
            assert_eq!(old.words()[2], new.words()[2]);
            assert!(!node.calls().settle(old, answer(1)) && !node.calls().remove(old));
            assert!(node.calls().contains(new));
        }
        assert!(!node.calls().contains(&node.make_ref()));
    }

    #[test]
    fn calls_to_a_lost_node_fail_and_what_is_abandoned_leaves_nothing() {
        let node = Node::alone();
        let [lost, other] = ["lost@calls", "other@calls"].map(Atom::new);
        let calls: Vec<Ref> = (0..2000)
            .map(|n| node.begin_call(if n % 2 == 0 { lost } else { other }))
            .collect();
        node.calls().node_down(lost);
        assert_eq!(node.calls().len(), 1000);
        for (n, call) in calls.iter().enumerate() {
            assert_eq!(node.calls().remove(call), n % 2 == 1);
        }
        let shards = node.calls().shards.iter();
        let places = shards.map(|shard| shard.lock().unwrap().places.len());
        assert!(places.sum::<usize>() <= SHARDS * KEPT);
    }
}
