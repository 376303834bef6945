//! The task that a process is.

use std::future::Future;

use super::Core;

/// Starts the task of a process. `T` is what it runs: the type of a server, or the body of a plain process.
///
/// With the feature `console`, in a program that is built with `--cfg tokio_unstable`, the task has a name there.
#[cfg_attr(
    not(all(tokio_unstable, feature = "console")),
    allow(clippy::extra_unused_type_parameters)
)]
pub(crate) fn start_task<T: ?Sized>(core: &Core, life: impl Future<Output = ()> + Send + 'static) {
    let tasks = core.node.tasks();
    #[cfg(not(all(tokio_unstable, feature = "console")))]
    drop(tasks.spawn(life));
    #[cfg(all(tokio_unstable, feature = "console"))]
    {
        let task = tokio::task::Builder::new();
        let started = task.name(&name::<T>(core)).spawn(tasks.track_future(life));
        drop(started.expect("only a task of a thread of its own can fail to start"));
    }
}

/// Lets another worker thread have the task that the running one woke last.
///
/// tokio keeps that task for the thread that woke it, to run next, which is best for a call: its caller
/// then waits. A task that sends on and on without waiting would so keep its receiver from running, on
/// however many idle threads. Any task that is woken after it takes its place, and it goes where others
/// find it.
#[cold]
pub(super) fn make_way() {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        drop(runtime.spawn(async {}));
    }
}

/// What tokio-console shows of a process: its registered name, if it has one, what it runs, and its pid.
#[cfg(any(test, all(tokio_unstable, feature = "console")))]
fn name<T: ?Sized>(core: &Core) -> String {
    let (what, pid) = (std::any::type_name::<T>(), core.pid);
    match core.name() {
        Some(name) => format!("{name} {what} {pid}"),
        None => format!("{what} {pid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::name;
    use crate::Node;
    use crate::process::Birth;

    struct Clerk;

    #[tokio::test]
    async fn a_task_is_called_as_its_process() {
        let node = Node::alone();
        let process = node.create::<()>(&Birth::default());
        let (core, pid) = (&process.core, process.core.pid);
        let what = "ergo::process::task::tests::Clerk";
        assert_eq!(name::<Clerk>(core), format!("{what} {pid}"));
        node.register("clerk", pid).unwrap();
        assert_eq!(name::<Clerk>(core), format!("clerk {what} {pid}"));
    }
}
