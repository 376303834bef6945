use ergo::gen_server;
use std::rc::Rc;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    async fn get(&mut self) -> i64 {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        *shared
    }

    #[terminate]
    async fn terminate(&mut self) {
        let shared = Rc::new(1);
        std::future::ready(()).await;
        drop(shared);
    }
}

fn main() {}
