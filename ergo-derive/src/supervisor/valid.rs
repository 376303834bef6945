//! What makes no sense between children that are right by themselves.

use syn::ItemImpl;

use crate::case::unraw;
use crate::errors::Errors;

use super::model::{AutoShutdown, Child, Model, Restart, Strategy};

/// Notes every conflict.
pub(super) fn check(model: &mut Model, item: &ItemImpl, errors: &mut Errors) {
    reserved(model, item, errors);
    arguments(model, errors);
    template(model, errors);
    significance(model, errors);
    ids(model, errors);
}

/// Arguments come with `start_child`, which other strategies do not have.
fn arguments(model: &Model, errors: &mut Errors) {
    if matches!(
        model.strategy,
        Strategy::SimpleOneForOne | Strategy::Unknown
    ) {
        return;
    }
    for child in model.children.iter().filter(|child| !child.broken) {
        if !child.params.is_empty() {
            errors.push(
                &child.inputs,
                "only the child of a `simple_one_for_one` supervisor takes arguments, from \
                 `start_child`; make this one from the supervisor's fields",
            );
        }
    }
}

/// `simple_one_for_one` has one child, made any number of times.
fn template(model: &Model, errors: &mut Errors) {
    if model.strategy != Strategy::SimpleOneForOne {
        return;
    }
    let Some((first, others)) = model.children.split_first() else {
        errors.push_at(
            model.owner.ident.span(),
            "a `simple_one_for_one` supervisor has one `#[child]`, of which it starts any number: \
             add it",
        );
        return;
    };
    for other in others {
        errors.push(
            &other.method,
            format!(
                "a `simple_one_for_one` supervisor has one `#[child]`, and that is `{}`; give this \
                 one a supervisor of its own",
                first.method
            ),
        );
    }
    if let Some(attr) = first.attrs.cfgs().next() {
        errors.push(
            attr,
            "the supervisor is nothing without its one child: put the `cfg` on the `impl` block",
        );
    }
}

fn significance(model: &Model, errors: &mut Errors) {
    let mut never = model.auto_shutdown == AutoShutdown::Never;
    for child in &model.children {
        let Some(significant) = child.significant else {
            continue;
        };
        // Once is enough: one option makes all of them right.
        if std::mem::take(&mut never) {
            errors.push_at(
                significant,
                "the supervisor does not end with its significant children: add `auto_shutdown = \
                 \"any_significant\"` or `\"all_significant\"` to `#[supervisor]`",
            );
        }
        let (permanent, at) = match (child.restart, child.restart_span) {
            (Some(restart), Some(span)) => (restart == Restart::Permanent, span),
            // An unknown one is an error already.
            (None, Some(_)) => continue,
            _ => (true, significant),
        };
        if permanent {
            errors.push_at(at, permanent_and_significant(child));
        }
    }
}

fn permanent_and_significant(child: &Child) -> &'static str {
    if child.restart.is_some() {
        "a permanent child never ends for good, so it cannot be significant; make it \
         \"transient\" or \"temporary\""
    } else {
        "a child is permanent by default and never ends for good, so it cannot be significant; add \
         `restart = \"transient\"` or `\"temporary\"`"
    }
}

fn ids(model: &Model, errors: &mut Errors) {
    for (index, child) in model.children.iter().enumerate() {
        let same = |other: &&Child| other.id == child.id;
        let Some(first) = model.children[..index].iter().find(same) else {
            continue;
        };
        if first.attrs.is_conditional() && child.attrs.is_conditional() {
            continue;
        }
        // The compiler has its own word on two methods of one name.
        if first.method == child.method {
            continue;
        }
        errors.push_at(
            child.id_span,
            format!(
                "`{}` is already the id of `{}`; give one of them another `name`",
                child.id, first.method
            ),
        );
    }
}

/// The functions that the expansion gives to the supervisor's type, and what each does.
const STARTERS: &[(&str, &str)] = &[
    ("start", "starts the supervisor"),
    ("start_link", "starts the supervisor with a link"),
    ("child", "makes the supervisor a child of another"),
];

/// Names that the expansion gives to functions of its own.
fn reserved(model: &mut Model, item: &ItemImpl, errors: &mut Errors) {
    let children = &model.children;
    let instead = |name: &str| match children.iter().find(|child| unraw(&child.method) == name) {
        Some(_) => format!(", and the child `name = \"{name}\"`"),
        None => String::new(),
    };
    model.owner.reserve(item, STARTERS, instead, errors);
}
