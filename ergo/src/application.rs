//! Applications: trees of processes that start and stop as one, and that make up a program.
//!
//! | Erlang | here |
//! |---|---|
//! | `-behaviour(application)`, `start/2`, `start_phase/3`, `prep_stop/1`, `stop/1` | [`Application`] |
//! | the `.app` file: `vsn`, `applications`, `env`, `start_phases`, … | [`AppSpec`] |
//! | `application:load/1`, `unload/1` | `node.load_application(app)`, `node.unload_application(name)` |
//! | `application:start/2`, `ensure_all_started/2` | `node.start_application(app, restart)`, `node.ensure_all_started(app, restart)` |
//! | `application:stop/1` | `node.stop_application(name)` |
//! | `application:which_applications/0`, `loaded_applications/0` | `node.which_applications()`, `node.loaded_applications()` |
//! | `application:get_env/1`, `get_application/0` | `ctx.env(key)`, `ctx.application()` in any process of the application |
//! | `application:get_env/2`, `set_env/3`, `unset_env/2`, `get_all_env/1` | `node.env(app, key)`, `node.set_env(…)`, `node.unset_env(…)`, `node.all_env(app)` |
//! | `erl -config sys`, `erl -kv_app limit 5` | [`NodeBuilder::config_file`](crate::node::NodeBuilder::config_file), `ERGO_KV_APP__LIMIT=5` |
//! | `init:stop()` | [`Node::stop`](crate::Node::stop) |
//!
//! # Start and stop
//!
//! Each application that runs has a master: the process in which its callbacks run, and the group
//! leader of all its processes. A process belongs to the application whose process has started it,
//! with a link or without.
//!
//! - A start runs [`start`](Application::start) and the [phases](AppSpec::start_phase) in their
//!   order. What comes back from it is an error if any of them gives one, panics or takes longer
//!   than the [start timeout](AppSpec::start_timeout); nothing is left of the application then.
//! - A stop runs [`prep_stop`](Application::prep_stop), sends the top of the tree `shutdown` and
//!   waits for its end, runs [`stop`](Application::stop), and kills what is left of the
//!   application's processes.
//! - A tree whose top ends by itself ends the application with the same reason: the two callbacks
//!   run, and what is left is killed.
//!
//! # What becomes of the node
//!
//! | [`Restart`](crate::supervisor::Restart) | when it ends | when it does not start |
//! |---|---|---|
//! | `Permanent` | the node stops | the node stops |
//! | `Transient` | the node stops, unless the reason is `normal` | the node stops |
//! | `Temporary` | nothing | nothing |
//!
//! No application is ever started again by itself, and one that is stopped on request leaves the
//! node up, whatever its type. A node that stops, by an application or on request, stops all others
//! first, the last started first, and
//! [`Node::run_until_shutdown`](crate::Node::run_until_shutdown) gives the [`Terminated`]
//! application as its error.
//!
//! # Environment
//!
//! A value is looked up among those that were set with `node.set_env`, in the process environment, in
//! the config files, and in the [spec](AppSpec::env), in this order. Files and variables are read
//! when the node starts and when the application is loaded.
//!
//! A config file is what `erl -config` takes: one list, ended by a dot, of `{app, [{key, Value}]}`
//! and of the names of further such files. Where a later file has a key of an earlier one, its
//! value counts as a whole.
//!
//! The variable `ERGO_<APPLICATION>__<KEY>`, all in capitals, with two underscores between the two,
//! sets a key: `ERGO_KV_APP__LIMIT=5` is `{kv_app, [{limit, 5}]}`. Its text is read as an Erlang
//! term, and as a string if it is none, or if a string is asked for and the term is none.
//!
//! # Where this is not Erlang's
//!
//! Applications that need each other in a circle are refused, where Erlang's start hangs. A start
//! phase that fails leaves nothing behind, where Erlang leaves the tree. `set_env` before `load` is
//! an error, where Erlang forgets the value. A start, a stop and a life may have a time. There are
//! no included and no distributed applications, no takeover and no failover.

mod app;
mod application_master;
mod config;
mod context;
mod control;
mod env;
mod env_access;
mod error;
mod progress;
mod run;
mod spec;
mod stop;
mod table;

#[doc(hidden)]
pub use app::Given;
pub use app::{App, Application, Startable};
pub use config::{ConfigError, ConfigErrorKind};
pub use context::AppContext;
pub use env::EnvError;
pub use error::{ApplicationError, Terminated};
pub use spec::{AppInfo, AppSpec, StartMode};

pub(crate) use config::Config;
pub(crate) use env::EnvSources;
pub(crate) use table::Applications;
