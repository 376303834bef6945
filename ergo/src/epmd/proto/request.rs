//! What nodes ask of EPMD.

use bytes::Bytes;

use super::reader::{Reader, put_counted};
use super::{MAX_REQUEST, NodeInfo, NodeType, ProtocolError, check_name};

/// The bytes of a registration without its kind, name and extra data.
const WITHOUT_NAME: usize = 12;

const ALIVE2: u8 = b'x';
const PORT_PLEASE2: u8 = b'z';
const NAMES: u8 = b'n';
const DUMP: u8 = b'd';
const KILL: u8 = b'k';
const STOP: u8 = b's';

/// What a client asks of EPMD; there is one request on a connection.
///
/// ```
/// use ergo::epmd::Request;
///
/// let bytes = Request::PortPlease2 { name: "kv".into() }.encode()?;
/// assert_eq!(bytes, b"\0\x03zkv");
/// assert_eq!(Request::decode(&bytes[2..])?, Request::PortPlease2 { name: "kv".into() });
/// # Ok::<(), ergo::epmd::ProtocolError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Registers a node, for as long as the connection is open.
    Alive2(Alive2),
    /// Asks for the port of a node.
    PortPlease2 {
        /// The name.
        name: String,
    },
    /// Asks for all names and ports.
    Names,
    /// Asks for all that EPMD remembers, for debugging.
    Dump,
    /// Asks EPMD to end.
    Kill,
    /// Asks EPMD to forget a node.
    Stop {
        /// The name.
        name: String,
    },
}

impl Request {
    /// Writes the request with its length before it.
    ///
    /// # Errors
    ///
    /// When EPMD would not take the name, or the extra data of a registration.
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let mut out = vec![0, 0];
        match self {
            Request::Alive2(alive) => alive.encode(&mut out)?,
            Request::PortPlease2 { name } => {
                out.push(PORT_PLEASE2);
                out.extend_from_slice(check_name(name.as_bytes())?.as_bytes());
            }
            Request::Names => out.push(NAMES),
            Request::Dump => out.push(DUMP),
            Request::Kill => out.push(KILL),
            Request::Stop { name } => {
                out.push(STOP);
                out.extend_from_slice(check_name(name.as_bytes())?.as_bytes());
            }
        }
        let length = out.len() - 2;
        match u16::try_from(length) {
            Ok(short) if length <= MAX_REQUEST => out[..2].copy_from_slice(&short.to_be_bytes()),
            _ => return Err(ProtocolError::RequestLength(length)),
        }
        Ok(out)
    }

    /// Reads a request from its body, which is what follows the length.
    ///
    /// # Errors
    ///
    /// When EPMD would close the connection without an answer.
    pub fn decode(body: &[u8]) -> Result<Request, ProtocolError> {
        let mut reader = Reader(body);
        let request = match reader.u8()? {
            ALIVE2 => return Alive2::decode(reader).map(Request::Alive2),
            PORT_PLEASE2 => return text(reader.0).map(|name| Request::PortPlease2 { name }),
            STOP => return stop(reader.0),
            NAMES => Request::Names,
            DUMP => Request::Dump,
            KILL => Request::Kill,
            other => return Err(ProtocolError::UnknownMessage(other)),
        };
        Ok(request)
    }
}

/// The name that ends a request; C clients count the NUL that ends a string in C.
fn text(bytes: &[u8]) -> Result<String, ProtocolError> {
    check_name(bytes.strip_suffix(b"\0").unwrap_or(bytes)).map(str::to_owned)
}

/// EPMD reads the name to stop as a string of C. What cannot be a name is one that no node has, such as the empty one.
fn stop(bytes: &[u8]) -> Result<Request, ProtocolError> {
    if bytes.is_empty() {
        return Err(ProtocolError::EmptyName);
    }
    let name = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    let name = std::str::from_utf8(name).unwrap_or_default().to_owned();
    Ok(Request::Stop { name })
}

/// A registration as it stands on the wire.
///
/// Whether EPMD can keep the name is found out by [`node`](Alive2::node): a registration under a bad name is answered,
/// while a malformed one is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alive2 {
    name: Bytes,
    node: NodeInfo,
}

impl Alive2 {
    /// The registration of `node`.
    pub fn new(node: NodeInfo) -> Alive2 {
        Alive2 {
            name: Bytes::copy_from_slice(node.name.as_bytes()),
            node,
        }
    }

    /// The highest version of the handshake, on which the form of the reply depends.
    pub fn highest(&self) -> u16 {
        self.node.highest
    }

    /// The name as it came.
    pub(in crate::epmd) fn name(&self) -> &[u8] {
        &self.name
    }

    /// What it tells beside its name, right or wrong as that may be.
    pub(in crate::epmd) fn rest(&self) -> &NodeInfo {
        &self.node
    }

    /// The node to register.
    ///
    /// # Errors
    ///
    /// When EPMD cannot keep it: its name is not UTF-8, or name or extra data are too long.
    pub fn node(mut self) -> Result<NodeInfo, ProtocolError> {
        if !self.name.is_empty() {
            self.node.name = check_name(&self.name)?.to_owned();
            self.node.check()?;
        }
        Ok(self.node)
    }

    fn encode(&self, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        self.node.check()?;
        out.push(ALIVE2);
        out.extend_from_slice(&self.node.port.to_be_bytes());
        out.extend_from_slice(&[self.node.node_type.into(), self.node.protocol]);
        out.extend_from_slice(&self.node.highest.to_be_bytes());
        out.extend_from_slice(&self.node.lowest.to_be_bytes());
        put_counted(out, &self.name);
        put_counted(out, &self.node.extra);
        Ok(())
    }

    fn decode(mut reader: Reader<'_>) -> Result<Alive2, ProtocolError> {
        let length = reader.0.len();
        let port = reader.u16()?;
        let node_type = NodeType::from(reader.u8()?);
        let protocol = reader.u8()?;
        let (highest, lowest) = (reader.u16()?, reader.u16()?);
        let name = Bytes::copy_from_slice(reader.counted()?);
        let extra = Bytes::copy_from_slice(reader.counted()?);
        // EPMD asks for room for a name, not for a name: one without a name may still have extra data.
        if length <= WITHOUT_NAME {
            return Err(ProtocolError::EmptyName);
        }
        // Whatever follows is ignored, as Erlang's EPMD does.
        if name.contains(&0) {
            return Err(ProtocolError::NulInName);
        }
        let node = NodeInfo {
            name: String::new(),
            port,
            node_type,
            protocol,
            highest,
            lowest,
            extra,
        };
        Ok(Alive2 { name, node })
    }
}

/// Puts the request of a connection together from the pieces that arrive.
///
/// It never holds more than the longest request, whatever length is announced.
///
/// ```
/// use ergo::epmd::{Request, RequestReader};
///
/// let mut reader = RequestReader::new();
/// assert_eq!(reader.push(&[0])?, None);
/// assert_eq!(reader.push(&[1, b'n'])?, Some(Request::Names));
/// # Ok::<(), ergo::epmd::ProtocolError>(())
/// ```
#[derive(Debug, Default)]
pub struct RequestReader {
    bytes: Vec<u8>,
}

/// The longest request with the length before it.
const MAX_WANTED: usize = 2 + MAX_REQUEST;

impl RequestReader {
    /// A reader at the beginning of a connection.
    pub fn new() -> RequestReader {
        RequestReader::default()
    }

    /// How many bytes to read at most before the next [`push`](RequestReader::push).
    ///
    /// What follows later than the length of a request does not belong to it, and EPMD does not read it.
    pub fn wanted(&self) -> usize {
        let whole = self.length().map_or(MAX_WANTED, |length| 2 + length);
        whole.saturating_sub(self.bytes.len())
    }

    /// The length of the body, once it is known.
    fn length(&self) -> Option<usize> {
        let (length, _) = self.bytes.split_first_chunk()?;
        Some(u16::from_be_bytes(*length).into())
    }

    /// Takes what has arrived, and returns the request when it is complete.
    ///
    /// # Errors
    ///
    /// When EPMD would close the connection: the length is zero or too large, there is more than one request, or it is
    /// malformed.
    pub fn push(&mut self, arrived: &[u8]) -> Result<Option<Request>, ProtocolError> {
        // Nothing longer than a request is kept, so that a flood costs no memory before its length is judged.
        let (kept, excess) = arrived.split_at(arrived.len().min(self.wanted()));
        self.bytes.extend_from_slice(kept);
        let Some(length) = self.length() else {
            return Ok(None);
        };
        if length == 0 || length > MAX_REQUEST {
            return Err(ProtocolError::RequestLength(length));
        }
        let body = &self.bytes[2..];
        if body.len() > length || !excess.is_empty() {
            return Err(ProtocolError::TrailingBytes);
        }
        if body.len() < length {
            return Ok(None);
        }
        Request::decode(body).map(Some)
    }
}
