use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct AppSup;

#[supervisor]
impl AppSup {
    #[child]
    fn no_self() -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn mutable(&mut self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn by_value(self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn typed_mutable(self: &mut Self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    async fn asynchronous(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn generic<T: Into<u8>>(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn bounded(&self) -> Child<Kv>
    where
        Kv: Send,
    {
        Kv::child()
    }

    #[child]
    unsafe fn dangerous(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn arguments(&self, _size: u64, _name: String) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn nothing(&self) {}

    #[child]
    fn opaque(&self) -> impl Sized {
        Kv::child()
    }

    #[child]
    #[child]
    fn twice(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    const NUMBER: u8 = 1;

    #[child]
    fn start_link(&self) -> Child<Kv> {
        Kv::child()
    }

    fn child(&self) {}
}

async fn uses(node: &ergo::LocalNode) {
    let _: AppSupRef = AppSup::start(node, AppSup).await.unwrap();
}

fn main() {}
