//! What a process runs, for those who look at it.

use std::any::{Any, type_name};

use super::Context;
use crate::term::{Atom, Term};

/// What a process runs. The process keeps a function that makes this: one word.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    /// The type of its server, or of the body of a plain process.
    pub(crate) name: &'static str,
    pub(crate) behaviour: Option<Behaviour>,
    /// How many bytes its task takes, about.
    pub(crate) task: usize,
    /// A message of the process's own type as the term that it would be on the wire.
    pub(crate) show: fn(&dyn Any) -> Option<Term>,
}

/// What a process is in the eyes of OTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    GenServer,
    Supervisor,
}

impl Behaviour {
    /// The module of OTP.
    pub(crate) fn module(self) -> &'static str {
        match self {
            Behaviour::GenServer => "gen_server",
            Behaviour::Supervisor => "supervisor",
        }
    }
}

impl Origin {
    /// A plain process with this body, which is this future.
    pub(crate) fn plain<F, B>() -> Origin {
        let body = type_name::<B>();
        Origin {
            // An async function is better known by what it returns than the closure that calls it.
            name: match body.ends_with("{{closure}}") {
                true => body,
                false => type_name::<F>(),
            },
            behaviour: None,
            task: size_of::<B>() + size_of::<Context>(),
            show: |message| message.downcast_ref().cloned(),
        }
    }
}

/// What a BEAM would call the function with which a process began: `{kv, init, 1}` of a server `Kv`,
/// `{supervisor, kv_sup, 1}` of a supervisor, `{store, load, 1}` of a body that stands in the function
/// `load` of the module or type `store`.
pub(super) fn initial_call(name: &str, behaviour: Option<Behaviour>) -> Option<(Atom, Atom, u8)> {
    match behaviour {
        Some(Behaviour::GenServer) => Some((module_of(name)?, Atom::new("init"), 1)),
        Some(Behaviour::Supervisor) => Some((Atom::new("supervisor"), module_of(name)?, 1)),
        None => {
            let path = without_generics(name);
            let path = path.trim_end_matches("::{{closure}}");
            let (module, function) = path.rsplit_once("::")?;
            let function = Atom::try_new(name_in(function)?).ok()?;
            Some((module_of(module)?, function, 1))
        }
    }
}

/// `kv` for `crate::store::Kv<T>`; nothing for what has no name, such as a closure.
pub(crate) fn module_of(path: &str) -> Option<Atom> {
    let path = without_generics(path);
    let name = path.rsplit_once("::").map_or(&*path, |(_, name)| name);
    Atom::try_new(&snake_case(name_in(name)?)).ok()
}

/// `Kv::load` for `Kv<T>::load`, and for `<Kv<T> as Load>::load`.
fn without_generics(path: &str) -> String {
    let mut depth = 0_usize;
    let mut closes = |c: char| {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    };
    if path.starts_with('<') {
        let Some(end) = path.find(&mut closes) else {
            return String::new();
        };
        let (of, rest) = (&path[1..end], &path[end + 1..]);
        let of = of.split_once(" as ").map_or(of, |(of, _)| of);
        return without_generics(of) + &without_generics(rest);
    }
    path.chars().filter(|c| closes(*c) && *c != '>').collect()
}

fn name_in(text: &str) -> Option<&str> {
    let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !text.is_empty()).then_some(text)
}

/// The words of a type's name, as the macros write them.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut chars = name.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        let next_is_lower = chars.peek().is_some_and(|next| next.is_lowercase());
        let new_word = match before {
            Some('_') | None => false,
            Some(before) => c.is_uppercase() && (!before.is_uppercase() || next_is_lower),
        };
        if new_word {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
        before = Some(c);
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_functions_have_names_that_erlang_would_give_them() {
        let module = |path| module_of(path).map(Atom::as_str);
        assert_eq!(module("crate::store::Kv"), Some("kv"));
        assert_eq!(module("a::Pool<b::Conn<u8>>"), Some("pool"));
        assert_eq!(module("a::main::{{closure}}"), None);
        assert_eq!(module("fn()"), None);
        for (name, snake) in [
            ("HTTPServer", "http_server"),
            ("ConnSup2", "conn_sup2"),
            ("A_B", "a_b"),
            ("KV", "kv"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
        let began = |name, behaviour| {
            let (module, function, arity) = initial_call(name, behaviour)?;
            Some(format!("{module}:{function}/{arity}"))
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            began("a::Kv", Some(Behaviour::GenServer)),
            some("kv:init/1")
        );
        let supervisor = Some(Behaviour::Supervisor);
        assert_eq!(began("a::KvSup", supervisor), some("supervisor:kv_sup/1"));
        assert_eq!(
            began("a::store::load::{{closure}}", None),
            some("store:load/1")
        );
        let method = "<a::Kv<T> as b::Load>::load::{{closure}}::{{closure}}";
        assert_eq!(began(method, None), some("kv:load/1"));
        assert_eq!(
            began("a::Kv<b::C>::load::{{closure}}", None),
            some("kv:load/1")
        );
        assert_eq!(began("load", None), None);
    }
}
