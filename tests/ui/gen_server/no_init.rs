use ergo::gen_server;
struct Nothing;

#[gen_server]
impl Nothing {
    #[call]
    fn get(&self) -> u8 {
        0
    }
}

struct Forgotten;

#[gen_server]
impl Forgotten {
    fn new(start: u8) -> Result<Self, ergo::Reason> {
        Ok(Forgotten)
    }

    #[call]
    fn get(&self) -> u8 {
        0
    }
}

struct Twice;

#[gen_server]
impl Twice {
    #[init]
    fn init() -> Self {
        Twice
    }

    #[init]
    fn other(start: u8) -> Self {
        Twice
    }
}

struct Other;

#[gen_server]
impl Other {
    #[init]
    fn init() -> u8 {
        0
    }
}

struct Unit;

#[gen_server]
impl Unit {
    #[init]
    fn init() {}
}

struct Method;

#[gen_server]
impl Method {
    #[init]
    fn init(&mut self) -> Self {
        Method
    }
}

async fn starts(node: &ergo::LocalNode) {
    let server: NothingRef = Nothing::start(node).await.unwrap();
    let _: u8 = server.get().await.unwrap();
    Forgotten::start(node, 1).await.unwrap();
    Other::start(node).await.unwrap();
    Method::start(node).await.unwrap();
}

fn main() {}
