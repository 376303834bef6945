//! The control messages of calls and casts, in the one form in which nodes write them today.
//!
//! They make up nearly all that goes over a link, and there is nothing in them but pids, references
//! and atoms that the header names. So they are written and read here place by place, without an
//! encoder or a decoder. What does not fit is `None` and goes the long way, which knows all forms and
//! all errors.

use super::op::{self, altact};
use super::{Control, Target};
use crate::dist::DistFlags;
use crate::dist::frame::{MESSAGE, VERSION};
use crate::etf::tag::{ATOM_CACHE_REF, NEW_PID, SMALL_INTEGER, SMALL_TUPLE};
use crate::etf::{
    NAMED_PID, NAMED_REFERENCE, named_pid, named_reference, pid_bytes, reference_bytes,
};
use crate::term::{Atom, Pid, Ref};

/// The most atoms that the header of such a message names, those of its payload counted.
pub(in crate::dist) const FEW: usize = 16;

/// The longest are those that set and end monitors.
const ROOM: usize = 4 + 2 * NAMED_PID + NAMED_REFERENCE;

/// The length of a frame, and what says that it is a message.
const HEAD: usize = 4 + 2;

/// Where a list of at most [`FEW`] atoms that the peer knows has room.
pub(in crate::dist) const LIST: usize = 32;

const BEFORE: usize = HEAD + LIST;

/// How long the list of so many such atoms is.
pub(in crate::dist) const fn list_len(atoms: usize) -> usize {
    1 + atoms / 2 + 1 + atoms
}

const _: () = assert!(list_len(FEW) <= LIST);

/// A control message that is written, and the atoms that it and its payload name. One after the other
/// is written in the same place.
#[derive(Debug)]
pub(in crate::dist) struct Brief {
    /// The message, after [`BEFORE`] bytes.
    bytes: [u8; BEFORE + ROOM],
    len: usize,
    /// The first `named` of these.
    atoms: [Atom; FEW],
    named: usize,
}

impl Default for Brief {
    fn default() -> Brief {
        Brief {
            bytes: [0; BEFORE + ROOM],
            len: BEFORE,
            atoms: [Atom::EMPTY; FEW],
            named: 0,
        }
    }
}

impl Brief {
    /// Writes a control message for a peer with these flags, behind the header's `atoms` that its
    /// payload names, in place of what was written before.
    pub(in crate::dist) fn write(
        &mut self,
        control: &Control,
        flags: DistFlags,
        atoms: &[Atom],
    ) -> Option<()> {
        self.len = BEFORE;
        self.named = atoms.len();
        self.atoms.get_mut(..atoms.len())?.copy_from_slice(atoms);
        let all = |wanted| flags.contains(wanted).then_some(());
        match control {
            Control::Send {
                from: Some(from),
                to,
            } => {
                all(DistFlags::SEND_SENDER)?;
                self.begin(3, op::SEND_SENDER);
                self.pid(from)?;
                self.pid(to)
            }
            Control::RegSend { from, name } => {
                self.begin(4, op::REG_SEND);
                self.pid(from)?;
                self.atom(Atom::EMPTY)?;
                self.atom(*name)
            }
            Control::AliasSend { from, alias } => {
                if flags.contains(DistFlags::ALTACT_SIG) {
                    self.begin(4, op::ALTACT_SIG_SEND);
                    self.put([SMALL_INTEGER, altact::ALIAS as u8]);
                } else {
                    all(DistFlags::ALIAS)?;
                    self.begin(3, op::ALIAS_SEND);
                }
                self.pid(from)?;
                self.reference(alias)
            }
            Control::Monitor {
                from,
                to,
                reference,
            } => {
                all(super::encode::monitoring(to))?;
                self.monitor(op::MONITOR_P, from, to, reference)
            }
            Control::Demonitor {
                from,
                to,
                reference,
            } => {
                all(super::encode::monitoring(to))?;
                self.monitor(op::DEMONITOR_P, from, to, reference)
            }
            _ => None,
        }
    }

    /// The bytes.
    #[cfg(test)]
    pub(in crate::dist) fn as_slice(&self) -> &[u8] {
        &self.bytes[BEFORE..self.len]
    }

    /// The atoms that the header must name.
    #[inline]
    pub(in crate::dist) fn atoms(&self) -> &[Atom] {
        &self.atoms[..self.named]
    }

    /// All of the frame that stands before a payload of so many bytes. The header's list of atoms is
    /// at the end of `list`.
    #[inline]
    pub(in crate::dist) fn frame(&mut self, list: &[u8; LIST], payload: usize) -> &[u8] {
        self.bytes[HEAD..BEFORE].copy_from_slice(list);
        let start = BEFORE - list_len(self.named) - HEAD;
        let [a, b, c, d] = ((self.len - start - 4 + payload) as u32).to_be_bytes();
        self.bytes[start..start + HEAD].copy_from_slice(&[a, b, c, d, VERSION, MESSAGE]);
        &self.bytes[start..self.len]
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.bytes[self.len..self.len + N].copy_from_slice(&bytes);
        self.len += N;
    }

    #[inline]
    fn begin(&mut self, arity: u8, operation: u8) {
        self.put([SMALL_TUPLE, arity, SMALL_INTEGER, operation]);
    }

    fn monitor(&mut self, operation: u8, from: &Pid, to: &Target, reference: &Ref) -> Option<()> {
        self.begin(4, operation);
        self.pid(from)?;
        match to {
            Target::Pid(pid) => self.pid(pid)?,
            Target::Name(name) => self.atom(*name)?,
        }
        self.reference(reference)
    }

    /// The place of an atom among the header's.
    #[inline]
    fn position(&mut self, atom: Atom) -> Option<u8> {
        let known = self.atoms().iter().position(|known| *known == atom);
        let position = known.unwrap_or(self.named);
        if position == self.named {
            *self.atoms.get_mut(position)? = atom;
            self.named += 1;
        }
        Some(position as u8)
    }

    #[inline]
    fn atom(&mut self, atom: Atom) -> Option<()> {
        let position = self.position(atom)?;
        self.put([ATOM_CACHE_REF, position]);
        Some(())
    }

    #[inline]
    fn pid(&mut self, pid: &Pid) -> Option<()> {
        let position = self.position(pid.node)?;
        self.put(pid_bytes(position, pid));
        Some(())
    }

    #[inline]
    fn reference(&mut self, reference: &Ref) -> Option<()> {
        let position = self.position(reference.node)?;
        let (bytes, len) = reference_bytes(position, reference);
        let start = self.len;
        self.put(bytes);
        self.len = start + len;
        Some(())
    }
}

/// Reads the control message that stands first in `bytes`; also gives where it ends. A payload must
/// follow if it [has one](Control::has_payload).
pub(in crate::dist) fn read(bytes: &[u8], atoms: &[Atom]) -> Option<(Control, usize)> {
    let mut fields = Fields { rest: bytes, atoms };
    let [SMALL_TUPLE, arity, SMALL_INTEGER, operation] = fields.take()? else {
        return None;
    };
    let control = match (operation, arity) {
        (op::SEND_SENDER, 3) => Control::Send {
            from: Some(fields.pid()?),
            to: fields.pid()?,
        },
        (op::REG_SEND, 4) => {
            let from = fields.pid()?;
            // OTP ignores it: it was a cookie once.
            fields.atom()?;
            let name = fields.atom()?;
            Control::RegSend { from, name }
        }
        (op::ALIAS_SEND, 3) => Control::AliasSend {
            from: fields.pid()?,
            alias: fields.reference()?,
        },
        (op::ALTACT_SIG_SEND, 4) => {
            const ALIAS: u8 = altact::ALIAS as u8;
            let [SMALL_INTEGER, ALIAS] = fields.take()? else {
                return None;
            };
            Control::AliasSend {
                from: fields.pid()?,
                alias: fields.reference()?,
            }
        }
        (op::MONITOR_P, 4) => Control::Monitor {
            from: fields.pid()?,
            to: fields.target()?,
            reference: fields.reference()?,
        },
        (op::DEMONITOR_P, 4) => Control::Demonitor {
            from: fields.pid()?,
            to: fields.target()?,
            reference: fields.reference()?,
        },
        _ => return None,
    };
    Some((control, bytes.len() - fields.rest.len()))
}

/// What is not yet read.
struct Fields<'a> {
    rest: &'a [u8],
    atoms: &'a [Atom],
}

impl Fields<'_> {
    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    #[inline]
    fn named(&self, position: u8) -> Option<Atom> {
        self.atoms.get(usize::from(position)).copied()
    }

    #[inline]
    fn atom(&mut self) -> Option<Atom> {
        match self.take()? {
            [ATOM_CACHE_REF, position] => self.named(position),
            _ => None,
        }
    }

    #[inline]
    fn pid(&mut self) -> Option<Pid> {
        named_pid(&self.take()?, self.atoms)
    }

    #[inline]
    fn target(&mut self) -> Option<Target> {
        match self.rest.first()? {
            &NEW_PID => self.pid().map(Target::Pid),
            _ => self.atom().map(Target::Name),
        }
    }

    #[inline]
    fn reference(&mut self) -> Option<Ref> {
        let (reference, rest) = named_reference(self.rest, self.atoms)?;
        self.rest = rest;
        Some(reference)
    }
}
