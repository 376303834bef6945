//! From Rust to a gen_server written in Erlang: what it answers, and every way in which it may not.

use std::time::{Duration, Instant};

use ergo::gen_server::CallError;
use ergo::prelude::*;
use tests::{Cluster, Erl, unique_node};

/// The server, in Erlang; `desk` is its registered name.
const DESK: &str = "
    -module(desk). -behaviour(gen_server). -export([start/0, init/1, handle_call/3, handle_cast/2, handle_info/2]).
    start() -> gen_server:start({local, desk}, ?MODULE, [], []).
    init([]) -> {ok, []}.
    handle_call({divide, _, 0}, _From, Seen) -> {reply, {error, {no_quotient, zero}}, Seen};
    handle_call({divide, A, B}, _From, Seen) -> {reply, {ok, #{quotient => A div B, rest => A rem B}}, Seen};
    handle_call({echo, Term}, _From, Seen) -> {reply, Term, Seen};
    handle_call(seen, _From, Seen) -> {reply, lists:reverse(Seen), Seen};
    handle_call(oddly, _From, Seen) -> {reply, {not_an, integer}, Seen};
    handle_call({later, Ms}, From, Seen) -> erlang:send_after(Ms, self(), {now, From}), {noreply, Seen};
    handle_call({crash, Why}, _From, _Seen) -> exit({desk_broke, Why});
    handle_call(hide, _From, Seen) -> {stop, normal, Seen};
    handle_call(hold, _From, Seen) -> {noreply, [held | Seen]}.
    handle_cast({note, N}, Seen) -> {noreply, [N | Seen]}.
    handle_info({now, From}, Seen) -> gen_server:reply(From, done), {noreply, Seen};
    handle_info({told, N}, Seen) -> {noreply, [{told, N} | Seen]}.";

#[derive(Debug, PartialEq, Term)]
struct Quotient {
    quotient: i64,
    rest: i64,
}

#[derive(Debug, PartialEq, Term)]
enum Refused {
    NoQuotient(Divisor),
}

#[derive(Debug, PartialEq, Term)]
enum Divisor {
    Zero,
}

/// The same server in Rust: its client is used for both.
struct Desk {
    seen: Vec<Term>,
    held: Vec<ReplyTo<()>>,
}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk {
            seen: Vec::new(),
            held: Vec::new(),
        }
    }
    #[call]
    fn divide(&self, a: i64, b: i64) -> Result<Quotient, Refused> {
        if b == 0 {
            return Err(Refused::NoQuotient(Divisor::Zero));
        }
        Ok(Quotient {
            quotient: a / b,
            rest: a % b,
        })
    }
    #[call]
    fn echo(&self, term: Term) -> Term {
        term
    }
    #[call]
    fn seen(&self) -> Vec<Term> {
        self.seen.clone()
    }
    #[call]
    fn oddly(&self) -> i64 {
        1
    }
    #[call]
    async fn later(&self, ms: u64) -> Term {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        Term::atom("done")
    }
    #[call]
    fn crash(&mut self, why: String) {
        panic!("{why}");
    }
    #[call]
    fn hide(&mut self) {}
    #[call]
    fn hold(&mut self, reply: ReplyTo<()>) {
        self.seen.push(Term::atom("held"));
        self.held.push(reply);
    }
    #[cast]
    fn note(&mut self, n: i64) {
        self.seen.push(n.into());
    }
    #[info]
    fn told(&mut self, n: i64) {
        self.seen.push(term!({told, (n)}));
    }
}

/// An Erlang node with a desk, and a Rust node of its cluster.
struct Office {
    erl: Erl,
    node: Node,
    desk: DeskRef,
    cluster: Cluster,
}

impl Office {
    async fn open() -> Office {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        erl.load_module(DESK).await;
        erl.eval("{ok, _} = desk:start().").await;
        let node = cluster.node().await;
        let desk = DeskRef::named(&node, "desk", erl.name());
        Office {
            erl,
            node,
            desk,
            cluster,
        }
    }
}

#[tokio::test]
async fn calls_are_typed() {
    let office = Office::open().await;
    assert_eq!(
        office.desk.divide(17, 5).await.unwrap(),
        Ok(Quotient {
            quotient: 3,
            rest: 2
        })
    );
    assert_eq!(
        office.desk.divide(1, 0).await.unwrap(),
        Err(Refused::NoQuotient(Divisor::Zero))
    );

    let error = office.desk.oddly().await.unwrap_err();
    assert!(matches!(error, CallError::BadReply(_)), "{error:?}");
}

#[tokio::test]
async fn the_client_is_the_same_for_a_server_in_rust() {
    let office = Office::open().await;
    let here = Desk::start(&office.node).name("desk").await.unwrap();
    let by_name = DeskRef::named(&office.node, "desk", office.node.name().as_str());
    let by_pid = DeskRef::from_pid(&office.node, office.node.whereis("desk").unwrap());
    for (index, desk) in [&here, &by_name, &by_pid, &office.desk]
        .into_iter()
        .enumerate()
    {
        assert_eq!(
            desk.divide(-17, 5).await.unwrap(),
            Ok(Quotient {
                quotient: -3,
                rest: -2
            }),
            "{index}"
        );
        assert_eq!(
            desk.divide(1, 0).await.unwrap(),
            Err(Refused::NoQuotient(Divisor::Zero)),
            "{index}"
        );
        assert_eq!(desk.later(1).await.unwrap(), Term::atom("done"), "{index}");
        desk.note(7);
        desk.send(DeskInfo::Told { n: 8 });
        let seen = desk.seen().await.unwrap();
        assert_eq!(
            seen[seen.len() - 2..],
            [term!(7), term!({told, 8})],
            "{index}"
        );
        let waited = desk.hold().timeout(Duration::from_millis(1)).await;
        assert_eq!(waited.unwrap_err(), CallError::Timeout, "{index}");
    }
    match by_name.crash("paper".to_owned()).await.unwrap_err() {
        CallError::Exit(reason) => assert_eq!(reason.panic_message(), Some("paper")),
        error => panic!("{error:?}"),
    }
    assert_eq!(here.seen().await.unwrap_err(), CallError::NoProc);
    assert_eq!(by_name.seen().await.unwrap_err(), CallError::NoProc);
}

#[tokio::test]
async fn terms_come_back_as_they_went() {
    let office = Office::open().await;
    let terms = office.erl.eval("[self(), make_ref(), fun() -> 1 end, fun lists:map/2, 1 bsl 100, #{a => [1 | b]}, <<1:3>>].").await;
    for text in [
        "[]",
        "{a,\"b\",<<\"c\">>}",
        "#{1 => 2.5,{} => [x|y]}",
        "-170141183460469231731687303715884105728",
    ] {
        let term: Term = text.parse().unwrap();
        assert_eq!(
            office.desk.echo(term.clone()).await.unwrap(),
            term,
            "{text}"
        );
    }
    assert!(
        terms.contains("#Fun<lists.map.2>") || terms.contains("fun lists:map/2"),
        "{terms}"
    );

    let large = Term::from(vec![7_u8; 3 << 20]);
    assert_eq!(office.desk.echo(large.clone()).await.unwrap(), large);
}

#[tokio::test]
async fn casts_and_infos_arrive_in_order() {
    let office = Office::open().await;
    for n in 0..5000 {
        office.desk.note(2 * n);
        office.desk.send(DeskInfo::Told { n: 2 * n + 1 });
    }
    let seen = office.desk.seen().no_timeout().await.unwrap();
    let expected: Vec<Term> = (0..5000)
        .flat_map(|n| {
            [
                Term::from(2 * n),
                format!("{{told,{}}}", 2 * n + 1).parse().unwrap(),
            ]
        })
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_call_may_take_too_long() {
    let office = Office::open().await;
    let started = Instant::now();
    let error = office
        .desk
        .later(60_000)
        .timeout(Duration::from_millis(200))
        .await
        .unwrap_err();
    assert_eq!(error, CallError::Timeout);
    assert!(started.elapsed() >= Duration::from_millis(200));

    // What comes after the time is over reaches no later call.
    let error = office
        .desk
        .later(100)
        .timeout(Duration::ZERO)
        .await
        .unwrap_err();
    assert_eq!(error, CallError::Timeout);
    for n in 0..100 {
        assert_eq!(
            office.desk.echo(Term::from(n)).await.unwrap(),
            Term::from(n)
        );
    }
    assert_eq!(office.desk.later(200).await.unwrap(), Term::atom("done"));
}

#[tokio::test]
async fn a_crash_of_the_server_brings_its_reason() {
    let office = Office::open().await;
    match office
        .desk
        .crash("paper".to_owned())
        .no_timeout()
        .await
        .unwrap_err()
    {
        CallError::Exit(Reason::Other(reason)) => {
            assert_eq!(reason.to_string(), "{desk_broke,<<\"paper\">>}");
        }
        error => panic!("{error:?}"),
    }
    assert_eq!(office.desk.hide().await.unwrap_err(), CallError::NoProc);

    office.erl.eval("{ok, _} = desk:start().").await;
    assert_eq!(
        office.desk.hide().await.unwrap_err(),
        CallError::Exit(Reason::Normal)
    );
}

#[tokio::test]
async fn an_unknown_name_is_told_at_once() {
    let office = Office::open().await;
    office.node.connect(office.erl.name()).await.unwrap();
    let nobody = DeskRef::named(&office.node, "nobody", office.erl.name());
    // Not when a call gives up.
    let error = nobody.seen().no_timeout().await.unwrap_err();
    assert_eq!(error, CallError::NoProc);
}

#[tokio::test]
async fn an_unknown_node_is_told_at_once() {
    let office = Office::open().await;
    for name in ["nowhere@127.0.0.1", "nowhere@no-such-host.invalid"] {
        let nowhere = DeskRef::named(&office.node, "desk", name);
        let error = nowhere.seen().no_timeout().await.unwrap_err();
        assert!(
            matches!(&error, CallError::NoConnection { node } if node.as_str() == name),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_lost_node_ends_the_calls_that_wait() {
    let office = Office::open().await;
    let (connected, erl, desk) = (office.desk.seen().await, office.erl, office.desk);
    connected.unwrap();
    let name = erl.name().to_owned();
    let (answer, ()) = tokio::join!(desk.hold().no_timeout(), async {
        erl.eval("Wait = fun Wait() -> case sys:get_state(desk) of [] -> Wait(); [held] -> ok end end, Wait().").await;
        erl.kill();
    });
    let error = answer.unwrap_err();
    assert!(
        matches!(&error, CallError::NodeDown { node } | CallError::NoConnection { node } if node.as_str() == name),
        "{error:?}"
    );
    let error = desk.seen().await.unwrap_err();
    assert!(matches!(error, CallError::NoConnection { .. }), "{error:?}");
}

#[tokio::test]
async fn a_wrong_cookie_is_no_connection() {
    let office = Office::open().await;
    let stranger = office.cluster.builder(&unique_node("stranger"));
    let stranger = stranger.cookie("wrong").start().await.unwrap();
    let desk = DeskRef::named(&stranger, "desk", office.erl.name());
    assert!(matches!(
        desk.seen().no_timeout().await.unwrap_err(),
        CallError::NoConnection { .. }
    ));
    let log = office.erl.logged("rejected").await;
    assert!(!log.contains(office.erl.cookie()), "{log}");
    assert_eq!(office.desk.seen().await.unwrap(), Vec::<Term>::new());
}
