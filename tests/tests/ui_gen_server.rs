//! What the compiler tells a user of `#[gen_server]`, and what it accepts.

#[test]
fn gen_server() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/gen_server/pass/*.rs");
    cases.compile_fail("ui/gen_server/*.rs");
}
