//! `term!`: terms as an Erlang person writes them.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Lit, LitInt, LitStr, Result, Token, braced, bracketed, parenthesized, token};

mod bits;

/// What `ergo::Term` says, and what the compiler refuses before that.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    match syn::parse2::<Written>(tokens) {
        Ok(Written(term)) => term,
        Err(error) => error.into_compile_error(),
    }
}

/// The expression that makes one term.
struct Written(TokenStream);

impl Parse for Written {
    fn parse(input: ParseStream<'_>) -> Result<Written> {
        term(input).map(Written)
    }
}

fn term(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.peek(token::Paren) {
        return value(input);
    }
    if input.peek(token::Brace) {
        let content;
        braced!(content in input);
        let elements = terms(&content)?;
        return Ok(quote!(::ergo::Term::tuple([#(#elements),*])));
    }
    if input.peek(token::Bracket) {
        return list(input);
    }
    if input.peek(Token![#]) {
        return map(input);
    }
    if input.peek(Token![<<]) {
        return bits::binary(input);
    }
    if input.peek(Token![:]) {
        input.parse::<Token![:]>()?;
        let name: LitStr = input.parse()?;
        return atom(&name.value(), name.span());
    }
    if input.peek(Token![-]) || (input.peek(Lit) && !input.peek(syn::LitBool)) {
        return literal(input);
    }
    if input.peek(Ident::peek_any) {
        let word = input.call(Ident::parse_any)?;
        return if word == "fun" && input.peek(Ident::peek_any) {
            fun(input)
        } else {
            bare_atom(&word)
        };
    }
    Err(input.error(
        "expected a term: an atom `a` or `:\"A b\"`, a number, a string, `<<\"binary\">>`, `{…}`, \
         `[…]`, `#{…}`, `fun m:f/1`, or `(…)` around a Rust expression",
    ))
}

/// `(expression)`: any value that is `Into<Term>`.
fn value(input: ParseStream<'_>) -> Result<TokenStream> {
    let content;
    let paren = parenthesized!(content in input);
    if content.is_empty() {
        let message = "expected a Rust expression between the parentheses";
        return Err(Error::new(paren.span.join(), message));
    }
    let expression: TokenStream = content.parse()?;
    // Errors stand at the expression; lints know that nobody wrote the conversion.
    let at = paren.span.join().resolved_at(Span::mixed_site());
    Ok(quote_spanned!(at=> ::ergo::Term::from(#expression)))
}

/// Terms with commas between them, up to the end.
fn terms(input: ParseStream<'_>) -> Result<Vec<TokenStream>> {
    let mut terms = Vec::new();
    while !input.is_empty() {
        terms.push(term(input)?);
        if !input.is_empty() {
            input.parse::<Token![,]>()?;
        }
    }
    Ok(terms)
}

fn list(input: ParseStream<'_>) -> Result<TokenStream> {
    let content;
    bracketed!(content in input);
    let mut items = Vec::new();
    while !content.is_empty() {
        items.push(term(&content)?);
        if content.peek(Token![|]) {
            content.parse::<Token![|]>()?;
            let tail = term(&content)?;
            if !content.is_empty() {
                return Err(content.error("the tail ends the list: expected `]`"));
            }
            return Ok(quote!(::ergo::term::List::with_tail(::std::vec![#(#items),*], #tail)));
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(quote!(::ergo::Term::list([#(#items),*])))
}

fn map(input: ParseStream<'_>) -> Result<TokenStream> {
    input.parse::<Token![#]>()?;
    if !input.peek(token::Brace) {
        return Err(input.error(
            "expected a map, `#{key => value}`; make records and identifiers in Rust and write `(value)`",
        ));
    }
    let content;
    braced!(content in input);
    let mut pairs = Vec::new();
    while !content.is_empty() {
        let key = term(&content)?;
        content.parse::<Token![=>]>()?;
        let value = term(&content)?;
        pairs.push(quote!((#key, #value)));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(quote!(::ergo::Term::map([#(#pairs),*])))
}

/// `fun module:function/arity`, of which `fun` is read.
fn fun(input: ParseStream<'_>) -> Result<TokenStream> {
    let module = name(input)?;
    input.parse::<Token![:]>()?;
    let function = name(input)?;
    input.parse::<Token![/]>()?;
    let arity: LitInt = input.parse()?;
    let arity: u8 = arity.base10_parse()?;
    Ok(quote! {
        ::ergo::Term::Fun(::ergo::term::Fun::external(
            ::ergo::Atom::new(#module),
            ::ergo::Atom::new(#function),
            #arity,
        ))
    })
}

fn name(input: ParseStream<'_>) -> Result<String> {
    let word = input.call(Ident::parse_any)?;
    checked_name(&word)
}

fn bare_atom(word: &Ident) -> Result<TokenStream> {
    let name = checked_name(word)?;
    atom(&name, word.span())
}

/// The name of an atom without quotes; what Erlang takes for a variable is none.
fn checked_name(word: &Ident) -> Result<String> {
    let name = word.unraw().to_string();
    if name.starts_with(|c: char| c == '_' || c.is_uppercase()) {
        let message = format!(
            "`{name}` would be a variable in Erlang: write `(expression)` for the value of a Rust \
             expression, or `:\"{name}\"` for the atom '{name}'"
        );
        return Err(Error::new(word.span(), message));
    }
    Ok(name)
}

fn atom(name: &str, span: Span) -> Result<TokenStream> {
    let characters = name.chars().count();
    if characters > 255 {
        let message = format!("an atom has at most 255 characters, this one has {characters}");
        return Err(Error::new(span, message));
    }
    Ok(quote_spanned!(span=> ::ergo::Term::atom(#name)))
}

/// A number, a string or a character.
fn literal(input: ParseStream<'_>) -> Result<TokenStream> {
    let negative = input.parse::<Option<Token![-]>>()?.is_some();
    let span = input.span();
    match input.parse::<Lit>()? {
        Lit::Int(int) => {
            if input.peek(Token![#]) {
                let message = "write a number with a base as in Rust: `0xff`, `0b101`, `0o17`";
                return Err(input.error(message));
            }
            no_suffix(int.suffix(), span)?;
            let text = format!("{}{}", if negative { "-" } else { "" }, int.base10_digits());
            integer(&text, span)
        }
        Lit::Char(c) => integer(&signed(negative, u32::from(c.value())), span),
        Lit::Byte(b) => integer(&signed(negative, u32::from(b.value())), span),
        Lit::Float(float) => {
            no_suffix(float.suffix(), span)?;
            let value: f64 = float.base10_parse()?;
            if !value.is_finite() {
                return Err(Error::new(span, "the float is too large"));
            }
            let value = if negative { -value } else { value };
            Ok(quote!(::ergo::Term::Float(#value)))
        }
        Lit::Str(text) if !negative => Ok(quote!(::ergo::Term::charlist(#text))),
        Lit::ByteStr(bytes) if !negative => Ok(static_binary(&bytes.value(), span)),
        _ => Err(Error::new(span, "expected a number")),
    }
}

fn signed(negative: bool, value: u32) -> String {
    format!("{}{value}", if negative { "-" } else { "" })
}

fn no_suffix(suffix: &str, span: Span) -> Result<()> {
    match suffix {
        "" => Ok(()),
        _ => Err(Error::new(
            span,
            "numbers of a term have no Rust type: drop the suffix",
        )),
    }
}

fn integer(text: &str, span: Span) -> Result<TokenStream> {
    if let Ok(int) = text.parse::<i64>() {
        return Ok(quote!(::ergo::Term::Int(#int)));
    }
    let wide = match (text.parse::<i128>(), text.parse::<u128>()) {
        (Ok(int), _) => Literal::i128_suffixed(int),
        (_, Ok(int)) => Literal::u128_suffixed(int),
        _ => {
            let message = "more than 128 bits: parse a `BigInt` and write `(big)`";
            return Err(Error::new(span, message));
        }
    };
    Ok(quote!(::ergo::Term::from(#wide)))
}

fn static_binary(bytes: &[u8], span: Span) -> TokenStream {
    let mut bytes = Literal::byte_string(bytes);
    bytes.set_span(span);
    quote!(::ergo::Term::from_static(#bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let tokens = text.parse().expect("tokens");
        match syn::parse2::<Written>(tokens) {
            Ok(Written(term)) => panic!("{text} is {term}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn says_what_to_write_instead() {
        for (text, hint) in [
            ("{put, Key}", "(expression)"),
            ("_x", ":\"_x\""),
            ("", "expected a term"),
            ("()", "a Rust expression"),
            ("16#ff", "0xff"),
            ("1u8", "drop the suffix"),
            ("-\"a\"", "expected a number"),
            ("[a | b, c]", "the tail ends the list"),
            ("[| b]", "expected a term"),
            ("#geo:point{}", "expected a map"),
            ("#{a}", "expected `=>`"),
            ("a b", "unexpected token"),
            ("1e999", "too large"),
            ("<<256>>", "8 bits"),
            ("<<\"é\">>", "/utf8"),
            ("<<1:65>>", "64 bits"),
            ("<<1", "`>>`"),
            ("<<(x)>>", "(x)"),
            ("fun m:f/256", "number too large"),
        ] {
            let message = error(text);
            assert!(message.contains(hint), "{text}: {message}");
        }
    }
}
