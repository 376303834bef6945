//! Links over TLS with nodes of `erl -proto_dist inet_tls`: who may talk to whom, and what all of them can do then.

#[path = "tls/log.rs"]
mod log;
#[path = "tls/refusals.rs"]
mod refusals;
#[path = "tls/replacement.rs"]
mod replacement;
#[path = "tls/settings.rs"]
mod settings;

use std::time::Duration;

use ergo::net::Tls;
use ergo::net::tls::{Verify, Version};
use ergo::prelude::*;
use ergo::process::ProcessId;
use rustix::process::{Pid, Signal, kill_process};
use tests::tls::{Authority, Files, erlang_options};
use tests::{Cluster, Erl, unique_node, until};

/// Nodes of one cluster, with certificates of one authority for their host.
struct Site {
    cluster: Cluster,
    files: Files,
    authority: Authority,
}

impl Site {
    fn new() -> Site {
        let (files, authority) = (Files::new(), Authority::new("the site's"));
        files.write("ca.pem", &authority.pem);
        authority.issue("127.0.0.1").write(&files, "erl");
        authority.issue("127.0.0.1").write(&files, "rust");
        Site {
            cluster: Cluster::start(),
            files,
            authority,
        }
    }

    /// Mutual authentication, with the certificate `rust`.
    fn tls(&self) -> Tls {
        Tls::new()
            .certfile(self.files.path("rust.pem"))
            .keyfile(self.files.path("rust.key"))
            .cacertfile(self.files.path("ca.pem"))
    }

    /// Hidden: not all nodes of these tests can speak with each other, and a cluster would part with those that cannot.
    async fn node(&self, tls: Tls) -> Node {
        let builder = self.cluster.builder(&unique_node("rust")).tls(tls).hidden();
        let node = builder.start().await.expect("the node starts");
        Echo::start(&node).name("echo").await.expect("it starts");
        node
    }

    /// An Erlang node with these options for connections from and to other nodes.
    async fn erl_with(&self, server: &str, client: &str) -> Erl {
        let options = self.cluster.options(Erl::options());
        let erl = erlang_options(options, &self.files, server, client)
            .start()
            .await;
        erl.load_module(ECHO).await;
        erl.eval("{ok, _} = gen_server:start({local, echo}, echo, [], []), ok.")
            .await;
        erl
    }

    /// An Erlang node with mutual authentication and the certificate `erl`.
    async fn erl(&self) -> Erl {
        let peer = self.files.options("erl", &self.files.verify_peer());
        let server = format!("{peer}, {{fail_if_no_peer_cert, true}}");
        self.erl_with(&server, &peer).await
    }

    /// The same, which speaks both versions, as only OTP 29 does unasked.
    async fn erl_of_both_versions(&self) -> Erl {
        let peer = self.files.options("erl", &self.files.verify_peer());
        let peer = format!("{peer}, {{versions, ['tlsv1.3', 'tlsv1.2']}}");
        let server = format!("{peer}, {{fail_if_no_peer_cert, true}}");
        self.erl_with(&server, &peer).await
    }
}

/// Says what it hears; `echo` in Erlang does the same.
struct Echo;

#[gen_server]
impl Echo {
    #[init]
    fn init() -> Self {
        Echo
    }

    #[call]
    fn echo(&self, term: Term) -> Term {
        term
    }
}

const ECHO: &str =
    "-module(echo). -behaviour(gen_server). -export([init/1, handle_call/3, handle_cast/2]).
    init(_) -> {ok, []}.
    handle_call({echo, Term}, _From, State) -> {reply, Term, State}.
    handle_cast(_, State) -> {noreply, State}.";

/// Each of the two dials the other, and both say something; a megabyte is many fragments.
async fn talk(node: &Node, erl: &Erl) {
    let name = node.name();
    let connected = node.connect(erl.name()).await;
    assert!(connected.is_ok(), "{connected:?}: {}", erl.log());
    assert!(node.ping(erl.name()).await);
    speak(node, erl).await;
    // The link of the first dial goes, and the other end makes the next.
    erl.cut(name).await;
    assert_eq!(
        erl.eval(&format!("net_adm:ping({name}).")).await,
        "pong",
        "{}",
        erl.log()
    );
    speak(node, erl).await;
}

async fn speak(node: &Node, erl: &Erl) {
    let large: Vec<u8> = (0..=250).cycle().take(1 << 20).collect();
    let ask = format!(
        "gen_server:call({{echo, {}}}, {{echo, Large}}) =:= Large.",
        node.name()
    );
    assert_eq!(erl.eval_with(&ask, &[("Large", &large)]).await, "true");
    let echo = EchoRef::named(node, "echo", erl.name());
    let term = term!({[1, 2.5 | x], (large)});
    assert!(echo.echo(term.clone()).await.unwrap() == term);
}

/// Who shows certificates that are checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Authentication {
    Nobody,
    Server,
    Mutual,
}

/// An Erlang node that speaks this version only meets a Rust node that speaks both.
async fn meets(version: Version, authentication: Authentication) {
    let site = Site::new();
    let versions = match version {
        Version::Tls12 => "{versions, ['tlsv1.2']}",
        _ => "{versions, ['tlsv1.3']}",
    };
    let none = "{verify, verify_none}";
    let (tls, server, client) = match authentication {
        Authentication::Nobody => (
            site.tls().verify(Verify::None),
            site.files.options("erl", none),
            none.to_owned(),
        ),
        Authentication::Server => (
            site.tls().fail_if_no_peer_cert(false),
            site.files.options("erl", none),
            site.files.verify_peer(),
        ),
        Authentication::Mutual => {
            let peer = site.files.options("erl", &site.files.verify_peer());
            let server = format!("{peer}, {{fail_if_no_peer_cert, true}}");
            (site.tls(), server, peer)
        }
    };
    let server = format!("{server}, {versions}");
    let client = format!("{client}, {versions}");
    let erl = site.erl_with(&server, &client).await;
    let node = site.node(tls).await;
    talk(&node, &erl).await;
}

#[tokio::test]
async fn tls_1_2_without_checks() {
    meets(Version::Tls12, Authentication::Nobody).await;
}

#[tokio::test]
async fn tls_1_2_with_server_authentication() {
    meets(Version::Tls12, Authentication::Server).await;
}

#[tokio::test]
async fn tls_1_2_with_mutual_authentication() {
    meets(Version::Tls12, Authentication::Mutual).await;
}

#[tokio::test]
async fn tls_1_3_without_checks() {
    meets(Version::Tls13, Authentication::Nobody).await;
}

#[tokio::test]
async fn tls_1_3_with_server_authentication() {
    meets(Version::Tls13, Authentication::Server).await;
}

#[tokio::test]
async fn tls_1_3_with_mutual_authentication() {
    meets(Version::Tls13, Authentication::Mutual).await;
}

#[tokio::test]
async fn the_newest_version_that_both_speak_is_taken() {
    let site = Site::new();
    let erl = site.erl_of_both_versions().await;
    let node = site.node(site.tls()).await;
    talk(&node, &erl).await;
    // What the Erlang node speaks unasked: 1.2, or both since OTP 29.
    let unasked = site.erl().await;
    talk(&node, &unasked).await;
    let new = site.node(site.tls().versions([Version::Tls13])).await;
    assert_eq!(new.ping(unasked.name()).await, unasked.release() >= 29);
    assert!(new.ping(erl.name()).await);
}

#[tokio::test]
async fn what_an_erlang_node_checks_unasked() {
    let site = Site::new();
    // Nobody here knows the authority, and its certificate is for another host.
    let other = Authority::new("another");
    other.issue("db.example.org").write(&site.files, "erl");
    let node = site.node(site.tls().verify(Verify::None)).await;
    let erl = site
        .erl_with(&site.files.options("erl", "{mode, binary}"), "")
        .await;
    assert!(node.ping(erl.name()).await);
    speak(&node, &erl).await;

    // Since OTP 26 whoever dials checks, and goes nowhere without a `cacertfile`.
    let name = node.name();
    erl.cut(name).await;
    let expected = if erl.release() < 26 { "pong" } else { "pang" };
    let ping = format!("net_adm:ping({name}).");
    assert_eq!(erl.eval(&ping).await, expected);
}

#[tokio::test]
async fn keys_are_renewed_on_the_way() {
    let site = Site::new();
    let peer = site.files.options("erl", &site.files.verify_peer());
    // Bytes, of which a conversation has some millions.
    let peer = format!("{peer}, {{versions, ['tlsv1.3']}}, {{key_update_at, 50000}}");
    let erl = site.erl_with(&peer, &peer).await;
    let node = site.node(site.tls()).await;
    talk(&node, &erl).await;
}

#[tokio::test]
async fn an_idle_link_lives_by_its_ticks_and_a_silent_peer_is_given_up() {
    let site = Site::new();
    let peer = site.files.options("erl", &site.files.verify_peer());
    let options = site.cluster.options(Erl::options());
    let options = options.args(&["-kernel", "net_ticktime", "3"]);
    let erl = erlang_options(options, &site.files, &peer, &peer);
    let erl = erl.start().await;
    let builder = site.cluster.builder(&unique_node("rust")).tls(site.tls());
    let builder = builder.net_ticktime(Duration::from_secs(3));
    let node = builder.start().await.unwrap();
    assert!(node.ping(erl.name()).await);
    // More than twice as long as either end waits for a sign of life.
    let name = node.name();
    let idle = format!(
        "monitor_node({name}, true), receive {{nodedown, {name}}} -> down after 8000 -> up end."
    );
    assert_eq!(erl.eval(&idle).await, "up");
    assert_eq!(node.nodes(), [Atom::new(erl.name())]);

    // Stopped as a whole, it holds the connection and says nothing.
    let pid = erl.eval("list_to_integer(os:getpid()).").await;
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    until(|| node.nodes().is_empty()).await;
    kill_process(pid, Signal::CONT).unwrap();
}

#[tokio::test]
async fn a_node_that_is_lost_is_connected_again() {
    let site = Site::new();
    let node = site.node(site.tls()).await;
    let name = unique_node("erl");
    let peer = site.files.options("erl", &site.files.verify_peer());
    let start = async || {
        let options = site.cluster.options(Erl::options()).name(&name);
        let erl = erlang_options(options, &site.files, &peer, &peer);
        erl.start().await
    };
    for _ in 0..3 {
        let erl = start().await;
        assert!(node.ping(&name).await);
        erl.kill();
        until(|| node.nodes().is_empty()).await;
        assert!(!node.ping(&name).await);
    }
}

#[tokio::test]
async fn what_was_sent_before_a_disconnect_arrives() {
    let site = Site::new();
    let (erl, node) = (site.erl().await, site.node(site.tls()).await);
    assert!(node.ping(erl.name()).await);
    // The last of it is far from written when the node is told to disconnect.
    let wait = "register(waits, self()), receive {large, Large} -> byte_size(Large) end.";
    let waits = erl.eval(wait);
    let sends = async {
        erl.eval("Find = fun Find() -> whereis(waits) =/= undefined orelse Find() end, Find().")
            .await;
        let waits = ProcessId::Name(Atom::new("waits"), Atom::new(erl.name()));
        let large = term!({large, (vec![7u8; 8 << 20])});
        node.send(waits, &large).unwrap();
        node.disconnect(erl.name());
    };
    let (size, ()) = tokio::join!(waits, sends);
    assert_eq!(size, (8 << 20).to_string());
    let gone = format!(
        "Gone = fun Gone() -> lists:member({}, nodes(connected)) andalso Gone() end, Gone().",
        node.name()
    );
    assert_eq!(erl.eval(&gone).await, "false");
    until(|| node.nodes().is_empty()).await;
    speak(&node, &erl).await;
}

#[tokio::test]
async fn nodes_are_visible_or_hidden_as_without_tls() {
    let site = Site::new();
    let erl = site.erl().await;
    let seen = site.cluster.builder(&unique_node("rust")).tls(site.tls());
    let seen = seen.start().await.unwrap();
    let hidden = site.cluster.builder(&unique_node("rust")).tls(site.tls());
    let hidden = hidden.hidden().start().await.unwrap();
    for node in [&seen, &hidden] {
        let ping = format!("net_adm:ping({}).", node.name());
        assert_eq!(erl.eval(&ping).await, "pong");
    }
    let nodes = format!(
        "{{nodes() =:= [{}], nodes(hidden) =:= [{}]}}.",
        seen.name(),
        hidden.name()
    );
    assert_eq!(erl.eval(&nodes).await, "{true,true}");
    assert_eq!(seen.nodes(), [Atom::new(erl.name())]);
}
