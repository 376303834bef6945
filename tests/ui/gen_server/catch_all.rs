use ergo::gen_server;
use ergo::Term;

struct Early;

#[gen_server]
impl Early {
    #[init]
    fn init() -> Self {
        Early
    }

    #[info(_)]
    fn other(&mut self, message: Term) {}

    #[info]
    fn sweep(&mut self) {}
}

struct Twice;

#[gen_server]
impl Twice {
    #[init]
    fn init() -> Self {
        Twice
    }

    #[call(_)]
    fn other(&mut self, message: Term) {}

    #[call(_)]
    fn another(&mut self, message: Term) {}
}

struct NotAlone;

#[gen_server]
impl NotAlone {
    #[init]
    fn init() -> Self {
        NotAlone
    }

    #[info(_, tag = "other")]
    fn other(&mut self, message: Term) {}
}

struct NotOne;

#[gen_server]
impl NotOne {
    #[init]
    fn init() -> Self {
        NotOne
    }

    #[cast(_)]
    fn nothing(&mut self) {}

    #[info(_)]
    fn two(&mut self, first: Term, second: Term) {}
}

fn main() {}
