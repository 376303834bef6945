//! The certificates in force, and their replacement.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use tokio::task::spawn_blocking;

use super::super::TARGET;
use super::super::error::Chain;
use super::configs::{Configs, stamps};
use super::error::TlsConfigError;
use super::settings::Tls;

/// A node's settings, and what its files said when they were last read without a fault.
pub(crate) struct Context {
    settings: Tls,
    current: RwLock<Arc<Configs>>,
    /// When the files were last looked at.
    looked: Mutex<Instant>,
    /// Held while files are read, so that an older state never replaces a newer one.
    reading: Mutex<()>,
}

impl Context {
    /// Reads the files.
    pub(crate) fn new(settings: Tls) -> Result<Context, TlsConfigError> {
        Ok(Context {
            current: RwLock::new(Arc::new(Configs::read(&settings)?)),
            settings,
            looked: Mutex::new(Instant::now()),
            reading: Mutex::new(()),
        })
    }

    pub(super) fn settings(&self) -> &Tls {
        &self.settings
    }

    /// What a new connection uses. Looks at the files first, if it is time to.
    pub(super) async fn configs(self: &Arc<Context>) -> Arc<Configs> {
        if self.is_due() {
            let context = self.clone();
            let looking = spawn_blocking(move || {
                if stamps(&context.settings) != context.current().stamps {
                    // The log has it.
                    let _ = context.reload();
                }
            });
            // A panic would have been logged too.
            let _ = looking.await;
        }
        self.current()
    }

    /// Reads the files again. What is wrong with them is logged, and leaves the old certificates in
    /// force.
    pub(crate) fn reload(&self) -> Result<(), TlsConfigError> {
        let _reading = lock(&self.reading);
        match Configs::read(&self.settings) {
            Ok(configs) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(configs);
                drop(current);
                tracing::info!(target: TARGET, "certificates replaced");
                Ok(())
            }
            Err(error) => {
                tracing::error!(
                    target: TARGET, reason = %Chain(&error), "new certificates cannot be used, the old ones stay"
                );
                Err(error)
            }
        }
    }

    fn current(&self) -> Arc<Configs> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.clone()
    }

    /// Whether it is time to look at the files; only one caller hears so.
    fn is_due(&self) -> bool {
        let mut looked = lock(&self.looked);
        let now = Instant::now();
        let due = now.duration_since(*looked) >= self.settings.pem_cache_clean;
        if due {
            *looked = now;
        }
        due
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What the locks guard is whole at every point where a panic could leave it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.settings).finish()
    }
}
