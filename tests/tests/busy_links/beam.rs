//! A BEAM that reads nothing for a while, and one that sends to a slow process.

use ergo::gen_server::CastError;
use ergo::process::ProcessStatus;
use tests::{Cluster, until, within};
use tokio::sync::mpsc;

use crate::stalled::*;

#[tokio::test]
async fn a_stopped_beam_gets_all_in_order_when_it_goes_on() {
    const MANY: u64 = 3 * STALL;
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    let collect = "register(sink, spawn(fun() ->
            Collect = fun Collect(Ns) ->
                receive
                    {all, Many, From} when length(Ns) >= Many -> From ! {all, lists:reverse(Ns)};
                    <<N:8/binary, _/binary>> -> Collect([binary_to_integer(N) | Ns])
                end
            end,
            Collect([])
        end)), ok.";
    erl.eval(collect).await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let flood = Flood::start(&node, erl.name().to_owned(), sender);
    let flood = flood.await.unwrap();
    assert!(node.ping(erl.name()).await);

    erl.suspend();
    for from in 0..MANY / STALL {
        flood.flood(from * STALL, STALL);
    }
    assert_eq!(within(seen.recv()).await, Some(0));
    let pid = flood.pid().unwrap();
    until(|| node.process_info(&pid).unwrap().status == ProcessStatus::Suspended).await;
    assert!(seen.try_recv().is_err());
    let sink = FloodRef::named(&node, "sink", erl.name());
    assert!(matches!(
        sink.try_cast(FloodMessage::Trap),
        Err(CastError::Busy(_))
    ));

    erl.resume();
    for from in 1..MANY / STALL {
        assert_eq!(within(seen.recv()).await, Some(from * STALL));
    }
    // Behind what the flooder has sent, on the same link.
    assert_eq!(flood.ask(1).no_timeout().await, Ok(1));
    within(node.suspend_while_busy(erl.name())).await;
    assert!(node.ping(erl.name()).await);
    let all = erl
        .eval(&format!(
            "sink ! {{all, {MANY}, self()}}, receive {{all, Ns}} -> Ns =:= lists:seq(0, {MANY} - 1) end."
        ))
        .await;
    assert_eq!(all, "true");
    assert_eq!(node.undelivered(), Default::default());
}

#[tokio::test]
async fn a_slow_process_of_ours_suspends_no_sender_of_a_beam() {
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    let (go_on, closed) = tokio::sync::oneshot::channel::<()>();
    let slow = node.spawn(async move |mut ctx| {
        // Whoever lets it go on may be gone.
        let _ = closed.await;
        ctx.receive().await;
    });
    node.register("slow", slow).unwrap();
    // Far more than the BEAM and the sockets keep.
    let send = format!(
        "Text = binary:copy(<<$x>>, {MIB}), [{{slow, {}}} ! Text || _ <- lists:seq(1, 64)], ok.",
        node.name()
    );
    assert_eq!(erl.eval(&send).await, "ok");
    until(|| node.process_info(&slow).unwrap().message_queue_len == 64).await;
    drop(go_on);
}
