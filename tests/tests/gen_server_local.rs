//! Servers made by `#[gen_server]`, called by their typed clients on one node.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use ergo::gen_server::{
    CallError, Caller, Context, Down, Exit, Next, Reason, Reply, ReplyTo, StartError,
};
use ergo::{Node, Pid, Term, gen_server};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What a server noted, for the test to wait for.
type Notes = UnboundedSender<String>;

async fn next(notes: &mut UnboundedReceiver<String>) -> String {
    notes.recv().await.expect("the server is gone")
}

struct Counter {
    n: i64,
}

#[gen_server]
impl Counter {
    #[init]
    fn init(start: i64) -> Self {
        Counter { n: start }
    }

    #[call]
    fn get(&self) -> i64 {
        self.n
    }

    #[call]
    async fn add(&mut self, by: i64) -> i64 {
        tokio::task::yield_now().await;
        self.n += by;
        self.n
    }

    #[call]
    fn checked_div(&mut self, by: i64) -> Result<i64, String> {
        self.n.checked_div(by).ok_or_else(|| "by zero".to_owned())
    }

    #[cast]
    fn reset(&mut self) {
        self.n = 0;
    }

    #[cast]
    async fn set(&mut self, to: i64) {
        self.n = to;
    }
}

#[tokio::test]
async fn calls_and_casts_arrive_in_order() {
    let node = Node::alone();
    let counter = Counter::start(&node, 10).await.unwrap();
    assert_eq!(counter.add(5).await.unwrap(), 15);
    counter.reset();
    assert_eq!(counter.add(1).await.unwrap(), 1);
    counter.set(7);
    counter.clone().set(8);
    assert_eq!(counter.get().await.unwrap(), 8);
}

#[tokio::test]
async fn an_err_is_an_answer() {
    let node = Node::alone();
    let counter = Counter::start(&node, 10).await.unwrap();
    assert_eq!(
        counter.checked_div(0).await.unwrap(),
        Err("by zero".to_owned())
    );
    assert_eq!(counter.checked_div(5).await.unwrap(), Ok(2));
}

#[tokio::test]
async fn a_name_finds_the_server() {
    let node = Node::alone();
    let started = Counter::start(&node, 1).name("counter").await.unwrap();
    let named = CounterRef::local(&node, "counter");
    assert_eq!(named.add(1).await.unwrap(), 2);
    let pid = CounterRef::from_pid(&node, started.pid().unwrap());
    assert_eq!(pid.get().await.unwrap(), 2);
    let nobody = CounterRef::local(&node, "nobody");
    assert_eq!(nobody.get().await, Err(CallError::NoProc));
}

#[derive(Debug, PartialEq)]
struct Refused(u8);

impl From<Refused> for Reason {
    fn from(refused: Refused) -> Reason {
        Reason::from(Term::from(i64::from(refused.0)))
    }
}

struct Picky;

#[gen_server]
impl Picky {
    #[init]
    async fn init(code: u8) -> Result<Picky, Refused> {
        if code == 0 {
            Ok(Picky)
        } else {
            Err(Refused(code))
        }
    }
}

#[tokio::test]
async fn an_init_that_fails_says_why() {
    let node = Node::alone();
    assert!(Picky::start(&node, 0).await.is_ok());
    match Picky::start(&node, 3).await {
        Err(StartError::Init(reason)) => assert_eq!(reason, Refused(3).into()),
        other => panic!("{other:?}"),
    }
}

/// Every way to answer and to end.
struct Desk {
    notes: Notes,
    waiting: Vec<ReplyTo<String>>,
}

#[gen_server]
impl Desk {
    #[init]
    fn init(notes: Notes) -> Self {
        Desk {
            notes,
            waiting: Vec::new(),
        }
    }

    #[call]
    fn wait(&mut self, ctx: &mut Context<Self>, place: u8, reply: ReplyTo<String>) {
        self.note(&format!("{place} waits at {}", ctx.pid()));
        self.waiting.push(reply);
    }

    #[call]
    fn wait_elsewhere(&mut self, reply: ReplyTo<u8>) -> Next {
        tokio::spawn(async move { reply.send(9) });
        Next::Continue
    }

    #[call]
    fn never(&mut self, reply: ReplyTo<u8>) {
        drop(reply);
    }

    #[cast]
    fn serve_all(&mut self) {
        for (place, reply) in self.waiting.drain(..).enumerate() {
            reply.send(format!("served {place}"));
        }
    }

    #[call]
    fn who(&mut self, caller: Caller) -> Pid {
        caller.pid()
    }

    #[call]
    fn close(&mut self, why: Term) -> Reply<String> {
        Reply::stop(Reason::from(why), "closed".to_owned())
    }

    #[call(local)]
    fn lend(&mut self, what: Box<dyn FnOnce() -> u8 + Send>) -> Result<u8, Infallible> {
        Ok(what())
    }

    #[call]
    fn nap(&mut self) -> Reply<()> {
        Reply::then(Next::Timeout(Duration::ZERO), ())
    }

    #[info]
    fn timeout(&mut self) {
        self.note("timeout");
    }

    #[cast]
    fn leave(&mut self) -> Next {
        Next::Stop(Reason::Shutdown)
    }

    #[terminate]
    async fn terminate(&mut self, reason: &Reason) {
        tokio::task::yield_now().await;
        self.note(&format!("terminate: {reason}"));
    }

    fn note(&self, text: &str) {
        // The test may have seen enough.
        let _ = self.notes.send(text.to_owned());
    }
}

async fn desk(node: &Node) -> (DeskRef, UnboundedReceiver<String>) {
    let (notes, noted) = unbounded_channel();
    (Desk::start(node, notes).await.unwrap(), noted)
}

#[tokio::test]
async fn an_answer_can_wait() {
    let node = Node::alone();
    let (desk, mut noted) = desk(&node).await;
    let waiting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait(4).await }
    });
    let pid = desk.pid().unwrap();
    assert_eq!(next(&mut noted).await, format!("4 waits at {pid}"));
    desk.serve_all();
    assert_eq!(waiting.await.unwrap().unwrap(), "served 0");
    assert_eq!(desk.wait_elsewhere().await.unwrap(), 9);
    let never = desk.never().timeout(Duration::from_millis(20)).await;
    assert_eq!(never, Err(CallError::Timeout));
}

#[tokio::test]
async fn whoever_waits_hears_of_the_end() {
    let node = Node::alone();
    let (desk, mut noted) = desk(&node).await;
    let waiting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait(1).await }
    });
    next(&mut noted).await;
    desk.leave();
    assert_eq!(
        waiting.await.unwrap(),
        Err(CallError::Exit(Reason::Shutdown))
    );
    assert_eq!(next(&mut noted).await, "terminate: shutdown");
    assert_eq!(desk.who().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn a_stop_with_a_reply_terminates_before_it_answers() {
    let node = Node::alone();
    let (desk, mut noted) = desk(&node).await;
    assert_eq!(desk.close(Term::atom("late")).await.unwrap(), "closed");
    assert_eq!(noted.try_recv().unwrap(), "terminate: late");
}

#[tokio::test]
async fn local_calls_take_what_is_no_term() {
    let node = Node::alone();
    let (desk, _noted) = desk(&node).await;
    assert_eq!(desk.lend(Box::new(|| 3)).await.unwrap(), Ok(3));
    assert!(desk.who().await.is_ok());
}

#[tokio::test]
async fn a_timeout_is_an_info() {
    let node = Node::alone();
    let (desk, mut noted) = desk(&node).await;
    desk.nap().await.unwrap();
    assert_eq!(next(&mut noted).await, "timeout");
}

/// Every kind of info.
struct Watch {
    notes: Notes,
}

#[gen_server]
impl Watch {
    #[init]
    fn init(notes: Notes, ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(true);
        Watch { notes }
    }

    #[call]
    fn monitor(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        ctx.monitor(pid);
    }

    #[call]
    fn link(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        ctx.link(pid);
    }

    #[call]
    fn tick_every(&mut self, ctx: &mut Context<Self>) {
        ctx.send_interval(
            Duration::from_millis(1),
            WatchInfo::Tick {
                what: "tick".to_owned(),
            },
        );
    }

    #[info]
    fn tick(&mut self, what: String) {
        let _ = self.notes.send(what);
    }

    #[info(local)]
    fn opened(&mut self, door: Arc<dyn Fn() -> String + Send + Sync>) {
        let _ = self.notes.send(door());
    }

    #[info(down)]
    fn gone(&mut self, down: Down) {
        let _ = self.notes.send(format!("down: {}", down.reason));
    }

    #[info(exit)]
    fn exit(&mut self, from: Pid, why: Reason, _: &mut Context<Self>) -> Next {
        let _ = self.notes.send(format!("exit of {from}: {why}"));
        Next::Continue
    }
}

struct Linked;

#[gen_server]
impl Linked {
    #[init]
    fn init(ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(true);
        Linked
    }

    #[call]
    fn link(&mut self, pid: Pid, ctx: &mut Context<Self>) {
        ctx.link(pid);
    }

    #[info(exit)]
    async fn exit(&mut self, exit: Exit) -> Next {
        Next::Stop(exit.reason)
    }
}

#[tokio::test]
async fn ends_of_others_are_infos() {
    let node = Node::alone();
    let (notes, mut noted) = unbounded_channel();
    let watch = Watch::start(&node, notes).await.unwrap();
    let (desk, _noted) = desk(&node).await;
    watch.monitor(desk.pid().unwrap()).await.unwrap();
    desk.leave();
    assert_eq!(next(&mut noted).await, "down: shutdown");

    let linked = Linked::start(&node).await.unwrap();
    let pid = linked.pid().unwrap();
    watch.link(pid).await.unwrap();
    node.exit(pid, Reason::from(Term::atom("boom")));
    assert_eq!(next(&mut noted).await, format!("exit of {pid}: boom"));
    assert_eq!(linked.link(pid).await, Err(CallError::NoProc));
}

#[tokio::test]
async fn infos_come_from_anywhere() {
    let node = Node::alone();
    let (notes, mut noted) = unbounded_channel();
    let watch = Watch::start(&node, notes).await.unwrap();
    watch.send(WatchInfo::Tick {
        what: "a".to_owned(),
    });
    assert_eq!(next(&mut noted).await, "a");
    let pid = watch.pid().unwrap();
    let tick = ergo::etf::Encoded::from_value(&Tick("b".to_owned())).unwrap();
    node.send(pid, &tick).unwrap();
    assert_eq!(next(&mut noted).await, "b");
    watch.tick_every().await.unwrap();
    assert_eq!(next(&mut noted).await, "tick");
    assert_eq!(next(&mut noted).await, "tick");
}

#[tokio::test]
async fn a_local_info_takes_what_is_no_term() {
    let node = Node::alone();
    let (notes, mut noted) = unbounded_channel();
    let watch = Watch::start(&node, notes).await.unwrap();
    watch.send(WatchInfo::Opened {
        door: Arc::new(|| "c".to_owned()),
    });
    assert_eq!(next(&mut noted).await, "c");
}

/// `{tick, Text}`
#[derive(ergo::Encode)]
#[term(tag = "tick")]
struct Tick(String);
