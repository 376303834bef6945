use ergo::prelude::*;

struct Text;

#[rpc]
impl Text {
    fn borrowed(text: &str) -> usize {
        text.len()
    }

    fn lends(text: String) -> &'static [u8] {
        Box::leak(text.into_boxed_str()).as_bytes()
    }

    fn any(text: impl ToString) -> impl ToString {
        text.to_string()
    }

    fn changes(&mut self, text: String) {
        drop(text);
    }

    fn takes(self) {}

    fn generic<T: Decode>(value: T) {
        drop(value);
    }

    unsafe fn dangerous() {}

    extern "C" fn foreign() {}

    fn twice(one: &mut ergo::rpc::Context, two: &mut ergo::rpc::Context) {
        let _ = (one, two);
    }
}

fn main() {
    let _ = Node::builder("rust@127.0.0.1").offer(Text);
}
