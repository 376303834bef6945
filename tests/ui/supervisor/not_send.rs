use ergo::prelude::*;
use std::cell::Cell;
use std::rc::Rc;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct Shared {
    starts: Cell<u32>,
}

#[supervisor]
impl Shared {
    #[child]
    fn kv(&self) -> Child<Kv> {
        self.starts.set(self.starts.get() + 1);
        Kv::child()
    }
}

struct Dynamic;

#[supervisor(strategy = "simple_one_for_one")]
impl Dynamic {
    #[child(restart = "temporary")]
    fn kv(&self, _shared: Rc<u8>) -> Child<Kv> {
        Kv::child()
    }
}

struct SharedDynamic {
    starts: Cell<u32>,
}

#[supervisor(strategy = "simple_one_for_one")]
impl SharedDynamic {
    #[child]
    fn kv(&self) -> Child<Kv> {
        self.starts.set(self.starts.get() + 1);
        Kv::child()
    }
}

fn main() {}
