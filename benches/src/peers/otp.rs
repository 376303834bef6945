//! Erlang/OTP: the `erl` of `$ERGO_ERL`, or the one on `PATH`, with the module `erlang/ergo_bench.erl`.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::{Mutex, OnceCell};

use super::program::Program;
use crate::case::{Missing, Sample, Turns};
use crate::cluster::{COOKIE, Cluster, Nodes};

const MODULE: &str = include_str!("../../erlang/ergo_bench.erl");

/// Compiles the module from the environment, so that neither `erlc` nor a file is needed, and runs it.
const START: &str = "
    {ok, Tokens, _} = erl_scan:string(os:getenv(\"ERGO_BENCH\")),
    Forms = fun Forms([]) -> []; Forms(Ts) ->
        {Form, [Dot | Rest]} = lists:splitwith(fun(T) -> element(1, T) =/= dot end, Ts),
        {ok, Parsed} = erl_parse:parse_form(Form ++ [Dot]),
        [Parsed | Forms(Rest)]
    end,
    {ok, Module, Binary} = compile:forms(Forms(Tokens)),
    {module, _} = code:load_binary(Module, \"ergo_bench.erl\", Binary),
    spawn(Module, main, []).";

/// The running `erl`s: each is started when it is first needed, and ends with this.
#[derive(Debug, Default)]
pub struct Otp {
    alone: OnceCell<Erl>,
    plain: OnceCell<Pair>,
    tls: OnceCell<Pair>,
}

/// Two nodes that may talk to each other.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one that calls.
    pub client: Erl,
    /// The name of the one with the servers.
    pub server: String,
    _server: Erl,
}

impl Otp {
    /// A peer on one node, whose turns are a command of the module with the number of operations:
    /// `{Command, Operations}`.
    ///
    /// # Errors
    ///
    /// When there is no `erl`.
    pub async fn local(&self, command: &str) -> Result<Turns, Missing> {
        let erl = self.alone.get_or_try_init(Erl::alone).await?;
        Ok(erl.turns(command.to_owned()))
    }

    /// Two nodes.
    ///
    /// # Errors
    ///
    /// When there is no `erl`.
    pub async fn pair(&self, cluster: &Cluster, nodes: Nodes) -> Result<&Pair, Missing> {
        let pair = match nodes {
            Nodes::Plain => &self.plain,
            Nodes::Tls => &self.tls,
        };
        let start = async || {
            let server = cluster.name();
            Ok(Pair {
                client: Erl::node(cluster, nodes, &cluster.name()).await?,
                _server: Erl::node(cluster, nodes, &server).await?,
                server,
            })
        };
        pair.get_or_try_init(start).await
    }
}

/// A running `erl`.
#[derive(Clone, Debug)]
pub struct Erl(Arc<Mutex<Program>>);

impl Erl {
    /// Starts one without a name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn alone() -> Result<Erl, Missing> {
        Erl::start(Command::new(erl())).await
    }

    /// Starts a node.
    async fn node(cluster: &Cluster, nodes: Nodes, name: &str) -> Result<Erl, Missing> {
        let mut command = Command::new(erl());
        command
            .args(["-name", name, "-setcookie", COOKIE, "-start_epmd", "false"])
            .args(["-connect_all", "false"])
            .args(["-kernel", "inet_dist_use_interface", "{127,0,0,1}"])
            .env("ERL_EPMD_PORT", cluster.epmd_port().to_string());
        if nodes == Nodes::Tls {
            let options = cluster.certificates().erlang_options();
            command.args(["-proto_dist", "inet_tls", "-ssl_dist_optfile"]);
            command.arg(options);
        }
        Erl::start(command).await
    }

    async fn start(mut command: Command) -> Result<Erl, Missing> {
        command
            .args(["+P", "1000000", "-noshell", "-eval", START])
            .env("ERGO_BENCH", MODULE)
            .env_remove("ERL_FLAGS")
            .env_remove("ERL_AFLAGS")
            .env_remove("ERL_ZFLAGS");
        let program = Program::start(command);
        let mut program =
            program.map_err(|error| Missing(format!("{} does not start: {error}", erl())))?;
        assert_eq!(program.line().await, "ready");
        Ok(Erl(Arc::new(Mutex::new(program))))
    }

    /// Turns of a command with the number of operations: `{Command, Operations}`.
    pub fn turns(&self, command: String) -> Turns {
        let erl = self.clone();
        Turns::new(move |operations| {
            let (erl, command) = (erl.clone(), format!("{{{command}, {operations}}}"));
            async move { erl.run(&command).await }
        })
    }

    /// Tells it to do something, an Erlang term: how long that took.
    pub async fn run(&self, command: &str) -> Sample {
        let answer = self.0.lock().await.ask(&format!("{command}.")).await;
        let mut numbers = answer.split(' ').map(|number| number.parse());
        let mut next = || numbers.next().and_then(Result::ok);
        let (nanoseconds, bytes) = (next(), next());
        let nanoseconds = nanoseconds.unwrap_or_else(|| panic!("{command}: {answer}"));
        Sample {
            time: Duration::from_nanos(nanoseconds),
            bytes,
        }
    }
}

pub(crate) fn erl() -> String {
    env::var("ERGO_ERL").unwrap_or_else(|_| "erl".to_owned())
}
