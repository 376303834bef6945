//! Comparing the names of two partitions, and resolving the conflicts.

use super::message::{Op, Registered};
use super::nodes::{PATIENCE, order};
use super::resolver::{is_ours, made_on, notify_all_name, random_exit_name, random_notify_name};
use super::shared::Global;
use crate::process::{GlobalName, LocalNode, catch_panics};
use crate::rpc::{Asker, RpcError};
use crate::term::{Atom, Pid, Term};

/// A name of the other partition, and what it is in this one.
pub(super) struct Met {
    pub(super) theirs: Registered,
    pub(super) ours: Option<Registered>,
}

/// Compares names. Gives what is to change here, and what there. Of the two nodes that do so, the one whose name is smaller
/// resolves the conflicts.
pub(super) async fn compare(here: &LocalNode, peer: Atom, names: Vec<Met>) -> (Vec<Op>, Vec<Op>) {
    let resolves = order(here.name(), peer).is_lt();
    let (mut here_ops, mut there_ops) = (Vec::new(), Vec::new());
    for Met { theirs, ours } in names {
        let Some(ours) = ours else {
            here_ops.push(Op::Insert(theirs));
            continue;
        };
        if ours.pid == theirs.pid || !resolves {
            continue;
        }
        let answer = ask(here, &ours, theirs.pid).await;
        match answer {
            Ok(Term::Pid(pid)) if pid == theirs.pid => here_ops.push(Op::Insert(theirs)),
            Ok(Term::Pid(pid)) if pid == ours.pid => there_ops.push(Op::Insert(ours)),
            Ok(other) => {
                if !other.is_atom("none") {
                    tracing::info!(
                        target: "ergo::global", name = %ours.name, method = %ours.method, %other,
                        "a resolver gave neither process"
                    );
                }
                here_ops.push(Op::Delete(ours.name.clone()));
                there_ops.push(Op::Delete(ours.name));
            }
            // The node of our process is lost, most likely.
            Err(error) => {
                tracing::info!(target: "ergo::global", name = %ours.name, %error, "a conflict is not resolved");
                here_ops.push(Op::Insert(theirs));
            }
        }
    }
    (here_ops, there_ops)
}

/// Has a conflict resolved on the node of this partition's process.
async fn ask(here: &LocalNode, ours: &Registered, theirs: Pid) -> Result<Term, RpcError> {
    let (method, name) = (ours.method.clone(), ours.name.clone());
    let node = ours.pid.node;
    if node == here.name() {
        return Ok(resolve_it(here, None, method, name, theirs, ours.pid).await);
    }
    let args = (method, name, theirs, ours.pid);
    let call = here.rpc(node).call("global", "resolve_it", args);
    call.timeout(PATIENCE).await
}

/// What a resolver says: the process that keeps the name, `none`, or whatever it is. In Erlang: `global:resolve_it/4`.
///
/// A fun of a BEAM is run by the BEAM that made it; the name of a function by this program if it offers it, else by the node
/// that asks.
pub(super) async fn resolve_it(
    here: &LocalNode,
    asker: Option<Asker>,
    method: Term,
    name: Term,
    a: Pid,
    b: Pid,
) -> Term {
    let global = here.attached::<Global>();
    let named = GlobalName::from(&name);
    let none = || Term::atom("none");
    if let Some(closure) = global.resolvers.find(here.name(), &method) {
        // A panic is what `catch` makes of an exception.
        return match catch_panics(async { closure(&named, a, b) }).await {
            Ok(pid) => pid.map_or_else(none, Term::Pid),
            Err(reason) => exited(reason.to_term()),
        };
    }
    let function = match &method {
        Term::Fun(fun) => match (fun.as_external(), fun.as_local()) {
            (Some((module, function, 3)), _) => (module, function),
            (_, Some(local)) if local.module == *"global" => {
                // Only `register_name/2` names a function of its own module so.
                (local.module, Atom::new("random_exit_name"))
            }
            (_, Some(local)) => {
                let maker = here.rpc(made_on(local));
                let (is_ours, is_here) = (is_ours(local), made_on(local) == here.name());
                let call = match (is_ours, is_here) {
                    // One that nobody remembers.
                    (_, true) => return exited(Term::atom("undef")),
                    (true, _) => maker.call("global", "resolve_it", (method, name, a, b)),
                    (false, _) => {
                        let args = Term::list([name, a.into(), b.into()]);
                        maker.call("erlang", "apply", (method, args))
                    }
                };
                return call
                    .timeout(PATIENCE)
                    .await
                    .unwrap_or_else(|error| failed(&error));
            }
            _ => return exited(Term::atom("badarg")),
        },
        Term::Tuple(pair) => match &pair[..] {
            [Term::Atom(module), Term::Atom(function)] => (*module, *function),
            _ => return exited(Term::atom("badarg")),
        },
        _ => return exited(Term::atom("badarg")),
    };
    let resolved = match (function.0.as_str(), function.1.as_str()) {
        ("global", "random_exit_name") => random_exit_name(here, &named, a, b),
        ("global", "random_notify_name") => random_notify_name(here, &named, a, b),
        ("global", "notify_all_name") => notify_all_name(here, &named, a, b),
        _ => return call_function(here, asker, function, name, a, b).await,
    };
    resolved.map_or_else(none, Term::Pid)
}

/// Calls a function by its name: here, if who asks may call it, or where it was asked for.
async fn call_function(
    here: &LocalNode,
    asker: Option<Asker>,
    (module, function): (Atom, Atom),
    name: Term,
    a: Pid,
    b: Pid,
) -> Term {
    let mut error = None;
    let may_call = asker.is_none_or(|asker| asker.may_call(here, module, function, 3));
    let own = may_call.then(|| here.name());
    let asked = asker.map(|asker| asker.node);
    let asked = asked.filter(|node| *node != here.name());
    for node in [own, asked].into_iter().flatten() {
        let call = here.rpc(node).call(module, function, (name.clone(), a, b));
        match call.timeout(PATIENCE).await {
            Ok(answer) => return answer,
            Err(failure) => error = Some(failure),
        }
    }
    error.map_or_else(|| exited(Term::atom("undef")), |error| failed(&error))
}

fn failed(error: &RpcError) -> Term {
    exited(Term::from(error.to_string()))
}

/// What `catch` makes of an exception.
fn exited(reason: Term) -> Term {
    (Atom::new("EXIT"), reason).into()
}
