use ergo::gen_server;
use ergo::supervisor;
use ergo::supervisor::Child;

struct Kv;

#[supervisor]
impl Clone for Kv {
    fn clone(&self) -> Self {
        Kv
    }
}

#[supervisor]
fn get() {}

#[supervisor]
struct Store;

#[supervisor]
#[supervisor]
impl Store {}

struct Both;

#[supervisor]
#[gen_server]
impl Both {
    #[child]
    fn kv(&self) -> Child<Both> {
        Both.child()
    }

    #[call]
    fn get(&self) -> u8 {
        1
    }
}

struct Other;

#[gen_server]
#[supervisor]
impl Other {
    #[init]
    fn init() -> Self {
        Other
    }

    #[child]
    fn kv(&self) -> Child<Kv> {
        unreachable!()
    }
}

struct Handler;

#[supervisor]
impl Handler {
    #[cast]
    fn reset(&self) {}
}

struct WithChild;

#[gen_server]
impl WithChild {
    #[init]
    fn init() -> Self {
        WithChild
    }

    #[child]
    fn kv(&self) -> Child<Kv> {
        unreachable!()
    }
}

struct Borrows<'a>(&'a str);

#[supervisor]
impl<'a> Borrows<'a> {}

#[supervisor]
mod inner {}

fn main() {
    get();
    let _ = Kv.clone();
}
