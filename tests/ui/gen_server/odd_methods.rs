use ergo::gen_server;
struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn get<K: std::fmt::Debug>(&mut self, key: K) -> u8 {
        0
    }

    #[call]
    fn lend<'a>(&'a mut self) -> u8 {
        0
    }

    #[call]
    fn bounded(&mut self) -> u8
    where
        Self: Sized,
    {
        0
    }

    #[call]
    fn consume(self) -> u8 {
        0
    }

    #[call]
    fn version() -> u8 {
        0
    }

    #[cast]
    const fn fixed(&mut self) {}

    #[cast]
    unsafe fn danger(&mut self) {}

    #[cast]
    extern "C" fn foreign(&mut self) {}

    #[cast]
    fn pair(&mut self, (left, right): (u8, u8)) {}

    #[cast]
    fn sometimes(&mut self, #[cfg(unix)] fd: i32) {}
}

async fn client(kv: KvRef) {
    let _: u8 = kv.get("key").await.unwrap();
    let _: u8 = kv.version().await.unwrap();
    kv.pair((1, 2));
    kv.danger();
}

fn main() {}
