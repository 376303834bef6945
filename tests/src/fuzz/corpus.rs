//! The inputs that are kept.

use std::fs;
use std::path::{Path, PathBuf};

/// An input with the name of its file.
#[derive(Debug)]
pub struct Input {
    /// The file, below `tests/fuzz`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

/// What real nodes have said, and what was once found to go wrong (`corpus` and `regressions`), in a fixed order.
pub fn corpus(target: &str) -> Vec<Input> {
    let mut inputs = Vec::new();
    for kind in ["corpus", "regressions"] {
        let Ok(entries) = fs::read_dir(directory().join(kind).join(target)) else {
            continue;
        };
        for entry in entries {
            let path = entry.expect("a readable directory").path();
            let file = path.file_name().expect("a file").to_string_lossy();
            inputs.push(Input {
                name: format!("{kind}/{target}/{file}"),
                bytes: fs::read(&path).expect("a readable file"),
            });
        }
    }
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    inputs
}

/// Keeps an input in the corpus of a target.
pub fn write(target: &str, name: &str, bytes: &[u8]) {
    let directory = directory().join("corpus").join(target);
    fs::create_dir_all(&directory).expect("a writable directory");
    fs::write(directory.join(name), bytes).expect("a writable directory");
}
