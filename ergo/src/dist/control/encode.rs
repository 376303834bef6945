//! Writing control messages, in the form that the peer announced.

use super::op::{self, altact};
use super::{Control, ControlError, Destination, Target};
use crate::dist::DistFlags;
use crate::etf::{Encoded, Encoder};
use crate::term::{Atom, Pid};

impl Control {
    /// Writes the control message for a peer with these flags, and gives the payload that must
    /// follow it, if it is not in it.
    pub(in crate::dist) fn encode<'a>(
        &self,
        payload: Option<&'a Encoded>,
        flags: DistFlags,
        out: &mut Encoder,
    ) -> Result<Option<&'a Encoded>, ControlError> {
        let payload = match (self.has_payload(), payload) {
            (false, _) => None,
            (true, Some(payload)) => Some(payload),
            (true, None) => return Err(ControlError::PayloadRequired),
        };
        match self {
            Control::Link { from, to } => pids(out, op::LINK, from, to)?,
            Control::Send {
                from: Some(from),
                to,
            } if flags.contains(DistFlags::SEND_SENDER) => pids(out, op::SEND_SENDER, from, to)?,
            Control::Send { to, .. } => {
                begin(out, op::SEND, 3)?;
                out.atom(Atom::EMPTY);
                out.pid(to);
            }
            Control::RegSend { from, name } => {
                begin(out, op::REG_SEND, 4)?;
                out.pid(from);
                out.atom(Atom::EMPTY);
                out.atom(*name);
            }
            Control::AliasSend { from, alias } => {
                if flags.contains(DistFlags::ALTACT_SIG) {
                    begin(out, op::ALTACT_SIG_SEND, 4)?;
                    out.uint(altact::ALIAS);
                } else {
                    demand(flags, DistFlags::ALIAS)?;
                    begin(out, op::ALIAS_SEND, 3)?;
                }
                out.pid(from);
                out.reference(alias);
            }
            Control::Exit { from, to } if flags.contains(DistFlags::EXIT_PAYLOAD) => {
                pids(out, op::PAYLOAD_EXIT, from, to)?;
            }
            Control::Exit { from, to } => {
                begin(out, op::EXIT, 4)?;
                out.pid(from);
                out.pid(to);
                return inline(out, payload);
            }
            Control::Exit2 { from, to } => return exit2(out, from, to, payload, flags),
            Control::Unlink { id, from, to } => {
                match id {
                    Some(id) if flags.contains(DistFlags::UNLINK_ID) => {
                        begin(out, op::UNLINK_ID, 4)?;
                        out.uint(*id);
                    }
                    None if flags.contains(DistFlags::UNLINK_ID) => {
                        return Err(ControlError::UnlinkIdRequired);
                    }
                    _ => begin(out, op::UNLINK, 3)?,
                }
                out.pid(from);
                out.pid(to);
            }
            Control::UnlinkAck { id, from, to } => {
                demand(flags, DistFlags::UNLINK_ID)?;
                begin(out, op::UNLINK_ID_ACK, 4)?;
                out.uint(*id);
                out.pid(from);
                out.pid(to);
            }
            Control::Monitor {
                from,
                to,
                reference,
            } => {
                demand(flags, monitoring(to))?;
                begin(out, op::MONITOR_P, 4)?;
                out.pid(from);
                target(out, to);
                out.reference(reference);
            }
            Control::Demonitor {
                from,
                to,
                reference,
            } => {
                demand(flags, monitoring(to))?;
                begin(out, op::DEMONITOR_P, 4)?;
                out.pid(from);
                target(out, to);
                out.reference(reference);
            }
            Control::MonitorExit {
                from,
                to,
                reference,
            } => {
                let follows = flags.contains(DistFlags::EXIT_PAYLOAD);
                if follows {
                    begin(out, op::PAYLOAD_MONITOR_P_EXIT, 4)?;
                } else {
                    begin(out, op::MONITOR_P_EXIT, 5)?;
                }
                target(out, from);
                out.pid(to);
                out.reference(reference);
                if !follows {
                    return inline(out, payload);
                }
            }
            Control::GroupLeader { leader, to } => pids(out, op::GROUP_LEADER, leader, to)?,
            Control::SpawnRequest(request) => {
                demand(flags, DistFlags::SPAWN)?;
                begin(out, op::SPAWN_REQUEST, 6)?;
                out.reference(&request.id);
                out.pid(&request.from);
                out.pid(&request.group_leader);
                out.tuple(3)?;
                out.atom(request.module);
                out.atom(request.function);
                out.uint(request.arity.into());
                out.encoded(&request.options)?;
            }
            Control::SpawnReply {
                id,
                to,
                flags: made,
                result,
            } => {
                demand(flags, DistFlags::SPAWN)?;
                begin(out, op::SPAWN_REPLY, 5)?;
                out.reference(id);
                out.pid(to);
                out.uint(u64::from(made.link) | u64::from(made.monitor) << 1);
                match result {
                    Ok(pid) => out.pid(pid),
                    Err(error) => out.atom(*error),
                }
            }
        }
        Ok(payload)
    }
}

fn begin(out: &mut Encoder, operation: u8, arity: usize) -> Result<(), ControlError> {
    out.tuple(arity)?;
    out.uint(operation.into());
    Ok(())
}

/// An operation that has two pids and nothing else.
fn pids(out: &mut Encoder, operation: u8, first: &Pid, second: &Pid) -> Result<(), ControlError> {
    begin(out, operation, 3)?;
    out.pid(first);
    out.pid(second);
    Ok(())
}

fn target(out: &mut Encoder, target: &Target) {
    match target {
        Target::Pid(pid) => out.pid(pid),
        Target::Name(name) => out.atom(*name),
    }
}

fn exit2<'a>(
    out: &mut Encoder,
    from: &Pid,
    to: &Destination,
    payload: Option<&'a Encoded>,
    flags: DistFlags,
) -> Result<Option<&'a Encoded>, ControlError> {
    match to {
        Destination::Pid(to) if flags.contains(DistFlags::EXIT_PAYLOAD) => {
            pids(out, op::PAYLOAD_EXIT2, from, to)?;
        }
        Destination::Pid(to) => {
            begin(out, op::EXIT2, 4)?;
            out.pid(from);
            out.pid(to);
            return inline(out, payload);
        }
        Destination::Name(name) => {
            demand(flags, DistFlags::ALTACT_SIG)?;
            begin(out, op::ALTACT_SIG_SEND, 4)?;
            out.uint(altact::EXIT | altact::NAME);
            out.pid(from);
            out.atom(*name);
        }
        Destination::Alias(alias) => {
            demand(flags, DistFlags::ALTACT_SIG)?;
            begin(out, op::ALTACT_SIG_SEND, 4)?;
            out.uint(altact::EXIT | altact::ALIAS);
            out.pid(from);
            out.reference(alias);
        }
    }
    Ok(payload)
}

/// Writes the payload as the last element of the control message.
fn inline<'a>(
    out: &mut Encoder,
    payload: Option<&'a Encoded>,
) -> Result<Option<&'a Encoded>, ControlError> {
    if let Some(payload) = payload {
        out.encoded(payload)?;
    }
    Ok(None)
}

pub(super) fn monitoring(target: &Target) -> DistFlags {
    match target {
        Target::Pid(_) => DistFlags::DIST_MONITOR,
        Target::Name(_) => DistFlags::DIST_MONITOR_NAME,
    }
}

fn demand(flags: DistFlags, flag: DistFlags) -> Result<(), ControlError> {
    if flags.contains(flag) {
        Ok(())
    } else {
        Err(ControlError::NotNegotiated(flag))
    }
}
