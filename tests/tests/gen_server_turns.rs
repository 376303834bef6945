//! Who runs the handlers of a server: its task, or a caller that finds it idle. Nobody can tell, but by what is looked
//! at here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use ergo::gen_server::{CallError, Next, ReplyTo};
use ergo::prelude::*;
use ergo::process::Received;
use tokio::runtime::Runtime;
use tokio::task;

/// Where its handlers run.
struct Here {
    inside: Arc<AtomicBool>,
    casts: Vec<u32>,
}

/// Says when it is dropped.
struct Flag(Arc<AtomicBool>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[gen_server]
impl Here {
    #[init]
    fn init() -> Self {
        Here {
            inside: Arc::default(),
            casts: Vec::new(),
        }
    }

    #[call(local)]
    fn task(&mut self) -> task::Id {
        task::id()
    }

    #[call(local)]
    async fn own_task(&mut self) -> task::Id {
        task::id()
    }

    #[call(local)]
    fn slow(&mut self) -> task::Id {
        let began = std::time::Instant::now();
        while began.elapsed() < Duration::from_millis(1) {
            std::hint::spin_loop();
        }
        task::id()
    }

    /// Runs alone.
    #[call(local)]
    fn alone(&mut self, caller: u32) -> Vec<u32> {
        assert!(!self.inside.swap(true, Ordering::SeqCst));
        // Long enough for another to come in.
        (0..100).for_each(|_| std::hint::spin_loop());
        self.inside.store(false, Ordering::SeqCst);
        let is_his = |of: &u32| *of / 1_000_000 == caller;
        let (his, others) = self.casts.drain(..).partition(is_his);
        self.casts = others;
        his
    }

    #[cast]
    fn note(&mut self, what: u32) {
        assert!(!self.inside.swap(true, Ordering::SeqCst));
        self.casts.push(what);
        self.inside.store(false, Ordering::SeqCst);
    }
}

/// Runs in a task: what `main` of a test is, has no id.
async fn in_a_task<T: Send + 'static>(run: impl Future<Output = T> + Send + 'static) -> T {
    task::spawn(run).await.unwrap()
}

fn two_threads() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Calls until the caller's task handles it again, which takes longer where a handler has lost its core for a moment.
async fn until_by_caller(server: &HereRef) {
    tests::within(async { while server.task().await.unwrap() != task::id() {} }).await;
}

#[tokio::test]
async fn an_idle_server_is_run_by_who_calls_it() {
    let node = Node::alone();
    let server = Here::start(&node).await.unwrap();
    in_a_task(async move {
        assert_eq!(server.task().await.unwrap(), task::id());
        // What may wait runs in the server's own task, and so does what has others before it, or is sent ahead.
        let own = server.own_task().await.unwrap();
        assert_ne!(own, task::id());
        server.note(1);
        assert_eq!(server.task().await.unwrap(), own);
        assert_eq!(server.task().send().await.unwrap(), own);
        // After a few messages it is as before.
        until_by_caller(&server).await;
    })
    .await;
}

/// Calls to such a server would keep their callers from anything else, and be handled one after the other.
#[tokio::test]
async fn a_server_that_takes_long_runs_in_its_own_task() {
    let node = Node::alone();
    let server = Here::start(&node).await.unwrap();
    in_a_task(async move {
        let own = server.own_task().await.unwrap();
        while server.slow().await.unwrap() == own {}
        for _ in 0..50 {
            assert_eq!(server.task().await.unwrap(), own);
        }
        // It is tried again.
        until_by_caller(&server).await;
    })
    .await;
}

/// What a handler starts is to live as long as its process.
#[test]
fn a_caller_on_another_runtime_leaves_it_to_the_server() {
    let (mine, other) = (two_threads(), two_threads());
    let server = mine.block_on(async {
        let node = Node::alone();
        Here::start(&node).await.unwrap()
    });
    let (ran_in, own, caller) = other.block_on(in_a_task(async move {
        let own = server.own_task().await.unwrap();
        (server.task().await.unwrap(), own, task::id())
    }));
    assert_eq!(ran_in, own);
    assert_ne!(ran_in, caller);
}

/// Whoever runs them: one at a time, and those of one caller in its order.
#[test]
fn handlers_run_one_at_a_time_and_in_order() {
    two_threads().block_on(async {
        let node = Node::alone();
        let server = Here::start(&node).await.unwrap();
        let callers: Vec<_> = (1..=8)
            .map(|caller| {
                let server = server.clone();
                task::spawn(async move {
                    let mut next = caller * 1_000_000;
                    for round in 0..500 {
                        let sent: Vec<_> = (next..).take(round % 4).collect();
                        for what in &sent {
                            server.note(*what);
                        }
                        next += sent.len() as u32;
                        assert_eq!(server.alone(caller).await.unwrap(), sent);
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
    });
}

/// Nobody waits for an answer that is there at once; others have their time all the same.
#[tokio::test]
async fn who_calls_on_and_on_gives_way() {
    let node = Node::alone();
    let server = Here::start(&node).await.unwrap();
    let seen = Arc::new(AtomicBool::new(false));
    let set = Flag(Arc::clone(&seen));
    let caller = task::spawn(async move {
        while !seen.load(Ordering::SeqCst) {
            server.task().await.unwrap();
        }
    });
    let other = task::spawn(async move { drop(set) });
    tests::within(async {
        caller.await.unwrap();
        other.await.unwrap();
    })
    .await;
}

/// Ends as its handlers say, or panics, or is told to: as if its own task had run them.
struct Ender {
    dropped: Option<Flag>,
    gate: Option<(mpsc::Sender<()>, Arc<Barrier>)>,
}

#[gen_server]
impl Ender {
    #[init]
    fn init(dropped: Option<Arc<AtomicBool>>) -> Self {
        Ender {
            dropped: dropped.map(Flag),
            gate: None,
        }
    }

    #[call(local)]
    fn give_up(&mut self, _reply: ReplyTo<()>) -> Next {
        Next::Stop(Reason::from(ergo::Atom::new("enough")))
    }

    #[call]
    fn fall(&mut self) {
        panic!("on purpose");
    }

    #[call]
    fn wait_a_moment(&mut self, reply: ReplyTo<u8>) -> Next {
        reply.send(1);
        Next::Timeout(Duration::from_millis(1))
    }

    #[info]
    fn timeout(&mut self) -> Next {
        Next::Stop(Reason::from(ergo::Atom::TIMEOUT))
    }

    #[call]
    fn carry_on(&mut self, ctx: &mut Context<Self>) {
        ctx.continue_with(EnderInfo::End);
    }

    #[info(local)]
    fn end(&mut self) -> Next {
        Next::Stop(Reason::Shutdown)
    }

    #[call(local)]
    fn set_gate(&mut self, entered: mpsc::Sender<()>, leave: Arc<Barrier>) {
        self.gate = Some((entered, leave));
    }

    #[call]
    fn pass_gate(&mut self) -> bool {
        let (entered, leave) = self.gate.as_ref().expect("it is set");
        entered.send(()).expect("the test waits");
        leave.wait();
        self.dropped.is_some()
    }
}

#[tokio::test]
async fn what_a_handler_says_holds_whoever_runs_it() {
    let node = Node::alone();
    let at = node.clone();
    tests::run(&at, async move |mut ctx| {
        let mut ended = async |server: EnderRef, call: &str| {
            ctx.monitor(server.pid().unwrap());
            let answer = match call {
                "give_up" => server.give_up().await.map(drop),
                "fall" => server.fall().await,
                "wait_a_moment" => server.wait_a_moment().await.map(drop),
                _ => server.carry_on().await,
            };
            let Received::Down(down) = ctx.receive().await else {
                panic!("nothing else comes")
            };
            (answer, down.reason)
        };
        let server = Ender::start(&node, None).await.unwrap();
        let enough = Reason::from(ergo::Atom::new("enough"));
        assert_eq!(
            ended(server, "give_up").await,
            (Err(CallError::Exit(enough.clone())), enough)
        );
        let server = Ender::start(&node, None).await.unwrap();
        let (answer, reason) = ended(server, "fall").await;
        assert_eq!(answer, Err(CallError::Exit(reason.clone())));
        assert!(reason.to_string().contains("on purpose"), "{reason}");
        let server = Ender::start(&node, None).await.unwrap();
        assert_eq!(
            ended(server, "wait_a_moment").await,
            (Ok(()), ergo::Atom::TIMEOUT.into())
        );
        let server = Ender::start(&node, None).await.unwrap();
        assert_eq!(ended(server, "carry_on").await, (Ok(()), Reason::Shutdown));
    })
    .await;
}

/// An exit signal that was sent first comes first.
#[tokio::test]
async fn a_server_that_is_to_end_handles_no_more() {
    let node = Node::alone();
    let server = Here::start(&node).await.unwrap();
    let pid = server.pid().unwrap();
    in_a_task(async move {
        assert_eq!(server.task().await.unwrap(), task::id());
        server.node().exit(pid, Reason::Kill);
        assert_eq!(server.task().await, Err(CallError::Exit(Reason::Killed)));
    })
    .await;
}

/// The end of a process is told when its handler is done and its state gone.
#[test]
fn who_runs_a_handler_is_waited_for_when_the_process_ends() {
    let runtime = two_threads();
    let dropped = Arc::new(AtomicBool::new(false));
    let (entered, inside) = mpsc::channel();
    let leave = Arc::new(Barrier::new(2));
    let node = runtime.block_on(async { Node::alone() });
    let server = {
        let (node, dropped) = (node.clone(), Arc::clone(&dropped));
        runtime.block_on(async move { Ender::start(&node, Some(dropped)).await.unwrap() })
    };
    runtime
        .block_on(server.set_gate(entered, Arc::clone(&leave)))
        .unwrap();
    let pid = server.pid().unwrap();
    let call = runtime.spawn(async move { server.pass_gate().await });
    inside.recv().unwrap();
    let down = {
        let node = node.clone();
        runtime.block_on(async move {
            let watcher = node.clone();
            tests::run(&watcher, async move |mut ctx| {
                let reference = ctx.monitor(pid);
                node.exit(pid, Reason::Kill);
                // Its task has had its time.
                for _ in 0..1000 {
                    task::yield_now().await;
                }
                assert!(node.process_info(&pid).is_some());
                assert!(!dropped.load(Ordering::SeqCst));
                leave.wait();
                let Received::Down(down) = ctx.receive().await else {
                    panic!("nothing else comes")
                };
                assert_eq!(down.reference, reference);
                (down.reason, dropped.load(Ordering::SeqCst))
            })
            .await
        })
    };
    assert_eq!(down, (Reason::Killed, true));
    assert_eq!(runtime.block_on(call).unwrap(), Ok(true));
}

/// A runtime that goes away takes the state of its servers with it, though references to them remain.
#[test]
fn a_runtime_that_ends_leaves_no_state() {
    let runtime = two_threads();
    let dropped = Arc::new(AtomicBool::new(false));
    let server = {
        let dropped = Arc::clone(&dropped);
        runtime.block_on(async move {
            let node = Node::alone();
            Ender::start(&node, Some(dropped)).await.unwrap()
        })
    };
    drop(runtime);
    assert!(dropped.load(Ordering::SeqCst));
    drop(server);
}
