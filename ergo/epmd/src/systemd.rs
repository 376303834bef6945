//! What `epmd -systemd` and systemd tell each other, see `sd_listen_fds(3)` and `sd_notify(3)`.

use std::env;
use std::io;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use listenfd::ListenFd;

/// The sockets that systemd has opened for this process.
pub(crate) fn listeners() -> io::Result<Vec<TcpListener>> {
    let mut passed = ListenFd::from_env();
    let mut listeners = Vec::with_capacity(passed.len());
    for index in 0..passed.len() {
        listeners.extend(passed.take_tcp_listener(index)?);
    }
    Ok(listeners)
}

/// Tells systemd that this process serves.
pub(crate) fn notify_ready() -> io::Result<()> {
    let Some(path) = env::var_os("NOTIFY_SOCKET") else {
        return Ok(());
    };
    let pid = std::process::id();
    let state = format!("READY=1\nSTATUS=Processing port mapping requests...\nMAINPID={pid}");
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address(path.as_bytes())?)?;
    Ok(())
}

/// The address of a socket; one that begins with `@` is a name outside the file system, which Linux has.
fn address(path: &[u8]) -> io::Result<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = path.strip_prefix(b"@") {
        use std::os::linux::net::SocketAddrExt;
        return SocketAddr::from_abstract_name(name);
    }
    SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))
}
