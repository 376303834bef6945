//! Everything that is wrong with one item, reported at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects errors, so that a user sees all of their mistakes in one run of the compiler.
///
/// Stages push what they find and go on with the rest; the entry point appends
/// [`into_compile_errors`](Errors::into_compile_errors) to whatever it could still expand.
#[derive(Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
}

impl Errors {
    pub(crate) fn new() -> Errors {
        Errors::default()
    }

    /// An error that underlines all of `tokens`.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.add(syn::Error::new_spanned(tokens, message.into()));
    }

    /// An error at one span.
    pub(crate) fn push_at(&mut self, span: Span, message: impl Into<String>) {
        self.add(syn::Error::new(span, message.into()));
    }

    /// An error that somebody else (mostly syn's parser) made.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            None => self.all = Some(error),
        }
    }

    /// The value, or `None` and the error noted.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(error);
                None
            }
        }
    }

    /// All that another collector holds.
    pub(crate) fn absorb(&mut self, other: Errors) {
        if let Some(other) = other.all {
            self.add(other);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none()
    }

    /// One `compile_error!` an error, nothing where there are none.
    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.all
            .map(syn::Error::into_compile_error)
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_every_error() {
        let mut errors = Errors::new();
        assert!(errors.is_empty());
        errors.push(quote::quote!(a b), "first");
        assert_eq!(
            errors.ok::<()>(Err(syn::Error::new(Span::call_site(), "second"))),
            None
        );
        errors.push_at(Span::call_site(), "third");
        assert!(!errors.is_empty());
        let tokens = errors.into_compile_errors().to_string();
        assert_eq!(tokens.matches("compile_error").count(), 3, "{tokens}");
    }
}
