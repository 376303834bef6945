//! Closures and functions as offered functions.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;

use super::Context;
use super::answer::{Answer, Answered};
use super::arguments::{FromArguments, Names};
use crate::etf::{DecodeError, Decoder};

/// A function or closure that other nodes may call: `Fn` of up to twelve terms, async or not, with the
/// [`Context`] in front of them where it needs it. What it returns is an [`Answer`].
///
/// `Kind` tells apart what the compiler cannot: it follows from the function.
///
/// ```
/// use ergo::Term;
/// use ergo::rpc::{Context, Module};
///
/// let lists = Module::new("lists")
///     .function("reverse", |mut list: Vec<Term>| {
///         list.reverse();
///         list
///     })
///     .function("me", async |ctx: Context| ctx.pid());
/// ```
#[diagnostic::on_unimplemented(
    message = "other nodes cannot call this function",
    label = "the arguments and the result must be terms that are owned",
    note = "arguments are types with `Decode`, each written out: `|text: String, times: usize|`; a `rpc::Context` may stand in front of them",
    note = "the result is a type with `Encode`, or `Result<T, rpc::Raise>`"
)]
pub trait Function<Kind>: Send + Sync + 'static {
    /// How many arguments it takes.
    #[doc(hidden)]
    const ARITY: usize;

    /// Reads the arguments and begins.
    #[doc(hidden)]
    fn begin(
        &self,
        ctx: Context,
        args: &mut Decoder<'_>,
        names: Names,
    ) -> Result<Running, DecodeError>;
}

/// A function that has begun.
#[doc(hidden)]
pub enum Running {
    Done(Answered),
    Running(Pin<Box<dyn Future<Output = Answered> + Send>>),
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Running::Done(_) => "Done",
            Running::Running(_) => "Running",
        })
    }
}

impl Running {
    pub(super) fn until<F>(future: F) -> Running
    where
        F: Future<Output: Answer> + Send + 'static,
    {
        Running::Running(Box::pin(async { future.await.answer() }))
    }
}

/// The kinds of functions.
mod kind {
    #[derive(Debug)]
    pub struct Sync;
    #[derive(Debug)]
    pub struct Async;
    #[derive(Debug)]
    pub struct SyncWithContext;
    #[derive(Debug)]
    pub struct AsyncWithContext;
}

macro_rules! functions {
    ($(($($name:ident $var:ident),*))*) => {$(
        impl<Fun, Out, $($name),*> Function<(kind::Sync, ($($name,)*))> for Fun
        where
            Fun: Fn($($name),*) -> Out + Send + Sync + 'static,
            Out: Answer,
            ($($name,)*): FromArguments,
        {
            const ARITY: usize = <($($name,)*)>::COUNT;

            fn begin(&self, _: Context, args: &mut Decoder<'_>, names: Names) -> Result<Running, DecodeError> {
                let ($($var,)*) = FromArguments::read(args, names)?;
                Ok(Running::Done(self($($var),*).answer()))
            }
        }

        impl<Fun, Out, $($name),*> Function<(kind::SyncWithContext, ($($name,)*))> for Fun
        where
            Fun: Fn(Context, $($name),*) -> Out + Send + Sync + 'static,
            Out: Answer,
            ($($name,)*): FromArguments,
        {
            const ARITY: usize = <($($name,)*)>::COUNT;

            fn begin(&self, ctx: Context, args: &mut Decoder<'_>, names: Names) -> Result<Running, DecodeError> {
                let ($($var,)*) = FromArguments::read(args, names)?;
                Ok(Running::Done(self(ctx, $($var),*).answer()))
            }
        }

        impl<Fun, Out, $($name),*> Function<(kind::Async, ($($name,)*))> for Fun
        where
            Fun: Fn($($name),*) -> Out + Send + Sync + 'static,
            Out: Future<Output: Answer> + Send + 'static,
            ($($name,)*): FromArguments,
        {
            const ARITY: usize = <($($name,)*)>::COUNT;

            fn begin(&self, ctx: Context, args: &mut Decoder<'_>, names: Names) -> Result<Running, DecodeError> {
                drop(ctx);
                let ($($var,)*) = FromArguments::read(args, names)?;
                Ok(Running::until(self($($var),*)))
            }
        }

        impl<Fun, Out, $($name),*> Function<(kind::AsyncWithContext, ($($name,)*))> for Fun
        where
            Fun: Fn(Context, $($name),*) -> Out + Send + Sync + 'static,
            Out: Future<Output: Answer> + Send + 'static,
            ($($name,)*): FromArguments,
        {
            const ARITY: usize = <($($name,)*)>::COUNT;

            fn begin(&self, ctx: Context, args: &mut Decoder<'_>, names: Names) -> Result<Running, DecodeError> {
                let ($($var,)*) = FromArguments::read(args, names)?;
                Ok(Running::until(self(ctx, $($var),*)))
            }
        }
    )*};
}

functions! {
    ()
    (A a)
    (A a, B b)
    (A a, B b, C c)
    (A a, B b, C c, D d)
    (A a, B b, C c, D d, E e)
    (A a, B b, C c, D d, E e, F f)
    (A a, B b, C c, D d, E e, F f, G g)
    (A a, B b, C c, D d, E e, F f, G g, H h)
    (A a, B b, C c, D d, E e, F f, G g, H h, I i)
    (A a, B b, C c, D d, E e, F f, G g, H h, I i, J j)
    (A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k)
    (A a, B b, C c, D d, E e, F f, G g, H h, I i, J j, K k, L l)
}

/// A function whose types do not matter.
pub(super) trait AnyFunction: Send + Sync {
    fn begin(&self, ctx: Context, args: &mut Decoder<'_>) -> Result<Running, DecodeError>;
}

/// The types of a function, and what it calls its arguments.
pub(super) struct Typed<F, Kind> {
    pub(super) function: F,
    pub(super) names: Names,
    pub(super) kind: PhantomData<fn(Kind)>,
}

impl<Kind: 'static, F: Function<Kind>> AnyFunction for Typed<F, Kind> {
    fn begin(&self, ctx: Context, args: &mut Decoder<'_>) -> Result<Running, DecodeError> {
        self.function.begin(ctx, args, self.names)
    }
}
