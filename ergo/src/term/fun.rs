//! Funs.

use std::sync::Arc;

use super::{Atom, Pid, Term};

/// A fun: the name of an exported function, or a closure of some node's code.
///
/// Ergo cannot call a fun; it carries them between nodes that can.
///
/// In Erlang: `fun lists:map/2`, or `fun(X) -> X + Y end`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Fun(pub(super) Repr);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Repr {
    // In this order local funs sort before external ones.
    Local(Arc<LocalFun>),
    External {
        module: Atom,
        function: Atom,
        arity: u8,
    },
}

/// A closure: everything that its node needs to find the code, and to send it back unchanged.
#[derive(Debug, Clone)]
pub struct LocalFun {
    /// The module that the code is in.
    pub module: Atom,
    /// Which fun of the module it is, as the compiler counted before OTP R15.
    pub old_index: i64,
    /// A hash of the fun's parse tree.
    pub old_uniq: i64,
    /// The process that made the closure; since OTP 27 `<0.0.0>` of the node. No part of the
    /// identity.
    pub creator: Pid,
    /// The values that the closure holds.
    pub free: Vec<Term>,
    /// What identifies the code; absent in the form that OTP 22 and earlier could still read (tag
    /// 117, `FUN_EXT`).
    pub code: Option<FunCode>,
}

/// The identity of a closure's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunCode {
    /// How many arguments the fun takes.
    pub arity: u8,
    /// The MD5 digest of the module's code.
    pub uniq: [u8; 16],
    /// Which fun of the module it is.
    pub index: u32,
}

impl Fun {
    /// The name of an exported function: `fun module:function/arity`.
    ///
    /// ```
    /// use ergo::Atom;
    /// use ergo::term::Fun;
    ///
    /// let map = Fun::external(Atom::new("lists"), Atom::new("map"), 2);
    /// assert_eq!(map.arity(), Some(2));
    /// ```
    pub fn external(module: Atom, function: Atom, arity: u8) -> Fun {
        Fun(Repr::External {
            module,
            function,
            arity,
        })
    }

    /// A closure, as it came from its node.
    pub fn local(fun: LocalFun) -> Fun {
        Fun(Repr::Local(Arc::new(fun)))
    }

    /// Module, function and arity of an exported function's name.
    pub fn as_external(&self) -> Option<(Atom, Atom, u8)> {
        match self.0 {
            Repr::External {
                module,
                function,
                arity,
            } => Some((module, function, arity)),
            Repr::Local(_) => None,
        }
    }

    /// The closure.
    pub fn as_local(&self) -> Option<&LocalFun> {
        match &self.0 {
            Repr::Local(fun) => Some(fun),
            Repr::External { .. } => None,
        }
    }

    /// The module of the code.
    pub fn module(&self) -> Atom {
        match &self.0 {
            Repr::Local(fun) => fun.module,
            Repr::External { module, .. } => *module,
        }
    }

    /// How many arguments the fun takes, where that is known.
    pub fn arity(&self) -> Option<u8> {
        match &self.0 {
            Repr::Local(fun) => fun.code.map(|code| code.arity),
            Repr::External { arity, .. } => Some(*arity),
        }
    }
}
