//! The fuzz targets: what reads the bytes of a peer, with what must hold whatever they are.
//!
//! Each target is a function of bytes that returns, or panics where ergo is wrong. They are run by `tests/fuzz.rs` over
//! their corpora and some thousand mutations in every test run, and by libFuzzer for as long as one likes:
//! `tests/fuzz/run`. The corpora under `tests/fuzz/corpus` hold what real `erl` nodes said to each other;
//! `tests/fuzz_seeds.rs` records them.
//!
//! | target | reads | holds |
//! |---|---|---|
//! | [`term`] | a term | decoded, skipped and copied alike; comes back from its encoding and its text; budget and memory |
//! | [`handshake_initiator`], [`handshake_acceptor`] | what the other end says | the same for every split; nobody gets in without the digest; memory |
//! | [`link`] | frames with cache and fragments, or passed through | the same for every split; memory |
//! | [`control`] | one control message | what is written for each release is read back |
//! | [`epmd_server`] | a request | the same for every split; a whole server answers what the client understands, or closes |
//! | [`epmd_client`] | an answer | comes back from its encoding; memory |

mod control;
mod corpus;
mod epmd;
mod handshake;
mod link;
mod mutation;
mod pieces;
mod term;

pub use control::control;
pub use corpus::{Input, corpus, write};
pub use epmd::{epmd_client, epmd_server};
pub use handshake::{COOKIE, FOUR, NAME, PEER, handshake_acceptor, handshake_initiator};
pub use link::{PASS_THROUGH, link};
pub use mutation::Mutations;
pub use term::term;

/// The largest input of a target; what is longer is cut, because it finds nothing more and takes its time.
pub const MAX_INPUT: usize = 16 << 10;

/// Asserts that a closure needs no more memory at its peak than `bound` bytes.
fn within(bound: usize, what: &str, run: impl FnOnce()) {
    let used = crate::allocation_counter::measure(run);
    assert!(
        used.bytes_max <= bound as u64,
        "{what}: {} bytes at the peak, where {bound} are allowed",
        used.bytes_max
    );
}
