//! Lists of words, and the one that was meant.

/// What to say of a value that is none of an option's choices.
pub(crate) fn no_choice(name: &str, value: &str, choices: &[&str]) -> String {
    format!(
        "unknown `{name}` \"{value}\"{}; the choices are {}",
        suggestion(value, choices, '"'),
        listed(choices, '"'),
    )
}

/// `` `a`, `b` and `c` ``
pub(super) fn listed(names: &[&str], quote: char) -> String {
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            text.push_str(if index + 1 == names.len() {
                " and "
            } else {
                ", "
            });
        }
        text.push(quote);
        text.push_str(name);
        text.push(quote);
    }
    text
}

/// ``", did you mean `rename`?"``, or nothing if no name is near.
pub(super) fn suggestion(given: &str, names: &[&str], quote: char) -> String {
    match nearest(given, names) {
        Some(name) => format!(", did you mean {quote}{name}{quote}?"),
        None => String::new(),
    }
}

/// The name that takes the fewest edits to reach, unless so many that it is another word.
fn nearest<'a>(given: &str, names: &[&'a str]) -> Option<&'a str> {
    let given = given.to_lowercase();
    names
        .iter()
        .map(|name| (distance(&given, &name.to_lowercase()), *name))
        .filter(|(edits, name)| *edits <= (name.len().max(3) / 3))
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, name)| name)
}

/// Levenshtein's edit distance, two neighbours swapped being two edits.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(nearest("renmae", &["rename", "alias"]), Some("rename"));
        assert_eq!(nearest("Skip", &["rename", "skip"]), Some("skip"));
        assert_eq!(nearest("color", &["rename", "skip"]), None);
    }
}
