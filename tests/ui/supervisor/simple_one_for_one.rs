use ergo::prelude::*;

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }
}

struct NoChild;

#[supervisor(strategy = "simple_one_for_one")]
impl NoChild {}

struct ThreeChildren;

#[supervisor(strategy = "simple_one_for_one")]
impl ThreeChildren {
    #[child]
    fn one(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn two(&self) -> Child<Kv> {
        Kv::child()
    }

    #[child]
    fn three(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct Conditional;

#[supervisor(strategy = "simple_one_for_one")]
impl Conditional {
    #[cfg(unix)]
    #[child]
    fn one(&self) -> Child<Kv> {
        Kv::child()
    }
}

struct Patterns;

#[supervisor(strategy = "simple_one_for_one")]
impl Patterns {
    #[child]
    fn one(
        &self,
        (_a, _b): (u8, u8),
        _name: &str,
        _path: &std::path::Path,
        _any: impl Send,
    ) -> Child<Kv> {
        Kv::child()
    }
}

async fn start(node: &ergo::LocalNode) {
    let _: NoChildRef = NoChild::start(node, NoChild).await.unwrap();
}

fn main() {}
