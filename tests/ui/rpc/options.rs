use ergo::prelude::*;

struct Math;

#[rpc(modul = "math", name = "math", only_from = "shop@")]
impl Math {
    #[rpc(module = "other")]
    fn a() {}

    #[rpc(nam = "b")]
    fn b() {}

    #[rpc(name = "c", skip)]
    fn c() {}

    #[rpc(name)]
    fn d() {}

    #[rpc = "e"]
    fn e() {}

    #[rpc(skip)]
    #[rpc(skip)]
    fn f() {}

    #[rpc(name = "add")]
    fn g(a: i64, b: i64) -> i64 {
        a + b
    }

    fn add(a: i64, b: i64) -> i64 {
        a + b
    }
}

fn main() {
    let _ = Node::builder("rust@127.0.0.1").offer(Math);
}
