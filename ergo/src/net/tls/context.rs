//! The certificates in force, and their replacement.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
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
    current: RwLock<Current>,
    /// How many times the files have been read, so that an older state never replaces a newer one.
    readings: AtomicU64,
    /// When the files were last looked at.
    looked: Mutex<Instant>,
}

/// What a reading of the files gave.
struct Current {
    reading: u64,
    configs: Arc<Configs>,
}

impl Context {
    /// Reads the files.
    pub(crate) fn new(settings: Tls) -> Result<Context, TlsConfigError> {
        Ok(Context {
            current: RwLock::new(Current {
                reading: 0,
                configs: Arc::new(Configs::read(&settings)?),
            }),
            readings: AtomicU64::new(1),
            settings,
            looked: Mutex::new(Instant::now()),
        })
    }

    pub(super) fn settings(&self) -> &Tls {
        &self.settings
    }

    /// What a new connection uses. Looks at the files first, if it is time to.
    pub(super) async fn configs(self: &Arc<Context>) -> Arc<Configs> {
        if self.is_due() {
            let context = self.clone();
            let look = move || stamps(&context.settings) != context.current().stamps;
            if spawn_blocking(look).await.unwrap_or(false) {
                // The log has it.
                let _ = self.reload().await;
            }
        }
        self.current()
    }

    /// Reads the files again. What is wrong with them is logged, and leaves the old certificates in
    /// force.
    pub(crate) async fn reload(self: &Arc<Context>) -> Result<(), TlsConfigError> {
        let reading = self.readings.fetch_add(1, Ordering::Relaxed);
        let context = self.clone();
        let outcome = spawn_blocking(move || Configs::read(&context.settings)).await;
        // It is cancelled only with the runtime.
        let outcome = outcome.unwrap_or_else(|error| Err(TlsConfigError::rejected(&error)));
        match outcome {
            Ok(configs) => {
                self.replace(reading, configs);
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

    fn replace(&self, reading: u64, configs: Configs) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.reading < reading {
            *current = Current {
                reading,
                configs: Arc::new(configs),
            };
        }
    }

    fn current(&self) -> Arc<Configs> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        current.configs.clone()
    }

    /// Whether it is time to look at the files; only one caller hears so.
    fn is_due(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let due = now.duration_since(*looked) >= self.settings.pem_cache_clean;
        if due {
            *looked = now;
        }
        due
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.settings).finish()
    }
}
