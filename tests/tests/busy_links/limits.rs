//! What a peer that does not read costs: no more than the limits, and nobody but itself.

use ergo::gen_server::CallError;
use ergo::node::NodeBuilder;
use tests::{allocation_counter, until, within};
use tokio::sync::mpsc;

use crate::stalled::*;

#[tokio::test]
async fn nobody_else_is_disturbed() {
    let stalled = Stalled::start().await;
    let other = stalled.cluster.node().await;
    let (sender, _seen) = mpsc::unbounded_channel();
    let there = Flood::start(&other, String::new(), sender).name("there");
    there.await.unwrap();
    answers(&stalled.node, "there", other.name().as_str()).await;
    stalled.fill();
    for _ in 0..100 {
        answers(&stalled.node, "there", other.name().as_str()).await;
    }
    // And what the stalled peer sends is heard.
    let (sender, _seen) = mpsc::unbounded_channel();
    let here = Flood::start(&stalled.node, String::new(), sender).name("here");
    here.await.unwrap();
    answers(&other, "here", stalled.node.name().as_str()).await;
}

#[tokio::test]
async fn messages_beyond_the_hard_limit_are_counted() {
    let limit = STALL as usize * MIB;
    let stalled =
        Stalled::with(|builder| builder.dist_buf_busy_limit(MIB).dist_buf_hard_limit(limit)).await;
    for number in 0..2 * STALL {
        stalled.node.send(stalled.sink(), &text(number)).unwrap();
    }
    let refused = stalled.node.undelivered().link_full;
    assert!((STALL / 2..=STALL + 1).contains(&refused), "{refused}");
    // A call that is sent without waiting for room fails, and leaves nothing behind.
    let sink = FloodRef::named(&stalled.node, "sink", &stalled.name);
    let node = stalled.name.as_str().into();
    assert_eq!(
        sink.length(text(0)).send().await,
        Err(CallError::LinkFull { node })
    );
    assert_eq!(stalled.node.census().calls, 0);
    // What was taken is what came first, in its order.
    stalled.reads(0..2 * STALL - refused).await;
}

#[test]
fn the_memory_of_a_burst_is_bounded_and_given_back() {
    const LIMIT: usize = 8 * MIB;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let stalled = runtime.block_on(Stalled::with(|builder| builder.dist_buf_hard_limit(LIMIT)));
    let node = stalled.node.clone();
    let mut read = None;
    // All tasks of the node run on this thread, and the peer on another.
    let used = allocation_counter::measure(|| {
        runtime.block_on(async {
            stalled.fill();
            let taken = STALL - node.undelivered().link_full;
            assert!(taken < STALL);
            read = Some(stalled.reads(0..taken).await);
        });
    });
    // Two for the message that is being made; a buffer may be twice as large as what is in it.
    assert!(used.bytes_max < (2 * LIMIT + 2 * MIB) as u64, "{used:?}");
    assert!(used.bytes_current < 1 << 18, "{used:?}");
}

#[tokio::test]
async fn a_peer_that_pings_and_does_not_read_keeps_nobody_from_pinging() {
    let mut stalled = Stalled::start().await;
    let other = stalled.cluster.node().await;
    stalled.fill();
    stalled.peer.frame(&is_auth(&stalled.name));
    let kernel = stalled.node.whereis("net_kernel").unwrap();
    let handled = || stalled.node.process_info(&kernel).unwrap().messages_handled;
    until(|| handled() == 1).await;
    assert!(other.ping(stalled.node.name().as_str()).await);
}

/// The call of a ping, `{reg_send, From, '', net_kernel}`, as the peer of this name sends it.
fn is_auth(name: &str) -> Vec<u8> {
    let mut atom = vec![119, u8::try_from(name.len()).unwrap()];
    atom.extend_from_slice(name.as_bytes());
    let mut pid = [&[88], &atom[..], &[0, 0, 0, 1, 0, 0, 0, 0]].concat();
    pid.extend_from_slice(&tests::peer::CREATION.to_be_bytes());
    let control = [
        &[131, 104, 4, 97, 6],
        &pid[..],
        &[119, 0, 119, 10],
        b"net_kernel",
    ]
    .concat();
    let head = [&[131, 104, 3, 119, 9], &b"$gen_call"[..]].concat();
    let request = [&[104, 2, 119, 7], &b"is_auth"[..], &atom].concat();
    [
        &[112],
        &control[..],
        &head,
        &[104, 2],
        &pid,
        &[97, 1],
        &request,
    ]
    .concat()
}

/// `{MONITOR_P, From, nobody, Ref}` as the peer of this name sends it.
fn monitor(name: &str, number: u32) -> Vec<u8> {
    let mut atom = vec![119, u8::try_from(name.len()).unwrap()];
    atom.extend_from_slice(name.as_bytes());
    let creation = tests::peer::CREATION.to_be_bytes();
    let mut frame = vec![112, 131, 104, 4, 97, 19, 88];
    frame.extend_from_slice(&atom);
    frame.extend_from_slice(&[0, 0, 0, 1, 0, 0, 0, 0]);
    frame.extend_from_slice(&creation);
    frame.extend_from_slice(&[119, 6]);
    frame.extend_from_slice(b"nobody");
    frame.extend_from_slice(&[90, 0, 1]);
    frame.extend_from_slice(&atom);
    frame.extend_from_slice(&creation);
    frame.extend_from_slice(&number.to_be_bytes());
    frame
}

#[tokio::test]
async fn a_peer_that_asks_and_never_reads_the_answers_loses_its_link() {
    let limits = |builder: NodeBuilder| {
        builder
            .dist_buf_busy_limit(1 << 14)
            .dist_buf_hard_limit(1 << 20)
    };
    let stalled = Stalled::with(limits).await;
    let other = stalled.cluster.node().await;
    let (sender, _seen) = mpsc::unbounded_channel();
    let there = Flood::start(&other, String::new(), sender).name("there");
    there.await.unwrap();
    answers(&stalled.node, "there", other.name().as_str()).await;

    let Stalled {
        node,
        mut peer,
        name,
        ..
    } = stalled;
    let flooding = tokio::task::spawn_blocking({
        let name = name.clone();
        move || {
            // Until the node closes the connection, which must be before the answers fill its memory.
            for batch in 0..1000 {
                let mut frames = Vec::new();
                for number in 0..1000 {
                    let frame = monitor(&name, batch * 1000 + number);
                    frames.extend_from_slice(&u32::try_from(frame.len()).unwrap().to_be_bytes());
                    frames.extend_from_slice(&frame);
                }
                if !peer.try_send(&frames) {
                    return true;
                }
            }
            false
        }
    });
    assert!(within(flooding).await.unwrap(), "it could send a million");
    until(|| !node.hidden_nodes().contains(&name.as_str().into())).await;
    assert!(node.nodes().contains(&other.name()));
    answers(&node, "there", other.name().as_str()).await;
    until(|| node.census().remotes == 0).await;
}
