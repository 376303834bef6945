//! What is written and read in one go is what the long way writes and reads.

use super::controls::all;
use super::*;
use crate::dist::control::brief::{self, Brief, FEW};

/// Messages that all have this payload, if they have one.
fn messages(payload: &Encoded) -> Vec<(Control, Option<Encoded>)> {
    let with = |(control, old): (Control, Option<Encoded>)| {
        let payload = old.map(|_| payload.clone());
        (control, payload)
    };
    all().into_iter().map(with).collect()
}

#[test]
fn frames_are_the_same_either_way() {
    let atoms: Vec<Atom> = (0..=FEW)
        .map(|i| Atom::new(&format!("brief {i}")))
        .collect();
    for (release, flags) in releases() {
        let [mut brief, mut long] = [Sender::new(flags), Sender::new(flags).at_length()];
        // The peer knows some of the atoms, then all of them.
        for count in [0, 1, 0, 3, FEW, FEW + 1, 2, FEW] {
            for (control, payload) in &messages(&message(&atoms[..count])) {
                let pushed = [&mut brief, &mut long].map(|sender| {
                    let pushed = sender.push(control, payload.as_ref());
                    (pushed.is_ok(), drain(sender))
                });
                assert_eq!(pushed[0], pushed[1], "to OTP {release}: {control:?}");
            }
        }
    }
}

#[test]
fn control_messages_are_the_same_either_way() {
    let name = Atom::new("brief name");
    let long = Ref::new(us(), 4, &[1, 2, 3, 4, 5]).unwrap();
    let of_a_name = Control::Monitor {
        from: pid(1),
        to: Target::Name(name),
        reference: long,
    };
    let mut read = 0;
    let all = all().into_iter().map(|(control, _)| control);
    for control in all.chain([of_a_name]) {
        let flags = DistFlags::recommended();
        let mut written = Brief::default();
        if written.write(&control, flags, &[name]).is_none() {
            continue;
        }
        let (bytes, atoms) = (written.as_slice(), written.atoms());
        let behind = [bytes, b"and a payload"].concat();
        let (found, length) = brief::read(&behind, atoms).unwrap();
        let (expected, _, end) = Control::decode(&behind, &atoms.into()).unwrap();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        assert_eq!((length, end), (bytes.len(), bytes.len()));
        for cut in 0..bytes.len() {
            assert!(
                brief::read(&bytes[..cut], atoms).is_none(),
                "{control:?} to {cut}"
            );
        }
        // An atom that the header does not name.
        assert!(brief::read(bytes, &atoms[..atoms.len() - 1]).is_none());
        read += 1;
    }
    assert_eq!(read, 8);
}
