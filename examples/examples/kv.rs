//! A key-value store that any Erlang or Elixir node calls by name.
//!
//! ```text
//! cargo run --release --example kv -- --name kv@127.0.0.1 --cookie secret
//! ```
//!
//! It prints `ready kv@127.0.0.1` once it serves, and ends with status 0 on SIGTERM or Ctrl-C. The README shows a
//! session of an Erlang shell with it.

#![allow(clippy::print_stdout)]

use std::collections::HashMap;
use std::time::Duration;

use ergo::prelude::*;
use examples::{Options, init_log};
use tokio::sync::mpsc;

/// Values larger than this are refused, in bytes of their binary.
const LIMIT: u64 = 16 << 20;

/// Why the store refuses: `not_found` or `{too_big, #{limit => Bytes}}`.
#[derive(Debug, Clone, PartialEq, Term)]
enum KvError {
    NotFound,
    TooBig { limit: u64 },
}

/// `{kv_stats, Size, Hits}`.
#[derive(Debug, Clone, Term)]
#[term(record = "kv_stats")]
struct Stats {
    size: u64,
    hits: u64,
}

struct KvOpts {
    /// How often the store forgets those who gave up waiting for a key.
    sweep_every: Duration,
}

#[derive(Debug, Default)]
struct Kv {
    values: HashMap<Term, Term>,
    hits: u64,
    waiting: HashMap<Term, Vec<ReplyTo<Term>>>,
    changes: Vec<mpsc::UnboundedSender<Term>>,
}

#[gen_server]
impl Kv {
    #[init]
    fn init(opts: KvOpts, ctx: &mut Context<Self>) -> Self {
        ctx.trap_exit(true);
        ctx.send_interval(opts.sweep_every, KvInfo::Sweep);
        Kv::default()
    }

    /// Reads a key: `{get, Key}` gives `{ok, Value}` or `{error, not_found}`.
    #[call]
    fn get(&mut self, key: Term) -> Result<Term, KvError> {
        let value = self.values.get(&key).ok_or(KvError::NotFound)?;
        self.hits += 1;
        Ok(value.clone())
    }

    /// Reads a key, or gives the default: `{get, Key, Default}`.
    #[call(tag = "get")]
    fn get_or(&mut self, key: Term, default: Term) -> Term {
        self.get(key).unwrap_or(default)
    }

    /// Writes a key: `{put, Key, Value}` gives `ok`.
    #[call]
    fn put(&mut self, key: Term, value: Term) -> Result<(), KvError> {
        if value
            .as_binary()
            .is_some_and(|bytes| bytes.len() as u64 > LIMIT)
        {
            return Err(KvError::TooBig { limit: LIMIT });
        }
        for waiting in self.waiting.remove(&key).into_iter().flatten() {
            waiting.send(value.clone());
        }
        self.changes
            .retain(|changes| changes.send(key.clone()).is_ok());
        self.values.insert(key, value);
        Ok(())
    }

    /// Reads a key, now or as soon as somebody writes it: `{wait_for, Key}`.
    #[call]
    fn wait_for(&mut self, key: Term, reply: ReplyTo<Term>) {
        match self.values.get(&key) {
            Some(value) => reply.send(value.clone()),
            None => self.waiting.entry(key).or_default().push(reply),
        }
    }

    /// How much is stored, and how often it was read: `stats`.
    #[call]
    fn stats(&self) -> Stats {
        Stats {
            size: self.values.len() as u64,
            hits: self.hits,
        }
    }

    /// Ends the store in good order: `shutdown`.
    #[call]
    fn shutdown(&mut self) -> Reply<()> {
        Reply::stop(Reason::Normal, ())
    }

    /// Tells of every key that is written from now on. A channel is no term, so only this program can ask for it.
    #[call(local)]
    fn attach(&mut self, changes: mpsc::UnboundedSender<Term>) -> bool {
        self.changes.push(changes);
        true
    }

    /// Forgets a key: `{del, Key}`.
    #[cast]
    fn del(&mut self, key: Term) {
        self.values.remove(&key);
    }

    /// Forgets the calls that nobody awaits any more.
    #[info]
    fn sweep(&mut self) {
        self.waiting.retain(|_, waiting| {
            waiting.retain(ReplyTo::is_awaited);
            !waiting.is_empty()
        });
    }

    #[info(exit)]
    fn linked_exit(&mut self, from: Pid, why: Reason) -> Next {
        tracing::info!(%from, %why, "a linked process ended");
        Next::Continue
    }

    #[info(_)]
    fn other(&mut self, message: Term) {
        tracing::warn!(%message, "unexpected");
    }

    #[terminate]
    fn terminate(&mut self, reason: &Reason) {
        tracing::info!(%reason, size = self.values.len(), "the store ends");
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("kv@127.0.0.1");
    let node = options.node().start().await?;

    let sweep_every = Duration::from_secs(60);
    let kv = Kv::start(&node, KvOpts { sweep_every }).name("kv").await?;

    let (changes, mut changed) = mpsc::unbounded_channel();
    kv.attach(changes).await?;
    tokio::spawn(async move {
        while let Some(key) = changed.recv().await {
            tracing::debug!(%key, "written");
        }
    });

    println!("ready {}", options.name);
    tokio::select! {
        // By the call `shutdown`.
        _ = kv.ended() => drop(node.stop().await),
        // By SIGTERM or Ctrl-C; it has stopped the node.
        ended = node.run_until_shutdown() => ended?,
    }
    Ok(())
}
