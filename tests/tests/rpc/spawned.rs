//! What a BEAM spawns.

use ergo::prelude::*;
use ergo::rpc::Module;
use tests::{Cluster, settled, until};

use super::stage::Pair;

#[tokio::test]
async fn a_spawned_function_is_a_process_like_others() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    // By every way, it runs the function and ends with it.
    for text in [
        "P = spawn(N, math, echo, [self()]), receive {ready, P} -> P ! hi end, receive {echo, hi} -> ok end.",
        "P = spawn_link(N, math, echo, [self()]), receive {ready, P} -> P ! hi end, receive {echo, hi} -> ok end.",
        "{P, R} = spawn_monitor(N, math, echo, [self()]), receive {ready, P} -> P ! hi end, receive {echo, hi} -> receive {'DOWN', R, process, P, normal} -> ok end end.",
        "{P, R} = spawn_opt(N, math, echo, [self()], [monitor, {priority, high}]), receive {ready, P} -> P ! hi end, receive {echo, hi} -> receive {'DOWN', R, process, P, normal} -> ok end end.",
        "R = spawn_request(N, math, echo, [self()], [monitor]), P = receive {spawn_reply, R, ok, Q} -> Q end, receive {ready, P} -> P ! hi end, receive {echo, hi} -> receive {'DOWN', R, process, P, normal} -> ok end end.",
        "S = self(), P = spawn(N, fun math:pi/0), {node(P) =:= N, S =:= self()}, ok.",
    ] {
        assert_eq!(pair.eval(text).await, "ok", "{text}");
    }
}

#[tokio::test]
async fn exits_reach_and_leave_a_spawned_process() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    for (text, value) in [
        (
            "{P, R} = spawn_monitor(N, math, sleep, []), exit(P, kill), receive {'DOWN', R, process, P, Why} -> Why end.",
            "killed",
        ),
        (
            "{P, R} = spawn_monitor(N, math, sleep, []), exit(P, enough), receive {'DOWN', R, process, P, Why} -> Why end.",
            "enough",
        ),
        (
            "P = spawn(N, math, trap, [self()]), receive {ready, P} -> exit(P, enough) end, receive {trapped, Why} -> Why end.",
            "enough",
        ),
        (
            "S = self(), W = spawn(fun() -> spawn_link(N, math, trap, [S]), receive go -> exit(over) end end), receive {ready, _} -> W ! go end, receive {trapped, Why} -> Why end.",
            "over",
        ),
        (
            "{_, R} = spawn_monitor(N, math, give_up, [exit, door]), receive {'DOWN', R, process, _, Why} -> Why end.",
            "door",
        ),
        (
            "{_, R} = spawn_monitor(N, math, give_up, [throw, ball]), receive {'DOWN', R, process, _, Why} -> Why end.",
            "{{nocatch,ball},[{math,give_up,[throw,ball],[]}]}",
        ),
        (
            "{_, R} = spawn_monitor(N, math, divide, [1, 0]), receive {'DOWN', R, process, _, Why} -> Why end.",
            "{badarith,[{math,divide,[1,0],[]}]}",
        ),
        (
            "process_flag(trap_exit, true), P = spawn_link(N, math, no, []), receive {'EXIT', P, Why} -> Why end.",
            "{undef,[{math,no,[],[]}]}",
        ),
    ] {
        assert_eq!(pair.eval(text).await, value, "{text}");
    }
}

#[tokio::test]
async fn process_info_shows_what_was_spawned() {
    let cluster = Cluster::start();
    let pair = Pair::start(&cluster).await;
    let before = pair.node.pids();
    let text = "{P, _} = spawn_opt(N, math, sleep, [], [link, monitor]), unlink(P), P.";
    pair.eval(text).await;
    let spawned: Vec<_> = pair
        .node
        .pids()
        .into_iter()
        .filter(|pid| !before.contains(pid))
        .collect();
    let [pid] = spawned[..] else {
        panic!("one process: {spawned:?}")
    };
    until(|| {
        let info = pair.node.process_info(&pid).expect("it sleeps");
        info.label == Some(term!({math, sleep, 0}))
    })
    .await;
    let info = pair.node.process_info(&pid).expect("it sleeps");
    assert_eq!(info.group_leader.node.as_str(), pair.erl.name());
    assert_eq!(
        info.parent.expect("one of the shell's").node.as_str(),
        pair.erl.name()
    );
    pair.node.exit(pid, Reason::Kill);
    until(|| !pair.node.is_alive(&pid)).await;
}

/// `spawn(Node, M, F, Args)` of a function that starts a server is that server.
#[tokio::test]
async fn a_server_is_spawned() {
    let cluster = Cluster::start();
    let builder = cluster.builder(&tests::unique_node("rust"));
    let counter = Module::new("counter").server::<Counter>("start");
    let node = builder.offer(counter).start().await.expect("it starts");
    let pair = Pair {
        erl: cluster.erl().await,
        node,
    };
    let before = pair.node.census();
    for (text, value) in [
        (
            "P = spawn(N, counter, start, [40, 2]), V = gen_server:call(P, get), gen_server:cast(P, stop), V.",
            "42",
        ),
        (
            "{P, R} = spawn_monitor(N, counter, start, [40, 2]), gen_server:cast(P, stop), receive {'DOWN', R, process, P, Why} -> Why end.",
            "normal",
        ),
        // As of a parent, the end of who is linked to it is its own, though it traps exits.
        (
            "S = self(), spawn(fun() -> P = spawn_link(N, counter, start, [40, 2]), 42 = gen_server:call(P, get), S ! P, exit(enough) end), P = receive Q -> Q end, R = monitor(process, P), receive {'DOWN', R, process, P, _} -> ok end.",
            "ok",
        ),
        (
            "{_, R} = spawn_monitor(N, counter, start, [-1, 0]), receive {'DOWN', R, process, _, Why} -> Why end.",
            "negative",
        ),
        (
            "{_, R} = spawn_monitor(N, counter, start, [x, 0]), receive {'DOWN', R, process, _, Why} -> Why end.",
            "{{badarg,<<\"counter:start[0]: expected integer, got x\">>},[{counter,start,[x,0],[]}]}",
        ),
        (
            "{ok, P} = erpc:call(N, counter, start, [40, 2]), V = gen_server:call(P, get), gen_server:cast(P, stop), V.",
            "42",
        ),
        ("erpc:call(N, counter, start, [-1, 0]).", "{error,negative}"),
    ] {
        assert_eq!(pair.eval(text).await, value, "{text}");
    }
    settled(&pair.node, before).await;
}

struct Counter(i64);

#[gen_server]
impl Counter {
    #[init]
    fn init(start: i64, plus: i64, ctx: &mut Context<Self>) -> Result<Self, Atom> {
        ctx.trap_exit(true);
        if start < 0 {
            return Err(Atom::new("negative"));
        }
        Ok(Counter(start + plus))
    }

    #[call]
    fn get(&self) -> i64 {
        self.0
    }

    #[cast]
    fn stop(&mut self) -> Next {
        Next::Stop(Reason::Normal)
    }
}
