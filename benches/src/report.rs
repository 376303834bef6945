//! The table as text and as JSON.

use std::fmt;

use crate::goals::Goal;
use crate::measure::Row;

/// The figures of a case, with what is wanted of them: a line for the peers, one for each goal, and one for each peer
/// that is not there.
#[derive(Debug)]
pub struct Text<'a>(pub &'a Row, pub &'a [Goal]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Text(row, goals) = self;
        write!(f, "{:<28}", row.case)?;
        for figures in &row.figures {
            match &figures.median {
                Ok(median) => {
                    write!(f, "  {}", figures.peer)?;
                    if let Some(bytes) = median.bytes {
                        write!(f, " {bytes:.1} B")?;
                    }
                    write!(f, " {:.1} ns", median.ns)?;
                }
                Err(_) => write!(f, "  {} -", figures.peer)?,
            }
        }
        for missing in missing(row) {
            write!(f, "\n    {missing}")?;
        }
        for verdict in goals.iter().filter_map(|goal| goal.judge(row)) {
            write!(f, "\n    {verdict}")?;
        }
        Ok(())
    }
}

/// A line for each peer that is not there: which, and why.
pub fn missing(row: &Row) -> impl Iterator<Item = String> {
    row.figures.iter().filter_map(|figures| {
        let missing = figures.median.as_ref().err()?;
        Some(format!("{} is missing: {}", figures.peer, missing.0))
    })
}

/// The figures of a case, one object a line: `{"peer":…,"case":…,"ns_per_op":…}`.
///
/// Where the case is about memory, the time is that of making what holds it, and `"bytes_per_op"` is what it holds.
#[derive(Debug)]
pub struct Json<'a>(pub &'a Row);

impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let case = &self.0.case;
        for figures in &self.0.figures {
            // A peer that is missing has no line here.
            let (Ok(median), peer) = (&figures.median, figures.peer) else {
                continue;
            };
            let ns = median.ns;
            write!(
                f,
                r#"{{"peer":"{peer}","case":"{case}","ns_per_op":{ns:.1}"#
            )?;
            if let Some(bytes) = median.bytes {
                write!(f, r#","bytes_per_op":{bytes:.1}"#)?;
            }
            f.write_str("}\n")?;
        }
        Ok(())
    }
}

/// How many goals are met, and which must be and are not.
#[derive(Debug, Default)]
pub struct Summary {
    must: Count,
    aim: Count,
    not_met: Vec<String>,
}

#[derive(Debug, Default)]
struct Count {
    met: usize,
    all: usize,
}

impl Count {
    fn add(&mut self, met: Option<bool>) {
        self.all += usize::from(met.is_some());
        self.met += usize::from(met == Some(true));
    }
}

impl Summary {
    /// Counts the goals of a case.
    pub fn add(&mut self, row: &Row, goals: &[Goal]) {
        for verdict in goals.iter().filter_map(|goal| goal.judge(row)) {
            self.must.add(verdict.must());
            self.aim.add(verdict.aim());
            if verdict.must() == Some(false) {
                self.not_met.push(format!("{}: {verdict}", row.case));
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { must, aim, not_met } = self;
        write!(
            f,
            "met: {} of {} that must be, {} of {} aims",
            must.met, must.all, aim.met, aim.all
        )?;
        for line in not_met {
            write!(f, "\n    {line}")?;
        }
        Ok(())
    }
}
