//! One connection of a server.

use std::collections::HashMap;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use super::{Shared, now};
use crate::epmd::engine::{Connection, List, Peer, Reaction};
use crate::epmd::{ProtocolError, Request, RequestReader, TARGET};

/// The connections that stay open after their registration.
pub(super) type Holders = HashMap<Connection, Arc<TcpStream>>;

/// Why a connection ended before it was served.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("it ended before it had asked for anything")]
    Silent,
    #[error("it was idle for too long")]
    Idle,
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The place of a connection among those that may be open at once, and among those of other machines.
pub(super) type Places = (OwnedSemaphorePermit, Option<OwnedSemaphorePermit>);

/// Reads the request of a connection, and does what EPMD does about it.
pub(super) async fn serve(
    stream: TcpStream,
    address: SocketAddr,
    peer: Peer,
    places: Places,
    shared: &Shared,
) {
    let stream = Arc::new(stream);
    // They are free before the stream closes: whoever sees it close finds room.
    let _places = places;
    if let Err(reason) = serve_request(&stream, address, peer, shared).await {
        tracing::debug!(target: TARGET, %address, %reason, "closed a connection");
    }
}

async fn serve_request(
    stream: &Arc<TcpStream>,
    address: SocketAddr,
    peer: Peer,
    shared: &Shared,
) -> Result<(), Ended> {
    // Replies are small and must not wait for each other.
    stream.set_nodelay(true)?;
    let request = read_request(stream, shared).await?;
    tracing::trace!(target: TARGET, %address, ?request, "asked");
    // Whatever happens from here on, the end of this connection is the end of its registration.
    let _entry = Entry {
        shared,
        connection: peer.connection,
    };
    match react(request, peer, stream, shared) {
        Reaction::Keep(reply) | Reaction::Taken { reply, .. } => {
            write(stream, &reply, shared).await?;
            ended(stream).await;
        }
        Reaction::Reply(reply) => write(stream, &reply, shared).await?,
        Reaction::List(list) => write_list(stream, list, shared).await?,
        Reaction::Kill(reply) => {
            let written = write(stream, &reply, shared).await;
            tracing::info!(target: TARGET, %address, "ended by a client");
            shared.end.cancel();
            written?;
        }
        Reaction::Close(reason) => {
            tracing::warn!(target: TARGET, %address, %reason, "refused");
        }
    }
    Ok(())
}

/// Asks the engine, which does not know whether the holder of a taken name is still there.
fn react(request: Request, peer: Peer, stream: &Arc<TcpStream>, shared: &Shared) -> Reaction {
    let mut state = shared.state();
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
            reaction = state.engine.react(request, peer, now());
        }
    }
    state.tell();
    if let Reaction::Keep(_) = reaction {
        state.holders.insert(peer.connection, Arc::clone(stream));
    }
    reaction
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
        if let Some(name) = state.engine.release(self.connection) {
            tracing::debug!(target: TARGET, name, "unregistered");
        }
        state.tell();
    }
}

async fn read_request(stream: &TcpStream, shared: &Shared) -> Result<Request, Ended> {
    let mut reader = RequestReader::new();
    loop {
        let readable = tokio::time::timeout(shared.options.packet_timeout, stream.readable());
        readable.await.map_err(|_| Ended::Idle)??;
        if let Some(request) = read_some(stream, &mut reader)? {
            return Ok(request);
        }
    }
}

/// Reads what is there. The buffer is on the stack of this function, so that waiting connections have none.
fn read_some(stream: &TcpStream, reader: &mut RequestReader) -> Result<Option<Request>, Ended> {
    let mut piece = [0; 1024];
    match stream.try_read(&mut piece) {
        Ok(0) => Err(Ended::Silent),
        Ok(count) => Ok(reader.push(&piece[..count])?),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error.into()),
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
                writable.await.map_err(|_| Ended::Idle)??;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
