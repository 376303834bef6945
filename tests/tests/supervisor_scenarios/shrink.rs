//! Makes a scenario that shows a difference shorter.

use tests::Erl;

use crate::compare;
use crate::model::{Scenario, Step, Strategy, Sup, What};

/// How many shorter scenarios are tried.
const TRIES: usize = 300;

/// A scenario that still shows a difference, though everything is left out that can be, and the difference.
pub(crate) async fn shortest(
    erl: &Erl,
    mut scenario: Scenario,
    mut difference: String,
) -> (Scenario, String) {
    let mut tries = 0;
    'shorter: loop {
        for shorter in shorter(&scenario) {
            tries += 1;
            if tries > TRIES {
                break 'shorter;
            }
            if let Err(seen) = compare(erl, &shorter).await {
                (scenario, difference) = (shorter, seen);
                continue 'shorter;
            }
        }
        break;
    }
    (scenario, difference)
}

/// The scenario without one of its parts.
fn shorter(scenario: &Scenario) -> Vec<Scenario> {
    let mut all = Vec::new();
    for at in (0..scenario.steps.len()).rev() {
        let mut without = scenario.clone();
        without.steps.remove(at);
        all.push(without);
        if let Step::Burst(path, acts) = &scenario.steps[at] {
            for act in 0..acts.len() {
                let mut acts = acts.clone();
                acts.remove(act);
                let mut without = scenario.clone();
                without.steps[at] = Step::Burst(path.clone(), acts);
                all.push(without);
            }
        }
    }
    for top in without_a_child(&scenario.top) {
        all.push(Scenario {
            top,
            ..scenario.clone()
        });
    }
    all
}

fn without_a_child(sup: &Sup) -> Vec<Sup> {
    let mut all = Vec::new();
    for at in 0..sup.children.len() {
        if sup.strategy != Strategy::SimpleOneForOne {
            let mut without = sup.clone();
            without.children.remove(at);
            all.push(without);
        }
        match &sup.children[at].what {
            What::Supervisor(inner) => {
                for inner in without_a_child(inner) {
                    let mut without = sup.clone();
                    without.children[at].what = What::Supervisor(inner);
                    all.push(without);
                }
            }
            What::Worker(worker) => {
                for fail in 0..worker.fails.len() {
                    let mut worker = worker.clone();
                    worker.fails.remove(fail);
                    let mut without = sup.clone();
                    without.children[at].what = What::Worker(worker);
                    all.push(without);
                }
            }
        }
    }
    all
}
