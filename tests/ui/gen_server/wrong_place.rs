use ergo::gen_server;
struct Kv;

#[gen_server]
impl Clone for Kv {
    fn clone(&self) -> Self {
        Kv
    }
}

#[gen_server]
fn get() {}

#[gen_server]
struct Store;

#[gen_server]
#[gen_server]
impl Store {
    #[init]
    fn init() -> Self {
        Store
    }
}

#[gen_server]
impl (u8, u8) {
    #[init]
    fn init() -> Self {
        (0, 0)
    }
}

struct Borrows<'a>(&'a str);

#[gen_server]
impl<'a> Borrows<'a> {
    #[init]
    fn init() -> Self {
        Borrows("")
    }
}

fn main() {
    get();
    let _ = Kv.clone();
}
