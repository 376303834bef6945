//! What is printed and logged where the group leader is of a Rust node.

use std::sync::{Arc, Mutex};

use ergo::{Pid, Term, term};
use tests::{Cluster, until};

use super::stage::Pair;

#[derive(Clone, Default)]
struct Printed(Arc<Mutex<String>>);

impl Printed {
    fn put(&self, text: &str) {
        self.0.lock().unwrap().push_str(text);
    }

    fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

async fn printing(cluster: &Cluster) -> (Pair, Printed) {
    let printed = Printed::default();
    let sink = printed.clone();
    let pair = Pair::with(cluster, |builder| {
        builder.on_print(move |_: Pid, text: &str| sink.put(text))
    });
    (pair.await, printed)
}

/// A process on another node prints to its group leader, which is that of who has called it.
#[tokio::test]
async fn what_is_called_elsewhere_prints_here() {
    let cluster = Cluster::start();
    let (pair, printed) = printing(&cluster).await;
    let shop = pair.node.rpc(pair.erl.name());
    let answer: Term = shop
        .call(
            "io",
            "format",
            (Term::charlist("~p and ~s~n"), term!([{a, "b"}, "c"])),
        )
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer, term!(ok));
    assert_eq!(printed.text(), "{a,\"b\"} and c\n");
    let answer: Term = shop.call("io", "put_chars", (term!("é€"),)).await.unwrap();
    assert_eq!(answer, term!(ok));
    assert!(printed.text().ends_with("é€"));
    // There is nothing to be read, and nobody waits for it.
    let answer: Term = shop.call("io", "get_line", (term!("> "),)).await.unwrap();
    assert_eq!(answer, term!(eof));
    let answer: Term = shop.call("io", "columns", ()).await.unwrap();
    assert_eq!(answer, term!({error, enotsup}));
    let answer: Term = shop.call("io", "getopts", ()).await.unwrap();
    assert_eq!(answer, term!([{binary, false}, {encoding, unicode}]));
}

/// The processes of an application have its master for their leader, which hands on what they print.
#[tokio::test]
async fn what_an_application_starts_elsewhere_prints_here() {
    let cluster = Cluster::start();
    let (pair, printed) = printing(&cluster).await;
    let peer = pair.erl.name().to_owned();
    let app = ergo::application::App::new("far", move |_, ctx| {
        let peer = peer.clone();
        async move {
            Ok(ctx.spawn_link(async move |mut ctx| {
                let args = (Term::charlist("far~n"), term!([]));
                let far = ctx.spawn_at(peer.as_str(), "io", "format", args).await;
                drop(far);
                ctx.receive().await;
            }))
        }
    });
    let started = pair
        .node
        .start_application(app, ergo::supervisor::Restart::Temporary);
    started.await.unwrap();
    until(|| printed.text() == "far\n").await;
}

#[tokio::test]
async fn user_answers_as_a_beams_does() {
    let cluster = Cluster::start();
    let (pair, printed) = printing(&cluster).await;
    let text = "U = erpc:call(N, erlang, whereis, [user]), \
         [io:format(U, \"~p~n\", [hi]), io:nl(U), io:write(U, \"a\"), io:put_chars(U, [233]), io:fwrite(U, \"x\", []), \
          io:get_line(U, '> '), io:read(U, '> '), io:rows(U)].";
    assert_eq!(
        pair.eval(text).await,
        "[ok,ok,ok,ok,ok,eof,eof,{error,enotsup}]"
    );
    assert_eq!(printed.text(), "hi\n\n[97]éx");
    // As on a BEAM, a bad format is the printer's own error.
    let text = "U = erpc:call(N, erlang, whereis, [user]), try io:format(U, \"~p\", []) catch error:R -> R end.";
    assert_eq!(pair.eval(text).await, "badarg");
    // Nothing that is sent to it ends it.
    let text = "U = erpc:call(N, erlang, whereis, [user]), link(U), [U ! M || M <- [foo, {io_request, 1, 2, 3}, \
         {io_request, self(), r, {put_chars, unicode, {a}}}, {io_request, self(), r, [1 | 2]}, <<1>>]], \
         A = receive {io_reply, r, R1} -> R1 end, B = receive {io_reply, r, R2} -> R2 end, unlink(U), \
         {A, B, io:put_chars(U, \"still\")}.";
    assert_eq!(
        pair.eval(text).await,
        "{{error,put_chars},{error,request},ok}"
    );
}
