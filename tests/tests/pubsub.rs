//! Phoenix.PubSub between Elixir nodes and Rust nodes.

use std::sync::Arc;

use ergo::etf;
use ergo::pg::{self, Scope};
use ergo::prelude::*;
use ergo::pubsub::{PubSub, PubSubError, Settings};
use ergo::supervisor::ChildSpec;
use tests::{Cluster, Erl, Probe, phoenix, unique_node, until};

const ADAPTER: &str = "Elixir.MyApp.PubSub.Adapter";

/// `%MyApp.User{}`
#[derive(Debug, Clone, PartialEq, Term)]
#[term(elixir = "MyApp.User", none = "nil")]
struct User {
    name: String,
    email: Option<String>,
}

struct Pair {
    elixir: Erl,
    node: Node,
    pubsub: PubSub,
}

impl Pair {
    /// Two nodes that know of each other's PubSub.
    async fn start(cluster: &Cluster, pool_size: usize) -> Pair {
        let builder = cluster.builder(&unique_node("rust")).visible(true);
        let node = builder.start().await.unwrap();
        let settings = Settings::new("MyApp.PubSub").pool_size(pool_size);
        let pubsub = PubSub::start(&node, settings).await.unwrap();
        let elixir = cluster.options(Erl::elixir()).start().await;
        elixir.eval(phoenix::STAND_IN).await;
        let pair = Pair {
            elixir,
            node,
            pubsub,
        };
        let start = format!("Phoenix.PubSub.start(MyApp.PubSub, {pool_size})");
        assert_eq!(pair.eval(&start).await, ":ok");
        pair.node.connect(pair.elixir.name()).await.unwrap();
        pair.met(pool_size).await;
        pair
    }

    /// Waits until each knows the processes of both.
    async fn met(&self, pool_size: usize) {
        for number in 1..=pool_size {
            let group = match number {
                1 => ADAPTER.to_owned(),
                number => format!("{ADAPTER}_{number}"),
            };
            let scope = Scope::new(&self.node, "Elixir.Phoenix.PubSub");
            until(|| scope.get_members(Atom::new(&group)).len() == 2).await;
            // It may have known an earlier one of ours.
            let ours = self.node.whereis(group.as_str()).expect("it runs");
            let ours = etf::to_bytes(&ours).expect("a term");
            let met = format!(
                "ours = :erlang.binary_to_term(ours); met = fn met -> all = :pg.get_members(Phoenix.PubSub, :\"{group}\"); \
                 if length(all) == 2 and ours in all, do: :ok, else: (:erlang.yield(); met.(met)) end; met.(met)"
            );
            self.elixir.eval_with(&met, &[("ours", &ours)]).await;
        }
    }

    async fn eval(&self, text: &str) -> String {
        self.elixir.eval(text).await
    }

    /// A process of the Elixir node that subscribes to a topic and sends the probe what it gets.
    async fn subscriber(&self, topic: &str, probe: &Probe) {
        self.node.register("probe", probe.pid).unwrap();
        let text = format!(
            "parent = self(); spawn(fn -> :ok = Phoenix.PubSub.subscribe(MyApp.PubSub, \"{topic}\"); send(parent, :subscribed);
               loop = fn loop -> receive do message -> send({{:probe, :{}}}, {{:got, message}}); loop.(loop) end end; loop.(loop) end)
             receive do :subscribed -> :ok end",
            self.node.name()
        );
        assert_eq!(self.eval(&text).await, ":ok");
    }
}

#[tokio::test]
async fn what_is_broadcast_reaches_the_subscribers_of_both_nodes() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster, 1).await;
    let (mut ours, mut other, mut theirs) = (
        Probe::start(&pair.node),
        Probe::start(&pair.node),
        Probe::start(&pair.node),
    );
    let pubsub = &pair.pubsub;
    pubsub.subscribe("users", ours.pid).unwrap();
    pubsub.subscribe("news", other.pid).unwrap();
    pair.subscriber("users", &theirs).await;

    // From Elixir: any term, as it is.
    let broadcast = "Phoenix.PubSub.broadcast(MyApp.PubSub, \"users\", {:new, %{__struct__: MyApp.User, name: \"Zoë\", email: nil}, ~c\"abc\", [a: 1]})";
    assert_eq!(pair.eval(broadcast).await, ":ok");
    let user = User {
        name: "Zoë".to_owned(),
        email: None,
    };
    let user_term =
        term!(#{:"__struct__" => :"Elixir.MyApp.User", name => <<"Zoë"/utf8>>, email => nil});
    let new = term!({new, (user_term.clone()), "abc", [{a, 1}]});
    assert_eq!(ours.message().await, new);
    assert_eq!(theirs.message().await, term!({got, (new)}));

    // From Rust, typed.
    pubsub
        .broadcast("users", &(Atom::new("gone"), &user))
        .unwrap();
    let gone = term!({gone, (user_term)});
    assert_eq!(ours.message().await, gone);
    assert_eq!(theirs.message().await, term!({got, (gone)}));

    // Not to who says it; not to another topic; not to another node.
    pubsub.broadcast_from(ours.pid, "users", &1).unwrap();
    pubsub.broadcast_from(theirs.pid, "users", &2).unwrap();
    pubsub.local_broadcast("users", &3).unwrap();
    pubsub.broadcast("users", &4).unwrap();
    for n in [2, 3, 4] {
        assert_eq!(ours.message().await, Term::from(n));
    }
    for n in [1, 2, 4] {
        assert_eq!(theirs.message().await, term!({got, (Term::from(n))}));
    }
    assert_eq!(other.left().await, []);
}

#[tokio::test]
async fn one_node_alone_is_told_and_dispatchers_do_not_matter() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster, 1).await;
    let (mut ours, mut theirs) = (Probe::start(&pair.node), Probe::start(&pair.node));
    pair.pubsub.subscribe("t", ours.pid).unwrap();
    pair.pubsub.subscribe("t", ours.pid).unwrap();
    pair.subscriber("t", &theirs).await;
    let (here, there) = (pair.node.name(), Atom::new(pair.elixir.name()));
    pair.pubsub
        .direct_broadcast(there, "t", &term!(there))
        .unwrap();
    assert_eq!(theirs.message().await, term!({got, there}));
    pair.pubsub
        .direct_broadcast(here, "t", &term!(here))
        .unwrap();
    let direct = format!("Phoenix.PubSub.direct_broadcast(:{here}, MyApp.PubSub, \"t\", :direct)");
    assert_eq!(pair.eval(&direct).await, ":ok");
    // As a channel sends: the node of the sender needs that module, and no other does.
    let dispatcher = "defmodule MyApp.Dispatcher do def dispatch(_, _, _), do: :ok end
        Phoenix.PubSub.broadcast(MyApp.PubSub, \"t\", :fast, MyApp.Dispatcher)";
    assert_eq!(pair.eval(dispatcher).await, ":ok");
    // Who subscribes twice gets it twice.
    for message in ["here", "direct", "fast"] {
        assert_eq!(ours.message().await, Term::atom(message));
        assert_eq!(ours.message().await, Term::atom(message));
    }
    pair.pubsub.unsubscribe("t", ours.pid).unwrap();
    pair.pubsub.broadcast("t", &term!(late)).unwrap();
    assert_eq!(theirs.message().await, term!({got, late}));
    assert_eq!((ours.left().await, theirs.left().await), (vec![], vec![]));
}

#[tokio::test]
async fn pools_meet_and_keep_the_order_of_each_sender() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster, 3).await;
    let (mut ours, mut theirs) = (Probe::start(&pair.node), Probe::start(&pair.node));
    pair.pubsub.subscribe("t", ours.pid).unwrap();
    pair.subscriber("t", &theirs).await;
    let broadcast = "for sender <- 1..20, do: spawn(fn -> for n <- 1..50, do: Phoenix.PubSub.broadcast_from(MyApp.PubSub, self(), \"t\", {sender, n}) end); :ok";
    assert_eq!(pair.eval(broadcast).await, ":ok");
    let mut last = [0; 21];
    for _ in 0..20 * 50 {
        let message = ours.message().await;
        let pair = message.as_tuple().unwrap();
        let (sender, n) = (pair[0].as_int().unwrap(), pair[1].as_int().unwrap());
        let last = &mut last[sender as usize];
        assert_eq!(n, *last + 1, "of {sender}");
        *last = n;
    }
    assert_eq!(last[1..], [50; 20]);
    // The subscriber there has got as many; then those of processes here, which use all groups.
    for _ in 0..20 * 50 {
        theirs.message().await;
    }
    for n in 0..9_i64 {
        let pubsub = pair.pubsub.clone();
        pair.node.spawn(async move |_| {
            let _ = pubsub.broadcast("t", &n);
        });
    }
    let mut seen: Vec<Term> = Vec::new();
    for _ in 0..9 {
        seen.push(theirs.message().await);
    }
    seen.sort();
    let expected: Vec<Term> = (0..9_i64).map(|n| term!({got, (n)})).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn ends_leave_nothing_behind() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster, 1).await;
    let (mut ours, short) = (Probe::start(&pair.node), Probe::start(&pair.node));
    pair.pubsub.subscribe("t", ours.pid).unwrap();
    for topic in ["t", "u", "t"] {
        pair.pubsub.subscribe(topic, short.pid).unwrap();
    }
    let hub = pair.node.whereis("Elixir.MyApp.PubSub").unwrap();
    let watched = || pair.node.process_info(&hub).unwrap().monitors.len();
    until(|| watched() == 3).await;
    let refused = pair.node.undelivered().no_process;
    short.end(Reason::Normal);
    until(|| watched() == 2).await;
    assert_eq!(
        pair.eval("Phoenix.PubSub.broadcast(MyApp.PubSub, \"t\", 1)")
            .await,
        ":ok"
    );
    assert_eq!(ours.message().await, Term::from(1));
    assert_eq!(pair.node.undelivered().no_process, refused);
    // One that has ended already.
    pair.pubsub.subscribe("u", short.pid).unwrap();
    until(|| watched() == 2).await;

    // The scope ends: it is started again, and the nodes find each other again.
    let scope = Scope::new(&pair.node, "Elixir.Phoenix.PubSub");
    let first = scope.pid().unwrap();
    pair.node.exit(first, Reason::Kill);
    until(|| scope.pid().is_some_and(|pid| pid != first)).await;
    pair.met(1).await;
    assert_eq!(
        pair.eval("Phoenix.PubSub.broadcast(MyApp.PubSub, \"t\", 2)")
            .await,
        ":ok"
    );
    assert_eq!(ours.message().await, Term::from(2));

    // A process of the pool ends, and all of the PubSub with it.
    let worker = pair.node.whereis(ADAPTER).unwrap();
    pair.node.exit(worker, Reason::Kill);
    let name = pair.pubsub.name();
    until(|| pair.pubsub.broadcast("nobody", &3) == Err(PubSubError::NotRunning(name))).await;
    until(|| pair.node.whereis(ADAPTER).is_none()).await;
    let again = PubSub::start(&pair.node, "MyApp.PubSub").await.unwrap();
    again.subscribe("t", ours.pid).unwrap();
    pair.met(1).await;
    assert_eq!(
        pair.eval("Phoenix.PubSub.broadcast(MyApp.PubSub, \"t\", 4)")
            .await,
        ":ok"
    );
    assert_eq!(ours.message().await, Term::from(4));
}

#[tokio::test]
async fn what_is_no_broadcast_is_passed_over() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster, 1).await;
    let mut ours = Probe::start(&pair.node);
    pair.pubsub.subscribe("t", ours.pid).unwrap();
    let worker = pair.node.whereis(ADAPTER).unwrap();
    let wrong = format!(
        "to = {{:\"{ADAPTER}\", :{}}}
         for _ <- 1..500, message <- [:hello, {{:forward_to_local, \"t\", 1}}, {{:forward_to_local, :t, 1, X}},
             {{:forward_to_local, <<255>>, 1, X}}, {{:forward_to_local, [0x110000], 1, X}}, {{:forward_to_local, \"none\", 1, 2}},
             {{:\"$gen_call\", {{self(), make_ref()}}, :x}}, {{:\"$gen_cast\", :x}}, {{:\"$gen_call\", 1, 2}}, make_ref()],
             do: send(to, message)
         Phoenix.PubSub.broadcast(MyApp.PubSub, \"t\", :last)",
        pair.node.name()
    );
    assert_eq!(pair.eval(&wrong).await, ":ok");
    assert_eq!(ours.message().await, term!(last));
    assert_eq!(pair.node.whereis(ADAPTER), Some(worker));
}

#[tokio::test]
async fn mistakes_are_said_and_a_supervisor_starts_it_again() {
    struct Topics;

    impl Supervisor for Topics {
        fn spec(self: Arc<Self>) -> SupervisorSpec {
            SupervisorSpec::new(Strategy::RestForOne)
                .child(ChildSpec::new("pg", || pg::child("Elixir.Phoenix.PubSub")))
                .child(ChildSpec::new("pubsub", || PubSub::child("MyApp.PubSub")))
        }
    }

    let node = Node::alone();
    let (pubsub, mut probe) = (PubSub::new(&node, "MyApp.PubSub"), Probe::start(&node));
    let not_running = pubsub.subscribe("t", probe.pid).unwrap_err();
    assert_eq!(
        not_running.to_string(),
        "'Elixir.MyApp.PubSub' does not run on this node; start it first, with `PubSub::start` or under a supervisor"
    );
    assert_eq!(pubsub.unsubscribe("t", probe.pid), Err(not_running.clone()));
    assert_eq!(pubsub.local_broadcast("t", &1), Err(not_running.clone()));
    assert_eq!(pubsub.direct_broadcast("a@b", "t", &1), Err(not_running));

    let supervisor = Topics::start(&node, Topics).await.unwrap();
    let again = PubSub::start(&node, "MyApp.PubSub").await;
    assert!(
        matches!(again, Err(StartError::AlreadyStarted { .. })),
        "{again:?}"
    );
    let stranger = Pid {
        node: Atom::new("far@away"),
        ..probe.pid
    };
    assert_eq!(
        pubsub.subscribe("t", stranger),
        Err(PubSubError::NotLocal(stranger))
    );
    let nan = pubsub.broadcast("t", &f64::NAN);
    assert!(matches!(nan, Err(PubSubError::Encode(_))), "{nan:?}");

    let hub = node.whereis("Elixir.MyApp.PubSub").unwrap();
    node.exit(
        Scope::new(&node, "Elixir.Phoenix.PubSub").pid().unwrap(),
        Reason::Kill,
    );
    until(|| {
        node.whereis("Elixir.MyApp.PubSub")
            .is_some_and(|pid| pid != hub)
    })
    .await;
    until(|| pubsub.subscribe("t", probe.pid).is_ok()).await;
    pubsub.broadcast("t", &term!(hello)).unwrap();
    assert_eq!(probe.message().await, term!(hello));
    drop(supervisor);
    node.stop().await;
    assert!(pubsub.broadcast("t", &1).is_err());
}
