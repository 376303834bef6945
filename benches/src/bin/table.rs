//! The benchmark table: every case on every peer, in turns, with medians and what is wanted of them.
//!
//! `cargo run --release -p benches --bin table [-- --json] [case …]`
#![allow(clippy::print_stdout, clippy::print_stderr)] // The table is what this program is for.

use std::process::ExitCode;

use benches::apart;
use benches::arguments::{Arguments, USAGE};
use benches::cases::{self, Shared};
use benches::measure::measure;
use benches::memory;
use benches::peers::{ergo, raw};
use benches::report::{Json, Summary, Text, missing};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if is_peer(&arguments).await {
        return ExitCode::SUCCESS;
    }
    if arguments.iter().any(|argument| argument == "--help") {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let printed = match Arguments::read(arguments) {
        Ok(arguments) => table(&arguments).await,
        Err(wrong) => Err(wrong),
    };
    match printed {
        Ok(()) => ExitCode::SUCCESS,
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::from(2)
        }
    }
}

/// Prints what was asked for, a case as soon as it is measured.
async fn table(arguments: &Arguments) -> Result<(), String> {
    let shared = Shared::new().await;
    let mut cases = cases::all(&shared);
    cases.retain(|case| arguments.wants(&case.name));
    if cases.is_empty() {
        return Err("no case has such a name; --list shows them".to_owned());
    }
    if arguments.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    let quick = arguments.settings.quick;
    let mut summary = Summary::default();
    for mut case in cases {
        let row = measure(&mut case, arguments.settings).await;
        if quick {
            // Such figures say nothing about goals.
            case.goals.clear();
        }
        match arguments.json {
            true => {
                print!("{}", Json(&row));
                missing(&row).for_each(|line| eprintln!("{}: {line}", row.case));
            }
            false => println!("{}", Text(&row, &case.goals)),
        }
        summary.add(&row, &case.goals);
    }
    if !(arguments.json || quick) {
        println!("{summary}");
    }
    Ok(())
}

/// Does the work of a peer that is a program of its own, if that is what this is.
async fn is_peer(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [memory::ARGUMENT, work, peer, count] => {
            let count = count.parse().expect("a number of processes");
            println!("{}", memory::child(work, peer, count).await);
        }
        [apart::ARGUMENT, case, peer] => {
            apart::child(case, peer, |said| println!("{said}")).await;
        }
        [ergo::node::ARGUMENT, name, port, ref certificates @ ..] => {
            let (port, certificates) = (port.parse(), certificates.first().copied());
            let port = port.expect("the port of EPMD");
            ergo::node::child(name, port, certificates, || println!("ready")).await;
        }
        [raw::server::ARGUMENT, ref certificates @ ..] => {
            let certificates = certificates.first().copied();
            raw::server::child(certificates, |address| println!("{address}")).await;
        }
        _ => return false,
    }
    true
}
