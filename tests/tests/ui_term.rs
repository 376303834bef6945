//! What the compiler says to literals that are no terms, and which ones it takes.

#[test]
fn literals() {
    let cases = trybuild::TestCases::new();
    // As in the other such tests: what is only checked would have all dependencies compiled a second time.
    cases.pass("ui/term/pass/*.rs");
    cases.compile_fail("ui/term/*.rs");
}
