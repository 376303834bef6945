//! A client on one node, servers on another.

use std::time::{Duration, Instant};

use ergo::prelude::*;

use super::servers::{EchoRef, KeeperRef, TakeRef};
use crate::payload::{Payload, sum_of, time_calls};
use crate::peers::side_by_side;

/// Has the keeper of `there` start servers, whose payload has a pid of this node in it.
async fn servers<T: Payload>(here: &Node, there: &str, count: u64) -> (Vec<Pid>, T) {
    let own = here.whereis("keeper").expect("every node has one");
    let keeper = KeeperRef::named(here, "keeper", there);
    let started = keeper
        .start_servers(T::KIND.into(), count, own)
        .no_timeout()
        .await;
    (started.expect("the keeper starts them"), T::sample(own))
}

/// Callers side by side, each with an echo server of its own.
pub async fn echo<T: Payload>(here: Node, there: String, callers: u64, calls: u64) -> Duration {
    let (servers, payload) = servers::<T>(&here, &there, callers).await;
    side_by_side(servers.into_iter().map(|pid| {
        let (server, payload) = (EchoRef::<T>::from_pid(&here, pid), payload.clone());
        async move {
            time_calls!(payload, calls / callers, sent =>
                server.echo(sent).await.expect("the server answers"))
        }
    }))
    .await
}

/// Callers side by side, each with a server of its own that answers `ok`.
pub async fn take<T: Payload>(here: Node, there: String, callers: u64, calls: u64) -> Duration {
    let (servers, payload) = servers::<T>(&here, &there, callers).await;
    side_by_side(servers.into_iter().map(|pid| {
        let (server, payload) = (TakeRef::<T>::from_pid(&here, pid), payload.clone());
        async move {
            for _ in 0..calls / callers {
                let taken = server.take(payload.clone()).await;
                taken.expect("the server expects it");
            }
        }
    }))
    .await
}

/// One sender, one server, until all casts are handled.
pub async fn cast(here: Node, there: String, casts: u64) -> Duration {
    let (servers, _) = servers::<i64>(&here, &there, 1).await;
    let server = EchoRef::<i64>::from_pid(&here, servers[0]);
    let sending = tokio::spawn(async move {
        let begin = Instant::now();
        for number in 0..casts as i64 {
            server.add(number);
        }
        let sum = server.sum().no_timeout().await;
        (begin.elapsed(), sum.expect("the server answers"))
    });
    let (time, sum) = sending.await.expect("the sender does not panic");
    assert_eq!(sum, sum_of(casts));
    time
}
