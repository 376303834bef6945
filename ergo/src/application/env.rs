//! The environment of applications: where its values come from, and how they are read.

use std::collections::{BTreeMap, HashMap};

use super::AppSpec;
use super::config::Config;
use crate::etf::{Budget, Decode, DecodeError, EncodeError, Encoded};
use crate::process::Reason;
use crate::term::{Atom, Pid, Term, Tuple};

/// Why a value of an application's environment was not read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// The process belongs to no application of this node: it, or a process before it, was started
    /// from the node and not from a process of the application.
    #[error("the process {0} belongs to no application; ask the node, with the application's name")]
    NoApplication(Pid),
    /// There is no such value. In Erlang: `undefined`.
    #[error(
        "the application {application} has no `{key}` in its environment; set it in its spec, \
         in a config file or in {variable}"
    )]
    Missing {
        /// The application.
        application: Atom,
        /// The key.
        key: Atom,
        /// The variable of the process environment that would set it.
        variable: String,
    },
    /// The value is there, but is not what was asked for.
    #[error("`{key}` in the environment of {application} is not what is wanted: {source}")]
    Invalid {
        /// The application.
        application: Atom,
        /// The key.
        key: Atom,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The value was set from this program and has no encoding (a NaN, say).
    #[error("`{key}` in the environment of {application} was set to what is no term: {source}")]
    NoTerm {
        /// The application.
        application: Atom,
        /// The key.
        key: Atom,
        /// What is wrong with it.
        source: EncodeError,
    },
}

/// So that `ctx.env("dir")?` may stand in `start`: `{bad_env, {Key, <<"message">>}}`.
impl From<EnvError> for Reason {
    fn from(error: EnvError) -> Reason {
        let key = match &error {
            EnvError::NoApplication(_) => Atom::UNDEFINED,
            EnvError::Missing { key, .. }
            | EnvError::Invalid { key, .. }
            | EnvError::NoTerm { key, .. } => *key,
        };
        let text = Tuple::from(vec![key.into(), error.to_string().into()]);
        Tuple::from(vec![Atom::new("bad_env").into(), text.into()]).into()
    }
}

/// Where values come from beside the code.
#[derive(Debug, Default)]
pub(crate) struct EnvSources {
    pub(crate) config: Config,
    /// In place of this program's environment variables.
    pub(crate) variables: Option<Vec<(String, String)>>,
}

/// One value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Term(Term),
    /// The text of a variable.
    Text(String),
}

impl Value {
    /// The term that the text is, or the text as Erlang's string.
    fn to_term(&self) -> Term {
        match self {
            Value::Term(term) => term.clone(),
            Value::Text(text) => text.parse().unwrap_or_else(|_| Term::charlist(text)),
        }
    }
}

/// The environment of one application.
#[derive(Debug, Default)]
pub(super) struct Env {
    values: BTreeMap<Atom, Value>,
    /// What was set or, by `None`, unset since it was loaded.
    changes: HashMap<Atom, Option<Term>>,
}

impl Env {
    pub(super) fn load(name: Atom, spec: &AppSpec, sources: &EnvSources) -> Env {
        let mut env = Env::default();
        let config = sources.config.of(name);
        for (key, value) in spec.env.iter().chain(config) {
            env.values.insert(*key, Value::Term(value.clone()));
        }
        let prefix = prefix(name);
        match &sources.variables {
            Some(given) => env.take_variables(&prefix, given.clone()),
            None => {
                // What is no Unicode is nothing of ours.
                let own = std::env::vars_os();
                let own = own.filter_map(|(key, value)| {
                    Some((key.into_string().ok()?, value.into_string().ok()?))
                });
                env.take_variables(&prefix, own);
            }
        }
        env
    }

    fn take_variables(
        &mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (String, String)>,
    ) {
        for (variable, text) in variables {
            let Some(key) = variable.strip_prefix(prefix).filter(|key| !key.is_empty()) else {
                continue;
            };
            // A key of mixed case is known by its own spelling.
            let mut known = self.values.keys().copied();
            let key = match known.find(|known| known.as_str().eq_ignore_ascii_case(key)) {
                Some(known) => known,
                None => match Atom::try_new(&key.to_ascii_lowercase()) {
                    Ok(key) => key,
                    Err(error) => {
                        tracing::warn!(
                            target: "ergo::application", variable, %error,
                            "the variable names no key"
                        );
                        continue;
                    }
                },
            };
            self.values.insert(key, Value::Text(text));
        }
    }

    /// Takes over what was changed in the environment before it was loaded again.
    pub(super) fn keep_changes(&mut self, before: Env) {
        for (key, change) in before.changes {
            self.change(key, change);
        }
    }

    pub(super) fn get(&self, key: Atom) -> Option<&Value> {
        self.values.get(&key)
    }

    pub(super) fn all(&self) -> Vec<(Atom, Term)> {
        let values = self.values.iter();
        values.map(|(key, value)| (*key, value.to_term())).collect()
    }

    /// Sets or, by `None`, unsets a value.
    pub(super) fn change(&mut self, key: Atom, value: Option<Term>) {
        match &value {
            Some(term) => drop(self.values.insert(key, Value::Term(term.clone()))),
            None => drop(self.values.remove(&key)),
        }
        self.changes.insert(key, value);
    }
}

/// `ERGO_KV_APP__` for `kv_app`.
fn prefix(application: Atom) -> String {
    format!("ERGO_{}__", application.as_str().to_ascii_uppercase())
}

pub(super) fn read<T: Decode>(
    application: Atom,
    key: Atom,
    value: Option<&Value>,
    budget: &Budget,
) -> Result<T, EnvError> {
    let Some(value) = value else {
        return T::absent().ok_or_else(|| EnvError::Missing {
            application,
            key,
            variable: prefix(application) + &key.as_str().to_ascii_uppercase(),
        });
    };
    let decode = |term: &Term| {
        let encoded = Encoded::from_value(term).map_err(|source| EnvError::NoTerm {
            application,
            key,
            source,
        })?;
        encoded.decode(budget).map_err(|source| EnvError::Invalid {
            application,
            key,
            source,
        })
    };
    let decoded = decode(&value.to_term());
    match value {
        // `8080` is a string too, for who wants one.
        Value::Text(text) => {
            decoded.or_else(|error| decode(&text.as_str().into()).map_err(|_| error))
        }
        Value::Term(_) => decoded,
    }
}
