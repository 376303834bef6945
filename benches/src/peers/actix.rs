//! actix: an arbiter for each core, and each caller on the arbiter of its actor, which spares it every wake-up of another
//! thread.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{iter, thread};

use actix::{Actor, Addr, Arbiter, ArbiterHandle, Context, Handler, MessageResult, System};
use tokio::sync::oneshot;

use crate::measure::CALLERS;
use crate::payload::{Echoed, sum_of, time_calls};
use crate::peers::Started;

struct Echo<T> {
    sum: i64,
    started: Option<Arc<Started>>,
    payload: PhantomData<fn() -> T>,
}

impl<T: Echoed> Actor for Echo<T> {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        // Without bounds.
        context.set_mailbox_capacity(0);
        if let Some(started) = self.started.take() {
            started.one();
        }
    }
}

struct Ask<T>(T);
struct Add(i64);
struct Sum;

impl<T: Echoed> actix::Message for Ask<T> {
    type Result = T;
}

impl actix::Message for Add {
    type Result = ();
}

impl actix::Message for Sum {
    type Result = i64;
}

impl<T: Echoed> Handler<Ask<T>> for Echo<T> {
    type Result = MessageResult<Ask<T>>;

    fn handle(&mut self, ask: Ask<T>, _: &mut Context<Self>) -> MessageResult<Ask<T>> {
        MessageResult(ask.0)
    }
}

impl<T: Echoed> Handler<Add> for Echo<T> {
    type Result = ();

    fn handle(&mut self, add: Add, _: &mut Context<Self>) {
        self.sum += add.0;
    }
}

impl<T: Echoed> Handler<Sum> for Echo<T> {
    type Result = i64;

    fn handle(&mut self, _: Sum, _: &mut Context<Self>) -> i64 {
        self.sum
    }
}

/// Starts an actor on the arbiter of whoever calls this.
fn start<T: Echoed>(started: Option<Arc<Started>>) -> Addr<Echo<T>> {
    let echo = Echo {
        sum: 0,
        started,
        payload: PhantomData,
    };
    echo.start()
}

/// Arbiters, one for each core, which end when this is dropped.
pub struct Arbiters {
    arbiters: Vec<ArbiterHandle>,
    system: System,
}

impl fmt::Debug for Arbiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arbiters").finish_non_exhaustive()
    }
}

impl Drop for Arbiters {
    fn drop(&mut self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        self.system.stop();
    }
}

impl Arbiters {
    /// Starts them.
    pub async fn start() -> Arc<Arbiters> {
        let (send, arbiters) = oneshot::channel();
        thread::spawn(move || {
            let runner = System::new();
            let cores = thread::available_parallelism().map_or(1, usize::from);
            let arbiters = iter::repeat_with(|| Arbiter::new().handle()).take(cores);
            let arbiters = Arbiters {
                arbiters: arbiters.collect(),
                system: System::current(),
            };
            // Whoever asked for them waits.
            let _ = send.send(Arc::new(arbiters));
            runner.run().expect("the system runs until it is stopped");
        });
        arbiters.await.expect("the system starts")
    }

    /// Does work on one of them.
    async fn on<W, F, T>(&self, index: usize, work: W) -> T
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let (send, done) = oneshot::channel();
        self.arbiters[index % self.arbiters.len()].spawn_fn(move || {
            actix::spawn(async move {
                let value = work().await;
                // Whoever asked for it waits.
                let _ = send.send(value);
            });
        });
        done.await.expect("the work does not panic")
    }
}

/// One caller, one actor.
pub async fn seq<T: Echoed>(arbiters: Arc<Arbiters>, payload: T, calls: u64) -> Duration {
    let work = move || async move {
        let server = start::<T>(None);
        time_calls!(payload, calls, sent =>
            server.send(Ask(sent)).await.expect("the actor answers"))
    };
    arbiters.on(0, work).await
}

/// Callers and actors, in pairs.
pub async fn par(arbiters: Arc<Arbiters>, calls: u64) -> Duration {
    let pair = |index: u64| {
        arbiters.on(index as usize, move || async move {
            let server = start::<i64>(None);
            time_calls!(0_i64, calls / CALLERS, sent =>
                server.send(Ask(sent)).await.expect("the actor answers"))
        })
    };
    let pairs: Vec<_> = (0..CALLERS).map(pair).collect();
    let start = Instant::now();
    futures::future::join_all(pairs).await;
    start.elapsed()
}

/// One sender, one actor that adds up, on another arbiter: there they work at the same time.
pub async fn cast(arbiters: Arc<Arbiters>, casts: u64) -> Duration {
    let server = arbiters.on(0, || async { start::<i64>(None) }).await;
    let sending = move || async move {
        let start = Instant::now();
        for number in 0..casts as i64 {
            server.do_send(Add(number));
        }
        let sum = server.send(Sum).await.expect("the actor answers");
        (start.elapsed(), sum)
    };
    let (time, sum) = arbiters.on(1, sending).await;
    assert_eq!(sum, sum_of(casts));
    time
}

/// Actors on all arbiters, until all run. They end when they are dropped.
pub async fn spawn(arbiters: Arc<Arbiters>, count: u64) -> (Duration, Actors) {
    let started = Arc::new(Started::default());
    started.expect(count);
    let cores = arbiters.arbiters.len() as u64;
    let start_time = Instant::now();
    let starting = (0..cores).map(|core| {
        let started = Arc::clone(&started);
        let share = count / cores + u64::from(core < count % cores);
        arbiters.on(core as usize, move || async move {
            let actor = |_| start::<i64>(Some(Arc::clone(&started)));
            (0..share).map(actor).collect::<Vec<_>>()
        })
    });
    let actors = futures::future::join_all(starting).await.concat();
    started.all().await;
    (start_time.elapsed(), Actors(actors))
}

/// Actors that end when this is dropped.
pub struct Actors(Vec<Addr<Echo<i64>>>);

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Actors").field(&self.0.len()).finish()
    }
}
