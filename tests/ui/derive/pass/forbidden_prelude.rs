//! The expansion names everything by its whole path.

#![no_implicit_prelude]

#[derive(::ergo::Term)]
#[term(skip_none)]
struct Named {
    a: ::std::option::Option<u8>,
    #[term(default)]
    b: u8,
}

#[derive(::ergo::Term)]
enum Message {
    Get(u8),
    Put { key: u8 },
    Stop,
}

#[derive(::ergo::Term)]
#[term(untagged)]
enum Either {
    One(u8),
    None,
}

fn main() {
    let _ = ::ergo::etf::to_bytes(&Named {
        a: ::std::option::Option::None,
        b: 1,
    });
    for message in [Message::Get(1), Message::Put { key: 1 }, Message::Stop] {
        let _ = ::ergo::etf::to_bytes(&message);
    }
    for either in [Either::One(1), Either::None] {
        let _ = ::ergo::etf::to_bytes(&either);
    }
}
