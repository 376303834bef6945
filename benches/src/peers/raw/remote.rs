//! This end of a bare socket.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{self, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;

use super::server::{BATCH, Job, Kind, Server, read_frame};
use crate::certificates::Certificates;
use crate::measure::CALLERS;
use crate::peers::side_by_side;
use crate::sizes::Sizes;

/// A client and its server.
#[derive(Debug)]
pub struct Client {
    server: Server,
    tls: Option<Arc<ClientConfig>>,
}

/// The two directions of a connection, over whatever it goes.
type Ends = (
    Box<dyn AsyncRead + Send + Unpin>,
    Box<dyn AsyncWrite + Send + Unpin>,
);

impl Client {
    /// A client of this server, which speaks TLS if it has settings for it.
    pub fn of(server: Server, tls: Option<Arc<ClientConfig>>) -> Client {
        Client { server, tls }
    }

    async fn connect(&self, job: Job) -> Ends {
        let connecting = async {
            let socket = TcpStream::connect(self.server.address).await?;
            socket.set_nodelay(true)?;
            let (reader, mut writer): Ends = match self.tls.clone() {
                None => {
                    let (reader, writer) = socket.into_split();
                    (Box::new(reader), Box::new(writer))
                }
                Some(config) => {
                    let connector = TlsConnector::from(config);
                    let socket = connector.connect(Certificates::name(), socket).await?;
                    let (reader, writer) = io::split(socket);
                    (Box::new(reader), Box::new(writer))
                }
            };
            writer.write_all(&job.header()).await?;
            writer.flush().await?;
            io::Result::Ok((reader, writer))
        };
        connecting.await.expect("the server accepts")
    }

    /// One caller: a request, then its answer. A large one is not copied before it is written, and is read into a buffer of
    /// its own at either end.
    pub async fn seq(&self, sizes: Sizes, calls: u64) -> Duration {
        let (mut reader, mut writer) = self.connect(sizes.job(Kind::PingPong)).await;
        tokio::spawn(async move {
            let request = vec![1; sizes.request];
            let mut answer = Vec::new();
            let start = Instant::now();
            for _ in 0..calls {
                writer.write_all(&request).await?;
                writer.flush().await?;
                read_frame(&mut reader, &mut answer, sizes.answer).await?;
            }
            io::Result::Ok(start.elapsed())
        })
        .await
        .expect("the caller does not panic")
        .expect("the server answers")
    }

    /// Callers that share the connection: a task writes what is asked for, many requests at once, and another reads the
    /// answers and wakes their callers.
    pub async fn par(&self, sizes: Sizes, calls: u64) -> Duration {
        let (mut reader, mut writer) = self.connect(sizes.job(Kind::Batches)).await;
        let (requests, mut wanted) = mpsc::unbounded_channel::<u64>();
        let writing = tokio::spawn(async move {
            let (mut numbers, mut frames) = (Vec::new(), Vec::with_capacity(BATCH));
            while wanted.recv_many(&mut numbers, BATCH / sizes.request).await > 0 {
                for number in numbers.drain(..) {
                    let start = frames.len();
                    frames.extend_from_slice(&number.to_le_bytes());
                    frames.resize(start + sizes.request, 1);
                }
                writer.write_all(&frames).await?;
                writer.flush().await?;
                frames.clear();
            }
            io::Result::Ok(())
        });
        let callers: Arc<[Notify]> = (0..CALLERS).map(|_| Notify::new()).collect();
        let answered = Arc::clone(&callers);
        let reading = tokio::spawn(async move {
            let (mut read, mut filled) = (vec![0; BATCH], 0);
            loop {
                match reader.read(&mut read[filled..]).await {
                    Ok(0) | Err(_) => return,
                    Ok(count) => filled += count,
                }
                let whole = filled - filled % sizes.answer;
                for answer in read[..whole].chunks_exact(sizes.answer) {
                    let number: [u8; 8] = answer[..8].try_into().expect("eight bytes");
                    answered[u64::from_le_bytes(number) as usize].notify_one();
                }
                read.copy_within(whole..filled, 0);
                filled -= whole;
            }
        });
        let time = side_by_side((0..CALLERS).map(|caller| {
            let (requests, callers) = (requests.clone(), Arc::clone(&callers));
            async move {
                for _ in 0..calls / CALLERS {
                    requests.send(caller).expect("the writer goes on");
                    callers[caller as usize].notified().await;
                }
            }
        }))
        .await;
        drop(requests);
        let written = writing.await.expect("the writer does not panic");
        written.expect("the server reads");
        reading.abort();
        time
    }

    /// Frames in one direction, as many with each write as fit into a batch, until all are read.
    pub async fn cast(&self, frame: usize, casts: u64) -> Duration {
        let bytes = casts as usize * frame;
        let job = Job {
            kind: Kind::Stream,
            request: bytes,
            answer: 1,
        };
        let (mut reader, mut writer) = self.connect(job).await;
        tokio::spawn(async move {
            let buffer = vec![1; BATCH];
            let start = Instant::now();
            let mut left = bytes;
            while left > 0 {
                let part = left.min(buffer.len());
                writer.write_all(&buffer[..part]).await?;
                left -= part;
            }
            writer.flush().await?;
            reader.read_u8().await?;
            io::Result::Ok(start.elapsed())
        })
        .await
        .expect("the sender does not panic")
        .expect("the server reads")
    }
}

impl Sizes {
    fn job(self, kind: Kind) -> Job {
        Job {
            kind,
            request: self.request,
            answer: self.answer,
        }
    }
}
