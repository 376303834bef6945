//! What is handled before the mailbox, when time is over, and which signals are plain infos.

use std::time::Duration;

use ergo::gen_server::{GenServer, InitError, Request};
use ergo::prelude::*;

/// Notes what it handles, in order.
#[derive(Default)]
struct Diary(Vec<String>);

#[gen_server]
impl Diary {
    #[init]
    fn init(ctx: &mut Context<Self>) -> Self {
        ctx.myself().cast(DiaryMessage::Told {
            what: "mailbox".to_owned(),
        });
        ctx.continue_with(DiaryInfo::Next {
            what: "a".to_owned(),
        });
        ctx.continue_with(DiaryMessage::Written {
            what: "b".to_owned(),
        });
        Diary::default()
    }

    #[info(local)]
    fn next(&mut self, what: String, ctx: &mut Context<Self>) {
        if what == "a" {
            // Behind what was said before, and still before the mailbox.
            ctx.continue_with(DiaryInfo::Next {
                what: "c".to_owned(),
            });
        }
        self.0.push(what);
    }

    #[cast(local)]
    fn written(&mut self, what: String) {
        self.0.push(what);
    }

    #[cast]
    fn told(&mut self, what: String) {
        self.0.push(what);
    }

    #[call]
    fn read(&mut self, ctx: &mut Context<Self>) -> Reply<Vec<String>> {
        ctx.continue_with(DiaryInfo::Next {
            what: "after read".to_owned(),
        });
        // The continued message is the next callback, so this time never begins.
        Reply::then(Next::Timeout(Duration::ZERO), self.0.clone())
    }

    #[call(local)]
    fn idle(&mut self, time: Duration) -> Reply<()> {
        Reply::then(Next::Timeout(time), ())
    }

    #[call]
    fn rest(&mut self) -> Reply<()> {
        Reply::then(Next::Hibernate, ())
    }

    #[call]
    fn last(&mut self, ctx: &mut Context<Self>) -> Reply<()> {
        ctx.continue_with(DiaryInfo::Next {
            what: "never".to_owned(),
        });
        Reply::stop(Reason::Normal, ())
    }

    #[info]
    fn timeout(&mut self) {
        self.0.push("timeout".to_owned());
    }
}

#[tokio::test]
async fn what_is_continued_comes_before_the_mailbox() {
    let diary = Diary::start(&Node::alone()).await.unwrap();
    assert_eq!(diary.read().await.unwrap(), ["a", "b", "c", "mailbox"]);
    assert_eq!(
        diary.read().await.unwrap(),
        ["a", "b", "c", "mailbox", "after read"]
    );
    diary.last().await.unwrap();
    assert_eq!(diary.ended().await, Ok(Reason::Normal));
}

#[tokio::test(start_paused = true)]
async fn any_message_ends_the_time() {
    let diary = Diary::start(&Node::alone()).await.unwrap();
    let second = Duration::from_secs(1);
    diary.read().await.unwrap();
    diary.idle(second).await.unwrap();
    tokio::time::sleep(second / 2).await;
    diary.told("before".to_owned());
    tokio::time::sleep(second * 10).await;
    diary.idle(second).await.unwrap();
    tokio::time::sleep(second * 10).await;
    diary.rest().await.unwrap();
    tokio::time::sleep(second * 10).await;
    let read = diary.read().await.unwrap();
    assert_eq!(read[4..], ["after read", "before", "timeout"]);
}

#[tokio::test(start_paused = true)]
async fn a_time_of_zero_lets_what_waits_go_first() {
    let diary = Diary::start(&Node::alone()).await.unwrap();
    diary.idle(Duration::ZERO).await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    // Both are in the mailbox before the server runs again: the message, then no time.
    let idle = diary.idle(Duration::ZERO);
    let (idle, ()) = tokio::join!(idle, async { diary.told("first".to_owned()) });
    idle.unwrap();
    let read = diary.read().await.unwrap();
    assert_eq!(read[4..], ["timeout", "first"]);
}

/// A server whose infos are any terms.
struct Witness(Vec<Term>);

#[gen_server]
impl Witness {
    #[init]
    fn init(ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(true);
        Witness(Vec::new())
    }

    #[cast]
    fn watch(&mut self, pid: Pid, name: String, ctx: &mut Context<Self>) {
        ctx.link(pid);
        ctx.monitor(pid);
        let node = ctx.node().name();
        ctx.monitor((Atom::new(&name), node));
    }

    #[call]
    fn seen(&self) -> Vec<Term> {
        self.0.clone()
    }

    #[info(_)]
    fn other(&mut self, message: Term) {
        self.0.push(message);
    }
}

/// The same in OTP's shape.
struct OtpWitness(Vec<Term>);

impl GenServer for OtpWitness {
    type Args = ();
    type Call = Term;
    type Reply = Vec<Term>;
    type Cast = (Pid, Atom);
    type Info = Term;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.trap_exit(true);
        Ok(OtpWitness(Vec::new()))
    }

    async fn handle_call(
        &mut self,
        _: Term,
        from: ReplyTo<Vec<Term>>,
        _: &mut Context<Self>,
    ) -> Next {
        from.send(self.0.clone());
        Next::Continue
    }

    async fn handle_cast(&mut self, (pid, name): (Pid, Atom), ctx: &mut Context<Self>) -> Next {
        ctx.link(pid);
        ctx.monitor(pid);
        let node = ctx.node().name();
        ctx.monitor((name, node));
        Next::Continue
    }

    async fn handle_info(&mut self, message: Term, _: &mut Context<Self>) -> Next {
        self.0.push(message);
        Next::Continue
    }
}

/// The three terms that the end of the process gives, whatever their order among DOWNs.
fn check(seen: &[Term], gone: Pid, node: &Node) {
    let name = term!({diary, (node.name())});
    let shown: Vec<String> = seen.iter().map(Term::to_string).collect();
    let exit = term!({:"EXIT", (gone), {bye, 1}});
    assert_eq!(seen.len(), 3, "{shown:?}");
    assert!(seen.contains(&exit), "{shown:?}");
    for process in [Term::from(gone), name] {
        let down = seen.iter().any(|term| {
            let Term::Tuple(tuple) = term else {
                return false;
            };
            matches!(&tuple[..], [tag, Term::Ref(_), kind, who, why]
                if *tag == Term::from(Atom::DOWN) && *kind == Term::atom("process")
                    && *who == process && *why == term!({bye, 1}))
        });
        assert!(down, "{process} in {shown:?}");
    }
}

#[tokio::test]
async fn signals_without_handlers_are_infos() {
    let node = Node::alone();
    let why = || Reason::from(term!({bye, 1}));
    let witness = Witness::start(&node).await.unwrap();
    let otp = OtpWitness::start(&node, ()).await.unwrap();
    let diary = Diary::start(&node).name("diary").await.unwrap();
    let gone = diary.pid().unwrap();
    witness.watch(gone, "diary".to_owned());
    otp.cast(Request::Cast((gone, Atom::new("diary"))));
    // Both have handled it when they answer.
    assert_eq!(witness.seen().await.unwrap(), []);
    assert_eq!(otp.request(Term::atom("seen")).await.unwrap(), []);
    diary.stop(why()).await.unwrap();
    check(&witness.seen().await.unwrap(), gone, &node);
    check(&otp.request(Term::atom("seen")).await.unwrap(), gone, &node);
}
