//! Two nodes that dial each other at the same time.

use std::sync::Arc;

use tokio::sync::Barrier;

use super::harness::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_link_comes_of_it_and_nothing_is_lost() {
    for _ in 0..50 {
        let map = Map::default();
        let mut a = Node::start("a", &map);
        let mut b = Node::start("b", &map);
        let barrier = Arc::new(Barrier::new(2));
        let send = |from: &Node, to: &Node| {
            let (barrier, links) = (barrier.clone(), from.links.clone());
            let (from, to) = (from.pid(1), to.name);
            tokio::spawn(async move {
                barrier.wait().await;
                for number in 0..10 {
                    let control = crate::dist::Control::Send {
                        from: Some(from),
                        to: pid(to, 1),
                    };
                    links.send(to, control, Some(encoded(number)));
                }
            })
        };
        let (one, other) = (send(&a, &b), send(&b, &a));
        one.await.unwrap();
        other.await.unwrap();
        for node in [&mut a, &mut b] {
            node.up().await;
            for number in 0..10 {
                assert_eq!(node.number().await, number);
            }
            assert!(!node.has_event(), "one link, and it stays");
            assert_eq!(node.links.peers().len(), 1);
        }
    }
}
