use std::rc::Rc;

use ergo::prelude::*;

struct Text;

#[rpc]
impl Text {
    async fn later(text: String) -> usize {
        let text = Rc::new(text);
        tokio::task::yield_now().await;
        text.len()
    }
}

struct Own(Rc<u8>);

#[rpc]
impl Own {
    fn get(&self) -> u8 {
        *self.0
    }
}

fn main() {
    let _ = Node::builder("rust@127.0.0.1")
        .offer(Text)
        .offer(Own(Rc::new(1)));
}
