//! The operations of the protocol.
//!
//! Erlang/OTP documentation: ERTS, "Distribution Protocol", "Protocol between Connected Nodes".

pub(super) const LINK: u8 = 1;
pub(super) const SEND: u8 = 2;
pub(super) const EXIT: u8 = 3;
pub(super) const UNLINK: u8 = 4;
pub(super) const REG_SEND: u8 = 6;
pub(super) const GROUP_LEADER: u8 = 7;
pub(super) const EXIT2: u8 = 8;
pub(super) const SEND_TT: u8 = 12;
pub(super) const EXIT_TT: u8 = 13;
pub(super) const REG_SEND_TT: u8 = 16;
pub(super) const EXIT2_TT: u8 = 18;
pub(super) const MONITOR_P: u8 = 19;
pub(super) const DEMONITOR_P: u8 = 20;
pub(super) const MONITOR_P_EXIT: u8 = 21;
pub(super) const SEND_SENDER: u8 = 22;
pub(super) const SEND_SENDER_TT: u8 = 23;
pub(super) const PAYLOAD_EXIT: u8 = 24;
pub(super) const PAYLOAD_EXIT_TT: u8 = 25;
pub(super) const PAYLOAD_EXIT2: u8 = 26;
pub(super) const PAYLOAD_EXIT2_TT: u8 = 27;
pub(super) const PAYLOAD_MONITOR_P_EXIT: u8 = 28;
pub(super) const SPAWN_REQUEST: u8 = 29;
pub(super) const SPAWN_REQUEST_TT: u8 = 30;
pub(super) const SPAWN_REPLY: u8 = 31;
pub(super) const SPAWN_REPLY_TT: u8 = 32;
pub(super) const ALIAS_SEND: u8 = 33;
pub(super) const ALIAS_SEND_TT: u8 = 34;
pub(super) const UNLINK_ID: u8 = 35;
pub(super) const UNLINK_ID_ACK: u8 = 36;
pub(super) const ALTACT_SIG_SEND: u8 = 37;

/// Flags of [`ALTACT_SIG_SEND`]. Unknown ones are ignored, and so is 1, the priority: no ergo
/// process asks for priority messages, and to a process that does not they are ordinary ones.
pub(super) mod altact {
    /// A trace token ends the tuple.
    pub(in crate::dist::control) const TOKEN: u64 = 2;
    /// The receiver is an alias.
    pub(in crate::dist::control) const ALIAS: u64 = 4;
    /// The receiver is a registered name.
    pub(in crate::dist::control) const NAME: u64 = 8;
    /// The payload is the reason of an exit signal.
    pub(in crate::dist::control) const EXIT: u64 = 16;
}

/// How many elements the tuple of an operation has, its number counted; `None` for unknown ones.
/// [`ALTACT_SIG_SEND`] has at least so many, all others exactly.
pub(super) fn arity(operation: u8) -> Option<usize> {
    Some(match operation {
        LINK | SEND | UNLINK | GROUP_LEADER | SEND_SENDER | PAYLOAD_EXIT | PAYLOAD_EXIT2
        | ALIAS_SEND => 3,
        EXIT
        | REG_SEND
        | EXIT2
        | SEND_TT
        | MONITOR_P
        | DEMONITOR_P
        | SEND_SENDER_TT
        | PAYLOAD_EXIT_TT
        | PAYLOAD_EXIT2_TT
        | PAYLOAD_MONITOR_P_EXIT
        | ALIAS_SEND_TT
        | UNLINK_ID
        | UNLINK_ID_ACK
        | ALTACT_SIG_SEND => 4,
        EXIT_TT | REG_SEND_TT | EXIT2_TT | MONITOR_P_EXIT | SPAWN_REPLY => 5,
        SPAWN_REQUEST | SPAWN_REPLY_TT => 6,
        SPAWN_REQUEST_TT => 7,
        _ => return None,
    })
}
