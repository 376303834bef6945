//! ractor, without its spans for each message and without boxed futures: its default features cost it both.

use std::time::{Duration, Instant};

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, RpcReplyPort, call};

use crate::measure::CALLERS;
use crate::payload::{Echoed, sum_of, time_calls};
use crate::peers::side_by_side;

#[derive(Debug)]
struct Echo<T>(std::marker::PhantomData<T>);

enum Message<T> {
    Echo(T, RpcReplyPort<T>),
    Add(i64),
    Sum(RpcReplyPort<i64>),
}

impl<T: Echoed> Actor for Echo<T> {
    type Msg = Message<T>;
    type State = i64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Message<T>>, (): ()) -> Result<i64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Message<T>>,
        message: Message<T>,
        sum: &mut i64,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            Message::Echo(payload, reply) => reply.send(payload)?,
            Message::Add(number) => *sum += number,
            Message::Sum(reply) => reply.send(*sum)?,
        }
        Ok(())
    }
}

async fn start<T: Echoed>() -> ActorRef<Message<T>> {
    let actor = Actor::spawn(None, Echo(std::marker::PhantomData), ()).await;
    actor.expect("the actor starts").0
}

/// One caller, one actor. `payload` may have the actor's id in it.
pub async fn seq<T: Echoed>(payload: fn(ActorId) -> T, calls: u64) -> Duration {
    let server = start().await;
    let payload = payload(server.get_id());
    let caller = server.clone();
    let calling = tokio::spawn(async move {
        time_calls!(payload, calls, sent =>
            call!(caller, Message::Echo, sent).expect("the actor answers"))
    });
    let time = calling.await.expect("the caller does not panic");
    server.stop(None);
    time
}

/// Callers and actors, in pairs.
pub async fn par(calls: u64) -> Duration {
    let mut servers = Vec::new();
    for _ in 0..CALLERS {
        servers.push(start::<i64>().await);
    }
    let time = side_by_side(servers.iter().cloned().map(|server| async move {
        time_calls!(0_i64, calls / CALLERS, sent =>
            call!(server, Message::Echo, sent).expect("the actor answers"))
    }))
    .await;
    servers.iter().for_each(|server| server.stop(None));
    time
}

/// One sender, one actor that adds up.
pub async fn cast(casts: u64) -> Duration {
    let server = start::<i64>().await;
    let sender = server.clone();
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        for number in 0..casts as i64 {
            sender.cast(Message::Add(number)).expect("the actor lives");
        }
        call!(sender, Message::Sum).expect("the actor answers")
    });
    let sum = sending.await.expect("the sender does not panic");
    let time = start.elapsed();
    assert_eq!(sum, sum_of(casts));
    server.stop(None);
    time
}

/// Actors, until all run.
pub async fn spawn(count: u64) -> (Duration, Actors) {
    let start_time = Instant::now();
    let actors = tokio::spawn(async move {
        let mut actors = Vec::new();
        for _ in 0..count {
            actors.push(start::<i64>().await);
        }
        actors
    });
    let actors = actors.await.expect("the starter does not panic");
    (start_time.elapsed(), Actors(actors))
}

/// Actors that end when this is dropped.
pub struct Actors(Vec<ActorRef<Message<i64>>>);

impl std::fmt::Debug for Actors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Actors").field(&self.0.len()).finish()
    }
}

impl Drop for Actors {
    fn drop(&mut self) {
        for actor in &self.0 {
            actor.stop(None);
        }
    }
}
