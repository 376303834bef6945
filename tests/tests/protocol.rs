//! The control messages and flags of the distribution protocol, one by one, as the crate's page `dist::protocol` lists
//! them: what real Erlang nodes and scripted peers say and hear.

#[path = "protocol/audience.rs"]
mod audience;
#[path = "protocol/beam.rs"]
mod beam;
#[path = "protocol/flags.rs"]
mod flags;
#[path = "protocol/forms.rs"]
mod forms;
#[path = "protocol/nodes.rs"]
mod nodes;
#[path = "protocol/page.rs"]
mod page;
#[path = "protocol/written.rs"]
mod written;
