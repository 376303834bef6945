//! Timers: when they fire, what cancelling one says, and with whom they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ergo::gen_server;
use ergo::prelude::{Next, gen_server as server};
use ergo::process::{Context, Received, TimerRef};
use ergo::{Node, Reason, Term, term};
use tests::{Cluster, Erl, run, until};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn term_of(received: Received) -> Term {
    match received {
        Received::Message(term) => term,
        other => panic!("no message: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn timers_fire_in_order_and_none_early() {
    let node = Node::alone();
    let fired = run(&node, async |mut ctx| {
        let begin = Instant::now();
        for n in [30, 10, 20, 10, 0, 30, 10, 1] {
            ctx.send_after(ms(n), &n).unwrap();
        }
        let mut fired = Vec::new();
        for _ in 0..8 {
            let n = u64::try_from(&term_of(ctx.receive().await)).unwrap();
            let at = begin.elapsed();
            assert!(at >= ms(n) && at <= ms(n + 2), "{n}: {at:?}");
            fired.push(n);
        }
        // One time for all: as they were set.
        for n in 0..100 {
            ctx.send_after(ms(5), &n).unwrap();
        }
        for n in 0..100 {
            assert_eq!(term_of(ctx.receive().await), Term::from(n));
        }
        fired
    })
    .await;
    assert_eq!(fired, [0, 1, 10, 10, 10, 20, 30, 30]);
    assert_eq!(node.census().timers, 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_timer_says_what_was_left() {
    let node = Node::alone();
    run(&node, async |mut ctx| {
        let long = ctx.send_after(ms(1000), &term!(long)).unwrap();
        let short = ctx.send_after(ms(10), &term!(short)).unwrap();
        let none = ctx.receive_timeout(ms(5)).await;
        assert_eq!(none, None);
        let left = short.read().unwrap();
        assert!(left > ms(3) && left <= ms(5), "{left:?}");
        assert_eq!(term_of(ctx.receive().await), term!(short));
        assert_eq!((short.read(), short.cancel()), (None, None));
        let left = long.clone().cancel().unwrap();
        assert!(left > ms(985) && left <= ms(990), "{left:?}");
        assert_eq!((long.read(), long.cancel()), (None, None));
        assert_eq!(ctx.receive_timeout(ms(2000)).await, None);
        let never = ctx.send_after(Duration::MAX, &term!(never)).unwrap();
        assert!(never.cancel().unwrap() > Duration::from_secs(1 << 29));
    })
    .await;
    assert_eq!(node.census().timers, 0);
}

/// Whoever cancels knows whether the message comes, however close it is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_and_its_timer_agree() {
    let node = Node::alone();
    let (late, got) = run(&node, async |mut ctx| {
        let mut timers: Vec<TimerRef> = Vec::new();
        for n in 0..20_000_u64 {
            let after = Duration::from_micros(n * 7 % 3000);
            timers.push(ctx.send_after(after, &n).unwrap());
        }
        let mut late = 0;
        for timer in timers {
            late += u64::from(timer.cancel().is_none());
            tokio::task::consume_budget().await;
        }
        let mut got = 0;
        while ctx.receive_timeout(Duration::ZERO).await.is_some() {
            got += 1;
        }
        (late, got)
    })
    .await;
    assert_eq!(late, got);
    assert_eq!(node.census().timers, 0);
}

/// As the probe of OTP says: a timer to a pid ends with that pid, one to a name does not end with
/// the process that set it, and the name is looked up when it fires.
#[tokio::test(start_paused = true)]
async fn a_name_is_looked_up_when_the_time_has_come() {
    let node = Node::alone();
    let (set, is_set) = oneshot::channel();
    let (sender, mut got) = mpsc::unbounded_channel();
    let receiver = node.spawn(async move |mut ctx| {
        while let Received::Message(message) = ctx.receive().await {
            sender.send(message).unwrap();
        }
    });
    run(&node, async move |ctx| {
        let by_name = ctx.send_after_to(ms(10), "later", &term!(by_name));
        let by_pid = ctx.send_after_to(ms(11), receiver, &term!(by_pid));
        let own = ctx.send_after(ms(12), &term!(own));
        set.send((by_name.unwrap(), by_pid.unwrap(), own.unwrap()))
            .unwrap();
    })
    .await;
    let (by_name, by_pid, own) = is_set.await.unwrap();
    node.register("later", receiver).unwrap();
    assert_eq!(got.recv().await, Some(term!(by_name)));
    assert_eq!(got.recv().await, Some(term!(by_pid)));
    assert_eq!(
        (by_name.read(), by_pid.read(), own.read()),
        (None, None, None)
    );
    assert_eq!(own.cancel(), None);
    let undelivered = node.undelivered();
    assert_eq!(
        undelivered,
        Default::default(),
        "a dead process gets nothing"
    );
}

#[tokio::test]
async fn otp_does_so_too() {
    let erl = Erl::options().start().await;
    let probe = "
        S = self(),
        T = erlang:send_after(20, later, by_name), register(later, S),
        {P, M} = spawn_monitor(fun() ->
            S ! {own, erlang:send_after(30000, self(), own)},
            erlang:send_after(20, later, by_dead)
        end),
        Own = receive {own, R} -> R end,
        receive {'DOWN', M, process, P, normal} -> ok end,
        Got = [receive by_name -> name end, receive by_dead -> dead end],
        {Got, erlang:read_timer(T), erlang:cancel_timer(T), erlang:read_timer(Own),
         erlang:cancel_timer(erlang:send_after(30000, P, dead))}.";
    assert_eq!(
        erl.eval(probe).await,
        "{[name,dead],false,false,false,false}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_timer_to_a_process_ends_with_it() {
    let node = Node::alone();
    let target = node.spawn(async |mut ctx| {
        ctx.receive().await;
    });
    run(&node, async move |mut ctx| {
        let timer = ctx.send_after_to(ms(1000), target, &term!(never)).unwrap();
        let exit = ctx.exit_after(ms(1000), target, Reason::Kill);
        assert_eq!(ctx.node().census().timers, 2);
        ctx.monitor(target);
        ctx.send(target, &1).unwrap();
        ctx.receive().await;
        assert_eq!(ctx.node().census().timers, 0, "gone before the DOWN");
        assert_eq!((timer.cancel(), exit.cancel()), (None, None));
        let dead = ctx.send_after_to(Duration::ZERO, target, &1).unwrap();
        assert_eq!(dead.read(), None);
        assert_eq!(ctx.receive_timeout(ms(2000)).await, None);
    })
    .await;
    assert_eq!(node.undelivered().no_process, 0);
}

#[tokio::test(start_paused = true)]
async fn a_start_timers_message_carries_its_reference() {
    let node = Node::alone();
    run(&node, async |mut ctx| {
        let alias = ctx.alias(ergo::process::AliasMode::Explicit);
        let timer = ctx.start_timer(ms(1), alias, &term!({retry, 1})).unwrap();
        let reference = timer.reference();
        let message = term_of(ctx.receive().await);
        assert_eq!(message, term!({timeout, (reference), {retry, 1}}));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_interval_keeps_its_beat() {
    let node = Node::alone();
    run(&node, async |mut ctx| {
        let begin = Instant::now();
        let timer = ctx.send_interval(ms(100), &term!(beat)).unwrap();
        for n in 1..=3 {
            assert_eq!(term_of(ctx.receive().await), term!(beat));
            // It was slow to look; the beat is not.
            let at = begin.elapsed().as_millis() as u64;
            assert!((n * 100..n * 100 + 35).contains(&at), "{n}: {at}");
            tokio::time::sleep(ms(30)).await;
        }
        let left = timer.cancel().unwrap();
        assert!(left > ms(60) && left <= ms(70), "{left:?}");
        assert_eq!(timer.cancel(), None);
        assert_eq!(ctx.receive_timeout(ms(1000)).await, None);
    })
    .await;
    assert_eq!(node.census().timers, 0);
}

#[tokio::test(start_paused = true)]
async fn an_interval_to_a_name_ends_with_who_set_it() {
    let node = Node::alone();
    run(&node, async |mut ctx| {
        ctx.register("beaten").unwrap();
        let (_, monitor) = ctx.spawn_monitor(async |ctx| {
            ctx.send_interval_to(ms(10), "beaten", &term!(beat))
                .unwrap();
            tokio::time::sleep(ms(25)).await;
        });
        for _ in 0..2 {
            assert_eq!(term_of(ctx.receive().await), term!(beat));
        }
        let down = ctx.receive_timeout(ms(100)).await;
        assert!(matches!(down, Some(Received::Down(down)) if down.reference == monitor));
        assert_eq!(ctx.receive_timeout(ms(100)).await, None);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_exit_signal_may_come_later() {
    let node = Node::alone();
    run(&node, async |mut ctx| {
        let (ignores, _) = ctx.spawn_monitor(async |mut ctx| {
            ctx.receive().await;
        });
        ctx.exit_after(ms(1), ignores, Reason::Normal);
        ctx.exit_after(ms(5), ignores, term!({too, late}));
        let down = ctx.receive().await.into_down().unwrap();
        assert_eq!(down.reason, Reason::from(term!({too, late})));

        let (trapper, _) = ctx.spawn_monitor(async |mut ctx| {
            ctx.trap_exit(true);
            loop {
                ctx.receive().await;
            }
        });
        let spared = ctx.exit_after(ms(5), trapper, Reason::Kill);
        assert!(spared.cancel().is_some());
        ctx.kill_after(ms(10), trapper);
        let down = ctx.receive().await.into_down().unwrap();
        assert_eq!(down.reason, Reason::Killed);

        // To itself: as from another, so that `normal` is not its end.
        ctx.exit_after(ms(1), ctx.pid(), Reason::Normal);
        assert_eq!(ctx.receive_timeout(ms(5)).await, None);
        ctx.trap_exit(true);
        ctx.exit_after(ms(1), ctx.pid(), Reason::Normal);
        let exit = ctx.receive().await.into_exit().unwrap();
        assert_eq!(exit.reason, Reason::Normal);
        assert_ne!(exit.from, ctx.pid());
    })
    .await;
}

/// A server whose infos are typed; none of them is a term.
struct Clock {
    seen: mpsc::UnboundedSender<(u64, Duration)>,
    begin: Instant,
}

#[derive(Debug)]
struct Fragile(Arc<AtomicUsize>);

impl Clone for Fragile {
    fn clone(&self) -> Fragile {
        let before = self.0.fetch_add(1, Ordering::SeqCst);
        assert!(before < 2, "cloned too often");
        Fragile(Arc::clone(&self.0))
    }
}

#[server]
impl Clock {
    #[init]
    fn init(
        seen: mpsc::UnboundedSender<(u64, Duration)>,
        ctx: &mut gen_server::Context<Self>,
    ) -> Self {
        ctx.send_after(ms(20), ClockInfo::Once { n: 1 });
        ctx.send_after(ms(10), ClockInfo::Once { n: 2 });
        let cancelled = ctx.send_after(ms(15), ClockInfo::Once { n: 3 });
        assert_eq!(cancelled.cancel(), Some(ms(15)));
        let fragile = Fragile(Arc::new(AtomicUsize::new(0)));
        ctx.send_interval(ms(100), ClockInfo::Tick { fragile });
        let begin = Instant::now();
        Clock { seen, begin }
    }
    #[info(local)]
    fn once(&mut self, n: u64) {
        let _ = self.seen.send((n, self.begin.elapsed()));
    }
    #[info(local)]
    fn tick(&mut self, fragile: Fragile) {
        let n = fragile.0.load(Ordering::SeqCst) as u64;
        let _ = self.seen.send((100 + n, self.begin.elapsed()));
    }
    #[info]
    fn timeout(&mut self, timer: ergo::Ref, n: u64) -> Next {
        tracing::debug!(%timer, "fired");
        let _ = self.seen.send((n, self.begin.elapsed()));
        Next::Continue
    }
    #[cast(local)]
    fn start_timer(&mut self, n: u64, ctx: &mut gen_server::Context<Self>) {
        ctx.start_timer(ms(1), ctx.pid(), &n).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_servers_timers_are_typed() {
    let node = Node::alone();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let clock = Clock::start(&node, sender).await.unwrap();
    let mut numbers = Vec::new();
    for expected in [10, 20, 100] {
        let (n, at) = seen.recv().await.unwrap();
        assert!(at >= ms(expected) && at < ms(expected + 3), "{n}: {at:?}");
        numbers.push(n);
    }
    assert_eq!(numbers[..2], [2, 1]);
    clock.start_timer(77);
    assert_eq!(seen.recv().await.map(|(n, _)| n), Some(77));
    // What the clone of a message does is the server's own doing.
    let reason = clock.ended().await.unwrap();
    assert!(reason.to_string().contains("cloned too often"), "{reason}");
    assert_eq!(node.census(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_stopped_node_has_no_timers() {
    let node = Node::alone();
    let timer = run(&node, async |ctx| {
        ctx.send_after_to(Duration::from_secs(3600), "nobody", &1)
            .unwrap()
    })
    .await;
    assert!(timer.read().is_some());
    node.stop().await;
    assert_eq!(timer.read(), None);
    assert_eq!(node.census(), Default::default());
}

/// A hundred thousand timers are set, fire in order and leave nothing, as do those of a process
/// that ends.
#[tokio::test(start_paused = true)]
async fn many_timers() {
    const COUNT: u64 = 100_000;
    let node = Node::alone();
    run(&node, async |mut ctx| {
        for n in 0..COUNT {
            ctx.send_after(ms(1000 - n % 1000), &(n % 1000)).unwrap();
        }
        assert_eq!(ctx.node().census().timers, COUNT as usize);
        let mut last = 1000;
        for _ in 0..COUNT {
            let n = u64::try_from(&term_of(ctx.receive().await)).unwrap();
            assert!(n <= last);
            last = n;
        }
        assert_eq!(ctx.node().census().timers, 0);
        for n in 0..COUNT {
            ctx.send_after(ms(n), &n).unwrap();
        }
    })
    .await;
    until(|| node.pids().is_empty()).await;
    assert_eq!(node.census(), Default::default());
}

#[tokio::test]
async fn timers_to_a_beam() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let node = cluster.node().await;
    erl.eval(
        "S = self(),
         P = spawn(fun() ->
             register(sink, self()), S ! ready,
             Got = [receive plain -> plain end, receive {timeout, _, _} = T -> T end,
                    receive beat -> beat end, receive beat -> beat end],
             receive {ask, From} -> From ! Got end
         end),
         receive ready -> P end.",
    )
    .await;
    let there = erl.name().to_owned();
    let body = async move |mut ctx: Context| {
        let sink = ("sink", there.as_str());
        ctx.send_after_to(ms(5), sink, &term!(plain)).unwrap();
        let timer = ctx.start_timer(ms(10), sink, &term!(started)).unwrap();
        let beat = ctx.send_interval_to(ms(20), sink, &term!(beat)).unwrap();
        ctx.send(sink, &term!({ask, (ctx.pid())})).unwrap();
        let got = term_of(ctx.receive().await);
        assert!(beat.cancel().is_some());
        let reference = timer.reference();
        assert_eq!(
            got,
            term!([plain, {timeout, (reference), started}, beat, beat])
        );
    };
    run(&node, body).await;
    node.stop().await;
}
