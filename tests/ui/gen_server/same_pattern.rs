use ergo::gen_server;
use ergo::Term;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn get(&mut self, key: Term) -> Term {
        key
    }

    #[call(tag = "get")]
    fn fetch(&mut self, key: Term) -> Term {
        key
    }

    #[cast]
    fn reset(&mut self) {}

    #[cast(tag = "reset")]
    fn clear(&mut self) {}

    #[info(down)]
    fn gone(&mut self) {}

    #[info(down)]
    fn gone_too(&mut self) {}
}

fn main() {}
