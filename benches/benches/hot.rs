//! The hot pieces of the library, each alone. `cargo bench -p benches` times them all, `cargo bench -p benches -- call`
//! those with `call` in their names.
//!
//! The times are those of a batch of 100; what stands under `item/s` counts each.

use benches::hot::{PIECES, Piece};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

#[divan::bench(args = PIECES)]
fn hot(bencher: Bencher<'_, '_>, piece: &Piece) {
    let run = piece.prepare();
    bencher
        .counter(ItemsCount::new(piece.operations()))
        .bench_local(run);
}
