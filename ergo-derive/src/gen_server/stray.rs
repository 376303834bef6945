//! `#[call]` and its like where no `#[gen_server]` reads them.

use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The item as it is, and what is missing around it.
pub(crate) fn stray(name: &str, item: TokenStream) -> TokenStream {
    let error = syn::Error::new(
        Span::call_site(),
        format!(
            "`#[{name}]` marks a handler of a server: put `#[gen_server]` on the `impl` block around it"
        ),
    )
    .into_compile_error();
    quote!(#item #error)
}
