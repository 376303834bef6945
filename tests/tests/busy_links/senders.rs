//! How those who send to a busy link learn of it: processes wait, and others may.

use std::time::Duration;

use ergo::gen_server::{CallError, CastError};
use ergo::prelude::*;
use ergo::process::SendError;
use tests::{until, within};
use tokio::sync::mpsc;

use crate::stalled::*;

#[tokio::test]
async fn a_server_is_suspended_between_callbacks_until_the_peer_reads() {
    let stalled = Stalled::start().await;
    let (flood, mut seen) = stalled.flooder().await;
    let pid = flood.pid().unwrap();
    flood.flood(0, STALL);
    flood.flood(STALL, 1);
    flood.flood(STALL + 1, 1);
    assert_eq!(within(seen.recv()).await, Some(0));
    stalled.is_suspended(pid).await;
    let info = stalled.node.process_info(&pid).unwrap();
    assert_eq!(info.message_queue_len, 2);
    // As in Erlang, whatever is asked of it waits.
    let asked = flood.ask(1).timeout(Duration::from_millis(20)).await;
    assert_eq!(asked, Err(CallError::Timeout));
    assert!(seen.try_recv().is_err());

    let stalled = stalled.reads(0..STALL + 2).await;
    assert_eq!(within(seen.recv()).await, Some(STALL));
    assert_eq!(within(seen.recv()).await, Some(STALL + 1));
    assert_eq!(flood.ask(2).no_timeout().await, Ok(2));
    assert_eq!(stalled.node.undelivered(), Default::default());
}

#[tokio::test]
async fn what_a_server_goes_on_with_waits_too() {
    let stalled = Stalled::start().await;
    let (flood, mut seen) = stalled.flooder().await;
    flood.flood_and_go_on();
    assert_eq!(within(seen.recv()).await, Some(0));
    stalled.is_suspended(flood.pid().unwrap()).await;
    assert!(seen.try_recv().is_err());
    stalled.reads(0..STALL + 1).await;
    assert_eq!(within(seen.recv()).await, Some(STALL));
}

#[tokio::test]
async fn an_exit_signal_ends_a_suspended_process() {
    let stalled = Stalled::start().await;
    for trap in [false, true] {
        let (flood, mut seen) = stalled.flooder().await;
        let pid = flood.pid().unwrap();
        if trap {
            flood.trap();
        }
        flood.flood(0, STALL);
        assert_eq!(within(seen.recv()).await, Some(0));
        stalled.is_suspended(pid).await;
        let reason = if trap { Reason::Kill } else { Reason::Shutdown };
        stalled.node.exit(pid, reason);
        until(|| !stalled.node.is_alive(&pid)).await;
    }
}

#[tokio::test]
async fn the_loss_of_the_link_resumes_a_process() {
    let stalled = Stalled::start().await;
    let (flood, mut seen) = stalled.flooder().await;
    flood.flood(0, STALL);
    assert_eq!(within(seen.recv()).await, Some(0));
    stalled.is_suspended(flood.pid().unwrap()).await;
    drop(stalled.peer);
    assert_eq!(flood.ask(1).no_timeout().await, Ok(1));
}

#[tokio::test]
async fn a_plain_process_is_suspended_where_it_receives() {
    let stalled = Stalled::start().await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let to = stalled.name.clone();
    let pid = stalled.node.spawn(async move |mut ctx| {
        for number in 0..STALL {
            ctx.send(("sink", to.as_str()), &text(number)).unwrap();
        }
        sender.send(None).unwrap();
        // The time runs from when it goes on: the message is there by then.
        let received = ctx.receive_timeout(Duration::ZERO).await;
        sender.send(received).unwrap();
    });
    assert_eq!(within(seen.recv()).await, Some(None));
    stalled.is_suspended(pid).await;
    stalled.node.send(pid, &1).unwrap();
    assert!(seen.try_recv().is_err());
    stalled.reads(0..STALL).await;
    let received = within(seen.recv()).await.unwrap().expect("the message");
    assert_eq!(received.into_message(), Ok(Term::from(1)));
}

#[tokio::test]
async fn who_will_not_wait_is_told() {
    let stalled = Stalled::start().await;
    let sink = FloodRef::named(&stalled.node, "sink", &stalled.name);
    stalled.fill();
    let busy = SendError::Busy {
        node: stalled.name.as_str().into(),
    };
    assert_eq!(stalled.node.try_send(stalled.sink(), &1), Err(busy.clone()));
    let cast = sink.try_cast(FloodMessage::Trap);
    assert!(matches!(cast, Err(CastError::Busy(FloodMessage::Trap))));
    let to = stalled.name.clone();
    let in_process = tests::run(&stalled.node, async move |ctx| {
        ctx.try_send(("sink", to.as_str()), &1)
    });
    assert_eq!(in_process.await, Err(busy));
    // Nothing of it was sent, or counted.
    let node = stalled.node.clone();
    let stalled = stalled.reads(0..STALL).await;
    until(|| node.try_send(stalled.sink(), &text(STALL)).is_ok()).await;
    stalled.reads(STALL..STALL + 1).await;
    assert_eq!(node.undelivered(), Default::default());
}

#[tokio::test]
async fn local_receivers_are_told_of_too() {
    let node = Node::alone();
    assert_eq!(node.try_send("nobody", &1), Err(SendError::NoProc));
    let pid = node.spawn(async |mut ctx| {
        ctx.receive().await;
    });
    assert_eq!(node.try_send(pid, &1), Ok(()));
    until(|| !node.is_alive(&pid)).await;
    assert_eq!(node.try_send(pid, &1), Err(SendError::NoProc));
    assert_eq!(node.undelivered(), Default::default());
}

#[tokio::test]
async fn a_task_waits_for_room() {
    let stalled = Stalled::start().await;
    stalled.fill();
    let node = stalled.node.clone();
    let name = stalled.name.clone();
    let mut sending = tokio::spawn(async move {
        for number in STALL..3 * STALL {
            node.suspend_while_busy(name.as_str()).await;
            node.send(("sink", name.as_str()), &text(number)).unwrap();
        }
    });
    let early = tokio::time::timeout(Duration::from_millis(50), &mut sending).await;
    assert!(early.is_err(), "it waits");
    let stalled = stalled.reads(0..3 * STALL).await;
    within(sending).await.unwrap();
    // There is nothing to wait for.
    within(stalled.node.suspend_while_busy(stalled.name.as_str())).await;
    within(stalled.node.suspend_while_busy("nobody@nowhere")).await;
    assert_eq!(stalled.node.undelivered(), Default::default());
}

#[tokio::test]
async fn a_call_waits_for_room_within_its_time() {
    let stalled = Stalled::start().await;
    stalled.fill();
    let sink = FloodRef::named(&stalled.node, "sink", &stalled.name);
    let late = sink.ask(1).timeout(Duration::from_millis(20)).await;
    assert_eq!(late, Err(CallError::Timeout));
    assert_eq!(stalled.node.census().calls, 0);
    let calling = tokio::spawn(async move { sink.ask(2).no_timeout().await });
    let mut stalled = stalled.reads(0..STALL).await;
    // The first call was never sent: the next frames are the monitor and the request of the second.
    let reading = tokio::task::spawn_blocking(move || {
        let frames = [stalled.peer.read_frame(), stalled.peer.read_frame()];
        (stalled, frames)
    });
    let (stalled, [monitor, request]) = within(reading).await.unwrap();
    assert!(
        monitor.windows(3).any(|bytes| bytes == [97, 19, 88]),
        "{monitor:?}"
    );
    assert!(request.ends_with(&[97, 2]), "{request:?}");
    drop(stalled.peer);
    let node = stalled.name.as_str().into();
    assert_eq!(
        within(calling).await.unwrap(),
        Err(CallError::NodeDown { node })
    );
}
