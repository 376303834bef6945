//! Peers that break the protocol: their link goes, every other stays.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::harness::*;
use crate::dist::{ControlError, ProtocolError};
use crate::net::*;

/// Sends bytes after a good handshake; the link must go down, with this reason.
async fn breaks(bytes: &[u8], reason: impl Fn(&ProtocolError) -> bool) {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    let b = Node::start("b", &map);
    b.links.connect(a.name).await.unwrap();
    a.up().await;
    let (mut socket, ..) = scripted(&unique("bad"), &a).await;
    a.up().await;
    socket.write_all(bytes).await.unwrap();
    let (_, down) = a.down().await;
    match &down {
        LinkDown::Protocol(error) => assert!(reason(error), "{error:?}"),
        other => panic!("{other:?}"),
    }
    // Closed, whether gently or not.
    let _ = socket.read_to_end(&mut Vec::new()).await;
    b.send(a.name, 1);
    assert_eq!(a.number().await, 1, "the other link is undisturbed");
}

#[tokio::test]
async fn a_frame_that_is_too_long() {
    breaks(&[0xff; 4], |error| matches!(error, ProtocolError::Frame(_))).await;
}

#[tokio::test]
async fn a_frame_without_a_header() {
    let header = |error: &ProtocolError| matches!(error, ProtocolError::Header(_));
    breaks(b"\x00\x00\x00\x05hello", header).await;
}

#[tokio::test]
async fn an_unknown_operation() {
    let unknown = |error: &ProtocolError| {
        matches!(
            error,
            ProtocolError::Control(ControlError::UnknownOperation(99))
        )
    };
    breaks(&[0, 0, 0, 7, 131, 68, 0, 104, 1, 97, 99], unknown).await;
}

#[tokio::test]
async fn garbage_instead_of_a_handshake() {
    let map = Map::default();
    let mut a = Node::start("a", &map);
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        &[0, 0],
        &[0xff; 64],
        b"\x00\x03sok",
        b"\x00\x01N",
    ] {
        let mut socket = TcpStream::connect(a.address).await.unwrap();
        socket.write_all(garbage).await.unwrap();
        // Closed, whether gently or not, and without an answer.
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{garbage:?} got {answer:?}");
    }
    let b = Node::start("b", &map);
    b.links.connect(a.name).await.unwrap();
    assert_eq!(a.up().await.name, b.name);
}
