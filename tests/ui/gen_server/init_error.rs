use ergo::gen_server;
struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Result<Self, std::io::Error> {
        Ok(Kv)
    }
}

fn main() {}
