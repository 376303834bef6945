//! Requests for processes that no BEAM would send.

use ergo::{Pid, Ref, Term, term};
use tests::peer::{FLAGS, SPAWN};
use tests::{Actor, Cluster, settled, until};

use super::stage::Pair;

/// A scripted peer, which asks for processes.
struct Asker {
    actor: Actor,
    asked: u32,
}

impl Asker {
    fn join(cluster: &Cluster, pair: &Pair) -> Asker {
        let port = pair.node.port().expect("it listens");
        let name = tests::unique_node("asker");
        let actor = Actor::join(port, &name, cluster.cookie(), FLAGS | SPAWN);
        Asker { actor, asked: 0 }
    }

    /// Asks for a process of `{M, F, Arity}`; gives the reference.
    fn ask(&mut self, function: Term, options: Term, args: Term) -> Ref {
        self.asked += 1;
        let (me, reference) = (self.actor.pid(1), self.actor.reference(self.asked));
        let request = term!({29, (reference), (me), (me), (function), (options)});
        self.actor.say(&[request, args]);
        reference
    }

    /// Why there is no process.
    fn refused(&mut self, reference: Ref) -> Term {
        let reply = self.actor.control();
        let me = self.actor.pid(1);
        let Some([kind, id, to, flags, why]) = reply.as_tuple().map(|tuple| &tuple[..]) else {
            panic!("{reply}")
        };
        let refusal = [kind, id, to, flags].map(Clone::clone);
        assert_eq!(
            refusal,
            [term!(31), reference.into(), me.into(), term!(0)],
            "{reply}"
        );
        why.clone()
    }

    /// Why a process has ended that there was.
    fn ended(&mut self, reference: Ref) -> Term {
        let reply = self.actor.control();
        let Some([kind, id, _, _, Term::Pid(pid)]) = reply.as_tuple().map(|tuple| &tuple[..])
        else {
            panic!("{reply}")
        };
        assert_eq!((kind, id), (&term!(31), &reference.into()), "{reply}");
        let down = self.actor.control();
        let me: Pid = self.actor.pid(1);
        let Some([kind, from, to, id, why]) = down.as_tuple().map(|tuple| &tuple[..]) else {
            panic!("{down}")
        };
        let head = [kind, from, to, id].map(Clone::clone);
        let expected = [term!(21), (*pid).into(), me.into(), reference.into()];
        assert_eq!(head, expected, "{down}");
        why.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_make_no_sense_are_answered_and_leave_nothing() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let before = pair.node.census();
    let mut asker = Asker::join(&cluster, &pair);

    // No list of arguments: not even a call.
    for args in [term!(x), term!([1 | 2]), term!({1, 2}), term!(<<1, 2>>)] {
        let asked = asker.ask(term!({math, add, 2}), term!([monitor]), args.clone());
        assert_eq!(asker.ended(asked), term!(badarg), "{args}");
    }
    // Whatever arity it says, the arguments count.
    for args in [term!([]), term!([1]), term!([1, 2, 3, 4])] {
        let asked = asker.ask(term!({math, add, 2}), term!([monitor]), args.clone());
        let undef = term!({undef, [{math, add, (args), []}]});
        assert_eq!(asker.ended(asked), undef);
    }
    // What is not there, and names that there never were.
    for (module, function) in [("math", "no"), ("no", "add"), ("", ""), ("erlang", "halt")] {
        let (m, f) = (Term::atom(module), Term::atom(function));
        let name = term!({(m.clone()), (f.clone()), 0});
        let asked = asker.ask(name, term!([monitor]), term!([]));
        let undef = term!({undef, [{(m), (f), [], []}]});
        assert_eq!(asker.ended(asked), undef);
    }
    // Options that are none.
    for options in [
        term!(x),
        term!([monitor | link]),
        term!([{ monitor }]),
        term!([nonsense]),
        Term::list(vec![term!(link); 100_000]),
    ] {
        let asked = asker.ask(term!({math, add, 2}), options, term!([1, 2]));
        assert_eq!(asker.refused(asked), term!(badopt));
    }
    // All that, and it is as before.
    let asked = asker.ask(term!({math, add, 2}), term!([monitor]), term!([1, 2]));
    assert_eq!(asker.ended(asked), term!(normal));
    asker.actor.settle();
    drop(asker);
    settled(&pair.node, before).await;
}

/// Such a peer is cut off, for what it says cannot be understood. Others are not.
#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_no_names_end_the_link() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let before = pair.node.census();
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
    for function in [
        term!({1, add, 2}),
        term!({math, <<"add">>, 2}),
        term!({math, add, -1}),
        term!({math, add, 256}),
        term!({math, add}),
        term!(x),
    ] {
        let mut asker = Asker::join(&cluster, &pair);
        let name = asker.actor.name;
        until(|| pair.node.hidden_nodes().contains(&name)).await;
        asker.ask(function, term!([monitor]), term!([1, 2]));
        until(|| !pair.node.hidden_nodes().contains(&name)).await;
        drop(asker);
        settled(&pair.node, before).await;
    }
    let connected = format!("lists:member({}, nodes(connected)).", pair.node.name());
    assert_eq!(pair.erl.eval(&connected).await, "true");
    assert_eq!(pair.eval("erpc:call(N, math, pi, []).").await, "3");
}
