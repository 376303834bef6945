//! Scenarios from seeds: the same seed gives the same scenario, always.
//!
//! Two things are left out, because OTP 25 goes wrong there and ergo does not. Both are about `simple_one_for_one`. A child
//! that says `ignore` at its restart stays as one without a pid, and its supervisor crashes (`function_clause`) when it
//! ends its children. And when a child is terminated whose restart has failed and is to be tried again, `count_children`
//! counts one active child too few from then on.

use ergo::{Atom, Term, term};

use crate::model::{
    Act, Ask, AutoShutdown, Child, Death, End, Fail, Manner, Path, Restart, Scenario, Shutdown,
    Step, Strategy, Sup, What, Worker,
};

/// Splitmix64: enough for choices, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    fn percent(&mut self, chance: u64) -> bool {
        self.roll() % 100 < chance
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// One of the choices, each as likely as its weight says.
    fn weighted<T: Clone>(&mut self, choices: &[(u64, T)]) -> T {
        let total: u64 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.roll() % total;
        for (weight, choice) in choices {
            if left < *weight {
                return choice.clone();
            }
            left -= weight;
        }
        unreachable!("less than the total")
    }
}

/// The scenario of a seed.
pub(crate) fn scenario(seed: u64) -> Scenario {
    // Neighbouring seeds give sequences that overlap: start far apart.
    let mut start = Dice(seed ^ 0x0065_7267_6f00);
    let mut making = Making {
        dice: Dice(start.roll()),
        sliding: false,
        fails_at_first: false,
    };
    making.sliding = making.dice.percent(8);
    making.fails_at_first = making.dice.percent(6);
    let top = making.sup(1);
    let steps = making.steps(&top);
    let end = making.dice.weighted(&[
        (40, End::Parent(term!(shutdown))),
        (10, End::Parent(term!(normal))),
        (10, End::Parent(term!({shutdown, later}))),
        (10, End::Parent(term!(crash))),
        (15, End::Stop),
        (15, End::Kill),
    ]);
    Scenario {
        seed,
        top,
        steps,
        end,
    }
}

struct Making {
    dice: Dice,
    /// Time passes, and restarts are forgotten.
    sliding: bool,
    /// Children may fail at the very first start, which leaves no tree to play with.
    fails_at_first: bool,
}

/// A process that may be there, with what is needed to ask it something sensible.
struct Known {
    path: Path,
    /// Of supervisors.
    sup: Option<Sup>,
}

const DEEPEST: u32 = 3;
const IDS: [&str; 4] = ["a", "b", "c", "d"];
const KEYS: [&str; 3] = ["k1", "k2", "k3"];

impl Making {
    fn sup(&mut self, depth: u32) -> Sup {
        let strategy = self.dice.weighted(&[
            (30, Strategy::OneForOne),
            (26, Strategy::OneForAll),
            (26, Strategy::RestForOne),
            (18, Strategy::SimpleOneForOne),
        ]);
        let auto_shutdown = self.dice.weighted(&[
            (64, AutoShutdown::Never),
            (18, AutoShutdown::AnySignificant),
            (18, AutoShutdown::AllSignificant),
        ]);
        let intensity = if self.sliding {
            self.dice.weighted(&[(40, 1), (40, 2), (20, 3)])
        } else {
            self.dice
                .weighted(&[(8, 0), (22, 1), (25, 2), (20, 3), (25, 12)])
        };
        let count = match strategy {
            Strategy::SimpleOneForOne => 1,
            _ if depth == 1 => 1 + self.dice.below(4),
            _ => self.dice.below(4),
        };
        let mut children: Vec<Child> = (0..count)
            .map(|index| {
                let id = match strategy {
                    Strategy::SimpleOneForOne => "t",
                    _ => IDS[index],
                };
                self.child(Atom::new(id), auto_shutdown, depth)
            })
            .collect();
        if strategy == Strategy::SimpleOneForOne {
            for child in &mut children {
                if let What::Worker(Worker { fails, .. }) = &mut child.what {
                    fails.retain(|(start, fail)| *start == 1 || *fail != Fail::Ignore);
                }
            }
        }
        Sup {
            strategy,
            intensity,
            period: if self.sliding { 4 } else { 3600 },
            auto_shutdown,
            children,
        }
    }

    fn child(&mut self, id: Atom, auto_shutdown: AutoShutdown, depth: u32) -> Child {
        // Only children that can end for good can be significant.
        let permanent = match auto_shutdown {
            AutoShutdown::Never => 44,
            _ => 20,
        };
        let restart = self.dice.weighted(&[
            (permanent, Restart::Permanent),
            (34, Restart::Transient),
            (22, Restart::Temporary),
        ]);
        let significant = restart != Restart::Permanent
            && auto_shutdown != AutoShutdown::Never
            && self.dice.percent(70);
        let (what, shutdown) = if depth < DEEPEST && self.dice.percent(26) {
            let shutdown = self.dice.weighted(&[
                (80, Shutdown::Infinity),
                (10, Shutdown::Time(10_000)),
                (10, Shutdown::BrutalKill),
            ]);
            (What::Supervisor(self.sup(depth + 1)), shutdown)
        } else {
            let worker = self.worker();
            let shutdown = self.shutdown(worker.manner);
            (What::Worker(worker), shutdown)
        };
        Child {
            id,
            restart,
            shutdown,
            significant,
            what,
        }
    }

    fn worker(&mut self) -> Worker {
        let manner = self.dice.weighted(&[
            (42, Manner::Plain),
            (34, Manner::Trapping),
            (12, Manner::Slow),
            (12, Manner::Stubborn),
        ]);
        let mut fails = Vec::new();
        if self.dice.percent(40) {
            // Several in a row, so that failing restarts alone exceed the intensity now and then.
            let first = self.dice.weighted(&[(60, 2), (30, 3), (10, 4)]);
            let last = first + self.dice.weighted(&[(50, 0), (30, 1), (20, 3)]);
            fails.extend((first..=last).map(|start| (start, self.fail())));
        }
        if self.fails_at_first && self.dice.percent(25) {
            fails.push((1, self.fail()));
        }
        Worker { manner, fails }
    }

    fn fail(&mut self) -> Fail {
        self.dice.weighted(&[
            (30, Fail::Ignore),
            (50, Fail::Stop(term!(no_init))),
            (10, Fail::Stop(term!(shutdown))),
            (5, Fail::Stop(term!(normal))),
            (5, Fail::Stop(term!({shutdown, no_init}))),
        ])
    }

    /// Times decide nothing but whether a process ends at all: they are either far too long or short for one that never
    /// does.
    fn shutdown(&mut self, manner: Manner) -> Shutdown {
        match manner {
            Manner::Stubborn => self
                .dice
                .weighted(&[(75, Shutdown::Time(20)), (25, Shutdown::BrutalKill)]),
            _ => self.dice.weighted(&[
                (45, Shutdown::Time(10_000)),
                (40, Shutdown::Infinity),
                (15, Shutdown::BrutalKill),
            ]),
        }
    }

    fn steps(&mut self, top: &Sup) -> Vec<Step> {
        let mut known = Vec::new();
        know(&Path::new(), top, &mut known);
        let mut steps = Vec::new();
        for sup in &known {
            if strategy(sup) != Some(Strategy::SimpleOneForOne) {
                continue;
            }
            for key in &KEYS[..2] {
                if self.dice.percent(75) {
                    let ask = Ask::Dynamic(Atom::new(key));
                    steps.push(Step::Ask(sup.path.clone(), ask));
                }
            }
        }
        let workers = known.iter().filter(|known| known.sup.is_none());
        let workers: Vec<Path> = workers.map(|known| known.path.clone()).collect();
        // One that fails again and again; over time, if time is to pass.
        let often = if self.sliding { 60 } else { 35 };
        let victim = match (self.sliding || self.dice.percent(40)) && !workers.is_empty() {
            true => Some(self.dice.one_of(&workers)),
            false => None,
        };
        let (mut waits, count) = (0, 4 + self.dice.below(9));
        for _ in 0..count {
            let step = match &victim {
                Some(victim) if self.dice.percent(often) => {
                    Step::Death(victim.clone(), Death::Stop(term!(crash)))
                }
                _ => self.step(&known),
            };
            let then = self.then(&step);
            steps.push(step);
            steps.extend(then);
            if self.sliding && waits < 3 && self.dice.percent(50) {
                waits += 1;
                steps.push(Step::Wait);
            }
        }
        steps
    }

    /// What makes the most of a step.
    fn then(&mut self, step: &Step) -> Option<Step> {
        match step {
            Step::Unlink(path) => Some(Step::Death(path.clone(), self.death())),
            Step::Ask(path, Ask::Terminate(id)) if self.dice.percent(60) => {
                let id = *id;
                let ask = match self.dice.below(100) {
                    0..55 => Ask::Restart(id),
                    55..85 => Ask::Delete(id),
                    _ => Ask::Terminate(id),
                };
                Some(Step::Ask(path.clone(), ask))
            }
            _ => None,
        }
    }

    fn step(&mut self, known: &[Known]) -> Step {
        let workers: Vec<&Known> = known.iter().filter(|known| known.sup.is_none()).collect();
        let sups: Vec<&Known> = known.iter().filter(|known| known.sup.is_some()).collect();
        // The tree may have no workers at all.
        let worker = match workers.len() {
            0 => Path::from([Atom::new("nobody")]),
            count => workers[self.dice.below(count)].path.clone(),
        };
        let sup = sups[self.dice.below(sups.len())];
        match self.dice.below(100) {
            0..42 => Step::Death(worker, self.death()),
            42..50 => Step::Death(sup.path.clone(), self.death_of_sup()),
            50..55 => Step::Unlink(worker),
            55..82 => Step::Ask(sup.path.clone(), self.ask(sup)),
            _ if can_be_busy(sup) => Step::Burst(sup.path.clone(), self.acts(sup)),
            _ => Step::Ask(sup.path.clone(), Ask::Which),
        }
    }

    fn death(&mut self) -> Death {
        if self.dice.percent(60) {
            Death::Stop(self.reason())
        } else {
            Death::Signal(self.dice.weighted(&[
                (50, term!(kill)),
                (20, term!(crash)),
                (10, term!(shutdown)),
                (10, term!({shutdown, asked})),
                (10, term!(normal)),
            ]))
        }
    }

    fn reason(&mut self) -> Term {
        self.dice.weighted(&[
            (20, term!(normal)),
            (14, term!(shutdown)),
            (10, term!({shutdown, done})),
            (40, term!(crash)),
            (10, term!({crash, {with, more}})),
            (3, term!(kill)),
            (3, term!(killed)),
        ])
    }

    fn death_of_sup(&mut self) -> Death {
        self.dice.weighted(&[
            (50, Death::Signal(term!(kill))),
            (30, Death::Stop(term!(normal))),
            (10, Death::Signal(term!(shutdown))),
            (10, Death::Signal(term!(crash))),
        ])
    }

    fn acts(&mut self, sup: &Known) -> Vec<Act> {
        let count = 1 + self.dice.below(3);
        let mut acts: Vec<Act> = (0..=count).map(|_| self.act(sup)).collect();
        // The restart of a child may have failed when it is asked for, and not been tried again.
        let children = sup.sup.iter().flat_map(|sup| &sup.children);
        let failing = children.filter(|child| match &child.what {
            What::Worker(worker) => worker.fails.iter().any(|(start, _)| *start == 2),
            What::Supervisor(_) => false,
        });
        let failing: Vec<Atom> = failing.map(|child| child.id).collect();
        if !failing.is_empty() && strategy(sup) != Some(Strategy::SimpleOneForOne) {
            let death = Death::Stop(term!(crash));
            acts.insert(0, Act::Death(self.dice.one_of(&failing), death));
        }
        let victim = acts.iter().find_map(|act| match act {
            Act::Death(id, _) => Some(*id),
            Act::Ask(_) => None,
        });
        if let (Some(id), true) = (victim, self.dice.percent(60)) {
            acts.push(Act::Ask(self.dice.weighted(&[
                (30, Ask::Which),
                (10, Ask::Count),
                (30, Ask::Terminate(id)),
                (15, Ask::Restart(id)),
                (15, Ask::Delete(id)),
            ])));
        }
        if may_be_restarting(sup) {
            acts.retain(|act| !matches!(act, Act::Ask(Ask::Terminate(_))));
        }
        acts
    }

    fn act(&mut self, sup: &Known) -> Act {
        if self.dice.percent(30) {
            return Act::Ask(self.ask(sup));
        }
        let id = self.id(sup);
        let inner = sup.sup.as_ref().and_then(|sup| {
            let child = sup.children.iter().find(|child| child.id == id)?;
            matches!(child.what, What::Supervisor(_)).then_some(())
        });
        let death = match inner {
            Some(()) => self.death_of_sup(),
            None => self.death(),
        };
        Act::Death(id, death)
    }

    /// A child that the supervisor has or may have.
    fn id(&mut self, known: &Known) -> Atom {
        let sup = known.sup.as_ref().expect("a supervisor");
        if sup.strategy == Strategy::SimpleOneForOne {
            return Atom::new(self.dice.one_of(&KEYS));
        }
        match self.dice.below(100) {
            0..80 if !sup.children.is_empty() => self.dice.one_of(&sup.children).id,
            0..95 => self.extra(),
            _ => Atom::new("nobody"),
        }
    }

    /// The id of a child that is started later.
    fn extra(&mut self) -> Atom {
        Atom::new(self.dice.one_of(&["x", "y"]))
    }

    fn ask(&mut self, known: &Known) -> Ask {
        let sup = known.sup.as_ref().expect("a supervisor");
        let id = self.id(known);
        let dynamic = sup.strategy == Strategy::SimpleOneForOne;
        match self.dice.below(100) {
            0..8 => Ask::Which,
            8..14 => Ask::Count,
            14..40 => Ask::Terminate(id),
            40..44 if dynamic => Ask::Restart(id),
            44..48 if dynamic => Ask::Delete(id),
            _ if dynamic => Ask::Dynamic(id),
            40..60 => Ask::Restart(id),
            60..75 => Ask::Delete(id),
            _ => {
                let id = if self.dice.percent(65) {
                    self.extra()
                } else {
                    id
                };
                // Deep enough to have no children of its own to think of.
                let mut child = self.child(id, sup.auto_shutdown, DEEPEST);
                if let What::Worker(worker) = &mut child.what {
                    if self.dice.percent(25) {
                        worker.fails.retain(|(start, _)| *start != 1);
                        worker.fails.push((1, self.fail()));
                    }
                }
                // Now and then one that is refused.
                child.significant |= self.dice.percent(4);
                Ask::Start(child)
            }
        }
    }
}

/// Everybody below a supervisor, and what may be started there.
fn know(path: &Path, sup: &Sup, known: &mut Vec<Known>) {
    known.push(Known {
        path: path.clone(),
        sup: Some(sup.clone()),
    });
    let dynamic = sup.strategy == Strategy::SimpleOneForOne;
    for child in &sup.children {
        let ids = match dynamic {
            true => KEYS[..2].iter().map(|key| Atom::new(key)).collect(),
            false => vec![child.id],
        };
        for id in ids {
            let mut path = path.clone();
            path.push(id);
            match &child.what {
                What::Supervisor(sup) => know(&path, sup, known),
                What::Worker(_) => known.push(Known { path, sup: None }),
            }
        }
    }
    if !dynamic {
        let mut path = path.clone();
        path.push(Atom::new("x"));
        known.push(Known { path, sup: None });
    }
}

fn strategy(known: &Known) -> Option<Strategy> {
    known.sup.as_ref().map(|sup| sup.strategy)
}

/// A supervisor is kept busy by the start of a worker.
fn can_be_busy(known: &Known) -> bool {
    known.sup.as_ref().is_some_and(|sup| {
        sup.strategy != Strategy::SimpleOneForOne || matches!(sup.children[0].what, What::Worker(_))
    })
}

/// Whether the restart of a child of a `simple_one_for_one` supervisor may fail.
fn may_be_restarting(known: &Known) -> bool {
    known.sup.as_ref().is_some_and(|sup| {
        sup.strategy == Strategy::SimpleOneForOne
            && (sup.children.iter()).any(|child| match &child.what {
                What::Worker(Worker { fails, .. }) => fails.iter().any(|(start, _)| *start > 1),
                What::Supervisor(_) => true,
            })
    })
}
