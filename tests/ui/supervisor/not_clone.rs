use ergo::prelude::*;
use std::net::TcpStream;

struct Conn;

#[gen_server]
impl Conn {
    #[init]
    fn init(_socket: TcpStream) -> Self {
        Conn
    }
}

struct Permanent;

#[supervisor(strategy = "simple_one_for_one")]
impl Permanent {
    #[child]
    fn conn(&self, _number: u64, socket: TcpStream) -> Child<Conn> {
        Conn::child(socket)
    }
}

struct Transient;

#[supervisor(strategy = "simple_one_for_one")]
impl Transient {
    #[child(restart = "transient")]
    fn conn(&self, socket: TcpStream) -> Child<Conn> {
        Conn::child(socket)
    }
}

struct Right;

#[supervisor(strategy = "simple_one_for_one")]
impl Right {
    #[child(restart = "temporary")]
    fn conn(&self, socket: TcpStream) -> Child<Conn> {
        Conn::child(socket)
    }
}

fn main() {}
