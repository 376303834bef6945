//! The cookies of a node: its own, and those that it has for particular other nodes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use crate::dist::Cookie;

/// The cookies of a node, which may change while it runs. What is set counts for links that are set up afterwards.
///
/// In Erlang: what `auth` keeps for `erlang:set_cookie/1,2` and `erlang:get_cookie/0,1`.
pub(crate) struct Cookies(RwLock<Kept>);

struct Kept {
    own: Cookie,
    /// By the whole name: names of strangers are no atoms yet when they are looked for.
    others: HashMap<String, Cookie>,
}

impl Cookies {
    /// The same cookie for all nodes.
    pub(crate) fn new(own: Cookie) -> Cookies {
        Cookies(RwLock::new(Kept {
            own,
            others: HashMap::new(),
        }))
    }

    /// Sets the cookie for all nodes that have none of their own here.
    pub(crate) fn set_own(&self, cookie: Cookie) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).own = cookie;
    }

    /// Sets the cookie for one other node.
    pub(crate) fn set(&self, node: &str, cookie: Cookie) {
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        kept.others.insert(node.to_owned(), cookie);
    }

    /// The cookie that this node and another one have to share.
    pub(crate) fn get(&self, node: &str) -> Cookie {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        kept.others.get(node).unwrap_or(&kept.own).clone()
    }
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cookies(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_its_own_cookie_or_the_common_one() {
        let cookie = |text| Cookie::new(text).unwrap();
        let cookies = Cookies::new(cookie("common"));
        cookies.set("a@b", cookie("particular"));
        assert_eq!(cookies.get("a@b"), cookie("particular"));
        assert_eq!(cookies.get("b@b"), cookie("common"));
        cookies.set_own(cookie("another"));
        assert_eq!(cookies.get("a@b"), cookie("particular"));
        assert_eq!(cookies.get("b@b"), cookie("another"));
        assert_eq!(format!("{cookies:?}"), "Cookies(..)");
    }
}
