//! Phoenix.PubSub: topics that a Rust node shares with the Elixir nodes of its cluster.
//!
//! A [`PubSub`] of the same name as that of a Phoenix application takes part in it: its processes get what is broadcast on
//! the topics they subscribe to, on whatever node, and what they broadcast reaches the subscribers there, channels and
//! LiveViews too. It speaks the protocol of Phoenix.PubSub 2 and its default adapter, `Phoenix.PubSub.PG2`, over
//! [`pg`](crate::pg); the node has to be [visible](crate::node::NodeBuilder::visible).
//!
//! ```
//! use ergo::prelude::*;
//! use ergo::pubsub::PubSub;
//!
//! /// Greets whoever comes to the lobby.
//! struct Greeter {
//!     pubsub: PubSub,
//! }
//!
//! #[gen_server]
//! impl Greeter {
//!     #[init]
//!     fn init(pubsub: PubSub, ctx: &mut Context<Self>) -> Result<Self, Reason> {
//!         pubsub.subscribe("lobby", ctx.pid())?; // Phoenix.PubSub.subscribe(MyApp.PubSub, "lobby")
//!         Ok(Greeter { pubsub })
//!     }
//!
//!     /// `{:joined, name}`
//!     #[info]
//!     fn joined(&mut self, name: String) {
//!         // Phoenix.PubSub.broadcast(MyApp.PubSub, "lobby", {:hello, name})
//!         let _ = self.pubsub.broadcast("lobby", &(Atom::new("hello"), name));
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> ergo::Result<()> {
//! # let node = Node::alone();
//! let pubsub = PubSub::start(&node, "MyApp.PubSub").await?; // {Phoenix.PubSub, name: MyApp.PubSub}
//! let greeter = Greeter::start(&node, pubsub).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | Elixir | here |
//! |---|---|
//! | `{Phoenix.PubSub, name: MyApp.PubSub}` among the children of a supervisor | [`PubSub::child`]`("MyApp.PubSub")`, or [`PubSub::start`] |
//! | `{Phoenix.PubSub, name: MyApp.PubSub, pool_size: 2}` | [`Settings::new`]`("MyApp.PubSub")`[`.pool_size(2)`](Settings::pool_size) |
//! | `Phoenix.PubSub.subscribe(MyApp.PubSub, topic)` | [`PubSub::subscribe`] |
//! | `Phoenix.PubSub.unsubscribe(MyApp.PubSub, topic)` | [`PubSub::unsubscribe`] |
//! | `Phoenix.PubSub.broadcast(MyApp.PubSub, topic, message)` | [`PubSub::broadcast`] |
//! | `Phoenix.PubSub.broadcast_from(…)` | [`PubSub::broadcast_from`] |
//! | `Phoenix.PubSub.local_broadcast(…)` | [`PubSub::local_broadcast`] |
//! | `Phoenix.PubSub.direct_broadcast(node, …)` | [`PubSub::direct_broadcast`] |
//!
//! Messages are any terms; those of Phoenix are often structs, which `#[derive(Term)]` reads and writes with
//! `#[term(elixir = "Phoenix.Socket.Broadcast")]`. A subscriber gets a message as it was broadcast, whatever dispatcher it
//! was sent with: dispatchers are Elixir modules.

mod error;
mod hub;
mod settings;
mod subscribers;
mod topics;
mod worker;

pub use error::PubSubError;
pub use hub::Hub;
pub use settings::Settings;
pub use topics::PubSub;
