//! A Rust node in a cluster of two BEAMs, through netsplits: names and groups are the same everywhere when all meet again.

use std::time::Duration;

use ergo::process::Received;
use ergo::{Atom, Pid, Reason, Term, global, pg, term};
use tests::{Cluster, Erl, unique_node};

#[path = "pg/stage.rs"]
#[allow(dead_code)] // The other tests use the rest.
mod groups;
#[path = "global/stage.rs"]
#[allow(dead_code)]
mod names;

use groups::{Beam, Rust, SCOPE, sorted};
use names::{joined, joined_here, ping};

/// The group in which all processes of the tests are.
const GROUP: &str = "g";

/// Two BEAMs and a Rust node, with `global` and a scope of `pg`.
struct Cast {
    one: Beam,
    two: Beam,
    rust: Rust,
}

impl Cast {
    async fn start(cluster: &Cluster) -> Cast {
        let beam = async || {
            let options = cluster.options(Erl::options()).name(&unique_node("erl"));
            let args = ["-kernel", "net_ticktime", "8"];
            let beam = Beam::with(cluster, options.args(&args)).await;
            beam.0.load_module(include_str!("global_judge.erl")).await;
            beam
        };
        let builder = cluster.builder(&unique_node("rust"));
        let builder = builder.net_ticktime(Duration::from_secs(8));
        let node = builder.start().await.expect("it starts");
        let scope = pg::start(&node, SCOPE).await.expect("it starts");
        let cast = Cast {
            one: beam().await,
            two: beam().await,
            rust: Rust { node, scope },
        };
        cast.meet().await;
        cast
    }

    fn names(&self) -> [&str; 3] {
        [
            self.one.0.name(),
            self.two.0.name(),
            self.rust.node.name().as_str(),
        ]
    }

    /// Connects them, each by way of the first.
    async fn meet(&self) {
        let [one, two, own] = self.names();
        assert_eq!(self.two.0.eval(&ping(one)).await, "pong");
        assert!(self.rust.node.ping(one).await);
        joined(&self.one.0, &[two, own]).await;
        joined(&self.two.0, &[one, own]).await;
        joined_here(&self.rust.node, &[one, two]).await;
    }

    /// All three have these names and groups, and nothing else.
    async fn agree(&self, expected: &[(&'static str, Pid)]) {
        let pids: Vec<Pid> = expected.iter().map(|(_, pid)| *pid).collect();
        let group = Term::atom(GROUP);
        self.rust.until(&group, &pids).await;
        for beam in [&self.one, &self.two] {
            beam.until(&group, &pids).await;
        }
        let wanted = vec![(group, sorted(pids))];
        assert_eq!(self.rust.groups(), wanted);
        let mut named: Vec<(Term, Pid)> = expected
            .iter()
            .map(|(name, pid)| (Term::atom(name), *pid))
            .collect();
        named.sort();
        for beam in [&self.one, &self.two] {
            assert_eq!(beam.groups().await, wanted);
            tests::within(async { while self.names_of(beam).await != named {} }).await;
        }
        tests::until(|| self.own_names() == named).await;
    }

    async fn names_of(&self, beam: &Beam) -> Vec<(Term, Pid)> {
        // One that is lost meanwhile has no process.
        let text = "[{Name, Pid} || Name <- global_judge:names(), Pid <- [global:whereis_name(Name)], is_pid(Pid)].";
        beam.value(text).await
    }

    fn own_names(&self) -> Vec<(Term, Pid)> {
        let node = &self.rust.node;
        let mut names: Vec<_> = global::registered_names(node)
            .into_iter()
            .filter_map(|name| Some((name.clone(), global::whereis_name(node, name)?)))
            .collect();
        names.sort();
        names
    }

    /// Who has a name, as soon as all agree on it: one of these.
    async fn keeper(&self, name: &'static str, pids: [Pid; 2]) -> Pid {
        let text = format!("global:whereis_name({name}).");
        let agreed = async {
            loop {
                let one: Term = self.one.value(&text).await;
                let two: Term = self.two.value(&text).await;
                match global::whereis_name(&self.rust.node, name) {
                    Some(own) if one == own.into() && two == own.into() => return own,
                    _ => {}
                }
            }
        };
        let keeper = tests::within(agreed).await;
        assert!(pids.contains(&keeper), "{keeper} has the name {name}");
        keeper
    }

    /// A new process of a BEAM, under a name and in the group.
    async fn enters_beam(&self, beam: &Beam, name: &str) -> Pid {
        let pid = format!("global_judge:named({name}), global_judge:pid({name}).");
        let pid = beam.value(&pid).await;
        beam.join(&Term::atom(GROUP), &[pid]).await;
        pid
    }

    /// The same of the Rust node.
    async fn enters(&self, name: &'static str) -> Pid {
        let Rust { node, scope } = &self.rust;
        let pid = names::process(node);
        global::register_name(node, name, pid).await.unwrap();
        scope.join(Atom::new(GROUP), pid).await.unwrap();
        pid
    }
}

#[tokio::test]
async fn names_and_groups_are_the_same_everywhere_after_every_split() {
    let cluster = Cluster::start();
    let cast = Cast::start(&cluster).await;
    let Cast { one, two, rust } = &cast;
    let [one_name, two_name, own_name] = cast.names();
    let group = Term::atom(GROUP);
    let first = cast.enters_beam(one, "first").await;
    let second = cast.enters_beam(two, "second").await;
    let third = cast.enters("third").await;
    cast.agree(&[("first", first), ("second", second), ("third", third)])
        .await;

    // A BEAM falls silent. The others go on without it: they use its name, and one of them ends a process.
    one.0.suspend();
    joined_here(&rust.node, &[two_name]).await;
    joined(&two.0, &[own_name]).await;
    rust.until(&group, &[second, third]).await;
    two.until(&group, &[second, third]).await;
    two.0
        .eval("ok = global_judge:await(first, undefined).")
        .await;
    tests::until(|| global::whereis_name(&rust.node, "first").is_none()).await;
    let ours = cast.enters("first").await;
    rust.node.exit(third, Reason::Kill);
    two.until(&group, &[second, ours]).await;
    // It wakes up alone, and uses the name of the process that has ended meanwhile.
    one.0.resume();
    let alone = format!("global_judge:apart(['{two_name}', {}]).", rust.node.name());
    assert_eq!(one.0.eval(&alone).await, "ok");
    one.until(&group, &[first]).await;
    one.0
        .eval("ok = global_judge:await(third, undefined).")
        .await;
    let other_third = cast.enters_beam(one, "third").await;
    // Together again, one of the two that have the same name keeps it. The other ends, and leaves its group.
    cast.meet().await;
    let keeper = cast.keeper("first", [first, ours]).await;
    let expected = [
        ("first", keeper),
        ("second", second),
        ("third", other_third),
    ];
    cast.agree(&expected).await;

    // The Rust node is cut off from both, which stay together.
    global::disconnect(&rust.node).await.unwrap();
    joined_here(&rust.node, &[]).await;
    joined(&one.0, &[two_name]).await;
    joined(&two.0, &[one_name]).await;
    two.value_with::<bool>("exit(P1, kill)", &[&second]).await;
    let in_beams = cast.enters_beam(two, "fourth").await;
    let in_rust = cast.enters("fourth").await;
    let fifth = cast.enters("fifth").await;
    cast.meet().await;
    let fourth = cast.keeper("fourth", [in_beams, in_rust]).await;
    // What of the Rust node kept its name in the last split still has it.
    cast.agree(&[
        ("first", keeper),
        ("third", other_third),
        ("fourth", fourth),
        ("fifth", fifth),
    ])
    .await;

    // Whoever is found under a name, answers, wherever it is asked from.
    for name in ["first", "third", "fourth", "fifth"] {
        let keeper = names::keeps(&rust.node, name).await;
        let text = format!("global_judge:keeps({name}).");
        assert_eq!(one.0.eval(&text).await, keeper);
        assert_eq!(two.0.eval(&text).await, keeper);
    }
    // And a broadcast reaches all of the group, once.
    let members = rust.scope.get_members(&group).len();
    let answers = tests::run(&rust.node, {
        let scope = rust.scope.clone();
        async move |mut ctx| {
            let ping = term!({ping, (ctx.pid())});
            let told = scope.broadcast(Atom::new(GROUP), &ping).unwrap();
            let mut answers = 0;
            while answers < told {
                ctx.receive_match(Received::into_message).await;
                answers += 1;
            }
            answers
        }
    });
    assert_eq!(answers.await, members);
}
