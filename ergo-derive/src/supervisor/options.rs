//! The options of `#[supervisor(…)]` and `#[child(…)]`.

use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Ident, LitStr, Path};

use crate::attr::{Known, Options, Schema, no_choice};
use crate::block;
use crate::errors::Errors;

use super::duration;
use super::model::{AutoShutdown, Kind, Restart, Shutdown, Strategy};

const ON_CHILD: &str = "this belongs on a child: `#[child(restart = \"transient\")]`";

const SUPERVISOR: Schema = Schema {
    whose: "`#[supervisor]`",
    known: &[
        Known::text("strategy"),
        Known::number("intensity"),
        Known::text("period").such_as("\"5s\""),
        Known::text("auto_shutdown"),
        Known::text("client"),
        Known::text("crate"),
    ],
    elsewhere: &[
        ("restart", ON_CHILD),
        (
            "shutdown",
            "this belongs on a child: `#[child(shutdown = \"5s\")]`",
        ),
        (
            "significant",
            "this belongs on a child: `#[child(significant = true)]`",
        ),
        (
            "name",
            "a name is given at the start: `AppSup::start(&node, AppSup).name(\"app_sup\")`",
        ),
    ],
};

const ON_SUPERVISOR: &str =
    "this belongs on the block: `#[supervisor(strategy = \"one_for_all\")]`";

const CHILD: Schema = Schema {
    whose: "`#[child]`",
    known: &[
        Known::text("name"),
        Known::text("restart"),
        Known::text("shutdown").such_as("\"5s\""),
        Known::maybe_bool("significant"),
        Known::text("type"),
    ],
    elsewhere: &[
        ("strategy", ON_SUPERVISOR),
        (
            "intensity",
            "this belongs on the block: `#[supervisor(intensity = 3)]`",
        ),
        (
            "period",
            "this belongs on the block: `#[supervisor(period = \"5s\")]`",
        ),
        (
            "auto_shutdown",
            "this belongs on the block: `#[supervisor(auto_shutdown = \"any_significant\")]`",
        ),
        ("id", "a child's id is its `name`"),
        ("kind", "a child's kind is its `type`"),
    ],
};

const RESTART: &[(&str, Restart)] = &[
    ("permanent", Restart::Permanent),
    ("transient", Restart::Transient),
    ("temporary", Restart::Temporary),
];

/// `#[supervisor(strategy = "rest_for_one", …)]`
pub(super) struct SupervisorOptions {
    pub(super) strategy: Strategy,
    pub(super) intensity: Option<u32>,
    pub(super) period: Option<Duration>,
    pub(super) auto_shutdown: AutoShutdown,
    pub(super) client: Option<Ident>,
    pub(super) krate: Path,
}

impl SupervisorOptions {
    pub(super) fn read(tokens: TokenStream, errors: &mut Errors) -> SupervisorOptions {
        let options = Options::of_tokens(tokens, &SUPERVISOR, errors);
        let strategies = [
            ("one_for_one", Strategy::OneForOne),
            ("one_for_all", Strategy::OneForAll),
            ("rest_for_one", Strategy::RestForOne),
            ("simple_one_for_one", Strategy::SimpleOneForOne),
        ];
        let strategy = match options.choice("strategy", &strategies, errors) {
            Some(strategy) => strategy,
            None if options.has("strategy") => Strategy::Unknown,
            None => Strategy::OneForOne,
        };
        let auto_shutdowns = [
            ("never", AutoShutdown::Never),
            ("any_significant", AutoShutdown::AnySignificant),
            ("all_significant", AutoShutdown::AllSignificant),
        ];
        let auto_shutdown = match options.choice("auto_shutdown", &auto_shutdowns, errors) {
            Some(auto_shutdown) => auto_shutdown,
            None if options.has("auto_shutdown") => AutoShutdown::Unknown,
            None => AutoShutdown::Never,
        };
        SupervisorOptions {
            strategy,
            intensity: intensity(&options, errors),
            period: period(&options, errors),
            auto_shutdown,
            client: options.type_name("client", errors),
            krate: options.krate(errors),
        }
    }
}

fn intensity(options: &Options, errors: &mut Errors) -> Option<u32> {
    let number = options.number("intensity")?;
    errors.ok(number.base10_parse().map_err(|_| {
        let message = format!(
            "`intensity` is a number of restarts, 0 to {}: `intensity = 3`",
            u32::MAX
        );
        syn::Error::new(number.span(), message)
    }))
}

fn period(options: &Options, errors: &mut Errors) -> Option<Duration> {
    let text = options.text("period")?;
    let period = errors.ok(duration::read(text))?;
    if period.is_zero() {
        errors.push(
            text,
            "the period is zero, so no restart would ever count; give a longer one: `period = \"5s\"`",
        );
        return None;
    }
    Some(period)
}

/// `#[child(name = "kv", …)]`
pub(super) struct ChildOptions {
    pub(super) name: Option<LitStr>,
    pub(super) restart: Option<Restart>,
    /// Where it was written, right or wrong.
    pub(super) restart_span: Option<Span>,
    pub(super) shutdown: Option<Shutdown>,
    pub(super) significant: Option<Span>,
    pub(super) kind: Option<Kind>,
}

impl ChildOptions {
    pub(super) fn read(attr: &Attribute, errors: &mut Errors) -> ChildOptions {
        let options = block::options(attr, &CHILD, errors);
        let kinds = [("worker", Kind::Worker), ("supervisor", Kind::Supervisor)];
        if let Some(name) = options.text("name") {
            block::fits_atom(name, "name", errors);
        }
        ChildOptions {
            name: options.text("name").cloned(),
            restart: options.choice("restart", RESTART, errors),
            restart_span: options.text("restart").map(LitStr::span),
            shutdown: shutdown(&options, errors),
            significant: options
                .get("significant")
                .filter(|_| options.is_true("significant"))
                .map(|given| given.key.span()),
            kind: options.choice("type", &kinds, errors),
        }
    }
}

fn shutdown(options: &Options, errors: &mut Errors) -> Option<Shutdown> {
    let text = options.text("shutdown")?;
    let value = text.value();
    match &*value {
        "brutal_kill" => return Some(Shutdown::BrutalKill),
        "infinity" => return Some(Shutdown::Infinity),
        _ => {}
    }
    // What begins with a digit is meant as a time.
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        return errors.ok(duration::read(text)).map(Shutdown::After);
    }
    let message = no_choice("shutdown", &value, &["brutal_kill", "infinity"]);
    errors.push(text, format!("{message}, or a time such as \"5s\""));
    None
}
