//! What a `#[child]` method returns.

use super::Child;

/// What a `#[child]` returns.
#[diagnostic::on_unimplemented(
    message = "a `#[child]` returns a `Child`, not `{Self}`",
    label = "not a `Child`",
    note = "for a server `Kv`, return `Child<Kv>` and make it with `Kv::child(…)`"
)]
pub trait IsChild: Sized + 'static {
    /// The type of the process.
    type Of;

    /// The child itself.
    fn into_child(self) -> Child<Self::Of>;
}

impl<S: 'static> IsChild for Child<S> {
    type Of = S;

    fn into_child(self) -> Child<S> {
        self
    }
}
