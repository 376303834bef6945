//! `DOWN` and `EXIT` as the terms that they are in Erlang.

use super::{Down, Exit, ProcessId};
use crate::etf::{Encode, EncodeError, Encoder};
use crate::term::Atom;

impl Encode for ProcessId {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        match self {
            ProcessId::Pid(pid) => out.pid(pid),
            ProcessId::Name(name, node) => {
                out.tuple(2)?;
                out.atom(*name);
                out.atom(*node);
            }
        }
        Ok(())
    }
}

/// `{'DOWN', Ref, process, PidOrName, Reason}`
impl Encode for Down {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.tuple(5)?;
        out.atom(Atom::DOWN);
        out.reference(&self.reference);
        out.atom(Atom::PROCESS);
        self.process.encode(out)?;
        self.reason.encode(out)
    }
}

/// `{'EXIT', From, Reason}`
impl Encode for Exit {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        out.tuple(3)?;
        out.atom(Atom::EXIT);
        out.pid(&self.from);
        self.reason.encode(out)
    }
}
