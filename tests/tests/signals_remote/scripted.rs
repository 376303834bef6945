//! Links, monitors and exits of peers that follow a script: what a BEAM does too seldom, or never.

use ergo::prelude::*;
use ergo::term::Term;
use tests::peer::{ALIAS, ALTACT_SIG, CREATION, FLAGS, UNLINK_ID};
use tests::{Actor, Epmd, Probe, gone, settled, unique, unique_node, until};

/// A Rust node, and scripted peers that join it.
struct Stage {
    node: Node,
    cookie: String,
    _epmd: Epmd,
}

impl Stage {
    async fn new() -> Stage {
        let epmd = Epmd::start();
        let cookie = unique("cookie");
        let builder = Node::builder(&unique_node("stage")).cookie(&cookie);
        let node = builder.epmd_port(epmd.port()).start().await.unwrap();
        Stage {
            node,
            cookie,
            _epmd: epmd,
        }
    }

    fn join(&self, name: &str) -> Actor {
        self.join_with(name, FLAGS)
    }

    fn join_with(&self, name: &str, flags: u64) -> Actor {
        Actor::join(self.node.port().unwrap(), name, &self.cookie, flags)
    }

    fn links(&self, probe: &Probe) -> Vec<Pid> {
        self.node.process_info(&probe.pid).unwrap().links
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn links_to_those_who_are_not_there_are_answered_or_ignored() {
    let stage = Stage::new().await;
    let before = stage.node.census();
    let mut actor = stage.join(&unique_node("actor"));
    let (me, probe) = (actor.pid(1), Probe::start(&stage.node));
    let nowhere = Pid {
        id: 30_000,
        serial: 8_000,
        ..probe.pid
    };
    let oversized = Pid {
        id: u32::MAX,
        serial: u32::MAX,
        ..probe.pid
    };
    let earlier = Pid {
        creation: probe.pid.creation.wrapping_sub(1),
        ..probe.pid
    };
    for to in [nowhere, oversized, earlier] {
        actor.send(term!({1, (me), (to)}));
        actor.expect(term!({3, (to), (me), noproc}));
        let reference = actor.reference(1);
        actor.send(term!({19, (me), (to), (reference)}));
        actor.expect(term!({21, (to), (me), (reference), noproc}));
        actor.send(term!({20, (me), (to), (reference)}));
        // Acknowledged though there is nothing to unlink.
        actor.send(term!({35, 7, (me), (to)}));
        actor.expect(term!({36, 7, (to), (me)}));
        actor.send(term!({36, 7, (me), (to)}));
        actor.send(term!({8, (me), (to), kill}));
        actor.send(term!({3, (me), (to), crash}));
    }
    // Of third nodes this one says nothing.
    let third = Pid {
        node: Atom::new("third@127.0.0.1"),
        ..probe.pid
    };
    let reference = actor.reference(2);
    actor.send(term!({1, (me), (third)}));
    actor.send(term!({19, (me), (third), (reference)}));
    actor.send(term!({20, (me), (third), (reference)}));
    actor.send(term!({35, 8, (me), (third)}));
    actor.send(term!({8, (me), (third), kill}));
    actor.send(term!({3, (me), (third), crash}));
    actor.send(term!({7, (me), (third)}));
    actor.settle();
    // Nor does an exit along a link that there is not, or a `DOWN` that nobody waits for.
    actor.send(term!({3, (me), (probe.pid), crash}));
    actor.send(term!({21, (me), (probe.pid), (reference), crash}));
    let foreign = stage.node.make_ref();
    actor.send(term!({21, (me), (probe.pid), (foreign), crash}));
    actor.settle();
    assert!(probe.lives().await);
    assert_eq!(stage.links(&probe), []);
    assert_eq!(stage.node.census().remotes, 0);
    probe.end(Reason::Normal);
    gone(&stage.node, probe.pid).await;
    settled(&stage.node, before).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unlink_counts_until_it_is_acknowledged() {
    let stage = Stage::new().await;
    let name = unique_node("actor");
    let mut actor = stage.join(&name);
    let (me, mut probe) = (actor.pid(1), Probe::trapping(&stage.node).await);
    let own = probe.pid;
    let linked = async || {
        probe.act(move |ctx| ctx.link(me)).await;
    };
    let unlinked = async || {
        probe.act(move |ctx| ctx.unlink(me)).await;
    };
    let unlink_id = |control: Term| match control {
        Term::Tuple(tuple) if tuple[0] == Term::from(35) => tuple[1].clone(),
        other => panic!("no UNLINK_ID but {other}"),
    };

    linked().await;
    actor.expect(term!({1, (own), (me)}));
    unlinked().await;
    let first = unlink_id(actor.control());
    // A second time there is nothing to unlink.
    unlinked().await;
    assert_eq!(stage.links(&probe), []);
    assert_eq!(stage.node.census().remotes, 1, "it waits");
    // It crosses the unlink, so that nobody has a link afterwards; and so does an exit.
    actor.send(term!({1, (me), (own)}));
    actor.send(term!({3, (me), (own), crash}));
    actor.settle();
    assert_eq!(stage.links(&probe), []);

    // Linked again before the acknowledgement, which then says nothing about the new link.
    linked().await;
    actor.expect(term!({1, (own), (me)}));
    actor.send(term!({36, (first.clone()), (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), [me]);

    // The answer to another unlink is none to this one.
    unlinked().await;
    let second = unlink_id(actor.control());
    assert_ne!(first, second);
    actor.send(term!({36, (first), (me), (own)}));
    actor.send(term!({1, (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), []);
    actor.send(term!({36, (second), (me), (own)}));
    actor.settle();
    assert_eq!(stage.node.census().remotes, 0);
    actor.send(term!({1, (me), (own)}));
    actor.send(term!({1, (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), [me]);

    // Their unlink while ours is on its way: both are acknowledged.
    unlinked().await;
    let third = unlink_id(actor.control());
    actor.send(term!({35, 55, (me), (own)}));
    actor.expect(term!({36, 55, (own), (me)}));
    assert_eq!(stage.node.census().remotes, 1, "ours still waits");
    actor.send(term!({36, (third), (me), (own)}));
    actor.settle();
    assert_eq!(stage.node.census().remotes, 0);

    // A connection that is lost acknowledges nothing, and the next one starts anew.
    linked().await;
    actor.expect(term!({1, (own), (me)}));
    unlinked().await;
    unlink_id(actor.control());
    drop(actor);
    probe.act(move |ctx| ctx.monitor(me)).await;
    // Nobody answers under that name any more.
    assert_eq!(probe.down().await.reason, Reason::NoConnection);
    assert_eq!(stage.node.census().remotes, 0);
    let mut actor = stage.join(&name);
    actor.send(term!({1, (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), [me]);
    actor.send(term!({3, (me), (own), {bye}}));
    let exit = probe.exit().await;
    assert_eq!((exit.from, exit.reason), (me, term!({ bye }).into()));
    assert_eq!(probe.left().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_nodes_do_not_acknowledge_an_unlink() {
    let stage = Stage::new().await;
    let mut actor = stage.join_with(&unique_node("old"), FLAGS & !UNLINK_ID);
    let (me, probe) = (actor.pid(1), Probe::trapping(&stage.node).await);
    let own = probe.pid;
    probe
        .act(move |ctx| {
            ctx.link(me);
            ctx.unlink(me);
        })
        .await;
    actor.expect(term!({1, (own), (me)}));
    actor.expect(term!({4, (own), (me)}));
    // If it was sent before the link was up, it is forgotten when that is.
    actor.settle();
    assert_eq!(stage.node.census().remotes, 0);
    actor.send(term!({1, (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), [me]);
    // And theirs is not acknowledged.
    actor.send(term!({4, (me), (own)}));
    actor.settle();
    assert_eq!(stage.links(&probe), []);
    assert_eq!(stage.node.census().remotes, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_to_an_earlier_incarnation() {
    let stage = Stage::new().await;
    let mut actor = stage.join(&unique_node("actor"));
    let earlier = Pid {
        creation: CREATION - 1,
        ..actor.pid(1)
    };
    let probe = Probe::start(&stage.node);
    let own = probe.pid;
    probe
        .act(move |ctx| {
            ctx.link(earlier);
            // It is the node that knows better.
            ctx.exit(earlier, Atom::new("late"));
        })
        .await;
    actor.expect(term!({1, (own), (earlier)}));
    actor.expect(term!({8, (own), (earlier), late}));
    probe.end(Atom::new("ended"));
    gone(&stage.node, own).await;
    actor.settle();
    until(|| stage.node.census().remotes == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_speaks_of_its_own_monitors_only() {
    let stage = Stage::new().await;
    let mut honest = stage.join(&unique_node("honest"));
    let mut liar = stage.join(&unique_node("liar"));
    let mut probe = Probe::start(&stage.node);
    let (own, theirs) = (probe.pid, honest.pid(5));
    // Its own monitor at the honest one cannot be fired by the other.
    let watching = probe.act(move |ctx| ctx.monitor(theirs)).await;
    honest.expect(term!({19, (own), (theirs), (watching)}));
    let name = Atom::new("some_name");
    liar.send(term!({21, (name), (own), (watching), lies}));
    liar.settle();
    assert_eq!(probe.left().await, []);
    // Nor by the honest one for another process.
    let other = Probe::start(&stage.node);
    assert_eq!(stage.node.census().remotes, 1);

    // A monitor of the honest one is not replaced by one under its reference, nor is it taken back.
    let (me, reference) = (honest.pid(1), honest.reference(7));
    honest.send(term!({19, (me), (own), (reference)}));
    honest.settle();
    let it = liar.pid(1);
    liar.send(term!({19, (it), (own), (reference)}));
    liar.send(term!({20, (it), (own), (reference)}));
    // Nor under one of this node.
    liar.send(term!({19, (it), (own), (watching)}));
    // One reference, two processes: the first counts.
    let twice = liar.reference(8);
    liar.send(term!({19, (it), (other.pid), (twice)}));
    liar.send(term!({19, (it), (own), (twice)}));
    liar.settle();
    assert_eq!(stage.node.process_info(&own).unwrap().monitored_by, [me]);
    assert_eq!(
        stage.node.process_info(&other.pid).unwrap().monitored_by,
        [it]
    );
    probe.end(Atom::new("truth"));
    honest.expect(term!({20, (own), (theirs), (watching)}));
    honest.expect(term!({21, (own), (me), (reference), truth}));
    liar.settle();
    assert_eq!(stage.node.census().remotes, 1);
    drop(liar);
    other.end(Reason::Normal);
    gone(&stage.node, other.pid).await;
    honest.settle();
}

#[tokio::test(flavor = "multi_thread")]
async fn exits_to_names_and_aliases_are_taken() {
    let stage = Stage::new().await;
    let mut actor = stage.join_with(&unique_node("new"), FLAGS | ALIAS | ALTACT_SIG);
    let me = actor.pid(1);
    let mut probe = Probe::trapping(&stage.node).await;
    let alias = probe
        .act(|ctx| {
            ctx.register("named").unwrap();
            ctx.alias(ergo::process::AliasMode::Explicit)
        })
        .await;
    let named = Atom::new("named");
    for (flags, to) in [
        (16, Term::Pid(probe.pid)),
        (17, Term::Pid(probe.pid)),
        (24, named.into()),
        (25, named.into()),
        (20, Term::from(alias)),
        (21, Term::from(alias)),
    ] {
        actor.say(&[term!({37, (flags), (me), (to)}), term!({why, (flags)})]);
        let exit = probe.exit().await;
        assert_eq!((exit.from, exit.reason), (me, term!({why, (flags)}).into()));
    }
    // Those whom nobody has.
    let nobody = Atom::new("nobody");
    actor.say(&[term!({37, 24, (me), (nobody)}), term!(kill)]);
    probe.act(move |ctx| ctx.unalias(alias)).await;
    actor.say(&[term!({37, 20, (me), (alias)}), term!(kill)]);
    actor.settle();
    assert!(probe.lives().await);
    let victim = Probe::start(&stage.node);
    let alias = victim
        .act(|ctx| ctx.alias(ergo::process::AliasMode::Explicit))
        .await;
    let watch = actor.reference(3);
    actor.send(term!({19, (me), (victim.pid), (watch)}));
    actor.say(&[term!({37, 20, (me), (alias)}), term!(kill)]);
    actor.expect(term!({21, (victim.pid), (me), (watch), killed}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_peer_made_us_keep_goes_with_it() {
    let stage = Stage::new().await;
    let probe = Probe::trapping(&stage.node).await;
    let before = stage.node.census();
    for _ in 0..3 {
        let mut actor = stage.join(&unique_node("greedy"));
        for id in 0..20_000 {
            let (me, reference) = (actor.pid(id), actor.reference(id));
            actor.send(term!({19, (me), (probe.pid), (reference)}));
            actor.send(term!({1, (me), (probe.pid)}));
        }
        actor.settle();
        assert_eq!(stage.node.census().remotes, 40_000);
        assert_eq!(stage.links(&probe).len(), 20_000);
        let name = actor.name;
        let mut witness = Probe::start(&stage.node);
        witness.act(move |ctx| ctx.monitor_node(name, true)).await;
        drop(actor);
        assert_eq!(witness.message().await, term!({nodedown, (name)}));
        witness.end(Reason::Normal);
        gone(&stage.node, witness.pid).await;
        settled(&stage.node, before).await;
    }
}
