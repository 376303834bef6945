//! What happened in a scenario, in a form that does not depend on who played it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;

use ergo::{Term, term};

use crate::model::Strategy;

/// Processes are named by their path and the number of their start: `a.b#2`.
pub(crate) type Name = String;

#[derive(Clone, Debug, PartialEq, Term)]
pub(crate) enum Event {
    /// A step begins; its answers come first.
    Step(u32),
    Answer(Term),
    /// The init of a supervisor: who it is, and below whom.
    Start(Name, Name, Strategy),
    /// The init of a worker, and what it says.
    Init(Name, Name, Term),
    Terminate(Name, Term),
    /// A worker got an exit signal that it traps.
    Signal(Name, Term),
    End(Name, Term),
    /// The children and counts of a supervisor at rest.
    Tree(Name, Term, Term),
    /// Who is alive after the top supervisor has ended.
    Left(Name),
}

impl Event {
    /// Whose event it is, if it happens to a process.
    fn name(&self) -> Option<&Name> {
        match self {
            Event::Start(name, ..)
            | Event::Init(name, ..)
            | Event::Terminate(name, _)
            | Event::Signal(name, _)
            | Event::End(name, _) => Some(name),
            Event::Step(_) | Event::Answer(_) | Event::Tree(..) | Event::Left(_) => None,
        }
    }
}

/// The events of each step, its `Event::Step` first.
pub(crate) fn steps(events: &[Event]) -> impl Iterator<Item = &[Event]> {
    events.chunk_by(|_, next| !matches!(next, Event::Step(_)))
}

/// What a worker's init says when it fails.
pub(crate) fn stop(reason: &Term) -> Term {
    term!({stop, (reason.clone())})
}

/// What is known of the processes so far.
#[derive(Default)]
struct Family {
    parents: HashMap<Name, Name>,
    /// Supervisors that stop their children all at once.
    at_once: HashSet<Name>,
    ended: HashSet<Name>,
}

impl Family {
    fn learn(&mut self, event: &Event) {
        match event {
            Event::Start(name, parent, strategy) => {
                self.parents.insert(name.clone(), parent.clone());
                if *strategy == Strategy::SimpleOneForOne {
                    self.at_once.insert(name.clone());
                }
            }
            Event::Init(name, parent, _) => {
                self.parents.insert(name.clone(), parent.clone());
            }
            Event::End(name, _) => {
                self.ended.insert(name.clone());
            }
            _ => {}
        }
    }

    /// The process and those above it, the highest last, each with the one above it.
    fn line<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = (&'a Name, &'a Name)> {
        let parent = |name: &'a Name| self.parents.get(name).map(|parent| (name, parent));
        std::iter::successors(parent(name), move |(_, parent)| {
            self.parents.get(*parent).map(|above| (*parent, above))
        })
    }

    /// The process or the supervisor above it that has lost its own supervisor: it ends by itself, whatever others do.
    fn orphan(&self, name: &Name) -> Option<Name> {
        let mut line = self.line(name);
        let lost = line.find(|(_, parent)| self.ended.contains(*parent));
        lost.map(|(orphan, _)| orphan.clone())
    }

    /// The highest of the line, below the given process, whose supervisor stops all its children at once: the
    /// supervisor, and this child.
    fn parallel(&self, name: &Name, below: Option<&Name>) -> Option<(Name, Name)> {
        let line = self
            .line(name)
            .take_while(|(child, _)| Some(*child) != below);
        let parallel = line.filter(|(_, parent)| self.at_once.contains(*parent));
        let highest = parallel.last();
        highest.map(|(child, parent)| (parent.clone(), child.clone()))
    }

    /// The events with the ends of children that are stopped at once child by child.
    fn child_by_child(&self, events: Vec<Event>, below: Option<&Name>) -> Vec<Event> {
        let mut ordered = Vec::new();
        // Ends of children of one supervisor, one right after the other.
        let mut run: Vec<(Name, Event)> = Vec::new();
        let mut running = None;
        for event in events {
            let parallel = match &event {
                Event::Terminate(name, _) | Event::Signal(name, _) | Event::End(name, _) => {
                    self.parallel(name, below)
                }
                _ => None,
            };
            let parent = parallel.as_ref().map(|(parent, _)| parent.clone());
            if parent != running {
                ordered.extend(self.sorted(mem::take(&mut run)));
                running = parent;
            }
            match parallel {
                Some((_, child)) => run.push((child, event)),
                None => ordered.push(event),
            }
        }
        ordered.extend(self.sorted(run));
        ordered
    }

    /// The events of each process, and of those below it, in the order of the processes' names.
    fn sorted(&self, events: Vec<(Name, Event)>) -> Vec<Event> {
        let mut by_name: BTreeMap<Name, Vec<Event>> = BTreeMap::new();
        for (name, event) in events {
            by_name.entry(name).or_default().push(event);
        }
        let ordered = by_name.into_iter();
        let ordered = ordered.flat_map(|(name, events)| self.child_by_child(events, Some(&name)));
        ordered.collect()
    }

    /// The events of a step: what orphans do comes after all else, orphan by orphan, and what is said of the whole tree
    /// comes last.
    fn step(&self, events: Vec<Event>, orphans: Vec<(Name, Event)>) -> Vec<Event> {
        let said = |event: &Event| matches!(event, Event::Tree(..) | Event::Left(_));
        let (said, happened): (Vec<Event>, Vec<Event>) = events.into_iter().partition(said);
        let mut ordered = self.child_by_child(happened, None);
        ordered.extend(self.sorted(orphans));
        ordered.extend(said);
        ordered
    }
}

/// The events with those in one fixed order that OTP leaves in none: of processes that end at the same time, each by
/// itself.
pub(crate) fn in_fixed_order(events: Vec<Event>) -> Vec<Event> {
    let mut family = Family::default();
    let (mut ordered, mut step, mut orphans) = (Vec::new(), Vec::new(), Vec::new());
    for event in events {
        if matches!(event, Event::Step(_)) {
            ordered.extend(family.step(mem::take(&mut step), mem::take(&mut orphans)));
        }
        let orphan = event.name().and_then(|name| family.orphan(name));
        family.learn(&event);
        match orphan {
            Some(orphan) => orphans.push((orphan, event)),
            None => step.push(event),
        }
    }
    ordered.extend(family.step(step, orphans));
    ordered
}

/// The events of each step in an order that says nothing: for a log in which what happened at different places of the tree
/// is in the order in which it was heard of.
pub(crate) fn in_no_order(mut events: Vec<Event>) -> Vec<Event> {
    for step in events.chunk_by_mut(|_, next| !matches!(next, Event::Step(_))) {
        // The events of one process stay in their order, and so do the answers and what is said of the whole tree.
        step[1..].sort_by(|one, other| one.name().cmp(&other.name()));
    }
    events
}

/// Both logs from shortly before their first difference, side by side.
pub(crate) fn difference(erl: &[Event], ergo: &[Event]) -> Option<String> {
    let first = (0..erl.len().max(ergo.len())).find(|&at| erl.get(at) != ergo.get(at))?;
    let step = erl[..first.min(erl.len())]
        .iter()
        .rposition(|event| matches!(event, Event::Step(_)));
    let mut text = String::new();
    for at in step.unwrap_or(0)..(first + 8).min(erl.len().max(ergo.len())) {
        let show = |events: &[Event]| events.get(at).map_or("-".to_owned(), line);
        let mark = if erl.get(at) == ergo.get(at) {
            ' '
        } else {
            '|'
        };
        text += &format!("{:<78} {mark} {}\n", show(erl), show(ergo));
    }
    Some(text)
}

/// The event as Erlang would print it, with names as they are.
fn line(event: &Event) -> String {
    match event {
        Event::Step(number) => format!("== step {number}"),
        Event::Answer(answer) => format!("answer {answer}"),
        Event::Start(name, parent, strategy) => format!("start {name} below {parent} {strategy:?}"),
        Event::Init(name, parent, says) => format!("init {name} below {parent}: {says}"),
        Event::Terminate(name, reason) => format!("terminate {name}: {reason}"),
        Event::Signal(name, reason) => format!("signal {name}: {reason}"),
        Event::End(name, reason) => format!("end {name}: {reason}"),
        Event::Tree(name, children, counts) => format!("tree {name} {children} {counts}"),
        Event::Left(name) => format!("left {name}"),
    }
}
