//! The same work done by ergo.

use std::time::{Duration, Instant};

use ergo::Node;
use ergo::etf::{DecodeError, Decoder, EncodeError, Encoder};
use ergo::gen_server::{
    Caller, Context, LocalNode, Message, MessageKind, Next, Reason, ReplyTo, Server, ServerRef,
    Start,
};

/// A server that echoes numbers and adds up those that it is cast.
pub struct Echo {
    sum: i64,
}

/// Its messages.
pub enum EchoMessage {
    /// `{echo, Number}`.
    Echo(i64, ReplyTo<i64>),
    /// `sum`.
    Sum(ReplyTo<i64>),
    /// `{add, Number}`.
    Add(i64),
}

impl Server for Echo {
    type Args = ();
    type Message = EchoMessage;

    async fn init((): (), _: &mut Context<Self>) -> Result<Self, Reason> {
        Ok(Echo { sum: 0 })
    }

    async fn handle(&mut self, message: EchoMessage, _: &mut Context<Self>) -> Next {
        match message {
            EchoMessage::Echo(number, reply) => reply.send(number),
            EchoMessage::Sum(reply) => reply.send(self.sum),
            EchoMessage::Add(number) => self.sum += number,
        }
        Next::Continue
    }
}

impl Message for EchoMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "echo" && head.args == Some(1) => {
                from.enter_head()?;
                Ok(Some(EchoMessage::Echo(from.i64()?, caller.reply_to())))
            }
            Some(head) if head.tag == "sum" && head.args.is_none() => {
                Ok(Some(EchoMessage::Sum(caller.reply_to())))
            }
            _ => Ok(None),
        }
    }

    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        match from.head()? {
            Some(head) if head.tag == "add" && head.args == Some(1) => {
                from.enter_head()?;
                Ok(Some(EchoMessage::Add(from.i64()?)))
            }
            _ => Ok(None),
        }
    }

    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        let (tag, number) = match self {
            EchoMessage::Echo(number, _) => ("echo", number),
            EchoMessage::Add(number) => ("add", number),
            EchoMessage::Sum(_) => return out.atom_text("sum"),
        };
        out.tuple(2)?;
        out.atom_text(tag)?;
        out.int(*number);
        Ok(())
    }

    fn kind(&self) -> MessageKind {
        match self {
            EchoMessage::Echo(..) | EchoMessage::Sum(_) => MessageKind::Call,
            EchoMessage::Add(_) => MessageKind::Cast,
        }
    }
}

async fn start(node: &LocalNode) -> ServerRef<EchoMessage> {
    let start: Start<Echo> = Start::new(node, ());
    start.await.expect("init does not fail")
}

/// One caller, one server: calls in a loop, through any reference.
pub async fn seq(server: ServerRef<EchoMessage>, calls: u64) -> Duration {
    tokio::spawn(async move {
        let start = Instant::now();
        for number in 0..calls as i64 {
            let answer = server.call(|reply| EchoMessage::Echo(number, reply)).await;
            assert_eq!(answer.expect("the server answers"), number);
        }
        start.elapsed()
    })
    .await
    .expect("the caller does not panic")
}

/// One caller and one server on one node.
pub async fn local_seq(node: &LocalNode, calls: u64) -> Duration {
    let server = start(node).await;
    let time = seq(server.clone(), calls).await;
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}

/// Casts to one server, until all are handled.
pub async fn local_cast(node: &LocalNode, casts: u64) -> Duration {
    let server = start(node).await;
    let begin = Instant::now();
    let sender = server.clone();
    tokio::spawn(async move {
        for number in 0..casts as i64 {
            sender.cast(EchoMessage::Add(number));
        }
    })
    .await
    .expect("the sender does not panic");
    let sum = server.call(EchoMessage::Sum).no_timeout().await;
    let time = begin.elapsed();
    let casts = casts as i64;
    assert_eq!(sum.expect("the server answers"), casts * (casts - 1) / 2);
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}

/// One caller on one node, one server on another, in one program.
pub async fn remote_seq(here: &Node, there: &Node, calls: u64) -> Duration {
    let start: Start<Echo> = Start::new(there, ());
    let server = start.name("echo").await.expect("init does not fail");
    let remote = ServerRef::named(here, "echo", there.name().as_str());
    let time = seq(remote, calls).await;
    server
        .stop(Reason::Normal)
        .await
        .expect("the server is there");
    time
}
