//! Under which names a PubSub meets its like.

use crate::term::Atom;

/// The scope of `pg` that Phoenix.PubSub uses, and its dispatcher: the module's name.
pub(super) const PHOENIX_PUBSUB: &str = "Elixir.Phoenix.PubSub";

/// What a [`PubSub`](super::PubSub) is started with: its name, or more. In Elixir: the options of `Phoenix.PubSub`.
///
/// ```
/// use ergo::pubsub::Settings;
///
/// let plain: Settings = "MyApp.PubSub".into(); // name: MyApp.PubSub
/// let pooled = Settings::new("MyApp.PubSub").pool_size(2); // name: MyApp.PubSub, pool_size: 2
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    name: Atom,
    pool_size: usize,
}

impl Settings {
    /// The PubSub of this name, as Elixir writes it: `MyApp.PubSub` is the atom `'Elixir.MyApp.PubSub'`. A name in small
    /// letters is an atom as it is: `my_pubsub` is `:my_pubsub`.
    pub fn new(name: &str) -> Settings {
        Settings {
            name: alias(name),
            pool_size: 1,
        }
    }

    /// How many processes take what other nodes send; 1 by default. It has to be the same on all nodes: a sender chooses
    /// among as many as it has itself.
    ///
    /// # Panics
    ///
    /// When it is zero.
    pub fn pool_size(mut self, size: usize) -> Self {
        assert!(size > 0, "a PubSub needs one process at least");
        self.pool_size = size;
        self
    }

    pub(super) fn name(&self) -> Atom {
        self.name
    }

    /// The groups of its processes, which are also their names.
    pub(super) fn groups(&self) -> Vec<Atom> {
        let name = self.name.as_str();
        let module = name.strip_prefix("Elixir.").unwrap_or(name);
        let adapter = format!("Elixir.{module}.Adapter");
        // The first has no number, as when there was only one.
        let others = (2..=self.pool_size).map(|number| format!("{adapter}_{number}"));
        std::iter::once(adapter.clone())
            .chain(others)
            .map(|group| Atom::new(&group))
            .collect()
    }
}

impl From<&str> for Settings {
    fn from(name: &str) -> Settings {
        Settings::new(name)
    }
}

/// The atom that a word of Elixir is: an alias if it begins with a capital letter.
pub(super) fn alias(name: &str) -> Atom {
    if name.starts_with(|first: char| first.is_ascii_uppercase()) && !name.starts_with("Elixir.") {
        Atom::new(&format!("Elixir.{name}"))
    } else {
        Atom::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_elixir() {
        let groups = |settings: Settings| -> Vec<String> {
            let groups = settings.groups().into_iter();
            groups.map(|group| group.as_str().to_owned()).collect()
        };
        let pooled = Settings::new("MyApp.PubSub").pool_size(3);
        assert_eq!(pooled.name().as_str(), "Elixir.MyApp.PubSub");
        assert_eq!(pooled.name(), Settings::new("Elixir.MyApp.PubSub").name());
        let expected = ["", "_2", "_3"].map(|end| format!("Elixir.MyApp.PubSub.Adapter{end}"));
        assert_eq!(groups(pooled), expected);
        let small = Settings::from("my_pubsub");
        assert_eq!(small.name().as_str(), "my_pubsub");
        assert_eq!(groups(small), ["Elixir.my_pubsub.Adapter"]);
    }
}
