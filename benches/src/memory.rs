//! The memory of processes, each peer in a program of its own: an allocator that once gave out more would hide it.

use std::time::Duration;

use crate::case::{Missing, Sample, Turns};
use crate::cases::scale::ergo::processes as ergo_processes;
use crate::cases::scale::on_a_worker;
use crate::cases::scale::raw::processes as raw_processes;
use crate::peers::program::Program;
use crate::peers::{actix, ergo, kameo, ractor, raw};

/// The argument that makes this program such a peer, before the work, the peer's name and the number of processes.
pub const ARGUMENT: &str = "--memory";

/// What is started.
#[derive(Clone, Copy, Debug)]
pub enum Work {
    /// Servers that have nothing to do.
    Servers,
    /// Processes that have had a message.
    Processes,
}

impl Work {
    fn name(self) -> &'static str {
        match self {
            Work::Servers => "servers",
            Work::Processes => "processes",
        }
    }
}

/// A peer that starts another program for each turn.
///
/// # Errors
///
/// Where the system does not say what a program holds.
pub async fn peer(work: Work, name: &'static str) -> Result<Turns, Missing> {
    resident().ok_or_else(|| Missing("there is no /proc/self/statm to read".to_owned()))?;
    Ok(Turns::new(move |count| async move {
        let mut program = Program::own(&[ARGUMENT, work.name(), name, &count.to_string()]);
        let line = program.line().await;
        let numbers = line.split_once(' ').and_then(|(time, bytes)| {
            let time = Duration::from_nanos(time.parse().ok()?);
            Some((time, bytes.parse().ok()?))
        });
        let (time, bytes) = numbers.unwrap_or_else(|| panic!("two numbers, not {line}"));
        Sample {
            time,
            bytes: Some(bytes),
        }
    }))
}

/// What the other program does: starts so many, and gives the nanoseconds and the bytes that it took.
///
/// # Panics
///
/// When there is no such work or peer.
pub async fn child(work: &str, peer: &str, count: u64) -> String {
    // What every program has, with one process or many.
    let (time, bytes) = match (work, peer) {
        ("processes", "raw") => {
            let _one = on_a_worker(raw_processes(1)).await;
            held(on_a_worker(raw_processes(count))).await
        }
        ("processes", "ergo") => {
            let _one = on_a_worker(ergo_processes(1)).await;
            held(on_a_worker(ergo_processes(count))).await
        }
        ("servers", "raw") => {
            let _one = raw::local::spawn(1).await;
            held(raw::local::spawn(count)).await
        }
        ("servers", "ergo") => {
            let _one = ergo::local::spawn(1).await;
            held(ergo::local::spawn(count)).await
        }
        ("servers", "ractor") => {
            let _one = ractor::spawn(1).await;
            held(ractor::spawn(count)).await
        }
        ("servers", "kameo") => {
            let _one = kameo::spawn(1).await;
            held(kameo::spawn(count)).await
        }
        ("servers", "actix") => {
            let arbiters = actix::Arbiters::start().await;
            let _one = actix::spawn(arbiters.clone(), 1).await;
            held(actix::spawn(arbiters, count)).await
        }
        (work, peer) => panic!("{peer} does no {work}"),
    };
    format!("{} {bytes}", time.as_nanos())
}

/// What is resident with what was started, beyond what was before.
async fn held<T>(starting: impl Future<Output = (Duration, T)>) -> (Duration, u64) {
    let resident = || resident().expect("what this program holds");
    let before = resident();
    let (time, _started) = starting.await;
    (time, resident().saturating_sub(before))
}

/// The resident bytes of this program.
fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

/// What `statm` counts in, on the machines that these benchmarks are for.
const PAGE: u64 = 4096;
