//! What the played scenarios have shown, so that the generator cannot silently stop showing it.

use std::collections::{BTreeMap, BTreeSet};

use ergo::{Term, term};

use crate::event::{Event, steps};
use crate::model::{
    Act, Ask, AutoShutdown, Child, Manner, Restart, Scenario, Step, Strategy, Sup, What,
    shown as path_of,
};

/// Of 1000 scenarios, as many show this at least: about half of what the generator gives now.
const WANTED: &[(&str, u64)] = &[
    ("a child is seen restarting", 5),
    ("a child that is started later fails", 10),
    ("a child that is started later ignores", 5),
    ("a child that unlinked itself is gone, but listed", 30),
    ("a group is restarted without its temporary member", 25),
    ("a permanent child restarts", 200),
    ("a restart fails and is tried again", 70),
    ("a restart is ignored", 30),
    ("a restart that counts for a while only", 20),
    ("a slow child is waited for", 80),
    ("a stranger's exit signal is trapped", 80),
    ("a stubborn child is killed in the end", 60),
    ("a supervisor gives up, and is restarted by its own", 3),
    ("a supervisor is killed, and restarted", 40),
    ("a temporary child ends for good", 90),
    ("a transient child ends for good", 90),
    ("a transient child restarts", 150),
    ("all_significant ends a supervisor", 3),
    ("any_significant ends a supervisor", 10),
    ("delete_child", 12),
    ("intensity is exceeded", 75),
    ("intensity is exceeded by restarts that fail", 10),
    ("no restart is allowed", 15),
    ("one_for_all restarts", 70),
    ("one_for_one restarts", 90),
    ("rest_for_one restarts", 80),
    ("restart_child", 20),
    ("several end while their supervisor is busy", 100),
    ("simple_one_for_one restarts", 50),
    ("somebody lives on without a supervisor", 15),
    ("terminate_child", 80),
    ("the first start fails", 5),
    ("{error,already_present}", 4),
    ("{error,not_found}", 100),
    ("{error,restarting}", 3),
    ("{error,running}", 100),
    ("{error,simple_one_for_one}", 30),
    ("{error,{already_started,_}}", 30),
    ("{error,{bad_combination,_}}", 4),
    ("{exit,shutdown}", 20),
];

#[derive(Debug, Default)]
pub(crate) struct Coverage {
    scenarios: u64,
    seen: BTreeMap<&'static str, u64>,
}

impl Coverage {
    pub(crate) fn add(&mut self, scenario: &Scenario, events: &[Event]) {
        self.scenarios += 1;
        for what in shown(scenario, events) {
            *self.seen.entry(what).or_default() += 1;
        }
    }

    /// How many scenarios gave the same events on both sides.
    pub(crate) fn scenarios(&self) -> u64 {
        self.scenarios
    }

    /// Panics when something is shown too rarely.
    pub(crate) fn check(&self) {
        let rare = WANTED.iter().filter_map(|&(what, wanted)| {
            let seen = self.seen.get(what).copied().unwrap_or_default();
            let rare = seen * 1000 < wanted * self.scenarios;
            rare.then(|| format!("{what}: {seen} of {}, not {wanted} of 1000", self.scenarios))
        });
        let rare: Vec<String> = rare.collect();
        assert!(
            rare.is_empty(),
            "the scenarios have come to show too little:\n{}\nof {:#?}",
            rare.join("\n"),
            self.seen
        );
    }
}

/// What one scenario shows.
fn shown(scenario: &Scenario, events: &[Event]) -> BTreeSet<&'static str> {
    let mut shown = BTreeSet::new();
    for events in steps(events) {
        let Some(Event::Step(number)) = events.first() else {
            continue;
        };
        let number = *number as usize;
        let step = match number {
            0 => Playing::Start,
            _ => (scenario.steps.get(number - 1)).map_or(Playing::End, Playing::Step),
        };
        let seen = Seen {
            top: &scenario.top,
            step,
            events,
        };
        seen.restarts(&mut shown);
        seen.ends(&mut shown);
        seen.answers(&mut shown);
    }
    if events.iter().any(|event| matches!(event, Event::Left(_))) {
        shown.insert("somebody lives on without a supervisor");
    }
    shown
}

/// What is being played.
#[derive(Clone, Copy, PartialEq)]
enum Playing<'a> {
    Start,
    Step(&'a Step),
    End,
}

/// One step with its events.
struct Seen<'a> {
    top: &'a Sup,
    step: Playing<'a>,
    events: &'a [Event],
}

type Shown = BTreeSet<&'static str>;

/// `a.b#2` is the second start of `a.b`.
fn parts(name: &str) -> (&str, u32) {
    let (path, start) = name.split_once('#').expect("a path and a number");
    (path, start.parse().expect("a number"))
}

impl Seen<'_> {
    /// The specification of a child that was there from the beginning, and its supervisor's. A key of a
    /// `simple_one_for_one` supervisor names its template.
    fn child(&self, path: &str) -> Option<(&Sup, &Child)> {
        let (mut sup, mut found) = (self.top, None);
        for id in path.split('.') {
            let dynamic = sup.strategy == Strategy::SimpleOneForOne;
            let mut children = sup.children.iter();
            let child = children.find(|child| dynamic || child.id.as_str() == id)?;
            found = Some((sup, child));
            if let What::Supervisor(inner) = &child.what {
                sup = inner;
            }
        }
        found
    }

    fn reason(&self, name: &str) -> Option<&Term> {
        self.events.iter().find_map(|event| match event {
            Event::End(ended, reason) if ended == name => Some(reason),
            _ => None,
        })
    }

    /// Who was started again, by a supervisor and not by hand.
    fn restarts(&self, shown: &mut Shown) {
        let asked = matches!(self.step, Playing::Step(Step::Ask(..)));
        for event in self.events {
            let (name, above, says) = match event {
                Event::Init(name, above, says) => (name, above, says.clone()),
                Event::Start(name, above, _) => (name, above, term!(ok)),
                _ => continue,
            };
            let (path, start) = parts(name);
            match (self.step, &says) {
                (Playing::Step(Step::Ask(_, Ask::Start(_))), Term::Tuple(_)) => {
                    shown.insert("a child that is started later fails");
                }
                (Playing::Step(Step::Ask(_, Ask::Start(_))), says) if *says == term!(ignore) => {
                    shown.insert("a child that is started later ignores");
                }
                _ => {}
            }
            let Some((sup, child)) = self.child(path).filter(|_| start > 1 && !asked) else {
                continue;
            };
            // Its supervisor is not itself new.
            if self.started(above) {
                continue;
            }
            match says {
                Term::Tuple(_) => shown.insert("a restart fails and is tried again"),
                says if says == term!(ignore) => shown.insert("a restart is ignored"),
                _ => shown.insert(match sup.strategy {
                    Strategy::OneForOne => "one_for_one restarts",
                    Strategy::OneForAll => "one_for_all restarts",
                    Strategy::RestForOne => "rest_for_one restarts",
                    Strategy::SimpleOneForOne => "simple_one_for_one restarts",
                }),
            };
            match child.restart {
                Restart::Permanent => shown.insert("a permanent child restarts"),
                Restart::Transient => shown.insert("a transient child restarts"),
                Restart::Temporary => false,
            };
            self.group(sup, path, start, shown);
            if sup.period < 60 {
                shown.insert("a restart that counts for a while only");
            }
            if let What::Supervisor(_) = child.what {
                match self.reason(&format!("{path}#{}", start - 1)) {
                    Some(reason) if *reason == term!(killed) => {
                        shown.insert("a supervisor is killed, and restarted");
                    }
                    Some(reason)
                        if *reason == term!(shutdown) && sup.strategy == Strategy::OneForOne =>
                    {
                        shown.insert("a supervisor gives up, and is restarted by its own");
                    }
                    _ => {}
                }
            }
        }
    }

    fn started(&self, name: &str) -> bool {
        self.events
            .iter()
            .any(|event| matches!(event, Event::Start(started, ..) if started == name))
    }

    /// A restart of a group of which a temporary member is ended, and not started again.
    fn group(&self, sup: &Sup, path: &str, start: u32, shown: &mut Shown) {
        let above = path.rsplit_once('.').map_or("", |(above, _)| above);
        let before = format!("{path}#{}", start - 1);
        let grouped = matches!(sup.strategy, Strategy::OneForAll | Strategy::RestForOne);
        let lost = self.events.iter().any(|event| match event {
            Event::End(name, reason) if *name != before && *reason == term!(shutdown) => {
                let (path, _) = parts(name);
                let same = path.rsplit_once('.').map_or("", |(above, _)| above) == above;
                let child = self.child(path).filter(|_| same);
                child.is_some_and(|(_, child)| child.restart == Restart::Temporary)
            }
            _ => false,
        });
        if grouped && lost {
            shown.insert("a group is restarted without its temporary member");
        }
    }

    fn ends(&self, shown: &mut Shown) {
        let mut ended = BTreeSet::new();
        let mut terminated = BTreeSet::new();
        for event in self.events {
            match event {
                Event::Terminate(name, _) => {
                    terminated.insert(name);
                }
                Event::Signal(..) => {
                    shown.insert("a stranger's exit signal is trapped");
                }
                Event::End(name, reason) => {
                    ended.insert(name);
                    let (path, _) = parts(name);
                    if path == "top" {
                        self.top_ends(reason, shown);
                    }
                    self.auto_shutdown(name, reason, shown);
                    let worker = match self.child(path).map(|(_, child)| (child, &child.what)) {
                        Some((child, What::Worker(worker))) => Some((child, worker)),
                        _ => None,
                    };
                    let Some((child, worker)) = worker else {
                        continue;
                    };
                    let (start, killed) = (parts(name).1, *reason == term!(killed));
                    let next = format!("{path}#{}", start + 1);
                    let again = (self.events.iter())
                        .any(|event| matches!(event, Event::Init(name, ..) if *name == next));
                    if let (Playing::Step(Step::Death(victim, _)), false) = (self.step, again) {
                        if path_of(victim) == path {
                            shown.insert(match child.restart {
                                Restart::Permanent => "a permanent child ends with its supervisor",
                                Restart::Transient => "a transient child ends for good",
                                Restart::Temporary => "a temporary child ends for good",
                            });
                        }
                    }
                    if killed && worker.manner == Manner::Stubborn && terminated.contains(name) {
                        shown.insert("a stubborn child is killed in the end");
                    }
                    if !killed && worker.manner == Manner::Slow && *reason == term!(shutdown) {
                        shown.insert("a slow child is waited for");
                    }
                }
                _ => {}
            }
        }
        if let Playing::Step(Step::Burst(_, acts)) = self.step {
            let deaths = acts.iter().filter(|act| matches!(act, Act::Death(..)));
            if deaths.count() > 1 && ended.len() > 1 {
                shown.insert("several end while their supervisor is busy");
            }
        }
    }

    /// Why the top supervisor ended, if it was by itself.
    fn top_ends(&self, reason: &Term, shown: &mut Shown) {
        if let Playing::Start = self.step {
            shown.insert("the first start fails");
        }
        let Playing::Step(step) = self.step else {
            return;
        };
        if *reason != term!(shutdown) || matches!(step, Step::Death(path, _) if path.is_empty()) {
            return;
        }
        let Sup {
            intensity,
            auto_shutdown,
            ..
        } = self.top;
        let fails = self.events.iter().filter(|event| match event {
            Event::Init(_, _, says) => says.as_tagged("stop").is_some(),
            _ => false,
        });
        if *auto_shutdown == AutoShutdown::Never {
            shown.insert("intensity is exceeded");
            if *intensity == 0 {
                shown.insert("no restart is allowed");
            }
            if *intensity > 0 && fails.count() as u32 >= *intensity {
                shown.insert("intensity is exceeded by restarts that fail");
            }
        }
    }

    /// A supervisor ended with a significant child that is never restarted, and that was asked to end.
    fn auto_shutdown(&self, name: &str, reason: &Term, shown: &mut Shown) {
        let Playing::Step(Step::Death(victim, _)) = self.step else {
            return;
        };
        let above = victim.split_last().map(|(_, above)| path_of(above));
        if above.as_deref() != Some(parts(name).0) || *reason != term!(shutdown) {
            return;
        }
        if let Some((sup, child)) = self.child(&path_of(victim)) {
            if child.significant && child.restart == Restart::Temporary {
                match sup.auto_shutdown {
                    AutoShutdown::Never => false,
                    AutoShutdown::AnySignificant => {
                        shown.insert("any_significant ends a supervisor")
                    }
                    AutoShutdown::AllSignificant => {
                        shown.insert("all_significant ends a supervisor")
                    }
                };
            }
        }
    }

    fn answers(&self, shown: &mut Shown) {
        let mut dead = false;
        for event in self.events {
            match event {
                Event::Answer(answer) => {
                    let text = answer.to_string();
                    let known = [
                        ("{error,not_found}", "{error,not_found}"),
                        ("{error,running}", "{error,running}"),
                        ("{error,restarting}", "{error,restarting}"),
                        ("{error,already_present}", "{error,already_present}"),
                        ("{error,{already_started,", "{error,{already_started,_}}"),
                        ("{error,{bad_combination,", "{error,{bad_combination,_}}"),
                        ("{error,simple_one_for_one}", "{error,simple_one_for_one}"),
                        ("{exit,noproc}", "{exit,noproc}"),
                        ("{exit,shutdown}", "{exit,shutdown}"),
                    ];
                    let mut known = known.into_iter();
                    if let Some((_, name)) = known.find(|(start, _)| text.starts_with(start)) {
                        shown.insert(name);
                    }
                    if text.contains(",restarting,") {
                        shown.insert("a child is seen restarting");
                    }
                    if let (Playing::Step(Step::Ask(_, Ask::Restart(_))), Some(_)) =
                        (self.step, answer.as_tagged("ok"))
                    {
                        shown.insert("restart_child");
                    }
                    if let (Playing::Step(Step::Ask(_, Ask::Delete(_))), true) =
                        (self.step, text == "ok")
                    {
                        shown.insert("delete_child");
                    }
                    if let (Playing::Step(Step::Ask(_, Ask::Terminate(_))), true) =
                        (self.step, text == "ok")
                    {
                        shown.insert("terminate_child");
                    }
                }
                Event::Tree(_, children, counts) => {
                    let listed = children.to_string().matches('#').count();
                    let active = counts.to_string();
                    dead |= !active.contains(&format!("{{active,{listed}}}"));
                }
                _ => {}
            }
        }
        if dead {
            shown.insert("a child that unlinked itself is gone, but listed");
        }
    }
}
