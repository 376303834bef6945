use ergo::prelude::*;

#[rpc]
struct OnType;

#[rpc(module = "math")]
fn alone() {}

struct Methods;

impl Methods {
    #[rpc(name = "other")]
    fn stray(&self) {}
}

struct Shown;

#[rpc]
impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("shown")
    }
}

struct Both;

#[rpc]
#[gen_server]
impl Both {
    #[init]
    fn init() -> Self {
        Both
    }
}

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[rpc(name = "get")]
    fn get(&self) -> u8 {
        0
    }
}

#[rpc]
mod module {}

fn main() {
    alone();
    Methods.stray();
    let _ = (OnType, Shown.to_string(), Kv.get());
}
