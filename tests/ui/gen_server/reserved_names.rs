use ergo::gen_server;
struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn start(&mut self) -> bool {
        true
    }

    #[cast]
    fn start_link(&mut self) {}

    #[call]
    fn child(&self) {}

    #[call]
    fn named(&mut self, name: String) -> bool {
        true
    }

    #[call]
    fn get_all(&self) -> u8 {
        0
    }

    #[cast]
    fn get__all(&self) {}
}

fn main() {}
