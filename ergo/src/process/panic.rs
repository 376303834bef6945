//! Panics as exit reasons, with the place where they began.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

use super::Reason;
use super::current::current;

thread_local! {
    /// Where the last panic of this thread began, if it was in a process.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };

    /// Whether there is one. Looked at before every callback, and unlike the place it costs nothing
    /// to look at.
    static NOTED: Cell<bool> = const { Cell::new(false) };
}

/// Lets the panics of processes be located from now on.
///
/// The place of a panic is known to the panic hook alone, and a program has one hook, not one for
/// each node: this is process-wide of necessity. It is put before the hook that it finds, which runs
/// as it did; for panics outside of our processes nothing else happens. Whoever sets another hook
/// later without calling the one before loses the places, and nothing more.
pub(super) fn locate_panics() {
    static INSTALLED: Once = Once::new();
    // No hook can be set while this thread unwinds; the next node does it.
    if std::thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note_place(info);
            before(info);
        }));
    });
}

fn note_place(info: &PanicHookInfo<'_>) {
    if current().is_none() {
        return;
    }
    let place = info.location().map(ToString::to_string);
    // A thread that is about to end has no place to keep it.
    let _ = PLACE.try_with(|kept| kept.replace(place));
    NOTED.set(true);
}

/// The place of the panic that has just been caught; `None` also if it was raised without the hook,
/// as [`std::panic::resume_unwind`] does.
fn take_place() -> Option<String> {
    if !NOTED.replace(false) {
        return None;
    }
    PLACE.try_with(RefCell::take).ok().flatten()
}

/// Forgets a panic that the process has caught itself.
pub(super) fn forget_place() {
    take_place();
}

/// The reason of a process that panicked with this payload on this thread.
pub(super) fn panic_reason(payload: &(dyn Any + Send)) -> Reason {
    let message = match payload.downcast_ref::<&'static str>() {
        Some(text) => text,
        None => payload
            .downcast_ref::<String>()
            .map_or("not a text", String::as_str),
    };
    Reason::panic_at(message, take_place().as_deref())
}
