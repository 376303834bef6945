use ergo::gen_server::{InitError, Message, MessageKind, Server};
use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct AppSup;

#[supervisor]
impl AppSup {
    #[child]
    fn server(&self) -> Kv {
        Kv
    }

    #[child]
    fn result(&self) -> Result<Child<Kv>, Reason> {
        Ok(Kv::child())
    }

    #[child]
    fn right(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct Dynamic;

#[supervisor(strategy = "simple_one_for_one")]
impl Dynamic {
    #[child]
    fn boxed(&self, _size: u64) -> Box<Child<Kv>> {
        Box::new(Kv::child())
    }
}

/// A server written by hand that does not say what its client is.
struct Hand;

enum HandMessage {}

impl Server for Hand {
    type Args = ();
    type Message = HandMessage;

    async fn init(_: (), _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Hand)
    }

    async fn handle(&mut self, _: HandMessage, _: &mut Context<Self>) -> Next {
        Next::Continue
    }
}

impl Message for HandMessage {
    fn encode(&self, _: &mut ergo::etf::Encoder) -> Result<(), ergo::etf::EncodeError> {
        Ok(())
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Call
    }
}

struct Hands;

#[supervisor(strategy = "simple_one_for_one")]
impl Hands {
    #[child]
    fn hand(&self) -> Child<Hand> {
        Child::new(())
    }
}

fn main() {}
