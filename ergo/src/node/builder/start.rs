//! From the settings to a node that runs.

use std::sync::Arc;

use super::super::discovery::{Epmd, OnePort, Routes};
use super::super::kernel_sup::KernelSup;
use super::super::{CookieFiles, Network, Node, NodeError, NodeName, services};
use super::NodeBuilder;
use crate::application::{Applications, Config, EnvSources};
use crate::dist::{Cookie, DistFlags};
use crate::epmd;
#[cfg(feature = "tls")]
use crate::net::tls;
use crate::net::{
    Carrier, DiscoveryError, Limits, LinkConfig, Links, ListenOptions, Listener, Resolve,
};
use crate::pg;
use crate::process::LocalNode;
use crate::rpc;
use crate::term::Atom;

/// What a node is called that another one has to name.
const UNDEFINED: &str = "undefined";

impl NodeBuilder {
    /// Starts the node: it listens, is registered with EPMD, and answers.
    ///
    /// # Errors
    ///
    /// When the name, cookie or a config file cannot be used, no port is free, another node of this name is
    /// registered, or the node that should [name](NodeBuilder::named_by) this one does not.
    pub async fn start(mut self) -> Result<Node, NodeError> {
        let name = NodeName::new(&self.name)?;
        if (name.name() == UNDEFINED) != self.named_by.is_some() {
            return Err(NodeError::NamedBy);
        }
        let discovery = self.find_others()?;
        let mut config = self.link_config(&name, Arc::clone(&discovery))?;
        let baptism = match &self.named_by {
            Some(giver) => Some(config.ask_name(Atom::new(giver)).await?),
            None => None,
        };
        match &baptism {
            Some(baptism) => (config.name, config.creation) = (baptism.name, baptism.creation),
            None => config.creation = random_creation()?,
        }
        let local = LocalNode::new(config.name, config.creation, self.budget);
        let sources = self.env_sources()?;
        local.attached::<Applications>().set_sources(sources);
        pg::set_limit(&local, self.max_pg);
        rpc::serve(&local, std::mem::take(&mut self.rpc));
        let listens = self.listens().then_some(self.listen.address);
        services::offer(&local, self.tick_time, self.operators, listens);
        for module in std::mem::take(&mut self.offers) {
            local.offer(module).map_err(NodeError::Offer)?;
        }

        let listener = match self.listens() {
            true => Some(Listener::bind(&self.listen_options()).map_err(NodeError::Listen)?),
            false => None,
        };
        let (cookies, allowed) = (Arc::clone(&config.cookies), Arc::clone(&config.allowed));
        let links = Links::new(config, local.incoming());
        local.set_links(Arc::clone(&links));

        let meeting = async {
            // Whoever finds the node may ask at once.
            let kernel_sup = KernelSup {
                node: local.clone(),
                sink: std::mem::take(&mut self.sink),
                global: self.global,
                operators: self.operators,
            };
            kernel_sup.start_all().await.map_err(NodeError::Start)?;
            if let Some(baptism) = baptism {
                links.begin_with(baptism)?;
            }
            let Some(listener) = listener else {
                return Ok(None);
            };
            let port = listener.local_addr().map_err(NodeError::Listen)?.port();
            links.accept(listener);
            let registered = discovery.enter(name.name(), port).await;
            registered.map_err(not_registered)?;
            Ok(Some(port))
        };
        let port = match meeting.await {
            Ok(port) => port,
            Err(error) => {
                // Nothing of a node that did not start goes on.
                local.stop_processes(self.stop_timeout).await;
                links.close().await;
                return Err(error);
            }
        };
        tracing::info!(target: "ergo::node", name = local.name().as_str(), port, "node started");
        let network = Network {
            links,
            cookies,
            allowed,
            discovery,
            port,
        };
        Ok(Node::of(local, Some(network), self.stop_timeout))
    }

    /// Whether others can connect: not to a node whose name they cannot know.
    fn listens(&self) -> bool {
        self.dist_listen && self.named_by.is_none()
    }

    fn listen_options(&self) -> ListenOptions {
        let mut options = self.listen.clone();
        if let Some(port) = self.one_port {
            options.ports = port..=port;
        }
        options
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

    fn find_others(&self) -> Result<Arc<dyn Resolve>, NodeError> {
        let others: Arc<dyn Resolve> = match (&self.discovery, self.one_port) {
            (Some(discovery), _) => Arc::clone(discovery),
            (None, Some(port)) => Arc::new(OnePort(port)),
            (None, None) => Arc::new(Epmd::new(self.epmd_options()?, self.setup_time)),
        };
        Ok(if self.routes.is_empty() {
            others
        } else {
            let routes = self.routes.clone();
            Arc::new(Routes { routes, others })
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

    /// What the links need to know; the creation is still to come.
    fn link_config(
        &self,
        name: &NodeName,
        discovery: Arc<dyn Resolve>,
    ) -> Result<LinkConfig, NodeError> {
        let cookie = match &self.cookie {
            Some(text) => Cookie::new(text)?,
            None => CookieFiles::from_env()?.read_or_create()?,
        };
        let atom = Atom::new(name.as_str());
        let mut config = LinkConfig::new(atom, 0, name.kind(), cookie, discovery);
        for (node, cookie) in &self.cookies {
            config.cookies.set(node, Cookie::new(cookie)?);
        }
        config.allowed.add(self.allowed.iter().cloned());
        if self.visible && self.listens() {
            config.flags = config.flags | DistFlags::PUBLISHED;
        }
        config.tick_time = self.tick_time;
        config.tick_intensity = self.tick_intensity;
        config.setup_time = self.setup_time;
        config.max_message = self.max_message;
        config.max_handshakes = self.max_handshakes;
        config.limits = Limits::new(self.busy_limit, self.hard_limit);
        config.carrier = self.carrier()?;
        Ok(config)
    }

    fn carrier(&self) -> Result<Carrier, NodeError> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Carrier::Tls(Arc::new(tls::Context::new(tls.clone())?)));
        }
        Ok(Carrier::Tcp)
    }
}

fn not_registered(error: DiscoveryError) -> NodeError {
    match error.downcast::<epmd::Error>() {
        Ok(error) => NodeError::Epmd(*error),
        Err(error) => NodeError::Register(error),
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
