//! What the log of supervisors says, as OTP's supervisor and progress reports do.
//!
//! Alone in its program: tests that log nothing would have `tracing` forget about this one's log.

#[allow(dead_code)] // The other tests use the rest.
#[path = "supervisor_local/bench.rs"]
mod bench;

use ergo::supervisor::{Restart, Shutdown, Strategy};
use ergo::term;
use tests::Log;

use bench::*;

/// The lines of the supervisor since the last time: the level, the child, the reason and what OTP
/// calls it.
fn reports(log: &Log) -> Vec<String> {
    let text = log.take();
    let lines = text
        .lines()
        .filter(|line| line.contains("ergo::supervisor") && line.contains("supervisor=sup "));
    let word = |line: &str, key: &str| {
        let (_, rest) = line.split_once(&format!(" {key}="))?;
        rest.split(' ').next().map(str::to_owned)
    };
    lines
        .map(|line| {
            let level = line.split_whitespace().next().unwrap();
            let what = line
                .split_once('(')
                .and_then(|(_, rest)| rest.split_once(')'));
            let what = what.unwrap().0;
            let child = word(line, "child").unwrap_or_default();
            let reason = word(line, "reason").unwrap_or_default();
            format!("{level} {what} {child} {reason}")
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn reports_are_those_of_otp() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_ansi(false)
        .without_time()
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let bench = Bench::new();
    let spec = bench
        .spec(Strategy::OneForOne, &["a"])
        .intensity(2)
        .child(bench.child("t").restart(Restart::Transient))
        .child(bench.child("w").shutdown(Shutdown::BrutalKill));
    let supervisor = spec.start(&bench.node).name("sup").await.unwrap();
    assert_eq!(
        reports(&log),
        ["INFO progress a", "INFO progress t", "INFO progress w"]
    );
    // A child that may end says nothing.
    bench.end(&supervisor, "t", term!(normal)).await;
    supervisor.which_children().await.unwrap();
    assert!(reports(&log).is_empty());
    bench.plan("a", &[Outcome::Fail]);
    bench.end(&supervisor, "a", term!(normal)).await;
    // Twice: the second question comes after the second try.
    supervisor.which_children().await.unwrap();
    supervisor.which_children().await.unwrap();
    assert_eq!(
        reports(&log),
        [
            "ERROR child_terminated a normal",
            "ERROR start_error a failed",
            "INFO progress a"
        ]
    );
    // Who asks is who hears of it.
    bench.plan("t", &[Outcome::Fail]);
    supervisor.restart_child("t").await.unwrap_err();
    assert!(reports(&log).is_empty());
    let worker = bench.worker(bench.pid(&supervisor, "a").await);
    worker.be_stubborn().await.unwrap();
    supervisor.terminate_child("a").await.unwrap();
    assert_eq!(reports(&log), ["ERROR shutdown_error a killed"]);
    bench.end(&supervisor, "w", term!(crash)).await;
    ended(&supervisor).await;
    assert_eq!(
        reports(&log),
        [
            "ERROR child_terminated w crash",
            "ERROR reached_max_restart_intensity w"
        ]
    );
}
