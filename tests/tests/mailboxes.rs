//! Mailboxes with a capacity, and the counts of what reached nobody.

use std::time::Duration;

use ergo::gen_server::{CallError, CastError, Context, Sent, ServerRef};
use ergo::prelude::*;
use ergo::process::{Overflow, Received, SpawnOptions};
use ergo::{LocalNode, Pid};
use tests::{Cluster, unique_node, until, within};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// Holds its first message until it is let go, and reports all others.
struct Slow {
    gate: Option<oneshot::Receiver<()>>,
    seen: mpsc::UnboundedSender<Term>,
}

#[gen_server]
impl Slow {
    #[init]
    fn init(gate: oneshot::Receiver<()>, seen: mpsc::UnboundedSender<Term>) -> Self {
        let gate = Some(gate);
        Slow { gate, seen }
    }
    #[cast]
    async fn wait(&mut self) {
        self.saw(term!(wait));
        self.gate.take().unwrap().await.unwrap();
    }
    #[cast]
    fn note(&mut self, n: i64) {
        self.saw(term!({note, (n)}));
    }
    #[call]
    fn ask(&mut self) -> i64 {
        self.saw(term!(ask));
        1
    }
    #[cast(local)]
    fn watch(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        ctx.monitor(pid);
    }
    #[info(down)]
    fn down(&mut self, _down: Down) {
        self.saw(term!(down));
    }
    #[info(_)]
    fn other(&mut self, message: Term) {
        self.saw(message);
    }
}

impl Slow {
    fn saw(&self, what: Term) {
        let _ = self.seen.send(what);
    }
}

struct Full {
    slow: SlowRef,
    pid: Pid,
    watched: Pid,
    gate: oneshot::Sender<()>,
    seen: mpsc::UnboundedReceiver<Term>,
}

impl Full {
    /// A server that is busy, with two messages in a mailbox for two.
    async fn start(node: &LocalNode, overflow: Overflow) -> Full {
        let (gate, closed) = oneshot::channel();
        let (sender, mut seen) = mpsc::unbounded_channel();
        let slow = Slow::start(node, closed, sender).capacity(2, overflow);
        let slow = slow.name("slow").await.unwrap();
        let watched = node.spawn(async |mut ctx| {
            ctx.receive().await;
        });
        slow.watch(watched);
        slow.wait();
        assert_eq!(within(seen.recv()).await, Some(term!(wait)));
        slow.note(1);
        slow.note(2);
        let pid = slow.pid().unwrap();
        Full {
            slow,
            pid,
            watched,
            gate,
            seen,
        }
    }

    /// Lets it go on; what it has seen until it is asked.
    async fn seen(mut self) -> Vec<Term> {
        self.gate.send(()).unwrap();
        let mut all = Vec::new();
        while self.slow.ask().await == Err(CallError::MailboxFull) {
            all.extend(within(self.seen.recv()).await);
        }
        while let Some(next) = within(self.seen.recv()).await {
            if next == term!(ask) {
                break;
            }
            all.push(next);
        }
        all
    }
}

fn notes() -> Vec<Term> {
    vec![term!({note, 1}), term!({note, 2})]
}

#[tokio::test]
async fn a_full_mailbox_rejects_and_says_so() {
    let node = Node::alone();
    let full = Full::start(&node, Overflow::Reject).await;
    assert_eq!(full.slow.ask().await, Err(CallError::MailboxFull));
    let refused = full.slow.try_cast(SlowMessage::Note { n: 3 });
    assert!(matches!(
        refused,
        Err(CastError::Full(SlowMessage::Note { n: 3 }))
    ));
    assert_eq!(node.undelivered().mailbox_full, 0, "its sender knows");
    full.slow.note(4);
    node.send(full.pid, &term!(dynamic)).unwrap();
    node.send("slow", &term!(dynamic)).unwrap();
    assert_eq!(node.undelivered().mailbox_full, 3);
    let info = node.process_info(&full.pid).unwrap();
    assert_eq!((info.message_queue_len, info.messages_refused), (2, 5));
    assert_eq!(full.seen().await, notes());
}

#[tokio::test]
async fn a_full_mailbox_may_drop_what_comes() {
    let node = Node::alone();
    let full = Full::start(&node, Overflow::DropNewest).await;
    assert_eq!(
        full.slow.try_cast(SlowMessage::Note { n: 3 }).unwrap(),
        Sent::Dropped
    );
    assert_eq!(node.undelivered().mailbox_full, 1);
    assert_eq!(full.slow.ask().await, Err(CallError::MailboxFull));
    let seen = full.seen().await;
    assert_eq!(seen, notes());
}

#[tokio::test]
async fn signals_and_system_messages_find_room() {
    let node = Node::alone();
    let full = Full::start(&node, Overflow::Reject).await;
    node.send(full.watched, &1).unwrap();
    let system = term!({system, {me, tag}, get_state});
    node.send(full.pid, &system).unwrap();
    assert_eq!(node.undelivered().mailbox_full, 0);
    // But not without end.
    for _ in 0..1000 {
        node.send(full.pid, &system).unwrap();
    }
    let refused = node.undelivered().mailbox_full;
    assert!((900..1000).contains(&refused), "{refused}");
    let pid = full.pid;
    let seen = full.seen().await;
    assert_eq!(seen[..2], notes());
    assert!(seen.contains(&term!(down)), "{seen:?}");
    assert!(node.is_alive(&pid));
}

#[tokio::test]
async fn a_call_as_a_term_hears_of_a_full_mailbox_too() {
    let node = Node::alone();
    let full = Full::start(&node, Overflow::Reject).await;
    // A client of another type: its messages travel as terms.
    let other: ServerRef<OtherMessage> = ServerRef::from_pid(&*node, full.pid);
    let other = OtherRef::from(other);
    assert_eq!(other.ask().await, Err(CallError::MailboxFull));
    let refused = other.try_cast(OtherMessage::Note { n: 3 });
    assert!(matches!(
        refused,
        Err(CastError::Full(OtherMessage::Note { n: 3 }))
    ));
    assert_eq!(node.census().calls, 0);
    let one = Other::start(&node).await.unwrap();
    one.note(1);
    assert_eq!(one.ask().await, Ok(2));
    assert_eq!(full.seen().await, notes());
}

struct Other;

#[gen_server]
impl Other {
    #[init]
    fn init() -> Self {
        Other
    }
    #[call]
    fn ask(&self) -> i64 {
        2
    }
    #[cast]
    fn note(&mut self, n: i64) {
        tracing::debug!(n, "noted");
    }
}

/// What a selective receive passes over fills the mailbox, until it is received.
#[tokio::test]
async fn what_is_passed_over_counts() {
    let node = Node::alone();
    let (sender, mut seen) = mpsc::unbounded_channel();
    let options = SpawnOptions::new().capacity(2, Overflow::Reject);
    let (drain, drained) = oneshot::channel::<()>();
    let spawned = node.spawn_opt(options, async move |mut ctx| {
        let mut drained = drained;
        let down = |received: Received| {
            sender.send(received.clone()).unwrap();
            received.into_down()
        };
        tokio::select! {
            _ = ctx.receive_match(down) => panic!("it watches nothing"),
            _ = &mut drained => {}
        }
        for _ in 0..2 {
            ctx.receive().await;
        }
        sender.send(Received::Message(term!(drained))).unwrap();
        ctx.receive().await;
    });
    let pid = spawned.unwrap().pid;
    for n in 0..2 {
        node.send(pid, &n).unwrap();
        let passed = within(seen.recv()).await;
        assert_eq!(passed, Some(Received::Message(n.into())));
    }
    node.send(pid, &3).unwrap();
    let info = node.process_info(&pid).unwrap();
    assert_eq!((info.message_queue_len, info.messages_refused), (2, 1));
    assert_eq!(info.messages_handled, 0);
    drain.send(()).unwrap();
    let drained = within(seen.recv()).await;
    assert_eq!(drained, Some(Received::Message(term!(drained))));
    assert_eq!(node.process_info(&pid).unwrap().messages_handled, 2);
    node.send(pid, &4).unwrap();
    assert_eq!(within(seen.recv()).await, None);
}

#[tokio::test]
async fn what_reaches_nobody_is_counted_by_cause() {
    let node = Node::alone();
    let dead = node.spawn(async |_| ());
    until(|| !node.is_alive(&dead)).await;
    node.send(dead, &1).unwrap();
    node.send("nobody", &1).unwrap();
    node.send(node.make_ref(), &1).unwrap();
    node.send(("kv", "nowhere@127.0.0.1"), &1).unwrap();
    let counted = node.undelivered();
    assert_eq!((counted.no_process, counted.no_alias), (2, 1));
    assert_eq!((counted.no_connection, counted.mailbox_full), (1, 0));
}

/// A BEAM is not told; what it sends to a full mailbox is counted here.
#[tokio::test]
async fn a_beam_sends_to_a_full_mailbox() {
    let cluster = Cluster::start();
    let erl = cluster.erl().await;
    let node = cluster.node().await;
    let full = Full::start(&node, Overflow::Reject).await;
    let name = node.name();
    let sent = format!(
        "{{slow, {name}}} ! {{note, 3}},
         S = self(),
         {{slow, {name}}} ! {{system, {{S, make_ref()}}, get_state}},
         try gen_server:call({{slow, {name}}}, ask, 50) catch exit:{{timeout, _}} -> timeout end."
    );
    assert_eq!(erl.eval(&sent).await, "timeout");
    // The link may still have been made when it gave up.
    until(|| node.undelivered().mailbox_full == 2).await;
    let info = node.process_info(&full.pid).unwrap();
    assert_eq!((info.message_queue_len, info.messages_refused), (3, 2));
    assert_eq!(full.seen().await[..2], notes());
    node.stop().await;
}

#[tokio::test]
async fn what_cannot_be_decoded_is_counted() {
    let cluster = Cluster::start();
    let node = cluster.node().await;
    let (sender, mut seen) = mpsc::unbounded_channel();
    let options = SpawnOptions::new().name("sink");
    let pid = node.spawn_opt(options, async move |mut ctx| {
        while let Received::Message(message) = ctx.receive().await {
            let _ = sender.send(message);
        }
    });
    let port = node.port().unwrap();
    let (peer, cookie) = (unique_node("peer"), cluster.cookie().to_owned());
    tokio::task::spawn_blocking(move || {
        let mut peer = tests::peer::Peer::join(port, &peer, &cookie);
        // {6, Pid, '', sink} and a payload that is no term, then one that is.
        let name = b"peer@h";
        let mut control = vec![112, 131, 104, 4, 97, 6, 88, 119, name.len() as u8];
        control.extend(name);
        control.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 77]);
        control.extend([119, 0, 119, 4]);
        control.extend(b"sink");
        for payload in [&[131, 1, 2, 3][..], &[131, 97, 7]] {
            peer.frame(&[&control[..], payload].concat());
        }
        peer.finish();
        peer.closed()
    })
    .await
    .unwrap();
    assert_eq!(within(seen.recv()).await, Some(Term::from(7)));
    assert_eq!(node.undelivered().undecodable, 1);
    node.exit(pid.unwrap().pid, Reason::Kill);
    within(seen.recv()).await;
    assert_eq!(timeout(Duration::ZERO, seen.recv()).await, Ok(None));
    node.stop().await;
}
