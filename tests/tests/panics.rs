//! Panics as exit reasons: what was said, and where.

use std::panic;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ergo::process::Received;
use ergo::{Node, Reason, Term};
use tests::DEADLINE;
use tokio::sync::oneshot;

/// Runs a process that is watched, and gives the reason of its end.
async fn end_of<B>(node: &Node, body: impl FnOnce() -> B + Send + 'static) -> Reason
where
    B: Future<Output = ()> + Send + 'static,
{
    let (send, reason) = oneshot::channel();
    node.spawn(async move |mut ctx| {
        ctx.spawn_monitor(async move |_| body().await);
        let Received::Down(down) = ctx.receive().await else {
            panic!("nothing else comes");
        };
        // The test waits for it.
        let _ = send.send(down.reason);
    });
    let reason = tokio::time::timeout(DEADLINE, reason).await;
    reason.expect("no DOWN").expect("the watcher lives")
}

fn panic_at(message: &str, line: u32) -> String {
    format!("{{panic,<<\"{message}\">>,<<\"tests/tests/panics.rs:{line}:")
}

#[tokio::test]
async fn a_panic_says_what_and_where() {
    let node = Node::alone();
    let line = line!() + 1;
    let reason = end_of(&node, || async { panic!("plain") }).await;
    let text = reason.to_string();
    assert!(text.starts_with(&panic_at("plain", line)), "{text}");
    assert!(text.ends_with(">>}"), "{text}");
    assert_eq!(reason.panic_message(), Some("plain"));

    let line = line!() + 4;
    let later = async move || {
        tokio::task::yield_now().await;
        let nothing = "nothing".parse::<u8>().ok();
        nothing.expect("after an await");
    };
    let text = end_of(&node, later).await.to_string();
    assert!(
        text.starts_with(&panic_at("after an await", line)),
        "{text}"
    );

    let odd = end_of(&node, || async { panic::panic_any(7_u8) }).await;
    assert_eq!(odd.panic_message(), Some("not a text"));
}

#[tokio::test]
async fn a_place_that_is_not_known_is_undefined() {
    let node = Node::alone();
    // The hook does not hear of it; and the place of a panic that was caught is not this one's.
    let raised = || async {
        let caught = panic::catch_unwind(|| panic!("caught by the process"));
        assert!(caught.is_err());
        tokio::task::yield_now().await;
        panic::resume_unwind(Box::new("raised"))
    };
    let text = end_of(&node, raised).await.to_string();
    assert_eq!(text, "{panic,<<\"raised\">>,undefined}");
}

#[tokio::test]
async fn the_place_is_that_of_the_process_that_panicked() {
    let node = Node::alone();
    // Panics outside of processes, on the same thread and meanwhile, are nobody's reason.
    let outside = tokio::spawn(async {
        for _ in 0..100 {
            let caught = panic::catch_unwind(|| panic!("outside"));
            assert!(caught.is_err());
            tokio::task::yield_now().await;
        }
    });
    let line = line!() + 4;
    let ends = (0..100).map(|n| {
        let body = move || async move {
            tokio::time::sleep(Duration::from_micros(n)).await;
            panic!("number {n}");
        };
        end_of(&node, body)
    });
    for (n, end) in ends.enumerate() {
        let text = end.await.to_string();
        assert!(
            text.starts_with(&panic_at(&format!("number {n}"), line)),
            "{text}"
        );
    }
    outside.await.unwrap();
}

/// In a program of its own, so that no other test sees the hook.
#[test]
fn a_hook_of_the_program_still_runs() {
    const CHILD: &str = "ERGO_TEST_PANIC_HOOK";
    if std::env::var_os(CHILD).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_hook_of_the_program_still_runs"])
            .env(CHILD, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let heard = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&heard);
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload().downcast_ref::<&str>().copied();
        note.lock().unwrap().push(payload.unwrap_or("?").to_owned());
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(async {
        let first = Node::alone();
        // A second node does not put a second hook before the first.
        let second = Node::alone();
        for node in [&first, &second] {
            let reason = end_of(node, || async { panic!("in a process") }).await;
            assert_eq!(reason.panic_message(), Some("in a process"));
            let Term::Tuple(tuple) = reason.to_term() else {
                panic!("a tuple");
            };
            assert!(matches!(tuple[2], Term::Binary(_)), "{:?}", tuple[2]);
        }
        let caught = panic::catch_unwind(|| panic!("outside"));
        assert!(caught.is_err());
    });
    assert_eq!(
        *heard.lock().unwrap(),
        ["in a process", "in a process", "outside"]
    );
}
