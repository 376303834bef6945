//! Signals between the processes of one node: monitors, links, exits, names and ends.

use std::time::Duration;

use ergo::gen_server::{CallError, ServerRef, StartError};
use ergo::prelude::*;
use tokio::sync::{mpsc, oneshot};

/// A server that does what it is told and reports the signals that it gets.
struct Subject {
    reports: mpsc::UnboundedSender<Report>,
    kept: Vec<ReplyTo<i64>>,
}

#[derive(Debug, PartialEq)]
enum Report {
    Down(Ref, Reason),
    Exit(Pid, Reason),
    Tick,
    Terminated(Reason),
}

#[gen_server]
impl Subject {
    #[init]
    fn init(reports: mpsc::UnboundedSender<Report>, trap: bool, ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(trap);
        Subject {
            reports,
            kept: Vec::new(),
        }
    }

    #[call(local)]
    fn watch(&mut self, target: Pid, ctx: &mut Context<Self>) -> Ref {
        ctx.monitor(target)
    }

    #[call(local)]
    fn watch_name(&mut self, name: Atom, ctx: &mut Context<Self>) -> Ref {
        let node = ctx.node().name();
        ctx.monitor((name, node))
    }

    #[call(local)]
    fn unwatch(&mut self, reference: Ref, ctx: &mut Context<Self>) -> bool {
        ctx.demonitor(reference)
    }

    #[call(local)]
    fn link(&mut self, other: Pid, ctx: &mut Context<Self>) -> bool {
        ctx.link(other);
        true
    }

    #[call(local)]
    fn unlink(&mut self, other: Pid, ctx: &mut Context<Self>) -> bool {
        ctx.unlink(other);
        true
    }

    #[call]
    fn ping(&mut self) -> bool {
        true
    }

    /// Never answered while the server lives.
    #[call]
    fn keep(&mut self, reply: ReplyTo<i64>) {
        self.kept.push(reply);
    }

    /// Answered by nobody: the duty to answer is dropped.
    #[call]
    fn forget(&mut self, reply: ReplyTo<i64>) {
        drop(reply);
    }

    /// The duty to answer leaves the server.
    #[call(local)]
    fn hand_out(&mut self, to: oneshot::Sender<ReplyTo<i64>>, reply: ReplyTo<i64>) {
        to.send(reply).expect("the test waits for it");
    }

    #[call]
    fn panic(&mut self) -> i64 {
        panic!("told to");
    }

    #[cast]
    fn end(&mut self, reason: Term) -> Next {
        Next::Stop(reason.into())
    }

    #[cast(local)]
    fn tick_every(&mut self, period: Duration, ctx: &mut Context<Self>) {
        ctx.send_interval(period, SubjectInfo::Tick);
    }

    #[info]
    fn tick(&mut self) {
        self.report(Report::Tick);
    }

    #[info(down)]
    fn down(&mut self, down: Down) {
        self.report(Report::Down(down.reference, down.reason));
    }

    #[info(exit)]
    fn exit(&mut self, from: Pid, reason: Reason) {
        self.report(Report::Exit(from, reason));
    }

    #[terminate]
    fn terminate(&mut self, reason: &Reason) {
        self.report(Report::Terminated(reason.clone()));
    }
}

impl Subject {
    fn report(&self, report: Report) {
        // A test that has seen enough listens no more.
        let _ = self.reports.send(report);
    }
}

type Reports = mpsc::UnboundedReceiver<Report>;

async fn subject(node: &Node, trap: bool) -> (SubjectRef, Pid, Reports) {
    let (sender, reports) = mpsc::unbounded_channel();
    let subject = Subject::start(node, sender, trap).await.expect("init");
    let pid = subject.pid().expect("a started server has a pid");
    (subject, pid, reports)
}

fn crash() -> Reason {
    Reason::from(Atom::new("crash"))
}

async fn ended(subject: &SubjectRef) {
    let outcome = subject.keep().no_timeout().await;
    assert!(
        matches!(outcome, Err(CallError::Exit(_) | CallError::NoProc)),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_monitor_reports_the_reason_once() {
    let node = Node::alone();
    let (watcher, _, mut reports) = subject(&node, false).await;
    let (target, pid, _) = subject(&node, false).await;
    let reference = watcher.watch(pid).await.unwrap();
    target.end(term!({crash, 1}));
    let reason = Reason::from(term!({crash, 1}));
    assert_eq!(reports.recv().await, Some(Report::Down(reference, reason)));
    let late = watcher.watch(pid).await.unwrap();
    assert_eq!(
        reports.recv().await,
        Some(Report::Down(late, Reason::NoProc))
    );
}

#[tokio::test]
async fn a_monitor_by_name_needs_a_holder_of_the_name() {
    let node = Node::alone();
    let (watcher, _, mut reports) = subject(&node, false).await;
    let nobody = watcher.watch_name(Atom::new("nobody")).await.unwrap();
    assert_eq!(
        reports.recv().await,
        Some(Report::Down(nobody, Reason::NoProc))
    );
    let (target, pid, _) = subject(&node, false).await;
    node.register("somebody", pid).unwrap();
    let somebody = watcher.watch_name(Atom::new("somebody")).await.unwrap();
    target.end(term!(normal));
    assert_eq!(
        reports.recv().await,
        Some(Report::Down(somebody, Reason::Normal))
    );
    assert_eq!(
        node.whereis("somebody"),
        None,
        "a name dies with its process"
    );
}

#[tokio::test]
async fn a_monitor_taken_back_reports_nothing() {
    let node = Node::alone();
    let (watcher, _, mut reports) = subject(&node, false).await;
    let (target, pid, _) = subject(&node, false).await;
    let first = watcher.watch(pid).await.unwrap();
    let second = watcher.watch(pid).await.unwrap();
    assert!(watcher.unwatch(first).await.unwrap());
    assert!(!watcher.unwatch(first).await.unwrap());
    target.end(term!(shutdown));
    assert_eq!(
        reports.recv().await,
        Some(Report::Down(second, Reason::Shutdown))
    );
    ended(&target).await;
    watcher.end(term!(normal));
    assert_eq!(
        reports.recv().await,
        Some(Report::Terminated(Reason::Normal))
    );
}

#[tokio::test]
async fn a_crash_takes_linked_processes_along_unless_they_trap() {
    let node = Node::alone();
    let (victim, victim_pid, mut victim_reports) = subject(&node, false).await;
    let (trapper, trapper_pid, mut trapper_reports) = subject(&node, true).await;
    let (target, pid, _) = subject(&node, false).await;
    assert!(victim.link(pid).await.unwrap());
    assert!(target.link(trapper_pid).await.unwrap());
    target.end(term!(crash));
    assert_eq!(
        trapper_reports.recv().await,
        Some(Report::Exit(pid, crash()))
    );
    ended(&victim).await;
    assert!(!node.is_alive(&victim_pid));
    assert_eq!(
        victim_reports.recv().await,
        None,
        "terminate does not run for an untrapped exit signal"
    );
    assert!(trapper.ping().await.unwrap());
}

#[tokio::test]
async fn a_normal_end_and_a_removed_link_harm_nobody() {
    let node = Node::alone();
    let (other, _, _reports) = subject(&node, false).await;
    let (first, first_pid, _) = subject(&node, false).await;
    let (second, second_pid, _) = subject(&node, false).await;
    other.link(first_pid).await.unwrap();
    other.link(second_pid).await.unwrap();
    other.unlink(second_pid).await.unwrap();
    first.end(term!(normal));
    second.end(term!(crash));
    ended(&first).await;
    ended(&second).await;
    assert!(other.ping().await.unwrap());
}

#[tokio::test]
async fn a_link_to_a_dead_process_is_noproc() {
    let node = Node::alone();
    let (dead, dead_pid, _) = subject(&node, false).await;
    dead.stop(Reason::Normal).await.unwrap();
    let (trapper, _, mut reports) = subject(&node, true).await;
    trapper.link(dead_pid).await.unwrap();
    assert_eq!(
        reports.recv().await,
        Some(Report::Exit(dead_pid, Reason::NoProc))
    );
}

#[tokio::test]
async fn exit_signals_follow_otp() {
    let node = Node::alone();
    let (plain, plain_pid, _) = subject(&node, false).await;
    node.exit(plain_pid, Reason::Normal);
    assert!(plain.ping().await.unwrap(), "normal is ignored");
    node.exit(plain_pid, crash());
    assert_eq!(plain.keep().await, Err(CallError::Exit(crash())));

    let (trapper, trapper_pid, mut reports) = subject(&node, true).await;
    node.exit(trapper_pid, crash());
    let Some(Report::Exit(_, reason)) = reports.recv().await else {
        panic!("a trapped signal is reported");
    };
    assert_eq!(reason, crash());
    let (watcher, _, mut watched) = subject(&node, false).await;
    let reference = watcher.watch(trapper_pid).await.unwrap();
    node.exit(trapper_pid, Reason::Kill);
    assert_eq!(
        watched.recv().await,
        Some(Report::Down(reference, Reason::Killed))
    );
    ended(&trapper).await;
}

#[tokio::test]
async fn a_panic_ends_the_server_and_its_callers_hear_why() {
    let node = Node::alone();
    let (subject, _, mut reports) = subject(&node, false).await;
    let (kept, panicked) = tokio::join!(subject.keep(), subject.panic());
    let Err(CallError::Exit(reason)) = panicked else {
        panic!("{panicked:?}");
    };
    assert_eq!(reason.panic_message(), Some("told to"));
    assert_eq!(kept, Err(CallError::Exit(reason.clone())));
    assert_eq!(reports.recv().await, Some(Report::Terminated(reason)));
    assert_eq!(subject.ping().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn a_call_fails_with_its_server_wherever_the_duty_to_answer_is() {
    let node = Node::alone();
    let (subject, pid, _) = subject(&node, false).await;
    let (sender, kept) = oneshot::channel();
    let fail = async {
        let reply = kept.await.expect("the handler sends it");
        node.exit(pid, crash());
        reply
    };
    let (answer, reply) = tokio::join!(subject.hand_out(sender), fail);
    assert_eq!(answer, Err(CallError::Exit(crash())));
    assert!(!reply.is_awaited());
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_call_ends_with_its_time_or_its_server() {
    let node = Node::alone();
    let (subject, pid, _) = subject(&node, false).await;
    let one = Duration::from_secs(1);
    assert_eq!(subject.forget().timeout(one).await, Err(CallError::Timeout));
    let fail = async {
        assert!(subject.ping().await.unwrap());
        node.exit(pid, crash());
    };
    let (answer, ()) = tokio::join!(subject.forget().no_timeout(), fail);
    assert_eq!(answer, Err(CallError::Exit(crash())));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_is_dropped() {
    let node = Node::alone();
    let (subject, _, _reports) = subject(&node, false).await;
    let (sender, kept) = oneshot::channel();
    let begin = tokio::time::Instant::now();
    assert_eq!(
        subject.hand_out(sender).await,
        Err(CallError::Timeout),
        "the default is OTP's 5 seconds"
    );
    assert_eq!(begin.elapsed().as_secs(), 5);
    let reply = kept.await.unwrap();
    assert!(!reply.is_awaited());
    reply.send(1);
    assert!(subject.ping().await.unwrap());
}

#[tokio::test]
async fn names_have_one_holder() {
    let node = Node::alone();
    let (sender, _reports) = mpsc::unbounded_channel();
    let first = Subject::start(&node, sender.clone(), false).name("one");
    let first = first.await.unwrap();
    let taken = Subject::start(&node, sender.clone(), false).name("one");
    let pid = first.pid().unwrap();
    let name = Atom::new("one");
    assert_eq!(
        taken.await.unwrap_err(),
        StartError::AlreadyStarted { name, pid }
    );
    assert_eq!(node.registered(), [name]);
    assert!(
        SubjectRef::from(ServerRef::local(&node, "one"))
            .ping()
            .await
            .unwrap()
    );
    first.stop(Reason::Normal).await.unwrap();
    assert!(node.registered().is_empty());
    let nobody = SubjectRef::from(ServerRef::local(&node, "one"));
    assert_eq!(nobody.ping().await, Err(CallError::NoProc));
    let second = Subject::start(&node, sender, false)
        .name("one")
        .await
        .unwrap();
    assert_eq!(node.whereis("one"), second.pid());
}

#[tokio::test(start_paused = true)]
async fn timers_die_with_their_process() {
    let node = Node::alone();
    let (subject, _, mut reports) = subject(&node, false).await;
    subject.tick_every(Duration::from_secs(1));
    let begin = tokio::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(reports.recv().await, Some(Report::Tick));
    }
    assert_eq!(begin.elapsed().as_secs(), 3);
    subject.stop(Reason::Shutdown).await.unwrap();
    assert_eq!(
        reports.recv().await,
        Some(Report::Terminated(Reason::Shutdown))
    );
    assert_eq!(
        reports.recv().await,
        None,
        "nothing holds the process any more"
    );
}

#[tokio::test]
async fn stopping_a_node_ends_its_servers_in_good_order() {
    let node = Node::alone();
    let (_first, first_pid, mut first) = subject(&node, false).await;
    let (_second, _, mut second) = subject(&node, true).await;
    node.stop().await;
    let terminated = Some(Report::Terminated(Reason::Shutdown));
    assert_eq!(first.recv().await, terminated);
    assert_eq!(second.recv().await, terminated);
    assert!(!node.is_alive(&first_pid));
    let (sender, _reports) = mpsc::unbounded_channel();
    let refused = Subject::start(&node, sender, false).await.unwrap_err();
    assert_eq!(refused, StartError::NodeStopping);
}

/// Starts others from its own process.
struct Parent;

#[gen_server]
impl Parent {
    #[init]
    fn init() -> Self {
        Parent
    }

    #[call(local)]
    async fn start_linked(
        &mut self,
        reports: mpsc::UnboundedSender<Report>,
        ctx: &mut Context<Self>,
    ) -> Pid {
        let child = Subject::start(ctx, reports, true).link().await;
        child.expect("init").pid().expect("a started server")
    }

    #[call(local)]
    async fn start_monitored(
        &mut self,
        reports: mpsc::UnboundedSender<Report>,
        ctx: &mut Context<Self>,
    ) -> (Pid, Ref) {
        let start = Subject::start(ctx, reports, true).monitor();
        let (child, reference) = start.await.expect("init");
        (child.pid().expect("a started server"), reference)
    }
}

#[tokio::test]
async fn a_server_ends_with_its_parent_even_if_it_traps() {
    let node = Node::alone();
    let parent = Parent::start(&node).await.unwrap();
    let (sender, mut reports) = mpsc::unbounded_channel();
    let child = parent.start_linked(sender).await.unwrap();
    assert!(node.is_alive(&child));
    node.exit(parent.pid().unwrap(), crash());
    assert_eq!(reports.recv().await, Some(Report::Terminated(crash())));
    assert_eq!(reports.recv().await, None);
}

#[tokio::test]
async fn only_a_process_links_or_monitors_what_it_starts() {
    let node = Node::alone();
    let (sender, _reports) = mpsc::unbounded_channel();
    let linked = Subject::start(&node, sender.clone(), true).link();
    assert_eq!(linked.await.unwrap_err(), StartError::NotAProcess);
    let monitored = Subject::start(&node, sender.clone(), true).monitor();
    assert_eq!(monitored.await.unwrap_err(), StartError::NotAProcess);
    let parent = Parent::start(&node).await.unwrap();
    let (child, reference) = parent.start_monitored(sender).await.unwrap();
    assert!(node.is_alive(&child));
    assert_eq!(reference.node, node.name());
}

/// Does not start.
struct Unable;

#[gen_server]
impl Unable {
    #[init]
    async fn init(how: Term) -> Result<Self, Reason> {
        match how.to_string().as_str() {
            "panic" => panic!("in init"),
            "never" => std::future::pending().await,
            _ => Err(Reason::from(how)),
        }
    }

    #[call]
    fn nothing(&self) {}
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_says_why_and_leaves_no_name() {
    let node = Node::alone();
    let refused = Unable::start(&node, term!({no, way})).name("unable").await;
    let reason = Reason::from(term!({no, way}));
    assert_eq!(refused.unwrap_err(), StartError::Init(reason));
    let panicked = Unable::start(&node, term!(panic)).name("unable").await;
    let StartError::Init(reason) = panicked.unwrap_err() else {
        panic!("init failed");
    };
    assert_eq!(reason.panic_message(), Some("in init"));
    let patience = Duration::from_millis(100);
    let slow = Unable::start(&node, term!(never)).timeout(patience).await;
    assert_eq!(slow.unwrap_err(), StartError::Timeout);
    assert!(node.registered().is_empty());
}
