//! The mode in which `epmd` serves.

use std::io;
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use ergo::epmd::{Error, Server, ServerOptions};

use crate::log::{Log, TARGET};
use crate::options::Options;
use crate::{daemon, systemd};

/// How many descriptors are left for other things than connections: standard streams, sockets that listen, the runtime.
const OTHER_DESCRIPTORS: u64 = 32;

/// How much longer a connection may be silent: OTP's program counts whole seconds, and clients that say something every
/// second rely on that under `-packet_timeout 1`.
const PACKET_GRACE: Duration = Duration::from_secs(1);

/// How many names are remembered under `-d`.
const MAX_UNUSED_DEBUG: usize = 5;

/// Why there is nothing to serve on.
#[derive(Debug)]
enum Failure {
    /// Another `epmd` serves already, which is what was wanted.
    Served(String),
    Failed(String),
}

/// Serves until a client ends it.
pub(crate) fn run(options: &Options) -> ExitCode {
    if options.daemon && !daemon::is_detached() {
        return match daemon::start() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let told = format!("epmd: cannot start a daemon: {}\n", reason(&error));
                crate::log::to_stderr(&told);
                ExitCode::FAILURE
            }
        };
    }
    let log = Log::new(options.debug, options.daemon);
    tracing::subscriber::set_global_default(log).expect("nothing else in this program logs");
    if options.daemon {
        daemon::leave_session();
    }
    let daemon = u8::from(options.daemon);
    tracing::debug!(target: TARGET, d = 1, "epmd running - daemon = {daemon}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let served = match runtime {
        Ok(runtime) => runtime.block_on(serve(options)),
        Err(error) => Err(Failure::Failed(reason(&error))),
    };
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Served(message)) => {
            tracing::debug!(target: TARGET, d = 1, "{message}");
            ExitCode::SUCCESS
        }
        Err(Failure::Failed(message)) => {
            tracing::error!(target: TARGET, d = 0, "{message}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &Options) -> Result<(), Failure> {
    let server = listen(options).await?;
    if options.daemon {
        // A terminal that goes away is no reason to end, nor is whatever else sends this signal.
        let hangup = tokio::signal::unix::SignalKind::hangup();
        let _hangup = tokio::signal::unix::signal(hangup);
        daemon::listens().map_err(|error| Failure::Failed(reason(&error)))?;
    }
    if options.systemd {
        if let Err(error) = systemd::notify_ready() {
            tracing::warn!(target: TARGET, d = 0, "cannot notify systemd: {error}");
        }
    }
    tracing::trace!(target: TARGET, d = 2, "entering the main select() loop");
    server.ended().await;
    server.shutdown().await;
    Ok(())
}

async fn listen(options: &Options) -> Result<Server, Failure> {
    let port = options.port;
    let failed = |message: &str| Failure::Failed(message.to_owned());
    let mut serving = ServerOptions {
        port,
        addresses: Vec::new(),
        packet_timeout: options.packet_timeout + PACKET_GRACE,
        relaxed: options.relaxed,
        delay_accept: options.delay_accept,
        delay_write: options.delay_write,
        ..ServerOptions::default()
    };
    serving.max_connections = serving.max_connections.min(raise_limit());
    if options.debug > 0 {
        serving.max_unused = MAX_UNUSED_DEBUG;
    }
    if options.systemd {
        tracing::trace!(target: TARGET, d = 2, "try to obtain sockets from systemd");
        let cannot = |error| {
            let reason = reason(&error);
            Failure::Failed(format!("cannot obtain sockets from systemd: {reason}"))
        };
        let listeners = systemd::listeners().map_err(cannot)?;
        if listeners.is_empty() {
            return Err(failed("systemd provides no sockets"));
        }
        return Server::from_listeners(listeners, serving)
            .await
            .map_err(cannot);
    }
    tracing::trace!(target: TARGET, d = 2, "try to initiate listening port {port}");
    serving.addresses = addresses(&options.addresses)?;
    Server::bind(serving).await.map_err(|error| match error {
        Error::Bind { address, .. } if error.is_address_in_use() => Failure::Served(format!(
            "there is already a epmd running at port {port} on ipaddr {}",
            address.ip()
        )),
        Error::Bind { address, source } => Failure::Failed(format!(
            "failed to bind on ipaddr {}: {}",
            address.ip(),
            reason(&source)
        )),
        Error::Addresses(_) => failed("cannot listen on more than 16 IP addresses"),
        other => Failure::Failed(other.to_string()),
    })
}

/// Reads a list of addresses with commas or spaces between them.
fn addresses(list: &str) -> Result<Vec<IpAddr>, Failure> {
    let words = list.split([',', ' ']).filter(|word| !word.is_empty());
    words
        .map(|word| {
            word.parse()
                .map_err(|_| Failure::Failed(format!("cannot parse IP address \"{word}\"")))
        })
        .collect()
}

/// Lets this process have as many descriptors as the system allows it, and returns how many of them connections may have.
///
/// A shell usually starts programs with 1024, which is less than a machine may have nodes.
fn raise_limit() -> usize {
    use rustix::process::{Resource, getrlimit, setrlimit};

    let mut limit = getrlimit(Resource::Nofile);
    let raised = rustix::process::Rlimit {
        current: limit.maximum,
        ..limit
    };
    if setrlimit(Resource::Nofile, raised).is_ok() {
        limit.current = limit.maximum;
    }
    let most = limit
        .current
        .map(|most| most.saturating_sub(OTHER_DESCRIPTORS));
    most.and_then(|most| usize::try_from(most).ok())
        .unwrap_or(usize::MAX)
}

/// What the system says, without the number that Rust adds.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error")
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_commas_or_spaces_between_them() {
        let read = |list| addresses(list).map_err(|failure| format!("{failure:?}"));
        assert_eq!(read(""), Ok(Vec::new()));
        assert_eq!(read(" , "), Ok(Vec::new()));
        let two: Vec<IpAddr> = vec!["10.0.0.1".parse().unwrap(), "fe80::1".parse().unwrap()];
        assert_eq!(read("10.0.0.1, fe80::1"), Ok(two));
        assert_eq!(
            read("10.0.0.1,kv"),
            Err(r#"Failed("cannot parse IP address \"kv\"")"#.to_owned())
        );
    }

    #[test]
    fn reasons_are_those_of_the_system() {
        assert_eq!(
            reason(&io::Error::from_raw_os_error(13)),
            "Permission denied"
        );
    }
}
