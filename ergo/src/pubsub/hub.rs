//! The process that a PubSub is on its node.

use std::collections::HashMap;
use std::fmt;

use super::Settings;
use super::settings::PHOENIX_PUBSUB;
use super::subscribers::{Running, Subscribers};
use super::worker::Worker;
use crate::etf::{EncodeError, Encoder};
use crate::gen_server::{
    Context, Down, InitError, Message, MessageKind, Next, Server, ServerRef, Start, StartError,
};
use crate::pg::{self, Scope};
use crate::process::{Place, ProcessId, Reason};
use crate::term::{Atom, Pid, Ref};

/// The process of a [`PubSub`](super::PubSub): the type of a [`Child`](crate::supervisor::Child) that is one. It has the name
/// of the PubSub.
///
/// It starts those to which other nodes send, and the scope of `pg` in which they are found, if nobody else has.
pub struct Hub {
    running: Place<Running>,
    scope: Scope,
    /// The monitor of the scope, and whether this process started it.
    scope_monitor: Ref,
    started_scope: bool,
    workers: Vec<(Atom, Pid)>,
    /// The subscribers that are monitored.
    watched: HashMap<Pid, Ref, foldhash::quality::RandomState>,
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
pub enum HubMessage {
    /// A process has subscribed.
    Watch(Pid),
    Down(Down),
}

impl Server for Hub {
    type Args = Settings;
    type Message = HubMessage;

    async fn init(settings: Settings, ctx: &mut Context<Self>) -> Result<Self, InitError> {
        let groups = settings.groups();
        let running = Running {
            subscribers: Subscribers::default(),
            groups: groups.clone(),
        };
        let running = Place::take(ctx.node(), settings.name(), running);
        let mut workers = Vec::new();
        for group in groups {
            let worker: Start<Worker> = Start::new(ctx, running.value().clone());
            let worker = worker.name(group).link().await.map_err(Reason::from)?;
            workers.extend(worker.pid().map(|pid| (group, pid)));
        }
        let scope = Scope::new(ctx, PHOENIX_PUBSUB);
        let (scope_monitor, started_scope) = enter(&scope, &workers, ctx).await?;
        Ok(Hub {
            running,
            scope,
            scope_monitor,
            started_scope,
            workers,
            watched: HashMap::default(),
        })
    }

    async fn handle(&mut self, message: HubMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            HubMessage::Watch(pid) => {
                self.watched.entry(pid).or_insert_with(|| ctx.monitor(pid));
            }
            HubMessage::Down(down) if down.reference == self.scope_monitor => {
                if !self.started_scope {
                    // Who did starts it again; a supervisor does this after it.
                    return Next::Stop(down.reason);
                }
                match enter(&self.scope, &self.workers, ctx).await {
                    Ok(entered) => (self.scope_monitor, self.started_scope) = entered,
                    Err(reason) => return Next::Stop(reason),
                }
            }
            HubMessage::Down(down) => {
                if let ProcessId::Pid(pid) = down.process {
                    self.watched.remove(&pid);
                    self.running.subscribers.gone(&pid);
                }
            }
        }
        Next::Continue
    }
}

/// Has the workers found, in a scope that is started if it does not run. Gives its monitor, and whether it was started.
async fn enter(
    scope: &Scope,
    workers: &[(Atom, Pid)],
    ctx: &mut Context<Hub>,
) -> Result<(Ref, bool), Reason> {
    let (pid, started) = match pg::start(ctx, scope.name()).await {
        Ok(scope) => (scope.pid(), true),
        Err(StartError::AlreadyStarted { pid, .. }) => (Some(pid), false),
        Err(error) => return Err(error.into()),
    };
    let monitor = match pid {
        Some(pid) => ctx.monitor(pid),
        // It has ended already.
        None => return Err(Reason::NoProc),
    };
    for (group, worker) in workers {
        scope.join(*group, *worker).await?;
    }
    Ok((monitor, started))
}

impl Message for HubMessage {
    fn from_down(down: Down) -> Result<Self, Down> {
        Ok(HubMessage::Down(down))
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}

/// What a hub is told by processes of its node.
pub(super) fn watch(hub: &ServerRef<HubMessage>, pid: Pid) {
    hub.send(HubMessage::Watch(pid));
}
