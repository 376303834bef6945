//! The module `appmon_info`: the trees of applications, as `observer` draws them.

mod load;
mod message;
mod tree;

use std::collections::HashSet;
use std::time::Duration;

use self::load::Load;
use self::message::{AppmonMessage, Command, Order};
use super::application::described;
use super::process_info::process_info;
use super::system_info::text;
use super::{badarg, system_limit};
use crate::application::Applications;
use crate::gen_server::{Context, InitError, Next, Server, ServerRef, Start, StartError, Unknown};
use crate::process::{LocalNode, Reason, TimerRef};
use crate::rpc::{Context as Call, Module, Raise};
use crate::term;
use crate::term::{Atom, List, Pid, Term};

/// So many things the clients of one node may watch at once, and so many may they be.
const MAX_WORK: usize = 1000;

/// The functions that are offered.
pub(super) fn module() -> Module {
    Module::new("appmon_info").function(
        "start_link2",
        async |ctx: Call, _: Term, client: Term, _: Term| start(ctx, client).await,
    )
}

/// The one process that serves all clients: `{ok, Pid}`.
async fn start(ctx: Call, client: Term) -> Result<Term, Raise> {
    let Term::Pid(client) = client else {
        return Err(badarg());
    };
    // One that is about to end does not take a new client: then there is room for another.
    for _ in 0..3 {
        let start: Start<Appmon> = Start::new(ctx.node(), client);
        let pid = match start.name("appmon_info").await {
            Ok(server) => server.pid(),
            Err(StartError::AlreadyStarted { pid, .. }) => {
                let known = ServerRef::<AppmonMessage>::from_pid(ctx.node(), pid);
                let added = known.call(|reply| AppmonMessage::Register(client, reply));
                added.await.ok().map(|_: Atom| pid)
            }
            Err(_) => None,
        };
        if let Some(pid) = pid {
            return Ok(term!({ok, (pid)}));
        }
    }
    Err(system_limit())
}

/// Something that a client watches.
struct Work {
    /// Tells it from what was watched before under the same order.
    number: u64,
    order: Order,
    every: Option<Duration>,
    told: Option<Term>,
    load: Load,
    /// When it is looked at next.
    timer: Option<TimerRef>,
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.cancel();
        }
    }
}

/// Tells clients what they watch whenever it has changed; ends with the last of them.
struct Appmon {
    clients: HashSet<Pid>,
    work: Vec<Work>,
    last_number: u64,
}

impl Server for Appmon {
    type Args = Pid;
    type Message = AppmonMessage;

    const UNKNOWN: Unknown = Unknown::Ignore;

    async fn init(client: Pid, ctx: &mut Context<Self>) -> Result<Self, InitError> {
        // One client that reads nothing must not keep the others from what they watch.
        ctx.never_suspend();
        ctx.trap_exit(true);
        let mut appmon = Appmon {
            clients: HashSet::new(),
            work: Vec::new(),
            last_number: 0,
        };
        appmon.add_client(client, ctx);
        Ok(appmon)
    }

    async fn handle(&mut self, message: AppmonMessage, ctx: &mut Context<Self>) -> Next {
        match message {
            AppmonMessage::Register(client, reply) => {
                self.add_client(client, ctx);
                reply.send(Atom::OK);
            }
            AppmonMessage::Watch(order, every) => self.watch(order, every, ctx).await,
            AppmonMessage::Forget(order) => self.work.retain(|work| work.order != order),
            AppmonMessage::Look(number) => self.look(number, ctx).await,
            AppmonMessage::Exit(exit) => {
                self.clients.remove(&exit.from);
                self.work.retain(|work| work.order.from != exit.from);
                if self.clients.is_empty() {
                    return Next::Stop(Reason::Normal);
                }
            }
        }
        Next::Continue
    }
}

impl Appmon {
    fn add_client(&mut self, client: Pid, ctx: &mut Context<Self>) {
        let others = self.clients.iter().filter(|one| one.node == client.node);
        if others.count() < MAX_WORK && self.clients.insert(client) {
            ctx.link(client);
        }
    }

    async fn watch(&mut self, order: Order, every: Option<Duration>, ctx: &mut Context<Self>) {
        self.work.retain(|work| work.order != order);
        let node = order.from.node;
        let others = self.work.iter().filter(|work| work.order.from.node == node);
        if others.count() >= MAX_WORK {
            return;
        }
        // Whoever orders is told for as long as it lives.
        self.add_client(order.from, ctx);
        if !self.clients.contains(&order.from) {
            return;
        }
        self.last_number += 1;
        let number = self.last_number;
        self.work.push(Work {
            number,
            order,
            every,
            told: None,
            load: Load::default(),
            timer: None,
        });
        self.look(number, ctx).await;
    }

    /// Tells who watches something if it has changed.
    async fn look(&mut self, number: u64, ctx: &mut Context<Self>) {
        let Some(work) = self.work.iter_mut().find(|work| work.number == number) else {
            return;
        };
        let Order {
            command,
            about,
            from,
        } = &work.order;
        let node = ctx.node().clone();
        let node = &node;
        let now = match command {
            Command::Applications => running(node),
            Command::Tree => tree::of(node, about).await,
            Command::Process => about_process(node, about),
            Command::Load => work.load.now(node),
        };
        if work.told.as_ref() != Some(&now) {
            let command = Atom::new(command.name());
            let delivery =
                term!({delivery, (ctx.pid()), (command), (about.clone()), (now.clone())});
            let _ = ctx.send(*from, &delivery);
            work.told = Some(now);
        }
        match work.every {
            Some(every) => work.timer = Some(ctx.send_after(every, AppmonMessage::Look(number))),
            None => self.work.retain(|work| work.number != number),
        }
    }
}

/// `[{Master, Name, {Name, "Description", "Vsn"}}]`
fn running(node: &LocalNode) -> Term {
    let table = node.attached::<Applications>();
    let apps = node.which_applications();
    let apps = apps.iter().filter_map(|app| {
        let (master, _) = table.master(app.name)?;
        Some(term!({(master), (app.name), (described(app))}))
    });
    apps.collect::<List>().into()
}

/// A process in words.
fn about_process(node: &LocalNode, pid: &Term) -> Term {
    match process_info(node, pid, None) {
        Ok(info) => text(&format!(
            "Node: {}, Process: {pid}\n{info}\n\n",
            node.name()
        )),
        Err(_) => term!([]),
    }
}
