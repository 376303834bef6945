//! What EPMD answers.

use bytes::Bytes;

use super::reader::{Reader, put_counted};
use super::{MAX_NAME_BYTES, NodeInfo, NodeType, ProtocolError, REFUSED_CREATION};

const ALIVE2_RESP: u8 = 121;
const ALIVE2_X_RESP: u8 = 118;
const PORT2_RESP: u8 = 119;

/// The answer to a registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliveReply {
    /// The node is registered, and this is its creation.
    Registered {
        /// Tells incarnations of a node apart: 4 and above for nodes of OTP 23 and later, else 1 to 3.
        creation: u32,
    },
    /// The name is taken, or EPMD cannot keep it.
    Refused,
}

impl AliveReply {
    /// The longest form of the reply in bytes.
    pub const MAX: usize = 6;

    /// Writes the reply to a node whose highest version of the handshake is `highest`: version 6 reads 32-bit creations.
    pub fn encode(self, highest: u16) -> Vec<u8> {
        let (result, creation) = match self {
            AliveReply::Registered { creation } => (0, creation),
            AliveReply::Refused => (1, REFUSED_CREATION),
        };
        let creation = creation.to_be_bytes();
        let (tag, creation) = if highest >= 6 {
            (ALIVE2_X_RESP, &creation[..])
        } else {
            (ALIVE2_RESP, &creation[2..])
        };
        [&[tag, result], creation].concat()
    }

    /// Reads the reply from the bytes so far, in either of its forms; `None` when more must come.
    ///
    /// # Errors
    ///
    /// When no reply begins so.
    pub fn decode(bytes: &[u8]) -> Result<Option<AliveReply>, ProtocolError> {
        let length = match bytes.first() {
            None => return Ok(None),
            Some(&ALIVE2_X_RESP) => 6,
            Some(&ALIVE2_RESP) => 4,
            Some(&other) => return Err(ProtocolError::UnknownMessage(other)),
        };
        let Some(bytes) = bytes.get(..length) else {
            return Ok(None);
        };
        let mut reader = Reader(&bytes[1..]);
        let result = reader.u8()?;
        let creation = if length == 6 {
            reader.u32()?
        } else {
            reader.u16()?.into()
        };
        Ok(Some(match result {
            0 => AliveReply::Registered { creation },
            _ => AliveReply::Refused,
        }))
    }
}

/// The answer to the question for the port of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PortReply {
    /// The node is registered.
    Found(NodeInfo),
    /// No node of that name is registered.
    NotFound,
}

impl PortReply {
    /// The longest reply in bytes.
    pub const MAX: usize = 14 + 2 * MAX_NAME_BYTES;

    /// Writes the reply.
    ///
    /// # Errors
    ///
    /// When name or extra data are longer than EPMD takes.
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let PortReply::Found(node) = self else {
            return Ok(vec![PORT2_RESP, 1]);
        };
        node.check()?;
        let mut out = vec![PORT2_RESP, 0];
        out.extend_from_slice(&node.port.to_be_bytes());
        out.extend_from_slice(&[node.node_type.into(), node.protocol]);
        out.extend_from_slice(&node.highest.to_be_bytes());
        out.extend_from_slice(&node.lowest.to_be_bytes());
        put_counted(&mut out, node.name.as_bytes());
        put_counted(&mut out, &node.extra);
        Ok(out)
    }

    /// Reads the reply from all that EPMD sent before it closed the connection.
    ///
    /// # Errors
    ///
    /// When it is no such reply, is cut short, or exceeds the limits.
    pub fn decode(bytes: &[u8]) -> Result<PortReply, ProtocolError> {
        let mut reader = Reader(bytes);
        match reader.u8()? {
            PORT2_RESP => {}
            other => return Err(ProtocolError::UnknownMessage(other)),
        }
        if reader.u8()? != 0 {
            return Ok(PortReply::NotFound);
        }
        let port = reader.u16()?;
        let node_type = NodeType::from(reader.u8()?);
        let protocol = reader.u8()?;
        let (highest, lowest) = (reader.u16()?, reader.u16()?);
        let name = super::check_name(reader.counted()?)?.to_owned();
        let extra = Bytes::copy_from_slice(reader.counted()?);
        let node = NodeInfo {
            name,
            port,
            node_type,
            protocol,
            highest,
            lowest,
            extra,
        };
        node.check()?;
        Ok(PortReply::Found(node))
    }
}

/// The answer to the question for all names.
///
/// In Erlang: `erl_epmd:names/1`, `net_adm:names/1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The port that EPMD says it listens on.
    pub port: u16,
    /// Name and distribution port of each node.
    pub nodes: Vec<(String, u16)>,
}

impl Names {
    /// Reads the list from all that EPMD sent before it closed the connection.
    ///
    /// # Errors
    ///
    /// When it has no port, or is not UTF-8.
    pub fn decode(bytes: &[u8]) -> Result<Names, ProtocolError> {
        let mut reader = Reader(bytes);
        let port = u16::try_from(reader.u32()?).map_err(|_| ProtocolError::Malformed)?;
        let text = std::str::from_utf8(reader.0).map_err(|_| ProtocolError::NameNotUtf8)?;
        // EPMD lets a name contain line ends, so a line of another form is no reason to lose all other names.
        Ok(Names {
            port,
            nodes: text.lines().filter_map(name_and_port).collect(),
        })
    }
}

fn name_and_port(line: &str) -> Option<(String, u16)> {
    // A name may contain spaces, and even ` at port `: the last one counts.
    let (name, port) = line.strip_prefix("name ")?.rsplit_once(" at port ")?;
    Some((name.to_owned(), port.parse().ok()?))
}

/// A node in the list of names.
pub(in crate::epmd) fn names_line(node: &NodeInfo, out: &mut Vec<u8>) {
    out.extend_from_slice(format!("name {} at port {}\n", node.name, node.port).as_bytes());
}

/// A registered node in the dump, with the NUL that EPMD sends after each line.
pub(in crate::epmd) fn active_line(node: &NodeInfo, descriptor: u64, out: &mut Vec<u8>) {
    let line = format!(
        "active name     <{}> at port {}, fd = {descriptor}\n\0",
        node.name, node.port
    );
    out.extend_from_slice(line.as_bytes());
}

/// A node that is remembered in the dump for its creation.
pub(in crate::epmd) fn unused_line(name: &str, port: u16, descriptor: u64, out: &mut Vec<u8>) {
    let line = format!("old/unused name <{name}>, port = {port}, fd = {descriptor} \n\0");
    out.extend_from_slice(line.as_bytes());
}

/// The answer to the request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillReply {
    /// EPMD ends.
    Killed,
    /// It does not, because nodes are registered.
    LivingNodes,
}

impl KillReply {
    /// The reply on the wire.
    pub const fn encode(self) -> &'static [u8] {
        match self {
            KillReply::Killed => b"OK",
            KillReply::LivingNodes => b"NO",
        }
    }

    /// Reads the reply from all that EPMD sent before it closed the connection.
    ///
    /// # Errors
    ///
    /// When it is neither; nothing at all comes from an EPMD to which this client is not local.
    pub fn decode(bytes: &[u8]) -> Result<KillReply, ProtocolError> {
        match bytes {
            b"OK" => Ok(KillReply::Killed),
            b"NO" => Ok(KillReply::LivingNodes),
            _ => Err(ProtocolError::Malformed),
        }
    }
}

/// The answer to the request to forget a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReply {
    /// The node is forgotten.
    Stopped,
    /// No node of that name is registered.
    NoSuchName,
}

impl StopReply {
    /// The reply on the wire; EPMD goes on to say `STOPPED` after `NOEXIST`, and clients read the first seven bytes.
    pub const fn encode(self) -> &'static [u8] {
        match self {
            StopReply::Stopped => b"STOPPED",
            StopReply::NoSuchName => b"NOEXISTSTOPPED",
        }
    }

    /// Reads the reply from all that EPMD sent before it closed the connection.
    ///
    /// # Errors
    ///
    /// When it is neither; nothing at all comes from an EPMD that does not allow it.
    pub fn decode(bytes: &[u8]) -> Result<StopReply, ProtocolError> {
        match bytes.get(..7) {
            Some(b"STOPPED") => Ok(StopReply::Stopped),
            Some(b"NOEXIST") => Ok(StopReply::NoSuchName),
            _ => Err(ProtocolError::Malformed),
        }
    }
}
