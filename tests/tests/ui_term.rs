//! What the compiler says to literals that are no terms.

#[test]
fn mistakes_in_term_literals() {
    trybuild::TestCases::new().compile_fail("ui/term/*.rs");
}
