//! Runs a hot piece of the library for callgrind to count: what `benches/instructions` starts. `instructions PIECE`
//! prints how many operations were counted; without a piece, the names of all.
#![allow(clippy::print_stdout)] // The script reads it.

use std::hint::black_box;
use std::process::ExitCode;

use benches::hot::PIECES;

/// The first runs make what all later ones find: buffers, tables, threads.
const WARM_UP: u64 = 3;
const RUNS: u64 = 20;

fn main() -> ExitCode {
    let Some(name) = std::env::args().nth(1) else {
        PIECES.iter().for_each(|piece| println!("{piece}"));
        return ExitCode::SUCCESS;
    };
    let Some(piece) = PIECES.iter().find(|piece| piece.name() == name) else {
        return ExitCode::FAILURE;
    };
    let mut run = piece.prepare();
    for _ in 0..WARM_UP {
        run();
    }
    for _ in 0..RUNS {
        counted(&mut *run);
    }
    println!("{}", RUNS * piece.operations());
    ExitCode::SUCCESS
}

/// Callgrind counts while this runs. It has a frame of its own: it is not inlined, and its call is not its last act.
#[inline(never)]
fn counted(run: &mut dyn FnMut()) {
    run();
    black_box(());
}
