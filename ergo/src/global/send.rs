//! Telling the name servers of other nodes, over the links that there are.

use super::server::SERVER;
use crate::dist::Control;
use crate::etf::{Encoded, Encoder};
use crate::process::LocalNode;
use crate::term::{Atom, Term};

/// Casts to the name server of a node, if there is a link to it.
pub(super) fn cast_to(here: &LocalNode, node: Atom, message: &Term) {
    let mut out = Encoder::for_link(true);
    let written = out.tuple(2).and_then(|()| {
        out.atom(Atom::GEN_CAST);
        out.term(message)
    });
    if let Err(error) = written {
        return tracing::error!(target: "ergo::global", %error, "names cannot be told");
    }
    post(here, node, Encoded::from_encoder(out));
}

/// Sends to the name server of a node, if there is a link to it.
pub(super) fn send_to(here: &LocalNode, node: Atom, message: &Term) {
    let mut out = Encoder::for_link(true);
    if let Err(error) = out.term(message) {
        return tracing::error!(target: "ergo::global", %error, "names cannot be told");
    }
    post(here, node, Encoded::from_encoder(out));
}

fn post(here: &LocalNode, node: Atom, message: Encoded) {
    let Some(links) = here.links() else { return };
    let control = Control::RegSend {
        from: here.calling_pid(),
        name: Atom::new(SERVER),
    };
    // What is not there is not connected for this, nor waited for.
    if let Some(link) = links.current(node) {
        links.send_on(node, link, control, Some(message));
    }
}
