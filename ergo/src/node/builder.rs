//! Setting up a node.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::epmd_resolver::EpmdResolver;
use super::net_kernel::NetKernel;
use super::{CookieFiles, Node, NodeError, NodeName};
use crate::application::{Applications, Config, EnvSources};
use crate::dist::{Cookie, DistFlags};
use crate::epmd::{self, Keeper, NodeInfo};
use crate::etf::Budget;
use crate::gen_server::Start;
use crate::net::{Limits, LinkConfig, Links, ListenOptions, Listener, NameKind};
use crate::process::LocalNode;
use crate::term::Atom;

/// How long a stop waits for processes, and then for what is still to be written.
pub(super) const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings of a node about to be started, see [`Node::builder`].
#[derive(Debug)]
#[must_use = "a node runs after `.start().await`"]
pub struct NodeBuilder {
    name: String,
    cookie: Option<String>,
    visible: bool,
    listen: ListenOptions,
    epmd: Option<epmd::Options>,
    epmd_port: Option<u16>,
    tick_time: Duration,
    tick_intensity: u32,
    setup_time: Duration,
    max_message: usize,
    busy_limit: usize,
    hard_limit: Option<usize>,
    budget: Budget,
    stop_timeout: Duration,
    config_files: Vec<PathBuf>,
    variables: Option<Vec<(String, String)>>,
}

impl NodeBuilder {
    pub(super) fn new(name: &str) -> NodeBuilder {
        NodeBuilder {
            name: name.to_owned(),
            cookie: None,
            visible: false,
            listen: ListenOptions::default(),
            epmd: None,
            epmd_port: None,
            tick_time: Duration::from_secs(60),
            tick_intensity: 4,
            setup_time: Duration::from_secs(7),
            max_message: 1 << 30,
            busy_limit: 1 << 20,
            hard_limit: None,
            budget: Budget::default(),
            stop_timeout: STOP_TIMEOUT,
            config_files: Vec::new(),
            variables: None,
        }
    }

    /// The secret that nodes of a cluster share: `erl -setcookie`. By default it is read from
    /// `~/.erlang.cookie`, which is made if it is not there, as `erl` does.
    pub fn cookie(mut self, cookie: impl Into<String>) -> Self {
        self.cookie = Some(cookie.into());
        self
    }

    /// Whether other nodes list this one in `nodes()`. The default is `false`: a hidden node, like
    /// `erl -hidden` and C nodes.
    ///
    /// A visible node owes its cluster the services `global` and `pg`, which ergo does not have
    /// yet: `global:sync/0` on a BEAM hangs while a visible node without them is connected.
    pub fn visible(mut self, visible: bool) -> Self {
        self.visible = visible;
        self
    }

    /// The address to listen on; all of IPv4 by default. `-kernel inet_dist_use_interface`.
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

    /// The largest message that a peer may send, in bytes; 1 GiB by default. A larger one closes
    /// the link.
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

    /// What decoding one message may cost the process that gets it, see [`Budget`].
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// How long [`Node::stop`] waits for each application to stop (unless it has a
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

    /// Starts the node: it listens, is registered with EPMD, and answers.
    ///
    /// # Errors
    ///
    /// When the name, cookie or a config file cannot be used, no port is free, or another node of this name is
    /// registered.
    pub async fn start(self) -> Result<Node, NodeError> {
        let name = NodeName::new(&self.name)?;
        let epmd = self.epmd_options()?;
        let cookie = match &self.cookie {
            Some(text) => Cookie::new(text)?,
            None => CookieFiles::from_env()?.read_or_create()?,
        };
        let atom = Atom::new(name.as_str());
        let local = LocalNode::new(atom, random_creation()?, self.budget);
        let sources = self.env_sources()?;
        local.attached::<Applications>().set_sources(sources);

        let listener = Listener::bind(&self.listen).map_err(NodeError::Listen)?;
        let port = listener.local_addr().map_err(NodeError::Listen)?.port();
        let links = Links::new(
            self.link_config(&local, &name, cookie, &epmd),
            local.incoming(),
        );
        local.set_links(Arc::clone(&links));

        // Whoever finds the node through EPMD may ask at once.
        let kernel: Start<NetKernel> = Start::new(&local, ());
        kernel
            .name(Atom::NET_KERNEL)
            .await
            .map_err(NodeError::Start)?;
        links.accept(listener);
        let info = NodeInfo::new(name.name(), port);
        let keeper = Keeper::start(epmd, info).await.map_err(NodeError::Epmd)?;
        tracing::info!(target: "ergo::node", name = name.as_str(), port, "node started");
        Ok(Node::new(local, links, keeper, port, self.stop_timeout))
    }

    fn env_sources(&self) -> Result<EnvSources, NodeError> {
        let mut config = Config::default();
        for path in &self.config_files {
            config.read(path)?;
        }
        Ok(EnvSources {
            config,
            variables: self.variables.clone(),
        })
    }

    fn epmd_options(&self) -> Result<epmd::Options, NodeError> {
        let mut options = match &self.epmd {
            Some(options) => options.clone(),
            None => epmd::Options::from_env().map_err(NodeError::Epmd)?,
        };
        if let Some(port) = self.epmd_port {
            options.port = port;
        }
        Ok(options)
    }

    fn link_config(
        &self,
        local: &LocalNode,
        name: &NodeName,
        cookie: Cookie,
        epmd: &epmd::Options,
    ) -> LinkConfig {
        let kind = if name.is_long() {
            NameKind::Long
        } else {
            NameKind::Short
        };
        let resolver = Arc::new(EpmdResolver::new(epmd.port, self.setup_time));
        let mut config = LinkConfig::new(local.name(), local.creation(), kind, cookie, resolver);
        if self.visible {
            config.flags = config.flags | DistFlags::PUBLISHED;
        }
        config.tick_time = self.tick_time;
        config.tick_intensity = self.tick_intensity;
        config.setup_time = self.setup_time;
        config.max_message = self.max_message;
        config.limits = Limits::new(self.busy_limit, self.hard_limit);
        config
    }
}

/// A random number of 32 bits that is at least 4: 0 to 3 have meanings of old.
fn random_creation() -> Result<u32, NodeError> {
    loop {
        let creation = getrandom::u32().map_err(NodeError::Random)?;
        if creation >= 4 {
            return Ok(creation);
        }
    }
}
