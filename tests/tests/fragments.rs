//! Large messages between a Rust node and a BEAM: of every size, both ways, and beside those of others.

use bytes::Bytes;
use ergo::{Node, Term, term};
use tests::{Cluster, Erl, Probe, unique_node};

/// A process of the BEAM that sends back what it gets; and one that says in which order things came to it.
const FAR: &str = "
    -module(far). -export([start/0, flood/2]).
    start() ->
        register(echo, spawn(fun echo/0)),
        register(list, spawn(fun() -> list([]) end)), ok.
    echo() -> receive {From, Term} -> From ! Term, echo() end.
    list(Seen) ->
        receive
            {From, seen, Count} when length(Seen) =:= Count -> From ! lists:reverse(Seen), list([]);
            {Name, N, <<B, _/binary>> = Bin} ->
                Same = Bin =:= binary:copy(<<B>>, byte_size(Bin)),
                list([{Name, N, byte_size(Bin), Same} | Seen])
        end.
    %% Processes that send at the same time, each a large message and then small ones.
    flood(To, Names) ->
        [spawn(fun() ->
            To ! {Name, 0, binary:copy(<<(atom_to_binary(Name, utf8))/binary>>, 8 bsl 20)},
            [To ! {Name, N, <<>>} || N <- lists:seq(1, 20)]
         end) || Name <- Names], ok.";

struct Pair {
    erl: Erl,
    node: Node,
    probe: Probe,
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        // More than all that waits here at once: what a busy link does is not looked at.
        let builder = cluster.builder(&unique_node("rust"));
        let node = builder.dist_buf_busy_limit(1 << 30).start().await.unwrap();
        let erl = cluster.erl().await;
        erl.load_module(FAR).await;
        erl.eval("ok = far:start().").await;
        node.connect(erl.name()).await.unwrap();
        let probe = Probe::start(&node);
        probe.act(|ctx| ctx.register("probe").unwrap()).await;
        Pair {
            probe,
            erl,
            node,
            _cluster: cluster,
        }
    }

    /// Sends a binary there and back.
    async fn echo(&mut self, blob: &Bytes) {
        let message = term!({(self.probe.pid), (blob.clone())});
        self.node.send(("echo", self.erl.name()), &message).unwrap();
        drop(message);
        let answer = self.probe.message().await;
        assert!(answer == Term::from(blob.clone()), "{} bytes", blob.len());
    }

    /// What came to `list`, once there is so much.
    async fn seen(&mut self, count: usize) -> Vec<String> {
        let message = term!({(self.probe.pid), seen, (count)});
        self.node.send(("list", self.erl.name()), &message).unwrap();
        let answer = self.probe.message().await;
        let Term::List(list) = answer else {
            panic!("{answer}")
        };
        list.items().iter().map(Term::to_string).collect()
    }
}

/// Bytes of which no two fragments are the same.
fn pattern(len: usize) -> Bytes {
    let byte = |n: usize| (n ^ n >> 8 ^ n >> 16 ^ n >> 24) as u8;
    (0..len).map(byte).collect::<Vec<u8>>().into()
}

#[tokio::test]
async fn payloads_of_every_size_come_back() {
    let mut pair = Pair::start().await;
    let fragment = 64 << 10;
    // Around one fragment and two, where the header of the message counts too.
    for base in [fragment, 2 * fragment] {
        for len in base - 60..=base + 1 {
            pair.echo(&pattern(len)).await;
        }
    }
    for len in [0, 1, 8 << 10, 1 << 20, 64 << 20] {
        pair.echo(&pattern(len)).await;
    }
}

#[tokio::test]
async fn a_gibibyte_comes_back() {
    let mut pair = Pair::start().await;
    pair.echo(&Bytes::from(vec![7; 1 << 30])).await;
}

#[tokio::test]
async fn small_messages_of_others_overtake_a_large_one() {
    let mut pair = Pair::start().await;
    let to = ("list", pair.erl.name().to_owned());
    let other = Probe::start(&pair.node);
    let send = move |probe: &Probe, message: Term| {
        let to = (to.0, to.1.as_str().to_owned());
        probe.order(move |ctx| ctx.send((to.0, &*to.1), &message).unwrap());
    };
    let large = Bytes::from(vec![7; 64 << 20]);
    // Both are sent before the writer has its turn: this test has one thread.
    send(&pair.probe, term!({large, 0, (large)}));
    send(&pair.probe, term!({large, 1, (Bytes::from("x"))}));
    send(&other, term!({other, 0, (Bytes::from("y"))}));
    let expected = [
        "{other,0,1,true}",
        "{large,0,67108864,true}",
        "{large,1,1,true}",
    ];
    assert_eq!(pair.seen(3).await, expected);
}

#[tokio::test]
async fn large_messages_of_several_processes_reach_erlang_in_order() {
    let mut pair = Pair::start().await;
    let name = pair.erl.name().to_owned();
    let probes: Vec<Probe> = (0..6).map(|_| Probe::start(&pair.node)).collect();
    for (index, probe) in probes.iter().enumerate() {
        let (name, blob) = (name.clone(), Bytes::from(vec![index as u8; 4 << 20]));
        probe.order(move |ctx| {
            for number in 0..3 {
                for blob in [&blob, &blob.slice(..10)] {
                    let message = term!({(index), (number), (blob.clone())});
                    ctx.send(("list", &*name), &message).unwrap();
                }
            }
        });
    }
    let seen = pair.seen(6 * 6).await;
    for index in 0..6 {
        let of = format!("{{{index},");
        let of: Vec<&String> = seen.iter().filter(|text| text.starts_with(&of)).collect();
        let expected = (0..3)
            .flat_map(|number| [4 << 20, 10].map(|len| format!("{{{index},{number},{len},true}}")));
        assert!(of.into_iter().eq(&expected.collect::<Vec<_>>()), "{seen:?}");
    }
    // None of them waited for all of another.
    let last_large = |text: &str| seen.iter().position(|seen| seen.starts_with(text));
    let ends: Vec<_> = (0..6)
        .map(|index| last_large(&format!("{{{index},0,4")))
        .collect();
    assert!(
        ends.iter().all(|end| end.is_some_and(|end| end < 12)),
        "{seen:?}"
    );
}

#[tokio::test]
async fn large_messages_of_several_processes_come_from_erlang_in_order() {
    let mut pair = Pair::start().await;
    let flood = format!(
        "far:flood({{probe, '{}'}}, [a, b, c, d, e, f]).",
        pair.node.name().as_str()
    );
    pair.erl.eval(&flood).await;
    let mut next = [0_i64; 6];
    for _ in 0..6 * 21 {
        let message = pair.probe.message().await;
        let Term::Tuple(parts) = &message else {
            panic!("{message}")
        };
        let (Term::Atom(name), Term::Int(number), Term::Binary(blob)) =
            (&parts[0], &parts[1], &parts[2])
        else {
            panic!("{message}")
        };
        let name = name.as_str().as_bytes()[0];
        let index = usize::from(name - b'a');
        assert_eq!(*number, next[index], "of {}", char::from(name));
        assert_eq!(blob.len(), if *number == 0 { 8 << 20 } else { 0 });
        assert!(blob.iter().all(|byte| *byte == name));
        next[index] += 1;
    }
}

#[tokio::test]
async fn small_messages_from_erlang_overtake_a_large_one() {
    let mut pair = Pair::start().await;
    // The small ones go on until one of them was sent after the large one had been: so they do not wait for it.
    let text = format!(
        "To = {{probe, '{}'}}, Large = binary:copy(<<7>>, 64 bsl 20), Self = self(),
         spawn(fun() -> Self ! begins, To ! Large, Self ! sent end),
         receive begins -> ok end,
         Loop = fun F(N) -> To ! N, receive sent -> N after 1 -> F(N + 1) end end,
         Loop(0).",
        pair.node.name().as_str()
    );
    let (sent, probe) = (pair.erl.eval(&text), &mut pair.probe);
    let (last, before) = tokio::join!(sent, async {
        let mut before = 0;
        loop {
            match probe.message().await {
                Term::Int(number) => {
                    assert_eq!(number, before, "in order");
                    before += 1;
                }
                Term::Binary(blob) => {
                    assert_eq!(blob.len(), 64 << 20);
                    break;
                }
                other => panic!("{other}"),
            }
        }
        before
    });
    assert!(before > 0, "all {last} small ones came after the large one");
}

#[tokio::test]
async fn the_link_answers_while_a_large_message_is_under_way() {
    let mut pair = Pair::start().await;
    let (to, blob) = (pair.erl.name().to_owned(), Bytes::from(vec![7; 64 << 20]));
    let message = term!({large, 0, (blob)});
    let sender = Probe::start(&pair.node);
    sender.order(move |ctx| ctx.send(("list", &*to), &message).unwrap());
    let ping = term!({(pair.probe.pid), ping});
    pair.node.send(("echo", pair.erl.name()), &ping).unwrap();
    assert_eq!(pair.probe.message().await, term!(ping));
    assert_eq!(pair.seen(1).await, ["{large,0,67108864,true}"]);
}
