//! How nodes find each other without EPMD, and nodes that cannot be found at all.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use ergo::Node;
use ergo::net::{ConnectError, Discovery, DiscoveryError, Route};
use ergo::node::NodeError;
use tests::{Cluster, Erl, unique, unique_node, unique_port};

async fn pongs(erl: &Erl, node: &Node) {
    let ping = format!("net_adm:ping({}).", node.name());
    assert_eq!(erl.eval(&ping).await, "pong");
    assert!(node.ping(erl.name()).await);
}

/// Cuts the link, so that the next to send has to find the other.
async fn cut(erl: &Erl, node: &Node) {
    erl.cut(node.name()).await;
    tests::until(|| node.nodes().is_empty() && node.hidden_nodes().is_empty()).await;
}

/// A port where nobody serves as EPMD.
fn no_epmd() -> u16 {
    unique_port()
}

#[tokio::test]
async fn one_port_for_all_needs_no_epmd() {
    let (port, cookie, epmd) = (unique_port(), unique("cookie"), no_epmd());
    let erl = Erl::options()
        .distributed(epmd)
        .name(&format!("{}@127.0.0.2", unique("erl")))
        .cookie(&cookie)
        .args(&["-erl_epmd_port", &port.to_string()])
        .args(&["-kernel", "inet_dist_use_interface", "{127,0,0,2}"])
        .start()
        .await;
    let node = Node::builder(&unique_node("rust"))
        .cookie(&cookie)
        .listen_address(Ipv4Addr::LOCALHOST.into())
        .erl_epmd_port(port)
        .start()
        .await
        .unwrap();
    assert_eq!(node.port(), Some(port));
    assert!(node.ping(erl.name()).await);
    cut(&erl, &node).await;
    pongs(&erl, &node).await;

    // With a route, a node may listen elsewhere.
    let third = Node::builder(&unique_node("rust"))
        .cookie(&cookie)
        .listen_address(Ipv4Addr::LOCALHOST.into())
        .route(node.name().as_str(), ("127.0.0.1", port))
        .erl_epmd_port(unique_port())
        .start()
        .await
        .unwrap();
    assert!(third.ping(node.name().as_str()).await);
    assert!(!third.ping(erl.name()).await);
    third.stop().await;
    node.stop().await;
}

#[tokio::test]
async fn a_route_is_tried_before_epmd() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let (name, host) = erl.name().split_once('@').unwrap();
    let found = ergo::epmd::lookup(host, cluster.epmd_port(), name, tests::DEADLINE).await;
    let port = found.unwrap().unwrap().port;
    let node = Node::builder(&unique_node("rust"))
        .cookie(cluster.cookie())
        .epmd(Default::default())
        .epmd_port(no_epmd())
        .route(erl.name(), SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .start()
        .await
        .unwrap();
    assert!(node.ping(erl.name()).await);
    node.stop().await;

    // To where nobody listens, though EPMD would know better.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, unique_port()));
    let lost = cluster
        .builder(&unique_node("rust"))
        .route(erl.name(), address);
    let lost = lost.start().await.unwrap();
    let error = lost.connect(erl.name()).await.unwrap_err();
    assert!(
        matches!(error, ConnectError::Io { port, .. } if port == address.port()),
        "{error}"
    );
    lost.stop().await;
}

/// A registry of one process.
#[derive(Clone, Default)]
struct Registry(Arc<Mutex<HashMap<String, u16>>>);

impl Discovery for Registry {
    async fn find(&self, name: &str, host: &str) -> Result<Route, DiscoveryError> {
        let port = self.0.lock().unwrap().get(name).copied();
        Ok(Route::new(host, port.ok_or("nobody of this name")?))
    }

    async fn register(&self, name: &str, port: u16) -> Result<(), DiscoveryError> {
        match self.0.lock().unwrap().insert(name.to_owned(), port) {
            None => Ok(()),
            Some(_) => Err("the name is taken".into()),
        }
    }

    async fn unregister(&self) {
        self.0.lock().unwrap().clear();
    }
}

#[tokio::test]
async fn a_discovery_takes_the_place_of_epmd() {
    let (registry, cookie) = (Registry::default(), unique("cookie"));
    // The same for Erlang: a module whose functions ask the test.
    let port = unique_port();
    let name = format!("{}@127.0.0.1", unique("erl"));
    let erl = Erl::options()
        .distributed(no_epmd())
        .name(&name)
        .cookie(&cookie)
        .args(&["-erl_epmd_port", &port.to_string()])
        .start()
        .await;
    let local = name.split_once('@').unwrap().0;
    registry.0.lock().unwrap().insert(local.to_owned(), port);

    let builder = |name: &str| {
        let builder = Node::builder(name).cookie(&cookie);
        builder.discovery(registry.clone())
    };
    let own = unique_node("rust");
    let node = builder(&own).start().await.unwrap();
    let (local, _) = own.split_once('@').unwrap();
    assert_eq!(registry.0.lock().unwrap().get(local).copied(), node.port());
    assert!(node.ping(&name).await);

    let error = builder(&own).start().await.unwrap_err();
    assert!(
        matches!(&error, NodeError::Register(source) if source.to_string() == "the name is taken"),
        "{error}"
    );
    let error = node.connect("nobody@127.0.0.1").await.unwrap_err();
    assert!(matches!(&error, ConnectError::Resolve(source)
        if source.to_string() == "nobody of this name"));
    drop(erl);
    node.stop().await;
    assert!(registry.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_node_may_refuse_to_listen() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let name = unique_node("rust");
    let node = cluster.builder(&name).visible(true).dist_listen(false);
    let node = node.start().await.unwrap();
    assert_eq!(node.port(), None);
    let (local, host) = name.split_once('@').unwrap();
    let found = ergo::epmd::lookup(host, cluster.epmd_port(), local, tests::DEADLINE).await;
    assert_eq!(found.unwrap(), None, "registered nowhere");
    let ping = format!("net_adm:ping({}).", node.name());
    assert_eq!(erl.eval(&ping).await, "pang");

    // It connects, hidden whatever it wishes, and can be called from then on.
    assert!(node.ping(erl.name()).await);
    let seen = format!("{{nodes(), nodes(hidden) =:= [{}]}}.", node.name());
    assert_eq!(erl.eval(&seen).await, "{[],true}");
    assert_eq!(erl.eval(&ping).await, "pong");
    let real = cluster.node().await;
    assert!(node.ping(real.name().as_str()).await);
    node.stop().await;
    real.stop().await;
}

#[tokio::test]
async fn erlang_nodes_that_do_not_listen_connect() {
    let cluster = Cluster::start();
    let erl = cluster
        .options(Erl::options())
        .args(&["-dist_listen", "false"]);
    let erl = erl.start().await;
    let node = cluster.builder(&unique_node("rust")).visible(true);
    let node = node.start().await.unwrap();
    assert!(!node.ping(erl.name()).await, "it is registered nowhere");
    let ping = format!("net_adm:ping({}).", node.name());
    assert_eq!(erl.eval(&ping).await, "pong");
    assert_eq!(node.hidden_nodes(), [ergo::Atom::new(erl.name())]);
    assert!(node.ping(erl.name()).await, "over the link that is there");
    node.stop().await;
}

/// An Erlang node of IPv6.
async fn erl_of_ipv6(cluster: &Cluster, host: &str) -> Erl {
    let options = cluster
        .options(Erl::options())
        .name(&format!("{}@{host}", unique("erl")))
        .args(&["-proto_dist", "inet6_tcp"]);
    options.start().await
}

#[tokio::test]
async fn nodes_meet_over_ipv6() {
    let cluster = Cluster::start();
    let erl = erl_of_ipv6(&cluster, "::1").await;
    // On the loopback alone, and on everything.
    for address in [Ipv6Addr::LOCALHOST, Ipv6Addr::UNSPECIFIED] {
        let node = cluster
            .builder(&format!("{}@::1", unique("rust")))
            .listen_address(address.into())
            .start()
            .await
            .unwrap();
        assert!(node.ping(erl.name()).await);
        cut(&erl, &node).await;
        pongs(&erl, &node).await;
        node.stop().await;
    }
}

#[tokio::test]
async fn an_embedded_epmd_serves_over_ipv6() {
    let (epmd, cookie) = (unique_port(), unique("cookie"));
    let node = Node::builder(&format!("{}@::1", unique("rust")))
        .cookie(&cookie)
        .epmd_port(epmd)
        .listen_address(Ipv6Addr::LOCALHOST.into())
        .start()
        .await
        .unwrap();
    // It registers, is found, and finds, with no other EPMD than the node's own.
    let erl = Erl::options()
        .distributed(epmd)
        .name(&format!("{}@::1", unique("erl")))
        .cookie(&cookie)
        .args(&["-proto_dist", "inet6_tcp"])
        .start()
        .await;
    assert!(node.ping(erl.name()).await);
    cut(&erl, &node).await;
    pongs(&erl, &node).await;
    node.stop().await;
}

#[tokio::test]
async fn one_node_listens_on_both_internets() {
    let cluster = Cluster::start();
    let (six, four) = (erl_of_ipv6(&cluster, "::1").await, cluster.erl().await);
    let name = unique_node("rust");
    // The two BEAMs cannot reach each other: they must not know each other through this node.
    let node = cluster
        .builder(&name)
        .hidden()
        .listen_address(Ipv6Addr::UNSPECIFIED.into())
        .start()
        .await
        .unwrap();
    pongs(&four, &node).await;
    cut(&four, &node).await;
    assert!(node.ping(four.name()).await);
    // A node of IPv6 knows the host by an address of IPv6 only.
    assert!(node.ping(six.name()).await);
    assert_eq!(node.hidden_nodes().len(), 2);
    node.stop().await;
}

#[tokio::test]
async fn long_and_short_names_meet_as_in_erlang() {
    let cluster = Cluster::start();
    let six = erl_of_ipv6(&cluster, "::1").await;
    let four = cluster.erl().await;
    let short = format!("{}@localhost", unique("erl"));
    let short = cluster.options(Erl::options()).name(&short).start().await;
    let us = |name: String| {
        let builder = cluster.builder(&name);
        async move { builder.start().await.unwrap() }
    };
    // Who begins, with whom: an address without dots will do for short names too.
    let node = us(format!("{}@localhost", unique("rust"))).await;
    for (to, expected) in [(&six, true), (&four, false), (&short, true)] {
        assert_eq!(
            node.connect(to.name()).await.is_ok(),
            expected,
            "{}",
            to.name()
        );
    }
    let long = us(unique_node("rust")).await;
    for (to, expected) in [(&six, true), (&four, true), (&short, false)] {
        assert_eq!(
            long.connect(to.name()).await.is_ok(),
            expected,
            "{}",
            to.name()
        );
    }
    // The same rule in Erlang, as far as one node of each kind can show it.
    let from_short = cluster
        .options(Erl::options())
        .name(&format!("{}@localhost", unique("erl")))
        .args(&["-proto_dist", "inet6_tcp"])
        .start()
        .await;
    let connect = |to: &Erl| format!("net_kernel:connect_node('{}').", to.name());
    assert_eq!(from_short.eval(&connect(&six)).await, "true");
    assert_eq!(from_short.eval(&connect(&four)).await, "false");
    assert_eq!(six.eval(&connect(&short)).await, "false");
    node.stop().await;
    long.stop().await;
}
