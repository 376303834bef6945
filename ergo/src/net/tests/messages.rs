//! What is sent arrives, once and in order.

use super::harness::*;
use crate::dist::{Control, Destination, SpawnFlags, Target};
use crate::etf::Encoded;
use crate::term::{Atom, Ref};

#[tokio::test]
async fn the_first_message_connects() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    a.send(b.name, 1);
    let (at_a, at_b) = (a.up().await, b.up().await);
    assert_eq!((at_a.name, at_b.name), (b.name, a.name));
    assert_eq!(at_a.creation, Some(77));
    assert!(at_a.hidden && at_b.hidden);
    assert_eq!(b.number().await, 1);
    b.send(a.name, 2);
    assert_eq!(a.number().await, 2);
    assert_eq!(a.links.peers().len(), 1);
    assert_eq!(a.links.peer(b.name).as_deref(), Some(&at_a));
    assert!(!a.has_event() && !b.has_event(), "no second link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sender_keeps_its_order_from_the_first_message_on() {
    const SENDERS: u64 = 4;
    const EACH: u64 = 2_000;
    let map = Map::default();
    let a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    let tasks = (0..SENDERS).map(|sender| {
        let (links, from, to) = (a.links.clone(), a.pid(sender as u32), b.name);
        tokio::spawn(async move {
            for number in 0..EACH {
                let control = Control::Send {
                    from: Some(from),
                    to: pid(to, 1),
                };
                links.send(to, control, Some(encoded(number)));
                if number % 100 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    b.up().await;
    let mut next = [0; SENDERS as usize];
    for _ in 0..SENDERS * EACH {
        match b.event().await {
            Event::Message(_, Control::Send { from, .. }, Some(payload)) => {
                let sender = from.unwrap().id as usize;
                assert_eq!(number_of(&payload), next[sender]);
                next[sender] += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert!(!b.has_event());
}

#[tokio::test]
async fn large_messages_arrive_whole() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    let blob: Vec<u64> = (0..300_000).map(|n| n * 7_919).collect();
    let control = Control::RegSend {
        from: a.pid(1),
        name: Atom::new("store"),
    };
    let payload = Encoded::from_value(&blob).unwrap();
    a.links.send(b.name, control, Some(payload.clone()));
    a.send(b.name, 9);
    b.up().await;
    match b.event().await {
        Event::Message(_, Control::RegSend { name, .. }, Some(arrived)) => {
            assert_eq!(name, Atom::new("store"));
            assert!(arrived.bytes() == payload.bytes());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(b.number().await, 9);
}

#[tokio::test]
async fn every_control_message_arrives_as_it_was() {
    let map = Map::default();
    let a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    let (from, to) = (a.pid(1), pid(b.name, 2));
    let reference = Ref::new(a.name, 77, &[1, 2, 3]).unwrap();
    let name = Atom::new("kv");
    let messages = [
        Control::Link { from, to },
        Control::Send {
            from: Some(from),
            to,
        },
        Control::RegSend { from, name },
        Control::AliasSend {
            from,
            alias: reference,
        },
        Control::Exit { from, to },
        Control::Exit2 {
            from,
            to: Destination::Pid(to),
        },
        Control::Exit2 {
            from,
            to: Destination::Name(name),
        },
        Control::Unlink {
            id: Some(u64::MAX),
            from,
            to,
        },
        Control::UnlinkAck { id: 1, from, to },
        Control::Monitor {
            from,
            to: Target::Name(name),
            reference,
        },
        Control::Demonitor {
            from,
            to: Target::Pid(to),
            reference,
        },
        Control::MonitorExit {
            from: Target::Pid(from),
            to,
            reference,
        },
        Control::GroupLeader { leader: from, to },
        Control::SpawnReply {
            id: reference,
            to,
            flags: SpawnFlags::default(),
            result: Err(Atom::new("notsup")),
        },
    ];
    for control in &messages {
        let payload = control.has_payload().then(|| encoded(5));
        a.links.send(b.name, control.clone(), payload);
    }
    b.up().await;
    for sent in &messages {
        match b.event().await {
            Event::Message(node, arrived, payload) => {
                assert_eq!(node, a.name);
                assert_eq!(format!("{arrived:?}"), format!("{sent:?}"));
                let expected = sent.has_payload().then_some(5);
                assert_eq!(payload.as_ref().map(number_of), expected);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_written_harms_no_other() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let mut b = Node::start("b", &map);
    a.links.connect(b.name).await.unwrap();
    a.up().await;
    b.up().await;
    a.send(b.name, 1);
    // No id, which this peer wants.
    let (from, to) = (a.pid(1), pid(b.name, 2));
    let unlink = Control::Unlink { id: None, from, to };
    a.links.send(b.name, unlink, None);
    a.send(b.name, 2);
    assert_eq!((b.number().await, b.number().await), (1, 2));
    let (node, control) = a.undeliverable().await;
    assert_eq!(node, b.name);
    assert!(matches!(control, Control::Unlink { .. }));
}
