//! What `#[term(…)]` takes on a type, a variant and a field.

use syn::punctuated::Punctuated;
use syn::{Attribute, ExprPath, Ident, LitStr, Path, Token, WherePredicate};

use crate::attr::{Known, Options, Schema};
use crate::case::Case;
use crate::errors::Errors;

const CONTAINER: Schema = Schema {
    whose: "`#[term]` on a type",
    known: &[
        Known::maybe_text("tag"),
        Known::maybe_text("record"),
        Known::flag("tuple"),
        Known::flag("proplist"),
        Known::text("elixir"),
        Known::flag("transparent"),
        Known::flag("untagged"),
        Known::flag("positional"),
        Known::text("rename"),
        Known::text("rename_all"),
        Known::text("keys"),
        Known::text("none"),
        Known::flag("skip_none"),
        Known::flag("deny_unknown"),
        Known::maybe_text("default"),
        Known::text("bound"),
        Known::text("crate"),
    ],
    elsewhere: &[
        ("alias", "`alias` belongs on a variant or a field"),
        ("with", "`with` belongs on a field"),
        ("as", "`as` belongs on a field"),
        ("skip", "`skip` belongs on a field"),
        ("flatten", "`flatten` belongs on a field"),
    ],
};

const VARIANT: Schema = Schema {
    whose: "`#[term]` on a variant",
    known: &[
        Known::text("rename"),
        Known::text("alias").repeated(),
        Known::text("rename_all"),
        Known::flag("positional"),
    ],
    elsewhere: &[
        (
            "tag",
            "a variant is tagged with its name; write `rename` to change it",
        ),
        (
            "tuple",
            "write `positional` for `{variant, A, B}` from named fields",
        ),
        (
            "record",
            "write `positional` for `{variant, A, B}` from named fields",
        ),
        (
            "untagged",
            "`untagged` belongs on the enum, for all of its variants",
        ),
        (
            "skip",
            "a variant cannot be skipped; `skip` belongs on a field",
        ),
    ],
};

const FIELD: Schema = Schema {
    whose: "`#[term]` on a field",
    known: &[
        Known::text("rename"),
        Known::text("alias").repeated(),
        Known::maybe_text("default"),
        Known::text("with"),
        Known::text("as"),
        Known::text("none"),
        Known::flag("skip"),
        Known::flag("flatten"),
    ],
    elsewhere: &[
        (
            "rename_all",
            "`rename_all` belongs on the type or the variant",
        ),
        (
            "skip_none",
            "`skip_none` belongs on the type, for all of its fields",
        ),
        ("record", "`record` belongs on the struct"),
        ("tuple", "`tuple` belongs on the struct"),
        (
            "proplist",
            "`proplist` belongs on the struct; a map field is written as one by `as = \"proplist\"`",
        ),
        ("tag", "`tag` belongs on the struct"),
        ("elixir", "`elixir` belongs on the struct"),
    ],
};

/// What map keys are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keys {
    Atom,
    Binary,
}

/// Another encoding of a field's type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    Charlist,
    Atom,
    List,
    Tuple,
    Proplist,
}

impl As {
    const CHOICES: &'static [(&'static str, As)] = &[
        ("charlist", As::Charlist),
        ("atom", As::Atom),
        ("list", As::List),
        ("tuple", As::Tuple),
        ("proplist", As::Proplist),
    ];
}

/// What stands in for an absent field.
pub(super) enum Fallback {
    /// `Default::default()`
    Trait,
    /// A function without arguments.
    Function(ExprPath),
}

/// A name that the user wrote, or `None` where they left it to us, and where.
pub(super) struct Given<T> {
    pub(super) key: Ident,
    pub(super) value: T,
}

/// The attributes of a struct or enum.
pub(super) struct Container {
    pub(super) tag: Option<Given<Option<LitStr>>>,
    pub(super) record: Option<Given<Option<LitStr>>>,
    pub(super) tuple: Option<Ident>,
    pub(super) proplist: Option<Ident>,
    pub(super) elixir: Option<Given<LitStr>>,
    pub(super) transparent: Option<Ident>,
    pub(super) untagged: Option<Ident>,
    pub(super) positional: Option<Ident>,
    pub(super) rename: Option<Given<LitStr>>,
    pub(super) rename_all: Option<Given<Case>>,
    pub(super) keys: Option<Given<Keys>>,
    pub(super) none: Option<Given<LitStr>>,
    pub(super) skip_none: Option<Ident>,
    pub(super) deny_unknown: Option<Ident>,
    pub(super) default: Option<Given<Fallback>>,
    pub(super) bound: Option<Punctuated<WherePredicate, Token![,]>>,
    pub(super) krate: Option<Path>,
}

/// The attributes of a variant.
pub(super) struct Variant {
    pub(super) rename: Option<Given<LitStr>>,
    pub(super) aliases: Vec<LitStr>,
    pub(super) rename_all: Option<Given<Case>>,
    pub(super) positional: Option<Ident>,
}

/// The attributes of a field.
pub(super) struct Field {
    pub(super) rename: Option<Given<LitStr>>,
    pub(super) aliases: Vec<Given<LitStr>>,
    pub(super) default: Option<Given<Fallback>>,
    pub(super) with: Option<Given<Path>>,
    pub(super) as_: Option<Given<As>>,
    pub(super) none: Option<Given<LitStr>>,
    pub(super) skip: Option<Ident>,
    pub(super) flatten: Option<Ident>,
}

impl Container {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Container {
        let options = Options::of_attributes(attrs, "term", &CONTAINER, errors);
        let keys = [("atom", Keys::Atom), ("binary", Keys::Binary)];
        Container {
            tag: maybe_text(&options, "tag"),
            record: maybe_text(&options, "record"),
            tuple: flag(&options, "tuple"),
            proplist: flag(&options, "proplist"),
            elixir: text(&options, "elixir"),
            transparent: flag(&options, "transparent"),
            untagged: flag(&options, "untagged"),
            positional: flag(&options, "positional"),
            rename: text(&options, "rename"),
            rename_all: choice(&options, "rename_all", Case::CHOICES, errors),
            keys: choice(&options, "keys", &keys, errors),
            none: text(&options, "none"),
            skip_none: flag(&options, "skip_none"),
            deny_unknown: flag(&options, "deny_unknown"),
            default: fallback(&options, errors),
            bound: options.text("bound").and_then(|text| {
                let predicates = text.parse_with(Punctuated::parse_terminated);
                errors.ok(predicates.map_err(|_| {
                    syn::Error::new_spanned(
                        text,
                        "expected what stands after `where`: `bound = \"T: Trait, U: Trait\"`",
                    )
                }))
            }),
            krate: options.text("crate").and_then(|text| {
                path(
                    text,
                    "expected the path of the crate: `crate = \"my::ergo\"`",
                    errors,
                )
            }),
        }
    }
}

impl Variant {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Variant {
        let options = Options::of_attributes(attrs, "term", &VARIANT, errors);
        Variant {
            rename: text(&options, "rename"),
            aliases: options
                .all("alias")
                .filter_map(|given| given.text().cloned())
                .collect(),
            rename_all: choice(&options, "rename_all", Case::CHOICES, errors),
            positional: flag(&options, "positional"),
        }
    }
}

impl Field {
    pub(super) fn read(attrs: &[Attribute], errors: &mut Errors) -> Field {
        let options = Options::of_attributes(attrs, "term", &FIELD, errors);
        Field {
            rename: text(&options, "rename"),
            aliases: options
                .all("alias")
                .filter_map(|given| {
                    Some(Given {
                        key: given.key.clone(),
                        value: given.text().cloned()?,
                    })
                })
                .collect(),
            default: fallback(&options, errors),
            with: text(&options, "with").and_then(|given| {
                let message =
                    "expected the path of a module with `encode` and `decode`: `with = \"my::module\"`";
                Some(Given {
                    key: given.key,
                    value: path(&given.value, message, errors)?,
                })
            }),
            as_: choice(&options, "as", As::CHOICES, errors),
            none: text(&options, "none"),
            skip: flag(&options, "skip"),
            flatten: flag(&options, "flatten"),
        }
    }
}

fn flag(options: &Options, name: &str) -> Option<Ident> {
    options.get(name).map(|given| given.key.clone())
}

fn text(options: &Options, name: &str) -> Option<Given<LitStr>> {
    let given = options.get(name)?;
    Some(Given {
        key: given.key.clone(),
        value: given.text().cloned()?,
    })
}

fn maybe_text(options: &Options, name: &str) -> Option<Given<Option<LitStr>>> {
    options.get(name).map(|given| Given {
        key: given.key.clone(),
        value: given.text().cloned(),
    })
}

fn choice<T: Copy>(
    options: &Options,
    name: &str,
    choices: &[(&'static str, T)],
    errors: &mut Errors,
) -> Option<Given<T>> {
    Some(Given {
        key: options.get(name)?.key.clone(),
        value: options.choice(name, choices, errors)?,
    })
}

fn fallback(options: &Options, errors: &mut Errors) -> Option<Given<Fallback>> {
    let given = options.get("default")?;
    let value = match given.text() {
        None => Fallback::Trait,
        Some(text) => Fallback::Function(errors.ok(text.parse().map_err(|_| {
            syn::Error::new_spanned(
                text,
                "expected the path of a function: `default = \"my::function\"`",
            )
        }))?),
    };
    Some(Given {
        key: given.key.clone(),
        value,
    })
}

fn path(text: &LitStr, message: &str, errors: &mut Errors) -> Option<Path> {
    errors.ok(text
        .parse_with(Path::parse_mod_style)
        .map_err(|_| syn::Error::new_spanned(text, message)))
}
