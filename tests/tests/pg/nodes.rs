//! Three nodes: their loss, their return, and splits between them.

use ergo::{Atom, Pid, term};
use tests::{Cluster, Erl, Probe};

use super::stage::{Beam, Rust};

/// Two Erlang nodes and a Rust node, all connected, each with a member of the group `g`.
struct Three {
    cluster: Cluster,
    a: Beam,
    b: Beam,
    rust: Rust,
    members: [Pid; 3],
    ours: Probe,
}

impl Three {
    async fn start() -> Three {
        let cluster = Cluster::start();
        let (a, b, rust) = (
            beam(&cluster).await,
            beam(&cluster).await,
            Rust::start(&cluster).await,
        );
        let ours = rust.member();
        let members = [a.member().await, b.member().await, ours.pid];
        a.join(&term!(g), &members[..1]).await;
        b.join(&term!(g), &members[1..2]).await;
        rust.scope.join(Atom::new("g"), ours.pid).await.unwrap();
        let three = Three {
            cluster,
            a,
            b,
            rust,
            members,
            ours,
        };
        three.connect().await;
        three.agree().await;
        three
    }

    /// Connects all with all, as `global` does where it may.
    async fn connect(&self) {
        let rust = self.rust.node.name();
        let connect = format!(
            "[true, true] = [net_kernel:connect_node(N) || N <- ['{}', {rust}]], ok.",
            self.b.0.name()
        );
        self.a.0.eval(&connect).await;
        self.b
            .0
            .eval(&format!("true = net_kernel:connect_node({rust}), ok."))
            .await;
    }

    /// All three see all three, and nothing else.
    async fn agree(&self) {
        self.until(&self.members).await;
        let groups = self.rust.groups();
        assert_eq!(groups, self.a.groups().await);
        assert_eq!(groups, self.b.groups().await);
        assert_eq!(groups.len(), 1);
    }

    async fn until(&self, members: &[Pid]) {
        self.rust.until(Atom::new("g"), members).await;
        self.a.until(Atom::new("g"), members).await;
        self.b.until(Atom::new("g"), members).await;
    }
}

/// Its `global` lets partitions be: who is connected with whom is the tests' business.
async fn beam(cluster: &Cluster) -> Beam {
    let options = cluster.options(Erl::options());
    Beam::with(cluster, apart(options)).await
}

fn apart(options: tests::Options) -> tests::Options {
    options.args(&["-connect_all", "false"])
}

#[tokio::test]
async fn a_lost_node_takes_its_members_and_comes_back_with_others() {
    let mut three = Three::start().await;
    let [a, b, ours] = three.members;
    let name = three.b.0.name().to_owned();
    let old = std::mem::replace(&mut three.b, beam(&three.cluster).await);
    old.0.kill();
    three.rust.until(Atom::new("g"), &[a, ours]).await;
    three.a.until(Atom::new("g"), &[a, ours]).await;

    let options = three.cluster.options(Erl::options()).name(&name);
    three.b = Beam::with(&three.cluster, apart(options)).await;
    three.members[1] = three.b.member().await;
    assert_ne!(three.members[1], b);
    three.b.join(&term!(g), &three.members[1..2]).await;
    three.connect().await;
    three.agree().await;
}

#[tokio::test]
async fn what_happened_on_both_sides_of_a_split_is_known_when_it_heals() {
    let three = Three::start().await;
    let (g, h) = (Atom::new("g"), Atom::new("h"));
    let [a, b, ours] = three.members;
    // The Rust node loses both; what was connected stays so.
    for beam in [&three.a, &three.b] {
        let cut = format!("erlang:disconnect_node({}).", three.rust.node.name());
        assert_eq!(beam.0.eval(&cut).await, "true");
    }
    three.rust.until(g, &[ours]).await;
    three.a.until(g, &[a, b]).await;
    three.b.until(g, &[a, b]).await;

    let new = three.rust.member();
    three.rust.scope.join(g, [new.pid, new.pid]).await.unwrap();
    three.rust.scope.join(h, ours).await.unwrap();
    assert!(three.rust.scope.leave(g, ours).await.unwrap());
    three
        .b
        .value_with::<Atom>("pg:leave(sc, g, P1)", &[&b])
        .await;
    three.b.join(&h.into(), &[b, b]).await;

    three.connect().await;
    three.until(&[a, new.pid, new.pid]).await;
    three.a.until(h, &[ours, b, b]).await;
    three.b.until(h, &[ours, b, b]).await;
    three.rust.until(h, &[ours, b, b]).await;
    let groups = three.rust.groups();
    assert_eq!(groups, three.a.groups().await);
    assert_eq!(groups, three.b.groups().await);
    drop(three.ours);
}

#[tokio::test]
async fn many_links_that_come_and_go_leave_all_in_step() {
    let three = Three::start().await;
    let (rust, name) = (&three.rust, three.a.0.name());
    for round in 0..20 {
        match round % 2 {
            0 => assert!(rust.node.disconnect(name)),
            _ => {
                let cut = format!("erlang:disconnect_node({}).", rust.node.name());
                three.a.0.eval(&cut).await;
            }
        }
        let g = term!(g);
        let (joined, ()) = tokio::join!(
            rust.scope.join(&g, three.ours.pid),
            three.a.join(&g, &three.members[..1])
        );
        joined.unwrap();
        assert!(
            rust.scope
                .leave(Atom::new("g"), three.ours.pid)
                .await
                .unwrap()
        );
        three
            .a
            .value_with::<Atom>("pg:leave(sc, g, P1)", &[&three.members[0]])
            .await;
        three.connect().await;
    }
    three.agree().await;
    // What was set up over all those links is gone with them.
    let scope = rust.scope.pid().unwrap();
    let monitors = rust.node.process_info(&scope).unwrap().monitors;
    assert_eq!(monitors.len(), 3, "two peers and a member: {monitors:?}");
}

#[tokio::test]
async fn rust_nodes_are_in_step_with_each_other() {
    let cluster = Cluster::start();
    let (one, two) = (Rust::start(&cluster).await, Rust::start(&cluster).await);
    let (a, b) = (one.member(), two.member());
    let g = Atom::new("g");
    one.scope.join(g, [a.pid, a.pid]).await.unwrap();
    one.node.connect(two.node.name().as_str()).await.unwrap();
    two.scope.join(g, b.pid).await.unwrap();
    one.until(g, &[a.pid, a.pid, b.pid]).await;
    two.until(g, &[a.pid, a.pid, b.pid]).await;
    assert_eq!(one.groups(), two.groups());
    one.node.stop().await;
    two.until(g, &[b.pid]).await;
}
