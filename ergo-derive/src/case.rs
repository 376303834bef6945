//! Rust names to Erlang names.

use heck::{
    ToKebabCase, ToLowerCamelCase, ToShoutyKebabCase, ToShoutySnakeCase, ToSnakeCase,
    ToUpperCamelCase,
};
use syn::Ident;
use syn::ext::IdentExt;

/// How the words of a Rust name are written as an atom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl Case {
    /// What `rename_all` takes, spelled as in serde.
    pub(crate) const CHOICES: &'static [(&'static str, Case)] = &[
        ("lowercase", Case::Lower),
        ("UPPERCASE", Case::Upper),
        ("PascalCase", Case::Pascal),
        ("camelCase", Case::Camel),
        ("snake_case", Case::Snake),
        ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
        ("kebab-case", Case::Kebab),
        ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
    ];

    pub(crate) fn apply(self, name: &str) -> String {
        match self {
            Case::Lower => name.to_lowercase(),
            Case::Upper => name.to_uppercase(),
            Case::Pascal => name.to_upper_camel_case(),
            Case::Camel => name.to_lower_camel_case(),
            Case::Snake => name.to_snake_case(),
            Case::ScreamingSnake => name.to_shouty_snake_case(),
            Case::Kebab => name.to_kebab_case(),
            Case::ScreamingKebab => name.to_shouty_kebab_case(),
        }
    }
}

/// A name as the user thinks of it: `type` for `r#type`.
pub(crate) fn unraw(ident: &Ident) -> String {
    ident.unraw().to_string()
}

/// The atom that a type or variant is by default: `TooBig` is `too_big`.
pub(crate) fn snake(ident: &Ident) -> String {
    Case::Snake.apply(&unraw(ident))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_types_and_variants_in_snake_case() {
        for (rust, erlang) in [
            ("NotFound", "not_found"),
            ("U", "u"),
            ("HttpError", "http_error"),
            ("HTTPError", "http_error"),
            ("Ipv4", "ipv4"),
            ("r#Try", "try"),
        ] {
            let ident: Ident = if let Some(raw) = rust.strip_prefix("r#") {
                Ident::new_raw(raw, proc_macro2::Span::call_site())
            } else {
                Ident::new(rust, proc_macro2::Span::call_site())
            };
            assert_eq!(snake(&ident), erlang);
        }
    }

    #[test]
    fn applies_every_case() {
        let written: Vec<_> = Case::CHOICES
            .iter()
            .map(|(_, case)| case.apply("TooBig"))
            .collect();
        assert_eq!(
            written,
            [
                "toobig", "TOOBIG", "TooBig", "tooBig", "too_big", "TOO_BIG", "too-big", "TOO-BIG"
            ]
        );
    }
}
