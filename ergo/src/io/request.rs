//! The requests of Erlang's I/O protocol, and what they are answered.

use super::chardata::{self, Encoding};
use super::format::{MAX_TEXT, format};
use crate::term;
use crate::term::{Atom, Term};

/// What becomes of a request: the text that it prints, and the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    pub(super) text: String,
    pub(super) answer: Term,
}

impl Outcome {
    fn answer(answer: Term) -> Outcome {
        Outcome {
            text: String::new(),
            answer,
        }
    }
}

/// Serves one request. There is nothing to be read, and no terminal.
pub(super) fn serve(request: &Term) -> Outcome {
    let (name, args) = match request {
        Term::Atom(name) => (*name, &[][..]),
        Term::Tuple(tuple) => match &tuple[..] {
            [Term::Atom(name), args @ ..] => (*name, args),
            _ => return unknown(),
        },
        _ => return unknown(),
    };
    match (name.as_str(), args) {
        ("put_chars", [encoding, chars]) => match encoding_of(encoding) {
            Some(encoding) => put(chardata::text(chars, encoding), "put_chars"),
            None => unknown(),
        },
        // Of old: Latin-1.
        ("put_chars", [chars]) => put(chardata::text(chars, Encoding::Latin1), "put_chars"),
        ("put_chars", [_, Term::Atom(module), Term::Atom(function), args])
        | ("put_chars", [Term::Atom(module), Term::Atom(function), args]) => {
            put(made(*module, *function, args), function.as_str())
        }
        ("requests", [Term::List(requests)]) if requests.is_proper() => several(requests.iter()),
        ("get_chars" | "get_line" | "get_until" | "get_password", _) => {
            Outcome::answer(Term::atom("eof"))
        }
        ("getopts", []) => Outcome::answer(term!([{binary, false}, {encoding, unicode}])),
        ("setopts" | "get_geometry", _) => Outcome::answer(term!({error, enotsup})),
        _ => unknown(),
    }
}

fn unknown() -> Outcome {
    Outcome::answer(term!({error, request}))
}

fn encoding_of(term: &Term) -> Option<Encoding> {
    match term {
        Term::Atom(encoding) if *encoding == *"unicode" => Some(Encoding::Unicode),
        Term::Atom(encoding) if *encoding == *"latin1" => Some(Encoding::Latin1),
        _ => None,
    }
}

/// What a function makes whose result is to be printed: those of `io_lib` that `io` uses.
fn made(module: Atom, function: Atom, args: &Term) -> Option<String> {
    let args = args.as_list().filter(|args| args.is_proper())?;
    match (module.as_str(), function.as_str(), args.items()) {
        ("io_lib", "format" | "fwrite", [text, args]) => format(text, args),
        ("io_lib", "write", [term]) => format(&Term::charlist("~w"), &Term::list([term.clone()])),
        ("io_lib", "print", [term]) => format(&Term::charlist("~p"), &Term::list([term.clone()])),
        ("io_lib", "nl", []) => Some("\n".to_owned()),
        _ => None,
    }
}

fn put(text: Option<String>, function: &str) -> Outcome {
    match text {
        Some(text) => Outcome {
            text,
            answer: Atom::OK.into(),
        },
        None => Outcome::answer(term!({error, (Atom::new(function))})),
    }
}

/// One after the other, up to the first that fails; the last is answered.
fn several<'a>(requests: impl Iterator<Item = &'a Term>) -> Outcome {
    let mut all = Outcome::answer(Atom::OK.into());
    for request in requests {
        let is_nested =
            matches!(request, Term::Tuple(tuple) if tuple.first() == Some(&Term::atom("requests")));
        let outcome = if is_nested { unknown() } else { serve(request) };
        if all.text.len() + outcome.text.len() > MAX_TEXT {
            all.answer = term!({error, requests});
            break;
        }
        all.text.push_str(&outcome.text);
        all.answer = outcome.answer;
        if matches!(&all.answer, Term::Tuple(answer) if answer.first() == Some(&Atom::ERROR.into()))
        {
            break;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_found_and_the_rest_is_answered() {
        let served = |request: Term| {
            let outcome = serve(&request);
            (outcome.text, outcome.answer.to_string())
        };
        for (request, text, answer) in [
            (term!({put_chars, unicode, <<"a">>}), "a", "ok"),
            (term!({put_chars, "a"}), "a", "ok"),
            (
                term!({put_chars, unicode, io_lib, format, ["~p~n", [x]]}),
                "x\n",
                "ok",
            ),
            (term!({put_chars, io_lib, nl, []}), "\n", "ok"),
            (
                term!({put_chars, unicode, io_lib, write, ["a"]}),
                "[97]",
                "ok",
            ),
            (
                term!({put_chars, unicode, io_lib, format, ["~p", []]}),
                "",
                "{error,format}",
            ),
            (
                term!({put_chars, unicode, os, cmd, ["ls"]}),
                "",
                "{error,cmd}",
            ),
            (term!({put_chars, unicode, {}}), "", "{error,put_chars}"),
            (term!({put_chars, utf16, "a"}), "", "{error,request}"),
            (
                term!({requests, [{put_chars, latin1, "a"}, {put_chars, unicode, "b"}]}),
                "ab",
                "ok",
            ),
            (
                term!({requests, [{put_chars, latin1, "a"}, what, {put_chars, latin1, "b"}]}),
                "a",
                "{error,request}",
            ),
            (term!({get_line, unicode, "> "}), "", "eof"),
            (
                term!({get_until, unicode, "> ", io_lib, collect_line, []}),
                "",
                "eof",
            ),
            (term!(getopts), "", "[{binary,false},{encoding,unicode}]"),
            (term!({get_geometry, columns}), "", "{error,enotsup}"),
            (term!({setopts, []}), "", "{error,enotsup}"),
            (term!(what), "", "{error,request}"),
            (term!({}), "", "{error,request}"),
            (term!([1]), "", "{error,request}"),
        ] {
            assert_eq!(served(request), (text.to_owned(), answer.to_owned()));
        }
    }
}
