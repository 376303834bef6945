//! Forms that contradict each other, or the fields.

use ergo::Term;

#[derive(Term)]
#[term(record = "user")]
struct RecordOfUnnamed(u8, u8);

#[derive(Term)]
#[term(elixir = "MyApp.User")]
struct ElixirOfUnnamed(u8, u8);

#[derive(Term)]
#[term(proplist)]
struct ProplistOfUnnamed(u8, u8);

#[derive(Term)]
#[term(record = "user", tuple, tag = "x")]
struct RecordAndTuple {
    a: u8,
}

#[derive(Term)]
#[term(proplist, elixir = "MyApp.User")]
struct ProplistAndElixir {
    a: u8,
}

#[derive(Term)]
#[term(elixir = "MyApp.User", keys = "binary")]
struct ElixirWithBinaries {
    a: u8,
}

#[derive(Term)]
#[term(transparent, tag = "x")]
struct TransparentAndTag {
    a: u8,
}

#[derive(Term)]
#[term(transparent)]
struct TransparentOfTwo {
    a: u8,
    b: u8,
}

#[derive(Term)]
struct NewtypeOfNothing(#[term(skip)] u8);

#[derive(Term)]
#[term(record = "x", skip_none, deny_unknown, keys = "binary", rename_all = "camelCase", default)]
struct KeysWithoutKeys {
    a: u8,
}

#[derive(Term)]
#[term(none = "nil", skip_none)]
struct NoneWithoutOptions {
    a: u8,
}

#[derive(Term)]
#[term(record = "x")]
struct RecordOfUnit;

#[derive(Term)]
#[term(elixir = "X")]
struct ElixirOfUnit;

#[derive(Term)]
#[term(rename = "x")]
struct RenameOfNamed {
    a: u8,
}

#[derive(Term)]
#[term(untagged, positional)]
struct StructAsEnum {
    a: u8,
}

fn main() {}
