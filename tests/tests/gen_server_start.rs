//! How a server starts, and what is left when it does not.

use std::time::Duration;

use ergo::gen_server::{Context, Exit, InitError, Reason, StartError};
use ergo::supervisor::{ChildSpec, Strategy, SupervisorSpec};
use ergo::{Atom, Node, Term, gen_server};
use tests::DEADLINE;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How a `Child` starts.
#[derive(Clone, Copy, Debug)]
enum How {
    Well,
    Ignore,
    Stop,
    StopNormally,
    Panic,
    Never,
}

struct Child;

#[gen_server]
impl Child {
    #[init]
    async fn init(how: How) -> Result<Self, InitError> {
        match how {
            How::Well => Ok(Child),
            How::Ignore => Err(InitError::Ignore),
            How::Stop => Err(reason("no disk").into()),
            How::StopNormally => Err(InitError::Stop(Reason::Normal)),
            How::Panic => panic!("no init"),
            How::Never => std::future::pending().await,
        }
    }
}

fn reason(text: &str) -> Reason {
    Term::from(Atom::new(text)).into()
}

/// What a `Parent` notes.
#[derive(Debug, PartialEq)]
enum Note {
    /// The result of a start, and whether the child's name was free then.
    Started(Result<(), StartError>, bool),
    Exit(Reason),
}

/// Starts children with a link.
struct Parent {
    notes: UnboundedSender<Note>,
}

#[gen_server]
impl Parent {
    #[init]
    fn init(traps: bool, notes: UnboundedSender<Note>, ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(traps);
        Parent { notes }
    }

    #[cast(local)]
    async fn start_child(&mut self, how: How, ctx: &mut Context<Self>) {
        let starting = Child::start_link(&*ctx, how).name("child");
        let started = starting.timeout(Duration::from_secs(1)).await;
        let free = ctx.node().whereis("child").is_none();
        self.note(Note::Started(started.map(|_| ()), free));
    }

    /// Signals that came before are in the mailbox ahead of this.
    #[call]
    fn settle(&mut self) {}

    #[info(exit)]
    fn linked_exit(&mut self, exit: Exit) {
        self.note(Note::Exit(exit.reason));
    }
}

impl Parent {
    fn note(&self, note: Note) {
        // The test may have seen enough.
        let _ = self.notes.send(note);
    }
}

async fn next(notes: &mut UnboundedReceiver<Note>) -> Option<Note> {
    let note = tokio::time::timeout(DEADLINE, notes.recv()).await;
    note.expect("nothing is noted")
}

fn panicked() -> Reason {
    Reason::panic("no init", "in/init.rs:1:1")
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_traps_exits_has_the_error_alone() {
    let node = Node::alone();
    let (send, mut notes) = unbounded_channel();
    let parent = Parent::start(&node, true, send).await.unwrap();
    for (how, error) in [
        (How::Ignore, StartError::Ignore),
        (How::Stop, StartError::Init(reason("no disk"))),
        (How::StopNormally, StartError::Init(Reason::Normal)),
        (How::Never, StartError::Timeout),
    ] {
        parent.start_child(how);
        let started = next(&mut notes).await.unwrap();
        assert_eq!(started, Note::Started(Err(error), true), "{how:?}");
        parent.settle().await.unwrap();
        assert!(notes.try_recv().is_err(), "{how:?} left a message");
    }
    parent.start_child(How::Panic);
    let Some(Note::Started(Err(StartError::Init(reason)), true)) = next(&mut notes).await else {
        panic!("the child panicked");
    };
    assert!(reason.is_crash(), "{reason}");
    parent.settle().await.unwrap();
    assert!(notes.try_recv().is_err(), "a panic left a message");

    // Once it has started, its end is a message again.
    parent.start_child(How::Well);
    assert_eq!(next(&mut notes).await, Some(Note::Started(Ok(()), false)));
    let child = ChildRef::local(&node, "child");
    child.stop(panicked()).await.unwrap();
    assert_eq!(next(&mut notes).await, Some(Note::Exit(panicked())));
}

#[tokio::test(start_paused = true)]
async fn a_parent_that_does_not_trap_exits_ends_with_its_child() {
    let node = Node::alone();
    for (how, error) in [
        (How::Ignore, StartError::Ignore),
        (How::StopNormally, StartError::Init(Reason::Normal)),
        (How::Never, StartError::Timeout),
    ] {
        let (send, mut notes) = unbounded_channel();
        let parent = Parent::start(&node, false, send).await.unwrap();
        parent.start_child(how);
        let started = next(&mut notes).await.unwrap();
        assert_eq!(started, Note::Started(Err(error), true), "{how:?}");
        parent.settle().await.expect("it lives on");
    }
    let (send, mut notes) = unbounded_channel();
    let parent = Parent::start(&node, false, send).await.unwrap();
    parent.start_child(How::Stop);
    assert_eq!(parent.ended().await, Ok(reason("no disk")));
    assert_eq!(next(&mut notes).await, None, "the handler went on");
    assert_eq!(node.whereis("child"), None);
}

#[tokio::test]
async fn only_a_process_links_to_what_it_starts() {
    let node = Node::alone();
    let started = Child::start_link(&node, How::Well).await;
    assert!(
        matches!(started, Err(StartError::NotAProcess)),
        "{started:?}"
    );
}

#[tokio::test]
async fn a_supervisor_starts_a_child() {
    let node = Node::alone();
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .child(ChildSpec::new("child", || {
            Child::child(How::Well).name("child")
        }))
        .child(ChildSpec::new("nothing", || Child::child(How::Ignore)));
    let supervisor = spec.start(&node).await.unwrap();
    let children = supervisor.which_children().await.unwrap();
    let pids: Vec<_> = children
        .iter()
        .map(ergo::supervisor::ChildInfo::pid)
        .collect();
    assert!(pids.contains(&node.whereis("child")), "{pids:?}");
    assert!(pids.contains(&None), "{pids:?}");
}
