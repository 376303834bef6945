//! Supervisors on one node: which children start, stop and restart, when, and in which order. What
//! is expected was seen on a supervisor of OTP 25.

#[path = "supervisor_local/bench.rs"]
mod bench;
#[path = "supervisor_local/dynamic.rs"]
mod dynamic;
#[path = "supervisor_local/groups.rs"]
mod groups;
#[path = "supervisor_local/requests.rs"]
mod requests;
#[path = "supervisor_local/restarts.rs"]
mod restarts;
#[path = "supervisor_local/starts.rs"]
mod starts;
#[path = "supervisor_local/stops.rs"]
mod stops;
#[path = "supervisor_local/storms.rs"]
mod storms;
