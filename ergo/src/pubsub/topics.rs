//! A PubSub, as processes of its node use it.

use std::fmt;
use std::sync::Arc;

use super::hub::{Hub, HubMessage};
use super::settings::{PHOENIX_PUBSUB, alias};
use super::subscribers::Running;
use super::worker::dispatch;
use super::{PubSubError, Settings};
use crate::etf::{Encode, Encoded};
use crate::gen_server::{OnNode, ServerRef, Start, StartError};
use crate::pg::{Scope, send_all};
use crate::process::{Directory, LocalNode};
use crate::supervisor::Child;
use crate::term::{Atom, Pid};

/// The topics that nodes of one cluster share under a name. See [`pubsub`](super).
///
/// It is a name, cheap to clone, and good also before it runs and after it has been started again; then its subscribers have
/// to subscribe anew.
#[derive(Clone)]
pub struct PubSub {
    node: LocalNode,
    name: Atom,
}

impl PubSub {
    /// The PubSub of this name, which somebody starts.
    pub fn new(on: &impl OnNode, name: &str) -> PubSub {
        PubSub {
            node: on.local_node().clone(),
            name: alias(name),
        }
    }

    /// Starts one on a node, by its name or with [`Settings`]. In Elixir: `{Phoenix.PubSub, name: MyApp.PubSub}`.
    ///
    /// # Errors
    ///
    /// [`StartError::AlreadyStarted`] if it runs.
    pub fn start(
        on: &impl OnNode,
        settings: impl Into<Settings>,
    ) -> impl Future<Output = Result<PubSub, StartError>> + Send {
        let settings = settings.into();
        let pubsub = PubSub {
            node: on.local_node().clone(),
            name: settings.name(),
        };
        let start: Start<Hub> = Start::new(on, settings);
        async move {
            start.name(pubsub.name).await?;
            Ok(pubsub)
        }
    }

    /// One as the child of a supervisor. In Elixir: `children = [{Phoenix.PubSub, name: MyApp.PubSub}]`.
    ///
    /// ```
    /// use ergo::pubsub::PubSub;
    /// use ergo::supervisor::ChildSpec;
    ///
    /// let pubsub = ChildSpec::new("pubsub", || PubSub::child("MyApp.PubSub"));
    /// ```
    pub fn child(settings: impl Into<Settings>) -> Child<Hub> {
        let settings = settings.into();
        let name = settings.name();
        Child::new(settings).name(name)
    }

    /// Its name.
    pub fn name(&self) -> Atom {
        self.name
    }

    /// Has a process of this node get what is broadcast on a topic, once for each time that it has subscribed. In Elixir:
    /// `Phoenix.PubSub.subscribe(MyApp.PubSub, topic)`. It ends with the process.
    ///
    /// # Errors
    ///
    /// When the PubSub does not run, or the process is one of another node.
    pub fn subscribe(&self, topic: &str, pid: Pid) -> Result<(), PubSubError> {
        let running = self.running()?;
        if pid.node != self.node.name() {
            return Err(PubSubError::NotLocal(pid));
        }
        if running.subscribers.add(topic, pid) {
            let hub: ServerRef<HubMessage> = ServerRef::local(&self.node, self.name.as_str());
            super::hub::watch(&hub, pid);
        }
        Ok(())
    }

    /// Ends all subscriptions of a process to a topic. In Elixir: `Phoenix.PubSub.unsubscribe(MyApp.PubSub, topic)`.
    ///
    /// # Errors
    ///
    /// When the PubSub does not run.
    pub fn unsubscribe(&self, topic: &str, pid: Pid) -> Result<(), PubSubError> {
        self.running()?.subscribers.remove(topic, &pid);
        Ok(())
    }

    /// Sends a message to all subscribers of a topic, on all nodes. In Elixir:
    /// `Phoenix.PubSub.broadcast(MyApp.PubSub, topic, message)`.
    ///
    /// # Errors
    ///
    /// When the PubSub does not run, or the message has no encoding.
    pub fn broadcast(
        &self,
        topic: &str,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), PubSubError> {
        self.broadcast_to_all(topic, message, None)
    }

    /// The same for all subscribers but one, which mostly is who broadcasts. In Elixir:
    /// `Phoenix.PubSub.broadcast_from(MyApp.PubSub, from, topic, message)`.
    ///
    /// # Errors
    ///
    /// As of [`PubSub::broadcast`].
    pub fn broadcast_from(
        &self,
        from: Pid,
        topic: &str,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), PubSubError> {
        self.broadcast_to_all(topic, message, Some(from))
    }

    fn broadcast_to_all(
        &self,
        topic: &str,
        message: &(impl Encode + ?Sized),
        from: Option<Pid>,
    ) -> Result<(), PubSubError> {
        let running = self.running()?;
        let encoded = Encoded::from_value(message)?;
        let members = Scope::new(&self.node, PHOENIX_PUBSUB).get_members(self.group(&running));
        let others = members
            .into_iter()
            .filter(|pid| pid.node != self.node.name());
        send_all(&self.node, others, &forward(topic, message))?;
        dispatch(&self.node, &running, topic, &encoded, from);
        Ok(())
    }

    /// Sends a message to the subscribers of this node alone. In Elixir:
    /// `Phoenix.PubSub.local_broadcast(MyApp.PubSub, topic, message)`.
    ///
    /// # Errors
    ///
    /// As of [`PubSub::broadcast`].
    pub fn local_broadcast(
        &self,
        topic: &str,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), PubSubError> {
        let message = Encoded::from_value(message)?;
        dispatch(&self.node, &*self.running()?, topic, &message, None);
        Ok(())
    }

    /// Sends a message to the subscribers of one node. In Elixir:
    /// `Phoenix.PubSub.direct_broadcast(node, MyApp.PubSub, topic, message)`.
    ///
    /// # Errors
    ///
    /// As of [`PubSub::broadcast`].
    pub fn direct_broadcast(
        &self,
        node: impl Into<Atom>,
        topic: &str,
        message: &(impl Encode + ?Sized),
    ) -> Result<(), PubSubError> {
        let group = self.group(&*self.running()?);
        self.node
            .send((group, node.into()), &forward(topic, message))?;
        Ok(())
    }

    fn running(&self) -> Result<Arc<Running>, PubSubError> {
        let running = Directory::find(&self.node, self.name);
        running.ok_or(PubSubError::NotRunning(self.name))
    }

    /// The group for what the running process sends: always the same, so that its messages keep their order.
    fn group(&self, running: &Running) -> Atom {
        let from = self.node.calling_pid();
        let number = (from.id ^ from.serial) as usize;
        running.groups[number % running.groups.len()]
    }
}

/// What goes to other nodes: `{forward_to_local, Topic, Message, Dispatcher}`.
fn forward<'a, M: Encode + ?Sized>(topic: &'a str, message: &'a M) -> impl Encode + use<'a, M> {
    let dispatcher = Atom::new(PHOENIX_PUBSUB);
    (Atom::new("forward_to_local"), topic, message, dispatcher)
}

impl fmt::Debug for PubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PubSub").field(&self.name).finish()
    }
}
