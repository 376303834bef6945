//! Messages in fragments: their order in the stream, and what a changed order does.

use super::*;

fn flags() -> DistFlags {
    DistFlags::recommended()
}

fn sender() -> Sender {
    Sender::new(flags()).with_fragments_of(10)
}

fn text(letter: char, fragments: usize) -> Encoded {
    // With its header the text fills whole fragments.
    message(&letter.to_string().repeat(10 * fragments - 5))
}

/// The frames of a message in so many fragments.
fn frames(fragments: usize) -> Vec<Bytes> {
    let mut stream = stream(sender(), &[(send(1, 2), Some(text('x', fragments)))]);
    let frames: Vec<Bytes> = std::iter::from_fn(|| next_frame(&mut stream)).collect();
    assert_eq!(frames.len(), fragments);
    frames
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(count - 1).into_iter();
    let with = |order: Vec<usize>| {
        (0..count).map(move |at| {
            let mut order = order.clone();
            order.insert(at, count - 1);
            order
        })
    };
    shorter.flat_map(with).collect()
}

#[test]
fn only_one_order_of_fragments_is_taken() {
    let frames = frames(5);
    let mut taken = 0;
    for order in permutations(frames.len()) {
        let stream: Vec<u8> = order.iter().flat_map(|at| frames[*at].to_vec()).collect();
        let read = Reader::new(flags()).read(&stream);
        if order.is_sorted() {
            taken += 1;
            assert_eq!(read.unwrap().len(), 1);
        } else {
            let error = read.unwrap_err();
            let expected = if order[0] == 0 {
                "due"
            } else {
                "belongs to no message"
            };
            assert!(error.to_string().contains(expected), "{order:?}: {error}");
        }
    }
    assert_eq!(taken, 1);
}

#[test]
fn missing_and_repeated_fragments_end_the_link() {
    let frames = frames(4);
    for changed in 0..frames.len() {
        let repeated = frames[..=changed].iter().chain(&frames[changed..]);
        let stream: Vec<u8> = repeated.flat_map(|frame| frame.to_vec()).collect();
        let read = Reader::new(flags()).read(&stream);
        assert!(matches!(read, Err(ProtocolError::Fragment(_))), "{read:?}");
        let without = frames[..changed].iter().chain(&frames[changed + 1..]);
        let stream: Vec<u8> = without.flat_map(|frame| frame.to_vec()).collect();
        let read = Reader::new(flags()).read(&stream);
        if changed == frames.len() - 1 {
            assert_eq!(read, Ok(vec![]), "it is not complete");
        } else {
            assert!(matches!(read, Err(ProtocolError::Fragment(_))), "{read:?}");
        }
    }
}

/// Who sent the messages that arrive, by their first letters.
fn arrivals(sender: &mut Sender) -> String {
    let terms = Reader::new(flags()).terms(&drain(sender));
    let letter = |term: &Term| match term {
        Term::Binary(bytes) => char::from(bytes[0]),
        other => panic!("{other}"),
    };
    terms.iter().map(letter).collect()
}

#[test]
fn small_messages_of_others_overtake_large_ones() {
    let mut sender = sender();
    sender.push(&send(1, 9), Some(&text('L', 100))).unwrap();
    sender.push(&send(2, 9), Some(&message("s"))).unwrap();
    sender.push(&send(1, 9), Some(&message("l"))).unwrap();
    sender.push(&send(3, 9), Some(&message("t"))).unwrap();
    assert_eq!(arrivals(&mut sender), "stLl");
}

#[test]
fn large_messages_take_turns() {
    let mut sender = sender();
    for (from, letter, fragments) in [(1, 'A', 50), (2, 'B', 5), (3, 'C', 30), (1, 'a', 2)] {
        let payload = text(letter, fragments);
        sender.push(&send(from, 9), Some(&payload)).unwrap();
    }
    let mut stream = drain(&mut sender);
    let numbers = |frame: Bytes| {
        let sequence = u64::from_be_bytes(frame[6..14].try_into().unwrap());
        let number = u64::from_be_bytes(frame[14..22].try_into().unwrap());
        (sequence, number)
    };
    let order: Vec<_> = std::iter::from_fn(|| next_frame(&mut stream))
        .map(numbers)
        .collect();
    let (a, b, c) = (1, 2, 3);
    let turns = [(a, 50), (b, 5), (c, 30), (a, 49), (b, 4), (c, 29), (a, 48)];
    assert_eq!(order[..turns.len()], turns);
    assert_eq!(
        order[order.len() - 2..],
        [(4, 2), (4, 1)],
        "`a` waits for `A`"
    );
    assert_eq!(order.len(), 50 + 5 + 30 + 2);
}

#[test]
fn what_names_no_sender_waits_for_all() {
    let down = Control::MonitorExit {
        from: Target::Name(Atom::new("kv")),
        to: peer_pid(9),
        reference: reference(1),
    };
    let mut sender = sender();
    sender.push(&send(1, 9), Some(&text('A', 20))).unwrap();
    sender.push(&send(2, 9), Some(&message("b"))).unwrap();
    sender.push(&send(3, 9), Some(&text('C', 10))).unwrap();
    sender.push(&down, Some(&message("d"))).unwrap();
    // It may be of the process that has ended: it does not overtake.
    sender.push(&send(4, 9), Some(&message("e"))).unwrap();
    assert_eq!(arrivals(&mut sender), "bCAde");

    // A large one of nobody knows whom lets none pass.
    let mut sender = self::sender();
    sender.push(&down, Some(&text('D', 10))).unwrap();
    sender.push(&send(1, 9), Some(&text('A', 2))).unwrap();
    sender.push(&down, Some(&message("d"))).unwrap();
    sender.push(&send(2, 9), Some(&message("b"))).unwrap();
    assert_eq!(arrivals(&mut sender), "DAdb");
}

#[test]
fn signals_keep_their_place_among_the_messages_of_their_process() {
    let link = Control::Link {
        from: pid(1),
        to: peer_pid(9),
    };
    let exit = Control::Exit {
        from: pid(1),
        to: peer_pid(9),
    };
    let mut sender = sender();
    sender.push(&send(1, 9), Some(&text('A', 20))).unwrap();
    sender.push(&link, None).unwrap();
    sender.push(&exit, Some(&text('x', 3))).unwrap();
    sender
        .push(&send(2, 9), None.or(Some(&message("b"))))
        .unwrap();
    let seen = Reader::new(flags()).read(&drain(&mut sender)).unwrap();
    let operations: Vec<&str> = seen.iter().map(|text| &text[..4]).collect();
    assert_eq!(operations, ["Send", "Send", "Link", "Exit"]);
}

#[test]
fn large_messages_go_on_however_many_small_ones_are_pushed() {
    let mut sender = Sender::new(flags());
    let large = message(&Bytes::from(vec![7; 1 << 20]));
    sender.push(&send(1, 9), Some(&large)).unwrap();
    let small = message(&vec![0_u8; 1_000]);
    let mut reader = Reader::new(flags());
    let mut rounds = 0;
    loop {
        // More than is taken at once.
        for _ in 0..600 {
            sender.push(&send(2, 9), Some(&small)).unwrap();
        }
        let mut chunks = Vec::new();
        sender.take(&mut chunks);
        rounds += 1;
        let large = |term: &Term| matches!(term, Term::Binary(bytes) if bytes.len() == 1 << 20);
        if reader.terms(&chunks.concat()).iter().any(large) {
            break;
        }
        assert!(rounds < 20, "it does not get on");
    }
}

#[test]
fn payloads_around_the_size_of_a_fragment_arrive() {
    // A binary has a header of 5 bytes.
    for len in [65_530, 65_531, 65_532, 131_067, 131_068, 1 << 20] {
        let mut sender = Sender::new(flags());
        let blob = Bytes::from(vec![7; len]);
        sender.push(&send(1, 9), Some(&message(&blob))).unwrap();
        let mut stream = drain(&mut sender);
        let expected = (len + 5).div_ceil(1 << 16);
        let whole = stream.clone();
        assert_eq!(
            std::iter::from_fn(|| next_frame(&mut stream)).count(),
            expected
        );
        assert!(Reader::new(flags()).terms(&whole) == [Term::from(blob)]);
    }
}
