//! `erlang:memory/0,1`.

use tokio::task::yield_now;

use super::machine::resident;
use super::{badarg, function_clause, system_limit};
use crate::process::LocalNode;
use crate::rpc::Raise;
use crate::term;
use crate::term::{Atom, List, Term};

/// So many processes are looked at in a row: others want to run, too.
pub(super) const BATCH: usize = 1000;

/// What `erlang:memory/0` tells, in its order.
const KINDS: [&str; 9] = [
    "total",
    "processes",
    "processes_used",
    "system",
    "atom",
    "atom_used",
    "binary",
    "code",
    "ets",
];

/// So many kinds may be asked for at once: more than there are.
const MOST_KINDS: usize = 64;

/// How much memory the program has, and what for, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    total: u64,
    processes: u64,
    atoms: u64,
    code: u64,
}

impl Memory {
    pub(super) async fn of(node: &LocalNode) -> Memory {
        let mut processes = 0;
        for (index, process) in node.processes().into_iter().enumerate() {
            processes += process.memory() as u64;
            if index % BATCH == BATCH - 1 {
                yield_now().await;
            }
        }
        let atoms = Atom::table_size().1 as u64;
        let known = processes + atoms;
        let resident = resident().unwrap_or_default();
        Memory {
            // What is counted may not have been touched yet.
            total: resident.total.max(known),
            processes,
            atoms,
            code: resident.code,
        }
    }

    /// In bytes; `None` for what Erlang does not tell either.
    pub(super) fn get(&self, kind: &str) -> Option<u64> {
        Some(match kind {
            "total" => self.total,
            "processes" | "processes_used" => self.processes,
            "system" => self.total - self.processes,
            "atom" | "atom_used" => self.atoms,
            "code" => self.code,
            // Counted with what holds them; and there are no tables.
            "binary" | "ets" => 0,
            _ => return None,
        })
    }

    /// What the memory is for, as a BEAM shows the memory of its allocators: one "allocator" for each
    /// kind that is counted, and one for the rest of what the program has. All carriers are full.
    pub(super) fn allocators(&self) -> Term {
        let counted = self.processes + self.atoms + self.code;
        let kinds = [
            ("processes", self.processes),
            ("atoms", self.atoms),
            ("code", self.code),
            ("other", self.total.saturating_sub(counted)),
        ];
        let allocators = kinds.iter().map(|(name, bytes)| {
            let (name, bytes) = (Atom::new(name), *bytes);
            term!({(name), [{instance, 0, [
                {mbcs, [
                    {blocks, [{(name), [{size, (bytes), (bytes), (bytes)}]}]},
                    {carriers_size, (bytes), (bytes), (bytes)}
                ]},
                {sbcs, [{blocks, []}, {carriers_size, 0, 0, 0}]}
            ]}]})
        });
        allocators.collect::<List>().into()
    }

    fn pair(&self, kind: Atom) -> Option<Term> {
        Some(term!({(kind), (self.get(kind.as_str())?)}))
    }

    /// `[{total, Bytes}, …]`
    pub(super) fn proplist(&self) -> Term {
        self.proplist_of(&KINDS)
    }

    pub(super) fn proplist_of(&self, kinds: &[&str]) -> Term {
        let kinds = kinds.iter().filter_map(|kind| self.pair(Atom::new(kind)));
        kinds.collect::<List>().into()
    }

    /// `erlang:memory/1`: bytes for an atom, pairs for a list of them.
    pub(super) fn select(&self, wanted: &Term) -> Result<Term, Raise> {
        match wanted {
            Term::Atom(kind) => self.get(kind.as_str()).map(Term::from).ok_or_else(badarg),
            Term::List(kinds) if !kinds.is_proper() => Err(function_clause()),
            Term::List(kinds) if kinds.len() > MOST_KINDS => Err(system_limit()),
            Term::List(kinds) => {
                let pairs = kinds.iter().map(|kind| match kind {
                    Term::Atom(kind) => self.pair(*kind).ok_or_else(badarg),
                    _ => Err(badarg()),
                });
                Ok(pairs.collect::<Result<List, _>>()?.into())
            }
            _ => Err(badarg()),
        }
    }
}
