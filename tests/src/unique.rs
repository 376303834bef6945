//! Names that no other test has.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::Mutex;

/// A word that no other test uses: for registered names, node names and cookies.
///
/// ```
/// assert_ne!(tests::unique("kv"), tests::unique("kv"));
/// ```
pub fn unique(prefix: &str) -> String {
    let random = getrandom::u64().expect("the system has no randomness");
    format!("{prefix}_{random:016x}")
}

/// A node name on the loopback address that no other test uses: `kv_0f3c…@127.0.0.1`.
pub fn unique_node(prefix: &str) -> String {
    format!("{}@127.0.0.1", unique(prefix))
}

/// The ports that this program has given out: who got one may not have bound it yet.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port of no other test, free on all addresses: for nodes that must know theirs before they start.
///
/// It lies below those that the system gives out, and above those of [`Epmd`](crate::Epmd).
pub fn unique_port() -> u16 {
    draw_port(30_000..32_700, Ipv4Addr::UNSPECIFIED)
}

/// A port of these on which nobody listens at this address, and that this program has not been given before.
pub(crate) fn draw_port(ports: Range<u16>, address: Ipv4Addr) -> u16 {
    let random = || {
        let random = getrandom::u32().expect("the system has no randomness");
        let place = random % u32::from(ports.end - ports.start);
        ports.start + u16::try_from(place).expect("below 2^16")
    };
    let is_free = |port: &u16| {
        let is_new = GIVEN.lock().expect("nobody panics here").insert(*port);
        is_new && TcpListener::bind((address, *port)).is_ok()
    };
    let mut draws = std::iter::repeat_with(random).take(1000);
    draws.find(is_free).expect("a free port in 1000 draws")
}
