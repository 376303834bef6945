use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct NeverSup;

#[supervisor]
impl NeverSup {
    #[child(restart = "transient", significant = true)]
    fn one(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "transient", significant = false)]
    fn right(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "permanent", significant)]
    fn both(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct AnySup;

#[supervisor(auto_shutdown = "any_significant")]
impl AnySup {
    #[child(significant)]
    fn by_default(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "permanent", significant = true)]
    fn written(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "temporary", significant = true)]
    fn right(&self) -> Child<Kv> {
        Kv::child()
    }
}

fn main() {}
