//! `erlang:process_info/1,2`: what is known of a process, under the names of a BEAM.

use std::collections::HashSet;

use super::{badarg, system_limit};
use crate::process::{Behaviour, LocalNode, ProcessId, ProcessInfo, ProcessStatus};
use crate::rpc::Raise;
use crate::term;
use crate::term::{Atom, List, Pid, Term};

/// So many waiting messages are shown.
const MESSAGES: usize = 1000;

/// So many bytes of waiting messages are read to be shown.
const MESSAGE_BYTES: usize = 16 << 20;

/// So many ancestors are told of.
const ANCESTORS: usize = 32;

/// So many items may be asked for at once: more than there are. None of them twice, which nobody needs, but whose answer is
/// larger than the question.
const ITEMS: usize = 64;

/// What `process_info/1` tells, in its order; the name comes first if there is one.
const ALL: [&str; 15] = [
    "current_function",
    "initial_call",
    "status",
    "message_queue_len",
    "links",
    "dictionary",
    "trap_exit",
    "error_handler",
    "priority",
    "group_leader",
    "total_heap_size",
    "heap_size",
    "stack_size",
    "reductions",
    "garbage_collection",
];

/// The bytes of a word, in which a BEAM counts heaps.
pub(super) const WORD: usize = size_of::<usize>();

/// A function as it is shown: module, name, arity.
pub(super) type Mfa = (Atom, Atom, u8);

/// A process as it is shown.
pub(super) struct Shown<'a> {
    node: &'a LocalNode,
    pub(super) info: ProcessInfo,
}

impl<'a> Shown<'a> {
    /// `None` if it is not alive.
    pub(super) fn of(node: &'a LocalNode, pid: &Pid) -> Option<Shown<'a>> {
        let info = node.process_info(pid)?;
        Some(Shown { node, info })
    }

    /// What it says of itself, if that is a function: an offered function that runs says which.
    fn labelled(&self) -> Option<Mfa> {
        let Some(Term::Tuple(label)) = &self.info.label else {
            return None;
        };
        match label[..] {
            [Term::Atom(module), Term::Atom(function), Term::Int(arity)] => {
                Some((module, function, u8::try_from(arity).ok()?))
            }
            _ => None,
        }
    }

    /// What `'$initial_call'` says in the dictionary of a BEAM's process.
    fn init(&self) -> Option<Mfa> {
        self.info.behaviour?;
        self.info.initial_call()
    }

    /// `proc_lib:translate_initial_call/1`
    pub(super) fn translated(&self) -> Mfa {
        self.init().unwrap_or_else(init_p)
    }

    /// The function with which it began.
    fn initial_call(&self) -> Mfa {
        match self.info.behaviour {
            Some(_) => init_p(),
            None => self.body(),
        }
    }

    /// What is shown of it beside its name: the name, or where it began.
    pub(super) fn name(&self) -> Term {
        match (self.info.registered_name, self.info.behaviour) {
            (Some(name), _) => name.into(),
            (None, Some(_)) => mfa(self.translated()),
            (None, None) => mfa(self.body()),
        }
    }

    fn body(&self) -> Mfa {
        let known = self.labelled().or_else(|| self.info.initial_call());
        known.unwrap_or_else(|| (Atom::new("erlang"), Atom::new("apply"), 2))
    }

    /// What it does: where a server waits on a BEAM, or else what it runs.
    pub(super) fn current_function(&self) -> Mfa {
        match (self.info.behaviour, self.info.status) {
            (Some(_), ProcessStatus::Waiting) => (Atom::new("gen_server"), Atom::new("loop"), 7),
            (Some(Behaviour::GenServer), _) => {
                let (module, ..) = self.info.initial_call().unwrap_or_else(init_p);
                (module, Atom::new("handle"), 2)
            }
            (Some(Behaviour::Supervisor), _) => (Atom::new("supervisor"), Atom::new("handle"), 2),
            (None, _) => self.body(),
        }
    }

    fn ancestors(&self) -> List {
        let mut ancestors = Vec::new();
        let mut next = self.info.parent;
        while let Some(pid) = next.filter(|_| ancestors.len() < ANCESTORS) {
            let process = self.node.process(&pid);
            let core = process.as_ref().map(|process| process.core());
            let name = core.and_then(|core| core.name());
            ancestors.push(name.map_or_else(|| pid.into(), Term::from));
            next = core.and_then(|core| core.parent());
        }
        ancestors.into_iter().collect()
    }

    /// What a BEAM's process of this kind would have in its dictionary.
    fn dictionary(&self) -> List {
        let init = self.init();
        let began = init.map(|init| term!({:"$initial_call", (mfa(init))}));
        let ancestors = init.map(|_| term!({:"$ancestors", (self.ancestors())}));
        let label = self.info.label.clone();
        let label = label.map(|label| term!({:"$process_label", (label)}));
        began.into_iter().chain(ancestors).chain(label).collect()
    }

    fn registered_name(&self) -> Term {
        self.info
            .registered_name
            .map_or_else(|| term!([]), Term::from)
    }

    /// The value of an item; `None` for what a BEAM does not know either.
    fn value(&self, item: &str) -> Option<Term> {
        let info = &self.info;
        let words = info.memory / WORD;
        Some(match item {
            "registered_name" => self.registered_name(),
            "current_function" => mfa(self.current_function()),
            "current_location" => located(self.current_function()),
            "current_stacktrace" => term!([(located(self.current_function()))]),
            "initial_call" => mfa(self.initial_call()),
            "status" => Term::atom(status(info.status)),
            "message_queue_len" => info.message_queue_len.into(),
            "messages" => {
                let messages = self.node.messages_of(&info.pid, MESSAGES, MESSAGE_BYTES);
                messages
                    .unwrap_or_default()
                    .into_iter()
                    .collect::<List>()
                    .into()
            }
            "links" => pids(&info.links),
            "dictionary" => self.dictionary().into(),
            "label" => info.label.clone().unwrap_or(Atom::UNDEFINED.into()),
            "trap_exit" => info.trap_exit.into(),
            "error_handler" => Term::atom("error_handler"),
            "priority" => Term::atom("normal"),
            "group_leader" => info.group_leader.into(),
            "parent" => info.parent.map_or(Atom::UNDEFINED.into(), Term::from),
            "memory" => info.memory.into(),
            "total_heap_size" | "heap_size" => words.into(),
            "stack_size" | "catchlevel" | "trace" | "fullsweep_after" => 0.into(),
            "min_heap_size" | "min_bin_vheap_size" => 0.into(),
            "max_heap_size" => max_heap_size(),
            "reductions" => info.messages_handled.into(),
            "garbage_collection" => term!([
                {max_heap_size, (max_heap_size())}, {min_bin_vheap_size, 0}, {min_heap_size, 0},
                {fullsweep_after, 0}, {minor_gcs, 0}
            ]),
            "garbage_collection_info" => term!([
                {old_heap_block_size, 0}, {heap_block_size, (words)}, {mbuf_size, 0},
                {recent_size, 0}, {stack_size, 0}, {old_heap_size, 0}, {heap_size, (words)},
                {bin_vheap_size, 0}, {bin_vheap_block_size, 0}, {bin_old_vheap_size, 0},
                {bin_old_vheap_block_size, 0}
            ]),
            "monitors" => {
                let watched = info.monitors.iter().map(|(_, watched)| match watched {
                    ProcessId::Pid(pid) => term!({process, (*pid)}),
                    ProcessId::Name(name, node) => term!({process, {(*name), (*node)}}),
                });
                watched.collect::<List>().into()
            }
            "monitored_by" => pids(&info.monitored_by),
            "binary" | "suspending" | "sequential_trace_token" | "magic_ref" => term!([]),
            "last_calls" | "async_dist" => false.into(),
            "message_queue_data" => Term::atom("off_heap"),
            "backtrace" => self.info.runs.into(),
            _ => return None,
        })
    }

    /// `process_info/1`
    pub(super) fn all(&self) -> Term {
        let name = self.info.registered_name.map(|_| "registered_name");
        let items = name.into_iter().chain(ALL);
        let items = items.filter_map(|item| Some(term!({(Atom::new(item)), (self.value(item)?)})));
        items
            .chain([term!({suspending, []})])
            .collect::<List>()
            .into()
    }

    /// `process_info/2`
    fn select(&self, wanted: &Wanted) -> Option<Term> {
        let pair = |item: &Atom| Some(term!({(*item), (self.value(item.as_str())?)}));
        match wanted {
            Wanted::One(item)
                if *item == *"registered_name" && self.info.registered_name.is_none() =>
            {
                Some(term!([]))
            }
            Wanted::One(item) => pair(item),
            Wanted::Many(items) => {
                let pairs = items.iter().map(pair);
                Some(pairs.collect::<Option<List>>()?.into())
            }
        }
    }
}

/// What is asked of a process.
enum Wanted {
    One(Atom),
    Many(Vec<Atom>),
}

impl Wanted {
    fn read(term: &Term) -> Result<Wanted, Raise> {
        let item = |term: &Term| match term {
            Term::Atom(item) if is_known(item.as_str()) => Ok(*item),
            _ => Err(badarg()),
        };
        match term {
            Term::List(items) if items.len() > ITEMS => Err(system_limit()),
            Term::List(items) if items.is_proper() => {
                let items: Vec<Atom> = items.iter().map(item).collect::<Result<_, _>>()?;
                let each: HashSet<Atom> = items.iter().copied().collect();
                match each.len() == items.len() {
                    true => Ok(Wanted::Many(items)),
                    false => Err(system_limit()),
                }
            }
            _ => item(term).map(Wanted::One),
        }
    }
}

/// Whether this is an item: asked of no process in particular, since what is asked of one that has
/// ended must be known, too.
fn is_known(item: &str) -> bool {
    ALL.contains(&item)
        || matches!(
            item,
            "async_dist"
                | "backtrace"
                | "binary"
                | "catchlevel"
                | "current_location"
                | "current_stacktrace"
                | "fullsweep_after"
                | "garbage_collection_info"
                | "label"
                | "last_calls"
                | "magic_ref"
                | "max_heap_size"
                | "memory"
                | "message_queue_data"
                | "messages"
                | "min_bin_vheap_size"
                | "min_heap_size"
                | "monitored_by"
                | "monitors"
                | "parent"
                | "registered_name"
                | "sequential_trace_token"
                | "suspending"
                | "trace"
        )
}

/// `erlang:process_info/1,2`
pub(super) fn process_info(
    node: &LocalNode,
    pid: &Term,
    wanted: Option<&Term>,
) -> Result<Term, Raise> {
    let wanted = wanted.map(Wanted::read).transpose()?;
    let shown = Shown::of(node, &own_pid(node, pid)?);
    let told = shown.map(|shown| match wanted {
        Some(wanted) => shown.select(&wanted),
        None => Some(shown.all()),
    });
    match told {
        Some(told) => told.ok_or_else(badarg),
        None => Ok(Atom::UNDEFINED.into()),
    }
}

/// A pid of this node, which may have ended.
pub(super) fn own_pid(node: &LocalNode, term: &Term) -> Result<Pid, Raise> {
    match term {
        Term::Pid(pid) if pid.node == node.name() => Ok(*pid),
        _ => Err(badarg()),
    }
}

fn init_p() -> Mfa {
    (Atom::new("proc_lib"), Atom::new("init_p"), 5)
}

pub(super) fn mfa((module, function, arity): Mfa) -> Term {
    term!({(module), (function), (arity)})
}

fn located((module, function, arity): Mfa) -> Term {
    term!({(module), (function), (arity), []})
}

fn pids(pids: &[Pid]) -> Term {
    pids.iter()
        .copied()
        .map(Term::from)
        .collect::<List>()
        .into()
}

fn status(status: ProcessStatus) -> &'static str {
    match status {
        ProcessStatus::Waiting => "waiting",
        ProcessStatus::Suspended => "suspended",
        ProcessStatus::Running => "running",
        ProcessStatus::Exiting => "exiting",
    }
}

fn max_heap_size() -> Term {
    term!(#{error_logger => true, kill => true, size => 0})
}
