//! What makes no sense between handlers that are right by themselves.

use std::collections::HashMap;

use syn::ItemImpl;

use crate::case::unraw;
use crate::errors::Errors;

use super::model::{Handler, Kind, Model, Pattern};

/// Notes every conflict, and takes out the handlers that would conflict in the expansion too.
pub(super) fn check(model: &mut Model, item: &ItemImpl, errors: &mut Errors) {
    catch_alls(model, errors);
    signals(model, errors);
    reserved(model, item, errors);
    let mut doubled = doubles(model, errors);
    doubled.extend(variants(model, &doubled, errors));
    let mut index = 0;
    model.handlers.retain(|_| {
        index += 1;
        !doubled.contains(&(index - 1))
    });
}

/// The group of handlers that are tried one after the other: a catch-all ends it.
fn group(kind: Kind) -> Kind {
    match kind {
        Kind::Down | Kind::Exit => Kind::Info,
        kind => kind,
    }
}

fn catch_alls(model: &Model, errors: &mut Errors) {
    for (kind, word) in [
        (Kind::Call, "call"),
        (Kind::Cast, "cast"),
        (Kind::Info, "info"),
    ] {
        let mut group = model.handlers.iter().filter(|h| group(h.kind) == kind);
        let Some(catch_all) = group.by_ref().find(|h| h.pattern == Pattern::Any) else {
            continue;
        };
        let Some(next) = group.next() else { continue };
        let message = if next.pattern == Pattern::Any {
            format!(
                "`{}` takes every {word} already, so `{}` never gets one; keep one `#[{word}(_)]`",
                catch_all.method, next.method
            )
        } else {
            format!(
                "`{}` takes every {word}, so `{}` below it never gets one; move `{}` to the end",
                catch_all.method, next.method, catch_all.method
            )
        };
        let at = if next.pattern == Pattern::Any {
            next
        } else {
            catch_all
        };
        errors.push_at(at.pattern_span, message);
    }
}

fn signals(model: &Model, errors: &mut Errors) {
    for handler in model.handlers.iter().filter(|h| h.kind == Kind::Info) {
        let instead = match &handler.pattern {
            Pattern::Tag(tag) if tag == "DOWN" => "down",
            Pattern::Tag(tag) if tag == "EXIT" => "exit",
            _ => continue,
        };
        errors.push_at(
            handler.pattern_span,
            format!("this comes as a signal, not as a message: write `#[info({instead})]`"),
        );
    }
}

/// Two handlers for the same message: the second one's index.
fn doubles(model: &Model, errors: &mut Errors) -> Vec<usize> {
    let mut seen: HashMap<_, &Handler> = HashMap::new();
    let mut doubled = Vec::new();
    for (index, handler) in model.handlers.iter().enumerate() {
        let key = match &handler.pattern {
            Pattern::Tag(_) if handler.broken => continue,
            Pattern::Tag(tag) => (handler.kind, Some((tag.as_str(), handler.arity()))),
            Pattern::Signal => (handler.kind, None),
            Pattern::Any => continue,
        };
        let Some(first) = seen.get(&key) else {
            seen.insert(key, handler);
            continue;
        };
        if first.attrs.is_conditional() && handler.attrs.is_conditional() {
            continue;
        }
        let message = match handler.kind {
            Kind::Down => format!("`{}` is `#[info(down)]` already; keep one", first.method),
            Kind::Exit => format!("`{}` is `#[info(exit)]` already; keep one", first.method),
            _ => format!(
                "`{}` is already handled by `{}`; give one of them another name or `tag`",
                handler.shape(),
                first.method
            ),
        };
        errors.push_at(handler.pattern_span, message);
        // The compiler has its own word on two methods of one name.
        if first.method == handler.method {
            doubled.push(index);
        }
    }
    doubled
}

/// Two methods whose variants would have one name: the second one's index.
fn variants(model: &Model, doubled: &[usize], errors: &mut Errors) -> Vec<usize> {
    let mut seen: HashMap<String, &Handler> = HashMap::new();
    let mut collide = Vec::new();
    for (index, handler) in model.handlers.iter().enumerate() {
        if doubled.contains(&index) {
            continue;
        }
        let Some(first) = seen.insert(handler.variant.to_string(), handler) else {
            continue;
        };
        if first.attrs.is_conditional() && handler.attrs.is_conditional() {
            continue;
        }
        collide.push(index);
        // Two methods of one name are the compiler's to report.
        if first.method != handler.method {
            errors.push(
                &handler.method,
                format!(
                    "`{}` and `{}` would both be the message `{}`; rename one and give it a `tag`",
                    first.method, handler.method, handler.variant
                ),
            );
        }
    }
    collide
}

/// The functions that the expansion gives to the server's type, and what each does.
const STARTERS: &[(&str, &str)] = &[
    ("start", "starts the server"),
    ("start_link", "starts the server with a link"),
    ("child", "gives the server to a supervisor"),
];

/// Names that the expansion gives to functions of its own.
fn reserved(model: &mut Model, item: &ItemImpl, errors: &mut Errors) {
    let instead = |name: &str| format!(", and a handler `tag = \"{name}\"`");
    model.owner.reserve(item, STARTERS, instead, errors);
    let client = &model.owner.client;
    model.handlers.retain(|handler| {
        let name = unraw(&handler.method);
        let taken = has_method(handler) && ["named", "local", "from_pid"].contains(&&*name);
        if taken {
            errors.push(
                &handler.method,
                format!(
                    "`{client}::{name}` is how a client is made; give this another name and \
                     `tag = \"{name}\"`"
                ),
            );
        }
        !taken
    });
}

fn has_method(handler: &Handler) -> bool {
    matches!(handler.kind, Kind::Call | Kind::Cast)
}
