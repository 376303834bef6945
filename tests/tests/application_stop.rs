//! How applications end, what becomes of the node, and how a node stops them.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;
use std::{env, fs};

use ergo::application::{AppSpec, ApplicationError};
use ergo::supervisor::Restart;
use ergo::{Atom, Error, Node, Reason, Term, term};
use rustix::process::{Pid, Signal, kill_process};
use tests::apps::{Does, Noter, Noting, end_top, notes, running};
use tests::{Epmd, unique, unique_node};
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(5);

/// Types, and how the application ends; `None`: it does not start.
fn ends() -> Vec<(&'static str, Restart, Option<Term>)> {
    let types = [
        ("permanent", Restart::Permanent),
        ("transient", Restart::Transient),
        ("temporary", Restart::Temporary),
    ];
    let reasons = [
        Some(term!(normal)),
        Some(term!(shutdown)),
        Some(term!({a, 1})),
        None,
    ];
    types
        .into_iter()
        .flat_map(|(name, restart)| {
            reasons
                .iter()
                .map(move |reason| (name, restart, reason.clone()))
        })
        .collect()
}

/// Whether ours takes its node down.
async fn takes_node_down(restart: Restart, reason: Option<Term>) -> bool {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let mut app = Noting::<0>::new(&noter);
    match &reason {
        None => {
            app.start = Does::Fails(Atom::new("nope").into());
            let error = node.start_application(app, restart).await.unwrap_err();
            assert_eq!(
                error.to_string(),
                "the application first did not start: nope"
            );
        }
        Some(reason) => {
            node.start_application(app, restart).await.unwrap();
            end_top(&node, "first", &reason.clone().into());
        }
    }
    notes.until("first {helper").await;
    // The table forgets it and the node begins to stop in one step: this runtime has one thread.
    while node
        .which_applications()
        .iter()
        .any(|info| info.name == Atom::new("first"))
    {
        tokio::task::yield_now().await;
    }
    match node
        .start_application(Noting::<1>::new(&noter), Restart::Temporary)
        .await
    {
        Ok(()) => false,
        Err(error) => {
            assert_eq!(error, ApplicationError::NodeStopping);
            let terminated = node.stopped().await.terminated.unwrap();
            let reason = reason.unwrap_or(term!(nope));
            assert_eq!(terminated.reason, Reason::from(reason));
            assert_eq!(terminated.application, Atom::new("first"));
            true
        }
    }
}

#[tokio::test]
async fn the_node_goes_down_as_a_beam_does() {
    let directory = env::temp_dir().join(unique("judge"));
    fs::create_dir(&directory).unwrap();
    fs::write(
        directory.join("application_judge.erl"),
        include_str!("application_judge.erl"),
    )
    .unwrap();
    // By full names: an `erl` that changes its root begins elsewhere.
    let path = directory.to_str().unwrap();
    let compile = format!(
        r#"{{ok, _}} = compile:file("{path}/application_judge", [{{outdir, "{path}"}}]), halt()."#
    );
    let erl = |eval: &str| {
        let mut command = Command::new(tests::erl());
        command.args(["-noinput", "-pa", path, "-eval", eval]);
        command.env("ERL_CRASH_DUMP_BYTES", "0");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    assert!(erl(&compile).wait().unwrap().success());
    let judged: Vec<_> = ends()
        .into_iter()
        .map(|(name, restart, reason)| {
            let options = match &reason {
                Some(reason) => format!("#{{top_ends => {reason}}}"),
                None => "#{start => {error,nope}}".to_owned(),
            };
            let eval = format!("application_judge:take_down({name}, {options}).");
            (erl(&eval), name, restart, reason)
        })
        .collect();
    for (mut erl, name, restart, reason) in judged {
        let theirs = !erl.wait().unwrap().success();
        let ours = takes_node_down(restart, reason.clone()).await;
        assert_eq!(ours, theirs, "{name} {reason:?}");
    }
    fs::remove_dir_all(&directory).unwrap();
}

/// Starts `third`, which needs `second`, which needs `first`.
async fn three(node: &Node, noter: &Noter, change: impl FnOnce(&mut Noting<1>)) {
    node.load_application(Noting::<0>::new(noter)).unwrap();
    let spec = AppSpec::new().applications(["first"]);
    let mut second = Noting::<1> {
        spec,
        ..Noting::new(noter)
    };
    change(&mut second);
    let restart = Restart::Permanent;
    node.start_application(second, restart).await.unwrap();
    let spec = AppSpec::new().applications(["second", "first"]);
    let third = Noting::<2> {
        spec,
        traps: true,
        ..Noting::new(noter)
    };
    node.start_application(third, restart).await.unwrap();
}

/// The notes of the stops, without those of the starts and of the helpers.
fn stops(notes: &[String]) -> Vec<&str> {
    let notes = notes.iter().map(String::as_str);
    notes
        .filter(|note| !note.contains("{start,") && !note.contains("{helper,"))
        .collect()
}

#[tokio::test]
async fn a_node_stops_them_in_reverse() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    three(&node, &noter, |_| {}).await;
    assert_eq!(running(&node), ["third", "second", "first"]);
    let report = node.stop().await;
    assert!(report.is_clean(), "{report:?}");
    assert_eq!(report.terminated, None);
    let notes = notes.all();
    let expected = [
        "third {prep_stop,true}",
        "third {top_exits,shutdown}",
        "third {stop,false}",
        "second {prep_stop,true}",
        "second {stop,false}",
        "first {prep_stop,true}",
        "first {stop,false}",
    ];
    assert_eq!(stops(&notes), expected);
    // The first hears nothing before all of the second is gone.
    let place = |wanted: &str| notes.iter().position(|note| note == wanted).unwrap();
    assert!(place("second {helper,killed}") < place("first {prep_stop,true}"));
    assert_eq!(running(&node), [""; 0]);
    assert_eq!(node.census(), Node::alone().census());
    assert_eq!(
        node.start_application("first", Restart::Temporary).await,
        Err(ApplicationError::NodeStopping)
    );
    assert_eq!(node.stopped().await, report);
}

#[tokio::test]
async fn a_permanent_one_takes_the_others_with_it() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    three(&node, &noter, |_| {}).await;
    let waiting = node.spawn(async |mut ctx| drop(ctx.receive().await));
    let end = async { end_top(&node, "second", &term!(broken).into()) };
    let (ended, ()) = tokio::join!(node.run_until_shutdown(), end);
    let error = ended.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the application second ended, and the node with it: broken"
    );
    let Error::Terminated(terminated) = error else {
        panic!("{error:?}");
    };
    assert_eq!(node.stopped().await.terminated, Some(terminated));
    let expected = [
        "second {prep_stop,false}",
        "second {stop,false}",
        "third {prep_stop,true}",
        "third {top_exits,shutdown}",
        "third {stop,false}",
        "first {prep_stop,true}",
        "first {stop,false}",
    ];
    assert_eq!(stops(&notes.all()), expected);
    assert!(!node.is_alive(&waiting));
}

#[tokio::test]
async fn a_node_that_nobody_holds_goes_down_too() {
    let node = Node::alone();
    let (noter, _notes) = notes();
    three(&node, &noter, |_| {}).await;
    let local = ergo::LocalNode::clone(&node);
    let (held, gone) = tokio::sync::oneshot::channel::<()>();
    local.spawn(async move |mut ctx| {
        ctx.receive().await;
        drop(held);
    });
    let top = local.whereis("second_top").unwrap();
    drop(node);
    local.exit(top, Atom::new("broken"));
    assert!(timeout(tests::DEADLINE, gone).await.unwrap().is_err());
    assert!(local.which_applications().is_empty());
}

#[tokio::test]
async fn nodes_of_one_program_do_not_meet() {
    let (one, other) = (Node::alone(), Node::alone());
    let (noter, _notes) = notes();
    three(&one, &noter, |_| {}).await;
    three(&other, &noter, |_| {}).await;
    one.set_env("first", "key", 1).unwrap();
    end_top(&one, "first", &Reason::Normal);
    one.stop_application("third").await.unwrap();
    end_top(&one, "second", &Reason::Normal);
    assert!(one.stopped().await.terminated.is_some());
    assert_eq!(running(&other), ["third", "second", "first"]);
    assert!(other.env::<u8>("first", "key").is_err());
    assert!(other.stop().await.is_clean());
}

/// What hangs in its stop is killed after the node's patience, and named; the others stop well.
async fn overdue(change: fn(&mut Noting<1>)) {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    three(&node, &noter, change).await;
    let started = Instant::now();
    let report = node.stop().await;
    assert_eq!(started.elapsed().as_secs(), PATIENCE.as_secs());
    assert_eq!(report.applications, [Atom::new("second")]);
    let labels: Vec<_> = report
        .processes
        .iter()
        .filter_map(|process| process.label.clone())
        .collect();
    assert_eq!(labels, [term!({application_master, second})]);
    let names = report.processes.iter().filter_map(|process| process.name);
    assert!(
        names
            .into_iter()
            .any(|name| name == Atom::new("second_helper")),
        "{report:?}"
    );
    let notes = notes.all();
    assert!(
        notes.contains(&"first {stop,false}".to_owned()),
        "{notes:?}"
    );
    assert_eq!(node.census(), Node::alone().census());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_stop_in_time_is_killed_and_named() {
    overdue(|app| app.prep_stop = Does::Hangs).await;
    overdue(|app| app.stop = Does::Hangs).await;
    overdue(|app| app.stubborn = true).await;
}

#[tokio::test(start_paused = true)]
async fn processes_outside_of_applications_are_named_too() {
    let node = Node::alone();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    node.spawn(async move |mut ctx| {
        ctx.trap_exit(true);
        ctx.register("stubborn").expect("a free name");
        ready.send(()).expect("the test waits");
        std::future::pending::<()>().await;
    });
    is_ready.await.unwrap();
    let report = node.stop().await;
    assert!(report.applications.is_empty());
    assert_eq!(report.processes.len(), 1, "{report:?}");
    assert_eq!(report.processes[0].name, Some(Atom::new("stubborn")));
}

#[tokio::test(start_paused = true)]
async fn an_application_may_have_a_time_of_its_own() {
    let minute = Duration::from_secs(60);
    let app = |noter: &Noter, stop: Does| {
        let spec = AppSpec::new().stop_timeout(minute);
        Noting::<0> {
            spec,
            stop,
            ..Noting::new(noter)
        }
    };
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let started = Instant::now();
    for round in 1..=2 {
        let hanging = app(&noter, Does::Hangs);
        node.start_application(hanging, Restart::Permanent)
            .await
            .unwrap();
        let stopped = match round {
            1 => node.stop_application("first").await.map(|()| None),
            _ => Ok(Some(node.stop().await)),
        };
        assert_eq!(started.elapsed().as_secs(), round * 60);
        match stopped {
            // On request: it has ended all the same, and the node is up.
            Err(error) => assert_eq!(
                error.to_string(),
                "the application first did not stop within 60s and was killed"
            ),
            Ok(report) => assert_eq!(report.unwrap().applications, [Atom::new("first")]),
        }
        notes.until("first {helper,killed}").await;
        assert_eq!(node.whereis("first_top"), None);
    }
}

#[tokio::test(start_paused = true)]
async fn all_the_time_there_is_may_be_given() {
    let node = Node::alone();
    let (noter, _notes) = notes();
    let spec = AppSpec::new()
        .start_timeout(Duration::MAX)
        .lifespan(Duration::MAX)
        .stop_timeout(Duration::MAX);
    let app = Noting::<0> {
        spec,
        ..Noting::new(&noter)
    };
    node.start_application(app, Restart::Permanent)
        .await
        .unwrap();
    assert!(node.stop().await.is_clean());
}

/// Without a time of its own a stop on request waits as long as it takes, as in Erlang; it holds up
/// nobody else, and ends with the node.
#[tokio::test(start_paused = true)]
async fn a_stop_that_hangs_ends_with_the_node() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let stop = Does::Hangs;
    let hanging = Noting::<0> {
        stop,
        ..Noting::new(&noter)
    };
    node.start_application(hanging, Restart::Permanent)
        .await
        .unwrap();
    let stopping = node.stop_application("first");
    let others = async {
        notes.until("first {stop,false}").await;
        node.start_application(Noting::<1>::new(&noter), Restart::Permanent)
            .await
            .unwrap();
        node.stop_application("second").await.unwrap();
        node.stop().await
    };
    let (stopped, report) = tokio::join!(stopping, others);
    assert_eq!(stopped, Ok(()));
    assert_eq!(
        (report.terminated, report.applications),
        (None, vec![Atom::new("first")])
    );
}

#[tokio::test(start_paused = true)]
async fn a_start_that_hangs_does_not_hold_up_the_stop() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let start = Does::Hangs;
    let hanging = Noting::<0> {
        start,
        ..Noting::new(&noter)
    };
    let starting = node.start_application(hanging, Restart::Permanent);
    let stopping = async {
        assert_eq!(notes.next().await, "first {start,normal}");
        node.stop().await
    };
    let (started, report) = tokio::join!(starting, stopping);
    assert_eq!(started, Err(ApplicationError::NodeStopping));
    assert_eq!(
        (report.terminated.as_ref(), report.is_clean()),
        (None, true)
    );
    assert_eq!(node.census(), Node::alone().census());
}

#[tokio::test(start_paused = true)]
async fn a_life_has_its_span() {
    for (restart, fatal) in [
        (Restart::Transient, false),
        (Restart::Temporary, false),
        (Restart::Permanent, true),
    ] {
        let node = Node::alone();
        let (noter, mut notes) = notes();
        let spec = AppSpec::new().lifespan(Duration::from_secs(7));
        let app = Noting::<0> {
            spec,
            traps: true,
            ..Noting::new(&noter)
        };
        let started = Instant::now();
        node.start_application(app, restart).await.unwrap();
        let notes = notes.until("first {helper").await;
        assert_eq!(started.elapsed().as_secs(), 7);
        let expected = [
            "first {prep_stop,true}",
            "first {top_exits,shutdown}",
            "first {stop,false}",
        ];
        assert_eq!(stops(&notes), expected);
        if fatal {
            let terminated = node.stopped().await.terminated.unwrap();
            assert_eq!(terminated.reason, Reason::Normal);
        } else {
            let again = Noting::<1>::new(&noter);
            node.start_application(again, Restart::Temporary)
                .await
                .unwrap();
            assert_eq!(running(&node), ["second"]);
        }
    }
}

/// A callback that holds its thread cannot be ended; nobody waits for it longer than the patience.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_callback_that_blocks_its_thread_is_given_up_in_time() {
    let epmd = Epmd::start();
    let name = unique_node("stop");
    let builder = || Node::builder(&name).cookie("secret").epmd_port(epmd.port());
    let node = builder()
        .stop_timeout(Duration::from_secs(1))
        .start()
        .await
        .unwrap();
    let (noter, mut notes) = notes();
    let prep_stop = Does::Blocks(Duration::from_secs(4));
    let blocking = Noting::<0> {
        prep_stop,
        ..Noting::new(&noter)
    };
    node.start_application(blocking, Restart::Permanent)
        .await
        .unwrap();
    node.start_application(Noting::<1>::new(&noter), Restart::Permanent)
        .await
        .unwrap();
    let report = timeout(tests::DEADLINE, node.stop()).await.unwrap();
    assert_eq!(report.applications, [Atom::new("first")]);
    assert!(notes.all().contains(&"second {stop,false}".to_owned()));
    // Its name and port are free again.
    let again = builder().start().await.unwrap();
    assert!(again.stop().await.is_clean());
}

/// Runs itself again as a program that is sent SIGTERM.
#[tokio::test]
async fn sigterm_stops_applications_in_reverse() {
    if env::var_os("ERGO_TEST_SIGTERM").is_some() {
        let node = Node::alone();
        let (noter, mut notes) = notes();
        three(&node, &noter, |_| {}).await;
        let say = |text: &str| writeln!(std::io::stdout(), "{text}").unwrap();
        let run = tokio::spawn(async move {
            let ended = node.run_until_shutdown().await;
            assert!(ended.is_ok(), "{ended:?}");
        });
        // The signals are caught from the first poll on.
        tokio::task::yield_now().await;
        say("\nready");
        run.await.unwrap();
        say(&stops(&notes.all()).join(" "));
        return;
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "sigterm_stops_applications_in_reverse",
        ])
        .env("ERGO_TEST_SIGTERM", "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while line != "ready\n" {
        line.clear();
        assert_ne!(
            output.read_line(&mut line).unwrap(),
            0,
            "it ended before it was ready"
        );
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(child.wait().unwrap().success(), "{rest}");
    let expected = "third {prep_stop,true} third {top_exits,shutdown} third {stop,false} \
                    second {prep_stop,true} second {stop,false} first {prep_stop,true} first {stop,false}";
    assert!(rest.contains(expected), "{rest}");
}
