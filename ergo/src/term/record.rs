//! Native records.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Atom, Term};

/// A native record of OTP 29: a named value with named fields, neither tuple nor map.
///
/// The order of the fields and the exported flag are part of the value. OTP 28 and earlier drop
/// the link to a node that sends them one. The records of earlier releases are plain tuples.
///
/// ```
/// use ergo::{Atom, Term};
/// use ergo::term::Record;
///
/// let (x, y) = (Atom::new("x"), Atom::new("y"));
/// let point = Record::new(
///     Atom::new("geo"),
///     Atom::new("point"),
///     true,
///     vec![(x, Term::from(1)), (y, Term::from(2))],
/// )?;
/// assert_eq!(point.get(y), Some(&Term::from(2)));
/// # Ok::<(), ergo::term::DuplicateField>(())
/// ```
///
/// In Erlang: `#geo:point{x = 1, y = 2}`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Record(Arc<Inner>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Inner {
    module: Atom,
    name: Atom,
    exported: bool,
    fields: Vec<(Atom, Term)>,
}

/// A record that names a field twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record has each field once, this one has {0} twice")]
pub struct DuplicateField(pub Atom);

impl Record {
    /// A record `name` of `module`, with its fields in the order of the definition.
    pub fn new(
        module: Atom,
        name: Atom,
        exported: bool,
        fields: Vec<(Atom, Term)>,
    ) -> Result<Record, DuplicateField> {
        let mut seen = HashSet::with_capacity(fields.len());
        for (field, _) in &fields {
            if !seen.insert(*field) {
                return Err(DuplicateField(*field));
            }
        }
        Ok(Record(Arc::new(Inner {
            module,
            name,
            exported,
            fields,
        })))
    }

    /// The module that defines the record.
    pub fn module(&self) -> Atom {
        self.0.module
    }

    /// The record's name.
    pub fn name(&self) -> Atom {
        self.0.name
    }

    /// Whether other modules may use the record (`-export_record`).
    pub fn is_exported(&self) -> bool {
        self.0.exported
    }

    /// The fields, in the order of the definition.
    pub fn fields(&self) -> &[(Atom, Term)] {
        &self.0.fields
    }

    /// The value of a field.
    pub fn get(&self, field: Atom) -> Option<&Term> {
        self.fields()
            .iter()
            .find_map(|(name, value)| (*name == field).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_stands_once() {
        let (module, name, field) = (Atom::new("m"), Atom::new("r"), Atom::new("f"));
        let twice = vec![(field, Term::from(1)), (field, Term::from(2))];
        let record = Record::new(module, name, true, twice);
        assert_eq!(record, Err(DuplicateField(field)));
        let message = DuplicateField(field).to_string();
        assert_eq!(
            message,
            "a record has each field once, this one has f twice"
        );
    }

    #[test]
    fn the_exported_flag_and_the_order_of_fields_count() {
        let (module, name) = (Atom::new("m"), Atom::new("r"));
        let (a, b) = (
            (Atom::new("a"), Term::from(1)),
            (Atom::new("b"), Term::from(1)),
        );
        let record =
            |exported, fields| Record::new(module, name, exported, fields).map(Term::Record);
        let one = record(true, vec![a.clone(), b.clone()]);
        assert_ne!(one, record(false, vec![a.clone(), b.clone()]));
        assert_ne!(one, record(true, vec![b.clone(), a.clone()]));
        assert_eq!(one, record(true, vec![a.clone(), b]));
        let shorter = record(true, vec![a]);
        assert!(shorter.ok() < one.ok());
    }
}
