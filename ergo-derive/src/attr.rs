//! Options in attributes: `#[term(record = "user", skip_none)]`.
//!
//! A [`Schema`] lists what an attribute takes in one place. Whatever else stands there is answered
//! with the list and the nearest spelling, and does not keep the options after it from being read.

mod spelling;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Ident, Lit, LitBool, LitInt, LitStr, Meta, Path, Token};

use crate::errors::Errors;

pub(crate) use spelling::no_choice;
use spelling::{listed, suggestion};

/// What may stand between the parentheses of an attribute.
pub(crate) struct Schema {
    /// The attribute and its place, as a message names them: ``"`#[term]` on a field"``.
    pub(crate) whose: &'static str,
    pub(crate) known: &'static [Known],
    /// Options that are right in another place, and what to do instead.
    pub(crate) elsewhere: &'static [(&'static str, &'static str)],
}

/// An option that an attribute knows.
pub(crate) struct Known {
    name: &'static str,
    takes: Takes,
    /// A value, as messages show it.
    example: &'static str,
    repeats: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Text,
    MaybeText,
    Number,
    MaybeBool,
}

impl Known {
    /// `skip`
    pub(crate) const fn flag(name: &'static str) -> Known {
        Known::new(name, Takes::Nothing)
    }

    /// `rename = "text"`
    pub(crate) const fn text(name: &'static str) -> Known {
        Known::new(name, Takes::Text)
    }

    /// `default` or `default = "text"`
    pub(crate) const fn maybe_text(name: &'static str) -> Known {
        Known::new(name, Takes::MaybeText)
    }

    /// `intensity = 3`
    pub(crate) const fn number(name: &'static str) -> Known {
        Known::new(name, Takes::Number).such_as("3")
    }

    /// `significant`, which is `significant = true`
    pub(crate) const fn maybe_bool(name: &'static str) -> Known {
        Known::new(name, Takes::MaybeBool).such_as("true")
    }

    /// A value that messages give as the example.
    pub(crate) const fn such_as(self, example: &'static str) -> Known {
        Known { example, ..self }
    }

    /// May be given more than once.
    pub(crate) const fn repeated(self) -> Known {
        Known {
            repeats: true,
            ..self
        }
    }

    const fn new(name: &'static str, takes: Takes) -> Known {
        Known {
            name,
            takes,
            example: "\"…\"",
            repeats: false,
        }
    }
}

/// An option as the user gave it.
#[derive(Clone)]
pub(crate) struct Given {
    /// The word itself, for errors that concern the option.
    pub(crate) key: Ident,
    /// Its value, if it has one.
    pub(crate) value: Option<Lit>,
}

impl Given {
    /// Its value, if that is a text.
    pub(crate) fn text(&self) -> Option<&LitStr> {
        match &self.value {
            Some(Lit::Str(text)) => Some(text),
            _ => None,
        }
    }
}

/// The options of one attribute, or of all attributes of that name on one item.
#[derive(Default)]
pub(crate) struct Options {
    given: Vec<Given>,
}

impl Options {
    /// Reads every `#[attribute(…)]` among `attrs`; other attributes are not ours.
    pub(crate) fn of_attributes(
        attrs: &[Attribute],
        attribute: &str,
        schema: &Schema,
        errors: &mut Errors,
    ) -> Options {
        let mut options = Options::default();
        for attr in attrs.iter().filter(|a| a.path().is_ident(attribute)) {
            match &attr.meta {
                Meta::List(list) => options.read(list.tokens.clone(), schema, errors),
                Meta::Path(path) => errors.push(
                    path,
                    format!(
                        "options go in parentheses: `#[{attribute}({})]`",
                        schema.example()
                    ),
                ),
                Meta::NameValue(pair) => errors.push(
                    pair,
                    format!(
                        "options go in parentheses: `#[{attribute}({})]`",
                        schema.example()
                    ),
                ),
            }
        }
        options
    }

    /// Reads what stands between the parentheses of an attribute macro: `name = "…", flag`.
    pub(crate) fn of_tokens(tokens: TokenStream, schema: &Schema, errors: &mut Errors) -> Options {
        let mut options = Options::default();
        options.read(tokens, schema, errors);
        options
    }

    /// An option that is given, flag or not.
    pub(crate) fn get(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.key == name)
    }

    /// Whether an option is given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of an option that is given with one.
    pub(crate) fn text(&self, name: &str) -> Option<&LitStr> {
        self.get(name).and_then(Given::text)
    }

    /// The number of an option that is given with one.
    pub(crate) fn number(&self, name: &str) -> Option<&LitInt> {
        match &self.get(name)?.value {
            Some(Lit::Int(number)) => Some(number),
            _ => None,
        }
    }

    /// Whether an option that may be alone is given, and not `false`.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        match self.get(name).map(|given| &given.value) {
            Some(Some(Lit::Bool(LitBool { value, .. }))) => *value,
            given => given.is_some(),
        }
    }

    /// The name of a type that an option gives.
    pub(crate) fn type_name(&self, name: &str, errors: &mut Errors) -> Option<Ident> {
        let text = self.text(name)?;
        errors.ok(text.parse().map_err(|_| {
            let message = format!("`{}` is no name for a type", text.value());
            syn::Error::new(text.span(), message)
        }))
    }

    /// Where ergo is: `crate = "…"`, or `::ergo`.
    pub(crate) fn krate(&self, errors: &mut Errors) -> Path {
        let given = self.text("crate").and_then(|text| errors.ok(text.parse()));
        given.unwrap_or_else(|| {
            let ergo = Ident::new("ergo", Span::call_site());
            syn::parse_quote!(::#ergo)
        })
    }

    /// Every occurrence of an option that may be repeated.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(move |given| given.key == name)
    }

    /// What an option with a fixed set of values says.
    pub(crate) fn choice<T: Copy>(
        &self,
        name: &str,
        choices: &[(&'static str, T)],
        errors: &mut Errors,
    ) -> Option<T> {
        let text = self.text(name)?;
        let value = text.value();
        let found = choices.iter().find(|(choice, _)| *choice == value);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(choice, _)| *choice).collect();
            errors.push(text, no_choice(name, &value, &names));
        }
        found.map(|(_, value)| *value)
    }

    fn read(&mut self, tokens: TokenStream, schema: &Schema, errors: &mut Errors) {
        for part in split_at_commas(tokens) {
            let parsed = (|input: ParseStream<'_>| schema.parse_one(input)).parse2(part);
            let Some((known, given)) = errors.ok(parsed) else {
                continue;
            };
            if !known.repeats && self.has(known.name) {
                errors.push(
                    &given.key,
                    format!("`{}` is given twice; keep one", known.name),
                );
            } else {
                self.given.push(given);
            }
        }
    }
}

impl Schema {
    pub(crate) fn knows(&self, option: &str) -> bool {
        self.known.iter().any(|known| known.name == option)
    }

    fn parse_one(&self, input: ParseStream<'_>) -> syn::Result<(&Known, Given)> {
        let key = input.call(Ident::parse_any).map(|key| key.unraw());
        let key = key.map_err(|error| {
            syn::Error::new(
                error.span(),
                format!("expected an option: {} takes {}", self.whose, self.list()),
            )
        })?;
        let Some(known) = self.known.iter().find(|known| key == known.name) else {
            return Err(self.unknown(&key));
        };
        let name = known.name;
        if !input.peek(Token![=]) {
            if !input.is_empty() {
                return Err(syn::Error::new(input.span(), known.usage()));
            }
            if matches!(known.takes, Takes::Text | Takes::Number) {
                return Err(syn::Error::new_spanned(
                    &key,
                    format!("`{name}` needs a value: `{name} = {}`", known.example),
                ));
            }
            return Ok((known, Given { key, value: None }));
        }
        let equals: Token![=] = input.parse()?;
        if known.takes == Takes::Nothing {
            let message = format!("`{name}` takes no value: write `{name}` alone");
            return Err(syn::Error::new_spanned(equals, message));
        }
        let value = match known.takes {
            Takes::Number => input.parse().map(Lit::Int),
            Takes::MaybeBool => input.parse().map(Lit::Bool),
            _ => input.parse().map(Lit::Str),
        };
        let value = value.map_err(|error| syn::Error::new(error.span(), known.usage()))?;
        if !input.is_empty() {
            return Err(input.error("expected a comma"));
        }
        Ok((
            known,
            Given {
                key,
                value: Some(value),
            },
        ))
    }

    fn unknown(&self, key: &Ident) -> syn::Error {
        let word = key.to_string();
        if let Some((_, instead)) = self.elsewhere.iter().find(|(name, _)| *name == word) {
            return syn::Error::new_spanned(key, *instead);
        }
        let names: Vec<&str> = self.known.iter().map(|known| known.name).collect();
        if names.is_empty() {
            return syn::Error::new_spanned(
                key,
                format!("unknown option `{word}`; {} takes none", self.whose),
            );
        }
        syn::Error::new_spanned(
            key,
            format!(
                "unknown option `{word}`{}; {} takes {}",
                suggestion(&word, &names, '`'),
                self.whose,
                self.list()
            ),
        )
    }

    fn list(&self) -> String {
        let names: Vec<&str> = self.known.iter().map(|known| known.name).collect();
        listed(&names, '`')
    }

    pub(crate) fn example(&self) -> String {
        match self.known.first() {
            Some(known) if matches!(known.takes, Takes::Text | Takes::Number) => {
                format!("{} = {}", known.name, known.example)
            }
            Some(known) => known.name.to_owned(),
            None => String::new(),
        }
    }
}

impl Known {
    fn usage(&self) -> String {
        let Known { name, example, .. } = self;
        match self.takes {
            Takes::Nothing => format!("expected `{name}` alone"),
            Takes::Text => format!("expected a string: `{name} = {example}`"),
            Takes::MaybeText => {
                format!("expected `{name}` alone or with a string: `{name} = {example}`")
            }
            Takes::Number => format!("expected a number: `{name} = {example}`"),
            Takes::MaybeBool => {
                format!("expected `{name}` alone, `{name} = true` or `{name} = false`")
            }
        }
    }
}

fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(Vec::new()),
            _ => parts
                .last_mut()
                .expect("there is always a last part")
                .push(token),
        }
    }
    parts
        .into_iter()
        .filter(|part: &Vec<TokenTree>| !part.is_empty())
        .map(TokenStream::from_iter)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    const SCHEMA: Schema = Schema {
        whose: "`#[term]` on a field",
        known: &[
            Known::text("rename"),
            Known::text("alias").repeated(),
            Known::maybe_text("default"),
            Known::flag("skip"),
            Known::text("as"),
            Known::number("intensity"),
            Known::maybe_bool("significant"),
        ],
        elsewhere: &[("record", "`record` belongs on the struct")],
    };

    fn read(tokens: TokenStream) -> (Options, String) {
        let mut errors = Errors::new();
        let options = Options::of_tokens(tokens, &SCHEMA, &mut errors);
        (options, errors.into_compile_errors().to_string())
    }

    #[test]
    fn reads_flags_texts_and_keywords() {
        let (options, errors) =
            read(quote!(rename = "a", alias = "b", alias = "c", default, as = "atom", skip,));
        assert_eq!(errors, "");
        assert_eq!(options.text("rename").unwrap().value(), "a");
        assert_eq!(options.all("alias").count(), 2);
        assert!(options.has("default") && options.text("default").is_none());
        assert_eq!(options.text("as").unwrap().value(), "atom");
        assert!(options.has("skip"));
    }

    #[test]
    fn reads_numbers_and_truths() {
        let (options, errors) = read(quote!(intensity = 3, significant));
        assert_eq!(errors, "");
        let number = options.number("intensity").unwrap();
        assert_eq!(number.base10_parse::<u32>().unwrap(), 3);
        assert!(options.is_true("significant"));
        assert!(read(quote!(significant = true)).0.is_true("significant"));
        assert!(!read(quote!(significant = false)).0.is_true("significant"));
        assert!(!read(quote!(skip)).0.is_true("significant"));
    }

    #[test]
    fn answers_what_it_does_not_know() {
        for (tokens, message) in [
            (
                quote!(renam = "a"),
                "unknown option `renam`, did you mean `rename`?; `#[term]` on a field takes \
                 `rename`, `alias`, `default`, `skip`, `as`, `intensity` and `significant`",
            ),
            (quote!(record = "a"), "`record` belongs on the struct"),
            (
                quote!(skip = "a"),
                "`skip` takes no value: write `skip` alone",
            ),
            (
                quote!(rename),
                "`rename` needs a value: `rename = \\\"…\\\"`",
            ),
            (
                quote!(rename = a::b),
                "expected a string: `rename = \\\"…\\\"`",
            ),
            (
                quote!(rename("a")),
                "expected a string: `rename = \\\"…\\\"`",
            ),
            (
                quote!(intensity),
                "`intensity` needs a value: `intensity = 3`",
            ),
            (
                quote!(intensity = "3"),
                "expected a number: `intensity = 3`",
            ),
            (
                quote!(significant = 1),
                "expected `significant` alone, `significant = true` or `significant = false`",
            ),
            (quote!(rename = "a" skip), "expected a comma"),
            (quote!(skip, skip), "`skip` is given twice; keep one"),
            (
                quote!("a"),
                "expected an option: `#[term]` on a field takes",
            ),
        ] {
            let (_, errors) = read(tokens);
            assert!(errors.contains(message), "{errors}");
            assert_eq!(errors.matches("compile_error").count(), 1, "{errors}");
        }
    }

    #[test]
    fn reads_on_after_a_mistake() {
        let (options, errors) = read(quote!(renam = "a", skip, nonsense, default = "f"));
        assert_eq!(errors.matches("compile_error").count(), 2);
        assert!(options.has("skip"));
        assert_eq!(options.text("default").unwrap().value(), "f");
    }

    #[test]
    fn reads_a_choice_or_names_them_all() {
        let choices = [("atom", 1), ("binary", 2)];
        let mut errors = Errors::new();
        let (options, _) = read(quote!(as = "binary"));
        assert_eq!(options.choice("as", &choices, &mut errors), Some(2));
        let (options, _) = read(quote!(as = "binari"));
        assert_eq!(options.choice("as", &choices, &mut errors), None);
        let errors = errors.into_compile_errors().to_string();
        assert!(
            errors.contains(
                "unknown `as` \\\"binari\\\", did you mean \\\"binary\\\"?; the choices are"
            ),
            "{errors}"
        );
    }
}
