#![deny(warnings, missing_docs, unreachable_pub)]
//! Every form of an offered function, in a program that denies all warnings.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Mutex;

use ergo::prelude::*;
use ergo::rpc::{Module, Raise};

struct Plain;

#[rpc]
impl Plain {
    fn nothing() {}

    fn add(a: i64, b: i64) -> i64 {
        a + b
    }

    #[rpc(name = "add")]
    fn add_three(a: i64, b: i64, c: i64) -> i64 {
        a + b + c
    }

    fn r#type((a, b): (u8, u8), [c, d]: [u8; 2], _: String, mut e: Vec<Term>) -> usize {
        e.clear();
        e.len() + usize::from(a + b + c + d)
    }

    fn fails(how: Atom) -> Result<(), Raise> {
        Err(Raise::exit(how))
    }

    fn answers(key: String) -> Result<HashMap<String, f64>, Atom> {
        Err(Atom::new(&key))
    }

    async fn waits(mut times: u64) -> u64 {
        while times > 0 {
            tokio::task::yield_now().await;
            times -= 1;
        }
        times
    }

    #[cfg(any())]
    fn absent(it: NoSuchType) {}

    #[rpc(skip)]
    fn helper<T>(value: &mut T) -> &mut T {
        value
    }
}

#[derive(Debug, Clone, Term)]
struct Point {
    x: f64,
    y: f64,
}

struct Shared<T> {
    points: Mutex<Vec<Point>>,
    of: PhantomData<fn() -> T>,
}

#[rpc(module = "Elixir.MyApp.Points")]
impl<T: Encode + Decode + Send + 'static> Shared<T> {
    const MOST: usize = 10;

    fn push(&self, point: Point) -> bool {
        let mut points = self.points.lock().unwrap();
        points.push(point);
        points.len() <= Self::MOST
    }

    async fn last(self: &Self) -> Option<Point> {
        let points = self.points.lock().unwrap();
        points.last().cloned()
    }

    fn same(value: T) -> T {
        value
    }

    fn who(&self, ctx: &mut ergo::rpc::Context, name: String) -> (Pid, String) {
        (ctx.caller(), name)
    }

    async fn me(name: String, ctx: ergo::rpc::Context) -> (Pid, String) {
        (ctx.pid(), name)
    }

    async fn hears(&self, ctx: &mut ergo::rpc::Context) -> bool {
        matches!(ctx.receive().await, ergo::process::Received::Message(_))
    }
}

fn main() {
    let mut value = 1;
    *Plain::helper(&mut value) += 1;
    let module = Module::from(Plain);
    assert_eq!(
        format!("{module:?}"),
        r#"Module { name: plain, functions: ["nothing/0", "add/2", "add/3", "type/4", "fails/1", "answers/1", "waits/1"] }"#
    );
    let shared = Shared::<u8> {
        points: Mutex::default(),
        of: PhantomData,
    };
    let node = Node::builder("rust@127.0.0.1").offer(Plain).offer(shared);
    drop(node);
}
