//! The other end of a bare socket, in this program or in another.

use std::net::SocketAddr;
use std::path::Path;

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::certificates::Certificates;
use crate::cluster::{Cluster, Nodes};
use crate::peers::program::{Program, until_input_ends};

/// The argument that makes this program such a server, before the directory of certificates if it speaks TLS.
pub const ARGUMENT: &str = "--raw";

/// How much is read or written at once where it is in batches.
pub(super) const BATCH: usize = 64 << 10;

/// From this size on, each frame is read into a buffer of its own, as a binary is that somebody keeps.
const LARGE: usize = 64 << 10;

/// What a connection is for; it begins with this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Job {
    pub kind: Kind,
    /// The bytes of a request.
    pub request: usize,
    /// The bytes of an answer.
    pub answer: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One request, then its answer.
    PingPong,
    /// As many answers with each write as there were requests in a read. Requests and answers begin with a number.
    Batches,
    /// All is read; then there is an answer of one byte. A request is all that comes.
    Stream,
}

impl Job {
    pub(super) fn header(self) -> [u8; 24] {
        let numbers = [self.kind as usize, self.request, self.answer];
        let mut header = [0; 24];
        for (bytes, number) in header.chunks_exact_mut(8).zip(numbers) {
            bytes.copy_from_slice(&(number as u64).to_le_bytes());
        }
        header
    }

    fn read(header: [u8; 24]) -> Job {
        let mut numbers = header.chunks_exact(8).map(|bytes| {
            let bytes: [u8; 8] = bytes.try_into().expect("eight bytes");
            u64::from_le_bytes(bytes) as usize
        });
        let mut next = || numbers.next().expect("three numbers");
        let kind = match next() {
            0 => Kind::PingPong,
            1 => Kind::Batches,
            _ => Kind::Stream,
        };
        Job {
            kind,
            request: next(),
            answer: next(),
        }
    }
}

/// Where a server listens, and the program that it is, if it is another one.
#[derive(Debug)]
pub struct Server {
    pub(super) address: SocketAddr,
    _program: Option<Program>,
}

impl Server {
    /// A server in this program.
    pub async fn here(cluster: &Cluster, nodes: Nodes) -> Server {
        let certificates = (nodes == Nodes::Tls).then(|| cluster.certificates());
        Server {
            address: listen(certificates).await,
            _program: None,
        }
    }

    /// A server in a program of its own.
    pub async fn program(cluster: &Cluster, nodes: Nodes) -> Server {
        let mut arguments = vec![ARGUMENT];
        if nodes == Nodes::Tls {
            let directory = cluster.certificates().directory().to_str();
            arguments.push(directory.expect("a path in UTF-8"));
        }
        let mut program = Program::own(&arguments);
        let address = program.line().await.parse().expect("an address");
        Server {
            address,
            _program: Some(program),
        }
    }
}

/// What that other program is: until its input ends.
pub async fn child(certificates: Option<&str>, ready: impl FnOnce(SocketAddr)) {
    let certificates = certificates.map(|directory| Certificates::of(Path::new(directory)));
    ready(listen(certificates.as_ref()).await);
    until_input_ends().await;
}

async fn listen(certificates: Option<&Certificates>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr();
    let acceptor = certificates.map(|certificates| TlsAcceptor::from(certificates.server()));
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(connection(socket, acceptor.clone()));
        }
    });
    address.expect("a bound socket has an address")
}

/// Ends with an error when the client has had enough.
async fn connection(socket: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<()> {
    socket.set_nodelay(true)?;
    match acceptor {
        Some(acceptor) => {
            let (reader, writer) = io::split(acceptor.accept(socket).await?);
            serve(reader, writer).await
        }
        None => {
            let (reader, writer) = socket.into_split();
            serve(reader, writer).await
        }
    }
}

async fn serve<R, W>(mut reader: R, mut writer: W) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut header = [0; 24];
    reader.read_exact(&mut header).await?;
    let job = Job::read(header);
    match job.kind {
        Kind::PingPong => {
            let mut frame = Vec::new();
            let answer = vec![1; job.answer];
            loop {
                read_frame(&mut reader, &mut frame, job.request).await?;
                match job.answer < LARGE {
                    true => writer.write_all(&answer).await?,
                    // The binary itself goes back.
                    false => writer.write_all(&frame[..job.answer]).await?,
                }
                writer.flush().await?;
            }
        }
        Kind::Batches => batches(reader, writer, job).await,
        Kind::Stream => {
            let mut buffer = vec![0; BATCH];
            let mut left = job.request;
            while left > 0 {
                match reader.read(&mut buffer).await? {
                    0 => return Ok(()),
                    count => left -= count,
                }
            }
            writer.write_all(&[1]).await?;
            writer.flush().await
        }
    }
}

/// Reads a frame, a large one into a new buffer.
pub(super) async fn read_frame<R: AsyncRead + Unpin>(
    reader: &mut R,
    frame: &mut Vec<u8>,
    size: usize,
) -> io::Result<()> {
    if size < LARGE {
        frame.resize(size, 0);
        return reader.read_exact(frame).await.map(drop);
    }
    *frame = Vec::with_capacity(size);
    let read = reader.take(size as u64).read_to_end(frame).await?;
    match read == size {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

async fn batches<R, W>(mut reader: R, mut writer: W, job: Job) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut read = vec![0; BATCH];
    let (mut filled, mut answers) = (0, Vec::with_capacity(BATCH));
    loop {
        match reader.read(&mut read[filled..]).await? {
            0 => return Ok(()),
            count => filled += count,
        }
        let whole = filled - filled % job.request;
        for request in read[..whole].chunks_exact(job.request) {
            let start = answers.len();
            answers.extend_from_slice(&request[..8]);
            answers.resize(start + job.answer, 1);
        }
        read.copy_within(whole..filled, 0);
        filled -= whole;
        writer.write_all(&answers).await?;
        writer.flush().await?;
        answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{Job, Kind};

    #[test]
    fn a_job_is_read_as_it_is_written() {
        for kind in [Kind::PingPong, Kind::Batches, Kind::Stream] {
            let job = Job {
                kind,
                request: 1 << 20,
                answer: 89,
            };
            assert_eq!(Job::read(job.header()), job);
        }
    }
}
