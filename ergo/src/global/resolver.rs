//! Who keeps a name that two partitions gave to different processes.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::nodes::order;
use crate::process::{GlobalName, LocalNode, OnNode, Reason};
use crate::term::{Atom, Fun, FunCode, LocalFun, Pid, Term};

/// The module that a closure seems to be in, for those that see it as a fun.
const MODULE: &str = "ergo_global";

/// What resolves a conflict: two partitions meet, and a name stands for another process in each.
///
/// The default is [`random_exit_name`]. In Erlang: the third argument of `global:register_name/3`.
///
/// ```
/// use ergo::global::Resolver;
///
/// // The process that was registered first on the greater node stays, and nobody is told.
/// let keep = Resolver::new(|_name, a, b| if a.node.as_str() > b.node.as_str() { Some(a) } else { Some(b) });
/// ```
#[derive(Clone, Default)]
pub struct Resolver(How);

type Closure = Arc<dyn Fn(&GlobalName, Pid, Pid) -> Option<Pid> + Send + Sync>;

#[derive(Clone, Default)]
enum How {
    #[default]
    RandomExit,
    RandomNotify,
    NotifyAll,
    Closure(Closure),
}

impl Resolver {
    /// `fun global:random_exit_name/3`, see [`random_exit_name`]; the default.
    pub fn random_exit_name() -> Resolver {
        Resolver(How::RandomExit)
    }

    /// `fun global:random_notify_name/3`, see [`random_notify_name`].
    pub fn random_notify_name() -> Resolver {
        Resolver(How::RandomNotify)
    }

    /// `fun global:notify_all_name/3`, see [`notify_all_name`].
    pub fn notify_all_name() -> Resolver {
        Resolver(How::NotifyAll)
    }

    /// A closure that gets the name and both processes, and says which of them keeps it; `None` if neither does.
    ///
    /// It runs on the node of one of the two, so it runs here if that is the process that it was registered for, and
    /// the process is one of this node. A BEAM cannot run it: of a process of a BEAM that was registered with it, the
    /// name is lost in a conflict.
    pub fn new(
        resolve: impl Fn(&GlobalName, Pid, Pid) -> Option<Pid> + Send + Sync + 'static,
    ) -> Resolver {
        Resolver(How::Closure(Arc::new(resolve)))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            How::RandomExit => "random_exit_name",
            How::RandomNotify => "random_notify_name",
            How::NotifyAll => "notify_all_name",
            How::Closure(_) => "Resolver::new(…)",
        })
    }
}

/// The closures of a node that may be asked for, by the number that their term has.
#[derive(Default)]
pub(super) struct Resolvers {
    closures: Mutex<HashMap<u64, Closure, foldhash::quality::RandomState>>,
    next: AtomicU64,
}

impl Resolvers {
    fn closures(&self) -> MutexGuard<'_, HashMap<u64, Closure, foldhash::quality::RandomState>> {
        self.closures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The term of a resolver, as it goes to all nodes.
    pub(super) fn term(&self, here: &LocalNode, resolver: Resolver) -> Term {
        let named = |name| Fun::external(Atom::new("global"), Atom::new(name), 3).into();
        let closure = match resolver.0 {
            How::RandomExit => return named("random_exit_name"),
            How::RandomNotify => return named("random_notify_name"),
            How::NotifyAll => return named("notify_all_name"),
            How::Closure(closure) => closure,
        };
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.closures().insert(number, closure);
        Term::Fun(Fun::local(LocalFun {
            module: Atom::new(MODULE),
            old_index: 0,
            old_uniq: 0,
            creator: here.caller_pid(),
            // Since OTP 27 a node does not keep the creator of a fun: it stands among the variables, too.
            free: vec![Term::from(number), here.caller_pid().into()],
            code: Some(FunCode {
                arity: 3,
                uniq: *b"ergo global fun!",
                index: 0,
            }),
        }))
    }

    /// Nobody can ask for this any more.
    pub(super) fn forget(&self, here: Atom, method: &Term) {
        if let Some(number) = number_of(here, method) {
            self.closures().remove(&number);
        }
    }

    /// The closure of a term, if it is of this node.
    pub(super) fn find(&self, here: Atom, method: &Term) -> Option<Closure> {
        let number = number_of(here, method)?;
        self.closures().get(&number).cloned()
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.closures().len()
    }
}

/// The number of a closure of this node.
fn number_of(here: Atom, method: &Term) -> Option<u64> {
    let fun = method.as_fun()?.as_local()?;
    match &fun.free[..] {
        [number, _] if is_ours(fun) && made_on(fun) == here => u64::try_from(number.as_int()?).ok(),
        _ => None,
    }
}

/// The node on which a fun was made.
pub(super) fn made_on(fun: &LocalFun) -> Atom {
    match &fun.free[..] {
        [_, Term::Pid(creator)] if is_ours(fun) => creator.node,
        _ => fun.creator.node,
    }
}

/// Whether a fun stands for a closure of some node of ergo.
pub(super) fn is_ours(fun: &LocalFun) -> bool {
    fun.module == *MODULE
}

/// The processes in the order of their nodes.
fn by_node(a: Pid, b: Pid) -> (Pid, Pid) {
    if order(a.node, b.node).is_lt() {
        (a, b)
    } else {
        (b, a)
    }
}

/// Ends the process of the greater node with `kill`; the other keeps the name. For use in a [`Resolver::new`], too. In
/// Erlang: `global:random_exit_name(Name, Pid1, Pid2)`.
pub fn random_exit_name(on: &impl OnNode, name: &GlobalName, a: Pid, b: Pid) -> Option<Pid> {
    let (stays, goes) = by_node(a, b);
    tracing::info!(target: "ergo::global", %name, pid = %goes, "name conflict, terminating");
    on.local_node().exit(goes, Reason::Kill);
    Some(stays)
}

/// Tells the process of the greater node, `{global_name_conflict, Name}`; the other keeps the name. In Erlang:
/// `global:random_notify_name(Name, Pid1, Pid2)`.
pub fn random_notify_name(on: &impl OnNode, name: &GlobalName, a: Pid, b: Pid) -> Option<Pid> {
    let (stays, goes) = by_node(a, b);
    let message: Term = (Atom::new("global_name_conflict"), name.as_term()).into();
    tell(on, goes, &message);
    Some(stays)
}

/// Tells both processes, `{global_name_conflict, Name, OtherPid}`; neither keeps the name. In Erlang:
/// `global:notify_all_name(Name, Pid1, Pid2)`.
pub fn notify_all_name(on: &impl OnNode, name: &GlobalName, a: Pid, b: Pid) -> Option<Pid> {
    for (to, other) in [(a, b), (b, a)] {
        let message: Term = (Atom::new("global_name_conflict"), name.as_term(), other).into();
        tell(on, to, &message);
    }
    None
}

fn tell(on: &impl OnNode, to: Pid, message: &Term) {
    if let Err(error) = on.local_node().send(to, message) {
        tracing::warn!(target: "ergo::global", %error, "a name conflict cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::global::shared::Global;
    use crate::global::{re_register_name, register_name, unregister_name, whereis_name};

    #[tokio::test]
    async fn a_closure_is_kept_as_long_as_its_name() {
        let node = crate::Node::alone();
        let kept = || node.attached::<Global>().resolvers.len();
        let resolver = || Resolver::new(|_, a, _| Some(a));
        let pid = node.spawn(async |mut ctx| drop(ctx.receive().await));
        register_name(&node, "one", pid)
            .resolve(resolver())
            .await
            .unwrap();
        assert_eq!(kept(), 1);
        assert!(
            register_name(&node, "one", pid)
                .resolve(resolver())
                .await
                .is_err()
        );
        assert_eq!(kept(), 1);
        re_register_name(&node, "one", pid)
            .resolve(resolver())
            .await
            .unwrap();
        assert_eq!(kept(), 1);
        unregister_name(&node, "one").await.unwrap();
        assert_eq!(kept(), 0);
        register_name(&node, "one", pid)
            .resolve(resolver())
            .await
            .unwrap();
        node.exit(pid, Reason::Kill);
        while kept() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(whereis_name(&node, "one"), None);
    }
}
