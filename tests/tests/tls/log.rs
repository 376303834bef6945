//! What the nodes of one test log: each test has a thread of its own, and all that its nodes do happens there.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tests::until;

thread_local! {
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Line;

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps what this test's nodes log, from now on.
pub(crate) struct Log;

impl Log {
    pub(crate) fn start() -> Log {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::fmt()
                .with_env_filter("ergo=trace")
                .with_ansi(false)
                .with_writer(|| Line)
                .init();
        });
        Log
    }

    pub(crate) fn text(&self) -> String {
        LOG.with_borrow(|log| String::from_utf8_lossy(log).into_owned())
    }

    /// Waits for a line with all these words.
    pub(crate) async fn line(&self, words: &[&str]) {
        let has = |line: &str| words.iter().all(|word| line.contains(word));
        until(|| self.text().lines().any(has)).await;
    }
}
