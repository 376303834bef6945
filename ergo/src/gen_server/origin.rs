//! What the process of a server runs, for those who look at it.

use std::any::{Any, type_name};
use std::future::Future;

use super::Server;
use super::engine::serve;
use super::system::typed;
use super::turn::Turn;
use crate::process::{Behaviour, Origin};
use crate::term::Term;

/// What the process of this server runs.
pub(crate) fn origin<S: Server>() -> Origin {
    Origin {
        name: type_name::<S>(),
        behaviour: Some(Behaviour::GenServer),
        task: future_size(serve::<S>) + size_of::<Turn<S>>(),
        show: show::<S>,
    }
}

fn show<S: Server>(message: &dyn Any) -> Option<Term> {
    message.downcast_ref::<S::Message>().map(typed)
}

/// How large the future of a function is.
fn future_size<A, B, C, F: Future>(_: impl FnOnce(A, B, C) -> F) -> usize {
    size_of::<F>()
}
