//! Plain processes: receiving, starting others, names, and what is seen of them from outside.

use std::future::Future;
use std::time::Duration;

use ergo::gen_server::ReplyTo;
use ergo::process::{
    Context, ProcessStatus, Received, RegisterError, SpawnError, SpawnOptions, Spawned,
};
use ergo::{Atom, Node, Pid, Reason, Term, term};
use tests::{Cluster, Erl, run, until, within};
use tokio::sync::{mpsc, oneshot};

/// Fits an integer message.
fn number(received: Received) -> Result<i64, Received> {
    match &received {
        Received::Message(term) => i64::try_from(term).map_err(|_| received),
        _ => Err(received),
    }
}

fn message(n: i64) -> Received {
    Received::Message(n.into())
}

#[tokio::test]
async fn a_selective_receive_leaves_the_rest_in_order() {
    let node = Node::alone();
    let got = run(&node, async |mut ctx| {
        let own = ctx.pid();
        for message in [term!(a), term!(1), term!(b), term!(2), term!(c)] {
            ctx.send(own, &message).unwrap();
        }
        let mut got = vec![Term::from(ctx.receive_match(number).await)];
        got.push(ctx.receive_match(number).await.into());
        while let Some(Received::Message(term)) = ctx.receive_timeout(Duration::ZERO).await {
            got.push(term);
        }
        got
    })
    .await;
    assert_eq!(got, [term!(1), term!(2), term!(a), term!(b), term!(c)]);
}

#[tokio::test]
async fn a_time_of_zero_sees_all_that_is_there() {
    let node = Node::alone();
    let found = run(&node, async |mut ctx| {
        let own = ctx.pid();
        // More than tokio lets a task do in one go.
        for n in 0..10_000 {
            ctx.send(own, &n).unwrap();
        }
        let mut found = 0;
        while ctx.receive_timeout(Duration::ZERO).await.is_some() {
            found += 1;
        }
        ctx.send(own, &term!(last)).unwrap();
        for n in 0..5_000 {
            ctx.send(own, &n).unwrap();
        }
        let wanted = |received| match received {
            Received::Message(Term::Atom(_)) => Ok(()),
            other => Err(other),
        };
        let first = ctx.receive_match_timeout(Duration::ZERO, wanted).await;
        let second = ctx.receive_match_timeout(Duration::ZERO, wanted).await;
        (found, first, second)
    })
    .await;
    assert_eq!(found, (10_000, Some(()), None));
}

#[tokio::test(start_paused = true)]
async fn a_receive_ends_with_its_time() {
    let node = Node::alone();
    let waited = run(&node, async |mut ctx| {
        let begin = tokio::time::Instant::now();
        ctx.send(ctx.pid(), &term!(other)).unwrap();
        let second = Duration::from_secs(1);
        let none = ctx.receive_match_timeout(second, number).await;
        (none, begin.elapsed().as_millis(), ctx.receive().await)
    })
    .await;
    let other = Received::Message(term!(other));
    assert_eq!((waited.0, waited.2), (None, other));
    assert!((1000..1010).contains(&waited.1), "{}", waited.1);
}

/// Erlang looks through a mailbox once for each receive, and so does this: doubling the queue does
/// not make each look four times as dear. Ten seconds would be a thousand times too long.
#[tokio::test]
async fn a_long_queue_of_others_is_looked_through_once() {
    let node = Node::alone();
    let looks = run(&node, async |mut ctx| {
        let own = ctx.pid();
        let count = 100_000;
        for _ in 0..count {
            ctx.send(own, &term!(other)).unwrap();
        }
        ctx.send(own, &1).unwrap();
        let mut looks = 0;
        let looked = |received: Received| {
            looks += 1;
            number(received)
        };
        assert_eq!(ctx.receive_match(looked).await, 1);
        // Taking them out again, oldest first, costs each of them once.
        for _ in 0..count {
            assert!(ctx.receive_timeout(Duration::ZERO).await.is_some());
        }
        looks
    });
    assert_eq!(within(looks).await, 100_001);
}

#[tokio::test]
async fn a_dropped_receive_takes_nothing() {
    let node = Node::alone();
    let got = run(&node, async |mut ctx| {
        let sender = ctx.spawn(async |mut ctx| {
            if let Received::Message(Term::Pid(to)) = ctx.receive().await {
                ctx.send(to, &1).unwrap();
            }
        });
        tokio::select! {
            biased;
            received = ctx.receive() => panic!("nothing was sent: {received:?}"),
            () = std::future::ready(()) => {}
        }
        ctx.send(sender, &ctx.pid()).unwrap();
        ctx.receive().await
    });
    assert_eq!(got.await, message(1));
}

/// Polls what it holds only when its own waker was woken, as `FuturesUnordered` does.
async fn with_own_waker<T>(future: impl Future<Output = T>) -> T {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::{Wake, Waker};
    struct Own(AtomicBool, Waker);
    impl Wake for Own {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
            self.1.wake_by_ref();
        }
    }
    let outer = std::future::poll_fn(|cx| std::task::Poll::Ready(cx.waker().clone())).await;
    let own = Arc::new(Own(AtomicBool::new(true), outer));
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(move |_| {
        if !own.0.swap(false, Ordering::SeqCst) {
            return std::task::Poll::Pending;
        }
        let waker = Waker::from(Arc::clone(&own));
        future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker))
    })
    .await
}

#[tokio::test]
async fn a_receive_inside_a_future_with_its_own_waker_is_woken() {
    let node = Node::alone();
    let (ready, is_ready) = oneshot::channel();
    let (got, result) = oneshot::channel();
    let pid = node.spawn(async move |mut ctx| {
        ready.send(()).unwrap();
        let both = async { (ctx.receive().await, ctx.receive().await) };
        got.send(with_own_waker(both).await).unwrap();
    });
    within(is_ready).await.unwrap();
    for n in [1, 2] {
        until(|| node.process_info(&pid).unwrap().status == ProcessStatus::Waiting).await;
        node.send(pid, &n).unwrap();
    }
    assert_eq!(within(result).await.unwrap(), (message(1), message(2)));
}

#[tokio::test]
async fn a_down_that_waits_is_gone_with_its_monitor() {
    let node = Node::alone();
    let (kept, seen, left) = run(&node, async |mut ctx| {
        let own = ctx.pid();
        let (_, first) = ctx.spawn_monitor(async |_| ());
        let (_, second) = ctx.spawn_monitor(async |_| Reason::Shutdown);
        let (_, third) = ctx.spawn_monitor(async move |ctx| {
            ctx.send(own, &1).unwrap();
        });
        // All three wait, passed over.
        let last = |received| match received {
            Received::Down(down) if down.reference == third => Ok(()),
            other => Err(other),
        };
        ctx.receive_match(last).await;
        // The order between the three is theirs.
        until(|| ctx.node().process_info(&own).unwrap().message_queue_len >= 3).await;
        assert!(!ctx.demonitor(first), "it has fired");
        let down = ctx.receive_match(Received::into_down).await;
        assert_eq!(ctx.receive_match(number).await, 1);
        let left = ctx.receive_timeout(Duration::ZERO).await;
        (second, down, left)
    })
    .await;
    assert_eq!((seen.reference, seen.reason), (kept, Reason::Shutdown));
    assert_eq!(left, None);
}

async fn named_worker(mut ctx: Context) {
    ctx.receive().await;
}

async fn fails(_: Context) -> Result<(), Term> {
    Err(term!({bad, luck}))
}

#[tokio::test]
async fn what_a_body_returns_is_why_it_ended() {
    let node = Node::alone();
    let reasons = run(&node, async |mut ctx| {
        let mut reasons = Vec::new();
        let watches = [
            ctx.spawn_monitor(async |_| ()),
            ctx.spawn_monitor(async |_| Reason::Shutdown),
            ctx.spawn_monitor(async |_| Ok::<(), Reason>(())),
            ctx.spawn_monitor(fails),
            ctx.spawn_monitor(async |_| Err::<Reason, _>(Atom::new("no"))),
            ctx.spawn_monitor(async |mut ctx| {
                loop {
                    ctx.receive().await;
                }
            }),
            ctx.spawn_monitor(named_worker),
        ];
        ctx.exit(watches[5].0, Atom::new("enough"));
        ctx.send(watches[6].0, &1).unwrap();
        for (_, reference) in watches {
            let down = |received| match received {
                Received::Down(down) if down.reference == reference => Ok(down.reason),
                other => Err(other),
            };
            reasons.push(ctx.receive_match(down).await.to_term());
        }
        reasons
    })
    .await;
    let expected = [
        term!(normal),
        term!(shutdown),
        term!(normal),
        term!({bad, luck}),
        term!(no),
        term!(enough),
        term!(normal),
    ];
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn a_process_inherits_the_group_of_its_parent() {
    let node = Node::alone();
    let leader = node.spawn(named_worker);
    let options = SpawnOptions::new().group_leader(leader).label("parent");
    let (sender, mut seen) = mpsc::unbounded_channel();
    let spawned = node.spawn_opt(options, async move |ctx| {
        sender.send((ctx.pid(), ctx.parent())).unwrap();
        assert_eq!(ctx.group_leader(), leader);
        let sender = sender.clone();
        ctx.spawn(async move |ctx| {
            assert_eq!(ctx.group_leader(), leader);
            ctx.spawn(async move |ctx| {
                assert_eq!(ctx.group_leader(), leader);
                sender.send((ctx.pid(), ctx.parent())).unwrap();
            });
        });
    });
    let pid = spawned.unwrap().pid;
    assert_eq!(within(seen.recv()).await, Some((pid, None)));
    let (grandchild, parent) = within(seen.recv()).await.unwrap();
    assert!(parent.is_some_and(|parent| parent != pid && parent != grandchild));
    assert_eq!(within(seen.recv()).await, None, "all have ended");
}

#[tokio::test]
async fn options_of_a_spawn() {
    let node = Node::alone();
    let linked = node.spawn_opt(SpawnOptions::new().link(), named_worker);
    assert_eq!(linked, Err(SpawnError::NotAProcess));
    let monitored = node.spawn_opt(SpawnOptions::new().monitor(), named_worker);
    assert_eq!(monitored, Err(SpawnError::NotAProcess));
    let first = node.spawn_opt(SpawnOptions::new().name("one"), named_worker);
    let pid = first.unwrap().pid;
    assert_eq!(node.whereis("one"), Some(pid));
    let name = Atom::new("one");
    let second = node.spawn_opt(SpawnOptions::new().name("one"), named_worker);
    let taken = RegisterError::Taken { name, pid };
    assert_eq!(second, Err(SpawnError::Name(taken)));
    assert_eq!(node.pids(), [pid], "the refused one is gone");

    let (own, info, reason) = run(&node, async |mut ctx| {
        let options = SpawnOptions::new().link().monitor().label(term!({job, 1}));
        let spawned: Spawned = ctx.spawn_opt(options, named_worker).unwrap();
        let info = ctx.node().process_info(&spawned.pid).unwrap();
        assert_eq!(info.links, [ctx.pid()]);
        ctx.unlink(spawned.pid);
        ctx.exit(spawned.pid, Reason::Kill);
        let Received::Down(down) = ctx.receive().await else {
            panic!("the link was removed");
        };
        assert_eq!(Some(down.reference), spawned.monitor);
        (ctx.pid(), info, down.reason)
    })
    .await;
    assert_eq!(reason, Reason::Killed);
    assert_eq!(info.label, Some(term!({job, 1})));
    assert_eq!((info.parent, info.monitored_by), (Some(own), vec![own]));
}

#[tokio::test]
async fn a_linked_child_takes_its_parent_along() {
    let node = Node::alone();
    let reason = run(&node, async |mut ctx| {
        let (parent, _) = ctx.spawn_monitor(async |mut ctx| {
            ctx.spawn_link(async |_| Atom::new("crash").into_reason());
            ctx.receive().await;
        });
        let Received::Down(down) = ctx.receive().await else {
            panic!("only a DOWN can come");
        };
        assert_eq!(down.process, parent.into());
        down.reason
    })
    .await;
    assert_eq!(reason, Reason::from(Atom::new("crash")));
}

trait IntoReason {
    fn into_reason(self) -> Reason;
}

impl IntoReason for Atom {
    fn into_reason(self) -> Reason {
        self.into()
    }
}

#[tokio::test]
async fn a_stopping_node_starts_nothing_and_ends_what_runs() {
    let node = Node::alone();
    let (sender, mut ended) = mpsc::unbounded_channel::<()>();
    let trapper = sender.clone();
    let (ready, is_ready) = oneshot::channel();
    node.spawn(async move |mut ctx| {
        ctx.trap_exit(true);
        ready.send(()).unwrap();
        let Received::Exit(exit) = ctx.receive().await else {
            panic!("nothing else is sent");
        };
        assert_eq!(exit.reason, Reason::Shutdown);
        // Started while the node stops: it does not run.
        let (_, _) = ctx.spawn_monitor(async |_| panic!("it runs"));
        let down = ctx.receive_match(Received::into_down).await;
        assert_eq!(down.reason, Reason::Shutdown);
        trapper.send(()).unwrap();
    });
    node.spawn(async move |mut ctx| {
        ctx.receive().await;
        drop(sender);
    });
    within(is_ready).await.unwrap();
    node.stop().await;
    assert_eq!(within(ended.recv()).await, Some(()));
    assert_eq!(within(ended.recv()).await, None);
    let late = node.spawn(async |_| panic!("it runs"));
    assert!(!node.is_alive(&late));
    assert_eq!(node.census(), Default::default());
}

/// Whatever way a message takes, and whatever stands between them, one sender's come in order.
#[tokio::test]
async fn one_senders_signals_come_in_the_order_sent() {
    let node = Node::alone();
    let got = run(&node, async |mut ctx| {
        ctx.trap_exit(true);
        ctx.register("receiver").unwrap();
        let (own, alias) = (ctx.pid(), ctx.alias(ergo::process::AliasMode::Explicit));
        let name = ctx.node().name();
        ctx.spawn_link(async move |ctx| {
            for round in 0..100 {
                ctx.send(own, &(round * 5)).unwrap();
                ctx.send("receiver", &(round * 5 + 1)).unwrap();
                ctx.send(alias, &(round * 5 + 2)).unwrap();
                ctx.exit(own, Term::from(round * 5 + 3));
                ctx.send(("receiver", name), &(round * 5 + 4)).unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut got = Vec::new();
        loop {
            got.push(match ctx.receive().await {
                Received::Message(term) => i64::try_from(&term).unwrap(),
                Received::Exit(exit) if exit.reason == Reason::Normal => return got,
                Received::Exit(exit) => i64::try_from(&exit.reason.to_term()).unwrap(),
                other => panic!("{other:?}"),
            });
        }
    })
    .await;
    assert_eq!(got, (0..500).collect::<Vec<_>>());
}

/// As `register/2`: the probes beside the assertions are what OTP says.
#[tokio::test]
async fn a_process_has_one_name_at_most() {
    let node = Node::alone();
    let pid = node.spawn(named_worker);
    let (one, two) = (Atom::new("one"), Atom::new("two"));
    assert_eq!(node.register(one, pid), Ok(()));
    let named = RegisterError::AlreadyNamed { pid, name: one };
    assert_eq!(node.register(two, pid), Err(named.clone()));
    assert_eq!(node.register(one, pid), Err(named));
    assert_eq!(node.whereis(two), None);
    let other = node.spawn(named_worker);
    let taken = RegisterError::Taken { name: one, pid };
    assert_eq!(node.register(one, other), Err(taken));
    let undefined = node.register("undefined", other);
    assert_eq!(undefined, Err(RegisterError::Undefined));
    assert_eq!(node.registered(), [one]);
    assert!(node.unregister(one));
    assert!(!node.unregister(one));
    assert_eq!(node.register(two, pid), Ok(()));
    assert_eq!(node.process_info(&pid).unwrap().registered_name, Some(two));

    let watch = node.spawn(named_worker);
    run(&node, async move |mut ctx| {
        ctx.monitor(pid);
        ctx.exit(pid, Reason::Kill);
        ctx.receive().await;
        assert_eq!(ctx.node().whereis("two"), None, "free before the DOWN");
        ctx.node().register("two", watch).unwrap();
    })
    .await;
    assert_eq!(node.whereis(two), Some(watch));
    assert_eq!(node.register(one, pid), Err(RegisterError::NoProc(pid)));
    let elsewhere = Pid {
        node: Atom::new("other@host"),
        ..pid
    };
    let remote = node.register(one, elsewhere);
    assert_eq!(remote, Err(RegisterError::NoProc(elsewhere)));
}

#[tokio::test]
async fn names_follow_register_2() {
    let erl = Erl::options().start().await;
    let probe = "
        P = spawn(fun() -> receive stop -> ok end end),
        T = fun(F) -> try F() catch error:badarg -> badarg end end,
        [T(fun() -> register(one, P) end), T(fun() -> register(two, P) end),
         T(fun() -> register(one, P) end), T(fun() -> register(undefined, self()) end),
         T(fun() -> unregister(one) end), T(fun() -> unregister(one) end),
         T(fun() -> register(two, P) end)].";
    assert_eq!(
        erl.eval(probe).await,
        "[true,badarg,badarg,badarg,true,badarg,true]"
    );
}

#[tokio::test]
async fn what_is_known_of_a_process() {
    let node = Node::alone();
    let (go, wait) = oneshot::channel::<()>();
    let (ready, is_ready) = oneshot::channel();
    let peer = node.spawn(named_worker);
    let pid = node.spawn(async move |mut ctx| {
        ctx.trap_exit(true);
        ctx.register("subject").unwrap();
        ctx.set_label("under test");
        ctx.link(peer);
        ready.send(ctx.monitor(peer)).unwrap();
        wait.await.unwrap();
        ctx.receive_match(number).await;
    });
    let reference = within(is_ready).await.unwrap();
    until(|| node.process_info(&pid).unwrap().links == [peer]).await;
    let info = node.process_info(&pid).unwrap();
    assert_eq!(info.pid, pid);
    assert_eq!(info.registered_name, Some(Atom::new("subject")));
    assert_eq!(info.label, Some(Term::from("under test")));
    assert!(info.trap_exit);
    assert_eq!(info.monitors, [(reference, peer.into())]);
    assert_eq!(
        info.status,
        ProcessStatus::Running,
        "it waits for no message"
    );
    assert_eq!(node.process_info(&peer).unwrap().monitored_by, [pid]);
    for _ in 0..3 {
        node.send(pid, &term!(other)).unwrap();
    }
    let info = node.process_info(&pid).unwrap();
    assert_eq!((info.message_queue_len, info.messages_handled), (3, 0));
    go.send(()).unwrap();
    until(|| node.process_info(&pid).unwrap().status == ProcessStatus::Waiting).await;
    let info = node.process_info(&pid).unwrap();
    assert_eq!(
        (info.message_queue_len, info.message_queue_peak),
        (3, 3),
        "what was passed over still waits"
    );
    let census = node.census();
    assert_eq!((census.processes, census.names), (2, 1));
    assert_eq!((census.links, census.monitors, census.monitored), (2, 1, 1));
    node.send(pid, &1).unwrap();
    until(|| node.process_info(&pid).is_none()).await;
    node.send(peer, &1).unwrap();
    until(|| node.pids().is_empty()).await;
    assert_eq!(node.census(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn a_process_that_gave_up_to_wait_is_running() {
    let node = Node::alone();
    let (ready, is_ready) = oneshot::channel();
    let pid = node.spawn(async move |mut ctx| {
        assert_eq!(ctx.receive_timeout(Duration::from_secs(1)).await, None);
        ready.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    is_ready.await.unwrap();
    let status = || node.process_info(&pid).map(|info| info.status);
    assert_eq!(status(), Some(ProcessStatus::Running));
    node.exit(pid, Reason::Kill);
    assert_eq!(status(), Some(ProcessStatus::Exiting));
    until(|| status().is_none()).await;
}

/// A BEAM's server sees who calls, and a process of ours sees a BEAM's.
#[tokio::test]
async fn a_process_calls_and_sends_in_its_own_name() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    erl.load_module(
        "-module(who). -behaviour(gen_server). -export([init/1, handle_call/3, handle_cast/2]).
         init(_) -> {ok, none}.
         handle_call(who, {Pid, _}, S) -> {reply, Pid, S}.
         handle_cast(_, S) -> {noreply, S}.",
    )
    .await;
    erl.eval("{ok, _} = gen_server:start({local, who}, who, [], []).")
        .await;
    let node = cluster.node().await;
    let there = erl.name().to_owned();
    let here = Who::start(&node).await.unwrap();
    let (own, callers) = run(&node, async move |ctx| {
        let who = WhoRef::named(ctx.node(), "who", &there);
        let callers = [who.who().await.unwrap(), here.who().await.unwrap()];
        (ctx.pid(), callers)
    })
    .await;
    assert_eq!(callers, [own, own]);
    // erl sends to a name of ours.
    let (sender, mut got) = mpsc::unbounded_channel();
    let options = SpawnOptions::new().name("mailbox");
    let mailbox = node.spawn_opt(options, async move |mut ctx| {
        while let Received::Message(message) = ctx.receive().await {
            let _ = sender.send(message);
        }
    });
    let name = node.name();
    erl.eval(&format!(
        "{{mailbox, {name}}} ! {{hello, [1.5, <<\"x\">>]}}."
    ))
    .await;
    assert_eq!(
        within(got.recv()).await,
        Some(term!({hello, [1.5, <<"x">>]}))
    );
    node.exit(mailbox.unwrap().pid, Reason::Kill);
    assert_eq!(within(got.recv()).await, None);
    node.stop().await;
}

/// Says who calls; here it is the client of one in Erlang, too.
struct Who;

#[ergo::gen_server]
impl Who {
    #[init]
    fn init() -> Self {
        Who
    }
    #[call]
    fn who(&self, reply: ReplyTo<Pid>, ctx: &mut ergo::gen_server::Context<Self>) {
        let caller = reply.caller(ctx).pid();
        reply.send(caller);
    }
}

#[tokio::test]
async fn what_a_process_starts_through_its_node_is_its_child() {
    let node = Node::alone();
    let (found, mut found_here) = mpsc::unbounded_channel();
    let of = node.clone();
    let leader = node.spawn(async |mut ctx| drop(ctx.receive().await));
    let parent = node.spawn_opt(SpawnOptions::new().group_leader(leader), async move |_| {
        of.spawn(async move |ctx| {
            let _ = found.send((ctx.pid(), ctx.parent(), ctx.group_leader()));
        });
        // Links and monitors are the process's own, too.
        let options = SpawnOptions::new().link().monitor();
        of.spawn_opt(options, async |_| ()).expect("in a process");
    });
    let parent = parent.expect("no name is wanted").pid;
    let found = within(found_here.recv()).await;
    let (_, its_parent, its_leader) = found.expect("the child runs");
    assert_eq!((its_parent, its_leader), (Some(parent), leader));

    // A task is no process, and has no children.
    let of = node.clone();
    let task = tokio::spawn(async move {
        let options = SpawnOptions::new().link();
        of.spawn_opt(options, async |_| ()).map(drop)
    });
    assert_eq!(task.await.expect("no panic"), Err(SpawnError::NotAProcess));
}
