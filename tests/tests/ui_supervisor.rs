//! What the compiler tells a user of `#[supervisor]`, and what it accepts.

#[test]
fn supervisor() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/supervisor/pass/*.rs");
    cases.compile_fail("ui/supervisor/*.rs");
}
