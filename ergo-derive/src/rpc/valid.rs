//! What makes no sense between functions.

use crate::errors::Errors;

use super::model::Model;

/// The most arguments that a function of Erlang takes.
const MAX_ARITY: usize = 255;

pub(super) fn check(model: &Model, errors: &mut Errors) {
    for (index, function) in model.functions.iter().enumerate() {
        let (name, arity) = (&function.name, function.arity());
        if arity > MAX_ARITY {
            errors.push_at(
                function.method.span(),
                format!(
                    "a function of Erlang has at most {MAX_ARITY} arguments, this one has {arity}"
                ),
            );
        }
        // Which of two with a `cfg` is there, is not known here.
        let same = model.functions[..index].iter().find(|other| {
            other.name == *name
                && other.arity() == arity
                && other.cfgs.is_empty()
                && function.cfgs.is_empty()
        });
        // Two methods of one name are an error of the compiler's.
        if let Some(other) = same.filter(|other| other.method != function.method) {
            errors.push_at(
                function.name_span,
                format!(
                    "`{name}/{arity}` is `{}` already; give one of them another `name`, or another \
                     number of arguments",
                    other.method
                ),
            );
        }
    }
}
