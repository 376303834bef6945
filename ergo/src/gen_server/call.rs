//! One call, from the request to its answer.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};

use super::call_error::CallError;
use super::exchange::{DecodeFn, Exchange};
use super::message::Message;
use super::pending::Pending;
use super::reply::{LocalCall, ReplyTo};
use super::server_ref::ServerRef;
use crate::etf::{Decode, Encoded};
use crate::process::{Deadline, LEAST_DEADLINE, LocalNode};

/// How long a call waits unless told otherwise: OTP's 5 seconds.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

pin_project! {
    /// A call that is made when it is awaited.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use ergo::gen_server::{Call, CallError, Message};
    /// # async fn example<M: Message>(call: Call<'_, M, i64>) -> Result<(), CallError> {
    /// let answer = call.timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "a call is made when it is awaited"]
    #[project = CallProjection]
    pub struct Call<'a, M: Message, T> {
        server: &'a ServerRef<M>,
        timeout: Option<Duration>,
        // `None` once it was sent on its own.
        exchange: Option<Exchange<M, T>>,
        time: Time,
    }

    impl<M: Message, T> PinnedDrop for Call<'_, M, T> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(exchange) = this.exchange {
                exchange.abandon(this.server);
            }
        }
    }
}

impl<M: Message, T> std::fmt::Debug for Call<'_, M, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("server", self.server)
            .finish_non_exhaustive()
    }
}

/// The time of a call, from its first wait on.
enum Time {
    NotRunning,
    /// Long enough for the coarse clock.
    Coarse(Deadline),
    /// In a box: a call is moved about, and few need it.
    Exact(Pin<Box<Sleep>>),
}

impl Time {
    /// Whether it is over. Otherwise the task is woken when it is.
    #[inline]
    fn is_over(&mut self, timeout: Duration, node: &LocalNode, cx: &mut Context<'_>) -> bool {
        match self {
            Time::NotRunning if timeout >= LEAST_DEADLINE => {
                *self = Time::Coarse(node.deadlines().begin(cx.waker()));
                false
            }
            Time::NotRunning => {
                let mut sleep = Box::pin(sleep(timeout));
                let over = sleep.as_mut().poll(cx).is_ready();
                *self = Time::Exact(sleep);
                over
            }
            Time::Coarse(deadline) => deadline.is_over(node.deadlines(), timeout, cx.waker()),
            Time::Exact(sleep) => sleep.as_mut().poll(cx).is_ready(),
        }
    }
}

impl<M: Message> ServerRef<M> {
    /// A call: `make` puts the right to answer into the message. Nothing is sent before the call is
    /// awaited.
    pub fn call<T: Decode>(&self, make: impl FnOnce(ReplyTo<T>) -> M) -> Call<'_, M, T> {
        self.new_call(make, Some(Encoded::decode::<T>))
    }

    /// A call whose answer only this program can give: `#[call(local)]`. To a server elsewhere it
    /// fails with [`CallError::LocalOnly`].
    pub fn call_local<T>(&self, make: impl FnOnce(ReplyTo<T>) -> M) -> Call<'_, M, T> {
        self.new_call(make, None)
    }

    #[inline]
    fn new_call<T>(
        &self,
        make: impl FnOnce(ReplyTo<T>) -> M,
        decode: Option<DecodeFn<T>>,
    ) -> Call<'_, M, T> {
        // The answer of another node has a place of its own.
        let call = (!self.is_on_another_node()).then(LocalCall::begin);
        let message = make(ReplyTo::local(call.clone()));
        Call::new(self, Exchange::new(message, call, decode))
    }
}

impl<'a, M: Message, T> Call<'a, M, T> {
    fn new(server: &'a ServerRef<M>, exchange: Exchange<M, T>) -> Call<'a, M, T> {
        Call {
            server,
            timeout: Some(DEFAULT_TIMEOUT),
            exchange: Some(exchange),
            time: Time::NotRunning,
        }
    }

    /// Waits at most this long, in place of 5 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Waits as long as it takes. In Erlang: the timeout `infinity`.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    /// How long it waits.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.timeout
    }
}

impl<M: Message, T: Send + 'static> Call<'_, M, T> {
    /// Sends the request now, and gives what the answer is waited for with, now or later: several
    /// requests can be on their way at once. The call's timeout does not matter. In Erlang:
    /// `gen_server:send_request(Server, Request)`.
    ///
    /// What is wrong, a server that is not there too, is said where the answer is waited for.
    ///
    /// ```no_run
    /// # use ergo::gen_server::{CallError, ServerRef, Request};
    /// # use ergo::prelude::*;
    /// # struct Kv;
    /// # #[gen_server]
    /// # impl Kv {
    /// #     #[init] fn init() -> Self { Kv }
    /// #     #[call] fn get(&self, key: u8) -> i64 { 0 }
    /// # }
    /// # async fn example(kv: KvRef, other: KvRef) -> Result<(), CallError> {
    /// let (a, b) = (kv.get(1).send(), other.get(1).send());
    /// let sum = a.await? + b.await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(mut self) -> Pending<M, T> {
        match self.exchange.take() {
            Some(exchange) => Pending::send(self.server.clone(), exchange),
            None => unreachable!("a call is sent on its own once"),
        }
    }
}

impl<M: Message, T: Send + 'static> Future for Call<'_, M, T> {
    type Output = Result<T, CallError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(exchange) = this.exchange else {
            return Poll::Pending;
        };
        if exchange.is_unsent() && this.server.is_calling_itself() {
            exchange.abandon(this.server);
            return Poll::Ready(Err(CallError::CallingSelf));
        }
        if let Poll::Ready(result) = exchange.poll_answer(this.server, cx) {
            return Poll::Ready(result);
        }
        match *this.timeout {
            Some(timeout) if this.time.is_over(timeout, this.server.node(), cx) => {
                exchange.abandon(this.server);
                Poll::Ready(Err(CallError::Timeout))
            }
            _ => Poll::Pending,
        }
    }
}
