//! Aliases: when they end, here and over the wire, in both directions.

use ergo::process::{AliasMode, Context, Dest, Received};
use ergo::{Node, Pid, Reason, Ref, Term, term};
use tests::peer::{CREATION, Peer};
use tests::{Cluster, Erl, run, unique_node, until, within};
use tokio::sync::{mpsc, oneshot};

/// What happens to a monitor that is an alias too.
#[derive(Debug, Clone, Copy)]
enum Event {
    Demonitor,
    Unalias,
    Down,
}

/// What its holder receives: how many of two messages sent before the event, whether the event
/// brings a `DOWN`, how many messages afterwards, whether the end of the process brings one, and
/// how many messages after that.
type Outcome = [usize; 5];

/// What OTP does; the test below asks it.
const TABLE: [(AliasMode, Event, Outcome); 9] = [
    (AliasMode::Explicit, Event::Demonitor, [2, 0, 1, 0, 1]),
    (AliasMode::Explicit, Event::Unalias, [2, 0, 0, 1, 0]),
    (AliasMode::Explicit, Event::Down, [2, 1, 1, 0, 1]),
    (AliasMode::Demonitor, Event::Demonitor, [2, 0, 0, 0, 0]),
    (AliasMode::Demonitor, Event::Unalias, [2, 0, 0, 1, 0]),
    (AliasMode::Demonitor, Event::Down, [2, 1, 0, 0, 0]),
    (AliasMode::Reply, Event::Demonitor, [1, 0, 0, 0, 0]),
    (AliasMode::Reply, Event::Unalias, [1, 0, 0, 0, 0]),
    (AliasMode::Reply, Event::Down, [1, 0, 0, 0, 0]),
];

/// Whether this release has aliases: since OTP 24.
async fn has_aliases(erl: &Erl) -> bool {
    let known = erl.release() >= 24;
    let exported = erl
        .eval("erlang:function_exported(erlang, alias, 1).")
        .await;
    assert_eq!(exported, known.to_string());
    known
}

#[tokio::test]
async fn the_table_is_what_otp_does() {
    let erl = Erl::options().start().await;
    if !has_aliases(&erl).await {
        return;
    }
    let probe = "
        Count = fun() -> (fun F(N) -> receive _ -> F(N + 1) after 200 -> N end end)(0) end,
        [begin
             P = spawn(fun() -> receive stop -> exit(bye) end end),
             R = erlang:monitor(process, P, [{alias, Mode}]),
             Stop = fun() -> M = monitor(process, P), P ! stop, receive {'DOWN', M, _, _, _} -> ok end end,
             R ! one, R ! two, Before = Count(),
             case Event of
                 demonitor -> erlang:demonitor(R);
                 unalias -> unalias(R);
                 down -> Stop()
             end,
             ByEvent = Count(), R ! three, After = Count(),
             Stop(), AtEnd = Count(), R ! four,
             [Before, ByEvent, After, AtEnd, Count()]
         end || Mode <- [explicit_unalias, demonitor, reply_demonitor],
                Event <- [demonitor, unalias, down]].";
    let outcomes: Vec<Outcome> = TABLE.iter().map(|(.., outcome)| *outcome).collect();
    let expected = format!("{outcomes:?}").replace(' ', "");
    assert_eq!(erl.eval(probe).await, expected);
}

/// Does what it is told: `{to, Dest, Message}`, or `stop`.
async fn mirror(mut ctx: Context) -> Reason {
    loop {
        let Received::Message(message) = ctx.receive().await else {
            continue;
        };
        let Term::Tuple(told) = &message else {
            return Reason::from(term!(bye));
        };
        let to: Dest = match &told[1] {
            Term::Pid(pid) => (*pid).into(),
            Term::Ref(alias) => (**alias).into(),
            other => panic!("{other}"),
        };
        ctx.send(to, &told[2]).unwrap();
    }
}

/// Has a mirror send a message to an alias; how many messages came by way of it, and how many
/// `DOWN`s of it.
async fn reflected(ctx: &mut Context, mirror: Pid, alias: Ref, messages: usize) -> [usize; 2] {
    for _ in 0..messages {
        ctx.send(mirror, &term!({to, (alias), hello})).unwrap();
    }
    let own = ctx.pid();
    ctx.send(mirror, &term!({to, (own), sync})).unwrap();
    let mut counts = [0, 0];
    loop {
        match ctx.receive().await {
            Received::Message(message) if message == term!(sync) => return counts,
            Received::Message(_) => counts[0] += 1,
            Received::Down(down) if down.reference == alias => counts[1] += 1,
            other => panic!("{other:?}"),
        }
    }
}

/// Plays one line of the table with two mirrors that may be anywhere.
async fn play(
    ctx: &mut Context,
    first: Pid,
    second: Pid,
    (mode, event, expected): (AliasMode, Event, Outcome),
) -> Outcome {
    let reference = ctx.monitor_with_alias(first, mode);
    let [before, early] = reflected(ctx, first, reference, 2).await;
    assert_eq!(early, 0);
    match event {
        Event::Demonitor => drop(ctx.demonitor(reference)),
        Event::Unalias => drop(ctx.unalias(reference)),
        Event::Down => {}
    }
    let by_event = match event {
        Event::Down => end(ctx, first, reference, expected[1]).await,
        _ => reflected(ctx, second, reference, 0).await[1],
    };
    let [after, _] = reflected(ctx, second, reference, 1).await;
    let at_end = match event {
        Event::Down => 0,
        _ => end(ctx, first, reference, expected[3]).await,
    };
    let [last, late] = reflected(ctx, second, reference, 1).await;
    ctx.unalias(reference);
    [before, by_event, after, at_end + late, last]
}

/// Ends a mirror and counts the `DOWN`s of the reference.
async fn end(ctx: &mut Context, mirror: Pid, reference: Ref, expected: usize) -> usize {
    let watch = ctx.monitor(mirror);
    ctx.send(mirror, &term!(stop)).unwrap();
    let mut downs = 0;
    let mut watched = false;
    // The order between the two is open.
    while !watched || downs < expected {
        let down = ctx.receive_match(Received::into_down).await;
        assert_eq!(down.reason, Reason::from(term!(bye)));
        watched |= down.reference == watch;
        downs += usize::from(down.reference == reference);
    }
    downs
}

#[tokio::test]
async fn a_monitors_alias_ends_as_in_otp() {
    let node = Node::alone();
    for line in TABLE {
        let got = run(&node, async move |mut ctx| {
            let (first, second) = (ctx.spawn(mirror), ctx.spawn(mirror));
            let got = play(&mut ctx, first, second, line).await;
            ctx.send(second, &term!(stop)).unwrap();
            ctx.monitor(second);
            ctx.receive().await;
            got
        })
        .await;
        assert_eq!(got, line.2, "{line:?}");
        let counted = node.undelivered();
        assert_eq!(counted.no_process, 0, "{line:?}");
    }
    let census = node.census();
    assert_eq!((census.aliases, census.monitors), (0, 0));
    let dropped: usize = TABLE
        .iter()
        .map(|(.., got)| 4 - got[0] - got[2] - got[4])
        .sum();
    assert_eq!(node.undelivered().no_alias, dropped as u64);
}

const MIRROR: &str = "
    -module(mirror). -export([start/1, loop/0]).
    start(To) -> To ! {mirrors, spawn(fun loop/0), spawn(fun loop/0)}.
    loop() -> receive {to, Dest, Message} -> Dest ! Message, loop(); stop -> exit(bye) end.
";

#[tokio::test]
async fn a_monitors_alias_ends_so_over_the_wire() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    if !has_aliases(&erl).await {
        return;
    }
    erl.load_module(MIRROR).await;
    let node = cluster.node().await;
    for line in TABLE {
        let (sender, ready) = oneshot::channel();
        let played = run(&node, async move |mut ctx| {
            ctx.register("player").unwrap();
            sender.send(()).unwrap();
            let Received::Message(Term::Tuple(mirrors)) = ctx.receive().await else {
                panic!("no mirrors");
            };
            let [_, Term::Pid(first), Term::Pid(second)] = &mirrors[..] else {
                panic!("no mirrors: {mirrors:?}");
            };
            play(&mut ctx, *first, *second, line).await
        });
        let start = async {
            ready.await.unwrap();
            let name = node.name();
            erl.eval(&format!("mirror:start({{player, {name}}})."))
                .await;
        };
        let (got, ()) = tokio::join!(played, start);
        assert_eq!(got, line.2, "{line:?}");
    }
    // Name servers that meet watch each other's lockers for a moment.
    until(|| {
        let census = node.census();
        (census.aliases, census.monitors, census.remotes) == (0, 0, 0)
    })
    .await;
    node.stop().await;
}

/// A process of ours sends to aliases of a BEAM, and answers through the alias of its monitor.
#[tokio::test]
async fn aliases_of_a_beam() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    if !has_aliases(&erl).await {
        return;
    }
    let node = cluster.node().await;
    let mirror = node.spawn(mirror);
    node.register("mirror", mirror).unwrap();
    let name = node.name();
    let script = format!(
        "M = {{mirror, {name}}}, S = self(),
         Sync = fun() ->
             M ! {{to, S, sync}},
             (fun F(N) -> receive sync -> N; {{'DOWN', _, _, _, _}} -> F(N + 100);
                                  _ -> F(N + 1) end end)(0)
         end,
         Once = alias([reply]), M ! {{to, Once, a}}, M ! {{to, Once, b}}, One = Sync(),
         Kept = alias(), M ! {{to, Kept, a}}, M ! {{to, Kept, b}}, Two = Sync(),
         unalias(Kept), M ! {{to, Kept, c}}, None = Sync(),
         R = erlang:monitor(process, M, [{{alias, reply_demonitor}}]),
         M ! {{to, R, a}}, M ! {{to, R, b}}, Replied = Sync(), 0 = Sync(),
         {{One, Two, None, Replied}}."
    );
    assert_eq!(within(erl.eval(&script)).await, "{1,2,0,1}");
    let info = node.process_info(&mirror).unwrap();
    assert!(info.monitored_by.is_empty(), "the answer took it back");
    node.stop().await;
}

#[tokio::test]
async fn an_alias_is_its_makers_and_ends_with_it() {
    let node = Node::alone();
    let alias = run(&node, async |mut ctx| {
        let alias = ctx.alias(AliasMode::Explicit);
        let (own, once) = (ctx.pid(), ctx.alias(AliasMode::Reply));
        ctx.spawn(async move |mut ctx| {
            let taken = term!((ctx.unalias(alias)));
            ctx.send(alias, &taken).unwrap();
            ctx.send(once, &term!(first)).unwrap();
            ctx.send(once, &term!(second)).unwrap();
            ctx.send(own, &term!(done)).unwrap();
        });
        for expected in [term!(false), term!(first), term!(done)] {
            assert_eq!(ctx.receive().await, Received::Message(expected));
        }
        assert!(!ctx.unalias(once), "the first message ended it");
        let gone = ctx.alias(AliasMode::Explicit);
        assert!(ctx.unalias(gone) && !ctx.unalias(gone));
        ctx.send(gone, &1).unwrap();
        assert_eq!(ctx.node().undelivered().no_alias, 2);
        alias
    })
    .await;
    until(|| node.census().aliases == 0).await;
    node.send(alias, &1).unwrap();
    assert_eq!(node.undelivered().no_alias, 3);
}

/// A peer sends to an alias of ours; to one of another node, it does not send through us.
#[tokio::test]
async fn a_peer_does_not_send_through_us() {
    let cluster = Cluster::start();
    let hostile = unique_node("hostile");
    let (node, third) = (cluster.node().await, cluster.node().await);
    let (sender, mut got) = mpsc::unbounded_channel();
    let receive = |sender: mpsc::UnboundedSender<(bool, Term)>, of_third| {
        async move |mut ctx: Context| {
            let alias = ctx.alias(AliasMode::Explicit);
            sender.send((of_third, alias.into())).unwrap();
            while let Received::Message(message) = ctx.receive().await {
                sender.send((of_third, message)).unwrap();
            }
        }
    };
    node.spawn(receive(sender.clone(), false));
    let Some((false, Term::Ref(ours))) = within(got.recv()).await else {
        panic!("no alias");
    };
    third.spawn(receive(sender, true));
    let Some((true, Term::Ref(theirs))) = within(got.recv()).await else {
        panic!("no alias");
    };
    let (ours, theirs) = (*ours, *theirs);
    // Were it relayed, the way would be there.
    assert!(node.ping(third.name().as_str()).await);
    let port = node.port().unwrap();
    let cookie = cluster.cookie().to_owned();
    tokio::task::spawn_blocking(move || {
        let mut peer = Peer::join(port, &hostile, &cookie);
        let from = pid(&hostile);
        for alias in [theirs, ours] {
            // {33, FromPid, Alias}
            let control = [&[112, 131, 104, 3, 97, 33][..], &from, &reference(&alias)].concat();
            peer.frame(&[&control[..], &[131, 97, 7]].concat());
        }
        peer.finish();
        peer.closed()
    })
    .await
    .unwrap();
    assert_eq!(within(got.recv()).await, Some((false, 7.into())));
    assert_eq!(node.undelivered().no_alias, 1);
    // What came before it on the same way has come, too.
    third.send(ours, &8).unwrap();
    assert_eq!(within(got.recv()).await, Some((false, 8.into())));
    node.send(theirs, &9).unwrap();
    assert_eq!(within(got.recv()).await, Some((true, 9.into())));
    node.stop().await;
    third.stop().await;
}

fn atom(name: &str) -> Vec<u8> {
    [&[119, name.len() as u8], name.as_bytes()].concat()
}

fn pid(node: &str) -> Vec<u8> {
    [&[88], &atom(node)[..], &[0; 8], &CREATION.to_be_bytes()].concat()
}

fn reference(alias: &Ref) -> Vec<u8> {
    let words = alias.words();
    let mut out = [&[90, 0, words.len() as u8], &atom(alias.node.as_str())[..]].concat();
    out.extend(alias.creation.to_be_bytes());
    words.iter().for_each(|word| out.extend(word.to_be_bytes()));
    out
}
