//! `Module:module_info/0,1`, which every module of a BEAM has.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::arguments::FromArguments;
use super::function::{AnyFunction, Running};
use super::module::Entry;
use super::{Context, Raise};
use crate::etf::{DecodeError, Decoder};
use crate::term;
use crate::term::{Atom, List, Term};

/// What there is to say of a module.
pub(super) struct ModuleInfo {
    pub(super) module: Atom,
    pub(super) functions: BTreeSet<(Atom, u8)>,
    pub(super) behaviour: Option<Atom>,
    /// Of the function that tells it.
    pub(super) arity: u8,
}

impl ModuleInfo {
    pub(super) fn into_entry(self) -> Entry {
        Entry {
            function: Arc::new(self),
            server: None,
            only_from: None,
        }
    }

    fn item(&self, item: &str) -> Option<Term> {
        Some(match item {
            "module" => self.module.into(),
            "attributes" => {
                let behaviour = self.behaviour.iter();
                let attributes = behaviour.map(|behaviour| term!({behaviour, [(*behaviour)]}));
                attributes.collect::<List>().into()
            }
            "exports" | "functions" => {
                let functions = self.functions.iter();
                let functions = functions.map(|(function, arity)| term!({(*function), (*arity)}));
                functions.collect::<List>().into()
            }
            "compile" | "nifs" => term!([]),
            _ => return None,
        })
    }
}

impl AnyFunction for ModuleInfo {
    fn begin(&self, _: Context, args: &mut Decoder<'_>) -> Result<Running, DecodeError> {
        let asked = match self.arity {
            0 => None,
            _ => Some(<(Term,)>::read(args, &[])?.0),
        };
        let answer = match asked {
            None => {
                let items = ["module", "exports", "attributes", "compile"];
                let all = items.iter().filter_map(|item| {
                    let value = self.item(item)?;
                    Some(term!({(Atom::new(item)), (value)}))
                });
                Some(all.collect::<List>().into())
            }
            Some(Term::Atom(item)) => self.item(item.as_str()),
            Some(_) => None,
        };
        let answer = answer.ok_or_else(|| Raise::error(Atom::new("badarg")));
        Ok(Running::Done(answer.map(|answer| Box::new(answer) as _)))
    }
}
