//! What most programs use: `use ergo::prelude::*;`.

pub use crate::application::{AppContext, AppSpec, Application, StartMode};
pub use crate::gen_server::{
    CallError, Caller, Context, Down, Exit, GenServer, InitError, Next, Reply, ReplyTo, StartError,
};
pub use crate::supervisor::{
    Child, ChildError, ChildSpec, GenServerChild, Restart, Shutdown, Strategy, Supervisor,
    SupervisorRef, SupervisorSpec,
};
pub use crate::{
    Atom, Decode, Encode, Node, OnNode, Pid, Reason, Ref, Term, gen_server, rpc, supervisor, term,
};
