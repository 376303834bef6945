//! Names that no other test has.

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

/// A port of no other test, free on all addresses: for nodes that must know theirs before they start.
///
/// It lies below those that the system gives out, and above those of [`Epmd`](crate::Epmd).
pub fn unique_port() -> u16 {
    for _ in 0..1000 {
        let random = getrandom::u32().expect("the system has no randomness");
        let port = 30_000 + u16::try_from(random % 2_700).expect("below 2^16");
        if std::net::TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port in 1000 draws");
}
