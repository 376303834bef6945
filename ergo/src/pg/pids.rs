//! One process or several.

use crate::term::Pid;

/// What joins or leaves: one process, or several. In Erlang: `PidOrPids`.
///
/// ```
/// # fn example(a: ergo::Pid, b: ergo::Pid) {
/// use ergo::pg::Pids;
///
/// let one: Pids = a.into();
/// let two: Pids = [a, b].into();
/// let many: Pids = vec![a, b, a].into();
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pids(pub(super) Vec<Pid>);

impl From<Pid> for Pids {
    fn from(pid: Pid) -> Pids {
        Pids(vec![pid])
    }
}

impl From<Vec<Pid>> for Pids {
    fn from(pids: Vec<Pid>) -> Pids {
        Pids(pids)
    }
}

impl From<&[Pid]> for Pids {
    fn from(pids: &[Pid]) -> Pids {
        Pids(pids.to_vec())
    }
}

impl<const N: usize> From<[Pid; N]> for Pids {
    fn from(pids: [Pid; N]) -> Pids {
        Pids(pids.to_vec())
    }
}
