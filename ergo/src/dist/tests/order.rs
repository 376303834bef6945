//! Erlang's order, whatever is sent: any interleaving of large and small messages of many senders.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// A message of a sender, or of nobody knows whom, of so many bytes.
    Push(Option<u32>, usize),
    /// The writer takes something.
    Take,
}

fn step() -> impl Strategy<Value = Step> {
    let from = prop_oneof![12 => (0..6_u32).prop_map(Some), 1 => Just(None)];
    let size = prop_oneof![4 => 0..20_usize, 2 => 20..400_usize, 1 => 8_000..20_000_usize];
    prop_oneof![
        6 => (from, size).prop_map(|(from, size)| Step::Push(from, size)),
        1 => Just(Step::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn messages_arrive_in_the_order_of_their_sender(
        steps in prop::collection::vec(step(), 0..80),
        fragment in 20..3_000_usize,
        cut in any::<prop::sample::Index>(),
    ) {
        let flags = DistFlags::recommended();
        let mut sender = Sender::new(flags).with_fragments_of(fragment);
        let mut pushed: Vec<(Option<u32>, usize)> = Vec::new();
        let mut chunks = Vec::new();
        for step in steps {
            match step {
                Step::Push(from, size) => {
                    let number = pushed.len();
                    let control = Control::Send { from: from.map(pid), to: peer_pid(9) };
                    let name = Atom::new(&format!("message {}", number % 20));
                    let blob = Bytes::from(vec![number as u8; size]);
                    let payload = message(&(number, name, blob));
                    sender.push(&control, Some(&payload)).unwrap();
                    pushed.push((from, size));
                }
                Step::Take => sender.take(&mut chunks),
            }
        }
        while !sender.is_empty() {
            sender.take(&mut chunks);
        }
        let stream = chunks.concat();
        let mut reader = Reader::new(flags);
        let cut = cut.index(stream.len() + 1);
        let mut terms = reader.terms(&stream[..cut]);
        terms.extend(reader.terms(&stream[cut..]));
        prop_assert_eq!(terms.len(), pushed.len());

        let mut seen = Vec::new();
        for term in terms {
            let encoded = Encoded::from_value(&term).unwrap();
            let (number, name, blob): (usize, Atom, Bytes) =
                encoded.decode(&Budget::default()).unwrap();
            prop_assert_eq!(name.as_str(), format!("message {}", number % 20));
            prop_assert_eq!(blob.len(), pushed[number].1);
            prop_assert!(blob.iter().all(|byte| *byte == number as u8));
            seen.push(number);
        }
        let mut last: HashMap<Option<u32>, usize> = HashMap::new();
        for (place, number) in seen.iter().enumerate() {
            let from = pushed[*number].0;
            let before = last.insert(from, *number);
            prop_assert!(before.is_none_or(|before| before < *number), "{seen:?}");
            // What names no sender may be anybody's.
            if from.is_none() {
                prop_assert!(seen[..place].iter().all(|other| other < number), "{seen:?}");
                prop_assert!(seen[place + 1..].iter().all(|other| other > number), "{seen:?}");
            }
        }
    }
}
