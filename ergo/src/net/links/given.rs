//! The names that this node gives to nodes without one.

use std::collections::HashMap;
use std::io;

use crate::dist::name::split;

/// Names that were given to nodes which have gone, to be given again: each host has its own. A node whose name is used
/// again is another incarnation, so that what was meant for the first does not reach the second.
///
/// Only nodes that have proved the cookie get in here, so that strangers cannot fill it.
///
/// In Erlang: `dyn_name_pool` of `net_kernel`.
#[derive(Debug, Default)]
pub(super) struct GivenNames {
    /// The names in use, with their creations.
    used: HashMap<String, u32>,
    /// By host: the names that are free, with the creations that they get.
    free: HashMap<String, Vec<(String, u32)>>,
}

impl GivenNames {
    /// A name and a creation for a node on this host; one that has been given before if there is one that is not
    /// `taken`. A new one is, as in OTP, 64 random bits in base 36.
    pub(super) fn give(
        &mut self,
        host: &str,
        taken: impl Fn(&str) -> bool,
    ) -> io::Result<(String, u32)> {
        let free = self.free.get_mut(host);
        // A taken one has gone to a node that had it from elsewhere: it is dropped, as OTP drops it.
        let again =
            free.and_then(|free| std::iter::from_fn(|| free.pop()).find(|(name, _)| !taken(name)));
        match again {
            Some(again) => Ok(again),
            None => Ok((
                format!("{}@{host}", base_36(getrandom::u64()?)),
                later(getrandom::u32()?),
            )),
        }
    }

    /// A node that was given this name is connected.
    pub(super) fn used(&mut self, name: &str, creation: u32) {
        self.used.insert(name.to_owned(), creation);
    }

    /// A node is not connected any more. If its name was given, it may be given again.
    pub(super) fn gone(&mut self, name: &str) {
        let (Some(creation), Some((_, host))) = (self.used.remove(name), split(name)) else {
            return;
        };
        let free = self.free.entry(host.to_owned()).or_default();
        free.push((name.to_owned(), later(creation.wrapping_add(1))));
    }
}

/// 0 to 3 mean other things, or nothing.
fn later(creation: u32) -> u32 {
    if creation < 4 { creation + 4 } else { creation }
}

fn base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while digits.is_empty() || number > 0 {
        let digit = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(number % 36) as usize];
        digits.push(char::from(digit));
        number /= 36;
    }
    digits.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_name_is_given_again_to_a_later_incarnation() {
        let mut names = GivenNames::default();
        let (name, creation) = names.give("h", |_| false).unwrap();
        assert!(name.ends_with("@h") && creation >= 4);
        names.used(&name, creation);
        let (other, _) = names.give("h", |_| false).unwrap();
        assert_ne!(other, name);
        names.gone(&name);
        names.gone(&name);
        assert_ne!(names.give("elsewhere", |_| false).unwrap().0, name);
        let again = names.give("h", |_| false).unwrap();
        assert_eq!(again, (name.clone(), later(creation.wrapping_add(1))));
        assert_ne!(names.give("h", |_| false).unwrap().0, name);
    }

    #[test]
    fn a_name_that_somebody_has_is_not_given() {
        let mut names = GivenNames::default();
        names.used("a@h", 7);
        names.gone("a@h");
        assert_ne!(names.give("h", |name| name == "a@h").unwrap().0, "a@h");
    }

    #[test]
    fn creations_go_round_without_the_first_four() {
        let mut names = GivenNames::default();
        names.used("a@h", u32::MAX);
        names.gone("a@h");
        assert_eq!(names.give("h", |_| false).unwrap(), ("a@h".to_owned(), 4));
        assert_eq!((base_36(0), base_36(36)), ("0".to_owned(), "10".to_owned()));
    }
}
