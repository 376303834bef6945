//! What the table is asked for.

use crate::measure::Settings;

/// The arguments of the program.
#[derive(Debug)]
pub struct Arguments {
    /// Whether to print JSON.
    pub json: bool,
    /// Whether to print the names of the cases only.
    pub list: bool,
    /// How much to measure.
    pub settings: Settings,
    wanted: Vec<String>,
}

/// How the program is called.
pub const USAGE: &str = "\
table [--json] [--quick] [--rounds N] [--list] [case …]

    case        a case by its name, or all cases whose names begin so; without any, all
    --json      prints one object a line: {\"peer\":…,\"case\":…,\"ns_per_op\":…}
    --rounds N  how often each peer has its turn: 7
    --quick     turns that are too short for figures, to see that everything works
    --list      prints the names of the cases
    --help      prints this";

impl Arguments {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// What is wrong with them.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Arguments, String> {
        let mut read = Arguments {
            json: false,
            list: false,
            settings: Settings::FULL,
            wanted: Vec::new(),
        };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--json" => read.json = true,
                "--list" => read.list = true,
                "--quick" => read.settings = Settings::QUICK,
                "--rounds" => {
                    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok());
                    let rounds = rounds.filter(|rounds| *rounds > 0);
                    read.settings.rounds = rounds.ok_or("--rounds needs a number from 1")?;
                }
                option if option.starts_with('-') => return Err(USAGE.to_owned()),
                case => read.wanted.push(case.to_owned()),
            }
        }
        Ok(read)
    }

    /// Whether a case was asked for.
    pub fn wants(&self, case: &str) -> bool {
        let by = |wanted: &String| case.starts_with(wanted.as_str());
        self.wanted.is_empty() || self.wanted.iter().any(by)
    }
}
