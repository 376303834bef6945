//! A gen_server with OTP's own callbacks, without a macro: an account that an Erlang shell works with.
//!
//! ```text
//! cargo run --release --example genserver -- --name genserver@127.0.0.1 --cookie secret
//! ```
//!
//! It prints `ready genserver@127.0.0.1` once it serves, and ends with status 0 on SIGTERM or Ctrl-C. In a shell beside it,
//! `erl -name me@127.0.0.1 -setcookie secret`:
//!
//! ```erlang
//! (me@127.0.0.1)1> Account = {account, 'genserver@127.0.0.1'}.
//! {account,'genserver@127.0.0.1'}
//! (me@127.0.0.1)2> gen_server:call(Account, {deposit, 100}).
//! {ok,100}
//! (me@127.0.0.1)3> gen_server:call(Account, {withdraw, 130}).
//! {error,{short_of,30}}
//! (me@127.0.0.1)4> Shell = self(), spawn(fun() -> Shell ! {woken, gen_server:call(Account, {wait_for, 150})} end), ok.
//! ok
//! (me@127.0.0.1)5> gen_server:call(Account, {deposit, 60}), receive {woken, Answer} -> Answer end.
//! {ok,160}
//! (me@127.0.0.1)6> gen_server:cast(Account, close_books), gen_server:call(Account, history).
//! []
//! (me@127.0.0.1)7> gen_server:multi_call(['genserver@127.0.0.1'], account, balance).
//! {[{'genserver@127.0.0.1',{ok,160}}],[]}
//! (me@127.0.0.1)8> Ref = monitor(process, Account), gen_server:stop(Account).
//! ok
//! (me@127.0.0.1)9> receive {'DOWN', Ref, process, Who, Why} -> {Who, Why} end.
//! {{account,'genserver@127.0.0.1'},normal}
//! (me@127.0.0.1)10> try gen_server:call(Account, balance) catch exit:{Reason, _} -> Reason end.
//! noproc
//! ```

#![allow(clippy::print_stdout)]

use ergo::gen_server::InitError;
use ergo::prelude::*;
use examples::{Options, init_log};

/// What is asked of an account: `{deposit, N}`, `balance`.
#[derive(Debug, Term)]
enum Ask {
    Deposit(u64),
    Withdraw(u64),
    Balance,
    WaitFor(u64),
    History,
}

/// What it answers. Variants that are not told apart by a tag of their own are their values alone.
#[derive(Debug, Term)]
#[term(untagged)]
enum Answer {
    Balance(Result<u64, Refusal>),
    History(Vec<Change>),
}

/// `{short_of, N}`.
#[derive(Debug, Term)]
enum Refusal {
    ShortOf(u64),
}

/// `{deposited, N}`, `{withdrawn, N}`.
#[derive(Debug, Clone, Term)]
enum Change {
    Deposited(u64),
    Withdrawn(u64),
}

/// What it is told: `close_books`.
#[derive(Debug, Term)]
enum Tell {
    CloseBooks,
}

struct Account {
    balance: u64,
    history: Vec<Change>,
    /// Who waits for which balance.
    waiting: Vec<(u64, ReplyTo<Answer>)>,
}

impl Account {
    fn change(&mut self, change: Change) -> Answer {
        match change {
            Change::Deposited(amount) => self.balance += amount,
            Change::Withdrawn(amount) => self.balance -= amount,
        }
        self.history.push(change);
        let (reached, waiting): (Vec<_>, _) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|(wanted, _)| *wanted <= self.balance);
        self.waiting = waiting;
        for (_, from) in reached {
            from.send(Answer::Balance(Ok(self.balance)));
        }
        Answer::Balance(Ok(self.balance))
    }
}

impl GenServer for Account {
    type Args = u64;
    type Call = Ask;
    type Reply = Answer;
    type Cast = Tell;
    type Info = Term;

    async fn init(balance: u64, _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Account {
            balance,
            history: Vec::new(),
            waiting: Vec::new(),
        })
    }

    async fn handle_call(
        &mut self,
        ask: Ask,
        from: ReplyTo<Answer>,
        _: &mut Context<Self>,
    ) -> Next {
        let answer = match ask {
            Ask::Deposit(amount) => self.change(Change::Deposited(amount)),
            Ask::Withdraw(amount) if amount > self.balance => {
                Answer::Balance(Err(Refusal::ShortOf(amount - self.balance)))
            }
            Ask::Withdraw(amount) => self.change(Change::Withdrawn(amount)),
            Ask::WaitFor(wanted) if wanted > self.balance => {
                // {noreply, State}: `from` is answered when the balance is reached.
                self.waiting.push((wanted, from));
                return Next::Continue;
            }
            Ask::WaitFor(_) | Ask::Balance => Answer::Balance(Ok(self.balance)),
            Ask::History => Answer::History(self.history.clone()),
        };
        from.send(answer);
        Next::Continue
    }

    async fn handle_cast(&mut self, tell: Tell, _: &mut Context<Self>) -> Next {
        match tell {
            Tell::CloseBooks => self.history.clear(),
        }
        Next::Continue
    }

    async fn terminate(&mut self, reason: &Reason, _: &mut Context<Self>) {
        tracing::info!(%reason, balance = self.balance, "the account is closed");
    }
}

#[tokio::main]
async fn main() -> ergo::Result<()> {
    init_log();
    let options = Options::from_args("genserver@127.0.0.1");
    let node = options.node().start().await?;
    Account::start(&node, 0).name("account").await?;
    println!("ready {}", options.name);
    node.run_until_shutdown().await
}
