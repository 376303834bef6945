//! What the compiler tells a user of `#[derive(Term)]`.
//!
//! `TRYBUILD=overwrite cargo test -p tests --test ui_derive` writes the messages anew.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/derive/pass/*.rs");
    cases.compile_fail("ui/derive/*.rs");
}
