//! The hot pieces of the library, each alone: what `cargo bench` times and `benches/instructions` counts.
//!
//! Everything runs on one thread, so that the same work is done in the same order each time: what a piece costs does not
//! depend on which core was free.

mod codec;
mod link;
mod process;

use std::fmt;

/// A piece of the library, ready to be run again and again.
#[derive(Clone, Copy)]
pub struct Piece {
    name: &'static str,
    operations: u64,
    prepare: fn() -> Box<dyn FnMut()>,
}

impl Piece {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// How many operations one run does.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Makes what it needs; calling the result is one run.
    pub fn prepare(&self) -> Box<dyn FnMut()> {
        (self.prepare)()
    }
}

/// Its name.
impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("name", &self.name)
            .field("operations", &self.operations)
            .finish_non_exhaustive()
    }
}

/// So many operations are one run of a piece that is too short to be measured alone.
const BATCH: u64 = 100;

/// All of them.
pub const PIECES: &[Piece] = &[
    Piece {
        name: "encode",
        operations: BATCH,
        prepare: codec::encode,
    },
    Piece {
        name: "encode_typed",
        operations: BATCH,
        prepare: codec::encode_typed,
    },
    Piece {
        name: "decode",
        operations: BATCH,
        prepare: codec::decode,
    },
    Piece {
        name: "decode_typed",
        operations: BATCH,
        prepare: codec::decode_typed,
    },
    Piece {
        name: "link_write",
        operations: BATCH,
        prepare: link::write,
    },
    Piece {
        name: "link_read",
        operations: BATCH,
        prepare: link::read,
    },
    Piece {
        name: "local_call",
        operations: BATCH,
        prepare: process::call,
    },
    Piece {
        name: "local_request",
        operations: BATCH,
        prepare: process::request,
    },
    Piece {
        name: "local_cast",
        operations: BATCH,
        prepare: process::cast,
    },
    Piece {
        name: "send_receive",
        operations: BATCH,
        prepare: process::send_receive,
    },
    Piece {
        name: "spawn",
        operations: BATCH,
        prepare: process::spawn,
    },
    Piece {
        name: "start_server",
        operations: BATCH,
        prepare: process::start_server,
    },
    Piece {
        name: "whereis",
        operations: BATCH,
        prepare: process::whereis,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_runs_twice() {
        for piece in PIECES {
            let mut run = piece.prepare();
            run();
            run();
        }
    }
}
