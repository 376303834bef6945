//! Reading control messages, as strictly as OTP does.

use bytes::Bytes;

use super::op::{self, altact};
use super::{Control, ControlError, Destination, SpawnFlags, SpawnRequest, Target};
use crate::etf::{Atoms, Budget, DecodeError, Decoder, Encoded, Kind};
use crate::term::{Atom, Pid, Ref};

/// Where the payload of a control message is.
#[derive(Debug, Clone)]
pub(in crate::dist) enum Payload {
    /// There is none.
    None,
    /// It stood in the control message.
    Inline(Encoded),
    /// It comes after the control message.
    Follows,
}

impl Control {
    /// Reads the control message that stands first in `bytes`; also gives where it ends.
    ///
    /// Trace tokens and priorities are dropped.
    pub(in crate::dist) fn decode(
        bytes: &[u8],
        atoms: &Atoms,
    ) -> Result<(Control, Payload, usize), ControlError> {
        let mut decoder = Decoder::of_slice(bytes, atoms, &Budget::default());
        let arity = decoder.tuple().map_err(ControlError::Malformed)?;
        let number = decoder.i64().map_err(ControlError::Malformed)?;
        let known = u8::try_from(number).ok();
        let known = known.and_then(|operation| Some((operation, op::arity(operation)?)));
        let Some((operation, expected)) = known else {
            return Err(ControlError::UnknownOperation(number));
        };
        let fits = if operation == op::ALTACT_SIG_SEND {
            arity >= expected
        } else {
            arity == expected
        };
        if !fits {
            return Err(ControlError::WrongArity { operation, arity });
        }
        let mut fields = Fields {
            operation,
            arity,
            decoder,
            bytes,
            atoms,
        };
        let (control, payload) = fields.control()?;
        Ok((control, payload, fields.decoder.position()))
    }
}

/// Reads the elements of one control message.
struct Fields<'a> {
    operation: u8,
    arity: usize,
    decoder: Decoder<'a>,
    bytes: &'a [u8],
    atoms: &'a Atoms,
}

impl<'a> Fields<'a> {
    fn control(&mut self) -> Result<(Control, Payload), ControlError> {
        let operation = self.operation;
        match operation {
            op::LINK => self.link(),
            op::SEND | op::SEND_TT => {
                self.skip("unused element")?;
                let to = self.pid("receiver")?;
                self.sent(Control::Send { from: None, to })
            }
            op::SEND_SENDER | op::SEND_SENDER_TT => {
                let from = Some(self.pid("sender")?);
                let to = self.pid("receiver")?;
                self.sent(Control::Send { from, to })
            }
            op::REG_SEND | op::REG_SEND_TT => {
                let from = self.pid("sender")?;
                self.skip("unused element")?;
                let name = self.atom("receiver")?;
                self.sent(Control::RegSend { from, name })
            }
            op::ALIAS_SEND | op::ALIAS_SEND_TT => {
                let from = self.pid("sender")?;
                let alias = self.reference("alias")?;
                self.sent(Control::AliasSend { from, alias })
            }
            op::EXIT | op::EXIT_TT | op::PAYLOAD_EXIT | op::PAYLOAD_EXIT_TT => {
                let (from, to) = (self.pid("sender")?, self.pid("receiver")?);
                let payload = self.reason()?;
                Ok((Control::Exit { from, to }, payload))
            }
            op::EXIT2 | op::EXIT2_TT | op::PAYLOAD_EXIT2 | op::PAYLOAD_EXIT2_TT => {
                let from = self.pid("sender")?;
                let to = Destination::Pid(self.pid("receiver")?);
                let payload = self.reason()?;
                Ok((Control::Exit2 { from, to }, payload))
            }
            op::UNLINK => self.unlink(None),
            op::UNLINK_ID => {
                let id = self.unlink_id()?;
                self.unlink(Some(id))
            }
            op::UNLINK_ID_ACK => {
                let id = self.unlink_id()?;
                let (from, to) = (self.pid("sender")?, self.pid("receiver")?);
                Ok((Control::UnlinkAck { id, from, to }, Payload::None))
            }
            op::GROUP_LEADER => {
                let (leader, to) = (self.pid("group leader")?, self.pid("receiver")?);
                Ok((Control::GroupLeader { leader, to }, Payload::None))
            }
            op::MONITOR_P => {
                let (from, to, reference) = self.monitor()?;
                let control = Control::Monitor {
                    from,
                    to,
                    reference,
                };
                Ok((control, Payload::None))
            }
            op::DEMONITOR_P => {
                let (from, to, reference) = self.monitor()?;
                let control = Control::Demonitor {
                    from,
                    to,
                    reference,
                };
                Ok((control, Payload::None))
            }
            op::MONITOR_P_EXIT | op::PAYLOAD_MONITOR_P_EXIT => {
                let from = self.target("watched process")?;
                let to = self.pid("watcher")?;
                let reference = self.reference("monitor")?;
                let payload = self.reason()?;
                let control = Control::MonitorExit {
                    from,
                    to,
                    reference,
                };
                Ok((control, payload))
            }
            op::SPAWN_REQUEST | op::SPAWN_REQUEST_TT => self.spawn_request(),
            op::SPAWN_REPLY | op::SPAWN_REPLY_TT => self.spawn_reply(),
            op::ALTACT_SIG_SEND => self.altact(),
            // `op::arity` knows no others.
            _ => Err(ControlError::UnknownOperation(operation.into())),
        }
    }

    fn link(&mut self) -> Result<(Control, Payload), ControlError> {
        let (from, to) = (self.pid("sender")?, self.pid("receiver")?);
        Ok((Control::Link { from, to }, Payload::None))
    }

    fn unlink(&mut self, id: Option<u64>) -> Result<(Control, Payload), ControlError> {
        let (from, to) = (self.pid("sender")?, self.pid("receiver")?);
        Ok((Control::Unlink { id, from, to }, Payload::None))
    }

    fn unlink_id(&mut self) -> Result<u64, ControlError> {
        self.field("unlink id", |decoder| match decoder.u64()? {
            0 => Err(decoder.error(crate::etf::DecodeErrorKind::Custom(
                "0 is no unlink id".into(),
            ))),
            id => Ok(id),
        })
    }

    fn monitor(&mut self) -> Result<(Pid, Target, Ref), ControlError> {
        Ok((
            self.pid("watcher")?,
            self.target("watched process")?,
            self.reference("monitor")?,
        ))
    }

    fn spawn_request(&mut self) -> Result<(Control, Payload), ControlError> {
        let id = self.reference("request id")?;
        let from = self.pid("sender")?;
        let group_leader = self.pid("group leader")?;
        let function = self.field("function", |decoder| {
            decoder.tuple_of(3)?;
            Ok((decoder.atom()?, decoder.atom()?, decoder.value::<u8>()?))
        })?;
        let options = self.slice("options")?;
        let request = SpawnRequest::new(id, from, group_leader, function, options);
        self.sent(Control::SpawnRequest(Box::new(request)))
    }

    fn spawn_reply(&mut self) -> Result<(Control, Payload), ControlError> {
        let id = self.reference("request id")?;
        let to = self.pid("receiver")?;
        let bits = self.field("flags", |decoder| decoder.u64())?;
        let result = self.field("result", |decoder| match decoder.kind()? {
            Kind::Pid => Ok(Ok(decoder.pid()?)),
            _ => Ok(Err(decoder.atom()?)),
        })?;
        self.token(op::SPAWN_REPLY_TT)?;
        let control = Control::SpawnReply {
            id,
            to,
            flags: SpawnFlags {
                link: bits & 1 != 0,
                monitor: bits & 2 != 0,
            },
            result,
        };
        Ok((control, Payload::None))
    }

    /// The signal of OTP 28, which replaces several others and may grow.
    fn altact(&mut self) -> Result<(Control, Payload), ControlError> {
        let flags = self.low_bits()?;
        let from = self.pid("sender")?;
        let to = if flags & altact::ALIAS != 0 {
            Destination::Alias(self.reference("alias")?)
        } else if flags & altact::NAME != 0 {
            Destination::Name(self.atom("receiver")?)
        } else {
            Destination::Pid(self.pid("receiver")?)
        };
        if flags & altact::TOKEN != 0 && self.arity < 5 {
            return Err(ControlError::WrongArity {
                operation: self.operation,
                arity: self.arity,
            });
        }
        for _ in 4..self.arity {
            self.skip("trace token")?;
        }
        let control = match to {
            to if flags & altact::EXIT != 0 => Control::Exit2 { from, to },
            Destination::Alias(alias) => Control::AliasSend { from, alias },
            Destination::Name(name) => Control::RegSend { from, name },
            Destination::Pid(to) => Control::Send {
                from: Some(from),
                to,
            },
        };
        Ok((control, Payload::Follows))
    }

    /// The lowest bits of an integer of any size.
    fn low_bits(&mut self) -> Result<u64, ControlError> {
        let start = self.decoder.position();
        match self.decoder.u64() {
            Ok(flags) => Ok(flags),
            Err(source) => {
                self.decoder.rewind(start);
                let wrong = self.wrong("flags", source);
                // SMALL_BIG_EXT: size, sign; LARGE_BIG_EXT has four bytes of size.
                let magnitude = match self.bytes.get(start) {
                    Some(110) => start + 3,
                    Some(111) => start + 6,
                    _ => return Err(wrong),
                };
                self.skip("flags")?;
                match self.bytes.get(magnitude) {
                    Some(byte) => Ok(u64::from(*byte)),
                    None => Err(wrong),
                }
            }
        }
    }

    /// A control message that a message or arguments follow; drops its trace token.
    fn sent(&mut self, control: Control) -> Result<(Control, Payload), ControlError> {
        for operation in [
            op::SEND_TT,
            op::SEND_SENDER_TT,
            op::REG_SEND_TT,
            op::ALIAS_SEND_TT,
            op::SPAWN_REQUEST_TT,
        ] {
            self.token(operation)?;
        }
        Ok((control, Payload::Follows))
    }

    /// The reason, which stands in some operations and follows others; drops the trace token.
    fn reason(&mut self) -> Result<Payload, ControlError> {
        for operation in [
            op::EXIT_TT,
            op::EXIT2_TT,
            op::PAYLOAD_EXIT_TT,
            op::PAYLOAD_EXIT2_TT,
        ] {
            self.token(operation)?;
        }
        match self.operation {
            op::EXIT | op::EXIT_TT | op::EXIT2 | op::EXIT2_TT | op::MONITOR_P_EXIT => {
                Ok(Payload::Inline(self.slice("reason")?))
            }
            _ => Ok(Payload::Follows),
        }
    }

    /// Drops the trace token, if this is the operation that has one.
    fn token(&mut self, operation: u8) -> Result<(), ControlError> {
        if self.operation == operation {
            self.skip("trace token")?;
        }
        Ok(())
    }

    fn pid(&mut self, field: &'static str) -> Result<Pid, ControlError> {
        self.field(field, |decoder| decoder.pid())
    }

    fn reference(&mut self, field: &'static str) -> Result<Ref, ControlError> {
        self.field(field, |decoder| decoder.reference())
    }

    fn atom(&mut self, field: &'static str) -> Result<Atom, ControlError> {
        self.field(field, |decoder| decoder.atom())
    }

    fn target(&mut self, field: &'static str) -> Result<Target, ControlError> {
        self.field(field, |decoder| match decoder.kind()? {
            Kind::Atom => Ok(Target::Name(decoder.atom()?)),
            _ => Ok(Target::Pid(decoder.pid()?)),
        })
    }

    fn skip(&mut self, field: &'static str) -> Result<(), ControlError> {
        self.field(field, |decoder| decoder.skip())
    }

    /// The next element, still encoded, in memory of its own: a slice of the frame would keep all of
    /// what it was read with.
    fn slice(&mut self, field: &'static str) -> Result<Encoded, ControlError> {
        let start = self.decoder.position();
        self.skip(field)?;
        let bytes = Bytes::copy_from_slice(&self.bytes[start..self.decoder.position()]);
        Ok(Encoded::new(bytes, self.atoms.clone()))
    }

    fn field<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, DecodeError>,
    ) -> Result<T, ControlError> {
        read(&mut self.decoder).map_err(|source| self.wrong(field, source))
    }

    fn wrong(&self, field: &'static str, source: DecodeError) -> ControlError {
        ControlError::WrongField {
            operation: self.operation,
            field,
            source,
        }
    }
}
