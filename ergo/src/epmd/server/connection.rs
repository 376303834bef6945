//! One connection of a server.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::log::{Hex, say};
use super::{Shared, now};
use crate::epmd::engine::{Connection, List, Peer, Reaction, Refusal, Released};
use crate::epmd::{AliveReply, ProtocolError, Request, RequestReader};

/// The connections that stay open after their registration.
pub(super) type Holders = HashMap<Connection, Arc<TcpStream>>;

/// Why a connection ended before it was served.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("got partial packet only on file descriptor {0} ({1})")]
    Partial(u64, usize),
    #[error("closing because timed out on receive")]
    Idle,
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error("error in read: {0}")]
    Read(io::Error),
    #[error("error in write: {0}")]
    Write(io::Error),
    #[error("{0}_REQ {1}")]
    Refused(&'static str, Refusal),
}

/// The place of a connection among those that may be open at once, and among those of other machines.
pub(super) type Places = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// Reads the request of a connection, and does what EPMD does about it.
pub(super) async fn serve(stream: TcpStream, local: bool, places: Places, shared: &Shared) {
    let stream = Arc::new(stream);
    let descriptor = descriptor(&stream);
    // They are free before the stream closes: whoever sees it close finds room.
    let _places = places;
    let whose = if local { "Local" } else { "Non-local" };
    say!(trace, 2, "{whose} peer connected");
    say!(
        trace,
        2,
        "opening connection on file descriptor {descriptor}"
    );
    match serve_request(&stream, descriptor, local, shared).await {
        Ok(()) => {}
        Err(reason @ Ended::Idle) => say!(debug, 1, "{reason}"),
        Err(reason @ Ended::Refused(..)) => say!(warn, 0, "{reason}"),
        Err(reason) => say!(debug, 0, "{reason}"),
    }
    say!(
        trace,
        2,
        "closing connection on file descriptor {descriptor}"
    );
}

/// The number that the system gives the socket.
fn descriptor(stream: &TcpStream) -> u64 {
    #[cfg(unix)]
    {
        use std::os::fd::AsRawFd;
        stream.as_raw_fd().try_into().unwrap_or_default()
    }
    #[cfg(windows)]
    {
        use std::os::windows::io::AsRawSocket;
        stream.as_raw_socket()
    }
}

async fn serve_request(
    stream: &Arc<TcpStream>,
    descriptor: u64,
    local: bool,
    shared: &Shared,
) -> Result<(), Ended> {
    // Replies are small and must not wait for each other.
    stream.set_nodelay(true).map_err(Ended::Read)?;
    let request = read_request(stream, descriptor, shared).await?;
    let kind = kind(&request);
    say!(debug, 1, "** got {kind}_REQ");
    // The end of the entry, whatever brings it, is the end of the registration.
    let (reaction, _entry) = react(&request, descriptor, local, stream, shared);
    let sent = sent(&request, &reaction);
    drop(request);
    match reaction {
        Reaction::Keep { reply, .. } => {
            write(stream, &reply, shared).await?;
            say!(debug, 1, "** sent {sent}");
            drop(sent);
            ended(stream).await;
            return Ok(());
        }
        Reaction::Refuse { reply, .. } | Reaction::Taken { reply, .. } => {
            write(stream, &reply, shared).await?;
            say!(debug, 1, "** sent {sent}");
            drop(sent);
            ended(stream).await;
            say!(
                debug,
                1,
                "trying to unregister node with unknown file descriptor {descriptor}"
            );
            return Ok(());
        }
        Reaction::Reply(reply) => write(stream, &reply, shared).await?,
        Reaction::Stop { holder, reply } => {
            write(stream, &reply, shared).await?;
            if holder.is_none() {
                say!(debug, 1, "** sent STOP_RESP NOEXIST");
            }
        }
        Reaction::List(list) => write_list(stream, list, shared).await?,
        Reaction::Kill(reply) => {
            let written = write(stream, &reply, shared).await;
            say!(debug, 1, "epmd killed");
            say!(info, 0, "got KILL_REQ - terminates normal");
            shared.end.cancel();
            return written;
        }
        Reaction::Close(reason) => return Err(Ended::Refused(kind, reason)),
    }
    say!(debug, 1, "** sent {sent}");
    Ok(())
}

/// What Erlang's `epmd` calls a request, without the `_REQ`.
fn kind(request: &Request) -> &'static str {
    match request {
        Request::Alive2(_) => "ALIVE2",
        Request::PortPlease2 { .. } => "PORT2",
        Request::Names => "NAMES",
        Request::Dump => "DUMP",
        Request::Kill => "KILL",
        Request::Stop { .. } => "STOP",
    }
}

/// What Erlang's `epmd` calls the reply.
fn sent(request: &Request, reaction: &Reaction) -> String {
    match (request, reaction) {
        (Request::Alive2(alive), _) => {
            let name = String::from_utf8_lossy(alive.name());
            format!("ALIVE2_RESP for \"{name}\"")
        }
        (Request::PortPlease2 { name }, Reaction::Reply(reply)) => {
            let found = if reply.get(1) == Some(&0) {
                "ok"
            } else {
                "error"
            };
            format!("PORT2_RESP ({found}) for \"{name}\"")
        }
        (Request::Stop { .. }, _) => "STOP_RESP STOPPED".to_owned(),
        _ => format!("{}_RESP", kind(request)),
    }
}

/// Asks the engine, and does what has to be done before anyone else asks it.
fn react<'a>(
    request: &Request,
    descriptor: u64,
    local: bool,
    stream: &Arc<TcpStream>,
    shared: &'a Shared,
) -> (Reaction, Entry<'a>) {
    let mut state = shared.state();
    let peer = Peer {
        connection: state.next,
        descriptor,
        local,
    };
    state.next += 1;
    let mut reaction = state.engine.react(request.clone(), peer, now());
    if let Reaction::Taken { holder, .. } = reaction {
        // Its task may not have run yet since the node has ended. Whoever restarts a node must not suffer from that.
        if state
            .holders
            .get(&holder)
            .is_some_and(|holder| has_ended(holder))
        {
            state.engine.release(holder);
            state.holders.remove(&holder);
            reaction = state.engine.react(request.clone(), peer, now());
        }
    }
    if let Reaction::Stop {
        holder: Some((holder, _)),
        ..
    } = &reaction
    {
        // The node learns that it is not registered any more, and may register again. If the connection has ended
        // already, that is as good.
        if let Some(holder) = state.holders.remove(holder) {
            let _ = SockRef::from(&holder).shutdown(Shutdown::Both);
        }
    }
    state.tell();
    if let Reaction::Keep { .. } = reaction {
        state.holders.insert(peer.connection, Arc::clone(stream));
    }
    drop(state);
    tell(request, &reaction);
    let connection = peer.connection;
    (reaction, Entry { shared, connection })
}

/// Tells what became of a request.
fn tell(request: &Request, reaction: &Reaction) {
    match (request, reaction) {
        (Request::Alive2(alive), Reaction::Keep { reply, known }) => {
            let name = String::from_utf8_lossy(alive.name());
            let node = alive.rest();
            let (port, highest, lowest) = (node.port, node.highest, node.lowest);
            if *known {
                say!(debug, 1, "reusing slot with same name '{name}'");
            }
            if let Ok(Some(AliveReply::Registered { creation })) = AliveReply::decode(reply) {
                say!(debug, 1, "registering '{name}:{creation}', port {port}");
            }
            let (node_type, protocol) = (u8::from(node.node_type), node.protocol);
            say!(
                debug,
                1,
                "type {node_type} proto {protocol} highvsn {highest} lowvsn {lowest}"
            );
        }
        (Request::Alive2(alive), Reaction::Taken { .. }) => {
            let name = String::from_utf8_lossy(alive.name());
            say!(debug, 0, "node name already occupied {name}");
        }
        (_, Reaction::Refuse { reason, .. }) => say!(debug, 0, "{reason}"),
        (
            _,
            Reaction::Stop {
                holder: Some((_, node)),
                ..
            },
        ) => {
            unregistered(node);
            say!(debug, 1, "epmd connection stopped");
        }
        (Request::Stop { name }, Reaction::Stop { holder: None, .. }) => {
            say!(
                debug,
                1,
                "trying to unregister node with unknown name {name}"
            );
        }
        (Request::Kill, Reaction::Reply(_)) => say!(warn, 0, "Disallowed KILL_REQ, live nodes"),
        _ => {}
    }
}

/// Tells that a node is forgotten.
fn unregistered(node: &Released) {
    let (name, port, creation) = (&node.name, node.port, node.creation);
    say!(debug, 1, "unregistering '{name}:{creation}', port {port}");
}

/// What the server remembers of a connection.
struct Entry<'a> {
    shared: &'a Shared,
    connection: Connection,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        state.holders.remove(&self.connection);
        let released = state.engine.release(self.connection);
        state.tell();
        drop(state);
        if let Some(node) = released {
            unregistered(&node);
        }
    }
}

async fn read_request(
    stream: &TcpStream,
    descriptor: u64,
    shared: &Shared,
) -> Result<Request, Ended> {
    let mut reader = RequestReader::new();
    let mut got = 0;
    loop {
        let readable = tokio::time::timeout(shared.options.packet_timeout, stream.readable());
        let readable = readable.await.map_err(|_| Ended::Idle)?;
        readable.map_err(Ended::Read)?;
        match read_some(stream, &mut reader)? {
            Read::Request(request) => return Ok(request),
            Read::Some(count) => got += count,
            Read::End => return Err(Ended::Partial(descriptor, got)),
        }
    }
}

/// What there was to read.
enum Read {
    Request(Request),
    Some(usize),
    End,
}

/// Reads what is there. The buffer is on the stack of this function, so that waiting connections have none.
fn read_some(stream: &TcpStream, reader: &mut RequestReader) -> Result<Read, Ended> {
    let mut piece = [0; 3 * 1024];
    let wanted = reader.wanted().min(piece.len());
    match stream.try_read(&mut piece[..wanted]) {
        Ok(0) => Ok(Read::End),
        Ok(count) => {
            say!(trace, 2, "{}", Hex(&piece[..count]));
            let request = reader.push(&piece[..count])?;
            Ok(request.map_or(Read::Some(count), Read::Request))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Read::Some(0)),
        Err(error) => Err(Ended::Read(error)),
    }
}

/// Waits until the connection ends, or says anything, which counts as its end.
async fn ended(stream: &TcpStream) {
    while stream.readable().await.is_ok() {
        match stream.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            _ => break,
        }
    }
}

/// Whether [`ended`] is about to return.
fn has_ended(stream: &TcpStream) -> bool {
    // The runtime learns of the end later than the system, so it is the system that is asked.
    match SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]) {
        Ok(_) => true,
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
        ),
    }
}

async fn write_list(stream: &TcpStream, mut list: List, shared: &Shared) -> Result<(), Ended> {
    loop {
        // The lock is not held while a piece is written.
        let Some(piece) = shared.state().engine.list(&mut list) else {
            return Ok(());
        };
        write(stream, &piece, shared).await?;
    }
}

/// Writes all of it, the first time in one segment if the system can take it; a client that does not read for the
/// packet timeout is given up.
async fn write(stream: &TcpStream, bytes: &[u8], shared: &Shared) -> Result<(), Ended> {
    // A sleep of nothing is still a turn of the timer.
    if !shared.options.delay_write.is_zero() {
        tokio::time::sleep(shared.options.delay_write).await;
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(count) => rest = &rest[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let writable =
                    tokio::time::timeout(shared.options.packet_timeout, stream.writable());
                let writable = writable.await.map_err(|_| Ended::Idle)?;
                writable.map_err(Ended::Write)?;
            }
            Err(error) => return Err(Ended::Write(error)),
        }
    }
    say!(trace, 2, "{}", Hex(bytes));
    Ok(())
}
