//! Channels and tasks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::measure::CALLERS;
use crate::payload::{Echoed, sum_of, time_calls};
use crate::peers::{Started, side_by_side};

type Requests<T> = mpsc::UnboundedSender<(T, oneshot::Sender<T>)>;

/// A task that echoes: an mpsc channel to it, a oneshot channel back.
fn echo<T: Echoed>() -> Requests<T> {
    let (requests, mut inbox) = mpsc::unbounded_channel::<(T, oneshot::Sender<T>)>();
    tokio::spawn(async move {
        while let Some((payload, reply)) = inbox.recv().await {
            // The caller waits for it.
            let _ = reply.send(payload);
        }
    });
    requests
}

async fn call<T: Echoed>(server: &Requests<T>, payload: T) -> T {
    let (reply, answer) = oneshot::channel();
    let sent = server.send((payload, reply));
    sent.expect("the echo task lives");
    answer.await.expect("the echo task answers")
}

/// One caller, one task that echoes.
pub async fn seq<T: Echoed>(payload: T, calls: u64) -> Duration {
    let server = echo();
    tokio::spawn(async move { time_calls!(payload, calls, sent => call(&server, sent).await) })
        .await
        .expect("the caller does not panic")
}

/// Callers and tasks that echo, in pairs.
pub async fn par<T: Echoed>(payload: T, calls: u64) -> Duration {
    side_by_side((0..CALLERS).map(|_| {
        let (server, payload) = (echo(), payload.clone());
        async move { time_calls!(payload, calls / CALLERS, sent => call(&server, sent).await) }
    }))
    .await
}

/// One sender, one receiver that adds up.
pub async fn cast(casts: u64) -> Duration {
    let (numbers, mut inbox) = mpsc::unbounded_channel::<i64>();
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(number) = inbox.recv().await {
            sum += number;
        }
        sum
    });
    let start = Instant::now();
    tokio::spawn(async move {
        for number in 0..casts as i64 {
            numbers.send(number).expect("the receiver lives");
        }
    })
    .await
    .expect("the sender does not panic");
    let sum = sum.await.expect("the receiver does not panic");
    let time = start.elapsed();
    assert_eq!(sum, sum_of(casts));
    time
}

/// Tasks that wait at a channel each, until all do; and the other ends of the channels.
pub async fn spawn(count: u64) -> (Duration, Vec<mpsc::UnboundedSender<i64>>) {
    let started = Arc::new(Started::default());
    started.expect(count);
    let start = Instant::now();
    let channels = tokio::spawn({
        let started = Arc::clone(&started);
        async move {
            let task = |_| {
                let (numbers, mut inbox) = mpsc::unbounded_channel::<i64>();
                let started = Arc::clone(&started);
                tokio::spawn(async move {
                    started.one();
                    let mut sum = 0;
                    while let Some(number) = inbox.recv().await {
                        sum += number;
                    }
                    sum
                });
                numbers
            };
            (0..count).map(task).collect()
        }
    });
    let channels = channels.await.expect("the starter does not panic");
    started.all().await;
    (start.elapsed(), channels)
}
