//! What programs in other languages read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory with the list of items as bytes. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Files(PathBuf);

impl Files {
    pub(super) fn new() -> Files {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let (program, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let directory = std::env::temp_dir().join(format!("ergo-codec-{program}-{next}"));
        fs::create_dir_all(&directory).expect("a directory for temporary files");
        let files = Files(directory);
        fs::write(files.items(), super::list()).expect("a temporary file");
        files
    }

    /// The list of items.
    pub(super) fn items(&self) -> PathBuf {
        self.path().join("items")
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // Left behind it harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
