use ergo::gen_server;
struct Counter(i64);

#[gen_server]
impl Counter {
    #[init]
    fn init() -> Self {
        Counter(0)
    }

    #[cast]
    fn add(&mut self, by: i64) -> i64 {
        self.0 += by;
        self.0
    }

    #[info]
    fn tick(&mut self) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
