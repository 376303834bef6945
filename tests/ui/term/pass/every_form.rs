//! Literals that are terms, beside those that are none.

use ergo::{Term, term};

fn main() {
    let n = 7;
    let every = term!({
        atom, r#match, :"An atom", true, -2, 0xff, 1.5, 'a', "text", <<>>, <<1, 2>>, <<"bytes">>,
        [], [1, 2 | tail], {}, #{}, #{key => [value], {1, 2} => "x"}, (n + 1)
    });
    let Term::Tuple(elements) = &every else {
        panic!("a tuple");
    };
    assert_eq!(elements.len(), 18);
    assert_eq!(elements[17], Term::from(8));
}
