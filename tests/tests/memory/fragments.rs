//! What a message costs that arrives in fragments.

use bytes::{BufMut, BytesMut};
use ergo::dist::{DistFlags, Received, Receiver};
use ergo::etf::Encoded;

use super::*;

/// What OTP puts into a fragment.
const FRAGMENT: usize = 64 << 10;

/// Has a link's receiver take so many fragments of a message, of `FRAGMENT` bytes each but for the last one. Gives what
/// that has cost in all and at most, and the message if it is whole.
fn take_fragments(announced: u64, taken: u64, last: usize) -> (i64, i64, Option<Encoded>) {
    let name = unique_node("pieces");
    let flags = DistFlags::from_bits(WITH_HEADER);
    let peer = Atom::new(&name);
    let mut whole = None;
    let counted = measure(|| {
        let mut receiver = Receiver::new(peer, flags, 1 << 30);
        let mut input = BytesMut::new();
        for index in 0..taken {
            let payload = vec![106; if index + 1 == taken { last } else { FRAGMENT }];
            let number = announced - index;
            let frame = match index {
                0 => first_of(announced, &name, 1, &payload),
                _ => {
                    let numbers = [1, number].map(u64::to_be_bytes).concat();
                    [&[131, 70], &numbers[..], &payload].concat()
                }
            };
            input.put_u32(frame.len().try_into().unwrap());
            input.extend_from_slice(&frame);
            match receiver.receive(&mut input).unwrap() {
                None => {}
                Some(Received::Message(_, payload)) => whole = payload,
                other => panic!("{other:?}"),
            }
        }
    });
    let peak = counted.bytes_max.try_into().unwrap();
    (counted.bytes_current, peak, whole)
}

#[test]
fn a_message_in_fragments_takes_at_most_twice_its_size() {
    // Around a power of two, past which a buffer that doubles would be twice as large as it need be.
    for count in [2, 16, 17, 100, 255, 256, 257, 1000] {
        for last in [1, 100, FRAGMENT] {
            let (held, peak, whole) = take_fragments(count, count, last);
            let len = (count as usize - 1) * FRAGMENT + last;
            assert_eq!(whole.expect("it is whole").bytes().len(), len);
            let len = i64::try_from(len).unwrap();
            assert!(peak <= 2 * len + 5 * BUSY, "{peak} for {len}");
            // The room for a whole fragment where the last one is a small one.
            assert!(held <= len + 2 * BUSY, "{held} for {len}");
        }
    }
}

#[test]
fn fragments_that_are_announced_cost_nothing() {
    for announced in [1_001, 1 << 40, u64::MAX] {
        for taken in [1, 2, 3, 100, 1_000] {
            let (held, peak, whole) = take_fragments(announced, taken, FRAGMENT);
            assert!(whole.is_none());
            assert!(held <= TABLES, "{held} are left");
            let come = i64::try_from(taken).unwrap() * FRAGMENT as i64;
            // What has come, moved to where there is room for as much again.
            assert!(peak <= 3 * come + 5 * BUSY, "{peak} for {come}");
        }
    }
}
