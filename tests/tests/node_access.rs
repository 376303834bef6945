//! Who may connect: cookies for particular peers, and lists of those that are allowed.

use ergo::dist::handshake::{HandshakeError, Refusal, Stage};
use ergo::net::ConnectError;
use tests::peer::{FLAGS, Peer, name_message, reply_message};
use tests::{Cluster, Erl, unique_node};

const NAME_ME: u64 = 1 << 33;

/// The port that an Erlang node listens on.
async fn port_of(cluster: &Cluster, erl: &Erl) -> u16 {
    let (name, host) = erl.name().split_once('@').unwrap();
    let found = ergo::epmd::lookup(host, cluster.epmd_port(), name, tests::DEADLINE).await;
    found.unwrap().expect("it is registered").port
}

/// Whether two nodes connect, each beginning once.
async fn connects(erl: &Erl, node: &ergo::Node) -> (bool, bool) {
    let ours = node.connect(erl.name()).await.is_ok();
    if ours {
        erl.cut(node.name()).await;
    }
    let connect = format!("net_kernel:connect_node({}).", node.name());
    let theirs = erl.eval(&connect).await;
    (ours, theirs == "true")
}

#[tokio::test]
async fn a_peer_may_have_a_cookie_of_its_own() {
    let cluster = Cluster::start();
    let (particular, common) = (cluster.erl().await, cluster.erl().await);
    let node = cluster
        .builder(&unique_node("rust"))
        .cookie_for(particular.name(), "particular")
        .start()
        .await
        .unwrap();
    // The common cookie does not open this door, in either direction, and harms no other.
    assert_eq!(connects(&particular, &node).await, (false, false));
    assert_eq!(connects(&common, &node).await, (true, true));

    let set = format!("erlang:set_cookie({}, particular).", node.name());
    assert_eq!(particular.eval(&set).await, "true");
    assert_eq!(connects(&particular, &node).await, (true, true));
    assert_eq!(connects(&common, &node).await, (true, true));
    node.stop().await;
}

#[tokio::test]
async fn cookies_change_while_the_node_runs() {
    let cluster = Cluster::start();
    let (erl, other) = (cluster.erl().await, cluster.erl().await);
    let node = cluster.node().await;
    let named = |cookie: &str| format!("erlang:set_cookie({}, '{cookie}').", node.name());

    node.set_cookie(erl.name(), "second").unwrap();
    assert_eq!(connects(&erl, &node).await, (false, false));
    erl.eval(&named("second")).await;
    assert_eq!(connects(&erl, &node).await, (true, true));

    // With its own name: for all that have none of their own.
    node.set_cookie(node.name().as_str(), "third").unwrap();
    assert_eq!(connects(&erl, &node).await, (true, true));
    assert_eq!(connects(&other, &node).await, (false, false));
    other.eval(&named("third")).await;
    assert_eq!(connects(&other, &node).await, (true, true));

    assert!(node.set_cookie(erl.name(), "").is_err());
    node.stop().await;
}

#[tokio::test]
async fn a_wrong_cookie_is_answered_as_otp_answers_it() {
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    for port in [port_of(&cluster, &erl).await, node.port().unwrap()] {
        tokio::task::spawn_blocking(move || {
            let mut peer = Peer::connect(port);
            peer.handshake(&name_message(&unique_node("peer"), FLAGS));
            assert_eq!(peer.handshake_answer(), b"sok");
            let challenge = peer.handshake_answer();
            let challenge = u32::from_be_bytes(challenge[9..13].try_into().unwrap());
            peer.handshake(&reply_message(7, challenge, "wrong"));
            assert!(peer.closed().is_empty(), "closed without a word");
        })
        .await
        .unwrap();
    }
    erl.logged("Invalid challenge reply").await;
    let other = cluster
        .builder(&unique_node("rust"))
        .cookie_for(erl.name(), "wrong");
    let other = other.start().await.unwrap();
    let error = other.connect(erl.name()).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(HandshakeError::Closed(Stage::Ack))
    ));
    other.stop().await;
    node.stop().await;
}

/// What a node answers to the name of another.
async fn status(port: u16, name: &'static str) -> String {
    let answer = tokio::task::spawn_blocking(move || {
        let mut peer = Peer::connect(port);
        let flags = if name.contains('@') {
            FLAGS
        } else {
            FLAGS | NAME_ME
        };
        peer.handshake(&name_message(name, flags));
        let answer = peer.handshake_answer();
        // Who comes next under this name finds it free.
        peer.finish();
        peer.closed();
        answer
    });
    let answer = String::from_utf8_lossy(&answer.await.unwrap()).into_owned();
    answer.split(':').next().unwrap().to_owned()
}

#[tokio::test]
async fn lists_of_allowed_nodes_are_those_of_otp() {
    let cluster = Cluster::start();
    let (erl, node) = (cluster.erl().await, cluster.node().await);
    let (theirs, ours) = (port_of(&cluster, &erl).await, node.port().unwrap());
    let peers = [
        "a@h", "a@other", "b@h", "b@other", "c@i", "h", "other", "d@d", "e@e",
    ];
    // Nobody is on the list: all may.
    assert_eq!(status(ours, "a@h").await, "sok");
    // Older releases compare whole names only.
    let entries: &[&str] = if erl.release() >= 25 {
        &["a@h", "b@", "h", "@d", "e@e@e", "@"]
    } else {
        &["a@h", "d@d"]
    };
    for entry in entries {
        erl.eval(&format!("ok = net_kernel:allow(['{entry}'])."))
            .await;
        node.allow([*entry]);
        for peer in peers {
            if erl.release() < 25 && !peer.contains('@') {
                continue;
            }
            // The answers to the one who asks, not to a link that is there.
            let expected = status(theirs, peer).await;
            assert_eq!(status(ours, peer).await, expected, "{peer} after {entry}");
        }
    }
    assert_eq!(node.allowed(), entries);
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_is_not_allowed_hears_it() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let node = cluster
        .builder(&unique_node("rust"))
        .allow(["somebody@else"])
        .start()
        .await
        .unwrap();
    let connect = format!("net_kernel:connect_node({}).", node.name());
    assert_eq!(erl.eval(&connect).await, "false");
    let error = node.connect(erl.name()).await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::NotAllowed(name) if name == erl.name()),
        "{error}"
    );

    // A host lets nodes in, but does not let us out: as in Erlang, where `setup_check/2` wants the whole name.
    node.allow(["127.0.0.1"]);
    assert_eq!(erl.eval(&connect).await, "true");
    node.disconnect(erl.name());
    tests::until(|| node.nodes().is_empty()).await;
    assert!(node.connect(erl.name()).await.is_err());
    let other = cluster.erl().await;
    let host_only = format!(
        "net_kernel:allow(['127.0.0.1']), net_kernel:connect_node('{}').",
        unique_node("nobody")
    );
    assert_eq!(other.eval(&host_only).await, "false");
    other.logged("disallowed node").await;

    node.allow([erl.name()]);
    node.connect(erl.name()).await.unwrap();

    // The other way about: OTP refuses us.
    let stranger = cluster.node().await;
    erl.eval("net_kernel:allow([somebody@else]).").await;
    let error = stranger.connect(erl.name()).await.unwrap_err();
    assert!(matches!(
        error,
        ConnectError::Handshake(HandshakeError::Refused(Refusal::NotAllowed))
    ));
    stranger.stop().await;
    node.stop().await;
}
