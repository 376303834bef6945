//! kameo, with unbounded mailboxes and without its tracing.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kameo::actor::{Actor, ActorId, ActorRef, Spawn};
use kameo::mailbox;
use kameo::message::{Context, Message};
use kameo::reply::{Reply, ReplyError};

use crate::measure::CALLERS;
use crate::payload::{Echoed, sum_of, time_calls};
use crate::peers::{Started, side_by_side};

struct Echo<T> {
    sum: i64,
    payload: PhantomData<fn() -> T>,
}

/// The arguments say whom to tell that it runs.
impl<T: Echoed> Actor for Echo<T> {
    type Args = Option<Arc<Started>>;
    type Error = Infallible;

    async fn on_start(started: Self::Args, _: ActorRef<Self>) -> Result<Self, Infallible> {
        if let Some(started) = started {
            started.one();
        }
        Ok(Echo {
            sum: 0,
            payload: PhantomData,
        })
    }
}

struct Ask<T>(T);
struct Back<T>(T);
struct Add(i64);
struct Sum;

impl<T: Echoed> Reply for Back<T> {
    type Ok = T;
    type Error = Infallible;
    type Value = Self;

    fn to_result(self) -> Result<T, Infallible> {
        Ok(self.0)
    }

    fn into_any_err(self) -> Option<Box<dyn ReplyError>> {
        None
    }

    fn into_value(self) -> Self {
        self
    }
}

impl<T: Echoed> Message<Ask<T>> for Echo<T> {
    type Reply = Back<T>;

    async fn handle(&mut self, ask: Ask<T>, _: &mut Context<Self, Back<T>>) -> Back<T> {
        Back(ask.0)
    }
}

impl<T: Echoed> Message<Add> for Echo<T> {
    type Reply = ();

    async fn handle(&mut self, add: Add, _: &mut Context<Self, ()>) {
        self.sum += add.0;
    }
}

impl<T: Echoed> Message<Sum> for Echo<T> {
    type Reply = i64;

    async fn handle(&mut self, _: Sum, _: &mut Context<Self, i64>) -> i64 {
        self.sum
    }
}

fn start<T: Echoed>(started: Option<Arc<Started>>) -> ActorRef<Echo<T>> {
    Echo::spawn_with_mailbox(started, mailbox::unbounded())
}

/// One caller, one actor. `payload` may have the actor's id in it.
pub async fn seq<T: Echoed>(payload: fn(ActorId) -> T, calls: u64) -> Duration {
    let server = start::<T>(None);
    let payload = payload(server.id());
    tokio::spawn(async move {
        time_calls!(payload, calls, sent =>
            server.ask(Ask(sent)).send().await.expect("the actor answers"))
    })
    .await
    .expect("the caller does not panic")
}

/// Callers and actors, in pairs.
pub async fn par(calls: u64) -> Duration {
    side_by_side((0..CALLERS).map(|_| {
        let server = start::<i64>(None);
        async move {
            time_calls!(0_i64, calls / CALLERS, sent =>
                server.ask(Ask(sent)).send().await.expect("the actor answers"))
        }
    }))
    .await
}

/// One sender, one actor that adds up.
pub async fn cast(casts: u64) -> Duration {
    let server = start::<i64>(None);
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        for number in 0..casts as i64 {
            let sent = server.tell(Add(number)).try_send();
            sent.expect("the actor lives");
        }
        server.ask(Sum).send().await.expect("the actor answers")
    });
    let sum = sending.await.expect("the sender does not panic");
    let time = start.elapsed();
    assert_eq!(sum, sum_of(casts));
    time
}

/// Actors, until all run. They end when they are dropped.
pub async fn spawn(count: u64) -> (Duration, Actors) {
    let started = Arc::new(Started::default());
    started.expect(count);
    let start_time = Instant::now();
    let actors = tokio::spawn({
        let started = Arc::clone(&started);
        async move {
            let actor = |_| start(Some(Arc::clone(&started)));
            (0..count).map(actor).collect()
        }
    });
    let actors = actors.await.expect("the starter does not panic");
    started.all().await;
    (start_time.elapsed(), Actors(actors))
}

/// Actors that end when this is dropped.
pub struct Actors(Vec<ActorRef<Echo<i64>>>);

impl fmt::Debug for Actors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Actors").field(&self.0.len()).finish()
    }
}
