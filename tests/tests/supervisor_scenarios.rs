//! The proof for supervisors: scenarios that are generated from seeds are played with the supervisors of a real Erlang
//! node and with ergo's, and everything that happens must be the same, in the same order.
//!
//! `ERGO_SCENARIOS=5000` plays more of them; `ERGO_SCENARIO_SEED=17` begins at another seed. A difference is shown with its
//! scenario, made as short as it can be, and the seed to play it again.

#[path = "supervisor_scenarios/answer.rs"]
mod answer;
#[path = "supervisor_scenarios/coverage.rs"]
mod coverage;
#[path = "supervisor_scenarios/event.rs"]
mod event;
#[path = "supervisor_scenarios/generate.rs"]
mod generate;
#[path = "supervisor_scenarios/model.rs"]
mod model;
#[path = "supervisor_scenarios/ours.rs"]
mod ours;
#[path = "supervisor_scenarios/recorder.rs"]
mod recorder;
#[path = "supervisor_scenarios/shrink.rs"]
mod shrink;
#[path = "supervisor_scenarios/tree.rs"]
mod tree;

use std::env;
use std::sync::Arc;

use ergo::etf;
use tests::{DEADLINE, Erl};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use coverage::Coverage;
use event::{Event, difference, in_fixed_order, in_no_order};
use model::{Scenario, Step};
use ours::Threads;

/// The scenarios that are played unless told otherwise.
const SCENARIOS: u64 = 400;

/// How many are played at once; most of their time goes into waiting.
const AT_ONCE: usize = 16;

/// How many differences are shown.
const SHOWN: usize = 3;

/// A restart counts for 4 s, of which 2.6 s are waited for: a player that needs longer than this, in milliseconds, between
/// two waits cannot know whether a restart still counts.
const MARGIN: u64 = 1_200;

/// Held by a scenario that is to be played without others that have been played before.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number, not {text}")))
}

/// Starts a node that plays scenarios.
async fn player() -> Erl {
    // One scheduler is enough for what mostly waits.
    let erl = Erl::options().args(&["+S", "1:1"]).start().await;
    erl.load_module(include_str!("supervisor_scenarios.erl"))
        .await;
    erl.eval("logger:set_primary_config(level, none).").await;
    erl
}

/// Whether a supervisor of instances may end with significant ones. OTP 25 lets it, OTP 27 calls it a bad combination;
/// ergo lets it.
async fn takes_significant_instances(erl: &Erl) -> bool {
    erl.load_module(
        "-module(significant_instances). -behaviour(supervisor). -export([init/1]).
         init(_) -> {ok, {#{strategy => simple_one_for_one, auto_shutdown => all_significant},
                          [#{id => t, start => {m, f, []}, restart => temporary, significant => true}]}}.",
    )
    .await;
    let started = erl
        .eval("process_flag(trap_exit, true), element(1, supervisor:start_link(significant_instances, [])).")
        .await;
    started == "ok"
}

/// What OTP's supervisors make of it.
async fn theirs(erl: &Erl, scenario: &Scenario) -> Vec<Event> {
    let bytes = etf::to_bytes(scenario).expect("a term");
    let bindings = [("Scenario", &bytes[..])];
    let waits = scenario.steps.contains(&Step::Wait);
    for attempt in 0..10 {
        // Alone, where the others have kept it from being in time.
        let _alone = if attempt > 2 {
            Some(ALONE.lock().await)
        } else {
            None
        };
        let play = "supervisor_scenarios:play(binary_to_term(Scenario)).";
        let played = timeout(DEADLINE / 2, erl.eval_bytes(play, &bindings)).await;
        let played = played.unwrap_or_else(|_| panic!("erl does not come to rest: {scenario}"));
        let (slowest, events): (u64, Vec<Event>) = etf::from_bytes(&played.into()).expect("events");
        if !waits || slowest < MARGIN {
            return events;
        }
    }
    panic!("this machine is too busy to play {scenario}");
}

/// What ergo's supervisors make of it.
async fn ours(scenario: &Scenario, threads: Threads) -> Vec<Event> {
    let (send, receive) = oneshot::channel();
    let playing = scenario.clone();
    // Not one of the runtime's threads: the test ends without it if it does not end.
    std::thread::spawn(move || send.send(ours::play(playing, threads)));
    let played = timeout(DEADLINE / 2, receive)
        .await
        .ok()
        .and_then(Result::ok);
    played.unwrap_or_else(|| panic!("ergo does not come to rest: {scenario}"))
}

/// What happened, if it is the same on both sides; both logs if not.
async fn compare(erl: &Erl, scenario: &Scenario) -> Result<Vec<Event>, String> {
    let both = tokio::join!(theirs(erl, scenario), ours(scenario, Threads::One));
    let (theirs, ours) = (in_fixed_order(both.0), in_fixed_order(both.1));
    if let Some(difference) = difference(&theirs, &ours) {
        return Err(difference);
    }
    if scenario.is_sequential() {
        let ours = self::ours(&scenario.patient(), Threads::Two).await;
        let both = (in_no_order(theirs.clone()), in_no_order(ours));
        if let Some(difference) = difference(&both.0, &both.1) {
            return Err(format!("on two threads, in no order:\n{difference}"));
        }
    }
    Ok(theirs)
}

#[tokio::test]
async fn generated_scenarios_are_the_same_with_otp_and_ergo() {
    let first = number("ERGO_SCENARIO_SEED").unwrap_or(1);
    let count = number("ERGO_SCENARIOS").unwrap_or(SCENARIOS);
    let erl = Arc::new(player().await);
    // It came with OTP 24.
    let has_auto_shutdown = erl.release() >= 24;
    let takes_significant_instances = takes_significant_instances(&erl).await;
    let mut scenarios = (first..)
        .map(generate::scenario)
        .filter(|scenario| has_auto_shutdown || !scenario.has_auto_shutdown())
        .filter(|scenario| takes_significant_instances || !scenario.has_significant_instances())
        .take(usize::try_from(count).expect("not that many"));
    let mut playing = JoinSet::new();
    let (mut coverage, mut differences) = (Coverage::default(), Vec::new());
    loop {
        while playing.len() < AT_ONCE {
            let Some(scenario) = scenarios.next() else {
                break;
            };
            let erl = erl.clone();
            playing.spawn(async move {
                let played = compare(&erl, &scenario).await;
                (scenario, played)
            });
        }
        let Some(played) = playing.join_next().await else {
            break;
        };
        match played.expect("no panic") {
            (scenario, Ok(events)) => coverage.add(&scenario, &events),
            (scenario, Err(difference)) => differences.push((scenario, difference)),
        }
    }
    differences.sort_by_key(|(scenario, _)| scenario.seed);
    let seeds: Vec<u64> = (differences.iter())
        .map(|(scenario, _)| scenario.seed)
        .collect();
    let mut shown = String::new();
    for (scenario, difference) in differences.into_iter().take(SHOWN) {
        let (scenario, difference) = shrink::shortest(&erl, scenario, difference).await;
        shown += &format!("\n{scenario}\n{:<78}   ergo\n{difference}", "erl");
    }
    assert!(
        seeds.is_empty(),
        "{} of {count} scenarios differ, those of the seeds {seeds:?}\n{shown}",
        seeds.len()
    );
    assert_eq!(coverage.scenarios(), count);
    if has_auto_shutdown && count >= SCENARIOS {
        coverage.check();
    }
}
