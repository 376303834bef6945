//! What can be wrong with bytes, and with values.

/// Why bytes are not the wanted value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("todo")]
pub struct DecodeError {}

/// The kinds of [`DecodeError`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {}

/// Why a value has no encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// NaN and the infinities are no Erlang floats.
    #[error("{0} is not an Erlang float; send an atom in its place")]
    NotFinite(f64Text),
    /// lo
    #[error("lo")]
    LocalOnly,
}

/// todo
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub struct f64Text;
impl std::fmt::Display for f64Text {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        todo!()
    }
}
