//! The pipe to a node's evaluator: many requests at once, each answered by its number.
//!
//! Requests and answers travel on file descriptors of their own (8 and 9), as frames of `u32 length`, so that neither
//! what the node prints nor any encoding of its standard streams can mix with them. What it prints goes to the log.

use std::collections::HashMap;
use std::fmt;
use std::io::{BufReader, Read, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::Signal;

use crate::child::{DEADLINE, Group, Output, redirected};

/// The evaluator as an Erlang expression; it wants `Evaluate` and `Print` bound before it.
pub(crate) const AGENT: &str = include_str!("agent.erl");

/// `Evaluate` and `Print` for expressions in Erlang, printed as the Erlang shell does, in one line.
pub(crate) const ERLANG: &str = r#"
Print = fun(Term) -> unicode:characters_to_binary(io_lib:format("~0tp", [Term])) end,
Evaluate = fun(Text, Bindings) ->
               {ok, Tokens, _} = erl_scan:string(unicode:characters_to_list(Text)),
               {ok, Expressions} = erl_parse:parse_exprs(Tokens),
               {value, Value, _} = erl_eval:exprs(Expressions, Bindings),
               Value
           end,
"#;

/// The same for expressions in Elixir: it runs the text of `$ERGO_AGENT` with its own two functions.
pub(crate) const ELIXIR: &str = r#"
print = fn term -> inspect(term, limit: :infinity, printable_limit: :infinity, width: :infinity) end
evaluate = fn text, bindings -> text |> Code.eval_string(bindings) |> elem(0) end
{:ok, tokens, _} = "ERGO_AGENT" |> System.fetch_env!() |> to_charlist() |> :erl_scan.string()
{:ok, expressions} = :erl_parse.parse_exprs(tokens)
:erl_eval.exprs(expressions, Print: print, Evaluate: evaluate)
"#;

/// What an evaluated expression raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// `error`, `exit` or `throw` (in Elixir with a colon).
    pub class: String,
    /// The reason as the node prints it.
    pub reason: String,
    /// The stack trace as the node prints it.
    pub stack: String,
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}\n{}", self.class, self.reason, self.stack)
    }
}

/// What an expression came to; `None` when the node ended before it answered.
pub(crate) type Answer = Option<Result<Vec<u8>, Exception>>;
type Waiter = Box<dyn FnOnce(Answer) + Send>;

/// Who waits for which answer; `None` once the node has ended.
type Waiters = Arc<Mutex<Option<HashMap<u64, Waiter>>>>;

/// A request: an expression and the binaries that it finds bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) text: &'a str,
    pub(crate) bindings: &'a [(&'a str, &'a [u8])],
    /// Answer with the bytes of the resulting iodata, not with the printed value.
    pub(crate) raw: bool,
}

/// A running node and the pipe to its evaluator.
pub(crate) struct Agent {
    group: Mutex<Group>,
    requests: Mutex<Option<ChildStdin>>,
    next: AtomicU64,
    waiters: Waiters,
    log: Output,
}

impl Agent {
    /// Starts `command`, which must run the evaluator; `ready` gets its first answer, the OTP release.
    pub(crate) fn start(command: &Command, ready: Waiter) -> Agent {
        // To where no library of the node looks for them; what it prints goes to the log.
        let mut shell = redirected(command, "8<&0 9>&1 </dev/null >&2");
        shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::spawn(shell);
        let child = group.child();
        let requests = child.stdin.take().expect("piped");
        let answers = child.stdout.take().expect("piped");
        let log = Output::default();
        log.read_lines(child.stderr.take().expect("piped"));

        let waiters: Waiters = Arc::new(Mutex::new(Some(HashMap::from([(0, ready)]))));
        thread::spawn({
            let waiters = Arc::clone(&waiters);
            move || {
                read_answers(answers, &waiters);
                let left = waiters.lock().unwrap().take();
                left.into_iter()
                    .flatten()
                    .for_each(|(_, waiter)| waiter(None));
            }
        });
        Agent {
            group: Mutex::new(group),
            requests: Mutex::new(Some(requests)),
            next: AtomicU64::new(1),
            waiters,
            log,
        }
    }

    /// Sends a request; `waiter` gets the answer, on a thread that must not block.
    pub(crate) fn request(&self, request: Request<'_>, waiter: Waiter) {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        match &mut *self.waiters.lock().unwrap() {
            Some(waiters) => drop(waiters.insert(id, waiter)),
            None => return waiter(None),
        }
        let mut frame = vec![0; 4];
        frame.extend_from_slice(&id.to_be_bytes());
        frame.push(u8::from(request.raw));
        put(&mut frame, request.text.as_bytes());
        for (name, value) in request.bindings {
            put(&mut frame, name.as_bytes());
            put(&mut frame, value);
        }
        let length = length(&frame[4..]);
        frame[..4].copy_from_slice(&length);
        if let Some(pipe) = &mut *self.requests.lock().unwrap() {
            // A node that has ended reads no more; then the thread that reads its answers tells the waiter.
            let _ = pipe.write_all(&frame);
        }
    }

    /// Ends the node as soon as it reads the end of its requests.
    pub(crate) fn close(&self) {
        self.requests.lock().unwrap().take();
    }

    /// Sends a signal to all processes of the node.
    pub(crate) fn signal(&self, signal: Signal) {
        self.group.lock().unwrap().signal_all(signal);
    }

    /// Whether the node has ended.
    pub(crate) fn ended(&self) -> bool {
        self.group.lock().unwrap().wait(DEADLINE).is_some()
    }

    /// What the node has printed so far.
    pub(crate) fn log(&self) -> &Output {
        &self.log
    }
}

fn put(frame: &mut Vec<u8>, bytes: &[u8]) {
    frame.extend_from_slice(&length(bytes));
    frame.extend_from_slice(bytes);
}

fn length(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len())
        .expect("a request under 4 GiB")
        .to_be_bytes()
}

fn read_answers(answers: impl Read, waiters: &Waiters) {
    let mut answers = BufReader::new(answers);
    while let Ok((id, answer)) = read_answer(&mut answers) {
        let waiter = waiters
            .lock()
            .unwrap()
            .as_mut()
            .and_then(|waiters| waiters.remove(&id));
        if let Some(waiter) = waiter {
            waiter(Some(answer));
        }
    }
}

fn read_answer(answers: &mut impl Read) -> std::io::Result<(u64, Result<Vec<u8>, Exception>)> {
    let mut length = [0; 4];
    answers.read_exact(&mut length)?;
    let mut header = [0; 9];
    answers.read_exact(&mut header)?;
    let mut bytes = vec![0; u32::from_be_bytes(length) as usize - header.len()];
    answers.read_exact(&mut bytes)?;
    let [id @ .., kind] = header;
    let answer = match kind {
        1 => Ok(bytes),
        _ => Err(exception(&bytes)),
    };
    Ok((u64::from_be_bytes(id), answer))
}

fn exception(bytes: &[u8]) -> Exception {
    let text = String::from_utf8_lossy(bytes);
    let mut parts = text.splitn(3, '\0').map(str::to_owned);
    let mut next = || parts.next().unwrap_or_default();
    Exception {
        class: next(),
        reason: next(),
        stack: next(),
    }
}
