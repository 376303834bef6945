//! Large binaries go from the message to the socket without being copied.

use super::*;

/// How many bytes of the chunks stand where the binary does.
fn shared(chunks: &[Bytes], binary: &Bytes) -> usize {
    let range = binary.as_ptr_range();
    let within = chunks
        .iter()
        .filter(|chunk| range.contains(&chunk.as_ptr()));
    within.map(|chunk| chunk.len()).sum()
}

fn taken(sender: &mut Sender) -> Vec<Bytes> {
    let mut chunks = Vec::new();
    while !sender.is_empty() {
        sender.take(&mut chunks);
    }
    chunks
}

#[test]
fn a_large_binary_is_written_from_where_it_is() {
    let blob = Bytes::from((0..1 << 20).map(|n: u32| n as u8).collect::<Vec<u8>>());
    let value = (Atom::OK, blob.clone(), vec![blob.slice(..100_000)], "end");
    let all = DistFlags::recommended();
    let neither = all - DistFlags::DIST_HDR_ATOM_CACHE - DistFlags::FRAGMENTS;
    for flags in [all, all - DistFlags::FRAGMENTS, neither] {
        let mut sender = Sender::new(flags);
        sender.push(&send(1, 2), Some(&message(&value))).unwrap();
        assert!(sender.queued() > blob.len() + 100_000);
        let chunks = taken(&mut sender);
        assert_eq!(shared(&chunks, &blob), blob.len() + 100_000, "{flags}");
        let copied = chunks.iter().map(Bytes::len).sum::<usize>() - blob.len() - 100_000;
        assert!(copied < 1_000, "{copied} bytes beside the binaries");
        let expected = Encoded::from_value(&value).unwrap();
        let expected: Term = expected.decode(&Budget::default()).unwrap();
        assert!(Reader::new(flags).terms(&chunks.concat()) == [expected]);
    }
}

#[test]
fn so_is_one_that_waits_for_its_turn() {
    let blob = Bytes::from(vec![7; 1 << 20]);
    let mut sender = Sender::new(DistFlags::recommended());
    for _ in 0..3 {
        sender.push(&send(1, 2), Some(&message(&blob))).unwrap();
    }
    assert_eq!(shared(&taken(&mut sender), &blob), 3 * blob.len());
}

#[test]
fn what_arrived_from_a_peer_is_decoded_without_a_copy() {
    let blob = Bytes::from(vec![7; 50_000]);
    let flags = DistFlags::recommended();
    let mut sender = Sender::new(flags);
    sender.push(&send(1, 2), Some(&message(&blob))).unwrap();
    let mut input = BytesMut::from(&drain(&mut sender)[..]);
    let mut receiver = Receiver::new(us(), flags, MAX);
    let Ok(Some(Received::Message(_, Some(arrived)))) = receiver.receive(&mut input) else {
        panic!("a message");
    };
    let decoded: Bytes = arrived.decode(&Budget::default()).unwrap();
    assert_eq!(shared(&[decoded], arrived.bytes()), blob.len());
}

#[test]
fn a_message_with_large_binaries_is_decoded_here_too() {
    let blob = Bytes::from(vec![7; 100_000]);
    let encoded = message(&(Atom::OK, blob.clone(), 5_u8, blob.clone()));
    let (ok, first, five, second): (Atom, Bytes, u8, Bytes) =
        encoded.decode(&Budget::default()).unwrap();
    assert_eq!((ok, five), (Atom::OK, 5));
    assert!(first == blob && second == blob);
    // As a part of a value that is kept as one piece.
    let whole = Encoded::from_value(&(1_u8, encoded)).unwrap();
    let plain = (1_u8, (Atom::OK, blob.clone(), 5_u8, blob));
    assert!(whole.bytes() == Encoded::from_value(&plain).unwrap().bytes());
}

#[test]
fn a_take_is_bounded() {
    let blob = Bytes::from(vec![7; 10 << 20]);
    let all = DistFlags::recommended();
    for flags in [all, all - DistFlags::FRAGMENTS] {
        let mut sender = Sender::new(flags);
        for from in 0..4 {
            sender.push(&send(from, 2), Some(&message(&blob))).unwrap();
        }
        for _ in 0..40_000 {
            sender.push(&send(9, 2), Some(&message("small"))).unwrap();
        }
        while !sender.is_empty() {
            let mut chunks = Vec::new();
            let before = sender.queued();
            sender.take(&mut chunks);
            let len: usize = chunks.iter().map(Bytes::len).sum();
            assert!(len > 0 && len <= 400 << 10, "{len}");
            // Only the heads of fragments are not counted before they are written.
            let gone = before - sender.queued();
            assert!(gone <= len && len - gone < 200, "{gone} of {len}");
        }
    }
}
