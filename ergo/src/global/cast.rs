//! What name servers tell each other, as terms and as values.

use super::message::{LockId, Op, Registered};
use crate::etf::{DecodeError, Decoder};
use crate::term::{Atom, Pid, Term};

/// The version of the protocol that this node speaks: that of OTP 25 to 29.
pub(super) const VERSION: u64 = 8;
/// From here on known nodes are told with their versions, and overlapping partitions are prevented.
pub(super) const WITH_VERSIONS: u64 = 7;
/// Below, lockers write to each other themselves.
pub(super) const THROUGH_SERVERS: u64 = 6;
/// The oldest that is understood: OTP 22 and 23 speak it.
pub(super) const OLDEST: u64 = 5;

/// A node, and its version of the protocol; 0 where nobody has said it.
pub(super) type Known = (Atom, u64);

/// What a name server tells another one.
pub(super) enum Cast {
    InitConnect {
        version: u64,
        tag: Term,
        node: Atom,
        locker: Pid,
    },
    InitConnectAck {
        node: Atom,
        his: Term,
        mine: Term,
    },
    CancelConnect {
        node: Atom,
        tag: Term,
    },
    LockSet {
        locker: Pid,
        set: bool,
        /// Below version 8 there is none.
        tag: Option<Term>,
    },
    Exchange {
        node: Atom,
        names: Vec<Registered>,
        tag: Term,
    },
    Resolved {
        node: Atom,
        ops: Vec<Op>,
        known: Vec<Known>,
        external: Vec<(Term, Pid, Atom)>,
        tag: Term,
    },
    NewNodes {
        ops: Vec<Op>,
        external: Vec<(Term, Pid, Atom)>,
        nodes: Vec<Known>,
        /// What guards the names while they change, `{global, Requester}`.
        lock: Option<Term>,
    },
    InSync(Atom),
    LostConnection {
        node: Atom,
        incarnation: i64,
        operation: i64,
        lost: Atom,
    },
    RemoveConnection(Atom),
    Whereis {
        name: Term,
        from: Pid,
        tag: Term,
    },
    /// Words of releases before OTP 22, which nobody needs to act upon.
    Ignored,
}

impl Cast {
    /// Reads what comes as a cast.
    pub(super) fn read_cast(from: &mut Decoder<'_>) -> Result<Option<Cast>, DecodeError> {
        let Some(head) = from.head()? else {
            return Ok(None);
        };
        let cast = match (&*head.tag, head.args) {
            ("init_connect", Some(3)) => {
                from.enter_head()?;
                // `{Version, Tag}`, and perhaps more in times to come.
                let more = from.tuple()?.saturating_sub(2);
                let (version, tag) = (from.u64()?, from.term()?);
                for _ in 0..more {
                    from.skip()?;
                }
                let node = from.atom()?;
                from.tuple_of(4)?;
                from.expect_atom("locker")?;
                // What was a pid once, and known nodes, which `resolved` tells better.
                from.skip()?;
                from.skip()?;
                Cast::InitConnect {
                    version,
                    tag,
                    node,
                    locker: from.pid()?,
                }
            }
            ("lock_set", Some(args @ (3 | 4))) => {
                from.enter_head()?;
                let (locker, set) = (from.pid()?, from.bool()?);
                from.skip()?;
                Cast::LockSet {
                    locker,
                    set,
                    tag: (args == 4).then(|| from.term()).transpose()?,
                }
            }
            ("exchange", Some(4)) => {
                from.enter_head()?;
                let node = from.atom()?;
                let names: Vec<(Term, Pid, Term)> = from.value()?;
                from.skip()?;
                let names = names.into_iter();
                Cast::Exchange {
                    node,
                    names: names
                        .map(|(name, pid, method)| Registered { name, pid, method })
                        .collect(),
                    tag: from.term()?,
                }
            }
            ("resolved", Some(6)) => {
                from.enter_head()?;
                let node = from.atom()?;
                let ops = read_ops(from)?;
                let known = read_known(from)?;
                from.skip()?;
                Cast::Resolved {
                    node,
                    ops,
                    known,
                    external: from.value()?,
                    tag: from.term()?,
                }
            }
            ("new_nodes", Some(5)) => {
                from.enter_head()?;
                from.skip()?;
                let ops = read_ops(from)?;
                let external = from.value()?;
                let nodes = read_known(from)?;
                let extra = from.term()?;
                Cast::NewNodes {
                    ops,
                    external,
                    nodes,
                    lock: lock_of(&extra),
                }
            }
            ("in_sync", Some(2)) => {
                from.enter_head()?;
                let node = from.atom()?;
                // Whether it is known, which nobody looks at.
                from.skip()?;
                Cast::InSync(node)
            }
            ("async_del_name" | "async_del_lock", Some(2)) => Cast::Ignored,
            _ => return Ok(None),
        };
        Ok(Some(cast))
    }

    /// Reads what comes as a plain message.
    pub(super) fn read_info(from: &mut Decoder<'_>) -> Result<Option<Cast>, DecodeError> {
        let Some(head) = from.head()? else {
            return Ok(None);
        };
        let cast = match (&*head.tag, head.args) {
            ("init_connect_ack", Some(3)) => {
                from.enter_head()?;
                Cast::InitConnectAck {
                    node: from.atom()?,
                    his: from.term()?,
                    mine: from.term()?,
                }
            }
            ("cancel_connect", Some(2)) => {
                from.enter_head()?;
                Cast::CancelConnect {
                    node: from.atom()?,
                    tag: from.term()?,
                }
            }
            ("lost_connection", Some(4)) => {
                from.enter_head()?;
                Cast::LostConnection {
                    node: from.atom()?,
                    incarnation: from.i64()?,
                    operation: from.i64()?,
                    lost: from.atom()?,
                }
            }
            ("remove_connection", Some(1)) => {
                from.enter_head()?;
                Cast::RemoveConnection(from.atom()?)
            }
            ("whereis", Some(2)) => {
                from.enter_head()?;
                let name = from.term()?;
                from.tuple_of(2)?;
                Cast::Whereis {
                    name,
                    from: from.pid()?,
                    tag: from.term()?,
                }
            }
            _ => return Ok(None),
        };
        Ok(Some(cast))
    }
}

/// `[{insert, {Name, Pid, Method}} | {delete, Name}]`
fn read_ops(from: &mut Decoder<'_>) -> Result<Vec<Op>, DecodeError> {
    let ops: Vec<Term> = from.value()?;
    let op = |term: &Term| match (term.as_tagged("insert"), term.as_tagged("delete")) {
        (Some([registered]), _) => match &registered.as_tuple()?[..] {
            [name, Term::Pid(pid), method] => Some(Op::Insert(Registered {
                name: name.clone(),
                pid: *pid,
                method: method.clone(),
            })),
            _ => None,
        },
        (_, Some([name])) => Some(Op::Delete(name.clone())),
        _ => None,
    };
    let ops: Option<Vec<Op>> = ops.iter().map(op).collect();
    ops.ok_or_else(|| from.expected("list of {insert, {Name, Pid, Method}} and {delete, Name}"))
}

/// `[{Node, Version} | Node]`
fn read_known(from: &mut Decoder<'_>) -> Result<Vec<Known>, DecodeError> {
    let nodes: Vec<Term> = from.value()?;
    let known = |term: &Term| match term {
        Term::Atom(node) => Some((*node, 0)),
        Term::Tuple(pair) => match &pair[..] {
            [Term::Atom(node), version] => Some((*node, u64::try_from(version.as_int()?).ok()?)),
            _ => None,
        },
        _ => None,
    };
    let known: Option<Vec<Known>> = nodes.iter().map(known).collect();
    known.ok_or_else(|| from.expected("list of nodes"))
}

/// What `{lock, Id}` says in a list of pairs.
fn lock_of(extra: &Term) -> Option<Term> {
    let pairs = extra.as_list()?.iter();
    let mut locks = pairs.filter_map(|pair| pair.as_tagged("lock"));
    match locks.next()? {
        [id] => Some(id.clone()),
        _ => None,
    }
}

fn atom(text: &str) -> Term {
    Term::atom(text)
}

pub(super) fn init_connect(here: Atom, tag: &Term, locker: Pid) -> Term {
    let version: Term = (VERSION, tag.clone()).into();
    let known = Term::map([]);
    let locker: Term = (atom("locker"), atom("no_longer_a_pid"), known, locker).into();
    (atom("init_connect"), version, here, locker).into()
}

pub(super) fn init_connect_ack(here: Atom, his: &Term, mine: &Term) -> Term {
    (atom("init_connect_ack"), here, his.clone(), mine.clone()).into()
}

pub(super) fn cancel_connect(here: Atom, his: &Term) -> Term {
    (atom("cancel_connect"), here, his.clone()).into()
}

/// With a tag since version 8.
pub(super) fn lock_set(locker: Pid, set: bool, known: &[Atom], tag: Option<&Term>) -> Term {
    let known = Term::list(known.iter().map(|node| Term::from(*node)));
    match tag {
        Some(tag) => (atom("lock_set"), locker, set, known, tag.clone()).into(),
        None => (atom("lock_set"), locker, set, known).into(),
    }
}

pub(super) fn exchange(here: Atom, names: impl Iterator<Item = Registered>, his: &Term) -> Term {
    let names = Term::list(names.map(registered));
    (atom("exchange"), here, names, Term::nil(), his.clone()).into()
}

pub(super) fn resolved(here: Atom, theirs: &[Op], known: Term, external: Term, his: &Term) -> Term {
    let (unused, ops) = (atom("unused"), ops(theirs));
    (
        atom("resolved"),
        here,
        ops,
        known,
        unused,
        external,
        his.clone(),
    )
        .into()
}

pub(super) fn new_nodes(
    here: Atom,
    changes: &[Op],
    external: Term,
    nodes: Term,
    version: u64,
    lock: Option<&LockId>,
) -> Term {
    let lock = lock.map(LockId::to_term); // `undefined` if none
    let extra = Term::list([(atom("vsn"), version).into(), (atom("lock"), lock).into()]);
    (
        atom("new_nodes"),
        here,
        ops(changes),
        external,
        nodes,
        extra,
    )
        .into()
}

pub(super) fn in_sync(here: Atom) -> Term {
    (atom("in_sync"), here, true).into()
}

pub(super) fn remove_connection(here: Atom) -> Term {
    (atom("remove_connection"), here).into()
}

pub(super) fn lost_connection(node: Atom, incarnation: i64, operation: i64, lost: Atom) -> Term {
    (atom("lost_connection"), node, incarnation, operation, lost).into()
}

/// Known nodes as a peer of that version reads them.
pub(super) fn known(nodes: impl Iterator<Item = Known>, version: u64) -> Term {
    Term::list(nodes.map(|(node, of)| match version < WITH_VERSIONS {
        true => node.into(),
        false => (node, of).into(),
    }))
}

pub(super) fn external(names: impl Iterator<Item = (Term, Pid, Atom)>) -> Term {
    Term::list(names.map(Term::from))
}

fn registered(Registered { name, pid, method }: Registered) -> Term {
    (name, pid, method).into()
}

fn ops(ops: &[Op]) -> Term {
    Term::list(ops.iter().map(|op| match op {
        Op::Insert(what) => (atom("insert"), registered(what.clone())).into(),
        Op::Delete(name) => (atom("delete"), name.clone()).into(),
    }))
}

#[cfg(test)]
mod tests;
