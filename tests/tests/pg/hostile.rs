//! What no scope should be sent, and peers that do not read.

use std::time::Duration;

use ergo::{Atom, Node, Pid, Term, pg, term};
use tests::peer::{FLAGS, MODERN};
use tests::{Actor, Cluster, Probe, unique_node};

use super::stage::{Beam, Rust, SCOPE};

/// A scripted peer, and the pid under which it is a scope.
struct Fake {
    actor: Actor,
    scope: Pid,
}

impl Fake {
    fn join(cluster: &Cluster, rust: &Rust, flags: u64) -> Fake {
        let port = rust.node.port().unwrap();
        let actor = Actor::join(port, &unique_node("fake"), cluster.cookie(), flags);
        let scope = actor.pid(1);
        Fake { actor, scope }
    }

    /// Sends the scope a message.
    fn say(&mut self, message: Term) {
        let (from, to) = (self.scope, Atom::new(SCOPE));
        self.actor.say(&[term!({6, (from), "", (to)}), message]);
    }

    fn cast(&mut self, message: Term) {
        self.say(term!({:"$gen_cast", (message)}));
    }

    /// Becomes a peer, by one form of the first message; gives what the scope tells.
    fn discover(&mut self, message: Term, rust: &Rust) -> Vec<Term> {
        self.say(message);
        let scope = rust.scope.pid().unwrap();
        // The monitor, the state, and the question back, in whatever order.
        let mut told = Vec::new();
        while told.len() < 2 {
            let said = self.actor.hear();
            match said.operation {
                19 => assert_eq!(tuple(&said.control)[2], self.scope.into()),
                _ => told.push(said.message.expect("a message")),
            }
        }
        assert_eq!(told[1], term!({discover, (scope)}));
        told.truncate(1);
        told
    }
}

fn tuple(term: &Term) -> &[Term] {
    term.as_tuple().expect("a tuple")
}

async fn alone() -> (Cluster, Rust) {
    let cluster = Cluster::start();
    let rust = Rust::start(&cluster).await;
    (cluster, rust)
}

#[tokio::test(flavor = "multi_thread")]
async fn both_dialects_are_understood_and_the_older_is_spoken() {
    let (cluster, rust) = alone().await;
    let (ours, g) = (rust.member(), Atom::new("g"));
    rust.scope.join(g, [ours.pid, ours.pid]).await.unwrap();
    let scope = rust.scope.pid().unwrap();
    for version in [None, Some(1)] {
        let mut fake = Fake::join(&cluster, &rust, MODERN);
        let (me, a, b) = (fake.scope, fake.actor.pid(7), fake.actor.pid(8));
        let discover = match version {
            None => term!({discover, (me)}),
            Some(version) => term!({discover, (me), (version)}),
        };
        let told = fake.discover(discover, &rust);
        let state = term!({:"$gen_cast", {sync, (scope), [{g, [(ours.pid), (ours.pid)]}]}});
        assert_eq!(told, [state]);
        match version {
            None => {
                fake.cast(term!({sync, (me), [{g, [(a)]}, {h, [(a), (b)]}]}));
                fake.say(term!({join, (me), g, (b)}));
                fake.say(term!({join, (me), g, [(b), (b)]}));
                fake.say(term!({leave, (me), (a), [h, g, nosuch]}));
                fake.say(term!({leave, (me), [(b), (a)], [g, g, g, g]}));
            }
            Some(_) => {
                fake.cast(term!({local_data, (me), 1, #{g => [(a)], h => [(a), (b)]}}));
                fake.say(term!({update, (me), [{g, [(b)], []}, {nosuch, [], [(b)]}]}));
                fake.say(term!({update, (me), [{g, [(b), (b)], []}]}));
                fake.say(term!({update, (me), [{g, [], [(a), (b), (b), (b)]}, {h, [], [(a)]}]}));
            }
        }
        rust.until(Atom::new("h"), &[b]).await;
        rust.until(g, &[ours.pid, ours.pid]).await;
        // What it is told of changes.
        rust.scope.join(g, ours.pid).await.unwrap();
        let joined = fake.actor.hear();
        assert_eq!(
            joined.message,
            Some(term!({join, (scope), g, [(ours.pid)]}))
        );
        rust.scope.leave(g, ours.pid).await.unwrap();
        let left = fake.actor.hear();
        assert_eq!(
            left.message,
            Some(term!({leave, (scope), [(ours.pid)], [g]}))
        );
        drop(fake);
        rust.until(Atom::new("h"), &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_outlives_what_it_does_not_understand() {
    let (cluster, rust) = alone().await;
    let (ours, g) = (rust.member(), Atom::new("g"));
    rust.scope.join(g, ours.pid).await.unwrap();
    let scope = rust.scope.pid().unwrap();
    let mut fake = Fake::join(&cluster, &rust, FLAGS);
    let (me, a) = (fake.scope, fake.actor.pid(7));
    // Nobody knows it yet.
    fake.say(term!({join, (me), g, (a)}));
    fake.say(term!({leave, (me), (a), [g]}));
    fake.say(term!({update, (me), [{g, [(a)], []}]}));
    fake.discover(term!({discover, (me)}), &rust);
    let far = Pid {
        node: Atom::new("nowhere@127.0.0.1"),
        ..me
    };
    let wrong = [
        term!(discover),
        term!({discover, me}),
        term!({discover, (far)}),
        term!({discover, (far), 1}),
        term!({discover, (scope)}),
        term!({discover, (me), 1, 2}),
        term!({sync, (me), []}),
        term!({join, (me), g, [(a) | (a)]}),
        term!({join, (me), g, []}),
        term!({join, (me), g, [(ours.pid), (far)]}),
        term!({join, (far), g, (a)}),
        term!({join, (scope), g, (a)}),
        term!({leave, (me), (ours.pid), [g]}),
        term!({leave, (scope), (ours.pid), [g]}),
        term!({leave, (me), [], []}),
        term!({leave, (me), (a), g}),
        term!({update, (me), [{g, [], [(ours.pid)]}]}),
        term!({update, (me), [{g, [(a)]}]}),
        term!({update, (me), g}),
        term!({nodeup, :"nowhere@127.0.0.1"}),
        term!({nodeup, 1}),
        term!({nodedown, 1}),
        term!({:"$gen_cast", {sync, (me), g}}),
        term!({:"$gen_cast", {sync, (far), [{g, [(far)]}]}}),
        term!({:"$gen_cast", {sync, (me), [{g, [(far), (ours.pid)]}]}}),
        term!({:"$gen_cast", {local_data, (me), 1, []}}),
        term!({:"$gen_cast", anything}),
        term!({:"$gen_call", {(me), x}, {join_local, g, (me)}}),
        term!({:"$gen_call", x, y}),
        term!({:"DOWN", (fake.actor.reference(1)), process, (me), x}),
        term!({:"EXIT", (me), x}),
        term!([]),
        term!(1),
    ];
    for message in wrong {
        fake.say(message);
    }
    fake.say(term!({join, (me), h, (a)}));
    rust.until(Atom::new("h"), &[a]).await;
    assert_eq!(rust.scope.pid(), Some(scope));
    assert_eq!(rust.scope.get_members(g), [ours.pid]);
    // The call alone is answered; nothing said of other nodes is looked for.
    let heard = fake.actor.heard();
    assert!(heard.iter().all(|said| said.message.is_some()), "{heard:?}");
    assert_eq!(rust.node.hidden_nodes(), [fake.actor.name]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_ends_with_its_link() {
    let (cluster, rust) = alone().await;
    let before = rust.node.census();
    let mut fake = Fake::join(&cluster, &rust, FLAGS);
    // Scopes that are none: they are not even asked whether they live.
    for id in 100..3000 {
        let pid = fake.actor.pid(id);
        fake.say(term!({discover, (pid)}));
        fake.say(term!({join, (pid), g, (pid)}));
    }
    let scope = rust.scope.pid().unwrap();
    // No pid above has a group of its own; the last message says that all were dealt with.
    let known = fake.actor.pid(100);
    fake.say(term!({join, (known), last, (known)}));
    rust.until(Atom::new("last"), &[known]).await;
    let monitors = rust.node.process_info(&scope).unwrap().monitors;
    assert_eq!(monitors.len(), 16);
    assert_eq!(rust.scope.get_members(Atom::new("g")).len(), 16);

    // A true peer that has very much.
    let many: Vec<Term> = (0..200_u32)
        .map(|n| {
            let pids: Vec<Term> = (0..100).map(|_| known.into()).collect();
            term!({(n), (Term::list(pids))})
        })
        .collect();
    let groups = Term::list(many);
    fake.cast(term!({sync, (known), (groups)}));
    for _ in 0..2000 {
        fake.say(term!({join, (known), (Term::from(1)), (known)}));
        fake.say(term!({leave, (known), (known), (Term::list(vec![Term::from(1); 50]))}));
    }
    fake.say(term!({join, (known), done, (known)}));
    rust.until(Atom::new("done"), &[known]).await;
    drop(fake);
    rust.until(Atom::new("done"), &[]).await;
    tests::until(|| rust.scope.which_groups().is_empty()).await;
    // What waited for groups to change ends by and by.
    tests::until(|| rust.node.census().processes == before.processes).await;
    assert_eq!(rust.node.process_info(&scope).unwrap().monitors, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_beam_may_send_anything_and_stays_in_step() {
    let cluster = Cluster::start();
    let (beam, rust) = (Beam::start(&cluster).await, Rust::start(&cluster).await);
    rust.node.connect(beam.0.name()).await.unwrap();
    let (ours, theirs, g) = (rust.member(), beam.member().await, Atom::new("g"));
    rust.scope.join(g, ours.pid).await.unwrap();
    beam.until(g, &[ours.pid]).await;
    let flood = format!(
        "To = {{sc, {}}},
         [To ! Message || _ <- lists:seq(1, 300), Message <- [
             hello, {{discover, x}}, {{join, self(), g, self()}}, {{leave, self(), self(), [g]}}, {{sync, self(), []}},
             {{'$gen_cast', {{sync, x, y}}}}, {{join, whereis(sc), [g, self() | self()]}}, make_ref(), fun() -> ok end,
             {{update, whereis(sc), [x]}}, <<1:3>>, #{{a => self()}}]], ok.",
        rust.node.name()
    );
    beam.0.eval(&flood).await;
    beam.join(&g.into(), &[theirs]).await;
    rust.until(g, &[ours.pid, theirs]).await;
    beam.until(g, &[ours.pid, theirs]).await;
    assert_eq!(rust.groups(), beam.groups().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_reads_late_gets_all_and_holds_up_nobody() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&unique_node("rust")).visible(true);
    let limits = builder
        .dist_buf_busy_limit(1 << 10)
        .dist_buf_hard_limit(16 << 10);
    let node: Node = limits.start().await.unwrap();
    let scope = pg::start(&node, SCOPE).await.unwrap();
    let rust = Rust { node, scope };
    let beam = Beam::start(&cluster).await;
    rust.node.connect(beam.0.name()).await.unwrap();

    let mut slow = Fake::join(&cluster, &rust, FLAGS);
    let me = slow.scope;
    slow.discover(term!({discover, (me)}), &rust);
    let ours: Probe = rust.member();
    // More than a link and all buffers of its sockets hold, while it reads nothing.
    let name = |n: usize| Term::from(vec![n as u8; 100_000]);
    for n in 0..200 {
        rust.scope.join(name(n), ours.pid).await.unwrap();
        if n % 2 == 0 {
            rust.scope.leave(name(n), ours.pid).await.unwrap();
        }
    }
    // The others are told meanwhile.
    rust.scope.join(Atom::new("g"), ours.pid).await.unwrap();
    beam.until(Atom::new("g"), &[ours.pid]).await;

    let mut states = 0;
    let groups = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            let message = slow.actor.hear().message.expect("a message");
            // The first state that comes now has all.
            if let Some([_, state]) = message.as_tagged("$gen_cast").map(|_| tuple(&message)) {
                states += 1;
                break tuple(state)[2].clone();
            }
        }
    })
    .await
    .expect("it is told anew");
    assert_eq!(groups.as_list().unwrap().len(), 101);
    assert_eq!(states, 1);
    // And it is in step from there on.
    rust.scope.join(Atom::new("h"), ours.pid).await.unwrap();
    let scope = rust.scope.pid().unwrap();
    let joined = slow.actor.hear().message;
    assert_eq!(joined, Some(term!({join, (scope), h, [(ours.pid)]})));
}
