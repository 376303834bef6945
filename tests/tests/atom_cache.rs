//! The atoms of messages between a Rust node and a BEAM, which both ends keep in caches: more of them than a header
//! names, than a cache holds, and longer ones than a byte can count.

use ergo::{Atom, Node, Term, term};
use tests::{Cluster, Erl, Probe};

/// A process of the BEAM that sends back what it gets, and says whether that was what it expects: a list of numbered
/// atoms.
const ECHO: &str = "
    -module(echo). -export([start/0, atoms/3]).
    start() -> register(echo, spawn(fun loop/0)), ok.
    loop() ->
        receive
            {From, Prefix, First, Last, Atoms} ->
                Expected = Atoms =:= atoms(Prefix, First, Last),
                From ! {Expected, Atoms}, loop();
            {From, Term} -> From ! Term, loop()
        end.
    atoms(Prefix, First, Last) ->
        [binary_to_atom(<<Prefix/binary, (integer_to_binary(N))/binary>>, utf8) || N <- lists:seq(First, Last)].";

struct Pair {
    erl: Erl,
    node: Node,
    probe: Probe,
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        let (erl, node) = (cluster.erl().await, cluster.node().await);
        erl.load_module(ECHO).await;
        erl.eval("ok = echo:start().").await;
        node.connect(erl.name()).await.unwrap();
        Pair {
            probe: Probe::start(&node),
            erl,
            node,
            _cluster: cluster,
        }
    }

    fn send(&self, message: &Term) {
        self.node.send(("echo", self.erl.name()), message).unwrap();
    }

    /// Sends these atoms; the BEAM must find them right, and they must come back as they were.
    async fn cross(&mut self, prefix: &str, first: usize, last: usize) {
        let atoms = (first..=last).map(|number| Atom::new(&format!("{prefix}{number}")).into());
        let atoms = Term::from(atoms.collect::<Vec<Term>>());
        self.send(&term!({(self.probe.pid), (prefix), (first), (last), (atoms.clone())}));
        let answer = self.probe.message().await;
        assert!(
            answer == term!({true, (atoms)}),
            "{prefix} {first} to {last}"
        );
    }
}

#[tokio::test]
async fn a_message_has_more_atoms_than_a_header_names() {
    let mut pair = Pair::start().await;
    for count in [
        1, 2, 15, 16, 17, 250, 251, 252, 253, 254, 255, 256, 300, 5_000,
    ] {
        // The second time out of the cache, as far as it reaches.
        for _ in 0..2 {
            pair.cross("of one message ", 1, count).await;
        }
    }
}

#[tokio::test]
async fn thousands_of_atoms_pass_through_the_caches() {
    let mut pair = Pair::start().await;
    for round in 0..40 {
        let first = round * 250;
        pair.cross("of many messages ", first, first + 249).await;
        // Some that were there before, and some of which the places were given to others.
        pair.cross("of many messages ", first / 2, first / 2 + 20)
            .await;
        pair.cross("of many messages ", 0, 5).await;
    }
}

#[tokio::test]
async fn many_messages_are_under_way_at_once() {
    let mut pair = Pair::start().await;
    let message = |number: usize| {
        let atoms = (0..5).map(|n| Atom::new(&format!("atom {}", (number * 7 + n) % 5_000)).into());
        term!({(number), (Term::from(atoms.collect::<Vec<Term>>()))})
    };
    for number in 0..5_000 {
        pair.send(&term!({(pair.probe.pid), (message(number))}));
    }
    for number in 0..5_000 {
        assert!(pair.probe.message().await == message(number), "{number}");
    }
}

#[tokio::test]
async fn atoms_of_more_than_255_bytes_are_named_too() {
    let mut pair = Pair::start().await;
    let long = "日本".repeat(120);
    assert!(long.len() > 255);
    for _ in 0..2 {
        pair.cross(&long, 1, 9).await;
        pair.cross("short ", 1, 9).await;
        pair.cross(&long, 1, 300).await;
    }
    // The longest there are, beside short ones.
    let longest = [Atom::new(&"😀".repeat(255)), Atom::new(&"é".repeat(255))];
    let message = term!({ok, (longest[0]), [(longest[1]), ok], (longest[0])});
    for _ in 0..2 {
        pair.send(&term!({(pair.probe.pid), (message.clone())}));
        assert!(pair.probe.message().await == message);
    }
}

#[tokio::test]
async fn funs_and_maps_carry_their_atoms() {
    let mut pair = Pair::start().await;
    // What Erlang sends comes back to it, and is the same there: with a fun, which counts its bytes.
    let text = "Fun = fun(X) -> {X, atom_in_a_fun} end,
        Term = {Fun, fun lists:map/2, #{key => Fun, {key, 1} => #{inner => key}}, [self() | key], make_ref(), 1.5},
        {probe, Rust} ! {self(), Term},
        receive Back -> {F, _, _, _, _, _} = Back, {Back =:= Term, F(1)} after 10000 -> timeout end.";
    let text = text.replace("Rust", &format!("'{}'", pair.node.name().as_str()));
    pair.probe.act(|ctx| ctx.register("probe").unwrap()).await;
    let (erl, probe) = (&pair.erl, &mut pair.probe);
    let answer = tokio::join!(erl.eval(&text), async {
        let message = probe.message().await;
        let Term::Tuple(parts) = message else {
            panic!("{message}");
        };
        let (to, term) = (parts[0].clone(), parts[1].clone());
        let Term::Pid(to) = to else { panic!("{to}") };
        probe.act(move |ctx| ctx.send(to, &term).unwrap()).await;
    });
    assert_eq!(answer.0, "{true,{1,atom_in_a_fun}}");
}
