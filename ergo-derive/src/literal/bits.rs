//! `<<…>>` in `term!`: the bits are known when the macro runs.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, Ident, Lit, LitInt, Result, Token, token};

use super::static_binary;

/// A binary or bit string of integers and strings: `<<"key", 0, 5:3>>`, `<<"é"/utf8>>`.
pub(super) fn binary(input: ParseStream<'_>) -> Result<TokenStream> {
    let span = input.span();
    input.parse::<Token![<<]>()?;
    let mut bits = Vec::new();
    while !input.peek(Token![>>]) {
        segment(input, &mut bits)?;
        if input.is_empty() {
            return Err(input.error("expected `>>`"));
        }
        if !input.peek(Token![>>]) {
            input.parse::<Token![,]>()?;
        }
    }
    input.parse::<Token![>>]>()?;
    let bytes: Vec<u8> = bits.chunks(8).map(byte).collect();
    if bits.len() % 8 == 0 {
        return Ok(static_binary(&bytes, span));
    }
    let (bytes, last) = (Literal::byte_string(&bytes), (bits.len() % 8) as u8);
    Ok(quote! {
        ::ergo::Term::bits(&#bytes[..], #last).expect("some bits of the last byte")
    })
}

fn byte(bits: &[bool]) -> u8 {
    let set = bits.iter().enumerate().filter(|(_, bit)| **bit);
    set.fold(0, |byte, (place, _)| byte | 0x80 >> place)
}

fn segment(input: ParseStream<'_>, bits: &mut Vec<bool>) -> Result<()> {
    if input.peek(token::Paren) {
        return Err(input.error(
            "a binary that Rust computes stands without the brackets: `(x)` for an `x` that is \
             `Bytes`, `Vec<u8>` or text",
        ));
    }
    let negative = input.parse::<Option<Token![-]>>()?.is_some();
    let span = input.span();
    match input.parse::<Lit>()? {
        Lit::Str(text) if !negative => {
            let utf8 = input.parse::<Option<Token![/]>>()?.is_some();
            if utf8 {
                let form: Ident = input.parse()?;
                if form != "utf8" {
                    return Err(Error::new(form.span(), "expected `utf8`"));
                }
            } else if !text.value().is_ascii() {
                let message = "text beyond ASCII needs its encoding: `<<\"…\"/utf8>>`";
                return Err(Error::new(span, message));
            }
            for byte in text.value().bytes() {
                push(bits, i128::from(byte), 8);
            }
            Ok(())
        }
        Lit::Int(int) => number(input, bits, negative, int.base10_parse()?, &int),
        Lit::Char(c) => number(input, bits, negative, u32::from(c.value()).into(), &c),
        Lit::Byte(b) => number(input, bits, negative, b.value().into(), &b),
        _ => Err(Error::new(span, "expected an integer or a string")),
    }
}

/// An integer of 8 bits, or of as many as `:size` says; one that they cannot hold is a mistake.
fn number(
    input: ParseStream<'_>,
    bits: &mut Vec<bool>,
    negative: bool,
    value: i128,
    literal: &impl quote::ToTokens,
) -> Result<()> {
    let mut size = 8;
    if input.parse::<Option<Token![:]>>()?.is_some() {
        let given: LitInt = input.parse()?;
        size = given.base10_parse()?;
        if size > 64 {
            return Err(Error::new(given.span(), "at most 64 bits in one integer"));
        }
    }
    let value = if negative { -value } else { value };
    // Either as an unsigned or as a signed integer, as Erlang leaves that to whoever reads.
    let range = -(1i128 << size) / 2..1i128 << size;
    if !range.contains(&value) {
        let message = format!("{value} does not fit {size} bits; say how many: `{value}:16`");
        return Err(Error::new_spanned(literal, message));
    }
    push(bits, value, size);
    Ok(())
}

fn push(bits: &mut Vec<bool>, value: i128, size: u32) {
    bits.extend((0..size).rev().map(|place| value >> place & 1 == 1));
}
