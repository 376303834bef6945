//! Requests in flight, calls to many nodes, and the stop of servers elsewhere: from Rust to Erlang and
//! from Erlang to Rust.

use std::time::Duration;

use ergo::gen_server::{Requests, abcast, multi_call};
use ergo::prelude::*;
use ergo::sys;
use tests::{Cluster, DEADLINE, Erl, unique_node};

/// A desk in Erlang that answers when it is told to.
const DESK: &str = "
    -module(desk). -behaviour(gen_server). -export([start/0, init/1, handle_call/3, handle_cast/2]).
    start() -> gen_server:start({local, desk}, ?MODULE, [], []).
    init([]) -> {ok, []}.
    handle_call({echo, Term}, _From, Held) -> {reply, Term, Held};
    handle_call({hold, Term}, From, Held) -> {noreply, [{From, Term} | Held]};
    handle_call(seen, _From, Held) -> {reply, length(Held), Held};
    handle_call({early, Term}, From, Held) -> gen_server:reply(From, {early, Term}), {noreply, [x | Held]};
    handle_call(rest, _From, Held) -> {reply, ok, Held, hibernate};
    handle_call({last, Why}, _From, Held) -> {stop, Why, bye, Held};
    handle_call({quit, Why}, _From, Held) -> {stop, Why, Held}.
    handle_cast(release, Held) -> [gen_server:reply(From, Term) || {From, Term} <- Held], {noreply, []};
    handle_cast({note, Term}, Held) -> {noreply, [Term | Held]}.";

/// The same in Rust.
#[derive(Default)]
struct Desk(Vec<(Option<ReplyTo<Term>>, Term)>);

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk::default()
    }
    #[call]
    fn echo(&self, term: Term) -> Term {
        term
    }
    #[call]
    fn hold(&mut self, term: Term, reply: ReplyTo<Term>) {
        self.0.push((Some(reply), term));
    }
    #[call]
    fn seen(&self) -> usize {
        self.0.len()
    }
    #[call]
    fn early(&mut self, term: Term, reply: ReplyTo<Term>) {
        reply.send(term!({early, (term)}));
        self.0.push((None, Term::atom("x")));
    }
    #[call]
    fn rest(&mut self) -> Reply<()> {
        Reply::then(Next::Hibernate, ())
    }
    #[call]
    fn last(&mut self, why: Term) -> Reply<Term> {
        Reply::stop(why.into(), Term::atom("bye"))
    }
    #[call]
    fn quit(&mut self, why: Term, reply: ReplyTo<()>) -> Next {
        // The caller hears of the end, whether it is owed an answer or not.
        drop(reply);
        Next::Stop(why.into())
    }
    /// Calls itself, by each of its names.
    #[call]
    async fn call_itself(&mut self, ctx: &mut Context<Self>) -> bool {
        let here = DeskRef::from(ctx.myself()).seen().await;
        let by_pid = DeskRef::from_pid(&*ctx, ctx.pid()).seen().await;
        let by_name = DeskRef::local(&*ctx, "desk").seen().await;
        let stop = ctx.myself().stop(Reason::Normal).await;
        let state = sys::get_state::<Term, _>(&ctx.myself()).await;
        [
            here.err(),
            by_pid.err(),
            by_name.err(),
            stop.err(),
            state.err(),
        ]
        .iter()
        .all(|error| *error == Some(CallError::CallingSelf))
    }
    /// Stops another desk, as a process, and says whether it saw the end.
    #[call]
    async fn stop_other(&mut self, name: String, node: String, ctx: &mut Context<Self>) -> bool {
        let other = DeskRef::named(&*ctx, &name, &node);
        let (ended, stopped) = tokio::join!(other.ended(), async {
            other.seen().await?;
            other.stop(Reason::Shutdown).await
        });
        (ended, stopped) == (Ok(Reason::Shutdown), Ok(()))
    }
    #[cast]
    fn release(&mut self) {
        for (reply, term) in self.0.drain(..) {
            reply.into_iter().for_each(|reply| reply.send(term.clone()));
        }
    }
    #[cast]
    fn note(&mut self, term: Term) {
        self.0.push((None, term));
    }
}

/// An Erlang node with a desk, and a Rust node with another.
struct Office {
    erl: Erl,
    node: Node,
    here: DeskRef,
    there: DeskRef,
    _cluster: Cluster,
}

impl Office {
    async fn open() -> Office {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        erl.load_module(DESK).await;
        erl.eval("{ok, _} = desk:start(), ok.").await;
        let node = cluster.node().await;
        Office {
            here: Desk::start(&node).name("desk").await.unwrap(),
            there: DeskRef::named(&node, "desk", erl.name()),
            erl,
            node,
            _cluster: cluster,
        }
    }

    /// Evaluates the expression for the desk in Erlang and the one in Rust: both must give this.
    async fn agree(&self, text: &str, expected: &str) {
        let rust = self.node.name();
        let erlang = self.erl.eval(&format!("S = desk, {text}")).await;
        assert_eq!(erlang, expected, "{text} on the desk in Erlang");
        let rust = format!("S = {{desk, {rust}}}, {text}");
        assert_eq!(
            self.erl.eval(&rust).await,
            expected,
            "{text} on the desk in Rust"
        );
    }
}

#[tokio::test]
async fn requests_are_answered_in_any_order() {
    let office = Office::open().await;
    for desk in [&office.here, &office.there] {
        let mut held = desk.hold(term!(late)).send();
        let echoed = desk.echo(term!(soon)).send();
        assert_eq!(echoed.await, Ok(term!(soon)));
        assert_eq!(held.check(), None);
        assert_eq!(held.wait(Duration::from_millis(1)).await, None);
        desk.release();
        assert_eq!(held.wait(DEADLINE).await, Some(Ok(term!(late))));

        // Given up: the answer that comes later is dropped.
        let given_up = desk.hold(term!(never)).send();
        let given_up = given_up.receive(Duration::from_millis(1)).await;
        assert_eq!(given_up, Err(CallError::Timeout));
        drop(desk.hold(term!(never)).send());
        desk.release();
        assert_eq!(desk.echo(term!(still)).await, Ok(term!(still)));
    }
    let nobody = DeskRef::named(&office.node, "nobody", office.erl.name());
    assert_eq!(nobody.seen().send().await, Err(CallError::NoProc));
    let nobody = DeskRef::local(&office.node, "nobody");
    assert_eq!(nobody.seen().send().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn a_request_hears_of_the_end_of_its_server() {
    let office = Office::open().await;
    for desk in [&office.here, &office.there] {
        let held = desk.hold(term!(never)).send();
        let quit = desk.quit(term!({gone, 1})).send();
        let gone = Err(CallError::Exit(term!({gone, 1}).into()));
        assert_eq!(held.await, gone);
        assert_eq!(quit.await, gone.map(|_| ()));
    }
}

#[tokio::test]
async fn a_collection_gives_the_answers_as_they_come() {
    let office = Office::open().await;
    let mut requests = Requests::new();
    assert!(requests.next().await.is_none());
    requests.add("held here", office.here.hold(term!(a)).send());
    requests.add("held there", office.there.hold(term!(b)).send());
    requests.add("here", office.here.echo(term!(c)).send());
    requests.add("there", office.there.echo(term!(d)).send());
    let mut first = [
        requests.next().await.unwrap(),
        requests.next().await.unwrap(),
    ];
    first.sort_by_key(|(label, _)| *label);
    assert_eq!(first, [("here", Ok(term!(c))), ("there", Ok(term!(d)))]);
    let waiting = tokio::time::timeout(Duration::from_millis(1), requests.next());
    assert!(waiting.await.is_err());
    office.here.release();
    assert_eq!(requests.next().await, Some(("held here", Ok(term!(a)))));
    assert_eq!(requests.len(), 1);
    office.there.release();
    assert_eq!(requests.next().await, Some(("held there", Ok(term!(b)))));
    assert!(requests.next().await.is_none());
}

#[tokio::test]
async fn a_collection_holds_many() {
    let node = Node::alone();
    let desk = Desk::start(&node).await.unwrap();
    let mut requests = Requests::new();
    for number in 0..10_000_i64 {
        requests.add(number, desk.hold(Term::from(number)).send());
    }
    desk.release();
    let mut seen = 0;
    while let Some((number, answer)) = requests.next().await {
        assert_eq!(answer, Ok(Term::from(number)));
        seen += 1;
    }
    assert_eq!(seen, 10_000);
}

#[tokio::test]
async fn many_nodes_are_called_at_once() {
    let office = Office::open().await;
    let (rust, erlang) = (office.node.name(), Atom::new(office.erl.name()));
    let missing = Atom::new(&unique_node("missing"));
    let nodes = [erlang, missing, rust];
    let (answers, bad_nodes) = multi_call(&office.node, nodes, "desk", |desk: &DeskRef| {
        desk.echo(term!(hello))
    })
    .await;
    assert_eq!(answers, [(erlang, term!(hello)), (rust, term!(hello))]);
    assert_eq!(bad_nodes, [missing]);

    // Whoever does not answer in time is a bad node.
    let (answers, bad_nodes) = multi_call(&office.node, [erlang], "desk", |desk: &DeskRef| {
        desk.hold(term!(hello)).timeout(Duration::from_millis(1))
    })
    .await;
    assert_eq!((answers, bad_nodes), (vec![], vec![erlang]));
    office.there.release();

    abcast(&office.node, nodes, "desk", |desk: &DeskRef| {
        desk.note(term!(all))
    });
    for desk in [&office.here, &office.there] {
        assert_eq!(desk.seen().await, Ok(1));
    }
}

#[tokio::test]
async fn erlang_calls_many_nodes() {
    let office = Office::open().await;
    let rust = office.node.name();
    let both = format!(
        "Nodes = [node(), {rust}],
         {{Replies, Bad}} = gen_server:multi_call(Nodes, desk, {{echo, hi}}),
         {{[proplists:get_value(N, Replies) || N <- Nodes], Bad}}."
    );
    assert_eq!(office.erl.eval(&both).await, "{[hi,hi],[]}");
    let timed = format!(
        "{{Replies, Bad}} = gen_server:multi_call([{rust}], desk, {{echo, hi}}, 5000), {{length(Replies), Bad}}."
    );
    assert_eq!(office.erl.eval(&timed).await, "{1,[]}");
    let nobody = format!("gen_server:multi_call([{rust}], nobody, hi) =:= {{[], [{rust}]}}.");
    assert_eq!(office.erl.eval(&nobody).await, "true");
    let told = format!(
        "abcast = gen_server:abcast([node(), {rust}], desk, {{note, x}}),
         {{gen_server:call(desk, seen), gen_server:call({{desk, {rust}}}, seen)}}."
    );
    assert_eq!(office.erl.eval(&told).await, "{1,1}");
}

#[tokio::test]
async fn erlang_sends_requests() {
    let office = Office::open().await;
    // Abandoning a request came with aliases.
    let has_receive = office.erl.release() >= 24;
    let receive = if has_receive { "receive" } else { "wait" };
    office
        .agree(
            &format!(
                "Held = gen_server:send_request(S, {{hold, later}}),
             Soon = gen_server:send_request(S, {{echo, soon}}),
             {{reply, soon}} = gen_server:{receive}_response(Soon, 5000),
             timeout = gen_server:wait_response(Held, 0),
             gen_server:cast(S, release),
             gen_server:wait_response(Held, 5000)."
            ),
            "{reply,later}",
        )
        .await;
    office
        .agree(
            "Id = gen_server:send_request(S, {echo, checked}),
             receive M -> gen_server:check_response(M, Id) after 5000 -> nothing end.",
            "{reply,checked}",
        )
        .await;
    if has_receive {
        // What is given up is not answered later.
        office
            .agree(
                "Id = gen_server:send_request(S, {hold, late}), timeout = gen_server:receive_response(Id, 10),
                 gen_server:cast(S, release), ok = gen_server:call(S, {echo, ok}),
                 receive M -> M after 0 -> nothing end.",
                "nothing",
            )
            .await;
    }
    office
        .agree(
            &format!("Id = gen_server:send_request(S, {{quit, {{why, 1}}}}), {{error, {{Why, _}}}} = gen_server:{receive}_response(Id, 5000), Why."),
            "{why,1}",
        )
        .await;
}

#[tokio::test]
async fn every_answer_is_that_of_a_gen_server() {
    let office = Office::open().await;
    office
        .agree(
            "{gen_server:call(S, {early, 1}), gen_server:call(S, seen)}.",
            "{{early,1},1}",
        )
        .await;
    office
        .agree(
            "{gen_server:call(S, rest), gen_server:call(S, rest), gen_server:call(S, {echo, awake})}.",
            "{ok,ok,awake}",
        )
        .await;
    office
        .agree(
            "Ref = monitor(process, S), {gen_server:call(S, {last, {so, long}}), receive {'DOWN', Ref, _, _, Why} -> Why end}.",
            "{bye,{so,long}}",
        )
        .await;
    office.erl.eval("{ok, _} = desk:start(), ok.").await;
    let _again = Desk::start(&office.node).name("desk").await.unwrap();
    office
        .agree(
            "try gen_server:call(S, {quit, {no, answer}}) catch exit:{Why, {gen_server, call, _}} -> Why end.",
            "{no,answer}",
        )
        .await;
}

#[tokio::test]
async fn a_server_does_not_call_itself() {
    let office = Office::open().await;
    assert_eq!(office.here.call_itself().await, Ok(true));
    // To send itself a request is allowed, as in OTP: the answer comes later.
    assert_eq!(office.here.seen().await, Ok(0));
}

#[tokio::test]
async fn stop_reaches_servers_everywhere() {
    let office = Office::open().await;
    for desk in [&office.here, &office.there] {
        let watching = desk.clone();
        let ended = tokio::spawn(async move { watching.ended().await });
        // The watch is set when the server answers what was asked behind it.
        tokio::task::yield_now().await;
        assert_eq!(desk.echo(term!(here)).await, Ok(term!(here)));
        let why = || Reason::from(term!({shutdown, moving}));
        let stopped = desk.stop(why()).timeout(DEADLINE).await;
        assert_eq!(stopped, Ok(()));
        assert_eq!(ended.await.unwrap(), Ok(why()));
    }
    assert_eq!(
        office.there.stop(Reason::Normal).await,
        Err(CallError::NoProc)
    );
    let nobody = DeskRef::local(&office.node, "desk");
    assert_eq!(nobody.stop(Reason::Normal).await, Err(CallError::NoProc));
    assert_eq!(office.there.ended().await, Err(CallError::NoProc));
    let away = DeskRef::named(&office.node, "desk", &unique_node("missing"));
    let stopped = away.stop(Reason::Normal).await;
    assert!(
        matches!(stopped, Err(CallError::NoConnection { .. })),
        "{stopped:?}"
    );
    // A server that does not come to it is not waited for longer than that.
    office
        .erl
        .eval("{ok, P} = desk:start(), erlang:suspend_process(P), Me = self(), spawn(fun() -> erlang:suspend_process(P), Me ! held, timer:sleep(infinity) end), receive held -> ok end.")
        .await;
    let stopped = office.there.stop(Reason::Normal);
    let stopped = stopped.timeout(Duration::from_millis(10)).await;
    assert_eq!(stopped, Err(CallError::Timeout));
}

#[tokio::test]
async fn a_process_stops_a_server_elsewhere() {
    let office = Office::open().await;
    let there = office.erl.name().to_owned();
    let stopped = office.here.stop_other("desk".to_owned(), there).await;
    assert_eq!(stopped, Ok(true));
    let other = Desk::start(&office.node).name("other").await.unwrap();
    let here = office.node.name().as_str().to_owned();
    let stopped = office.here.stop_other("other".to_owned(), here).await;
    assert_eq!(stopped, Ok(true));
    assert_eq!(other.seen().await, Err(CallError::NoProc));
}

#[tokio::test]
async fn sys_is_asked_from_rust() {
    let office = Office::open().await;
    for desk in [&office.here, &office.there] {
        let status = sys::get_status(desk).await.unwrap().to_string();
        assert!(status.starts_with("{status,"), "{status}");
        sys::statistics(desk, true).await.unwrap();
        sys::log(desk, Some(5)).await.unwrap();
        sys::trace(desk, false).await.unwrap();
        sys::suspend(desk).await.unwrap();
        let mut waiting = desk.echo(term!(late)).send();
        assert_eq!(waiting.wait(Duration::from_millis(1)).await, None);
        sys::resume(desk).timeout(DEADLINE).await.unwrap();
        assert_eq!(waiting.await, Ok(term!(late)));
        let events = sys::get_log(desk).await.unwrap().unwrap();
        assert_eq!(events.len(), 2, "{events:?}");
        let statistics = sys::get_statistics(desk).await.unwrap().unwrap();
        assert!(
            statistics
                .to_string()
                .contains("{messages_in,1},{messages_out,1}"),
            "{statistics}"
        );
        sys::log(desk, None).await.unwrap();
        assert_eq!(sys::get_log(desk).await.unwrap(), Ok(vec![]));
    }
    let state: Vec<Term> = sys::get_state(&office.there).await.unwrap();
    assert!(state.is_empty());
    // Neither a term nor `Debug`: its name.
    let state: String = sys::get_state(&office.here).await.unwrap();
    assert!(state.ends_with("::Desk"), "{state}");
    for desk in [&office.here, &office.there] {
        sys::terminate(desk, Reason::Shutdown).await.unwrap();
    }
    assert_eq!(office.here.ended().await, Ok(Reason::Shutdown));
}
