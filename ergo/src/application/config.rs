//! Config files: what `erl -config` reads.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::term::{Atom, List, ParseError, Term};

/// Why a config file was not read.
#[derive(Debug, thiserror::Error)]
#[error("the config file {} cannot be used", path.display())]
#[non_exhaustive]
pub struct ConfigError {
    /// Which file; one that the given file names has its own path here.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub kind: ConfigErrorKind,
}

/// What is wrong with a config file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// It cannot be read.
    #[error("it cannot be read as text")]
    Read(#[source] io::Error),
    /// It is no Erlang term.
    #[error("line {line} is no Erlang term")]
    Parse {
        /// The line, from 1 on.
        line: usize,
        /// What is wrong there.
        #[source]
        source: ParseError,
    },
    /// It holds something else than a list of applications.
    #[error("it holds {0} where a list `[{{app, [{{key, Value}}]}}].` belongs")]
    NotAList(Term),
    /// An entry is no application with its settings.
    #[error("it has {0} where `{{app, [{{key, Value}}]}}` belongs")]
    NotAnApplication(Term),
    /// A setting is no key with its value.
    #[error("it sets {found} for {application}, where `{{key, Value}}` belongs")]
    NotASetting {
        /// The application.
        application: Atom,
        /// What stands there.
        found: Term,
    },
    /// The dot at the end is missing, as of a file that was cut off.
    #[error("it does not end with a dot")]
    NoDot,
    /// An application stands there twice.
    #[error("it has the application {0} twice; put its settings together")]
    Duplicate(Atom),
    /// A key stands there twice for one application.
    #[error("it has the key {key} twice for {application}; remove one")]
    DuplicateKey {
        /// The application.
        application: Atom,
        /// The key.
        key: Atom,
    },
    /// A file that is named by another one names a third.
    #[error("it names {0}, but only the given file may name others")]
    Nested(String),
}

/// The settings of applications, later files over earlier ones.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config(HashMap<Atom, Vec<(Atom, Term)>>);

impl Config {
    /// Reads one more file, and those that it names.
    pub(crate) fn read(&mut self, path: &Path) -> Result<(), ConfigError> {
        self.read_file(path, true)
    }

    /// What the files say for an application; a later file's value of a key comes after an earlier
    /// one's.
    pub(super) fn of(&self, application: Atom) -> &[(Atom, Term)] {
        self.0.get(&application).map_or(&[], Vec::as_slice)
    }

    fn read_file(&mut self, path: &Path, may_name: bool) -> Result<(), ConfigError> {
        let path = with_extension(path);
        let named = self.read_entries(&path).and_then(|named| match named {
            named if may_name => Ok(named),
            named => named
                .into_iter()
                .next()
                .map_or(Ok(Vec::new()), |name| Err(ConfigErrorKind::Nested(name))),
        });
        let named = named.map_err(|kind| ConfigError {
            path: path.clone(),
            kind,
        })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        for name in named {
            self.read_file(&beside.join(name), false)?;
        }
        Ok(())
    }

    /// Takes the settings of one file; gives the names of other files.
    fn read_entries(&mut self, path: &Path) -> Result<Vec<String>, ConfigErrorKind> {
        let text = fs::read_to_string(path).map_err(ConfigErrorKind::Read)?;
        let term = text
            .parse::<Term>()
            .map_err(|source| ConfigErrorKind::Parse {
                line: 1 + text[..source.offset()].matches('\n').count(),
                source,
            })?;
        // A dot is not needed for a term, so that one more is in order only where there is none.
        if format!("{text}\n.").parse::<Term>().is_ok() {
            return Err(ConfigErrorKind::NoDot);
        }
        let entries = proper(&term).ok_or_else(|| ConfigErrorKind::NotAList(term.clone()))?;
        let (mut seen, mut named) = (Vec::new(), Vec::new());
        for entry in entries {
            if let Some(name) = entry.as_list().and_then(List::to_text) {
                named.push(name);
                continue;
            }
            let (application, settings) = application(entry)?;
            if seen.contains(&application) {
                return Err(ConfigErrorKind::Duplicate(application));
            }
            seen.push(application);
            self.0.entry(application).or_default().extend(settings);
        }
        Ok(named)
    }
}

/// `{app, [{key, Value}]}`
fn application(entry: &Term) -> Result<(Atom, Vec<(Atom, Term)>), ConfigErrorKind> {
    let wrong = || ConfigErrorKind::NotAnApplication(entry.clone());
    let (name, settings) = pair(entry).ok_or_else(wrong)?;
    let mut read: Vec<(Atom, Term)> = Vec::new();
    for setting in proper(settings).ok_or_else(wrong)? {
        let Some((key, value)) = pair(setting) else {
            return Err(ConfigErrorKind::NotASetting {
                application: name,
                found: setting.clone(),
            });
        };
        if read.iter().any(|(known, _)| *known == key) {
            return Err(ConfigErrorKind::DuplicateKey {
                application: name,
                key,
            });
        }
        read.push((key, value.clone()));
    }
    Ok((name, read))
}

fn proper(term: &Term) -> Option<&[Term]> {
    let list = term.as_list().filter(|list| list.is_proper())?;
    Some(list.items())
}

fn pair(term: &Term) -> Option<(Atom, &Term)> {
    match &term.as_tuple()?[..] {
        [Term::Atom(key), value] => Some((*key, value)),
        _ => None,
    }
}

/// As `erl -config sys` finds `sys.config`.
fn with_extension(path: &Path) -> PathBuf {
    match path.extension() {
        Some(_) => path.to_owned(),
        None => path.with_extension("config"),
    }
}
