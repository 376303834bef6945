//! `unicode:chardata()`: text in lists of lists, binaries and code points.

use crate::term::Term;

/// How the binaries and numbers of text are to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Unicode,
    Latin1,
}

/// The text of chardata; `None` for any other term.
pub(super) fn text(term: &Term, encoding: Encoding) -> Option<String> {
    let mut text = String::new();
    append(term, encoding, &mut text)?;
    Some(text)
}

/// Its depth is that of a decoded term.
fn append(term: &Term, encoding: Encoding, text: &mut String) -> Option<()> {
    match term {
        Term::Int(code) => {
            let code = u32::try_from(*code).ok()?;
            if encoding == Encoding::Latin1 && code > 255 {
                return None;
            }
            text.push(char::from_u32(code)?);
        }
        Term::Binary(bytes) => match encoding {
            Encoding::Unicode => text.push_str(std::str::from_utf8(bytes).ok()?),
            Encoding::Latin1 => text.extend(bytes.iter().copied().map(char::from)),
        },
        Term::List(list) => {
            for item in list {
                append(item, encoding, text)?;
            }
            match list.tail() {
                None => {}
                Some(tail @ Term::Binary(_)) => append(tail, encoding, text)?,
                Some(_) => return None,
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::term;

    #[test]
    fn text_is_found_in_all_its_forms() {
        let unicode = |term: Term| text(&term, Encoding::Unicode);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            unicode(term!(["ab", <<"cd">>, [233, [8364]] | <<"é"/utf8>>])),
            some("abcdé€é")
        );
        assert_eq!(unicode(term!([])), some(""));
        assert_eq!(text(&term!([<<233>>, 233]), Encoding::Latin1), some("éé"));
        for bad in [
            term!(a),
            term!([a]),
            term!([<<233>>]),
            term!([97 | 98]),
            term!([0x110000]),
            term!([-1]),
            term!(1.5),
        ] {
            assert_eq!(unicode(bad), None);
        }
        assert_eq!(text(&term!([256]), Encoding::Latin1), None);
    }
}
