//! Two nodes: joins, leaves, and ends of members and of scopes, seen from both.

use ergo::pg::{Change, Event};
use ergo::process::Received;
use ergo::{Atom, Pid, Reason, Ref, Term, term};
use tests::{Cluster, Probe, within};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::oneshot;

use super::stage::{Beam, Rust, sorted};

async fn pair(cluster: &Cluster) -> (Beam, Rust) {
    let (beam, rust) = (Beam::start(cluster).await, Rust::start(cluster).await);
    rust.node.connect(beam.0.name()).await.unwrap();
    (beam, rust)
}

#[tokio::test]
async fn what_was_there_before_the_nodes_met_is_known_afterwards() {
    let cluster = Cluster::start();
    let (beam, rust) = (Beam::start(&cluster).await, Rust::start(&cluster).await);
    let (ours, theirs) = (rust.member(), beam.member().await);
    // `1` and `1.0` are two groups; a string is a list.
    let groups = [
        term!(workers),
        term!({room, 1}),
        term!(1),
        term!(1.0),
        term!("text"),
        term!(<<"text">>),
        term!(#{a => [b]}),
        term!([]),
    ];
    for group in &groups {
        rust.scope.join(group, ours.pid).await.unwrap();
    }
    beam.join(&groups[0], &[theirs, theirs]).await;
    rust.node.connect(beam.0.name()).await.unwrap();
    let all = [ours.pid, theirs, theirs];
    rust.until(&groups[0], &all).await;
    beam.until(&groups[0], &all).await;
    assert_eq!(rust.groups(), beam.groups().await);
    assert_eq!(rust.groups().len(), groups.len());
    assert_eq!(rust.scope.get_local_members(&groups[0]), [ours.pid]);
    assert_eq!(rust.scope.which_local_groups().len(), groups.len());
    let local = "length(pg:which_local_groups(sc)).";
    assert_eq!(beam.0.eval(local).await, "1");
}

#[tokio::test]
async fn joins_and_leaves_are_seen_on_the_other_side() {
    let cluster = Cluster::start();
    let (beam, rust) = pair(&cluster).await;
    let (a, b) = (rust.member(), rust.member());
    let (c, d) = (beam.member().await, beam.member().await);
    let g = Atom::new("g");
    rust.scope.join(g, a.pid).await.unwrap();
    rust.scope.join(g, [a.pid, b.pid, a.pid]).await.unwrap();
    beam.join(&g.into(), &[c, d, c]).await;
    let all = [a.pid, a.pid, a.pid, b.pid, c, c, d];
    rust.until(g, &all).await;
    beam.until(g, &all).await;

    assert!(rust.scope.leave(g, [a.pid, b.pid, b.pid]).await.unwrap());
    assert!(!rust.scope.leave(g, b.pid).await.unwrap());
    assert!(!rust.scope.leave(Atom::new("h"), a.pid).await.unwrap());
    let left: Atom = beam.value_with("pg:leave(sc, g, P1)", &[&c]).await;
    assert_eq!(left, Atom::OK);
    let all = [a.pid, a.pid, c, d];
    rust.until(g, &all).await;
    beam.until(g, &all).await;

    // Who is in no group any more is gone from the tables, too.
    assert!(rust.scope.leave(g, [a.pid, a.pid]).await.unwrap());
    let left: Atom = beam.value_with("pg:leave(sc, g, P1)", &[&vec![c, d]]).await;
    assert_eq!(left, Atom::OK);
    rust.until(g, &[]).await;
    beam.until(g, &[]).await;
    assert_eq!(rust.scope.which_groups(), []);
    assert_eq!(beam.groups().await, []);
    assert_eq!(rust.node.process_info(&a.pid).unwrap().monitored_by, []);
}

#[tokio::test]
async fn members_leave_with_their_end() {
    let cluster = Cluster::start();
    let (beam, rust) = pair(&cluster).await;
    let (ours, theirs) = (rust.member(), beam.member().await);
    let (g, h) = (Term::atom("g"), Term::atom("h"));
    for group in [&g, &h] {
        rust.scope.join(group, [ours.pid, ours.pid]).await.unwrap();
        beam.join(group, &[theirs, theirs]).await;
    }
    for group in [&g, &h] {
        rust.until(group, &[ours.pid, ours.pid, theirs, theirs])
            .await;
        beam.until(group, &[ours.pid, ours.pid, theirs, theirs])
            .await;
    }
    beam.value_with::<bool>("exit(P1, kill)", &[&theirs]).await;
    ours.end(Reason::from(term!(crash)));
    for group in [&g, &h] {
        rust.until(group, &[]).await;
        beam.until(group, &[]).await;
    }
    // One that is gone already joins as in OTP: for a moment.
    rust.scope.join(&g, ours.pid).await.unwrap();
    rust.until(&g, &[]).await;
    assert_eq!(rust.groups(), []);
}

#[tokio::test]
async fn a_scope_that_ends_takes_its_members_and_comes_back_without_them() {
    let cluster = Cluster::start();
    let (beam, rust) = pair(&cluster).await;
    let (ours, theirs) = (rust.member(), beam.member().await);
    let g = Atom::new("g");
    rust.scope.join(g, ours.pid).await.unwrap();
    beam.join(&g.into(), &[theirs]).await;
    rust.until(g, &[ours.pid, theirs]).await;
    beam.until(g, &[ours.pid, theirs]).await;

    beam.0.eval("exit(whereis(sc), kill).").await;
    rust.until(g, &[ours.pid]).await;
    beam.start_scope().await;
    beam.until(g, &[ours.pid]).await;
    beam.join(&g.into(), &[theirs]).await;
    rust.until(g, &[ours.pid, theirs]).await;

    let mut watch = Probe::start(&rust.node);
    let scope = rust.scope.pid().unwrap();
    watch.act(move |ctx| ctx.monitor(scope)).await;
    rust.node.exit(scope, Reason::Kill);
    watch.down().await;
    beam.until(g, &[theirs]).await;
    assert_eq!(rust.scope.get_members(g), []);
    ergo::pg::start(&rust.node, "sc").await.unwrap();
    rust.until(g, &[theirs]).await;
    rust.scope.join(g, ours.pid).await.unwrap();
    beam.until(g, &[ours.pid, theirs]).await;
    assert_eq!(rust.groups(), beam.groups().await);
}

#[tokio::test]
async fn monitors_are_told_what_those_of_a_beam_are() {
    let cluster = Cluster::start();
    let (beam, rust) = pair(&cluster).await;
    if beam.0.release() < 25 {
        return assert!(beam.0.release() >= 23, "no monitors there");
    }
    let (ours, theirs) = (rust.member(), beam.member().await);
    let (g, h) = (Term::atom("g"), Term::atom("h"));
    rust.scope.join(&g, ours.pid).await.unwrap();
    beam.until(&g, &[ours.pid]).await;
    let before: Term = beam.value("pg_judge:watch(sc, watch).").await;
    assert_eq!(before, term!(#{g => [(ours.pid)]}));

    let mut all = Watch::start(&rust, None).await;
    let mut one = Watch::start(&rust, Some(h.clone())).await;
    assert_eq!(all.before, [(g.clone(), vec![ours.pid])]);
    assert_eq!(one.before, [(h.clone(), vec![])]);

    // One after the other, so that there is one order.
    rust.scope.join(&g, [ours.pid, ours.pid]).await.unwrap();
    beam.until(&g, &[ours.pid; 3]).await;
    beam.join(&h, &[theirs, theirs]).await;
    rust.until(&h, &[theirs; 2]).await;
    rust.scope.leave(&g, ours.pid).await.unwrap();
    beam.until(&g, &[ours.pid; 2]).await;
    beam.value_with::<Atom>("pg:leave(sc, h, P1)", &[&theirs])
        .await;
    rust.until(&h, &[theirs]).await;
    rust.scope.join(&h, ours.pid).await.unwrap();
    beam.until(&h, &[ours.pid, theirs]).await;

    let seen: Vec<(Atom, Term, Vec<Pid>)> = beam.value("pg_judge:seen(watch, 5).").await;
    for expected in &seen {
        assert_eq!(all.next().await, *expected);
    }
    for expected in seen.iter().filter(|(_, group, _)| *group == h) {
        assert_eq!(one.next().await, *expected);
    }

    assert!(rust.scope.demonitor(all.reference).await.unwrap());
    assert!(!rust.scope.demonitor(all.reference).await.unwrap());
    rust.scope.join(&h, ours.pid).await.unwrap();
    one.next().await;
    assert!(all.events.try_recv().is_err());
}

/// A process with a monitor of the scope, or of one group.
struct Watch {
    reference: Ref,
    before: Vec<(Term, Vec<Pid>)>,
    events: UnboundedReceiver<Event>,
}

impl Watch {
    async fn start(rust: &Rust, group: Option<Term>) -> Watch {
        let (set, monitor) = oneshot::channel();
        let (tell, events) = unbounded_channel();
        let scope = rust.scope.clone();
        rust.node.spawn(async move |mut ctx| {
            let monitored = match group {
                None => scope.monitor_scope(&ctx).await,
                Some(group) => {
                    let monitored = scope.monitor(&ctx, &group).await;
                    monitored.map(|(reference, members)| (reference, vec![(group, members)]))
                }
            };
            // The test waits for it.
            let _ = set.send(monitored.expect("the scope runs"));
            loop {
                let message = ctx.receive_match(Received::into_message).await;
                let _ = tell.send(Event::try_from(message).expect("an event"));
            }
        });
        let (reference, before) = within(monitor).await.unwrap();
        Watch {
            reference,
            before,
            events,
        }
    }

    async fn next(&mut self) -> (Atom, Term, Vec<Pid>) {
        let event = within(self.events.recv()).await.unwrap();
        assert_eq!(event.reference, self.reference);
        let change = match event.change {
            Change::Join => "join",
            Change::Leave => "leave",
        };
        (Atom::new(change), event.group, sorted(event.pids))
    }
}

#[tokio::test]
async fn a_broadcast_reaches_members_on_all_nodes() {
    let cluster = Cluster::start();
    let (beam, rust) = pair(&cluster).await;
    let (mut ours, theirs) = (rust.member(), beam.member().await);
    let g = Atom::new("g");
    rust.scope.join(g, ours.pid).await.unwrap();
    beam.join(&g.into(), &[theirs, theirs]).await;
    rust.until(g, &[ours.pid, theirs, theirs]).await;
    beam.until(g, &[ours.pid, theirs, theirs]).await;

    let told = term!({tell, (ours.pid)});
    assert_eq!(rust.scope.broadcast(g, &told).unwrap(), 3);
    assert_eq!(rust.scope.broadcast(Atom::new("none"), &told).unwrap(), 0);
    let mut got: Vec<Term> = Vec::new();
    for _ in 0..3 {
        got.push(ours.message().await);
    }
    got.sort();
    let answer = term!({told, (theirs)});
    let mut expected = vec![told, answer.clone(), answer];
    expected.sort();
    assert_eq!(got, expected);

    beam.0
        .eval("[P ! {hello, 1.5} || P <- pg:get_members(sc, g)], ok.")
        .await;
    assert_eq!(
        ours.next().await,
        Some(Received::Message(term!({hello, 1.5})))
    );
}
