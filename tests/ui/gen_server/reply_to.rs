use ergo::gen_server;
use ergo::Term;
use ergo::gen_server::{Caller, Next, ReplyTo};

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn both(&mut self, reply: ReplyTo<Term>) -> Term {
        Term::atom("a")
    }

    #[call]
    fn twice(&mut self, one: ReplyTo<Term>, two: ReplyTo<Term>) {}

    #[call]
    fn first(&mut self, reply: ReplyTo<Term>, key: Term) {}

    #[call]
    fn untyped(&mut self, reply: ReplyTo) {}

    #[cast]
    fn nobody(&mut self, reply: ReplyTo<Term>) {}

    #[cast]
    fn who(&mut self, caller: Caller) {}

    #[call]
    fn unanswered(&mut self) -> Next {
        Next::Continue
    }
}

async fn client(kv: KvRef) {
    let _: Term = kv.both().await.unwrap();
    let _: Term = kv.first(Term::atom("a")).await.unwrap();
}

fn main() {}
