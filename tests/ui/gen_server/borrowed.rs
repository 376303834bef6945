use ergo::gen_server;
use std::path::Path;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init(path: &str) -> Self {
        Kv
    }

    #[call]
    fn get(&mut self, key: &str) -> bool {
        true
    }

    #[call]
    fn open(&mut self, path: &Path, mode: &[u8]) {}

    #[cast]
    fn put(&mut self, key: Option<&str>) {}

    #[call]
    fn name(&self) -> &str {
        "kv"
    }

    #[cast]
    fn print(&mut self, what: impl std::fmt::Display) {}

    #[call]
    fn names(&self) -> impl Iterator<Item = u8> {
        [].into_iter()
    }

    #[cast]
    fn guess(&mut self, what: _) {}
}

async fn client(kv: KvRef) {
    // What is wrong with the handlers is not wrong again here.
    let _ = kv.get("key").await.unwrap();
    kv.put(Some("key"));
}

fn main() {}
