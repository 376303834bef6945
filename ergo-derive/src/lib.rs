//! The macros of ergo.
//!
//! Every macro is a pipeline of the same stages, one a file: the parsed item (`ast`), its attributes
//! (`attr`), what makes no sense (`valid`), the code (`expand`). No stage stops at the first error.

mod attr;
mod case;
mod errors;
mod literal;

#[allow(missing_docs)] // Documented where it is re-exported: `ergo::term!`.
#[proc_macro]
pub fn term(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    literal::expand(tokens.into()).into()
}
