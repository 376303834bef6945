//! Requests that were sent and whose answers are waited for later.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use tokio::time::timeout;

use super::call_error::CallError;
use super::exchange::Exchange;
use super::{Message, ServerRef};

/// A request that was sent, see [`Call::send`](super::Call::send); awaited, it gives the answer, as
/// long as that takes. In Erlang: what `gen_server:send_request/2` returns.
///
/// Dropped, it is abandoned: an answer that comes later is dropped, too.
///
/// | Erlang | here |
/// |---|---|
/// | `receive_response(Id)`, `wait_response(Id, infinity)` | `pending.await` |
/// | `wait_response(Id, Time)` | [`Pending::wait`] |
/// | `receive_response(Id, Time)` | [`Pending::receive`] |
/// | `check_response(Message, Id)` | [`Pending::check`] |
/// | `reqids_new/0`, `send_request/4`, … | [`Requests`] |
#[must_use = "dropped, the request's answer is dropped, too"]
pub struct Pending<M: Message, T> {
    server: ServerRef<M>,
    exchange: Exchange<M, T>,
    /// Why it could not even be sent.
    failed: Option<CallError>,
}

impl<M: Message, T: Send + 'static> Pending<M, T> {
    pub(super) fn send(server: ServerRef<M>, mut exchange: Exchange<M, T>) -> Pending<M, T> {
        let failed = exchange.send(&server).err();
        Pending {
            server,
            exchange,
            failed,
        }
    }

    /// Waits for the answer so long; `None` if it has not come, and may be waited for again. In
    /// Erlang: `gen_server:wait_response(Id, Time)`.
    pub async fn wait(&mut self, time: Duration) -> Option<Result<T, CallError>> {
        timeout(time, self).await.ok()
    }

    /// Waits for the answer so long, and abandons the request then. In Erlang:
    /// `gen_server:receive_response(Id, Time)`.
    ///
    /// # Errors
    ///
    /// As of a call; [`CallError::Timeout`] when the time is over.
    pub async fn receive(mut self, time: Duration) -> Result<T, CallError> {
        self.wait(time).await.unwrap_or(Err(CallError::Timeout))
    }

    /// The answer, if it has come. In Erlang: `gen_server:check_response(Message, Id)`.
    pub fn check(&mut self) -> Option<Result<T, CallError>> {
        match Pin::new(self).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => Some(result),
            Poll::Pending => None,
        }
    }
}

// Nothing in it is ever pinned.
impl<M: Message, T> Unpin for Pending<M, T> {}

impl<M: Message, T: Send + 'static> Future for Pending<M, T> {
    type Output = Result<T, CallError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(error) = this.failed.take() {
            return Poll::Ready(Err(error));
        }
        this.exchange.poll_answer(&this.server, cx)
    }
}

impl<M: Message, T> Drop for Pending<M, T> {
    fn drop(&mut self) {
        self.exchange.abandon(&self.server);
    }
}

impl<M: Message, T> fmt::Debug for Pending<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pending").field(&self.server).finish()
    }
}

/// Requests on their way, each under a label, to servers of any type that answer alike. In Erlang:
/// a request id collection (`gen_server:reqids_new/0`).
///
/// ```no_run
/// # use ergo::gen_server::{CallError, Requests};
/// # use ergo::prelude::*;
/// # struct Kv;
/// # #[gen_server]
/// # impl Kv {
/// #     #[init] fn init() -> Self { Kv }
/// #     #[call] fn get(&self, key: u8) -> i64 { 0 }
/// # }
/// # async fn example(servers: Vec<KvRef>) {
/// let mut requests = Requests::new();
/// for (number, kv) in servers.iter().enumerate() {
///     requests.add(number, kv.get(1).send());
/// }
/// while let Some((number, answer)) = requests.next().await {
///     println!("{number}: {answer:?}");
/// }
/// # }
/// ```
///
/// Dropped, it abandons the requests that are left. A time for all of them is
/// `tokio::time::timeout(time, requests.next())`, after which they can be waited for again.
pub struct Requests<L, T> {
    entries: HashMap<u64, Entry<L, T>, foldhash::fast::RandomState>,
    next: u64,
    ready: Arc<Ready>,
}

struct Entry<L, T> {
    label: L,
    answer: Pin<Box<dyn Future<Output = Result<T, CallError>> + Send>>,
    waker: Waker,
}

/// Which requests may have an answer.
#[derive(Default)]
struct Ready(Mutex<Woken>);

#[derive(Default)]
struct Woken {
    numbers: Vec<u64>,
    waiting: Option<Waker>,
}

impl Ready {
    fn lock(&self) -> MutexGuard<'_, Woken> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Wakes one request.
struct Alarm {
    number: u64,
    ready: Arc<Ready>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        let mut woken = self.ready.lock();
        woken.numbers.push(self.number);
        let waiting = woken.waiting.take();
        drop(woken);
        if let Some(waker) = waiting {
            waker.wake();
        }
    }
}

impl<L, T> Requests<L, T> {
    /// None yet. In Erlang: `gen_server:reqids_new()`.
    pub fn new() -> Requests<L, T> {
        Requests {
            entries: HashMap::default(),
            next: 0,
            ready: Arc::default(),
        }
    }

    /// How many answers are to come. In Erlang: `gen_server:reqids_size(Ids)`.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is to come.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The labels of the requests, in no order. In Erlang: of `gen_server:reqids_to_list(Ids)`.
    pub fn labels(&self) -> impl Iterator<Item = &L> {
        self.entries.values().map(|entry| &entry.label)
    }

    /// The next answer that comes, with its label; `None` (`no_request`) if there are no requests.
    /// In Erlang: `gen_server:wait_response(Ids, infinity, true)`.
    pub async fn next(&mut self) -> Option<(L, Result<T, CallError>)> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(L, Result<T, CallError>)>> {
        loop {
            if self.entries.is_empty() {
                return Poll::Ready(None);
            }
            let mut woken = self.ready.lock();
            let Some(number) = woken.numbers.pop() else {
                woken.waiting = Some(cx.waker().clone());
                return Poll::Pending;
            };
            drop(woken);
            let Some(entry) = self.entries.get_mut(&number) else {
                continue;
            };
            let waker = entry.waker.clone();
            let answer = entry.answer.as_mut();
            if let Poll::Ready(result) = answer.poll(&mut Context::from_waker(&waker)) {
                let entry = self.entries.remove(&number);
                return Poll::Ready(entry.map(|entry| (entry.label, result)));
            }
        }
    }
}

impl<L, T: Send + 'static> Requests<L, T> {
    /// Adds a request. In Erlang: `gen_server:reqids_add(Id, Label, Ids)`.
    pub fn add<M: Message>(&mut self, label: L, pending: Pending<M, T>) {
        let number = self.next;
        self.next += 1;
        let alarm = Alarm {
            number,
            ready: Arc::clone(&self.ready),
        };
        let entry = Entry {
            label,
            answer: Box::pin(pending),
            waker: Arc::new(alarm).into(),
        };
        entry.waker.wake_by_ref();
        self.entries.insert(number, entry);
    }
}

impl<L, T> Default for Requests<L, T> {
    fn default() -> Requests<L, T> {
        Requests::new()
    }
}

impl<L: fmt::Debug, T> fmt::Debug for Requests<L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.labels()).finish()
    }
}
