//! Silence, and what breaks it.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::harness::*;
use crate::dist::TICK;
use crate::net::*;

fn quick(map: &Map, silence: Duration) -> Node {
    let mut config = config(&unique("a"), map);
    config.tick_time = silence;
    Node::with(config, map)
}

#[tokio::test]
async fn an_idle_link_ticks_and_lives() {
    let map = Map::default();
    let mut a = quick(&map, Duration::from_millis(400));
    let mut b = quick(&map, Duration::from_millis(400));
    a.links.connect(b.name).await.unwrap();
    a.up().await;
    b.up().await;
    // Long enough for a link without ticks to die three times.
    let waited = tokio::time::timeout(Duration::from_millis(1_200), a.event()).await;
    assert!(waited.is_err(), "{waited:?}");
    assert!(!b.has_event());
}

#[tokio::test]
async fn a_silent_peer_is_given_up() {
    let map = Map::default();
    let mut a = quick(&map, Duration::from_millis(200));
    let begin = Instant::now();
    let (mut socket, ..) = scripted(&unique("mute"), &a).await;
    a.up().await;
    // It hears us, but says nothing.
    let mut heard = Vec::new();
    let listening = socket.read_to_end(&mut heard);
    let (_, (_, reason)) = tokio::join!(listening, a.down());
    assert!(matches!(reason, LinkDown::TickTimeout(_)));
    assert!(begin.elapsed() >= Duration::from_millis(200));
    assert!(heard.len() >= 4 && heard.iter().all(|byte| *byte == 0));
}

#[tokio::test]
async fn the_intensity_says_how_often() {
    let map = Map::default();
    let mut a_config = config(&unique("a"), &map);
    a_config.tick_time = Duration::from_secs(4);
    a_config.tick_intensity = 40;
    let mut a = Node::with(a_config, &map);
    let (mut socket, ..) = scripted(&unique("peer"), &a).await;
    a.up().await;
    let begin = Instant::now();
    let mut ticks = [1; 5 * 4];
    socket.read_exact(&mut ticks).await.unwrap();
    assert_eq!(ticks, [0; 5 * 4], "frames without content");
    // One each 100 ms: far more often than four in the time.
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_millis(400), "{waited:?}");
    assert!(waited < Duration::from_secs(4), "{waited:?}");
}

#[tokio::test]
async fn any_byte_is_a_sign_of_life() {
    let map = Map::default();
    let mut a = quick(&map, Duration::from_millis(400));
    let (mut socket, ..) = scripted(&unique("slow"), &a).await;
    a.up().await;
    // Ticks, dribbled.
    for byte in TICK.iter().cycle().take(10) {
        socket.write_all(&[*byte]).await.unwrap();
        let quiet = tokio::time::timeout(Duration::from_millis(100), a.event()).await;
        assert!(quiet.is_err(), "{quiet:?}");
    }
}
