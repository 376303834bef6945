//! The floor: what bare tokio channels and sockets take for the same work.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// One caller, one task that echoes: an mpsc channel there, a oneshot channel back.
pub async fn local_seq(calls: u64) -> Duration {
    let (requests, mut inbox) = mpsc::unbounded_channel::<(i64, oneshot::Sender<i64>)>();
    tokio::spawn(async move {
        while let Some((number, reply)) = inbox.recv().await {
            // The caller waits for it.
            let _ = reply.send(number);
        }
    });
    tokio::spawn(async move {
        let start = Instant::now();
        for number in 0..calls as i64 {
            let (reply, answer) = oneshot::channel();
            requests.send((number, reply)).expect("the echo task lives");
            assert_eq!(answer.await.expect("the echo task answers"), number);
        }
        start.elapsed()
    })
    .await
    .expect("the caller does not panic")
}

/// One sender, one receiver that adds up.
pub async fn local_cast(casts: u64) -> Duration {
    let (numbers, mut inbox) = mpsc::unbounded_channel::<i64>();
    let sum = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(number) = inbox.recv().await {
            sum += number;
        }
        sum
    });
    let start = Instant::now();
    tokio::spawn(async move {
        for number in 0..casts as i64 {
            numbers.send(number).expect("the receiver lives");
        }
    })
    .await
    .expect("the sender does not panic");
    let casts = casts as i64;
    assert_eq!(
        sum.await.expect("the receiver does not panic"),
        casts * (casts - 1) / 2
    );
    start.elapsed()
}

/// Ping-pong over a loopback socket with frames of these sizes.
pub async fn remote_seq(calls: u64, request: usize, answer: usize) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the caller connects");
        socket.set_nodelay(true).expect("a TCP socket");
        let mut frame = vec![0; request];
        let reply = vec![1; answer];
        while socket.read_exact(&mut frame).await.is_ok() {
            socket.write_all(&reply).await.expect("the caller reads");
        }
    });
    tokio::spawn(async move {
        let mut socket = TcpStream::connect(address)
            .await
            .expect("the listener is there");
        socket.set_nodelay(true).expect("a TCP socket");
        let frame = vec![0; request];
        let mut reply = vec![0; answer];
        let start = Instant::now();
        for _ in 0..calls {
            socket.write_all(&frame).await.expect("the echo task reads");
            socket
                .read_exact(&mut reply)
                .await
                .expect("the echo task answers");
        }
        start.elapsed()
    })
    .await
    .expect("the caller does not panic")
}

/// Frames of this size over a loopback socket, as many with each write as fit into 64 KiB.
pub async fn remote_cast(casts: u64, frame: usize) -> Duration {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener
        .local_addr()
        .expect("a bound socket has an address");
    let bytes = casts as usize * frame;
    let receiving = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("the sender connects");
        let mut buffer = vec![0; 64 << 10];
        let mut left = bytes;
        while left > 0 {
            left -= socket.read(&mut buffer).await.expect("the sender writes");
        }
    });
    let start = Instant::now();
    tokio::spawn(async move {
        let mut socket = TcpStream::connect(address)
            .await
            .expect("the listener is there");
        let buffer = vec![0; 64 << 10];
        let mut left = bytes;
        while left > 0 {
            let part = left.min(buffer.len());
            let written = socket.write_all(&buffer[..part]).await;
            written.expect("the receiver reads");
            left -= part;
        }
    })
    .await
    .expect("the sender does not panic");
    receiving.await.expect("the receiver does not panic");
    start.elapsed()
}
