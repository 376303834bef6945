//! A tree with every option, docs, `cfg`s and other methods; nobody has to use what is made.
#![deny(warnings, missing_docs)]

use std::net::TcpStream;
use std::path::PathBuf;

use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init(_dir: PathBuf) -> Self {
        Kv
    }

    #[call]
    fn size(&self) -> u64 {
        0
    }
}

struct Conn;

#[gen_server]
impl Conn {
    #[init]
    fn init(_socket: TcpStream) -> Self {
        Conn
    }
}

/// What the children are called for.
type KvChild = Child<Kv>;

/// The whole of it.
pub struct AppSup {
    dir: PathBuf,
}

#[supervisor(
    strategy = "rest_for_one",
    intensity = 3,
    period = "5s",
    auto_shutdown = "any_significant",
    crate = "::ergo"
)]
impl AppSup {
    const SPARE: &'static str = "spare";

    /// The store.
    #[child(name = "store", restart = "permanent", shutdown = "5s", type = "worker")]
    fn kv(&self) -> KvChild {
        Kv::child(self.path("kv")).name("kv")
    }

    #[cfg(any())]
    #[child]
    fn not_there(&self) -> NoType {
        unreachable!()
    }

    #[cfg(all())]
    #[child(name = "not_there", restart = "temporary", shutdown = "brutal_kill")]
    fn there(&self) -> Child<Kv> {
        Kv::child(self.path(Self::SPARE))
    }

    #[child(restart = "transient", shutdown = "infinity", type = "supervisor")]
    fn connections(self: &Self) -> ergo::supervisor::Child<ConnSup> {
        ConnSup::child(ConnSup)
    }

    #[child(restart = "transient", significant)]
    fn r#type(&self) -> Child<ergo::supervisor::Process> {
        Child::process(async move |_ctx| {})
    }

    #[child(significant = false, shutdown = "500ms")]
    fn by_hand(&self) -> Child<SupervisorSpec> {
        SupervisorSpec::new(Strategy::OneForOne).into_child()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

struct ConnSup;

#[supervisor(strategy = "simple_one_for_one", client = "Connections")]
impl ConnSup {
    /// One connection.
    #[child(restart = "temporary")]
    fn conn(&self, socket: TcpStream) -> Child<Conn> {
        Conn::child(socket)
    }
}

struct Nothing;

#[supervisor]
impl Nothing {}

async fn clients(ctx: &mut Context<Kv>, socket: TcpStream) -> Result<(), Box<dyn std::error::Error>> {
    let dir = PathBuf::new();
    let app: AppSupRef = AppSup::start_link(ctx, AppSup { dir }).name("app").await?;
    let _: SupervisorRef = (*app).clone();
    let connections: Connections = ConnSup::start(ctx, ConnSup).await?;
    let conn: ConnRef = connections.start_child(socket).await?;
    connections.terminate_child(conn.pid().unwrap()).await?;
    let _: NothingRef = NothingRef::named(ctx, "nothing", "a@b");
    Ok(())
}

/// Its future goes to other threads.
fn is_send(ctx: &'static mut Context<Kv>, socket: TcpStream) -> impl Send {
    clients(ctx, socket)
}

fn main() {
    let _ = is_send;
    let _ = |kv: &KvRef| drop(kv.size());
}
