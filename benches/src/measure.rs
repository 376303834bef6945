//! Taking turns, medians and ratios.

use std::fmt;
use std::time::Duration;

/// How often each peer has its turn at a case.
pub const ROUNDS: usize = 7;

/// The figures of one case: nanoseconds an operation of each peer, one for each round.
#[derive(Debug)]
pub struct Case {
    /// The case's name.
    pub name: &'static str,
    peers: Vec<(&'static str, Vec<f64>)>,
}

impl Case {
    /// A case without figures.
    pub fn new(name: &'static str) -> Case {
        Case {
            name,
            peers: Vec::new(),
        }
    }

    /// Notes that `peer` took `time` for `operations`.
    pub fn add(&mut self, peer: &'static str, operations: u64, time: Duration) {
        let figure = time.as_nanos() as f64 / operations as f64;
        match self.peers.iter_mut().find(|(known, _)| *known == peer) {
            Some((_, figures)) => figures.push(figure),
            None => self.peers.push((peer, vec![figure])),
        }
    }

    /// The median of a peer, in nanoseconds an operation.
    pub fn median(&self, peer: &str) -> Option<f64> {
        let (_, figures) = self.peers.iter().find(|(known, _)| *known == peer)?;
        let mut sorted = figures.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }

    /// One JSON object a line: peer, case and nanoseconds an operation.
    pub fn json(&self) -> String {
        let line = |(peer, _): &(&'static str, Vec<f64>)| {
            let figure = self.median(peer).unwrap_or_default();
            format!(
                r#"{{"peer":"{peer}","case":"{}","ns_per_op":{figure:.1}}}"#,
                self.name
            )
        };
        self.peers.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<28}", self.name)?;
        for (peer, _) in &self.peers {
            write!(
                f,
                "  {peer} {:>9.1} ns",
                self.median(peer).unwrap_or_default()
            )?;
        }
        match (self.median("ergo"), self.median("raw")) {
            (Some(ergo), Some(raw)) => write!(f, "  ergo/raw {:.2}", ergo / raw),
            _ => Ok(()),
        }
    }
}
