use ergo::gen_server::{call, cast, info, init, terminate};

struct Kv;

impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn get(&self) -> u8 {
        0
    }

    #[cast]
    fn reset(&mut self) {}

    #[info(down)]
    fn gone(&mut self) {}

    #[terminate]
    fn terminate(&mut self) {}
}

fn main() {
    let mut kv = Kv::init();
    let _ = kv.get();
    kv.reset();
    kv.gone();
    kv.terminate();
}
