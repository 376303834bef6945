use ergo::prelude::*;
use ergo::supervisor::child;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct AppSup;

impl AppSup {
    #[child(restart = "transient")]
    fn kv(&self) -> Child<Kv> {
        Kv::child()
    }
}

#[child]
fn alone() {}

fn main() {
    let _ = AppSup.kv();
    alone();
}
