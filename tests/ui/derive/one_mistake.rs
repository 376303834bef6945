//! After an error the type is still a term, for everything else that uses it.

use ergo::etf::{self, Decode, Encode};
use ergo::Term;

#[derive(Term)]
#[term(reccord = "user")]
struct User<T> {
    name: String,
    extra: T,
}

#[derive(Term)]
struct Group {
    users: Vec<User<u8>>,
}

fn is_term<T: Encode + Decode>() {}

fn main() {
    is_term::<Group>();
    let user = User {
        name: String::new(),
        extra: 1_u8,
    };
    let _ = etf::to_bytes(&user);
}
