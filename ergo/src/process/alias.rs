//! Aliases: references that stand for a process, and can be taken back.

use super::LocalNode;
use super::aliases::{Alias, AliasMode};
use super::core::Core;
use crate::term::{Pid, Ref};

impl LocalNode {
    /// Makes a reference an alias of a process.
    pub(crate) fn add_alias(&self, core: &Core, reference: Ref, mode: AliasMode) {
        let alias = Alias {
            pid: core.pid,
            mode,
        };
        self.aliases().table.insert(reference, alias);
        // Noted at the process second: one that ends meanwhile would leave it behind.
        if !core.add_alias(reference) {
            self.aliases().table.remove(&reference);
        }
    }

    /// Takes an alias of a process back; `false` if it did not stand.
    pub(crate) fn remove_alias(&self, core: &Core, alias: &Ref) -> bool {
        core.remove_alias(alias);
        let own = |_: &Ref, known: &Alias| known.pid == core.pid;
        self.aliases().table.remove_if(alias, own).is_some()
    }

    /// The monitor of this reference is gone; so is its alias, unless it is an explicit one.
    pub(crate) fn monitor_gone(&self, core: &Core, reference: &Ref) {
        let ends = |_: &Ref, alias: &Alias| alias.mode != AliasMode::Explicit;
        if self.aliases().table.remove_if(reference, ends).is_some() {
            core.remove_alias(reference);
        }
    }

    /// Who gets a message that is sent to an alias.
    pub(crate) fn alias_used(&self, alias: &Ref) -> Option<Pid> {
        let table = &self.aliases().table;
        let (pid, mode) = table.get(alias).map(|known| (known.pid, known.mode))?;
        if mode == AliasMode::Reply {
            // Whoever is first has it: a second message finds nothing.
            table.remove(alias)?;
            if let Some(process) = self.process(&pid) {
                let core = process.core();
                core.remove_alias(alias);
                self.take_monitor_back(core, *alias);
            }
        }
        Some(pid)
    }

    /// Who made an alias that stands; an exit signal to it, other than a message, does not use it up.
    pub(crate) fn alias_holder(&self, alias: &Ref) -> Option<Pid> {
        self.aliases().table.get(alias).map(|known| known.pid)
    }

    pub(crate) fn forget_aliases<'a>(&self, aliases: impl IntoIterator<Item = &'a Ref>) {
        for alias in aliases {
            self.aliases().table.remove(alias);
        }
    }

    /// How many aliases stand on this node.
    pub(crate) fn alias_count(&self) -> usize {
        self.aliases().table.len()
    }
}
