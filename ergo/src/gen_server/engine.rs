//! The loop of a server: one message at a time, each decoded where it is handled.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::sync::oneshot;
use tokio::task::{coop, yield_now};
use tokio::time::{Instant, timeout};

use super::turn::{Holder, Turn};
use super::unknown::{Opened, deal_with, open};
use super::{Context, InitError, Message, Next, Reason, Server, StartError, system};
use crate::etf::{Encode, Encoded};
use crate::process::{CatchPanics, Envelope, Process, catch_panic, catch_panics, encoded_atom};
use crate::term::{Atom, Pid};

/// What `init` came to, if not to an error.
pub(super) enum Started {
    Running,
    /// It said `ignore`.
    Ignored,
    /// What was to be done before it was not done.
    Refused(StartError),
}

/// The link to the starter while `init` runs. If the process ends before it has started, whatever
/// the cause, a starter that traps exits hears of it by the result of the start alone: it gets no
/// `'EXIT'` beside it (so since OTP 26). One that does not gets its exit signal.
struct StartLink<M> {
    ends: Option<(Arc<Process<M>>, Pid)>,
}

impl<M: Message> StartLink<M> {
    fn of<S: Server<Message = M>>(ctx: &Context<S>) -> StartLink<M> {
        let parent = ctx.linked_parent();
        StartLink {
            ends: parent.map(|parent| (Arc::clone(&ctx.process), parent)),
        }
    }

    /// The server has started.
    fn keep(mut self) {
        self.ends = None;
    }
}

impl<M> Drop for StartLink<M> {
    fn drop(&mut self) {
        let Some((child, parent)) = &self.ends else {
            return;
        };
        let node = &child.core.node;
        let parent = node.process(parent);
        if let Some(parent) = parent.filter(|parent| parent.core().traps_exit()) {
            node.unlink(&child.core, parent.core().pid);
        }
    }
}

/// The body of a server's process: from `init` to the reason of its end.
// An async function would keep its arguments beside what it moves them to, for life.
#[allow(clippy::manual_async_fn)]
pub(super) fn serve<S: Server>(
    ctx: Context<S>,
    args: S::Args,
    started: oneshot::Sender<Started>,
) -> impl Future<Output = Reason> + Send {
    let mut holder = Holder::new(ctx);
    async move {
        let turn = holder.turn();
        let link = StartLink::of(&turn.ctx);
        // In all of this the starter may have gone; the server lives on, as in OTP.
        match S::init(args, &mut turn.ctx).await {
            Ok(server) => turn.server = Some(server),
            Err(error) => {
                if error == InitError::Ignore {
                    let _ = started.send(Started::Ignored);
                }
                return error.into_reason();
            }
        }
        link.keep();
        let _ = started.send(Started::Running);
        // Here, and not in a function of its own: its future would take room in each server's task.
        let reason = loop {
            let done = {
                let doing = pin!({
                    let step = match holder.waits_plainly() {
                        true => poll_fn(|cx| poll_step(&mut holder, cx)).await,
                        // Boxed, as is all that is rare and large.
                        false => Box::pin(late_step(&mut holder)).await,
                    };
                    Doing::new(step, holder.turn())
                });
                doing.await
            };
            match done {
                Done::Handled(next) => {
                    let turn = holder.turn();
                    turn.note_handled();
                    turn.wait = match next {
                        Next::Stop(reason) => break reason,
                        Next::Continue => Wait::AsLongAsItTakes,
                        Next::Hibernate => Wait::Hibernating,
                        Next::Timeout(time) => Wait::AtMost(time),
                    };
                }
                Done::End(reason) => break reason,
                Done::Yield => yield_now().await,
                Done::Resume => holder.turn().ctx.process.core.resumed().await,
                Done::Suspend => {
                    if let Err(reason) = Box::pin(suspended(&mut holder)).await {
                        break reason;
                    }
                }
            }
        };
        let (server, ctx) = holder.turn().parts();
        server.terminate(&reason, ctx).await;
        if let Some(action) = ctx.take_after_terminate() {
            action();
        }
        reason
    }
}

/// The same, after something that is to be done before `init`.
pub(super) async fn serve_after<S: Server>(
    preparing: impl Future<Output = Result<(), StartError>>,
    ctx: Context<S>,
    args: S::Args,
    started: oneshot::Sender<Started>,
) -> Reason {
    if let Err(error) = preparing.await {
        if let Some(parent) = ctx.linked_parent() {
            let core = &ctx.process.core;
            core.node.unlink(core, parent);
        }
        let _ = started.send(Started::Refused(error));
        return Reason::Normal;
    }
    serve(ctx, args, started).await
}

/// How a server waits for its next message.
#[derive(Clone, Copy)]
pub(super) enum Wait {
    AsLongAsItTakes,
    Hibernating,
    AtMost(Duration),
}

/// What cannot be done between two looks into the mailbox.
pub(super) enum Step<M> {
    /// A message whose handler may wait.
    Handle(M),
    Done(Done),
}

/// What a step comes to.
pub(super) enum Done {
    /// A message was handled. The server's reasons to go on or to end are in what it said.
    Handled(Next),
    /// It waits a moment: many messages came in a row. Whoever sent so much is likely to go on. To
    /// look again in a moment costs less than to be woken, and then there is more at once.
    Yield,
    /// It waits for links to which it has sent.
    Resume,
    /// `sys` has suspended it.
    Suspend,
    End(Reason),
}

impl<M> From<Done> for Step<M> {
    fn from(done: Done) -> Step<M> {
        Step::Done(done)
    }
}

pin_project! {
    /// A step that is taken.
    #[project = DoingProjection]
    enum Doing<F> {
        Handling { #[pin] handler: CatchPanics<F> },
        Done { done: Option<Done> },
    }
}

impl Doing<std::future::Pending<Next>> {
    fn new<S: Server>(
        step: Step<S::Message>,
        turn: &mut Turn<S>,
    ) -> Doing<impl Future<Output = Next> + Send> {
        match step {
            Step::Handle(message) => {
                let (server, ctx) = turn.parts();
                Doing::Handling {
                    handler: catch_panics(server.handle(message, ctx)),
                }
            }
            Step::Done(done) => Doing::Done { done: Some(done) },
        }
    }
}

impl<F: Future<Output = Next>> Future for Doing<F> {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Done> {
        match self.project() {
            // A panic in a handler is a reason to end.
            DoingProjection::Handling { handler } => {
                handler.poll(cx).map(|handled| match handled {
                    Ok(next) => Done::Handled(next),
                    Err(reason) => Done::End(reason),
                })
            }
            DoingProjection::Done { done } => done.take().map_or(Poll::Pending, Poll::Ready),
        }
    }
}

/// Handles messages as long as that needs no waiting: this is all that most servers ever do.
fn poll_step<S: Server>(
    holder: &mut Holder<S>,
    cx: &mut task::Context<'_>,
) -> Poll<Step<S::Message>> {
    // Who has it wakes the task if there is something to do.
    let Some(turn) = holder.claim() else {
        return Poll::Pending;
    };
    if let Some(left) = turn.take_left() {
        return Poll::Ready(left);
    }
    let step = poll_steps(turn, cx);
    turn.ctx.inbox.publish(&turn.ctx.process.mailbox);
    if step.is_pending() {
        holder.leave();
    }
    step
}

fn poll_steps<S: Server>(turn: &mut Turn<S>, cx: &mut task::Context<'_>) -> Poll<Step<S::Message>> {
    loop {
        turn.note_look();
        let (server, ctx) = turn.parts();
        if ctx.process.core.is_to_wait() {
            return Poll::Ready(Done::Resume.into());
        }
        if ctx.inbox.is_in_a_burst() {
            return Poll::Ready(Done::Yield.into());
        }
        let mut next = match ctx.next_continued() {
            Some(message) => Some(Envelope::Typed(message)),
            None => Some(ready!(poll_envelope(ctx, cx))),
        };
        let mut step = None;
        if matches!(next, Some(Envelope::Typed(_))) && ctx.debug.is_none() {
            handle_now(server, ctx, &mut next, &mut step);
        } else if let Some(envelope) = next {
            step = poll_rare(server, ctx, envelope);
        }
        if let Some(step) = step {
            return Poll::Ready(step);
        }
    }
}

/// Handles a message of its own type, if that needs no waiting. What comes of it is in `step` unless
/// the server just goes on.
///
/// The message is handed over in place, and so is `step`: to move either about would take longer
/// than all the rest.
#[inline(never)]
pub(super) fn handle_now<S: Server>(
    server: &mut S,
    ctx: &mut Context<S>,
    envelope: &mut Option<Envelope<S::Message>>,
    step: &mut Option<Step<S::Message>>,
) {
    let handled = catch_panic(|| {
        let Some(Envelope::Typed(message)) = envelope.take() else {
            return;
        };
        match server.handle_now(message, ctx) {
            Ok(Next::Continue) => {}
            Ok(next) => *step = Some(Done::Handled(next).into()),
            Err(message) => *step = Some(Step::Handle(message)),
        }
    });
    if let Err(reason) = handled {
        *step = Some(Done::End(reason).into());
    }
}

/// The same for any envelope, and under the eyes of `sys`.
#[inline(never)]
fn poll_rare<S: Server>(
    server: &mut S,
    ctx: &mut Context<S>,
    envelope: Envelope<S::Message>,
) -> Option<Step<S::Message>> {
    match take(server, ctx, envelope) {
        Taken::Message(message) => {
            let mut step = None;
            handle_now(server, ctx, &mut Some(Envelope::Typed(message)), &mut step);
            if step.is_none() && ctx.debug.is_some() {
                step = Some(Done::Handled(Next::Continue).into());
            }
            step
        }
        Taken::End(reason) => Some(Done::End(reason).into()),
        _ if system::is_suspended(ctx) => Some(Done::Suspend.into()),
        _ => None,
    }
}

/// The same for one that hibernates, or will not wait for ever: of the next message.
async fn late_step<S: Server>(holder: &mut Holder<S>) -> Step<S::Message> {
    let (server, ctx, wait) = holder.turn().all_parts();
    // How much of the time is over.
    let mut passed = Duration::ZERO;
    loop {
        ctx.process.core.resumed().await;
        let taken = match (ctx.next_continued(), *wait) {
            (Some(message), _) => Taken::Message(message),
            (None, Wait::AtMost(time)) => {
                let envelope = next_within(ctx, time, &mut passed).await;
                take(server, ctx, envelope)
            }
            (None, still) => {
                if let Wait::Hibernating = still {
                    ctx.inbox.shrink(&ctx.process.mailbox);
                }
                let envelope = poll_fn(|cx| poll_envelope(ctx, cx)).await;
                take(server, ctx, envelope)
            }
        };
        ctx.inbox.publish(&ctx.process.mailbox);
        match &taken {
            // As after a `handle_info` that ignores it.
            Taken::Dropped => *wait = Wait::AsLongAsItTakes,
            // As in OTP, the time begins anew.
            Taken::System => passed = Duration::ZERO,
            _ => {}
        }
        match taken {
            Taken::Message(message) => return Step::Handle(message),
            Taken::End(reason) => return Done::End(reason).into(),
            _ if system::is_suspended(ctx) => return Done::Suspend.into(),
            _ => {}
        }
    }
}

/// What becomes of an envelope.
enum Taken<M> {
    /// A handler's.
    Message(M),
    /// It fits no handler and was dealt with.
    Dropped,
    /// A request of `sys`, which no handler sees.
    System,
    /// A signal that was taken back.
    Gone,
    /// The server ends.
    End(Reason),
}

/// The next envelope, or after that time, of which a part is over, a `timeout`.
async fn next_within<S: Server>(
    ctx: &mut Context<S>,
    time: Duration,
    passed: &mut Duration,
) -> Envelope<S::Message> {
    let began = Instant::now();
    let within = next_envelope_within(ctx, time.saturating_sub(*passed)).await;
    *passed += began.elapsed();
    within.unwrap_or_else(|| {
        ctx.inbox.stop_waiting(&ctx.process.mailbox);
        Envelope::Wire(Box::new(encoded_atom(Atom::TIMEOUT)))
    })
}

/// Serves `sys`, and what ends the server, until it is resumed; all else waits in the mailbox.
async fn suspended<S: Server>(holder: &mut Holder<S>) -> Result<(), Reason> {
    let (server, ctx) = holder.turn().parts();
    let mut looked_at = 0;
    while system::is_suspended(ctx) {
        coop::consume_budget().await;
        ctx.process.core.resumed().await;
        let (parent, budget) = (ctx.linked_parent(), *ctx.node().budget());
        let wanted = |envelope: &Envelope<S::Message>| match envelope {
            Envelope::Wire(encoded) => system::is_request(encoded, &budget),
            Envelope::Exit(exit) => parent == Some(exit.from),
            Envelope::Stop(_) => true,
            Envelope::Typed(_) | Envelope::Down(_) => false,
        };
        let envelope = poll_fn(|_| {
            let found = ctx
                .inbox
                .next_wanted(&ctx.process.mailbox, &mut looked_at, wanted);
            found.map_or(Poll::Pending, Poll::Ready)
        })
        .await;
        if let Taken::End(reason) = take(server, ctx, envelope) {
            return Err(reason);
        }
    }
    Ok(())
}

#[inline(never)]
fn take<S: Server>(
    server: &S,
    ctx: &mut Context<S>,
    envelope: Envelope<S::Message>,
) -> Taken<S::Message> {
    if ctx.debug.is_some() {
        system::note_arrived(ctx, &envelope);
    }
    match envelope {
        Envelope::Typed(message) => Taken::Message(message),
        Envelope::Wire(encoded) => take_wire(server, ctx, &encoded),
        // Taken back meanwhile: not to be seen.
        Envelope::Down(down) if !ctx.accepts(&down.reference) => Taken::Gone,
        Envelope::Down(down) => S::Message::from_down(down.open(ctx.node().budget()))
            .map_or_else(|down| take_signal(server, ctx, &down), Taken::Message),
        // As in OTP, a server ends with its parent even if it traps exits.
        Envelope::Exit(exit) if ctx.linked_parent() == Some(exit.from) => {
            Taken::End(exit.open(ctx.node().budget()).reason)
        }
        Envelope::Exit(exit) => S::Message::from_exit(exit.open(ctx.node().budget()))
            .map_or_else(|exit| take_signal(server, ctx, &exit), Taken::Message),
        Envelope::Stop(reason) => Taken::End(*reason),
    }
}

/// A signal without a handler of its own is an info like others: a term.
fn take_signal<S: Server>(
    server: &S,
    ctx: &mut Context<S>,
    signal: &(impl Encode + std::fmt::Debug),
) -> Taken<S::Message> {
    match Encoded::from_value(signal) {
        Ok(encoded) => take_wire(server, ctx, &encoded),
        Err(error) => {
            tracing::warn!(target: "ergo::gen_server", ?signal, %error, "signal without a handler dropped");
            Taken::Dropped
        }
    }
}

fn take_wire<S: Server>(server: &S, ctx: &mut Context<S>, encoded: &Encoded) -> Taken<S::Message> {
    match open(ctx, encoded) {
        Opened::Message(message) => Taken::Message(message),
        Opened::System(caller, request) => match system::serve(server, ctx, &caller, &request) {
            Some(reason) => Taken::End(reason),
            None => Taken::System,
        },
        Opened::Unknown(unknown) => match deal_with::<S>(ctx, unknown) {
            Some(reason) => Taken::End(reason),
            None => Taken::Dropped,
        },
    }
}

/// The next envelope.
#[inline]
fn poll_envelope<S: Server>(
    ctx: &mut Context<S>,
    cx: &mut task::Context<'_>,
) -> Poll<Envelope<S::Message>> {
    // It handles no more once it is to end; who says so wakes it, and so does who sends: the task's
    // waker is known to the process since its first poll.
    if ctx.process.core.is_interrupted() || ctx.inbox.has_none(&ctx.process.mailbox) {
        return Poll::Pending;
    }
    // A mailbox that is never empty must not keep the worker thread from other tasks.
    let progress = ready!(coop::poll_proceed(cx));
    let Some(envelope) = ctx.inbox.next_in_row(&ctx.process.mailbox) else {
        return Poll::Pending;
    };
    progress.made_progress();
    Poll::Ready(envelope)
}

/// What is in the mailbox already comes before the end of the time, even of a time of zero.
async fn next_envelope_within<S: Server>(
    ctx: &mut Context<S>,
    after: Duration,
) -> Option<Envelope<S::Message>> {
    coop::consume_budget().await;
    let envelope = poll_fn(|cx| poll_envelope(ctx, cx));
    timeout(after, envelope).await.ok()
}
