use ergo::gen_server;
struct Kv;

#[gen_server(unknwon = "reply")]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct Store;

#[gen_server(unknown = "crsh", message = "not a name", name = "store")]
impl Store {
    #[init(fast)]
    fn init() -> Self {
        Store
    }

    #[call(tga = "get")]
    fn get(&self) -> u8 {
        0
    }

    #[call(timeout = 5)]
    fn wait(&self) -> u8 {
        0
    }

    #[cast = "reset"]
    fn reset(&mut self) {}

    #[info(down, tag = "gone")]
    fn gone(&mut self) {}

    #[info(down, exit)]
    fn ended(&mut self) {}

    #[info(tag = "EXIT")]
    fn exit(&mut self) {}

    #[call]
    #[cast]
    fn both(&mut self) {}

    #[call]
    #[call]
    fn doubled(&mut self) {}
}

fn main() {}
