//! The process `rex`: `rpc` of OTP 22 and earlier, of C nodes and of `erl_call`, and what is left of it since.

use std::collections::HashMap;

use super::context::Who;
use super::offers::Offers;
use super::outcome::{Mfa, Outcome};
use super::worker::{apply, run};
use super::{Context as Call, Raise};
use crate::etf::{DecodeError, Decoder, EncodeError, Encoded, Encoder, Kind};
use crate::gen_server::{
    Caller, Context, Down, Exit, InitError, Message, MessageKind, Next, Server, Unknown,
};
use crate::process::{LocalNode, ProcessId, SpawnOptions};
use crate::term::{Atom, Pid, Ref};

type Map<K, V> = HashMap<K, V, foldhash::quality::RandomState>;

/// Has each request run in a process of its own, and ends that process when who asked has ended.
pub(crate) struct Rex {
    node: LocalNode,
    /// What is run, by the monitor of who asked, and its own monitor.
    runs: Map<Ref, (Pid, Ref)>,
    /// The monitor of who asked, by the monitor of what is run.
    asked: Map<Ref, Ref>,
}

/// How the one who asked hears of the result.
#[derive(Debug, Clone)]
enum Way {
    /// `gen_server:call`
    Reply(Caller),
    /// `{rex, Result}`, to a process that may belong to a C node.
    Tell(Pid),
}

impl Way {
    fn pid(&self) -> Pid {
        match self {
            Way::Reply(caller) => caller.pid(),
            Way::Tell(pid) => *pid,
        }
    }
}

pub(crate) enum RexMessage {
    /// `{call, M, F, Args, GroupLeader}`, and `block_call`, which blocks nobody here.
    Call(Job, Caller),
    /// `{Pid, {call, M, F, Args, GroupLeader}}`
    Plain(Job, Pid),
    /// `{cast, M, F, Args, GroupLeader}`
    Cast(Job),
    /// `{Pid, features_request}`
    Features(Pid),
    /// `{Pid, {sbcast, Name, Message}}`; `send` in its place leaves the answer to who has the name.
    Send {
        to: Pid,
        name: Atom,
        message: Encoded,
        tell: bool,
    },
    /// Who asked, or what it asked for, has ended.
    Down(Down),
    /// Somebody has ended that had linked itself.
    Exit,
}

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Job {
    mfa: Mfa,
    /// The group leader, if it is a process: C nodes say `user` and `send_stdout_to_caller`.
    leader: Option<Pid>,
}

impl Server for Rex {
    type Args = ();
    type Message = RexMessage;

    // As OTP's: it answers what it knows.
    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.never_suspend();
        // Everybody may link to it; it stays, as OTP's.
        ctx.trap_exit(true);
        Ok(Rex {
            node: ctx.node().clone(),
            runs: Map::default(),
            asked: Map::default(),
        })
    }

    async fn handle(&mut self, message: RexMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            RexMessage::Call(job, caller) => self.run(job, Way::Reply(caller), ctx),
            RexMessage::Plain(job, to) => self.run(job, Way::Tell(to), ctx),
            RexMessage::Cast(job) => cast(job, ctx),
            RexMessage::Features(to) => {
                let features = [Atom::new("erpc")];
                let here = ctx.node().name();
                let _ = ctx.send(to, &(Atom::new("features_reply"), here, &features[..]));
            }
            RexMessage::Send {
                to,
                name,
                message,
                tell,
            } => pass_on(to, name, &message, tell, ctx),
            RexMessage::Down(down) => self.ended(&down, ctx),
            RexMessage::Exit => {}
        }
        Next::Continue
    }
}

impl Rex {
    fn run(&mut self, job: Job, way: Way, ctx: &mut Context<Self>) {
        let node = ctx.node().clone();
        let from = way.pid();
        let offers = node.attached::<Offers>();
        let Some(permit) = offers.admit(None) else {
            let raise = Raise::error(Atom::new("system_limit"));
            let refused = Outcome::Raised(raise, Box::new(job.mfa));
            return tell(&node, ctx.pid(), &way, &refused);
        };
        let options = options(&job);
        let process = ctx.spawn_opt(options, async move |ctx| {
            let _permit = permit;
            let (node, pid) = (ctx.node().clone(), ctx.pid());
            let outcome = apply(offers, Call::new(ctx, from, Who::Somebody), job.mfa).await;
            tell(&node, pid, &way, &outcome);
        });
        let Ok(process) = process else { return };
        let (asker, runner) = (ctx.monitor(from), ctx.monitor(process.pid));
        self.runs.insert(asker, (process.pid, runner));
        self.asked.insert(runner, asker);
    }

    fn abandon(&self, process: &Pid) {
        if let Some(process) = self.node.process(process) {
            process.core().abandon();
        }
    }

    fn ended(&mut self, down: &Down, ctx: &mut Context<Self>) {
        if let Some((process, runner)) = self.runs.remove(&down.reference) {
            self.asked.remove(&runner);
            ctx.demonitor(runner);
            self.abandon(&process);
        } else if let Some(asker) = self.asked.remove(&down.reference) {
            self.runs.remove(&asker);
            ctx.demonitor(asker);
        }
    }
}

/// What runs ends with this process: no other would end it when who asked has ended.
impl Drop for Rex {
    fn drop(&mut self) {
        for (process, _) in self.runs.values() {
            self.abandon(process);
        }
    }
}

fn options(job: &Job) -> SpawnOptions {
    match job.leader {
        Some(leader) => SpawnOptions::new().group_leader(leader),
        None => SpawnOptions::new(),
    }
}

/// Passes a message on to who has a name, and says if that is nobody.
fn pass_on(to: Pid, name: Atom, message: &Encoded, tell: bool, ctx: &Context<Rex>) {
    let (rex, here) = (Atom::new("rex"), ctx.node().name());
    // What came as a term goes as one.
    let _ = match (ctx.node().whereis(name).is_some(), tell) {
        (false, _) => ctx.send(to, &(rex, here, (Atom::new("nonexisting_name"), name))),
        (true, true) => {
            let _ = ctx.send((name, here), message);
            ctx.send(to, &(rex, here, here))
        }
        (true, false) => ctx.send((name, here), &(to, message)),
    };
}

fn cast(job: Job, ctx: &Context<Rex>) {
    // Nobody says in whose name: who may cast is whoever may send to `rex`.
    let from = job.leader.unwrap_or(ctx.pid());
    let offers = ctx.node().attached::<Offers>();
    let Some(permit) = offers.admit(None) else {
        return;
    };
    let spawned = ctx.node().spawn_opt(options(&job), async move |ctx| {
        let _permit = permit;
        run(offers, Call::new(ctx, from, Who::Somebody), job.mfa).await
    });
    drop(spawned);
}

/// Says what came of a call.
fn tell(node: &LocalNode, own: Pid, way: &Way, outcome: &Outcome) {
    let told = match way {
        Way::Reply(caller) => caller.answer(|out| out.encoded(&outcome.badrpc(node.budget()))),
        Way::Tell(to) => (|| {
            let message = node.write_to(to.node, |out| {
                out.tuple(2)?;
                out.atom_text("rex")?;
                out.encoded(&outcome.badrpc(node.budget()))
            })?;
            node.send_encoded(own, ProcessId::Pid(*to), message);
            Ok(())
        })(),
    };
    if let Err(error) = told {
        tracing::warn!(target: "ergo::rpc", %error, "a result cannot be told");
    }
}

impl Message for RexMessage {
    fn decode_call(from: &mut Decoder<'_>, caller: &Caller) -> Result<Option<Self>, DecodeError> {
        let job = Job::read(from, &["call", "block_call"])?;
        Ok(job.map(|job| RexMessage::Call(job, caller.clone())))
    }

    fn decode_cast(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        Ok(Job::read(from, &["cast"])?.map(RexMessage::Cast))
    }

    fn decode_info(from: &mut Decoder<'_>) -> Result<Option<Self>, DecodeError> {
        from.tuple_of(2)?;
        let to = from.pid()?;
        if let Some(job) = Job::read(from, &["call"])? {
            return Ok(Some(RexMessage::Plain(job, to)));
        }
        let head = from.head()?;
        Ok(match head.as_ref().map(|head| (&*head.tag, head.args)) {
            Some(("features_request", None)) => Some(RexMessage::Features(to)),
            Some((kind @ ("sbcast" | "send"), Some(2))) => {
                let tell = kind == "sbcast";
                from.enter_head()?;
                Some(RexMessage::Send {
                    to,
                    name: from.atom()?,
                    message: from.encoded()?,
                    tell,
                })
            }
            _ => None,
        })
    }

    fn from_down(down: Down) -> Result<Self, Down> {
        Ok(RexMessage::Down(down))
    }

    fn from_exit(_: Exit) -> Result<Self, Exit> {
        Ok(RexMessage::Exit)
    }

    fn encode(&self, _: &mut Encoder) -> Result<(), EncodeError> {
        Err(EncodeError::LocalOnly)
    }

    fn kind(&self) -> MessageKind {
        MessageKind::Info
    }
}

impl Job {
    /// Reads `{Kind, M, F, Args, GroupLeader}` of one of these kinds; `None`, and nothing consumed, for any other term.
    fn read(from: &mut Decoder<'_>, kinds: &[&str]) -> Result<Option<Job>, DecodeError> {
        match from.head()? {
            Some(head) if head.args == Some(4) && kinds.contains(&&*head.tag) => {}
            _ => return Ok(None),
        }
        from.enter_head()?;
        Job::read_rest(from).map(Some)
    }

    /// Reads what follows the kind.
    fn read_rest(from: &mut Decoder<'_>) -> Result<Job, DecodeError> {
        let mfa = Mfa {
            module: from.encoded()?,
            function: from.encoded()?,
            args: from.encoded()?,
        };
        let leader = match from.kind()? {
            Kind::Pid => Some(from.pid()?),
            _ => {
                from.skip()?;
                None
            }
        };
        Ok(Job { mfa, leader })
    }
}

/// A request of `net_kernel` for a process: `spawn/4` and its like of OTP 22 and earlier.
#[derive(Debug)]
pub(crate) struct OldSpawn {
    job: Job,
    link: bool,
}

impl OldSpawn {
    /// Reads `{spawn, M, F, Args, GroupLeader}`, the same with `spawn_link`, or `{spawn_opt, M, F, Args, Options, Link,
    /// GroupLeader}`; `None`, and nothing consumed, for any other term.
    pub(crate) fn read(from: &mut Decoder<'_>) -> Result<Option<OldSpawn>, DecodeError> {
        let head = from.head()?;
        let link = match head.as_ref().map(|head| (&*head.tag, head.args)) {
            Some(("spawn", Some(4))) => false,
            Some(("spawn_link", Some(4))) => true,
            Some(("spawn_opt", Some(6))) => {
                from.enter_head()?;
                let mfa = Mfa {
                    module: from.encoded()?,
                    function: from.encoded()?,
                    args: from.encoded()?,
                };
                // Options of the memory of a BEAM's process.
                from.skip()?;
                let link = from.atom_text()? == "link";
                let leader = from.pid().ok();
                let job = Job { mfa, leader };
                return Ok(Some(OldSpawn { job, link }));
            }
            _ => return Ok(None),
        };
        from.enter_head()?;
        let job = Job::read_rest(from)?;
        Ok(Some(OldSpawn { job, link }))
    }

    /// Starts the process for who called; `None` if it has too many.
    pub(crate) fn start(self, node: &LocalNode, caller: Pid) -> Option<Pid> {
        let OldSpawn { job, link } = self;
        let offers = node.attached::<Offers>();
        let permit = offers.admit(None)?;
        let options = options(&job);
        let spawned = node.spawn_opt(options, async move |ctx| {
            let _permit = permit;
            run(offers, Call::new(ctx, caller, Who::Somebody), job.mfa).await
        });
        let pid = spawned.ok()?.pid;
        if let Some(process) = node.process(&pid).filter(|_| link) {
            node.link(process.core(), caller);
        }
        Some(pid)
    }
}
