//! A plain process that does what a test tells it, and shows the test all that it receives.

use ergo::process::{Context, Down, Exit, Received};
use ergo::{LocalNode, Pid, Reason, Term};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::child::DEADLINE;
use crate::wait::until;

/// What a probe does as itself; a reason ends it.
type Order = Box<dyn FnOnce(&mut Context) -> Option<Reason> + Send>;

/// A process in the hands of a test. Dropping it ends the process with `normal`.
#[derive(Debug)]
pub struct Probe {
    /// Its pid.
    pub pid: Pid,
    orders: UnboundedSender<Order>,
    received: UnboundedReceiver<Received>,
}

impl Probe {
    /// Starts one.
    pub fn start(node: &LocalNode) -> Probe {
        let (orders, mut ordered) = unbounded_channel::<Order>();
        let (show, received) = unbounded_channel();
        let pid = node.spawn(async move |mut ctx| {
            loop {
                let order = tokio::select! {
                    biased;
                    order = ordered.recv() => match order {
                        Some(order) => order,
                        None => return Reason::Normal,
                    },
                    received = ctx.receive() => {
                        // A test that has seen enough listens no more.
                        let _ = show.send(received);
                        continue;
                    }
                };
                if let Some(reason) = order(&mut ctx) {
                    return reason;
                }
            }
        });
        Probe {
            pid,
            orders,
            received,
        }
    }

    /// Starts one that traps exits.
    pub async fn trapping(node: &LocalNode) -> Probe {
        let probe = Probe::start(node);
        probe.act(|ctx| ctx.trap_exit(true)).await;
        probe
    }

    /// Has it do something as itself, and waits until that is done.
    pub async fn act<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Context) -> T + Send + 'static,
    ) -> T {
        let (done, outcome) = oneshot::channel();
        let order: Order = Box::new(move |ctx| {
            // The test waits for it.
            let _ = done.send(act(ctx));
            None
        });
        assert!(self.orders.send(order).is_ok(), "the process has ended");
        let outcome = timeout(DEADLINE, outcome).await;
        outcome
            .expect("the process does nothing")
            .expect("the process has ended")
    }

    /// Whether it lives and has done all that it was told.
    pub async fn lives(&self) -> bool {
        let (done, outcome) = oneshot::channel();
        let order: Order = Box::new(move |_| {
            // The test waits for it.
            let _ = done.send(());
            None
        });
        self.orders.send(order).is_ok()
            && timeout(DEADLINE, outcome)
                .await
                .expect("the process does nothing")
                .is_ok()
    }

    /// Has it return a reason; does not wait.
    pub fn end(&self, reason: impl Into<Reason>) {
        let reason = reason.into();
        // It may have ended before.
        let _ = self.orders.send(Box::new(move |_| Some(reason)));
    }

    /// Has it do something as itself without waiting; an end of it is welcome.
    pub fn order(&self, act: impl FnOnce(&mut Context) + Send + 'static) {
        let order: Order = Box::new(move |ctx| {
            act(ctx);
            None
        });
        // It may have ended before.
        let _ = self.orders.send(order);
    }

    /// The next message or signal that it received; `None` if it has ended without any more.
    pub async fn next(&mut self) -> Option<Received> {
        let received = timeout(DEADLINE, self.received.recv()).await;
        received.unwrap_or_else(|_| panic!("{} received nothing", self.pid))
    }

    /// The next that it received, which must be a message.
    pub async fn message(&mut self) -> Term {
        match self.next().await {
            Some(Received::Message(message)) => message,
            other => panic!("no message but {other:?}"),
        }
    }

    /// The next that it received, which must be a `DOWN`.
    pub async fn down(&mut self) -> Down {
        match self.next().await {
            Some(Received::Down(down)) => down,
            other => panic!("no DOWN but {other:?}"),
        }
    }

    /// The next that it received, which must be an `EXIT`.
    pub async fn exit(&mut self) -> Exit {
        match self.next().await {
            Some(Received::Exit(exit)) => exit,
            other => panic!("no EXIT but {other:?}"),
        }
    }

    /// What it has received and nobody has looked at, after everything that it was told.
    pub async fn left(&mut self) -> Vec<Received> {
        assert!(self.lives().await, "the process has ended");
        std::iter::from_fn(|| self.received.try_recv().ok()).collect()
    }
}

/// Waits until a process has ended, whyever it did.
pub async fn gone(node: &LocalNode, pid: Pid) {
    let mut watcher = Probe::start(node);
    let monitor = watcher.act(move |ctx| ctx.monitor(pid)).await;
    assert_eq!(watcher.down().await.reference, monitor);
    let own = watcher.pid;
    drop(watcher);
    until(|| !node.is_alive(&own)).await;
}
