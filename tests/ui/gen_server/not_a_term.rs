use ergo::gen_server;
use std::net::TcpStream;

struct Opts {
    size: u8,
}

struct Kv;

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv
    }

    #[call]
    fn attach(&mut self, socket: TcpStream) -> bool {
        socket.nodelay().is_ok()
    }

    #[cast]
    fn configure(&mut self, opts: Opts) {
        let _ = opts.size;
    }

    #[call]
    fn options(&self) -> Opts {
        Opts { size: 0 }
    }

    #[call]
    fn checked(&self) -> Result<u8, Opts> {
        Ok(1)
    }
}

fn main() {}
