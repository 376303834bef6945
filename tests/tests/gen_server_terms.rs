//! Servers made by `#[gen_server]`, asked with terms: what a BEAM would see.
//!
//! The client of another type than the server's sends terms, on one node too.

use std::time::Duration;

use ergo::etf::{EncodeError, Encoder};
use ergo::gen_server::{CallError, Message, MessageKind, Next, Reason, Reply, ReplyTo, ServerRef};
use ergo::{Decode, Encode, Node, Pid, Term, gen_server, term};

/// Any term at all, as a request.
#[derive(Debug)]
enum Raw {
    Call(Term),
    Cast(Term),
}

impl Message for Raw {
    fn encode(&self, out: &mut Encoder) -> Result<(), EncodeError> {
        let (Raw::Call(term) | Raw::Cast(term)) = self;
        term.encode(out)
    }

    fn kind(&self) -> MessageKind {
        match self {
            Raw::Call(_) => MessageKind::Call,
            Raw::Cast(_) => MessageKind::Cast,
        }
    }
}

/// The `gen_server` module of Erlang, as far as it is needed here.
struct Shell(ServerRef<Raw>);

impl Shell {
    fn at(node: &Node, pid: Option<Pid>) -> Shell {
        Shell(ServerRef::from_pid(node, pid.expect("started here")))
    }

    async fn call(&self, request: Term) -> String {
        self.answer(request).await.unwrap().to_string()
    }

    async fn answer(&self, request: Term) -> Result<Term, CallError> {
        let call = self.0.call(|_: ReplyTo<Term>| Raw::Call(request));
        call.timeout(Duration::from_millis(500)).await
    }

    fn cast(&self, request: Term) {
        self.0.cast(Raw::Cast(request));
    }
}

#[derive(Debug, Clone, Encode, Decode)]
enum KvError {
    NotFound,
    TooBig { limit: u64 },
}

#[derive(Debug, Default)]
struct Kv {
    pairs: Vec<(Term, Term)>,
    infos: Vec<Term>,
}

#[gen_server]
impl Kv {
    #[init]
    fn init() -> Self {
        Kv::default()
    }

    #[call]
    fn get(&mut self, key: Term) -> Result<Term, KvError> {
        let found = self.pairs.iter().find(|(other, _)| *other == key);
        found
            .map(|(_, value)| value.clone())
            .ok_or(KvError::NotFound)
    }

    #[call(tag = "get")]
    fn get_or(&self, key: Term, default: Term) -> Term {
        let found = self.pairs.iter().find(|(other, _)| *other == key);
        found.map_or(default, |(_, value)| value.clone())
    }

    #[call(tag = "get")]
    fn get_all(&self) -> Vec<(Term, Term)> {
        self.pairs.clone()
    }

    #[call]
    fn put(&mut self, key: Term, value: Term) {
        self.pairs.push((key, value));
    }

    #[call]
    fn resize(&mut self, limit: u64) -> Result<(), KvError> {
        if limit > 10 {
            Err(KvError::TooBig { limit: 10 })
        } else {
            Ok(())
        }
    }

    #[call]
    fn echo_later(&mut self, what: Term, reply: ReplyTo<Term>) {
        tokio::spawn(async move { reply.send(what) });
    }

    #[call(local)]
    fn lend(&mut self, size: usize) -> usize {
        size
    }

    #[call]
    fn r#type(&self) -> String {
        "kv".to_owned()
    }

    #[call]
    fn stop(&mut self, why: Term) -> Reply<Term> {
        Reply::stop(Reason::from(why.clone()), why)
    }

    #[call]
    fn infos(&self) -> Vec<Term> {
        self.infos.clone()
    }

    #[cast]
    fn del(&mut self, key: Term) {
        self.pairs.retain(|(other, _)| *other != key);
    }

    #[cast]
    fn clear(&mut self) {
        self.pairs.clear();
    }

    #[info]
    fn sweep(&mut self) {
        self.infos.push(Term::atom("swept"));
    }

    #[info]
    fn tick(&mut self, n: u8) {
        self.infos.push(Term::from(i64::from(n)));
    }

    #[info(_)]
    fn other(&mut self, message: Term) {
        self.infos.push(message);
    }
}

async fn kv(node: &Node) -> (KvRef, Shell) {
    let kv = Kv::start(node).await.unwrap();
    let shell = Shell::at(node, kv.pid());
    (kv, shell)
}

#[tokio::test]
async fn the_pattern_is_tag_and_arity() {
    let node = Node::alone();
    let (_, shell) = kv(&node).await;
    assert_eq!(shell.call(term!({put, a, 1})).await, "ok");
    assert_eq!(shell.call(term!({get, a})).await, "{ok,1}");
    assert_eq!(shell.call(term!({get, b})).await, "{error,not_found}");
    assert_eq!(shell.call(term!({get, b, 2})).await, "2");
    assert_eq!(shell.call(term!(get)).await, "[{a,1}]");
    assert_eq!(
        shell.call(term!({resize, 11})).await,
        "{error,{too_big,#{limit => 10}}}"
    );
    assert_eq!(shell.call(term!({resize, 1})).await, "ok");
    assert_eq!(shell.call(term!({echo_later, x})).await, "x");
    assert_eq!(shell.call(term!(type)).await, "<<\"kv\">>");
}

#[tokio::test]
async fn what_fits_no_pattern_is_given_back() {
    let node = Node::alone();
    let (kv, shell) = kv(&node).await;
    for request in [
        term!({gett, a}),
        term!({ get }),
        term!({put, a}),
        term!(put),
        term!({"get", a}),
        term!([]),
        term!({}),
        term!(42),
        // Known, but not with these arguments.
        term!({resize, a}),
        term!({resize, -1}),
        // Not for others.
        term!({lend, 1}),
        // Casts and infos are no calls.
        term!({del, a}),
        term!(sweep),
    ] {
        let answer = shell.call(request.clone()).await;
        assert_eq!(answer, format!("{{error,{{badcall,{request}}}}}"));
    }
    assert_eq!(kv.lend(3).await.unwrap(), 3);
}

#[tokio::test]
async fn a_client_of_another_type_may_know_the_same_terms() {
    /// What a program knows of a server that it does not contain.
    struct Store;

    #[gen_server]
    impl Store {
        #[init]
        fn init() -> Self {
            Store
        }

        #[call]
        fn get(&self, key: Term) -> Result<u8, KvError> {
            unreachable!("{key} is asked for elsewhere")
        }

        #[cast(tag = "clear")]
        fn forget(&mut self) {}

        #[call(local)]
        fn here(&self) {}
    }

    let node = Node::alone();
    let (kv, _) = kv(&node).await;
    let store = StoreRef::from_pid(&node, kv.pid().unwrap());
    kv.put(term!(a), term!(7)).await.unwrap();
    kv.put(term!(b), term!(300)).await.unwrap();
    assert!(matches!(store.get(term!(a)).await, Ok(Ok(7))));
    assert!(matches!(
        store.get(term!(c)).await,
        Ok(Err(KvError::NotFound))
    ));
    assert!(matches!(
        store.get(term!(b)).await,
        Err(CallError::BadReply(_))
    ));
    assert_eq!(store.here().await, Err(CallError::LocalOnly));
    store.forget();
    assert_eq!(kv.get_all().await.unwrap(), []);
    let unused = Store::start(&node).await.unwrap();
    unused.here().await.unwrap();
}

#[tokio::test]
async fn casts_and_infos_are_terms() {
    let node = Node::alone();
    let (kv, shell) = kv(&node).await;
    kv.put(term!(a), term!(1)).await.unwrap();
    shell.cast(term!({del, a}));
    shell.cast(term!({dle, a}));
    assert_eq!(shell.call(term!(get)).await, "[]");
    let pid = kv.pid().unwrap();
    for info in [
        term!(sweep),
        term!({tick, 5}),
        term!({tock, 5}),
        term!("text"),
        term!({del, a}),
    ] {
        node.send(pid, &info).unwrap();
    }
    node.send(pid, &KvInfo::Tick { n: 6 }).unwrap();
    assert_eq!(
        shell.call(term!(infos)).await,
        "[swept,5,{tock,5},\"text\",{del,a},6]"
    );
}

#[tokio::test]
async fn a_stop_with_a_reply_answers_over_the_wire_too() {
    let node = Node::alone();
    let (_, shell) = kv(&node).await;
    assert_eq!(
        shell.call(term!({stop, {shutdown, late}})).await,
        "{shutdown,late}"
    );
    assert_eq!(shell.answer(term!(get)).await, Err(CallError::NoProc));
}

#[tokio::test]
async fn messages_show_their_name_alone() {
    let message = KvMessage::Del { key: term!(secret) };
    assert_eq!(format!("{message:?}"), "Del { .. }");
    assert_eq!(format!("{:?}", KvMessage::Clear), "Clear");
    let info = KvMessage::from(KvInfo::Tick { n: 1 }.clone());
    assert_eq!(format!("{info:?}"), "Tick { .. }");
    assert_eq!(info.kind(), MessageKind::Info);
    assert_eq!(message.kind(), MessageKind::Cast);
}

#[gen_server(unknown = "crash")]
impl Strict {
    #[init]
    fn init() -> Self {
        Strict
    }

    #[call]
    fn ping(&self) -> Term {
        Term::atom("pong")
    }
}

struct Strict;

#[gen_server(unknown = "ignore")]
impl Deaf {
    #[init]
    fn init() -> Self {
        Deaf
    }

    #[call]
    fn ping(&self) -> Term {
        Term::atom("pong")
    }
}

struct Deaf;

#[tokio::test]
async fn an_unknown_message_may_crash_the_server() {
    let node = Node::alone();
    let strict = Strict::start(&node).await.unwrap();
    let shell = Shell::at(&node, strict.pid());
    assert_eq!(shell.call(term!(ping)).await, "pong");
    let reason = Reason::from(term!({badcall, pong}));
    assert_eq!(
        shell.answer(term!(pong)).await,
        Err(CallError::Exit(reason))
    );
    assert_eq!(strict.ping().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn an_unknown_message_may_be_ignored() {
    let node = Node::alone();
    let deaf = Deaf::start(&node).await.unwrap();
    let shell = Shell::at(&node, deaf.pid());
    assert_eq!(shell.answer(term!(pong)).await, Err(CallError::Timeout));
    shell.cast(term!(pong));
    assert_eq!(shell.call(term!(ping)).await, "pong");
}

/// Takes everything.
struct Sink {
    casts: Vec<Term>,
}

#[gen_server]
impl Sink {
    #[init]
    fn init() -> Self {
        Sink { casts: Vec::new() }
    }

    #[call]
    fn casts(&self) -> Vec<Term> {
        self.casts.clone()
    }

    #[call(_)]
    fn any_call(&mut self, request: Term) -> (Term, Term) {
        (Term::atom("any"), request)
    }

    #[cast(_)]
    fn any_cast(&mut self, request: Term) -> Next {
        self.casts.push(request);
        Next::Continue
    }
}

#[tokio::test]
async fn catch_alls_take_the_rest() {
    let node = Node::alone();
    let sink = Sink::start(&node).await.unwrap();
    let shell = Shell::at(&node, sink.pid());
    assert_eq!(shell.call(term!({some, thing})).await, "{any,{some,thing}}");
    assert_eq!(shell.call(term!({casts, 1})).await, "{any,{casts,1}}");
    shell.cast(term!([1, 2]));
    sink.any_cast(term!(a));
    assert_eq!(shell.call(term!(casts)).await, "[[1,2],a]");
    let elsewhere = SinkRef::from_pid(&node, sink.pid().unwrap());
    assert_eq!(
        elsewhere.any_call(term!(b)).await.unwrap(),
        (term!(any), term!(b))
    );
}
