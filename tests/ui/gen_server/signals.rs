use ergo::gen_server;
use ergo::Pid;
use ergo::gen_server::{Down, Exit, Reason};

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[info(down)]
    fn gone(&mut self, pid: Pid) {}

    #[info(exit)]
    fn ended(&mut self, exit: Exit, why: Reason) {}

    #[terminate]
    fn terminate(&mut self, reason: Reason) -> bool {
        true
    }

    #[terminate]
    fn again(&mut self) {}
}

fn main() {}
