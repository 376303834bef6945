//! How a node is found by others, for as long as it lives.

mod options;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

pub use self::options::Options;
use super::{Error, NodeInfo, Registration, Server, TARGET};

/// How long a start goes on when something is there that does not work yet: an EPMD that starts or ends just now.
const START: Duration = Duration::from_secs(2);

/// The first pause between attempts; each is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The longest pause between attempts to register again, which is the one of Erlang's `erl_epmd`.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Keeps a node registered at the EPMD of its machine.
///
/// Where no EPMD answers, the keeper serves as one itself, if its [options](Options) allow it. When the EPMD that the
/// node is registered with goes away, it registers the node again, or takes the place of that EPMD: whichever survivor
/// listens first serves the others. The node keeps its creation throughout, as nodes of Erlang do.
///
/// ```no_run
/// # async fn example() -> Result<(), ergo::epmd::Error> {
/// use ergo::epmd::{Keeper, NodeInfo, Options, Status};
///
/// let keeper = Keeper::start(Options::from_env()?, NodeInfo::new("kv", 40123)).await?;
/// assert_ne!(keeper.status(), Status::Lost);
/// let creation = keeper.creation();
/// keeper.stop().await;
/// # Ok(()) }
/// ```
///
/// In Erlang: the process `erl_epmd`, and the start of `epmd -daemon` by `erl`.
#[derive(Debug)]
pub struct Keeper {
    creation: u32,
    port: u16,
    status: watch::Receiver<Status>,
    task: Option<JoinHandle<()>>,
    end: CancellationToken,
    _guard: DropGuard,
}

/// How a node is registered at the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// EPMD is not in use.
    Disabled,
    /// The node is registered at an EPMD that is not its own.
    Registered,
    /// The node serves as EPMD, and is registered with itself.
    Serving,
    /// The EPMD has gone away, and the node tries to register again.
    Lost,
}

impl Keeper {
    /// Registers a node, and goes on to keep it registered in the background.
    ///
    /// # Errors
    ///
    /// When the name is taken, or no EPMD answers and the node cannot serve as one.
    pub async fn start(options: Options, node: NodeInfo) -> Result<Keeper, Error> {
        let end = CancellationToken::new();
        let port = options.port;
        if !options.enabled {
            let (_, status) = watch::channel(Status::Disabled);
            let creation = random_creation()?;
            return Ok(Keeper {
                creation,
                port,
                status,
                task: None,
                _guard: end.clone().drop_guard(),
                end,
            });
        }
        node.check()?;
        let mut place = Place {
            options,
            node,
            server: None,
        };
        let registration = place.first().await?;
        let creation = registration.creation();
        let (changes, status) = watch::channel(place.status());
        tracing::info!(target: TARGET, name = place.node.name, port, creation, status = ?place.status(), "registered");
        let task = tokio::spawn(keep(place, registration, changes, end.clone()));
        Ok(Keeper {
            creation,
            port,
            status,
            task: Some(task),
            _guard: end.clone().drop_guard(),
            end,
        })
    }

    /// The creation of the node: that of its first registration, or a random one if EPMD is not in use.
    ///
    /// In Erlang: `erlang:system_info(creation)`.
    pub fn creation(&self) -> u32 {
        self.creation
    }

    /// The port of EPMD, on this machine as on those of all other nodes.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How the node is registered now.
    pub fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Tells every change of the status from now on.
    pub fn changes(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Ends the registration, and the EPMD if this node serves as one; returns when the name is free.
    ///
    /// Dropping the value does the same in the background.
    pub async fn stop(mut self) {
        self.end.cancel();
        if let Some(task) = self.task.take() {
            if let Err(error) = task.await {
                tracing::error!(target: TARGET, %error, "the keeper of the registration has failed");
            }
        }
    }
}

/// Registers a node again and again, until the end.
async fn keep(
    mut place: Place,
    mut registration: Registration,
    changes: watch::Sender<Status>,
    end: CancellationToken,
) {
    while let Some(reason) = end.run_until_cancelled(registration.lost()).await {
        tracing::warn!(target: TARGET, name = place.node.name, %reason, "EPMD has gone away");
        changes.send_replace(Status::Lost);
        match end.run_until_cancelled(place.again()).await {
            Some(again) => registration = again,
            None => break,
        }
        changes.send_replace(place.status());
        tracing::info!(target: TARGET, name = place.node.name, status = ?place.status(), "registered again");
    }
    registration.end().await;
    if let Some(server) = place.server {
        server.shutdown().await;
    }
}

/// A node and the EPMD that it may have to run.
#[derive(Debug)]
struct Place {
    options: Options,
    node: NodeInfo,
    server: Option<Server>,
}

impl Place {
    fn status(&self) -> Status {
        if self.server.is_some() {
            Status::Serving
        } else {
            Status::Registered
        }
    }

    /// Registers at the EPMD that answers, or else serves and registers there.
    async fn attempt(&mut self) -> Result<Registration, Error> {
        if self.server.as_ref().is_some_and(Server::is_ended) {
            self.server = None;
        }
        match self.register().await {
            Err(Error::Connect { .. }) if self.options.embedded => {}
            result => return result,
        }
        self.server = Some(Server::bind(self.options.server()).await?);
        self.register().await
    }

    async fn register(&self) -> Result<Registration, Error> {
        Registration::register(self.options.port, &self.node, self.options.timeout).await
    }

    /// Registers for the first time.
    async fn first(&mut self) -> Result<Registration, Error> {
        let deadline = Instant::now() + START;
        let mut pauses = Pauses::new();
        loop {
            match self.attempt().await {
                Err(error) if may_pass(&error) && Instant::now() < deadline => pauses.next().await,
                result => return result,
            }
        }
    }

    /// Registers after a loss, however long that takes.
    async fn again(&mut self) -> Registration {
        let mut pauses = Pauses::new();
        loop {
            match self.attempt().await {
                Ok(registration) => return registration,
                Err(error) if may_pass(&error) => {
                    tracing::debug!(target: TARGET, name = self.node.name, %error, "cannot register yet");
                }
                Err(error) => {
                    tracing::warn!(target: TARGET, name = self.node.name, %error, "cannot register again");
                }
            }
            pauses.next().await;
        }
    }
}

/// Whether an error is what is seen while another EPMD starts or ends.
fn may_pass(error: &Error) -> bool {
    error.is_address_in_use() || matches!(error, Error::Io { .. } | Error::Closed { .. })
}

struct Pauses(Duration);

impl Pauses {
    fn new() -> Pauses {
        Pauses(FIRST_PAUSE)
    }

    async fn next(&mut self) {
        tokio::time::sleep(self.0).await;
        self.0 = LONGEST_PAUSE.min(self.0 * 2);
    }
}

/// A creation for a node that EPMD gives none; 0 to 3 belong to OTP 22 and earlier.
fn random_creation() -> Result<u32, Error> {
    let random = getrandom::u32().map_err(Error::Random)?;
    Ok(random.max(4))
}

#[cfg(test)]
mod tests;
