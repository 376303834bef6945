//! Every control message with a real Erlang node: it takes all that ergo can send, and ergo takes all that it sends,
//! trace tokens too. What a release lacks is said where it is left out.

use ergo::dist::handshake::HandshakeVersion;
use ergo::dist::{Control, Destination, DistFlags, SpawnFlags, SpawnRequest, Target};
use ergo::etf::{Budget, Decode, Encoded};
use ergo::{Atom, Pid, Ref, Term, term};
use tests::wire::{Wire, dial, identity};
use tests::{Epmd, Erl, unique_node};

/// A process of the BEAM that shows the test what came to it, and one that echoes.
const SEEN: &str = "
    -module(seen). -export([start/1, loop/1, get/2, sleep/0, traced/2]).
    start(Name) ->
        Echo = fun F() -> receive {From, Term} -> From ! Term, F() end end,
        is_pid(whereis(echo)) orelse register(echo, spawn(Echo)),
        P = spawn(?MODULE, loop, [[]]),
        register(Name, P), P.
    loop(Seen) ->
        receive
            {get, From, Count} when length(Seen) >= Count -> From ! lists:reverse(Seen), loop([]);
            {act, From, Fun} -> From ! {done, Fun()}, loop(Seen);
            M when element(1, M) =/= get -> loop([M | Seen])
        end.
    get(Name, Count) -> Name ! {get, self(), Count}, receive L when is_list(L) -> L end.
    sleep() -> receive stop -> ok end.
    %% What a process with a trace token sends.
    traced(Node, Fun) ->
        {P, Ref} = spawn_monitor(fun() ->
            seq_trace:set_token(label, 17), seq_trace:set_token(send, true), Fun(Node)
        end),
        receive {'DOWN', Ref, process, P, Why} -> Why end.";

struct Stage {
    erl: Erl,
    wire: Wire,
    _epmd: Epmd,
}

impl Stage {
    async fn start() -> Stage {
        let epmd = Epmd::start();
        let erl = Erl::options().distributed(epmd.port()).start().await;
        erl.load_module(SEEN).await;
        let us = identity(&unique_node("wire"), DistFlags::recommended(), erl.cookie());
        erl.eval("seen:start(seen).").await;
        let wire = dial(&epmd, &erl, us, HandshakeVersion::V6).await.unwrap();
        Stage {
            erl,
            wire,
            _epmd: epmd,
        }
    }

    async fn of<T: Decode>(&self, expression: &str) -> T {
        let bytes = self
            .erl
            .eval_bytes(&format!("term_to_binary({expression})."), &[])
            .await;
        let encoded = Encoded::new(bytes.into(), Default::default());
        encoded.decode(&Budget::default()).unwrap()
    }

    async fn pid(&self, expression: &str) -> Pid {
        self.of(expression).await
    }

    async fn send(&mut self, control: Control, payload: Option<Term>) {
        let payload = payload.map(|term| Encoded::for_link(&term).unwrap());
        self.wire.send(&control, payload.as_ref()).await;
    }

    /// The link is still there, and all that was sent is dealt with.
    async fn lives(&mut self) {
        self.wire.echo(&Term::from("still here")).await;
    }

    /// The next control message must be like this.
    async fn expect(&mut self, what: &str, is: impl Fn(&Control) -> bool) -> Option<Term> {
        let (control, payload) = self.wire.receive().await;
        assert!(is(&control), "{what}: {control:?}");
        payload.map(|payload| payload.decode(&Budget::default()).unwrap())
    }
}

/// What these tests say of a flag that a release has not.
fn has(stage: &Stage, flag: DistFlags) -> bool {
    stage.wire.established.flags.contains(flag)
}

#[tokio::test]
async fn erlang_takes_every_message() {
    let mut stage = Stage::start().await;
    let (from, seen) = (stage.wire.pid(1), stage.pid("whereis(seen)").await);
    let name = Atom::new("seen");
    let mut expected = vec![term!(one), term!(two), term!(three)];
    let to = seen;
    let from_us = Some(from);
    stage
        .send(Control::Send { from: from_us, to }, Some(term!({m, one})))
        .await;
    stage
        .send(Control::Send { from: None, to }, Some(term!({m, two})))
        .await;
    stage
        .send(Control::RegSend { from, name }, Some(term!({m, three})))
        .await;
    // OTP 24 and later have aliases; 28 and later get them in operation 37.
    if has(&stage, DistFlags::ALIAS) {
        let make = "seen ! {act, self(), fun() -> alias() end}, receive {done, A} -> A end";
        let alias: Ref = stage.of(&format!("begin {make} end")).await;
        stage
            .send(Control::AliasSend { from, alias }, Some(term!({m, four})))
            .await;
        expected.push(term!(four));
    }
    stage.lives().await;
    let count = expected.len();
    let arrived: Term = stage
        .of(&format!("[M || {{m, M}} <- seen:get(seen, {count})]"))
        .await;
    assert_eq!(arrived, Term::from(expected));
}

#[tokio::test]
async fn erlang_takes_links_monitors_and_exits() {
    let mut stage = Stage::start().await;
    let from = stage.wire.pid(1);
    let target = stage.pid("spawn(seen, sleep, [])").await;
    let (to, reference) = (target, stage.wire.reference(1));

    // A link, its end by us, and its end by them.
    stage.send(Control::Link { from, to }, None).await;
    if has(&stage, DistFlags::UNLINK_ID) {
        stage
            .send(
                Control::Unlink {
                    id: Some(5),
                    from,
                    to,
                },
                None,
            )
            .await;
        let acknowledges = |control: &Control| matches!(control, Control::UnlinkAck { id: 5, .. });
        stage.expect("an acknowledgement", acknowledges).await;
    } else {
        // OTP 22 and 23.0 to 23.2 do not acknowledge.
        stage
            .send(Control::Unlink { id: None, from, to }, None)
            .await;
    }
    for watched in [Target::Pid(target), Target::Name(Atom::new("seen"))] {
        let to = watched;
        stage
            .send(
                Control::Monitor {
                    from,
                    to,
                    reference,
                },
                None,
            )
            .await;
        stage.lives().await;
        stage
            .send(
                Control::Demonitor {
                    from,
                    to,
                    reference,
                },
                None,
            )
            .await;
    }
    stage
        .send(
            Control::Monitor {
                from,
                to: Target::Pid(target),
                reference,
            },
            None,
        )
        .await;
    stage.send(Control::Link { from, to }, None).await;
    stage.lives().await;
    let leader = stage.wire.pid(2);
    stage.send(Control::GroupLeader { leader, to }, None).await;
    stage.lives().await;
    let group: Pid = stage
        .of(&format!(
            "element(2, process_info(list_to_pid(\"{}\"), group_leader))",
            local(&target)
        ))
        .await;
    assert_eq!(group, leader);

    stage
        .send(Control::Exit { from, to }, Some(term!({over, 1})))
        .await;
    let down = stage
        .expect("DOWN", |control| {
            matches!(control, Control::MonitorExit { .. })
        })
        .await;
    assert_eq!(down, Some(term!({over, 1})));
    stage.lives().await;

    // Exits as of exit/2: to a pid; since OTP 28 to names and aliases too.
    let mut destinations = vec![Destination::Pid(stage.pid("spawn(seen, sleep, [])").await)];
    if has(&stage, DistFlags::ALTACT_SIG) {
        let named = "begin P = spawn(seen, sleep, []), register(named, P), P end";
        stage.pid(named).await;
        destinations.push(Destination::Name(Atom::new("named")));
    }
    for to in destinations {
        let watched = match to {
            Destination::Pid(pid) => Target::Pid(pid),
            Destination::Name(name) => Target::Name(name),
            Destination::Alias(_) => unreachable!("none is made here"),
        };
        stage
            .send(
                Control::Monitor {
                    from,
                    to: watched,
                    reference,
                },
                None,
            )
            .await;
        stage
            .send(Control::Exit2 { from, to }, Some(term!(enough)))
            .await;
        let down = stage
            .expect("DOWN", |control| {
                matches!(control, Control::MonitorExit { .. })
            })
            .await;
        assert_eq!(down, Some(term!(enough)));
    }
    if has(&stage, DistFlags::ALTACT_SIG) {
        // Of an alias that nobody has: dropped.
        let alias = stage.of("make_ref()").await;
        let to = Destination::Alias(alias);
        stage
            .send(Control::Exit2 { from, to }, Some(term!(enough)))
            .await;
    }
    stage.lives().await;
}

#[tokio::test]
async fn erlang_hears_of_our_ends() {
    let mut stage = Stage::start().await;
    let node = stage.wire.established.clone();
    assert!(!node.name.is_empty());
    let us = stage.wire.pid(1);
    let them = stage.pid("whereis(seen)").await;
    let bytes = ergo::etf::to_bytes(&us).unwrap();
    // They watch us by pid and by name, and are linked to us.
    let text = format!(
        "Us = binary_to_term(Bytes),
         seen ! {{act, self(), fun() ->
            process_flag(trap_exit, true), link(Us), monitor(process, Us), monitor(process, {{kv, '{}'}})
         end}}, receive {{done, _}} -> ok end.",
        us.node.as_str()
    );
    stage.erl.eval_with(&text, &[("Bytes", &bytes)]).await;
    stage
        .expect("a link", |control| matches!(control, Control::Link { .. }))
        .await;
    let mut references = Vec::new();
    for _ in 0..2 {
        let (control, _) = stage.wire.receive().await;
        let Control::Monitor { reference, to, .. } = control else {
            panic!("{control:?}");
        };
        references.push((to, reference));
    }
    for (from, reference) in references {
        let to = them;
        stage
            .send(
                Control::MonitorExit {
                    from,
                    to,
                    reference,
                },
                Some(term!({why, 1})),
            )
            .await;
    }
    stage
        .send(Control::Exit { from: us, to: them }, Some(term!({why, 2})))
        .await;
    stage.lives().await;
    let kinds: Term = stage
        .of("[{element(1, M), element(tuple_size(M), M)} || M <- seen:get(seen, 3)]")
        .await;
    let down = || term!({:"DOWN", {why, 1}});
    assert_eq!(kinds, term!([(down()), (down()), {:"EXIT", {why, 2}}]));
}

#[tokio::test]
async fn processes_are_asked_for_in_both_directions() {
    let mut stage = Stage::start().await;
    // OTP 22 does not know the request.
    if !has(&stage, DistFlags::SPAWN) {
        assert!(stage.erl.release() < 23);
        return;
    }
    let (from, id) = (stage.wire.pid(1), stage.wire.reference(9));
    let options = Encoded::for_link(&term!([monitor, link])).unwrap();
    let request = Control::SpawnRequest(Box::new(SpawnRequest::new(
        id,
        from,
        from,
        (Atom::new("erlang"), Atom::new("exit"), 1),
        options,
    )));
    stage.send(request, Some(term!([{ended, well}]))).await;
    let mut done = SpawnFlags::default();
    (done.link, done.monitor) = (true, true);
    stage
        .expect("a reply", |control| {
            matches!(control, Control::SpawnReply { flags, result: Ok(_), .. } if *flags == done)
        })
        .await;
    for _ in 0..2 {
        let reason = stage
            .expect("its end", |control| {
                matches!(control, Control::Exit { .. } | Control::MonitorExit { .. })
            })
            .await;
        assert_eq!(reason, Some(term!({ended, well})));
    }
    // And the other way.
    let asking = format!(
        "seen ! {{act, self(), fun() -> spawn_request('{}', lists, seq, [1, 2], [monitor]) end}},
         receive {{done, R}} -> ok end.",
        from.node.as_str()
    );
    stage.erl.eval(&asking).await;
    let (control, arguments) = stage.wire.receive().await;
    let Control::SpawnRequest(request) = control else {
        panic!("{control:?}");
    };
    let arguments: Vec<u8> = arguments.unwrap().decode(&Budget::default()).unwrap();
    assert_eq!((request.function.as_str(), arguments), ("seq", vec![1, 2]));
    let reply = |result| Control::SpawnReply {
        id: request.id,
        to: request.from,
        flags: SpawnFlags::default(),
        result,
    };
    stage.send(reply(Err(Atom::new("notsup"))), None).await;
    stage.lives().await;
    let seen: Term = stage.of("[element(4, M) || M <- seen:get(seen, 1)]").await;
    assert_eq!(seen, term!([notsup]));
}

/// A local pid of the Erlang node as its `list_to_pid/1` takes it.
fn local(pid: &Pid) -> String {
    format!("<0.{}.{}>", pid.id, pid.serial)
}

#[tokio::test]
async fn trace_tokens_are_passed_over() {
    let mut stage = Stage::start().await;
    let us = stage.wire.pid(1);
    let node = us.node.as_str().to_owned();
    let bytes = ergo::etf::to_bytes(&us).unwrap();
    let traced = |fun: &str| {
        format!("Us = binary_to_term(Bytes), seen:traced('{node}', fun(Node) -> {fun} end).")
    };
    // The operation, its arity, and what sends it. Exit signals of exit/2 carry no token.
    let mut cases = vec![
        (23, 4, "Us ! {traced, 1}"),
        (16, 5, "{kv, Node} ! {traced, 1}"),
        (26, 3, "exit(Us, {traced, 1})"),
        (25, 4, "link(Us), exit({traced, 1})"),
    ];
    if has(&stage, DistFlags::SPAWN) {
        cases.push((30, 7, "spawn_request(Node, m, f, [{traced, 1}], [])"));
    }
    for (operation, arity, fun) in cases {
        let sent = stage
            .erl
            .eval_with(&traced(fun), &[("Bytes", &bytes)])
            .await;
        let payload = loop {
            match stage.wire.receive().await {
                (Control::Link { .. }, _) => {}
                (_, payload) => break payload.expect("a payload"),
            }
        };
        let payload: Term = payload.decode(&Budget::default()).unwrap();
        let expected = if operation == 30 {
            term!([{traced, 1}])
        } else {
            term!({traced, 1})
        };
        assert_eq!(payload, expected, "{fun}: {sent}");
        assert!(
            stage.wire.has_read(operation, arity),
            "{fun} was not operation {operation}"
        );
    }
    // To an alias: OTP 24 and later, and in operation 37 from OTP 28 on. They need one of ours.
    if has(&stage, DistFlags::ALIAS) {
        let alias = stage.wire.reference(4);
        let bytes = ergo::etf::to_bytes(&alias).unwrap();
        let text = traced("Us ! {traced, 1}");
        stage.erl.eval_with(&text, &[("Bytes", &bytes)]).await;
        let arrives = |control: &Control| matches!(control, Control::AliasSend { alias: to, .. } if *to == alias);
        let payload = stage.expect("a message to an alias", arrives).await;
        assert_eq!(payload, Some(term!({traced, 1})));
        let altact = has(&stage, DistFlags::ALTACT_SIG);
        let (operation, arity) = if altact { (37, 5) } else { (34, 4) };
        assert!(stage.wire.has_read(operation, arity));
    }
    stage.lives().await;
}
