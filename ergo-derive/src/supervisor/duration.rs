//! Times as text: `"500ms"`, `"5s"`.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

/// The units, in milliseconds.
const UNITS: &[(&str, u64)] = &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];

/// The time that a text says.
///
/// # Errors
///
/// What to write instead.
pub(super) fn read(text: &LitStr) -> syn::Result<Duration> {
    let value = text.value();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let unit = UNITS.iter().find(|(name, _)| *name == unit);
    let time = match (number.parse::<u64>(), unit) {
        (Ok(number), Some((_, millis))) => number.checked_mul(*millis),
        _ => {
            let message = format!(
                "\"{value}\" is no time: write a whole number and a unit, as in \"500ms\", \"5s\", \
                 \"1m\" or \"1h\""
            );
            return Err(syn::Error::new(text.span(), message));
        }
    };
    time.map(Duration::from_millis).ok_or_else(|| {
        syn::Error::new(text.span(), format!("\"{value}\" is longer than any clock"))
    })
}

/// The time in the expansion.
pub(super) fn written(time: Duration) -> TokenStream {
    let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    quote!(::core::time::Duration::from_millis(#millis))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    #[test]
    fn reads_a_number_and_a_unit() {
        let read = |text: &str| read(&LitStr::new(text, Span::call_site()));
        for (text, millis) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("0s", 0),
            ("1m", 60_000),
            ("2h", 7_200_000),
        ] {
            assert_eq!(read(text).unwrap(), Duration::from_millis(millis));
        }
        for text in [
            "5",
            "s",
            "",
            "5 s",
            "-5s",
            "1.5s",
            "5sec",
            "99999999999999999999s",
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains("is no time"), "{error}");
        }
        let error = read("18446744073709551615h").unwrap_err().to_string();
        assert!(error.contains("longer than any clock"), "{error}");
    }
}
