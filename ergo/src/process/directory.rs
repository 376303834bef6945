//! What processes of a node keep under a name for all others of it to read.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use super::LocalNode;
use crate::term::Atom;

type Table<T> = RwLock<HashMap<Atom, Arc<T>, foldhash::quality::RandomState>>;

/// All values of this type of a node, by name: what named tables of ETS are in Erlang.
pub(crate) struct Directory<T>(Table<T>);

impl<T> Default for Directory<T> {
    fn default() -> Directory<T> {
        Directory(Table::default())
    }
}

impl<T: Send + Sync + 'static> Directory<T> {
    /// What stands under a name.
    pub(crate) fn find(node: &LocalNode, name: Atom) -> Option<Arc<T>> {
        let directory = node.attached::<Directory<T>>();
        let table = directory.0.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&name).cloned()
    }
}

/// A place in the directory, which ends with the process that has it.
pub(crate) struct Place<T> {
    directory: Arc<Directory<T>>,
    name: Atom,
    value: Arc<T>,
}

impl<T: Send + Sync + 'static> Place<T> {
    /// Puts a value under a name, in the place of any other.
    pub(crate) fn take(node: &LocalNode, name: Atom, value: T) -> Place<T> {
        let (directory, value) = (node.attached::<Directory<T>>(), Arc::new(value));
        let mut table = directory.0.write().unwrap_or_else(PoisonError::into_inner);
        table.insert(name, Arc::clone(&value));
        drop(table);
        Place {
            directory,
            name,
            value,
        }
    }

    /// What stands there.
    pub(crate) fn value(&self) -> &Arc<T> {
        &self.value
    }
}

impl<T> Deref for Place<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> Drop for Place<T> {
    fn drop(&mut self) {
        let table = self.directory.0.write();
        let mut table = table.unwrap_or_else(PoisonError::into_inner);
        // Another process may have taken the name since.
        let own = table.get(&self.name);
        if own.is_some_and(|value| Arc::ptr_eq(value, &self.value)) {
            table.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_ends_with_its_holder_and_no_other() {
        let node = crate::Node::alone();
        let name = Atom::new("table");
        let first = Place::take(&node, name, 1_u8);
        let second = Place::take(&node, name, 2_u8);
        drop(first);
        assert_eq!(Directory::<u8>::find(&node, name).as_deref(), Some(&2));
        assert_eq!(Directory::<u16>::find(&node, name), None);
        drop(second);
        assert_eq!(Directory::<u8>::find(&node, name), None);
    }
}
