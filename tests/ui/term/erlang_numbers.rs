use ergo::term;

fn main() {
    term!([16#ff]);
    term!({1u8});
    term!(<<256>>);
    term!(#{a => 1 b => 2});
}
