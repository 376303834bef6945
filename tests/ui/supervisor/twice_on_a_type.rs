use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct AppSup;

#[supervisor]
impl AppSup {
    #[child]
    fn kv(&self) -> Child<Kv> {
        Kv::child()
    }
}

#[supervisor(client = "OtherRef")]
impl AppSup {}

fn main() {}
