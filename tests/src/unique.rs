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
