//! The benchmark table: every case on every peer, in turns, with medians and what is wanted of them.
//!
//! `cargo run --release -p benches --bin table [-- --json] [case …]`
#![allow(clippy::print_stdout)] // The table is what this program is for.

use std::process::ExitCode;

use benches::arguments::Arguments;
use benches::cluster::Cluster;
use benches::measure::measure;
use benches::peers::{ergo, raw};
use benches::report::{Json, Summary, Text};
use benches::{cases, memory};

#[tokio::main]
async fn main() -> Result<ExitCode, String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if is_peer(&arguments).await {
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::read(arguments)?;
    let cluster = Cluster::start().await;
    let mut cases = cases::all(&cluster);
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
        if arguments.settings.quick {
            // Such figures say nothing about goals.
            case.goals.clear();
        }
        if arguments.json {
            print!("{}", Json(&row));
        } else {
            println!("{}", Text(&row, &case.goals));
        }
        summary.add(&row, &case.goals);
    }
    if !(arguments.json || arguments.list || arguments.settings.quick) {
        println!("{summary}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Does the work of a peer that is a program of its own, if that is what this is.
async fn is_peer(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        [memory::ARGUMENT, peer, count] => {
            let count = count.parse().expect("a number of processes");
            println!("{}", memory::child(peer, count).await);
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
