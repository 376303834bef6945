//! What the compiler tells a user of `#[rpc]`, and what it accepts.

#[test]
fn rpc() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/rpc/pass/*.rs");
    cases.compile_fail("ui/rpc/*.rs");
}
