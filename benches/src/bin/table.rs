//! The benchmark table: every case on every peer, in turns, with medians and what is wanted of them.
//!
//! `cargo run --release -p benches --bin table [-- --json] [case …]`
#![allow(clippy::print_stdout)] // The table is what this program is for.

use std::process::ExitCode;

use benches::arguments::Arguments;
use benches::cases;
use benches::measure::measure;
use benches::report::{Json, Summary, Text};

#[tokio::main]
async fn main() -> Result<ExitCode, String> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut cases = cases::all();
    cases.retain(|case| arguments.wants(&case.name));
    if cases.is_empty() {
        return Err("no case has such a name; --list shows them".to_owned());
    }
    let mut summary = Summary::default();
    for mut case in cases {
        if arguments.list {
            println!("{}", case.name);
            continue;
        }
        let row = measure(&mut case, arguments.settings).await;
        if arguments.json {
            print!("{}", Json(&row));
        } else {
            println!("{}", Text(&row, &case.goals));
        }
        summary.add(&row, &case.goals);
    }
    if !arguments.json && !arguments.list {
        println!("{summary}");
    }
    Ok(ExitCode::SUCCESS)
}
