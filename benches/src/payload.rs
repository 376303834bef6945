//! What is sent: the same values by every peer.

use std::borrow::Cow;

use bytes::Bytes;
use ergo::{Decode, Encode, Pid, Term, term};

/// A value that comes back from an echo.
pub trait Echoed: Clone + PartialEq + Send + Sync + 'static {
    /// What call number `call` sends.
    fn at(&self, call: u64) -> Self {
        let _ = call;
        self.clone()
    }

    /// Whether this is the answer to call number `call`. It is asked within the time that counts.
    fn is_answer(&self, call: u64, answer: &Self) -> bool {
        let _ = call;
        self == answer
    }
}

impl Echoed for i64 {
    fn at(&self, call: u64) -> i64 {
        call as i64
    }

    fn is_answer(&self, call: u64, answer: &i64) -> bool {
        *answer == call as i64
    }
}

impl Echoed for Text {}

/// A tuple with a pid, or with what stands for one.
impl<P: Copy + PartialEq + Send + Sync + 'static> Echoed for (i64, P) {}

/// Clones by reference count. To compare a megabyte takes longer than to pass it on: within the time that counts it is the
/// length and the ends, and all of it once a turn.
impl Echoed for Bytes {
    fn is_answer(&self, _: u64, answer: &Bytes) -> bool {
        self.len() == answer.len() && self.first() == answer.first() && self.last() == answer.last()
    }
}

/// A value that Erlang knows as well.
pub trait Payload: Echoed + Encode + Decode {
    /// What the Erlang module calls it.
    const KIND: &'static str;

    /// The value; some have a pid in them.
    fn sample(pid: Pid) -> Self;
}

impl Payload for i64 {
    const KIND: &'static str = "number";

    fn sample(_: Pid) -> i64 {
        1_234_567_890
    }
}

/// A list of code points, what Erlang calls a string.
#[derive(Clone, Debug, PartialEq, Term)]
pub struct Text(#[term(as = "charlist")] Cow<'static, str>);

impl Text {
    /// Eleven characters.
    pub const HELLO: Text = Text(Cow::Borrowed("hello world"));
}

impl Payload for Text {
    const KIND: &'static str = "string";

    fn sample(_: Pid) -> Text {
        Text::HELLO
    }
}

impl Payload for (i64, Pid) {
    const KIND: &'static str = "tuple_pid";

    fn sample(pid: Pid) -> (i64, Pid) {
        (1, pid)
    }
}

/// One binary, shared by all calls.
pub fn megabyte() -> Bytes {
    let bytes: Vec<u8> = (0..1 << 20).map(|index: u32| index as u8).collect();
    bytes.into()
}

impl Payload for Bytes {
    const KIND: &'static str = "binary_1MB";

    fn sample(_: Pid) -> Bytes {
        megabyte()
    }
}

/// A number that stays the same.
#[derive(Clone, Debug, PartialEq, Term)]
pub struct Number(i64);

impl Echoed for Number {}

impl Payload for Number {
    const KIND: &'static str = "chart_number";

    fn sample(_: Pid) -> Number {
        Number(1_234_567_890)
    }
}

/// A tuple of ten: `{key1, 1234567890, "key2", 1.23456789, 1234567890, "value1", 1.23456789, value2, pid1, Pid}`.
#[derive(Clone, Debug, PartialEq, Term)]
#[term(tag = "key1")]
pub struct Ten(
    i64,
    #[term(as = "charlist")] Cow<'static, str>,
    f64,
    i64,
    #[term(as = "charlist")] Cow<'static, str>,
    f64,
    ergo::Atom,
    ergo::Atom,
    Pid,
);

impl Echoed for Ten {}

impl Payload for Ten {
    const KIND: &'static str = "chart_tuple";

    fn sample(pid: Pid) -> Ten {
        let (number, float) = (1_234_567_890, 1.234_567_89);
        let [value2, pid1] = ["value2", "pid1"].map(ergo::Atom::new);
        Ten(
            number,
            "key2".into(),
            float,
            number,
            "value1".into(),
            float,
            value2,
            pid1,
            pid,
        )
    }
}

/// A map of ten, with keys of many types: no Rust type has this shape but [`Term`](enum@Term).
#[derive(Clone, Debug, PartialEq, Term)]
pub struct Map(Term);

impl Echoed for Map {}

impl Payload for Map {
    const KIND: &'static str = "chart_map";

    fn sample(pid: Pid) -> Map {
        let (number, float) = (1_234_567_890, 1.234_567_89);
        Map(term!(#{
            key1 => (number),
            "key2" => (float),
            (number) => "value1",
            (float) => value2,
            pid1 => (pid),
            key2 => (number),
            "key3" => (float),
            1234567891 => "value2",
            1.2345679 => value3,
            pid2 => (pid),
        }))
    }
}

impl Echoed for Vec<Pid> {}

impl Payload for Vec<Pid> {
    const KIND: &'static str = "chart_list200";

    fn sample(pid: Pid) -> Vec<Pid> {
        vec![pid; 200]
    }
}

/// Calls in a loop: the time that all took. `$sent` is what a call sends, `$call` gives its answer.
macro_rules! time_calls {
    ($payload:expr, $calls:expr, $sent:ident => $call:expr) => {{
        let (payload, calls) = ($payload, $calls);
        let mut last = payload.clone();
        let start = std::time::Instant::now();
        for number in 0..calls {
            let $sent = $crate::payload::Echoed::at(&payload, number);
            last = $call;
            assert!(
                $crate::payload::Echoed::is_answer(&payload, number, &last),
                "another answer than what was sent"
            );
        }
        let time = start.elapsed();
        assert!(
            $crate::payload::Echoed::at(&payload, calls - 1) == last,
            "another answer than what was sent"
        );
        time
    }};
}
pub(crate) use time_calls;

/// What a sum of casts must come to.
pub fn sum_of(casts: u64) -> i64 {
    let casts = casts as i64;
    casts * (casts - 1) / 2
}
