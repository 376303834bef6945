//! The options of `#[gen_server(…)]`.

use proc_macro2::TokenStream;
use syn::{Ident, Path};

use crate::attr::{Known, Options, Schema};
use crate::errors::Errors;

const SCHEMA: Schema = Schema {
    whose: "`#[gen_server]`",
    known: &[
        Known::text("unknown"),
        Known::text("message"),
        Known::text("info"),
        Known::text("client"),
        Known::text("crate"),
    ],
    elsewhere: &[
        ("tag", "`tag` belongs on a handler: `#[call(tag = \"…\")]`"),
        ("local", "`local` belongs on a handler: `#[call(local)]`"),
        (
            "name",
            "a name is given at the start: `Kv::start(&node).name(\"kv\")`",
        ),
    ],
};

/// What becomes of a message that fits no handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Reply,
    Crash,
    Ignore,
}

/// `#[gen_server(unknown = "crash", …)]`
pub(super) struct ServerOptions {
    pub(super) unknown: Unknown,
    pub(super) message: Option<Ident>,
    pub(super) info: Option<Ident>,
    pub(super) client: Option<Ident>,
    pub(super) krate: Path,
}

impl ServerOptions {
    pub(super) fn read(tokens: TokenStream, errors: &mut Errors) -> ServerOptions {
        let options = Options::of_tokens(tokens, &SCHEMA, errors);
        let choices = [
            ("reply", Unknown::Reply),
            ("crash", Unknown::Crash),
            ("ignore", Unknown::Ignore),
        ];
        let unknown = options.choice("unknown", &choices, errors);
        ServerOptions {
            unknown: unknown.unwrap_or(Unknown::Reply),
            message: options.type_name("message", errors),
            info: options.type_name("info", errors),
            client: options.type_name("client", errors),
            krate: options.krate(errors),
        }
    }
}
