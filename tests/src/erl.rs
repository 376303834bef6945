//! Real Erlang and Elixir nodes that evaluate what a test asks.

use std::ffi::OsString;
use std::fmt;
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use ergo::Atom;
use rustix::process::Signal;
use tokio::sync::oneshot;

use crate::agent::{AGENT, Agent, Answer, ELIXIR, ERLANG, Exception, Request};
use crate::child::DEADLINE;
use crate::unique::{unique, unique_node};
use crate::{Shell, program};

/// How a node starts: with which program, under which name, with which further arguments.
///
/// Begin with [`Erl::options`] or [`Erl::elixir`]. Without [`distributed`](Options::distributed) the node has no name
/// and no network, which is all that a judge of encodings needs.
#[derive(Clone, Debug)]
pub struct Options {
    language: Language,
    distribution: Option<Distribution>,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Erlang,
    Elixir,
}

#[derive(Clone, Debug)]
struct Distribution {
    name: String,
    cookie: String,
    epmd_port: u16,
    epmd_command: Option<String>,
}

impl Options {
    fn new(language: Language) -> Options {
        Options {
            language,
            distribution: None,
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Makes it a distributed node that registers with the EPMD on `epmd_port`, under a name and a cookie of its own.
    pub fn distributed(mut self, epmd_port: u16) -> Options {
        let (name, cookie) = (unique_node("erl"), unique("cookie"));
        self.distribution = Some(Distribution {
            name,
            cookie,
            epmd_port,
            epmd_command: None,
        });
        self
    }

    /// Names a [distributed](Options::distributed) node: a host with a dot, or an address, gives `-name`, any other gives `-sname`.
    pub fn name(mut self, name: &str) -> Options {
        self.the_distribution().name = name.to_owned();
        self
    }

    /// Sets the cookie of a [distributed](Options::distributed) node.
    pub fn cookie(mut self, cookie: &str) -> Options {
        self.the_distribution().cookie = cookie.to_owned();
        self
    }

    /// Lets a [distributed](Options::distributed) node start its EPMD itself, by a command; without this it starts none.
    pub fn epmd_command(mut self, command: &str) -> Options {
        self.the_distribution().epmd_command = Some(command.to_owned());
        self
    }

    fn the_distribution(&mut self) -> &mut Distribution {
        self.distribution
            .as_mut()
            .expect("call `distributed` first")
    }

    /// Appends an argument for the emulator: `-hidden`, `-kernel`, …
    pub fn arg(mut self, argument: &str) -> Options {
        self.arguments.push(argument.into());
        self
    }

    /// Appends arguments for the emulator.
    pub fn args(self, arguments: &[&str]) -> Options {
        arguments
            .iter()
            .fold(self, |options, argument| options.arg(argument))
    }

    /// Sets an environment variable of the node.
    pub fn env(mut self, name: &str, value: &str) -> Options {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Starts the node and waits until it evaluates; panics with what it printed when it does not come up.
    pub async fn start(self) -> Erl {
        let (send, receive) = oneshot::channel();
        let starting = self.spawn(Box::new(move |answer| drop(send.send(answer))));
        let answer = tokio::time::timeout(DEADLINE, receive).await;
        starting.ready(
            answer
                .ok()
                .map(|answer| answer.expect("answered before it is dropped")),
        )
    }

    /// [`start`](Options::start) for code without a runtime.
    ///
    /// A node that registers with an EPMD in this process needs that EPMD to run meanwhile, on another thread.
    pub fn start_blocking(self) -> Erl {
        let (send, receive) = mpsc::sync_channel(1);
        let starting = self.spawn(Box::new(move |answer| drop(send.send(answer))));
        starting.ready(receive.recv_timeout(DEADLINE).ok())
    }

    fn spawn(self, ready: Box<dyn FnOnce(Answer) + Send>) -> Erl {
        let mut command = self.command(match self.language {
            Language::Erlang => program::erl(),
            Language::Elixir => program::elixir(),
        });
        match self.language {
            Language::Erlang => command
                .args(["-noinput", "-eval"])
                .arg(format!("{ERLANG}{AGENT}")),
            Language::Elixir => command
                .args(["--erl", "-noinput", "--no-halt", "-e", ELIXIR])
                .env("ERGO_AGENT", AGENT),
        };
        Erl {
            agent: Agent::start(&command, ready),
            options: self,
            release: 0,
        }
    }

    /// Starts the interactive shell of the language instead, as a person has it in front of them.
    pub fn shell(self) -> Shell {
        let program = match self.language {
            Language::Erlang => program::erl(),
            Language::Elixir => program::iex(),
        };
        Shell::start(self.command(program))
    }

    fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        // What a test asks for stands in its source, not in the environment of whoever runs it.
        for variable in [
            "ERL_FLAGS",
            "ERL_AFLAGS",
            "ERL_ZFLAGS",
            "ERL_EPMD_PORT",
            "ERL_EPMD_ADDRESS",
        ] {
            command.env_remove(variable);
        }
        command
            .env("LC_ALL", "C.UTF-8")
            .env("ERL_CRASH_DUMP", "/dev/null");
        let mut arguments = Vec::new();
        if let Some(Distribution {
            name,
            cookie,
            epmd_port,
            epmd_command,
        }) = &self.distribution
        {
            command.env("ERL_EPMD_PORT", epmd_port.to_string());
            let long = name
                .split_once('@')
                .is_some_and(|(_, host)| host.contains(['.', ':']));
            match self.language {
                Language::Erlang => command.args([
                    if long { "-name" } else { "-sname" },
                    name,
                    "-setcookie",
                    cookie,
                ]),
                Language::Elixir => command.args([
                    if long { "--name" } else { "--sname" },
                    name,
                    "--cookie",
                    cookie,
                ]),
            };
            // A daemon started by the way would outlive the test, and hide that the EPMD under test is missing.
            let start = match epmd_command {
                Some(command) => ["-epmd", command],
                None => ["-start_epmd", "false"],
            };
            arguments.extend(start.map(OsString::from));
        }
        arguments.extend(self.arguments.iter().cloned());
        for argument in arguments {
            if self.language == Language::Elixir {
                command.arg("--erl");
            }
            command.arg(argument);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running Erlang (or Elixir) node that evaluates expressions; dropping it kills the node.
///
/// Each expression runs in a process of its own, as many at once as are asked for; what must live on afterwards is
/// spawned by the expression.
pub struct Erl {
    agent: Agent,
    options: Options,
    release: u32,
}

impl fmt::Debug for Erl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Erl")
            .field("options", &self.options)
            .field("release", &self.release)
            .finish_non_exhaustive()
    }
}

impl Erl {
    /// A node that evaluates Erlang: the `erl` of [`program::erl`](crate::erl).
    pub fn options() -> Options {
        Options::new(Language::Erlang)
    }

    /// A node that evaluates Elixir.
    pub fn elixir() -> Options {
        Options::new(Language::Elixir)
    }

    fn ready(mut self, answer: Option<Answer>) -> Erl {
        let release = self.unwrap("to start", answer).unwrap_or_default();
        self.release = String::from_utf8_lossy(&release)
            .parse()
            .expect("an OTP release such as 25");
        self
    }

    /// The OTP release that runs: 25.
    pub fn release(&self) -> u32 {
        self.release
    }

    /// The full name of the node; panics when it is not distributed.
    pub fn name(&self) -> &str {
        &self.distribution().name
    }

    /// The cookie of the node; panics when it is not distributed.
    pub fn cookie(&self) -> &str {
        &self.distribution().cookie
    }

    fn distribution(&self) -> &Distribution {
        self.options
            .distribution
            .as_ref()
            .expect("the node is not distributed")
    }

    /// Everything that the node has printed so far: `io:format`, error reports.
    pub fn log(&self) -> String {
        self.agent.log().text()
    }

    /// Waits until the node has printed `text`, and returns all it has printed until then.
    pub async fn logged(&self, text: &str) -> String {
        let (log, text) = (self.agent.log().clone(), text.to_owned());
        let waiting = tokio::task::spawn_blocking(move || {
            let found = log.wait_for(DEADLINE, |printed| {
                printed.contains(&text).then(|| printed.to_owned())
            });
            found.unwrap_or_else(|printed| {
                panic!("the node never printed {text:?}, only:\n{printed}")
            })
        });
        waiting
            .await
            .unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// Evaluates an expression and returns the value as the shell prints it, in one line.
    ///
    /// Panics with the exception, its stack and what the node printed when the expression raises one.
    pub async fn eval(&self, text: &str) -> String {
        self.try_eval(text)
            .await
            .unwrap_or_else(|exception| self.raised(text, &exception))
    }

    /// Evaluates an expression that may raise an exception.
    pub async fn try_eval(&self, text: &str) -> Result<String, Exception> {
        let bytes = self
            .answer(
                Request {
                    text,
                    bindings: &[],
                    raw: false,
                },
                DEADLINE,
            )
            .await?;
        Ok(String::from_utf8(bytes).expect("printed as UTF-8"))
    }

    /// Evaluates an expression in which each name of `bindings` is bound to a binary, and returns the printed value.
    pub async fn eval_with(&self, text: &str, bindings: &[(&str, &[u8])]) -> String {
        let answer = self
            .answer(
                Request {
                    text,
                    bindings,
                    raw: false,
                },
                DEADLINE,
            )
            .await;
        let bytes = answer.unwrap_or_else(|exception| self.raised(text, &exception));
        String::from_utf8(bytes).expect("printed as UTF-8")
    }

    /// Evaluates an expression whose value is iodata and returns its bytes, as they are.
    pub async fn eval_bytes(&self, text: &str, bindings: &[(&str, &[u8])]) -> Vec<u8> {
        let answer = self
            .answer(
                Request {
                    text,
                    bindings,
                    raw: true,
                },
                DEADLINE,
            )
            .await;
        answer.unwrap_or_else(|exception| self.raised(text, &exception))
    }

    /// [`eval`](Erl::eval) for code without a runtime.
    pub fn eval_blocking(&self, text: &str) -> String {
        let answer = self.answer_blocking(Request {
            text,
            bindings: &[],
            raw: false,
        });
        String::from_utf8(answer).expect("printed as UTF-8")
    }

    /// [`eval_bytes`](Erl::eval_bytes) for code without a runtime, such as a property test.
    pub fn eval_bytes_blocking(&self, text: &str, bindings: &[(&str, &[u8])]) -> Vec<u8> {
        self.answer_blocking(Request {
            text,
            bindings,
            raw: true,
        })
    }

    /// Compiles an Erlang module from its source text and loads it; no macros but `?MODULE` are known.
    pub async fn load_module(&self, source: &str) {
        let compile = r#"
            Parse = fun Parse(Text, Line) ->
                        case erl_scan:tokens([], Text, Line) of
                            {done, {ok, Tokens, Next}, Rest} -> [Tokens | Parse(Rest, Next)];
                            _ -> []
                        end
                    end,
            Forms = [begin {ok, Form} = erl_parse:parse_form(Tokens), Form end
                     || Tokens <- Parse(unicode:characters_to_list(Source) ++ "\n", 1)],
            {ok, Module, Beam, _} = compile:forms(Forms, [return]),
            {module, Module} = code:load_binary(Module, "source of the test", Beam),
            Module."#;
        let name = source
            .split_once("-module(")
            .and_then(|(_, rest)| rest.split_once(')'));
        let (name, _) = name.expect("a `-module(name).`");
        let source = source.replace("?MODULE", name);
        self.eval_with(compile, &[("Source", source.as_bytes())])
            .await;
    }

    /// Has the node close its link to another, and waits until it is closed there.
    ///
    /// Its `net_kernel` may learn that a link is up after messages have gone over it, and until then it finds nothing to
    /// close; its name server, which would connect again, is given the time to hear of the link while there is one.
    pub async fn cut(&self, other: Atom) {
        let cut = format!(
            "true = net_kernel:connect_node({other}), gen_server:call(global_name_server, get_known),
             monitor_node({other}, true), true = erlang:disconnect_node({other}),
             receive {{nodedown, {other}}} -> ok end."
        );
        assert_eq!(self.eval(&cut).await, "ok");
    }

    /// Stops the node where it is, as a debugger or a machine without memory does: its sockets stay open, and it reads
    /// nothing until it is [resumed](Erl::resume).
    pub fn suspend(&self) {
        self.agent.signal(Signal::STOP);
    }

    /// Lets the node go on after [`suspend`](Erl::suspend).
    pub fn resume(&self) {
        self.agent.signal(Signal::CONT);
    }

    /// Ends the node as `halt/0` would, and waits until it is gone.
    pub async fn halt(self) {
        self.agent.close();
        self.logged_end().await;
    }

    /// Kills the node as a lost machine would: nothing is said to its peers but that their sockets close.
    pub fn kill(self) {
        drop(self);
    }

    async fn logged_end(&self) {
        let log = self.agent.log().clone();
        let printed = tokio::task::spawn_blocking(move || log.end())
            .await
            .expect("no panic");
        assert!(
            self.agent.ended(),
            "the node did not end; it printed:\n{printed}"
        );
    }

    async fn answer(&self, request: Request<'_>, limit: Duration) -> Result<Vec<u8>, Exception> {
        let (send, receive) = oneshot::channel();
        self.agent
            .request(request, Box::new(move |answer| drop(send.send(answer))));
        let answer = tokio::time::timeout(limit, receive).await;
        let answer = answer
            .ok()
            .map(|answer| answer.expect("answered before it is dropped"));
        self.unwrap(request.text, answer)
    }

    fn answer_blocking(&self, request: Request<'_>) -> Vec<u8> {
        let (send, receive) = mpsc::sync_channel(1);
        self.agent
            .request(request, Box::new(move |answer| drop(send.send(answer))));
        let answer = self.unwrap(request.text, receive.recv_timeout(DEADLINE).ok());
        answer.unwrap_or_else(|exception| self.raised(request.text, &exception))
    }

    fn unwrap(&self, text: &str, answer: Option<Answer>) -> Result<Vec<u8>, Exception> {
        match answer {
            Some(Some(answer)) => answer,
            Some(None) => panic!(
                "the node ended before it could answer {text}; it printed:\n{}",
                self.log()
            ),
            None => panic!(
                "no answer within {DEADLINE:?} to {text}; the node printed:\n{}",
                self.log()
            ),
        }
    }

    fn raised(&self, text: &str, exception: &Exception) -> ! {
        panic!(
            "{text} raised {exception}\nThe node printed:\n{}",
            self.log()
        )
    }
}
