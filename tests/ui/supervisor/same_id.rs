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

    #[child(name = "kv")]
    fn store(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(name = "cache")]
    fn memory(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn cache(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child(restart = "transient")]
    fn kv(&self) -> Child<Kv> {
        Kv::child()
    }

    // One of the two is there.
    #[cfg(all())]
    #[child(name = "either")]
    fn either(&self) -> Child<Kv> {
        Kv::child()
    }

    #[cfg(any())]
    #[child(name = "either")]
    fn or(&self) -> Child<Kv> {
        Kv::child()
    }
}

fn main() {}
