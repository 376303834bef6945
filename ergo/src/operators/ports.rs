//! The links of the node, which are ports on a BEAM.

use super::badarg;
use super::system_info::text;
use crate::net::LinkInfo;
use crate::process::LocalNode;
use crate::rpc::Raise;
use crate::term;
use crate::term::{Atom, List, Port, Term};

/// A link as a port: who owns it is `net_kernel`.
struct Shown<'a> {
    node: &'a LocalNode,
    link: LinkInfo,
}

impl Shown<'_> {
    fn port(&self) -> Port {
        Port {
            node: self.node.name(),
            id: self.link.peer.link,
            creation: self.node.creation(),
        }
    }

    fn owner(&self) -> Term {
        let owner = self.node.whereis(Atom::NET_KERNEL);
        owner.unwrap_or_else(|| self.node.caller_pid()).into()
    }

    /// The value of an item of `erlang:port_info/2`.
    fn value(&self, item: &str) -> Option<Term> {
        let LinkInfo { traffic, peer, .. } = &self.link;
        Some(match item {
            "name" => text("tcp_inet"),
            "links" => term!([(self.owner())]),
            "id" => peer.link.into(),
            "connected" => self.owner(),
            "input" => traffic.input.into(),
            "output" => traffic.output.into(),
            "os_pid" => Atom::UNDEFINED.into(),
            "monitors" | "monitored_by" => term!([]),
            "parallelism" => false.into(),
            "locking" => Term::atom("port_level"),
            "queue_size" => self.link.waiting.into(),
            "memory" => self.link.waiting.into(),
            "registered_name" => term!([]),
            _ => return None,
        })
    }

    fn pairs(&self, items: &[&str]) -> impl Iterator<Item = Term> {
        let pair = |item: &&str| Some(term!({(Atom::new(item)), (self.value(item)?)}));
        items.iter().filter_map(pair)
    }

    /// What `observer_backend:get_port_list/0` says of it.
    fn described(&self) -> Term {
        let LinkInfo {
            traffic, waiting, ..
        } = &self.link;
        let inet = term!({inet, [
            {statistics, [
                {recv_oct, (traffic.input)}, {send_oct, (traffic.output)}, {send_pend, (*waiting)}
            ]},
            {remote_node, (self.link.peer.name)},
            {options, []}
        ]});
        let port = term!({port_id, (self.port())});
        let items = self.pairs(&ITEMS).chain(self.pairs(&MORE_ITEMS));
        [port]
            .into_iter()
            .chain(items)
            .chain([inet])
            .collect::<List>()
            .into()
    }
}

/// What `erlang:port_info/1` tells.
const ITEMS: [&str; 7] = [
    "name",
    "links",
    "id",
    "connected",
    "input",
    "output",
    "os_pid",
];

/// What else the observer wants to know.
const MORE_ITEMS: [&str; 6] = [
    "monitors",
    "monitored_by",
    "parallelism",
    "locking",
    "queue_size",
    "memory",
];

fn all(node: &LocalNode) -> impl Iterator<Item = Shown<'_>> {
    let links = node.links().map(|links| links.infos()).unwrap_or_default();
    links.into_iter().map(move |link| Shown { node, link })
}

fn find<'a>(node: &'a LocalNode, port: &Term) -> Result<Option<Shown<'a>>, Raise> {
    match port {
        Term::Port(port) if port.node == node.name() => {
            Ok(all(node).find(|shown| shown.port() == *port))
        }
        // A name, which no port has here.
        Term::Atom(_) => Ok(None),
        _ => Err(badarg()),
    }
}

/// `erlang:ports/0`
pub(super) fn ports(node: &LocalNode) -> List {
    all(node).map(|shown| shown.port().into()).collect()
}

/// `erlang:port_info/1`
pub(super) fn port_info(node: &LocalNode, port: &Term) -> Result<Term, Raise> {
    let shown = find(node, port)?;
    Ok(shown.map_or(Atom::UNDEFINED.into(), |shown| {
        shown.pairs(&ITEMS).collect::<List>().into()
    }))
}

/// `erlang:port_info/2`
pub(super) fn port_info_item(node: &LocalNode, port: &Term, item: &Term) -> Result<Term, Raise> {
    let Term::Atom(item) = item else {
        return Err(badarg());
    };
    match find(node, port)? {
        Some(shown) => {
            let value = shown.value(item.as_str()).ok_or_else(badarg)?;
            Ok(term!({(*item), (value)}))
        }
        None => Ok(Atom::UNDEFINED.into()),
    }
}

/// `observer_backend:get_port_list/0`
pub(super) fn port_list(node: &LocalNode) -> List {
    all(node).map(|shown| shown.described()).collect()
}
