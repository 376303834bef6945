//! Every form of every control message, from a scripted peer to a process of an ergo node: those that no release sends
//! any more, or not yet, among them.

use ergo::process::{AliasMode, Received};
use ergo::{Atom, Node, Pid, Ref, Term, term};
use tests::peer::{CREATION, FLAGS, MODERN};
use tests::{Actor, Cluster, Probe, unique_node};

/// A node with a process that traps exits, and a peer of it.
struct Stage {
    node: Node,
    probe: Probe,
    alias: Ref,
    actor: Actor,
    _cluster: Cluster,
}

impl Stage {
    async fn new(flags: u64) -> Stage {
        let cluster = Cluster::start();
        let node = cluster.node().await;
        let actor = Actor::join(
            node.port().unwrap(),
            &unique_node("actor"),
            cluster.cookie(),
            flags,
        );
        let probe = Probe::trapping(&node).await;
        let alias = probe
            .act(|ctx| {
                ctx.register("named").unwrap();
                ctx.alias(AliasMode::Explicit)
            })
            .await;
        Stage {
            node,
            probe,
            alias,
            actor,
            _cluster: cluster,
        }
    }

    /// What the process gets of a frame that nobody answers.
    async fn gets(&mut self, frame: &[Term]) -> Vec<Received> {
        self.actor.say(frame);
        self.actor.settle();
        // It has arrived by now, and stands before this in the mailbox.
        let end = Received::Message(term!(end));
        self.node.send(self.probe.pid, &term!(end)).unwrap();
        let mut got = Vec::new();
        loop {
            match self.probe.next().await.expect("it lives") {
                last if last == end => return got,
                next => got.push(next),
            }
        }
    }
}

/// A message of a known text, or an exit with it as its reason, from a process.
fn is_message(got: &[Received]) -> bool {
    matches!(got, [Received::Message(message)] if *message == term!({the, <<"message">>}))
}

fn is_exit(got: &[Received], from: Pid) -> bool {
    let why = term!({the, <<"message">>}).into();
    matches!(got, [Received::Exit(exit)] if exit.from == from && exit.reason == why)
}

/// What stands where a trace token does: tokens, and what nobody should send as one.
fn tokens(me: Pid) -> Vec<Term> {
    vec![
        term!({1, 17, 1, (me), 0}),
        term!({1, {any, "term"}, 1, (me.node), 0}),
        term!([]),
        term!(#{<<"not">> => [a, token]}),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_message_is_taken() {
    // Whatever the flags say: signals of old forms may have waited for the link.
    for flags in [FLAGS, MODERN] {
        let mut stage = Stage::new(flags).await;
        let (me, to, alias) = (stage.actor.pid(1), stage.probe.pid, stage.alias);
        let (nothing, named) = (Atom::new(""), Atom::new("named"));
        let mut forms = vec![
            term!({2, (nothing), (to)}),
            term!({2, (me), (to)}),
            term!({22, (me), (to)}),
            term!({6, (me), (nothing), (named)}),
            term!({33, (me), (alias)}),
        ];
        for token in tokens(me) {
            forms.extend([
                term!({12, (nothing), (to), (token.clone())}),
                term!({23, (me), (to), (token.clone())}),
                term!({16, (me), (nothing), (named), (token.clone())}),
                term!({34, (me), (alias), (token.clone())}),
                term!({37, 2, (me), (to), (token.clone())}),
                term!({37, 3, (me), (to), (token.clone())}),
                term!({37, 6, (me), (alias), (token.clone())}),
                term!({37, 7, (me), (alias), (token.clone())}),
                term!({37, 10, (me), (named), (token.clone())}),
                term!({37, 11, (me), (named), (token), more, {elements}}),
            ]);
        }
        for (flags, to) in [
            (0, Term::Pid(to)),
            (1, Term::Pid(to)),
            (4, Term::from(alias)),
            (5, Term::from(alias)),
            (8, Term::from(named)),
            (9, Term::from(named)),
            (32, Term::Pid(to)),
        ] {
            forms.push(term!({37, (flags), (me), (to.clone())}));
            // Flags of releases to come, small or large, and what they may add.
            for unknown in [1_u128 << 7, 1 << 40, 1 << 100] {
                let flags = Term::from(flags as u128 | unknown);
                forms.push(term!({37, (flags.clone()), (me), (to.clone())}));
                forms.push(term!({37, (flags), (me), (to.clone()), [], #{}}));
            }
        }
        for control in forms {
            let got = stage
                .gets(&[control.clone(), term!({the, <<"message">>})])
                .await;
            assert!(is_message(&got), "{control}: {got:?}");
        }
        assert_eq!(stage.node.undelivered().no_process, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_an_exit_is_taken() {
    for flags in [FLAGS, MODERN] {
        let mut stage = Stage::new(flags).await;
        let (me, to, alias) = (stage.actor.pid(1), stage.probe.pid, stage.alias);
        let named = Atom::new("named");
        let why = || term!({the, <<"message">>});
        // {Control, what follows it, whether it goes along a link}
        let mut forms = vec![
            (term!({3, (me), (to), (why())}), None, true),
            (term!({24, (me), (to)}), Some(why()), true),
            (term!({8, (me), (to), (why())}), None, false),
            (term!({26, (me), (to)}), Some(why()), false),
        ];
        for token in tokens(me) {
            let t = || token.clone();
            forms.extend([
                (term!({13, (me), (to), (t()), (why())}), None, true),
                (term!({25, (me), (to), (t())}), Some(why()), true),
                (term!({18, (me), (to), (t()), (why())}), None, false),
                (term!({27, (me), (to), (t())}), Some(why()), false),
                (term!({37, 18, (me), (to), (t())}), Some(why()), false),
                (term!({37, 22, (me), (alias), (t())}), Some(why()), false),
                (
                    term!({37, 27, (me), (named), (t()), more}),
                    Some(why()),
                    false,
                ),
            ]);
        }
        for (flags, to) in [
            (16, Term::Pid(to)),
            (17, Term::Pid(to)),
            (20, Term::from(alias)),
            (21, Term::from(alias)),
            (24, Term::from(named)),
            (25, Term::from(named)),
        ] {
            forms.push((term!({37, (flags), (me), (to)}), Some(why()), false));
        }
        for (control, payload, by_link) in forms {
            let frame: Vec<Term> = [control.clone()].into_iter().chain(payload).collect();
            if by_link {
                // Nothing without a link, and each link ends once.
                assert_eq!(stage.gets(&frame).await, [], "{control}");
                assert_eq!(stage.gets(&[term!({1, (me), (to)})]).await, []);
            }
            let got = stage.gets(&frame).await;
            assert!(is_exit(&got, me), "{control}: {got:?}");
            if by_link {
                assert_eq!(stage.gets(&frame).await, [], "{control}");
            }
            assert_eq!(stage.node.census().remotes, 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_down_is_taken() {
    for flags in [FLAGS, MODERN] {
        let mut stage = Stage::new(flags).await;
        let (own, theirs, us) = (stage.probe.pid, stage.actor.pid(5), stage.actor.name);
        let kv = Atom::new("kv");
        for by_name in [false, true] {
            for inline in [false, true] {
                let reference = stage.probe.act(move |ctx| match by_name {
                    true => ctx.monitor((kv, us)),
                    false => ctx.monitor(theirs),
                });
                let reference = reference.await;
                let object = if by_name {
                    Term::from(kv)
                } else {
                    Term::Pid(theirs)
                };
                stage
                    .actor
                    .expect(term!({19, (own), (object.clone()), (reference)}));
                let why = term!({the, reason});
                let frame = match inline {
                    true => vec![term!({21, (object), (own), (reference), (why.clone())})],
                    false => vec![term!({28, (object), (own), (reference)}), why.clone()],
                };
                let got = stage.gets(&frame).await;
                let [Received::Down(down)] = &got[..] else {
                    panic!("{got:?}")
                };
                assert_eq!((down.reference, &down.reason), (reference, &why.into()));
                assert_eq!(stage.gets(&frame).await, [], "once");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_a_spawn_is_answered() {
    let mut stage = Stage::new(MODERN).await;
    let me = stage.actor.pid(1);
    let function = || term!({lists, seq, 2});
    let mut number = 0;
    for (options, flags) in [
        (term!([]), Some(0)),
        (term!([{priority, high}, {min_heap_size, 10}]), Some(0)),
        (term!([link, monitor]), Some(3)),
        (term!([{monitor, [{tag, t}]}]), Some(2)),
        (term!([unheard_of]), None),
        (term!(link), None),
    ] {
        let mut forms = vec![(29, None)];
        forms.extend(tokens(me).into_iter().map(|token| (30, Some(token))));
        for (operation, token) in forms {
            number += 1;
            let request = stage.actor.reference(number);
            let mut control = vec![
                term!((operation)),
                Term::from(request),
                Term::Pid(me),
                Term::Pid(me),
                function(),
                options.clone(),
            ];
            control.extend(token);
            stage
                .actor
                .say(&[Term::Tuple(control.into()), term!([1, 3])]);
            let Some(flags) = flags else {
                stage.actor.expect(term!({31, (request), (me), 0, badopt}));
                continue;
            };
            // The reply, and only then what the process does: it ends, since nobody offers the function.
            let reply = stage.actor.control();
            let Term::Tuple(fields) = &reply else {
                panic!("no reply: {reply}")
            };
            let Term::Pid(pid) = fields[4] else {
                panic!("no pid: {reply}")
            };
            assert_eq!(reply, term!({31, (request), (me), (flags), (pid)}));
            let undef = || term!({undef, [{lists, seq, [1, 3], []}]});
            if flags & 1 != 0 {
                stage.actor.expect_with(term!({24, (pid), (me)}), undef());
            }
            if flags & 2 != 0 {
                let down = term!({28, (pid), (me), (request)});
                stage.actor.expect_with(down, undef());
            }
        }
    }
    // Answers that nobody asked for.
    let (own, request) = (stage.probe.pid, stage.node.make_ref());
    for token in tokens(me) {
        for control in [
            term!({31, (request), (own), 3, (me)}),
            term!({31, (request), (own), 0, badopt}),
            term!({32, (request), (own), 1, (me), (token.clone())}),
            term!({32, (request), (own), 0, notsup, (token)}),
        ] {
            assert_eq!(stage.gets(&[control]).await, []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_an_unlink_is_taken() {
    for flags in [FLAGS, MODERN] {
        let mut stage = Stage::new(flags).await;
        let (me, own) = (stage.actor.pid(1), stage.probe.pid);
        for id in [term!(1), term!((u64::MAX)), term!((1_u64 << 40))] {
            stage.gets(&[term!({1, (me), (own)})]).await;
            assert_eq!(stage.node.process_info(&own).unwrap().links, [me]);
            stage.actor.send(term!({35, (id.clone()), (me), (own)}));
            stage.actor.expect(term!({36, (id), (own), (me)}));
            assert_eq!(stage.gets(&[term!({3, (me), (own), late})]).await, []);
            assert_eq!(stage.node.process_info(&own).unwrap().links, []);
        }
        // Without an id nothing is answered.
        stage.gets(&[term!({1, (me), (own)})]).await;
        assert_eq!(stage.gets(&[term!({4, (me), (own)})]).await, []);
        assert_eq!(stage.node.process_info(&own).unwrap().links, []);
    }
}

/// The group leader of a process is whatever pid a peer says; it says so once, without an answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_leader_is_taken() {
    let mut stage = Stage::new(FLAGS).await;
    let (me, own) = (stage.actor.pid(1), stage.probe.pid);
    let other = Pid {
        node: Atom::new("third@127.0.0.1"),
        creation: CREATION + 1,
        ..me
    };
    for leader in [me, other, own] {
        assert_eq!(stage.gets(&[term!({7, (leader), (own)})]).await, []);
        assert_eq!(stage.node.process_info(&own).unwrap().group_leader, leader);
    }
}
