//! What is logged of a node whose processes are in too many groups. Alone in its program, see `tests::Log`.

use ergo::{Atom, Pid, Term, pg, term};
use tests::allocation_counter::measure;
use tests::peer::FLAGS;
use tests::{Actor, Cluster, Log, unique_node};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, spawn_blocking};
use tracing_subscriber::filter::LevelFilter;

const LIMIT: usize = 1000;

/// How many joins a peer sends that has no end of them, each to a group of its own.
const FLOOD: u32 = 20_000;

/// What a membership may take, its group included, and its part of what the flood has left: the mailbox keeps some room.
const MEMBERSHIP: i64 = 4 << 10;

/// A peer that is a scope.
struct Flood {
    actor: Actor,
    scope: Pid,
}

impl Flood {
    fn start(port: u16, name: &str, cookie: &str) -> Flood {
        let actor = Actor::join(port, name, cookie, FLAGS);
        let scope = actor.pid(1);
        let mut flood = Flood { actor, scope };
        flood.say(term!({discover, (scope)}));
        flood
    }

    fn say(&mut self, message: Term) {
        let from = self.scope;
        self.actor.say(&[term!({6, (from), "", scope}), message]);
    }

    fn join(&mut self, group: impl Into<Term>, pid: Pid) {
        let (scope, group) = (self.scope, group.into());
        self.say(term!({join, (scope), (group), (pid)}));
    }
}

#[test]
fn a_node_that_joins_without_end_is_logged_once_and_takes_so_much_memory() {
    let log = Log::start(LevelFilter::WARN);
    let cluster = Cluster::start();
    // On the thread whose allocations are counted; the peers are on others.
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let builder = cluster.builder(&unique_node("rust")).max_pg(LIMIT);
    let node = runtime.block_on(builder.start()).expect("it starts");
    let scope = runtime.block_on(pg::start(&node, "scope"));
    let scope = scope.expect("it starts");
    let (port, cookie) = (
        node.port().expect("it listens"),
        cluster.cookie().to_owned(),
    );
    let start = |name: &str| {
        let (name, cookie) = (unique_node(name), cookie.clone());
        let joined = runtime.block_on(async move {
            spawn_blocking(move || Flood::start(port, &name, &cookie)).await
        });
        joined.expect("it is a peer")
    };
    let mut two = start("two");
    let other = two.actor.pid(7);
    two.join(Atom::new("begun"), other);
    let has = |group: Term, pid: Pid| {
        let scope = scope.clone();
        tests::until(move || scope.get_members(&group).contains(&pid))
    };
    runtime.block_on(has(term!(begun), other));

    let one = start("one");
    let (its, own) = (one.actor.pid(7), one.scope);
    let name = format!("node=\"{}\"", one.actor.name.as_str());
    let flood = spawn_flood(&runtime, one, its);
    let mut flooded = None;
    let memory = measure(|| {
        let mut one = runtime.block_on(flood).expect("it sends all");
        // Who leaves makes room for one; what was said before is dealt with by then.
        one.say(term!({leave, (own), (its), [0]}));
        one.join(Atom::new("last"), its);
        runtime.block_on(has(term!(last), its));
        flooded = Some(one);
    });
    let one = flooded.expect("it is there");
    assert_eq!(scope.which_groups().len(), LIMIT + 1);
    let bound = LIMIT as i64 * MEMBERSHIP;
    assert!(memory.bytes_current < bound, "{memory:?}");
    let said = log.take();
    for part in [
        "WARN ergo::pg",
        "too many memberships",
        "scope=scope",
        "limit=1000",
        &name,
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert_eq!(said.lines().count(), 1, "{said}");

    // Others are not concerned.
    for number in 0..10 {
        two.join(number, other);
    }
    runtime.block_on(has(9.into(), other));
    drop(one);
    runtime.block_on(tests::until(|| scope.which_groups().len() == 11));
    assert_eq!(log.take(), "");
}

fn spawn_flood(runtime: &Runtime, mut peer: Flood, pid: Pid) -> JoinHandle<Flood> {
    runtime.spawn_blocking(move || {
        for number in 0..FLOOD {
            peer.join(number, pid);
        }
        peer
    })
}
