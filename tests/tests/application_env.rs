//! The environment of applications: its sources, as `erl -config` reads them, and its readers.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use ergo::application::{App, AppSpec, EnvError};
use ergo::node::{NodeBuilder, NodeError};
use ergo::supervisor::Restart;
use ergo::{Atom, Node, Term, term};
use tests::{Epmd, Erl, unique, unique_node};

/// A directory for one test, removed with its files at the test's end.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        let path = env::temp_dir().join(unique("env"));
        fs::create_dir(&path).expect("a new directory");
        Directory(path)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file in it");
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn builder(epmd: &Epmd) -> NodeBuilder {
    Node::builder(&unique_node("env"))
        .cookie("secret")
        .epmd_port(epmd.port())
}

/// An application that does nothing.
fn app(spec: AppSpec) -> App {
    let app = App::new("kv_app", async |_, ctx| {
        Ok(ctx.spawn_link(async |mut ctx| drop(ctx.receive().await)))
    });
    app.spec(spec)
}

#[tokio::test]
async fn as_erl_reads_it() {
    let (directory, epmd) = (Directory::new(), Epmd::start());
    let other = directory.write("other.config", "[{kv_app, [{x, other}, {o, $a}]}].\n");
    let text = format!(
        r#"%% -*- erlang -*-
        [{{kernel, [{{logger_level, error}}]}},
         {{kv_app, [{{x, file}}, {{y, <<"f">>}}, {{n, "new"}}, {{'Case', #{{a => 1.5}}}}, {{l, [{{c, d}}]}}] % and so on
         }},
         {{idle, []}},
         {other:?}].
        "#
    );
    let sys = directory.write("sys.config", &text);
    let more = directory.write("more.config", "[{kv_app, [{y, more}]}].");
    let erl = Erl::options()
        .args(&[
            "-config",
            sys.to_str().unwrap(),
            "-config",
            more.to_str().unwrap(),
        ])
        .args(&["-kv_app", "z", "\"cmd\"", "-kv_app", "w", "{1,2}"])
        .start()
        .await;
    let load = "application:load({application, kv_app, [{env, [{x,code},{y,code},{z,code},{l,[1,{a,b}]},{c,code}]}]}),
                lists:sort(application:get_all_env(kv_app)).";
    let theirs = erl.eval(load).await;

    let spec = ["x", "y", "z", "c"]
        .iter()
        .fold(AppSpec::new(), |spec, key| spec.env(*key, term!(code)));
    let node = builder(&epmd)
        .config_file(sys.with_extension(""))
        .config_file(more)
        .variables([("ERGO_KV_APP__Z", "\"cmd\""), ("ERGO_KV_APP__W", "{1,2}")])
        .start()
        .await
        .unwrap();
    node.load_application(app(spec.env("l", term!([1, {a, b}]))))
        .unwrap();
    let all = node.all_env("kv_app").into_iter().map(Term::from);
    let mut all: Vec<_> = all.collect();
    all.sort();
    let theirs: Term = theirs.parse().unwrap();
    assert_eq!(Term::from(all), theirs);
}

#[tokio::test]
async fn config_files_that_are_refused() {
    let (directory, epmd) = (Directory::new(), Epmd::start());
    directory.write("nested.config", r#"["third"]."#);
    for (text, expected) in [
        ("[{kv_app, [{x, 1}]},\n].", "line 2 is no Erlang term"),
        ("", "line 1 is no Erlang term"),
        ("[] % no end.", "it does not end with a dot"),
        (
            "[{kv_app, [{x, 1}, {x, 1}]}].",
            "it has the key x twice for kv_app; remove one",
        ),
        ("[].\n[].", "line 2 is no Erlang term"),
        (
            "kv_app.",
            "it holds kv_app where a list `[{app, [{key, Value}]}].` belongs",
        ),
        (
            "[a | b].",
            "it holds [a|b] where a list `[{app, [{key, Value}]}].` belongs",
        ),
        (
            "[kv_app].",
            "it has kv_app where `{app, [{key, Value}]}` belongs",
        ),
        (
            "[{kv_app, x}].",
            "it has {kv_app,x} where `{app, [{key, Value}]}` belongs",
        ),
        (
            "[{kv_app, [x]}].",
            "it sets x for kv_app, where `{key, Value}` belongs",
        ),
        (
            r#"[{kv_app, [{"a", 1}]}]."#,
            r#"it sets {"a",1} for kv_app, where `{key, Value}` belongs"#,
        ),
        (
            "[{a, []}, {b, []}, {a, []}].",
            "it has the application a twice; put its settings together",
        ),
        (r#"["missing"]."#, "it cannot be read as text"),
        (
            r#"["nested"]."#,
            "it names third, but only the given file may name others",
        ),
    ] {
        let path = directory.write("sys.config", text);
        let error = builder(&epmd).config_file(path).start().await.unwrap_err();
        let NodeError::Config(error) = error else {
            panic!("{text}: {error}");
        };
        assert_eq!(error.kind.to_string(), expected, "{text}");
        assert!(
            error.to_string().contains(".config cannot be used"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn later_sources_override_earlier_ones() {
    let (directory, epmd) = (Directory::new(), Epmd::start());
    let config = directory.write(
        "kv.config",
        "[{kv_app, [{b, file}, {c, file}, {d, file}]}].",
    );
    let node = builder(&epmd)
        .config_file(config)
        .variables([
            ("ERGO_KV_APP__C", "variable"),
            ("ERGO_KV_APP__D", "variable"),
            ("ERGO_KV_APP__MIXEDCASE", "7"),
            ("ERGO_KV_APP__", "no key"),
            ("ERGO_KV_APP_E", "not ours"),
            ("ERGO_KV__APP__F", "another's"),
        ])
        .start()
        .await
        .unwrap();
    let code = || {
        let keys = ["a", "b", "c", "d", "mixedCase"];
        app(keys
            .iter()
            .fold(AppSpec::new(), |spec, key| spec.env(*key, term!(code))))
    };
    node.load_application(code()).unwrap();
    node.set_env("kv_app", "d", term!(set)).unwrap();
    node.set_env("kv_app", "new", term!(set)).unwrap();
    node.unset_env("kv_app", "a").unwrap();
    let expected = "[{b,file},{c,variable},{d,set},{mixedCase,7},{new,set}]";
    let all = || Term::list(node.all_env("kv_app").into_iter().map(Term::from)).to_string();
    assert_eq!(all(), expected);

    // What was set stays over a start by the value, and goes when it is unloaded.
    node.start_application(code(), Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(all(), expected);
    node.stop_application("kv_app").await.unwrap();
    node.unload_application("kv_app").unwrap();
    assert_eq!(all(), "[]");
    assert!(node.set_env("kv_app", "d", 1).is_err());
    node.load_application(code()).unwrap();
    assert_eq!(
        all(),
        "[{a,code},{b,file},{c,variable},{d,variable},{mixedCase,7}]"
    );
}

#[tokio::test]
async fn values_become_rust_values() {
    let epmd = Epmd::start();
    let variables = [
        ("ERGO_KV_APP__DIR", "/var/lib/kv"),
        ("ERGO_KV_APP__HOST", "localhost"),
        ("ERGO_KV_APP__PORT", "8080"),
        ("ERGO_KV_APP__PEERS", "['a@h', 'b@h']"),
        ("ERGO_KV_APP__TEXT", "\"é\""),
    ];
    let node = builder(&epmd).variables(variables).start().await.unwrap();
    let spec = AppSpec::new()
        .env("name", "binary")
        .env("chars", term!("charlist"));
    node.load_application(app(spec)).unwrap();
    let string = |key: &str| node.env::<String>("kv_app", key).unwrap();
    assert_eq!(string("dir"), "/var/lib/kv");
    assert_eq!(string("host"), "localhost");
    assert_eq!(string("port"), "8080");
    assert_eq!(string("text"), "é");
    assert_eq!(
        (string("name"), string("chars")),
        ("binary".into(), "charlist".into())
    );
    assert_eq!(node.env("kv_app", "port"), Ok(8080_u16));
    assert_eq!(node.env("kv_app", "host"), Ok(Atom::new("localhost")));
    assert_eq!(node.env("kv_app", "dir"), Ok(Term::charlist("/var/lib/kv")));
    let peers = node.env::<Vec<Atom>>("kv_app", "peers").unwrap();
    assert_eq!(peers, ["a@h", "b@h"].map(Atom::new));
    assert_eq!(node.env("kv_app", "port"), Ok(Some(8080_u16)));
    assert_eq!(node.env::<Option<u16>>("kv_app", "nothing"), Ok(None));

    let error = node.env::<u8>("kv_app", "port").unwrap_err();
    assert!(matches!(error, EnvError::Invalid { .. }), "{error:?}");
    let error = error.to_string();
    assert!(
        error.starts_with("`port` in the environment of kv_app is not what is wanted: "),
        "{error}"
    );
    assert!(error.contains("8080"), "{error}");
    assert_eq!(
        node.env::<u8>("kv_app", "depth").unwrap_err().to_string(),
        "the application kv_app has no `depth` in its environment; set it in its spec, in a config \
         file or in ERGO_KV_APP__DEPTH"
    );
}

#[tokio::test]
async fn processes_of_the_tree_read_it() {
    let node = Node::alone();
    let (send, mut receive) = tokio::sync::mpsc::unbounded_channel();
    let app = App::new("kv_app", move |_, ctx: ergo::application::AppContext| {
        let send = send.clone();
        async move {
            assert_eq!(
                (ctx.name(), ctx.application()),
                (Atom::new("kv_app"), Some(ctx.name()))
            );
            let limit: u64 = ctx.env("limit")?;
            let top = ctx.spawn_link(async move |ctx| {
                // Started by a process of the tree, without a link.
                ctx.spawn(async move |ctx| {
                    let inner: u64 = ctx.env("limit").expect("it is inherited");
                    let _ = send.send((limit, inner));
                });
                std::future::pending::<()>().await;
            });
            Ok(top)
        }
    });
    let missing = app.spec(AppSpec::new().env("Limit", 1));
    let error = node
        .start_application(missing, Restart::Temporary)
        .await
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("{bad_env,{limit,<<\"the application kv_app has no `limit`"),
        "{error}"
    );

    node.set_env("kv_app", "limit", 5).unwrap();
    node.start_application("kv_app", Restart::Temporary)
        .await
        .unwrap();
    assert_eq!(receive.recv().await, Some((5, 5)));

    let (send, receive) = tokio::sync::oneshot::channel();
    let outside = node.spawn(async move |ctx| {
        let _ = send.send(ctx.env::<u64>("limit"));
    });
    assert_eq!(
        receive.await.unwrap(),
        Err(EnvError::NoApplication(outside))
    );
}

/// Runs itself again with variables of the system: they are the program's, not a thread's.
#[tokio::test]
async fn variables_come_from_the_program_s_environment() {
    if env::var_os("ERGO_ENV_CHILD__LIMIT").is_some() {
        let node = Node::alone();
        let app = App::new("env_child", async |_, _| Err(ergo::Reason::Normal));
        let spec = AppSpec::new().env("limit", 1).env("other", 2);
        node.load_application(app.spec(spec)).unwrap();
        assert_eq!(node.env("env_child", "limit"), Ok(5));
        assert_eq!(node.env("env_child", "other"), Ok(2));
        return;
    }
    let own = "variables_come_from_the_program_s_environment";
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", own])
        .env("ERGO_ENV_CHILD__LIMIT", "5")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && printed.contains("1 passed"),
        "{printed}"
    );
}
