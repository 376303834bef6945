//! Taking turns, and medians.

use crate::apart;
use crate::case::{Case, Missing, Sample};

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How often each peer has its turn.
    pub rounds: usize,
    /// Whether turns are so short that their figures say nothing, only that everything works.
    pub quick: bool,
}

impl Settings {
    /// What figures are made with.
    pub const FULL: Settings = Settings {
        rounds: 7,
        quick: false,
    };
    /// What shows that everything works.
    pub const QUICK: Settings = Settings {
        rounds: 1,
        quick: true,
    };

    /// The operations of the turn that is not measured, and of those that are: multiples of [`CALLERS`].
    fn operations(self, case: &Case) -> (u64, u64) {
        let whole = |operations: u64| (operations / CALLERS).max(1) * CALLERS;
        match self.quick {
            true => (CALLERS, CALLERS),
            false => (whole(case.operations / 10), whole(case.operations)),
        }
    }
}

/// How many callers the parallel cases have; every turn has a multiple of it.
pub const CALLERS: u64 = 120;

/// What was found of one peer.
#[derive(Debug)]
pub struct Figures {
    /// The peer.
    pub peer: &'static str,
    /// Nanoseconds and bytes an operation, or why there are none.
    pub median: Result<Median, Missing>,
}

/// The median of a peer's turns.
#[derive(Clone, Copy, Debug)]
pub struct Median {
    /// Nanoseconds an operation.
    pub ns: f64,
    /// Bytes an operation, for the cases that are about memory.
    pub bytes: Option<f64>,
}

impl Median {
    /// What the case is about.
    pub fn figure(self) -> f64 {
        self.bytes.unwrap_or(self.ns)
    }
}

/// The figures of a case.
#[derive(Debug)]
pub struct Row {
    /// The case.
    pub case: String,
    /// The figures of each peer.
    pub figures: Vec<Figures>,
}

impl Row {
    /// What was measured of a peer.
    pub fn figure(&self, peer: &str) -> Option<f64> {
        let of = |figures: &&Figures| figures.peer == peer;
        let median = self.figures.iter().find(of)?.median.as_ref();
        Some(median.ok()?.figure())
    }
}

/// Lets the peers of a case take turns, so that what disturbs the machine disturbs them alike.
///
/// Each has a shorter turn first that does not count: what fills caches and opens connections is no part of the work.
pub async fn measure(case: &mut Case, settings: Settings) -> Row {
    let (warm_up, operations) = settings.operations(case);
    let mut peers = Vec::new();
    for peer in case.peers.drain(..) {
        let mut turns = match case.is_apart && peer.name != "otp" {
            true => apart::peer(&case.name, peer.name).await,
            false => (peer.open)().await,
        };
        if let Ok(turns) = &mut turns {
            turns.turn(warm_up).await;
        }
        peers.push((peer.name, turns, Vec::new()));
    }
    for _ in 0..settings.rounds {
        for (_, turns, samples) in &mut peers {
            if let Ok(turns) = turns {
                samples.push(turns.turn(operations).await);
            }
        }
    }
    let mut figures = Vec::new();
    for (peer, turns, samples) in peers {
        let median = match turns {
            Ok(turns) => {
                turns.close().await;
                Ok(of_samples(&samples, operations))
            }
            Err(missing) => Err(missing),
        };
        figures.push(Figures { peer, median });
    }
    Row {
        case: case.name.clone(),
        figures,
    }
}

fn of_samples(samples: &[Sample], operations: u64) -> Median {
    let each = |total: f64| total / operations as f64;
    let bytes: Vec<f64> = samples
        .iter()
        .filter_map(|sample| Some(each(sample.bytes? as f64)))
        .collect();
    let times = samples
        .iter()
        .map(|sample| each(sample.time.as_nanos() as f64));
    Median {
        ns: median(times.collect()).expect("at least one round"),
        bytes: median(bytes),
    }
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
