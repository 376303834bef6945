//! Applications that note what happens to them.

use std::time::Duration;

use ergo::application::{AppContext, AppSpec, Application, StartMode};
use ergo::process::{ProcessContext, Received, SpawnOptions};
use ergo::{Atom, Node, Pid, Reason, Term};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::DEADLINE;

/// Where the notes of a test's applications arrive.
#[derive(Debug)]
pub struct Notes(UnboundedReceiver<String>);

/// What an application writes its notes to.
pub type Noter = UnboundedSender<String>;

/// A pair of both.
pub fn notes() -> (Noter, Notes) {
    let (noter, notes) = unbounded_channel();
    (noter, Notes(notes))
}

impl Notes {
    /// The next note.
    pub async fn next(&mut self) -> String {
        let next = timeout(DEADLINE, self.0.recv()).await;
        next.expect("a note within the deadline")
            .expect("the writers of notes are gone")
    }

    /// The notes up to one that begins like this.
    pub async fn until(&mut self, last: &str) -> Vec<String> {
        let mut notes = vec![self.next().await];
        while notes.last().is_some_and(|note| !note.starts_with(last)) {
            notes.push(self.next().await);
        }
        notes
    }

    /// What has been noted and not yet been read.
    pub fn all(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.0.try_recv().ok()).collect()
    }
}

/// What a callback does.
#[derive(Debug, Clone, Default)]
pub enum Does {
    /// What it should.
    #[default]
    Well,
    /// It gives this as an error, where it may.
    Fails(Reason),
    /// It panics.
    Panics,
    /// It never comes back.
    Hangs,
    /// It holds its thread for so long.
    Blocks(Duration),
}

impl Does {
    async fn it(&self) -> Result<(), Reason> {
        match self {
            Does::Well => Ok(()),
            Does::Fails(reason) => Err(reason.clone()),
            Does::Panics => panic!("as wanted"),
            Does::Hangs => std::future::pending().await,
            Does::Blocks(time) => {
                std::thread::sleep(*time);
                Ok(())
            }
        }
    }
}

/// One of three applications: `first`, `second` and `third`.
///
/// Its tree is one process, registered as `NAME_top`, which ends with the reason that it is sent.
/// A helper without a link, `NAME_helper`, traps exits and never ends by itself.
#[derive(Debug)]
pub struct Noting<const I: usize> {
    /// Where it notes what happens.
    pub noter: Noter,
    /// What it says of itself.
    pub spec: AppSpec,
    /// Whether its top traps exits, and ends with the reason of one.
    pub traps: bool,
    /// Whether its top traps exits, and takes no notice of them.
    pub stubborn: bool,
    /// Whether it starts a process that is linked to its master and crashes.
    pub linked_crash: bool,
    /// What its `start` does once the tree is up.
    pub start: Does,
    /// What its phases do.
    pub phases: Does,
    /// What its `prep_stop` does.
    pub prep_stop: Does,
    /// What its `stop` does.
    pub stop: Does,
}

impl<const I: usize> Noting<I> {
    /// One that does all well.
    pub fn new(noter: &Noter) -> Noting<I> {
        Noting {
            noter: noter.clone(),
            spec: AppSpec::new(),
            traps: false,
            stubborn: false,
            linked_crash: false,
            start: Does::Well,
            phases: Does::Well,
            prep_stop: Does::Well,
            stop: Does::Well,
        }
    }

    fn note(&self, note: impl std::fmt::Display) {
        // A test that is over reads no more.
        let _ = self.noter.send(format!("{} {note}", Self::NAME));
    }

    fn name_of(part: &str) -> Atom {
        Atom::new(&format!("{}_{part}", Self::NAME))
    }

    fn has_top(ctx: &ProcessContext) -> bool {
        ctx.node().whereis(Self::name_of("top")).is_some()
    }

    /// Starts the process that never ends by itself, and somebody outside of the application who
    /// notes its end.
    fn start_helper(&self, ctx: &AppContext) {
        let helper = ctx.spawn(async |mut ctx| {
            ctx.trap_exit(true);
            ctx.register(Self::name_of("helper")).expect("a free name");
            // The place of a helper that has no end of its own.
            while let Received::Message(_) | Received::Exit(_) = ctx.receive().await {}
        });
        let noter = self.noter.clone();
        // A group of its own, or it would end with the application.
        let outside = SpawnOptions::new().group_leader(helper);
        let spawned = ctx.node().spawn_opt(outside, async move |mut ctx| {
            ctx.monitor(helper);
            if let Received::Down(down) = ctx.receive().await {
                let _ = noter.send(format!("{} {{helper,{}}}", Self::NAME, down.reason));
            }
        });
        spawned.expect("it wants no name");
    }

    fn start_top(&self, ctx: &AppContext) -> Pid {
        let (noter, traps, stubborn) = (self.noter.clone(), self.traps, self.stubborn);
        let top = ctx.spawn_link(async move |mut ctx| {
            ctx.trap_exit(traps || stubborn);
            loop {
                match ctx.receive().await {
                    Received::Message(reason) => return Reason::from(reason),
                    Received::Exit(exit) if traps => {
                        let _ = noter.send(format!("{} {{top_exits,{}}}", Self::NAME, exit.reason));
                        return exit.reason;
                    }
                    _ => {}
                }
            }
        });
        let registered = ctx.node().register(Self::name_of("top"), top);
        registered.expect("a free name");
        top
    }
}

impl<const I: usize> Application for Noting<I> {
    const NAME: &'static str = ["first", "second", "third"][I];

    fn spec(&self) -> AppSpec {
        self.spec.clone()
    }

    async fn start(&self, mode: StartMode, ctx: &AppContext) -> Result<Pid, Reason> {
        assert_eq!(mode, StartMode::Normal);
        self.note("{start,normal}");
        self.start_helper(ctx);
        if self.linked_crash {
            ctx.spawn_link(async |_| Reason::from(Atom::new("linked_crash")));
        }
        let top = self.start_top(ctx);
        self.start.it().await?;
        Ok(top)
    }

    async fn start_phase(
        &self,
        phase: Atom,
        _: StartMode,
        args: &Term,
        _: &AppContext,
    ) -> Result<(), Reason> {
        self.note(format_args!("{{phase,{phase},normal,{args}}}"));
        self.phases.it().await
    }

    async fn prep_stop(&self, ctx: &AppContext) {
        self.note(format_args!("{{prep_stop,{}}}", Self::has_top(ctx)));
        let _ = self.prep_stop.it().await;
    }

    async fn stop(&self, ctx: &AppContext) {
        self.note(format_args!("{{stop,{}}}", Self::has_top(ctx)));
        let _ = self.stop.it().await;
    }
}

/// Lets the top of an application's tree end with a reason.
pub fn end_top(node: &Node, application: &str, reason: &Reason) {
    let top = (format!("{application}_top"), node.name());
    let top = (Atom::new(&top.0), top.1);
    node.send(top, &reason.to_term()).expect("a term");
}

/// The names of the applications that run, the last started first.
pub fn running(node: &Node) -> Vec<String> {
    let running = node.which_applications();
    running.iter().map(|info| info.name.to_string()).collect()
}
