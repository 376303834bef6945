use ergo::gen_server;
use ergo::supervisor;
use ergo::supervisor::Child;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct AppSup;

#[supervisor(strategi = "one_for_all", name = "app", restart = "transient")]
impl AppSup {
    #[child(restrat = "transient", id = "a", strategy = "one_for_one")]
    fn a(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "temporry", shutdown = "brutal-kill", type = "server")]
    fn b(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(shutdown = 5000, significant = "yes")]
    fn c(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child = "d"]
    fn d(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(shutdown = "5")]
    fn e(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(shutdown = "soon", restart, name = "e2", name = "e3")]
    fn f(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct OtherSup;

#[supervisor(
    strategy = "one_for_al",
    intensity = -1,
    period = "5 s",
    auto_shutdown = "all_insignificant",
    client = "not a name"
)]
impl OtherSup {
    // Nothing is known of the strategy, so nothing is said of the argument.
    #[child]
    fn a(&self, _size: u64) -> Child<Kv> {
        Kv::child()
    }

    #[child(significant, restart = "temporary")]
    fn b(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct ThirdSup;

#[supervisor(intensity = 4294967296, period = "0s", strategy = 1)]
impl ThirdSup {}

struct FourthSup;

#[supervisor(intensity = "3", period = 5)]
impl FourthSup {}

async fn starts(node: &ergo::LocalNode) {
    let _: AppSupRef = AppSup::start(node, AppSup).await.unwrap();
    let _: OtherSupRef = OtherSup::start_link(node, OtherSup).await.unwrap();
    let _: Child<ThirdSup> = ThirdSup.child();
    let _: FourthSupRef = FourthSupRef::local(node, "four");
}

fn main() {}
