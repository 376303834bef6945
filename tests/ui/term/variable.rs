use ergo::term;

fn main() {
    let value = 1;
    term!({put, Key, (value)});
}
