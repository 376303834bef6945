use proptest::prelude::*;

use super::*;
use crate::term;

proptest! {
    #[test]
    fn no_format_panics_or_is_without_end(
        text in "([a-z]|~[-*.0-9]{0,6}[a-zA-Z~+#]){0,12}",
        args in proptest::collection::vec(0_usize..8, 0..8),
    ) {
        let kinds = [
            term!(a), term!(-7), term!(300), term!(1.5), term!("text"), term!(<<233>>), term!([1 | 2]),
            term!(9223372036854775807),
        ];
        let args = Term::list(args.into_iter().map(|kind| kinds[kind].clone()).collect::<Vec<_>>());
        let made = format(&Term::charlist(&text), &args);
        prop_assert!(made.is_none_or(|made| made.len() <= 2 * MAX_TEXT));
    }
}

#[test]
fn formats_are_those_of_erlang() {
    let text = |text: &str, args: Term| format(&Term::charlist(text), &args);
    for (written, args, expected) in [
        ("hello~n", term!([]), "hello\n"),
        (
            "~p ~w ~s~~",
            term!(["ab", "ab", "ab"]),
            "\"ab\" [97,98] ab~",
        ),
        ("~ts ~s", term!([<<"é"/utf8>>, [<<233>>]]), "é é"),
        (
            "~w",
            term!([{<<"a">>, #{b => "c"}, [1 | 2]}]),
            "{<<97>>,#{b => [99]},[1|2]}",
        ),
        (
            "~b ~.16B ~.16b ~.2B",
            term!([10, 255, 255, -5]),
            "10 FF ff -101",
        ),
        (
            "~.16#|~.16+|~.16X|~x",
            term!([255, 255, 255, "0x", 9, "n"]),
            "16#FF|16#ff|0xFF|n9",
        ),
        (
            "~5w|~-5w|~5.5.0w|~2w",
            term!([12, 12, 12, 12345]),
            "   12|12   |00012|**",
        ),
        (
            "~*s|~.2s|~-4s|~2s",
            term!([3, "a", "abc", "ab", "abc"]),
            "  a|ab|ab  |ab",
        ),
        ("~c~3c~i", term!(['a', 'b', x]), "abbb"),
        (
            "~f ~.2f ~e ~g",
            term!([1.5, 2, 1.5, 1.5]),
            "1.500000 2.00 1.50000e+00 1.50000",
        ),
        ("~P~W", term!([a, 9, b, 9]), "ab"),
        ("~tp", term!([[8364]]), "\"€\""),
    ] {
        assert_eq!(text(written, args).as_deref(), Some(expected), "{written}");
    }
    for (written, args) in [
        ("~p", term!([])),
        ("", term!([1])),
        ("~y", term!([1])),
        ("~", term!([])),
        ("~s", term!([{}])),
        ("~b", term!([a])),
        ("~.37b", term!([1])),
        ("~n", term!(a)),
    ] {
        assert_eq!(text(written, args), None, "{written}");
    }
    let wide = text("~99999999999999999999w~9999999999c", term!([1, 'x']));
    assert!(wide.is_some_and(|wide| wide.len() <= 2 * MAX_WIDTH));
}

#[test]
fn a_term_that_is_too_long_as_text_is_not_printed() {
    let long = Term::from(vec![255; MAX_TEXT / 3]);
    let args = Term::list([long.clone()]);
    assert_eq!(format(&Term::charlist("~w"), &args), None);
    let text = cut(&Term::list([long.clone(), long]));
    assert!(text.ends_with("...") && text.len() <= MAX_TEXT + 3);
}
