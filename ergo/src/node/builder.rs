//! Setting up a node.

mod start;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::epmd;
use crate::etf::Budget;
use crate::global;
use crate::io::Sink;
#[cfg(feature = "tls")]
use crate::net::Tls;
use crate::net::{Discovery, ListenOptions, Resolve, Route};
use crate::pg;
use crate::rpc::{Function, Module, Settings};
use crate::term::{Atom, Pid};

/// How long a stop waits for processes, and then for what is still to be written.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of a node about to be started, see [`Node::builder`](super::Node::builder).
#[must_use = "a node runs after `.start().await`"]
pub struct NodeBuilder {
    name: String,
    cookie: Option<String>,
    cookies: Vec<(String, String)>,
    allowed: Vec<String>,
    visible: bool,
    named_by: Option<String>,
    dist_listen: bool,
    listen: ListenOptions,
    epmd: Option<epmd::Options>,
    epmd_port: Option<u16>,
    discovery: Option<Arc<dyn Resolve>>,
    one_port: Option<u16>,
    routes: HashMap<String, Route>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    tick_time: Duration,
    tick_intensity: u32,
    setup_time: Duration,
    max_message: usize,
    busy_limit: usize,
    hard_limit: Option<usize>,
    max_handshakes: usize,
    budget: Budget,
    offers: Vec<Module>,
    rpc: Settings,
    global: global::Settings,
    max_pg: usize,
    stop_timeout: Duration,
    config_files: Vec<PathBuf>,
    variables: Option<Vec<(String, String)>>,
    operators: bool,
    sink: Sink,
}

impl NodeBuilder {
    pub(super) fn new(name: &str) -> NodeBuilder {
        NodeBuilder {
            name: name.to_owned(),
            cookie: None,
            cookies: Vec::new(),
            allowed: Vec::new(),
            visible: true,
            named_by: None,
            dist_listen: true,
            listen: ListenOptions::default(),
            epmd: None,
            epmd_port: None,
            discovery: None,
            one_port: None,
            routes: HashMap::new(),
            #[cfg(feature = "tls")]
            tls: None,
            tick_time: Duration::from_secs(60),
            tick_intensity: 4,
            setup_time: Duration::from_secs(7),
            max_message: 1 << 30,
            busy_limit: 1 << 20,
            hard_limit: None,
            max_handshakes: 256,
            budget: Budget::default(),
            offers: Vec::new(),
            rpc: Settings::default(),
            global: global::Settings::default(),
            max_pg: pg::MAX_MEMBERSHIPS,
            stop_timeout: STOP_TIMEOUT,
            config_files: Vec::new(),
            variables: None,
            operators: true,
            sink: Sink::default(),
        }
    }

    /// The secret that nodes of a cluster share: `erl -setcookie`. By default it is read from
    /// `~/.erlang.cookie`, which is made if it is not there, as `erl` does.
    pub fn cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookie = Some(cookie.into());
        self
    }

    /// The cookie that this node and one other have to share, in place of the common one; whoever of them connects. Other
    /// nodes may follow, one with each call. `erlang:set_cookie(Node, Cookie)`; later, [`Node::set_cookie`](super::Node::set_cookie).
    pub fn cookie_for(mut self, node: impl Into<String>, cookie: impl Into<String>) -> Self {
        self.cookies.push((node.into(), cookie.into()));
        self
    }

    /// Lets only these nodes connect, see [`Node::allow`](super::Node::allow); all that know the cookie may by default.
    /// `net_kernel:allow(Nodes)`.
    pub fn allow<E: Into<String>>(mut self, entries: impl IntoIterator<Item = E>) -> Self {
        self.allowed.extend(entries.into_iter().map(Into::into));
        self
    }

    /// Has another node give this one its name: one of OTP 23 or later, or of ergo. `Node::builder("undefined")`, or
    /// `"undefined@host"`, goes with it: `erl -sname undefined`.
    ///
    /// The node connects when it starts, not with its first message, and has a name that no other node has. It is hidden
    /// and does not listen. The name is its own for as long as the link to the giver lasts; then the giver may give
    /// it to another node. `erl` goes back to `nonode@nohost` at that moment; a node of ergo closes its other links
    /// and goes on alone, under the name that it had. Whoever wants to come back starts another node.
    ///
    /// ```no_run
    /// # async fn example() -> ergo::Result<()> {
    /// use ergo::Node;
    ///
    /// let client = Node::builder("undefined").named_by("shop@10.0.0.7").start().await?;
    /// println!("I am {}", client.name()); // 2MQXJ3F7GDLYS@myhost
    /// # Ok(()) }
    /// ```
    pub fn named_by(mut self, node: impl Into<String>) -> Self {
        self.named_by = Some(node.into());
        self
    }

    /// Whether other nodes can connect to this one: `true` by default. Without it the node has no port, is registered
    /// nowhere, and is hidden; it connects to others. `-dist_listen`.
    pub fn dist_listen(mut self, listen: bool) -> Self {
        self.dist_listen = listen;
        self
    }

    /// Whether this node is one of its cluster: others list it in `nodes()`, and it shares their
    /// [names and locks](crate::global). `true` by default; `false` is what [`hidden`](NodeBuilder::hidden) says.
    pub fn visible(mut self, visible: bool) -> Self {
        self.visible = visible;
        self
    }

    /// Keeps the node apart from its cluster, like `erl -hidden` and C nodes: others list it in `nodes(hidden)` alone, it
    /// connects to those that it talks with and to no others, and has [names](crate::global) of its own. For tools and clients.
    pub fn hidden(self) -> Self {
        self.visible(false)
    }

    /// Whether this node connects to all nodes that the others know, as they do among each other: `true` by default. Without
    /// it the node has [names](crate::global) of its own, though it is visible. `-kernel connect_all`, `-connect_all`.
    pub fn connect_all(mut self, connect: bool) -> Self {
        self.global.connect_all = connect;
        self
    }

    /// Whether the nodes of a cluster leave a node that one of them has lost, so that each is connected either to all others or
    /// to none: `true` by default, as since OTP 25. All nodes of a cluster should have the same.
    /// `-kernel prevent_overlapping_partitions`.
    pub fn prevent_overlapping_partitions(mut self, prevent: bool) -> Self {
        self.global.prevent_overlapping_partitions = prevent;
        self
    }

    /// How many [global](crate::global) names, and how many locks, the processes of one node may have here; 1048576 by default.
    /// More are refused. OTP has no such limit.
    pub fn max_global(mut self, count: usize) -> Self {
        self.global.limit = count;
        self
    }

    /// How many memberships in groups of [`pg`](crate::pg) the processes of one other node may have here, in each scope; 4194304
    /// by default. More are not taken up. OTP has no such limit.
    pub fn max_pg(mut self, count: usize) -> Self {
        self.max_pg = count;
        self
    }

    /// The address to listen on; all of IPv4 by default. `-kernel inet_dist_use_interface`.
    ///
    /// With an IPv6 address the node is one of `-proto_dist inet6_tcp`; `::` takes connections over IPv6 and over IPv4.
    /// Other nodes are reached over whatever their host's addresses are, the first that answers.
    pub fn listen_address(mut self, address: IpAddr) -> Self {
        self.listen.address = address;
        self
    }

    /// The ports to listen on: the first free one is taken; any by default.
    /// `-kernel inet_dist_listen_min/max`.
    pub fn listen_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.listen.ports = ports;
        self
    }

    /// The port of EPMD, here and on the hosts of other nodes; `ERL_EPMD_PORT`, or 4369, by default.
    pub fn epmd_port(mut self, port: u16) -> Self {
        self.epmd_port = Some(port);
        self
    }

    /// All that a node may choose about EPMD: whether it serves as one when none answers, for
    /// example. By default what the environment says, see [`epmd::Options::from_env`].
    pub fn epmd(mut self, options: epmd::Options) -> Self {
        self.epmd = Some(options);
        self
    }

    /// How the node finds others and is found, in place of EPMD. `-epmd_module`.
    pub fn discovery(mut self, discovery: impl Discovery) -> Self {
        self.discovery = Some(Arc::new(discovery));
        self
    }

    /// Where one node listens, so that nobody has to be asked; other nodes may follow, one with each call.
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// let address: SocketAddr = "10.0.0.7:9100".parse().unwrap();
    /// let node = ergo::Node::builder("rust@10.0.0.1")
    ///     .route("shop@10.0.0.7", address)
    ///     .route("till@10.0.0.8", ("till.example", 9100));
    /// ```
    pub fn route(mut self, node: impl Into<String>, route: impl Into<Route>) -> Self {
        self.routes.insert(node.into(), route.into());
        self
    }

    /// Does without EPMD: this node listens on `port`, and so do all others that have no [`route`](NodeBuilder::route),
    /// each on its own host. `-start_epmd false -erl_epmd_port Port`, or `-kernel erl_epmd_node_listen_port Port`.
    pub fn erl_epmd_port(mut self, port: u16) -> Self {
        self.one_port = Some(port);
        self
    }

    /// Has the node speak TLS on all its links, and only with nodes that do so too: see
    /// [`tls`](crate::net::tls). `erl -proto_dist inet_tls -ssl_dist_optfile F`.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// A peer that says nothing for so long is taken for dead: `-kernel net_ticktime`, 60 s by
    /// default. All nodes of a cluster should have the same.
    pub fn net_ticktime(mut self, time: Duration) -> Self {
        self.tick_time = time;
        self
    }

    /// How many ticks are sent in a tick time: `-kernel net_tickintensity`, 4 by default, 4 to 1000.
    pub fn net_tickintensity(mut self, intensity: u32) -> Self {
        self.tick_intensity = intensity.clamp(4, 1000);
        self
    }

    /// How long connecting to a node may take, its handshake included: `-kernel net_setuptime`,
    /// 7 s by default.
    pub fn net_setuptime(mut self, time: Duration) -> Self {
        self.setup_time = time;
        self
    }

    /// The largest message that a peer may send, in bytes; 1 GiB by default. What its frame needs
    /// beside it, up to a mebibyte, comes on top; a larger one closes the link. It also bounds what a peer may begin and not end, see [`net`](crate::net).
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How many bytes may wait to be written to a node before its link is *busy*: `erl +zdbbl`, 1 MiB
    /// by default. A process that sends to a busy link is suspended before it handles its next
    /// message, until no more than this waits; see [`semantics`](crate::semantics#busy-links).
    pub fn dist_buf_busy_limit(mut self, bytes: usize) -> Self {
        self.busy_limit = bytes;
        self
    }

    /// How many bytes may wait to be written to a node before its messages are refused, and counted
    /// in [`undelivered`](crate::LocalNode::undelivered): 64 times the busy limit by default, which
    /// is 64 MiB, and never less than that. At twice this limit the link is closed. OTP has no such
    /// limit.
    pub fn dist_buf_hard_limit(mut self, bytes: usize) -> Self {
        self.hard_limit = Some(bytes);
        self
    }

    /// How many connections may be in their handshake at once; 256 by default. More are closed as
    /// they come. Each takes at most 8 KiB, see [`net`](crate::net).
    pub fn max_handshakes(mut self, count: usize) -> Self {
        self.max_handshakes = count;
        self
    }

    /// What decoding one message may cost the process that gets it, see [`Budget`].
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Offers functions to other nodes, from the moment when they can ask: what `#[rpc]` makes of a type, or a [`Module`] of
    /// closures. See [`rpc`](mod@crate::rpc); later, [`LocalNode::offer`](crate::LocalNode::offer).
    ///
    /// ```
    /// use ergo::Node;
    /// use ergo::rpc::Module;
    ///
    /// let node = Node::builder("rust@127.0.0.1")
    ///     .offer(Module::new("math").function("add", |a: i64, b: i64| a + b))
    ///     .offer_fn("text", "shout", |text: String| text.to_uppercase());
    /// ```
    pub fn offer(mut self, module: impl Into<Module>) -> Self {
        self.offers.push(module.into());
        self
    }

    /// Offers one function, a closure say: `module:name(…)` of other nodes. See [`Function`].
    pub fn offer_fn<Kind: 'static>(
        self,
        module: impl Into<Atom>,
        name: impl Into<Atom>,
        function: impl Function<Kind>,
    ) -> Self {
        self.offer(Module::new(module).function(name, function))
    }

    /// Lets only these nodes call functions here, its own services too; for all others there are none (`undef`). All nodes
    /// that know the cookie may by default. An entry is as of [`Node::allow`](super::Node::allow); for the functions of one
    /// module there is [`Module::only_from`]. Nothing is called by way of `rex` then, which does not know for certain who asks.
    pub fn rpc_only_from<E: Into<String>>(self, entries: impl IntoIterator<Item = E>) -> Self {
        self.rpc.only_from.add(entries.into_iter().map(Into::into));
        self
    }

    /// How many calls, casts and other spawned processes one other node may have here at once; 1000 by default. More are
    /// refused with `system_limit`. What comes by way of `rex` (OTP 22, C nodes) counts together, whoever sends it. OTP has the
    /// limit of its processes, `erl +P`.
    pub fn max_rpc(mut self, count: usize) -> Self {
        self.rpc.max_running = count;
        self
    }

    /// Whether the node answers what the tools of a BEAM ask: `observer`, `etop`, pollers, an operator's shell. It does by
    /// default, to whom it [lets call](NodeBuilder::rpc_only_from) at all; [`operators`](mod@crate::operators) says what.
    pub fn operators(mut self, answer: bool) -> Self {
        self.operators = answer;
        self
    }

    /// Where the text goes that processes print whose group leader is of this node: those that it has started on others, say,
    /// with `io:format`. It comes in pieces, as it was printed, with the process that prints it. By default it goes to
    /// `tracing`, target `ergo::io`.
    ///
    /// The sink runs in the process `user`, and must not wait.
    ///
    /// ```
    /// let node = ergo::Node::builder("rust@127.0.0.1").on_print(|from, text| {
    ///     tracing::info!(%from, text, "printed");
    /// });
    /// ```
    pub fn on_print(mut self, sink: impl Fn(Pid, &str) + Send + Sync + 'static) -> Self {
        self.sink = Sink::new(sink);
        self
    }

    /// How long [`Node::stop`](super::Node::stop) waits for each application to stop (unless it has a
    /// [stop timeout](crate::application::AppSpec::stop_timeout) of its own), and then for all other
    /// processes to end; then they are killed. 5 s by default. The shutdown times of supervisors
    /// count within. In Erlang: `-kernel shutdown_timeout`.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// A file with the environment of applications, as [`crate::application`] describes it; may be
    /// given several times, and a later file overrides an earlier one. It is read when the node
    /// starts. `erl -config File`; as there, a name without an extension is that of `File.config`.
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config_files.push(path.into());
        self
    }

    /// Variables to be read in place of the program's environment variables: see
    /// [`crate::application`] for what they set. For programs with several nodes.
    pub fn variables<K, V>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let variables = variables.into_iter();
        self.variables = Some(variables.map(|(k, v)| (k.into(), v.into())).collect());
        self
    }
}

impl fmt::Debug for NodeBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
