use ergo::gen_server;
struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

#[gen_server]
impl Kv {
    #[init]
    fn create() -> Self {
        Kv
    }
}

fn main() {}
