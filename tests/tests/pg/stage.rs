//! Erlang nodes with a judge, and Rust nodes with a scope.

use ergo::pg::{self, Scope};
use ergo::{Encode, Node, Pid, Term, etf};
use tests::{Cluster, Erl, Probe, run, unique_node};

/// The scope of all tests.
pub(crate) const SCOPE: &str = "sc";

/// A visible Rust node with a scope.
pub(crate) struct Rust {
    pub(crate) node: Node,
    pub(crate) scope: Scope,
}

impl Rust {
    pub(crate) async fn start(cluster: &Cluster) -> Rust {
        let builder = cluster.builder(&unique_node("rust")).visible(true);
        let node = builder.start().await.expect("it starts");
        let scope = pg::start(&node, SCOPE).await.expect("it starts");
        Rust { node, scope }
    }

    /// A process that may join.
    pub(crate) fn member(&self) -> Probe {
        Probe::start(&self.node)
    }

    /// Waits until a group has these members here, and leaves nothing behind in the scope.
    pub(crate) async fn until(&self, group: impl Into<Term>, pids: &[Pid]) {
        let (scope, group, wanted) = (self.scope.clone(), group.into(), sorted(pids.to_vec()));
        run(&self.node, async move |mut ctx| {
            let monitored = scope.monitor(&ctx, &group).await;
            let (monitor, _) = monitored.expect("the scope runs");
            while sorted(scope.get_members(&group)) != wanted {
                ctx.receive().await;
            }
            let known = scope.demonitor(monitor).await.expect("the scope runs");
            assert!(known);
        })
        .await;
    }

    /// All groups with their members, sorted.
    pub(crate) fn groups(&self) -> Vec<(Term, Vec<Pid>)> {
        let groups = self.scope.which_groups().into_iter();
        let mut groups: Vec<_> = groups
            .map(|group| (group.clone(), sorted(self.scope.get_members(group))))
            .collect();
        groups.sort();
        groups
    }
}

pub(crate) fn sorted(mut pids: Vec<Pid>) -> Vec<Pid> {
    pids.sort();
    pids
}

/// An Erlang node with a scope and a judge.
pub(crate) struct Beam(pub(crate) Erl);

impl Beam {
    pub(crate) async fn start(cluster: &Cluster) -> Beam {
        Beam::with(cluster, cluster.options(Erl::options())).await
    }

    /// A node that starts as these options say.
    pub(crate) async fn with(_: &Cluster, options: tests::Options) -> Beam {
        let erl = options.start().await;
        erl.load_module(include_str!("judge.erl")).await;
        let beam = Beam(erl);
        beam.start_scope().await;
        beam
    }

    pub(crate) async fn start_scope(&self) {
        // What an evaluation starts with a link ends with it.
        self.0.eval("{ok, _} = pg:start(sc), ok.").await;
    }

    /// A process that may join.
    pub(crate) async fn member(&self) -> Pid {
        self.value("pg_judge:member().").await
    }

    /// What an expression comes to, in which `P1`, `P2` and so on are these terms.
    pub(crate) async fn value_with<T: ergo::Decode>(
        &self,
        text: &str,
        terms: &[&(dyn Bind + Sync)],
    ) -> T {
        let bytes: Vec<Vec<u8>> = terms.iter().map(|term| term.bytes()).collect();
        let names: Vec<String> = (1..=terms.len()).map(|i| format!("B{i}")).collect();
        let bound: Vec<(&str, &[u8])> = names
            .iter()
            .zip(&bytes)
            .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
            .collect();
        let decoded: String = (1..=terms.len())
            .map(|i| format!("P{i} = binary_to_term(B{i}), "))
            .collect();
        let text = text.trim_end_matches('.');
        let text = format!("{decoded} term_to_binary(begin {text} end).");
        let value = self.0.eval_bytes(&text, &bound).await;
        etf::from_bytes(&value.into()).expect("a value of that type")
    }

    pub(crate) async fn value<T: ergo::Decode>(&self, text: &str) -> T {
        self.value_with(text, &[]).await
    }

    pub(crate) async fn join(&self, group: &Term, pids: &[Pid]) {
        let text = "pg:join(sc, P1, P2)";
        self.value_with::<ergo::Atom>(text, &[group, &pids.to_vec()])
            .await;
    }

    /// Waits until a group has these members there.
    pub(crate) async fn until(&self, group: impl Into<Term>, pids: &[Pid]) {
        let text = "pg_judge:until(sc, P1, P2)";
        self.value_with::<ergo::Atom>(text, &[&group.into(), &pids.to_vec()])
            .await;
    }

    /// All groups with their members, sorted.
    pub(crate) async fn groups(&self) -> Vec<(Term, Vec<Pid>)> {
        let groups: Vec<(Term, Vec<Pid>)> = self.value("pg_judge:groups(sc).").await;
        let mut groups: Vec<_> = groups
            .into_iter()
            .map(|(group, pids)| (group, sorted(pids)))
            .collect();
        groups.sort();
        groups
    }
}

/// What an expression may have bound.
pub(crate) trait Bind {
    fn bytes(&self) -> Vec<u8>;
}

impl<T: Encode> Bind for T {
    fn bytes(&self) -> Vec<u8> {
        etf::to_bytes(self).expect("it has an encoding").to_vec()
    }
}
