//! How a handler answers, with what it has of its own process.

use super::{Caller, Context, Next, Reply, ReplyTo, Server, system};

impl<T> ReplyTo<T> {
    /// Who is to be answered.
    pub fn caller<S: Server>(&self, ctx: &Context<S>) -> Caller {
        self.caller_of(ctx.pid(), ctx.node())
    }
}

impl<T: Send + 'static> ReplyTo<T> {
    /// Answers, and the server goes on: what most handlers come to.
    #[inline]
    pub fn settle_with<S: Server>(self, value: T, ctx: &mut Context<S>) -> Next {
        match ctx.debug {
            None => self.send(value),
            Some(_) => return self.settle(Reply::new(value), ctx),
        }
        Next::Continue
    }

    /// Answers with a [`Reply`] and says what the server does next. If it stops, the answer leaves
    /// after `terminate` has run, as in OTP.
    pub fn settle<S: Server>(self, reply: Reply<T>, ctx: &mut Context<S>) -> Next {
        let (value, next) = reply.into_parts();
        if ctx.debug.is_some() {
            let from = self.caller(ctx);
            system::note_reply(ctx, &from, self.shown(&value));
        }
        match &next {
            Next::Stop(_) => ctx.after_terminate(move || self.send(value)),
            _ => self.send(value),
        }
        next
    }
}
