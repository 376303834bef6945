#![doc = include_str!("operators.md")]

mod application;
mod appmon_info;
mod clock;
mod code;
mod dbg;
mod erlang;
mod init;
mod machine;
mod memory;
mod observer_backend;
mod ports;
mod proc_lib;
mod process_info;
mod statistics;
mod sys;
mod system_info;

use std::net::IpAddr;

use crate::process::LocalNode;
use crate::rpc::{Context, Module, Raise};
use crate::supervisor::ChildSpec;
use crate::term::{Atom, List};

use self::application::Controller;
use self::clock::Clock;
use self::init::Init;

/// Offers what the tools of a BEAM ask, of a node that listens on this address, or not at all.
pub(crate) fn offer(node: &LocalNode, listens: Option<IpAddr>) {
    dbg::set_address(node, listens);
    // From now on the node runs.
    node.attached::<Clock>();
    node.offer_module_info();
    for module in [
        application::module(),
        appmon_info::module(),
        code::module(),
        dbg::module(),
        dbg::with_traces(erlang::module()),
        init::module(),
        observer_backend::module(),
        proc_lib::module(),
        sys::module(),
        sys::supervisor(),
    ] {
        node.offer_service(module);
    }
    node.offer_service(
        Module::new("net_adm").function("localhost", |ctx: Context| {
            List::from_chars(dbg::host(ctx.node()))
        }),
    );
}

/// The processes that are asked without a function.
pub(crate) fn children() -> [ChildSpec; 2] {
    [
        ChildSpec::named::<Init>("init"),
        ChildSpec::named::<Controller>("application_controller"),
    ]
}

/// What a function of a BEAM raises that cannot do anything with its arguments.
fn badarg() -> Raise {
    Raise::error(Atom::new("badarg"))
}

/// The same of a function that is not built in.
fn function_clause() -> Raise {
    Raise::error(Atom::new("function_clause"))
}

fn system_limit() -> Raise {
    Raise::error(Atom::new("system_limit"))
}
