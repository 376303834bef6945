//! Every form of a handler, without a warning.
#![deny(warnings)]
#![warn(missing_docs, unreachable_pub, missing_debug_implementations)]

use std::net::TcpStream;
use std::time::Duration;

use ergo::gen_server::{Caller, Context, Down, Exit, Next, Reason, Reply, ReplyTo};
use ergo::{Decode, Encode, Pid, Term, gen_server};

/// A private type in the messages of a private server.
#[derive(Encode, Decode)]
struct Opts {
    size: u64,
}

struct Kv {
    opts: Opts,
    waiting: Vec<ReplyTo<Term>>,
}

impl Kv {
    const LANES: usize = 3;
}

#[gen_server(unknown = "crash", message = "Request", info = "Notice", client = "Client")]
impl Kv {
    /// The most that fits.
    const LIMIT: u64 = 10;

    #[init]
    async fn init(opts: Opts, on: u8, ctx: &mut Context<Self>) -> Result<Self, Reason> {
        ctx.send_after(Duration::from_secs(3600), Notice::Sweep);
        if opts.size > Self::LIMIT + u64::from(on) {
            return Err(Reason::Normal);
        }
        Ok(Kv { opts, waiting: Vec::new() })
    }

    #[call]
    fn size(&self, out: u8, request: u8, message: u8, ctx: u8) -> u64 {
        self.opts.size + u64::from(out + request + message + ctx)
    }

    #[call]
    fn configure(&mut self, mut opts: Opts) -> Opts {
        std::mem::swap(&mut self.opts, &mut opts);
        opts
    }

    #[call(tag = "get")]
    async fn get_or(&self, _: Term, r#default: Term) -> Result<Term, String> {
        Ok(r#default)
    }

    #[call]
    fn lanes(&self, lanes: [u8; Self::LANES]) -> [u8; Self::LANES] {
        lanes
    }

    #[call]
    fn nothing(&mut self) {}

    #[call]
    fn wait(&mut self, ctx: &mut Context<Self>, out: Term, answer: ReplyTo<Term>) -> Next {
        let _ = (ctx.pid(), out);
        self.waiting.push(answer);
        Next::Hibernate
    }

    #[call]
    fn who(&mut self, reply: Term, caller: Caller, message: Term) -> Reply<Pid> {
        let _ = (reply, message);
        Reply::new(caller.pid())
    }

    #[call(local)]
    fn attach(&mut self, socket: TcpStream) -> Option<TcpStream> {
        Some(socket)
    }

    /// Has the name that the enum would use for infos.
    #[call]
    fn info(&self) -> bool {
        true
    }

    #[cast]
    fn r#move(&mut self, r#type: Term) -> Next {
        drop(r#type);
        Next::Continue
    }

    #[cast]
    #[allow(clippy::too_many_arguments)]
    fn many(&mut self, a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) {
        let _ = (a, b, c, d, e, f, g, h);
    }

    #[cast]
    #[deprecated = "use `move`"]
    fn old(&mut self) {}

    #[cfg(any())]
    #[call]
    fn never(&mut self, what: NoSuchType) -> NoSuchType {
        what
    }

    #[cfg(any())]
    #[info]
    fn no_tick(&mut self, what: NoSuchType) {}

    #[call(_)]
    fn any_call(&mut self, request: Term) -> Term {
        request
    }

    #[cfg(not(any()))]
    #[cast]
    async fn always(&mut self) {}

    #[cast(_)]
    fn any_cast(&mut self, request: Term) {
        drop(request);
    }

    #[info]
    fn sweep(&mut self, ctx: &mut Context<Self>) {
        let _ = ctx.pid();
        self.waiting.clear();
        helper();
    }

    #[info(tag = "tcp")]
    async fn data(&mut self, bytes: Vec<u8>) -> Next {
        Next::Timeout(Duration::from_millis(bytes.len() as u64))
    }

    #[info(local)]
    fn opened(&mut self, socket: TcpStream) {
        drop(socket);
    }

    #[info(down)]
    fn gone(&mut self, down: Down, ctx: &mut Context<Self>) -> Next {
        let _ = (down, ctx.pid());
        Next::Continue
    }

    #[info(exit)]
    async fn ended(&mut self, exit: Exit) {
        let _ = exit;
    }

    #[info(_)]
    fn other(&mut self, message: Term) {
        drop(message);
    }

    #[terminate]
    async fn terminate(&mut self, ctx: &mut Context<Self>, reason: &Reason) {
        let _ = (ctx.pid(), reason);
    }

    /// Not a handler.
    pub(crate) fn shared() -> u64 {
        Self::LIMIT
    }
}

fn helper() {}

struct Refused;

impl From<Refused> for Reason {
    fn from(Refused: Refused) -> Reason {
        Reason::Normal
    }
}

struct Paired;

#[gen_server]
impl Paired {
    #[init]
    fn new(refuse: bool) -> Result<Paired, Refused> {
        if refuse { Err(Refused) } else { Ok(Paired) }
    }

    #[info(exit)]
    fn ended(&mut self, why: Reason, exit: Pid) {
        let _ = (why, exit);
    }
}

struct Bare;

#[gen_server]
impl Bare {
    #[init]
    fn init() -> Self {
        Bare
    }
}

fn main() {
    let _ = Kv::shared();
    let _ = |on: &ergo::LocalNode| Kv::start(on, Opts { size: 1 }, 2);
    let _ = |on: &ergo::LocalNode| Paired::start(on, true);
    let _ = |on: &ergo::LocalNode| Bare::start(on);
    let _ = |client: &Client| client.r#move(Term::atom("x"));
    let _ = Notice::Data { bytes: Vec::new() };
}
