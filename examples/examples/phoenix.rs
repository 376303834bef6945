//! A Rust node in the PubSub of a Phoenix application.
//!
//! ```text
//! cargo run --release --example phoenix -- --name phoenix@127.0.0.1 --cookie secret
//! iex --name web@127.0.0.1 --cookie secret -S mix phx.server
//! ```
//!
//! The application has `{Phoenix.PubSub, name: MyApp.PubSub}` among its children, as all that `mix phx.new` makes. In its
//! shell:
//!
//! ```elixir
//! iex(web@127.0.0.1)1> Node.connect(:"phoenix@127.0.0.1")
//! true
//! iex(web@127.0.0.1)2> Phoenix.PubSub.subscribe(MyApp.PubSub, "lobby")
//! :ok
//! iex(web@127.0.0.1)3> Phoenix.PubSub.broadcast_from(MyApp.PubSub, self(), "lobby", {:joined, "Ada"})
//! :ok
//! iex(web@127.0.0.1)4> receive do message -> message end
//! {:hello, "Ada", 1}
//! iex(web@127.0.0.1)5> said = %{__struct__: MyApp.Message, from: "Ada", text: "Anybody here?"}
//! %{__struct__: MyApp.Message, from: "Ada", text: "Anybody here?"}
//! iex(web@127.0.0.1)6> Phoenix.PubSub.broadcast_from(MyApp.PubSub, self(), "lobby", {:said, said})
//! :ok
//! iex(web@127.0.0.1)7> receive do {:said, message} -> message.text end
//! "Ada says: Anybody here?"
//! iex(web@127.0.0.1)8> GenServer.call({:lobby, :"phoenix@127.0.0.1"}, :guests)
//! ["Ada"]
//! ```

#![allow(clippy::print_stdout)]

use ergo::prelude::*;
use ergo::pubsub::PubSub;
use examples::{Options, init_log};

/// `%MyApp.Message{}`
#[derive(Debug, Clone, Term)]
#[term(elixir = "MyApp.Message")]
struct Message {
    from: String,
    text: String,
}

/// Greets whoever joins, and repeats what is said.
struct Lobby {
    pubsub: PubSub,
    guests: Vec<String>,
}

#[gen_server]
impl Lobby {
    #[init]
    fn init(pubsub: PubSub, ctx: &mut Context<Self>) -> Result<Self, Reason> {
        pubsub.subscribe("lobby", ctx.pid())?;
        Ok(Lobby {
            pubsub,
            guests: Vec::new(),
        })
    }

    /// `{:joined, name}`
    #[info]
    fn joined(&mut self, name: String, ctx: &mut Context<Self>) {
        self.guests.push(name.clone());
        let hello = (Atom::new("hello"), name, self.guests.len());
        self.tell(&hello, ctx.pid());
    }

    /// `{:said, %MyApp.Message{}}`
    #[info]
    fn said(&mut self, message: Message, ctx: &mut Context<Self>) {
        let repeated = Message {
            text: format!("{} says: {}", message.from, message.text),
            from: "the lobby".to_owned(),
        };
        self.tell(&(Atom::new("said"), repeated), ctx.pid());
    }

    #[call]
    fn guests(&self) -> Vec<String> {
        self.guests.clone()
    }
}

impl Lobby {
    /// To all but this process itself.
    fn tell(&self, message: &impl Encode, from: Pid) {
        if let Err(error) = self.pubsub.broadcast_from(from, "lobby", message) {
            tracing::warn!(%error, "nobody is told");
        }
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("phoenix@127.0.0.1");
    let node = options.node().visible(true).start().await?;
    let pubsub = PubSub::start(&node, "MyApp.PubSub").await?;
    Lobby::start(&node, pubsub).name("lobby").await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await
}
