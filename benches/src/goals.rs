//! What is wanted of the figures of a case, and whether it is so.

use std::fmt;

use crate::measure::Row;

/// Something wanted of one peer: against others, or in bytes. What it *must* reach, and what it *aims* at.
#[derive(Clone, Debug)]
pub struct Goal {
    of: &'static str,
    against: &'static [&'static str],
    kind: Kind,
    must: Option<f64>,
    aim: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// So many times the figure of the other, at most.
    AtMost,
    /// More than so many times faster than the best of the others.
    Faster,
    /// So many bytes, at most.
    Bytes,
}

impl Goal {
    fn new(kind: Kind, of: &'static str, against: &'static [&'static str]) -> Goal {
        Goal {
            of,
            against,
            kind,
            must: None,
            aim: None,
        }
    }

    /// The figure of `of` is at most so many times the best of those of `floor`.
    pub fn at_most(of: &'static str, floor: &'static [&'static str]) -> Goal {
        Goal::new(Kind::AtMost, of, floor)
    }

    /// `of` is more than so many times faster than the fastest of `others`.
    pub fn faster(of: &'static str, others: &'static [&'static str]) -> Goal {
        Goal::new(Kind::Faster, of, others)
    }

    /// `of` holds at most so many bytes.
    pub fn bytes(of: &'static str) -> Goal {
        Goal::new(Kind::Bytes, of, &[])
    }

    /// What it must reach.
    #[must_use]
    pub fn must(mut self, limit: f64) -> Goal {
        self.must = Some(limit);
        self
    }

    /// What it aims at.
    #[must_use]
    pub fn aim(mut self, limit: f64) -> Goal {
        self.aim = Some(limit);
        self
    }

    /// Looks at the figures; `None` where there are none to look at.
    pub fn judge(&self, row: &Row) -> Option<Verdict<'_>> {
        let own = row.figure(self.of)?;
        let others = self.against.iter();
        let best = others
            .filter_map(|peer| Some((*peer, row.figure(peer)?)))
            .min_by(|(_, one), (_, other)| one.total_cmp(other));
        let (best, value) = match (self.kind, best) {
            (Kind::Bytes, _) => ("", own),
            (Kind::AtMost, Some((peer, figure))) => (peer, own / figure),
            (Kind::Faster, Some((peer, figure))) => (peer, figure / own),
            (_, None) => return None,
        };
        Some(Verdict {
            goal: self,
            best,
            value,
        })
    }

    fn is_met(&self, value: f64, limit: f64) -> bool {
        match self.kind {
            Kind::AtMost | Kind::Bytes => value <= limit,
            Kind::Faster => value > limit,
        }
    }
}

/// What came of a goal.
#[derive(Debug)]
pub struct Verdict<'a> {
    goal: &'a Goal,
    /// The best of those it is measured against.
    best: &'static str,
    value: f64,
}

impl Verdict<'_> {
    /// Whether what must be is so; `None` where nothing must.
    pub fn must(&self) -> Option<bool> {
        let limit = self.goal.must?;
        Some(self.goal.is_met(self.value, limit))
    }

    /// Whether it is as good as it aims to be.
    pub fn aim(&self) -> Option<bool> {
        let limit = self.goal.aim?;
        Some(self.goal.is_met(self.value, limit))
    }
}

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, best, value) = (self.goal.of, self.best, self.value);
        let sign = match self.goal.kind {
            Kind::AtMost => {
                write!(f, "{:<16} {value:>8.2}", format!("{of} / {best}"))?;
                "≤"
            }
            Kind::Faster => {
                write!(f, "{:<16} {value:>8.2}", format!("{best} / {of}"))?;
                ">"
            }
            Kind::Bytes => {
                write!(f, "{of:<16} {value:>6.0} B")?;
                "≤"
            }
        };
        if let (Some(limit), Some(met)) = (self.goal.must, self.must()) {
            let met = if met { "met" } else { "NOT MET" };
            write!(f, "  must {sign} {limit}: {met}")?;
        }
        if let (Some(limit), Some(met)) = (self.goal.aim, self.aim()) {
            let met = if met { "met" } else { "not met" };
            write!(f, "  aim {sign} {limit}: {met}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Goal;
    use crate::case::Missing;
    use crate::measure::{Figures, Median, Row};

    fn row(figures: &[(&'static str, f64)]) -> Row {
        let figures = figures.iter().map(|(peer, ns)| Figures {
            peer,
            median: Ok(Median {
                ns: *ns,
                bytes: None,
            }),
        });
        Row {
            case: "case".to_owned(),
            figures: figures.collect(),
        }
    }

    #[test]
    fn ratios_are_of_the_best_of_the_others() {
        let row = row(&[
            ("ergo", 100.0),
            ("raw", 80.0),
            ("slow", 300.0),
            ("slower", 900.0),
        ]);
        let goal = Goal::at_most("ergo", &["raw"]).must(1.3).aim(1.0);
        let verdict = goal.judge(&row).expect("both are there");
        assert_eq!((verdict.must(), verdict.aim()), (Some(true), Some(false)));
        assert_eq!(
            verdict.to_string(),
            "ergo / raw           1.25  must ≤ 1.3: met  aim ≤ 1: not met"
        );
        let goal = Goal::faster("ergo", &["slower", "slow"]).must(4.0);
        let verdict = goal.judge(&row).expect("all are there");
        assert_eq!((verdict.must(), verdict.aim()), (Some(false), None));
        assert_eq!(
            verdict.to_string(),
            "slow / ergo          3.00  must > 4: NOT MET"
        );
    }

    #[test]
    fn nothing_is_said_of_a_missing_peer() {
        let mut row = row(&[("ergo", 100.0)]);
        row.figures.push(Figures {
            peer: "otp",
            median: Err(Missing("no erl".to_owned())),
        });
        let goal = Goal::faster("ergo", &["otp"]).must(1.0);
        assert!(goal.judge(&row).is_none());
    }
}
