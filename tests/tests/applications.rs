//! Applications: how they start, what they need, and what becomes of them, beside what a BEAM does.

use std::time::Duration;

use ergo::application::{App, AppSpec, ApplicationError};
use ergo::gen_server::Context;
use ergo::supervisor::Restart;
use ergo::{Atom, Node, Reason, Term, gen_server, term};
use tests::Erl;
use tests::apps::{Does, Noting, end_top, notes, running};

/// One scenario: its options for the judge, what makes ours the same, and the reason with which its
/// top ends, if it is not stopped.
type Scenario = (&'static str, fn(&mut Noting<0>), Option<Term>);

fn scenarios() -> Vec<Scenario> {
    vec![
        ("#{}", |_| {}, None),
        ("#{trap => true}", |app| app.traps = true, None),
        ("#{top_ends => normal}", |_| {}, Some(term!(normal))),
        ("#{top_ends => shutdown}", |_| {}, Some(term!(shutdown))),
        ("#{top_ends => {foo,1}}", |_| {}, Some(term!({foo, 1}))),
        (
            "#{phases => [{one,1},{two,[x]}]}",
            |app| {
                let spec = AppSpec::new().start_phase("one", 1);
                app.spec = spec.start_phase("two", term!([x]));
            },
            None,
        ),
        (
            "#{prep_stop => crash, trap => true}",
            |app| (app.prep_stop, app.traps) = (Does::Panics, true),
            None,
        ),
        ("#{stop => crash}", |app| app.stop = Does::Panics, None),
        (
            "#{stop => crash, top_ends => normal}",
            |app| app.stop = Does::Panics,
            Some(term!(normal)),
        ),
        (
            "#{linked_crash => true}",
            |app| app.linked_crash = true,
            None,
        ),
    ]
}

/// Plays a scenario on ours, as `application_judge:run/1` does.
async fn play((_, set, top_ends): &Scenario) -> String {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let mut app = Noting::<0>::new(&noter);
    set(&mut app);
    node.start_application(app, Restart::Temporary)
        .await
        .unwrap();
    match top_ends {
        Some(reason) => end_top(&node, "first", &reason.clone().into()),
        None => node.stop_application("first").await.unwrap(),
    }
    let notes = notes.until("first {helper").await;
    let notes: Vec<_> = notes
        .iter()
        .filter_map(|note| note.strip_prefix("first "))
        .collect();
    format!("{{ok,[{}]}}", notes.join(","))
}

#[tokio::test]
async fn as_an_application_of_a_beam() {
    let erl = Erl::options().start().await;
    erl.load_module(include_str!("application_judge.erl")).await;
    for scenario in scenarios() {
        let text = format!(
            "list_to_atom(lists:flatten(application_judge:run({}))).",
            scenario.0
        );
        let judged = erl.eval(&text).await;
        assert_eq!(
            format!("'{}'", play(&scenario).await),
            judged,
            "{}",
            scenario.0
        );
    }
}

#[tokio::test]
async fn its_processes_are_its_group() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let app = Noting::<0>::new(&noter);
    node.start_application(app, Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(notes.next().await, "first {start,normal}");
    let top = node.whereis("first_top").unwrap();
    let info = node.process_info(&top).unwrap();
    let master = info.group_leader;
    assert_eq!(
        (info.parent, &info.links[..]),
        (Some(master), &[master][..])
    );
    assert_eq!(node.application_of(&top), Some(Atom::new("first")));
    assert_eq!(node.application_of(&master), Some(Atom::new("first")));
    assert_eq!(
        node.process_info(&master).unwrap().label,
        Some(term!({application_master, first}))
    );
    let outside = node.spawn(async |mut ctx| drop(ctx.receive().await));
    assert_eq!(node.application_of(&outside), None);
    assert_eq!(node.which_applications()[0].root, Some(top));

    // A killed master runs no callbacks, but nothing outlives it.
    node.exit(master, Reason::Kill);
    assert_eq!(notes.next().await, "first {helper,killed}");
    let app = Noting::<0>::new(&noter);
    node.start_application(app, Restart::Temporary)
        .await
        .unwrap();
    assert!(node.is_alive(&outside));
    node.stop_application("first").await.unwrap();
}

#[tokio::test]
async fn the_states_and_their_errors() {
    use ApplicationError::*;
    let node = Node::alone();
    let (noter, _notes) = notes();
    let name = Atom::new("first");
    let app = || {
        let spec = AppSpec::new().description("the first").version("1.0");
        Noting::<0> {
            spec,
            ..Noting::new(&noter)
        }
    };
    assert_eq!(node.stop_application("first").await, Err(NotStarted(name)));
    assert_eq!(node.unload_application("first"), Err(NotLoaded(name)));
    assert_eq!(node.load_application("first"), Err(NotLoaded(name)));
    let unknown = node.start_application("first", Restart::Temporary).await;
    assert_eq!(unknown, Err(NotLoaded(name)));
    let long = "n".repeat(256);
    let long = node.start_application(&*long, Restart::Temporary).await;
    assert!(matches!(long, Err(Name(_))), "{long:?}");

    node.load_application(app()).unwrap();
    assert_eq!(node.load_application(app()), Err(AlreadyLoaded(name)));
    assert_eq!(node.load_application("first"), Err(AlreadyLoaded(name)));
    assert_eq!(running(&node), [""; 0]);
    let loaded = &node.loaded_applications()[0];
    assert_eq!(
        (loaded.to_string(), loaded.root),
        (r#"{first,"the first","1.0"}"#.to_owned(), None)
    );

    node.start_application("first", Restart::Permanent)
        .await
        .unwrap();
    let again = node.start_application(app(), Restart::Temporary).await;
    assert_eq!(again, Err(AlreadyStarted(name)));
    assert_eq!(node.unload_application("first"), Err(Running(name)));
    assert_eq!(running(&node), ["first"]);
    assert_eq!(
        node.ensure_all_started("first", Restart::Permanent).await,
        Ok(vec![])
    );

    // On request even a permanent one leaves the node up, and stays loaded.
    node.stop_application("first").await.unwrap();
    assert_eq!(node.stop_application("first").await, Err(NotStarted(name)));
    node.start_application("first", Restart::Temporary)
        .await
        .unwrap();
    node.stop_application("first").await.unwrap();
    node.unload_application("first").unwrap();
    assert!(node.loaded_applications().is_empty());
}

fn needing(name: &str, needs: &[&str]) -> App {
    let app = App::new(name, async |_, ctx| {
        Ok(ctx.spawn_link(async |mut ctx| drop(ctx.receive().await)))
    });
    app.spec(AppSpec::new().applications(needs.iter().copied()))
}

#[tokio::test]
async fn what_it_needs_starts_first() {
    let node = Node::alone();
    for (name, needs) in [
        ("store", &["log", "net"][..]),
        ("net", &["log"]),
        ("log", &[]),
        ("other", &[]),
    ] {
        node.load_application(needing(name, needs)).unwrap();
    }
    node.start_application(needing("web", &["other", "store"]), Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(running(&node), ["web", "store", "net", "log", "other"]);

    // What is needed may be stopped all the same, as in Erlang.
    for name in ["log", "web", "store"] {
        node.stop_application(name).await.unwrap();
    }
    let started = node
        .ensure_all_started("web", Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(started, ["log", "store", "web"].map(Atom::new));
}

#[tokio::test]
async fn optional_ones_start_first_if_they_are_loaded() {
    let node = Node::alone();
    let spec = AppSpec::new().optional_applications(["metrics", "log"]);
    node.load_application(needing("log", &[])).unwrap();
    node.start_application(needing("web", &[]).spec(spec), Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(running(&node), ["web", "log"]);
}

#[tokio::test]
async fn circles_and_gaps_are_refused() {
    let node = Node::alone();
    for (name, needs) in [
        ("a", &["b"][..]),
        ("b", &["c"]),
        ("c", &["d", "b"]),
        ("d", &[]),
        ("self", &["self"]),
        ("gap", &["d", "nowhere"]),
    ] {
        node.load_application(needing(name, needs)).unwrap();
    }
    let refused = [
        ("a", "applications need each other in a circle: b -> c -> b"),
        (
            "self",
            "applications need each other in a circle: self -> self",
        ),
        (
            "gap",
            "the application gap needs nowhere, which is not loaded; load it first",
        ),
    ];
    for (name, text) in refused {
        let error = node
            .start_application(name, Restart::Temporary)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), text);
        let error = node
            .ensure_all_started(name, Restart::Temporary)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(running(&node), [""; 0]);
}

#[tokio::test]
async fn a_failed_need_takes_back_what_was_started() {
    let node = Node::alone();
    let (noter, mut notes) = notes();
    let start = Does::Fails(Atom::new("nope").into());
    node.load_application(Noting::<0>::new(&noter)).unwrap();
    node.load_application(Noting::<1> {
        start,
        ..Noting::new(&noter)
    })
    .unwrap();
    node.load_application(needing("runs", &[])).unwrap();
    node.start_application("runs", Restart::Temporary)
        .await
        .unwrap();
    let error = node
        .start_application(
            needing("top", &["runs", "first", "second"]),
            Restart::Temporary,
        )
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the application second did not start: nope"
    );
    assert_eq!(running(&node), ["runs"]);
    let notes = notes.until("first {helper").await;
    assert!(
        notes.contains(&"first {stop,false}".to_owned()),
        "{notes:?}"
    );
}

/// A start that does not come to an end leaves an error, and no process, name or group.
async fn fails(start: Does, phases: Does, expected: &str) {
    let node = Node::alone();
    let before = node.census();
    let (noter, mut notes) = notes();
    let spec = AppSpec::new()
        .start_phase("one", 1)
        .start_timeout(Duration::from_secs(60));
    let app = Noting::<0> {
        spec,
        start,
        phases,
        traps: true,
        ..Noting::new(&noter)
    };
    let error = node
        .start_application(app, Restart::Temporary)
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), expected);
    // Only who noted the helper's end may still be there.
    notes.until("first {helper").await;
    assert_eq!(running(&node), [""; 0]);
    assert_eq!(node.loaded_applications().len(), 1);
    assert_eq!(node.whereis("first_top"), None);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert_eq!(node.census(), before);
    node.start_application(Noting::<0>::new(&noter), Restart::Temporary)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_start_that_fails_leaves_nothing_behind() {
    let nope = || Does::Fails(term!({nope, 1}).into());
    fails(
        nope(),
        Does::Well,
        "the application first did not start: {nope,1}",
    )
    .await;
    fails(
        Does::Well,
        nope(),
        "the application first did not start: {nope,1} in its start phase one",
    )
    .await;
    let hang = "the application first did not start within 60s and was killed";
    fails(Does::Hangs, Does::Well, hang).await;
    fails(Does::Well, Does::Hangs, hang).await;
}

#[tokio::test]
async fn a_start_that_panics_is_an_error() {
    for (start, phases) in [(Does::Panics, Does::Well), (Does::Well, Does::Panics)] {
        let node = Node::alone();
        let (noter, mut notes) = notes();
        let spec = AppSpec::new().start_phase("one", 1);
        let app = Noting::<0> {
            spec,
            start,
            phases,
            ..Noting::new(&noter)
        };
        let error = node
            .start_application(app, Restart::Temporary)
            .await
            .unwrap_err();
        let (ApplicationError::Start { reason, .. } | ApplicationError::StartPhase { reason, .. }) =
            &error
        else {
            panic!("{error}");
        };
        assert!(reason.to_string().starts_with("{panic,"), "{reason}");
        notes.until("first {helper").await;
        assert_eq!(node.whereis("first_top"), None);
    }
}

#[tokio::test]
async fn who_comes_second_waits_for_the_first() {
    let node = Node::alone();
    let (go, gone) = tokio::sync::watch::channel(false);
    let app = App::new("slow", move |_, ctx: ergo::application::AppContext| {
        let mut gone = gone.clone();
        async move {
            let from_within = ctx
                .node()
                .start_application("slow", Restart::Temporary)
                .await;
            assert_eq!(
                from_within,
                Err(ApplicationError::NotStarted(Atom::new("slow")))
            );
            gone.wait_for(|go| *go).await.expect("the test holds it");
            Ok(ctx.spawn_link(async |mut ctx| drop(ctx.receive().await)))
        }
    });
    node.load_application(app).unwrap();
    let first = node.start_application("slow", Restart::Temporary);
    let second = node.ensure_all_started("slow", Restart::Temporary);
    let between = async {
        // As on a BEAM: it does not run yet, so that it cannot be stopped.
        assert_eq!(running(&node), [""; 0]);
        let stop = node.stop_application("slow").await;
        assert_eq!(stop, Err(ApplicationError::NotStarted(Atom::new("slow"))));
        let unload = node.unload_application("slow");
        assert_eq!(unload, Err(ApplicationError::Running(Atom::new("slow"))));
        go.send(true).expect("the application waits");
    };
    let (first, second, ()) = tokio::join!(first, second, between);
    assert_eq!((first, second), (Ok(()), Ok(vec![])));
    assert_eq!(running(&node), ["slow"]);
}

/// Many start and stop the same applications at once: each gets an answer, no start finds a name or
/// process of the run before, and nothing is left at the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_start_and_stop_them_at_once() {
    use ApplicationError::*;
    let node = Node::alone();
    let (noter, _notes) = notes();
    node.load_application(Noting::<0>::new(&noter)).unwrap();
    let spec = AppSpec::new().applications(["first"]);
    let second = Noting::<1> {
        spec,
        ..Noting::new(&noter)
    };
    node.load_application(second).unwrap();
    let tasks = (0..8).map(|task| {
        let node = node.clone();
        tokio::spawn(async move {
            for round in 0..30 {
                let name = ["first", "second"][(task + round) % 2];
                let result = match (task + round / 2) % 3 {
                    0 => node.stop_application(name).await,
                    1 => node.start_application(name, Restart::Temporary).await,
                    _ => node
                        .ensure_all_started(name, Restart::Temporary)
                        .await
                        .map(drop),
                };
                assert!(
                    matches!(result, Ok(()) | Err(AlreadyStarted(_) | NotStarted(_))),
                    "{result:?}"
                );
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    tokio::time::timeout(tests::DEADLINE, async {
        for task in tasks {
            task.await.unwrap();
        }
        assert!(node.stop().await.is_clean());
    })
    .await
    .unwrap();
    assert_eq!(node.census(), Node::alone().census());
}

struct Limited {
    limit: u64,
}

#[gen_server]
impl Limited {
    #[init]
    fn init(ctx: &mut Context<Self>) -> Result<Self, Reason> {
        let limit = ctx.env("limit")?;
        Ok(Limited { limit })
    }

    #[call]
    fn limit(&self) -> u64 {
        self.limit
    }
}

#[tokio::test]
async fn a_server_reads_the_environment_in_its_init() {
    let node = Node::alone();
    let app = App::new("limited", async |_, ctx| {
        let server = Limited::start(&ctx).name("limited").link().await?;
        server.pid().ok_or(Reason::NoProc)
    });
    let error = node
        .start_application(app, Restart::Temporary)
        .await
        .unwrap_err();
    let start = "the application limited did not start: {bad_env,{limit,";
    assert!(error.to_string().starts_with(start), "{error}");
    node.set_env("limited", "limit", 7).unwrap();
    node.start_application("limited", Restart::Temporary)
        .await
        .unwrap();
    let server = LimitedRef::named(&node, "limited", node.name().as_str());
    assert_eq!(server.limit().await.unwrap(), 7);
    node.stop_application("limited").await.unwrap();
}

#[tokio::test]
async fn a_supervisor_at_the_top() {
    use ergo::supervisor::{Child, ChildSpec, Strategy, Supervisor, SupervisorSpec};
    struct Sup;
    impl Supervisor for Sup {
        fn spec(self: std::sync::Arc<Self>) -> SupervisorSpec {
            SupervisorSpec::new(Strategy::OneForOne).child(ChildSpec::new("child", || {
                let child = Child::process(async |mut ctx| drop(ctx.receive().await));
                child.name("the_child")
            }))
        }
    }
    let node = Node::alone();
    let app = App::new("supervised", async |_, ctx| {
        let sup = Sup::start_link(&ctx, Sup).name("app_sup").await?;
        sup.pid().ok_or(Reason::NoProc)
    });
    node.start_application(app, Restart::Transient)
        .await
        .unwrap();
    let child = node.whereis("the_child").unwrap();
    assert_eq!(node.application_of(&child), Some(Atom::new("supervised")));

    // The child of the next start takes the name of this one, which is gone by then.
    node.stop_application("supervised").await.unwrap();
    assert_eq!(
        (node.whereis("app_sup"), node.is_alive(&child)),
        (None, false)
    );
    node.start_application("supervised", Restart::Transient)
        .await
        .unwrap();
    assert!(node.whereis("the_child").is_some());
}
