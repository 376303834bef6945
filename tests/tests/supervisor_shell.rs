//! Supervisors as Erlang's `supervisor` module sees them: ours called from a real node beside a real
//! one, and a real one steered from Rust.

use std::time::Duration;

use ergo::gen_server::Reason;
use ergo::process::Received;
use ergo::supervisor::{
    Child, ChildError, ChildId, ChildKind, ChildSpec, ChildState, DynamicSupervisorRef, Modules,
    Process, Restart, Shutdown, Strategy, SupervisorRef, SupervisorSpec,
};
use ergo::{Atom, Node, Term};
use tests::{Cluster, Erl};

/// The same supervisors in Erlang, and what is asked of both, `fixed/1` and `dynamic/1`: the answers
/// with pids made alike, and without the start functions.
const TWIN: &str = "
    -module(twin). -export([start/0, init/1, worker/0, worker/2, ignore/0, fixed/1, dynamic/1]).
    start() ->
        Self = self(),
        spawn(fun() ->
            {ok, _} = supervisor:start_link({local, twin}, ?MODULE, fixed),
            {ok, _} = supervisor:start_link({local, twins}, ?MODULE, dynamic),
            Self ! started,
            receive stop -> ok end
        end),
        receive started -> ok end.
    init(inner) -> {ok, {#{}, []}};
    init(dynamic) ->
        {ok, {#{strategy => simple_one_for_one}, [#{id => worker, start => {?MODULE, worker, []}}]}};
    init(fixed) ->
        Inner = {supervisor, start_link, [?MODULE, inner]},
        {ok, {#{}, [
            #{id => a, start => {?MODULE, worker, []}, modules => [worker]},
            #{id => {inner, 1}, start => Inner, type => supervisor, modules => [inner, more]},
            #{id => i, start => {?MODULE, ignore, []}, restart => transient, modules => dynamic},
            #{id => \"b\", start => {?MODULE, worker, []}, restart => temporary, shutdown => brutal_kill, modules => []}
        ]}}.
    worker() -> {ok, spawn_link(fun() -> receive stop -> ok end end)}.
    worker(_, _) -> worker().
    ignore() -> ignore.
    shown(Pid) when is_pid(Pid) -> pid;
    shown(List) when is_list(List) -> [shown(Element) || Element <- List];
    shown(Tuple) when is_tuple(Tuple) -> list_to_tuple(shown(tuple_to_list(Tuple)));
    shown(Map) when is_map(Map) -> maps:without([start, significant], Map);
    shown(Other) -> Other.
    fixed(Sup) ->
        Ids = [a, {inner, 1}, i, \"b\", unknown],
        Each = fun(F) -> [supervisor:F(Sup, Id) || Id <- Ids] end,
        Look = fun() -> [supervisor:which_children(Sup), supervisor:count_children(Sup)] end,
        shown([Look(), Each(get_childspec), Each(restart_child), Each(delete_child), Look(), Each(terminate_child), Look(),
               Each(restart_child), Look(), Each(terminate_child), Each(delete_child), Look()]).
    dynamic(Sup) ->
        {ok, P1} = supervisor:start_child(Sup, [1, 2]),
        {ok, P2} = supervisor:start_child(Sup, [one, {two}]),
        Look = fun() -> [supervisor:which_children(Sup), supervisor:count_children(Sup)] end,
        Ids = [P1, self(), worker, unknown],
        Each = fun(F) -> [supervisor:F(Sup, Id) || Id <- Ids] end,
        First = [Look(), supervisor:get_childspec(Sup, P1), supervisor:get_childspec(Sup, worker), supervisor:get_childspec(Sup, x),
                 [supervisor:F(Sup, Id) || F <- [restart_child, delete_child], Id <- [P1, worker]]],
        Monitor = monitor(process, P2),
        P2 ! stop,
        receive {'DOWN', Monitor, process, P2, normal} -> ok end,
        Rest = [Look(), [supervisor:terminate_child(Sup, Id) || Id <- [P1, P1, worker]], Look()],
        shown([First, Rest]).";

/// Ends when it is told `stop`.
fn worker() -> Child<Process> {
    Child::process(async |mut ctx| {
        loop {
            match ctx.receive().await {
                Received::Message(message) if message.is_atom("stop") => return,
                _ => {}
            }
        }
    })
}

struct Ignoring;

#[ergo::gen_server]
impl Ignoring {
    #[init]
    fn init() -> Result<Self, ergo::gen_server::InitError> {
        Err(ergo::gen_server::InitError::Ignore)
    }
}

fn modules(names: &[&str]) -> Modules {
    Modules::List(names.iter().map(|name| Atom::new(name)).collect())
}

fn fixed() -> SupervisorSpec {
    let inner = || SupervisorSpec::new(Strategy::OneForOne).into_child();
    SupervisorSpec::new(Strategy::OneForOne)
        .child(ChildSpec::new("a", worker).modules(modules(&["worker"])))
        .child(ChildSpec::new(ergo::term!({inner, 1}), inner).modules(modules(&["inner", "more"])))
        .child(
            ChildSpec::new("i", || Child::<Ignoring>::new(()))
                .restart(Restart::Transient)
                .modules(Modules::Dynamic),
        )
        .child(
            ChildSpec::new(Term::charlist("b"), worker)
                .restart(Restart::Temporary)
                .shutdown(Shutdown::BrutalKill)
                .modules(modules(&[])),
        )
}

fn dynamic() -> SupervisorSpec {
    let template = ChildSpec::dynamic("worker", |_: (Term, Term)| worker())
        .restart(Restart::Permanent)
        .from_anywhere()
        .modules(modules(&["twin"]));
    SupervisorSpec::new(Strategy::SimpleOneForOne).child(template)
}

/// An Erlang node and a Rust node.
struct Pair {
    erl: Erl,
    node: Node,
    _cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        let erl = cluster.erl().await;
        let node = cluster.node().await;
        Pair {
            erl,
            node,
            _cluster: cluster,
        }
    }

    /// Evaluates an expression in which `Sup` is our supervisor `app_sup`.
    async fn eval(&self, text: &str) -> String {
        let bound = format!("Sup = {{app_sup, {}}}, {text}", self.node.name());
        self.erl.eval(&bound).await
    }
}

#[tokio::test]
async fn answers_as_a_real_supervisor_does() {
    let pair = Pair::start().await;
    pair.erl.load_module(TWIN).await;
    pair.erl.eval("twin:start().").await;
    fixed().start(&pair.node).name("app_sup").await.unwrap();
    let real = pair.erl.eval("twin:fixed(twin).").await;
    assert_eq!(pair.eval("twin:fixed(Sup).").await, real);
    assert!(
        real.contains("already") || real.contains("running"),
        "{real}"
    );
}

#[tokio::test]
async fn answers_as_a_real_dynamic_supervisor_does() {
    let pair = Pair::start().await;
    pair.erl.load_module(TWIN).await;
    pair.erl.eval("twin:start().").await;
    dynamic().start(&pair.node).name("app_sup").await.unwrap();
    let real = pair.erl.eval("twin:dynamic(twins).").await;
    assert_eq!(pair.eval("twin:dynamic(Sup).").await, real);
    assert!(real.contains("simple_one_for_one"), "{real}");
}

#[tokio::test]
async fn refuses_what_only_a_beam_can_start() {
    let pair = Pair::start().await;
    let supervisor = fixed().start(&pair.node).name("app_sup").await.unwrap();
    supervisor.terminate_child("a").await.unwrap();
    let said = "{error,{unsupported_child_spec,<<\"this supervisor is written in Rust and cannot call the child's start \
                function; start a child of the program's own\">>}}";
    for (spec, answer) in [
        ("#{id => new, start => {m, f, []}}", said),
        ("{new, {m, f, []}, permanent, 5000, worker, [m]}", said),
        ("#{id => a, start => {m, f, []}}", "{error,already_present}"),
        ("foo", "{error,{invalid_child_spec,foo}}"),
        ("[one]", "{error,{invalid_child_spec,[one]}}"),
    ] {
        let call = format!("supervisor:start_child(Sup, {spec}).");
        assert_eq!(pair.eval(&call).await, answer, "{spec}");
    }
    let running = "{error, {already_started, Pid}} = supervisor:start_child(Sup, #{id => {inner, 1}, start => {m, f, []}}),
                   {_, Pid, _, _} = lists:keyfind({inner, 1}, 1, supervisor:which_children(Sup)), ok.";
    assert_eq!(pair.eval(running).await, "ok");
    // A real one crashes.
    assert_eq!(
        pair.eval("gen_server:call(Sup, what).").await,
        "{error,{badcall,what}}"
    );
    let lives = "gen_server:cast(Sup, what), Sup ! what, proplists:get_value(specs, supervisor:count_children(Sup)).";
    assert_eq!(pair.eval(lives).await, "4");
}

#[tokio::test]
async fn arguments_from_elsewhere_are_checked() {
    let pair = Pair::start().await;
    dynamic().start(&pair.node).name("app_sup").await.unwrap();
    for (args, said) in [
        ("[one]", "expected a list of 2 arguments, got"),
        ("[1, 2, 3]", "expected a list of 2 arguments, got"),
        ("foo", "expected list, got foo"),
        ("[one | two]", "the list is improper"),
    ] {
        let call = format!(
            "{{error, {{bad_arguments, Text}}}} = supervisor:start_child(Sup, {args}), binary_to_list(Text)."
        );
        let text = pair.eval(&call).await;
        assert!(text.contains(said), "{args}: {text}");
    }

    struct Local;
    let template = ChildSpec::dynamic("local", |_: (Local,)| worker());
    let spec = SupervisorSpec::new(Strategy::SimpleOneForOne).child(template);
    let local: DynamicSupervisorRef<(Local,)> =
        spec.start(&pair.node).name("local").typed().await.unwrap();
    let refused =
        "{error, {local_only, _}} = supervisor:start_child({local, element(2, Sup)}, [1]), ok.";
    assert_eq!(pair.eval(refused).await, "ok");
    assert!(local.start_child((Local,)).await.unwrap().is_some());
}

#[tokio::test]
async fn is_looked_at_and_suspended_by_sys() {
    let pair = Pair::start().await;
    fixed().start(&pair.node).name("app_sup").await.unwrap();
    let seen = pair
        .eval(
            "#{strategy := one_for_one, auto_shutdown := never, restarts := 0, children := Children} = sys:get_state(Sup),
             Children = supervisor:which_children(Sup),
             ok = sys:suspend(Sup),
             {'EXIT', {timeout, _}} = (catch gen_server:call(Sup, which_children, 50)),
             ok = sys:resume(Sup),
             length(supervisor:which_children(Sup)).",
        )
        .await;
    assert_eq!(seen, "4");
}

#[tokio::test]
async fn restarts_what_a_shell_kills() {
    let pair = Pair::start().await;
    let fixed = fixed().period(Duration::from_secs(3600));
    let supervisor = fixed.start(&pair.node).name("app_sup").await.unwrap();
    let killed = pair
        .eval(
            "Child = fun() -> {_, P, _, _} = lists:keyfind(a, 1, supervisor:which_children(Sup)), P end,
             Kill = fun() -> P = Child(), M = monitor(process, P), exit(P, kill), receive {'DOWN', M, _, _, R} -> {P, R} end end,
             {P, killed} = Kill(), P2 = Child(), true = is_pid(P2), true = P =/= P2,
             %% One more is too many.
             M = monitor(process, Sup), {P2, killed} = Kill(),
             receive {'DOWN', M, process, _, Why} -> Why end.",
        )
        .await;
    assert_eq!(killed, "shutdown");
    assert_eq!(supervisor.ended().await.unwrap(), Reason::Shutdown);
    assert_eq!(pair.node.whereis("app_sup"), None);
}

#[tokio::test]
async fn a_person_at_a_shell_sees_the_tree() {
    let cluster = Cluster::start();
    let node = cluster.node().await;
    fixed().start(&node).name("app_sup").await.unwrap();
    let name = node.name();
    let shown = tokio::task::spawn_blocking(move || {
        let mut shell = cluster.options(Erl::options()).shell();
        let mut ask = |call: &str| shell.line(&call.replace("Sup", &format!("{{app_sup,{name}}}")));
        [
            ask("supervisor:count_children(Sup)."),
            ask("supervisor:terminate_child(Sup, a)."),
            ask("lists:keyfind(a, 1, supervisor:which_children(Sup))."),
            ask("element(1, supervisor:restart_child(Sup, a))."),
            ask("supervisor:restart_child(Sup, a)."),
        ]
    });
    assert_eq!(
        shown.await.unwrap(),
        [
            "[{specs,4},{active,3},{supervisors,1},{workers,3}]",
            "ok",
            "{a,undefined,worker,[worker]}",
            "ok",
            "{error,running}",
        ]
    );
}

#[tokio::test]
async fn steers_a_supervisor_on_a_beam() {
    let pair = Pair::start().await;
    pair.erl.load_module(TWIN).await;
    pair.erl.eval("twin:start().").await;
    let twin = SupervisorRef::named(&pair.node, "twin", pair.erl.name());
    let which = twin.which_children().await.unwrap();
    let inner = &which[2];
    assert_eq!(
        (&inner.id, inner.kind),
        (&ergo::term!({inner, 1}), ChildKind::Supervisor)
    );
    assert_eq!(inner.modules, modules(&["inner", "more"]));
    assert_eq!(
        (which[1].child, &which[1].modules),
        (ChildState::Undefined, &Modules::Dynamic)
    );
    let a = which[3].pid().unwrap();
    assert_eq!(twin.count_children().await.unwrap().specs, 4);
    assert_eq!(twin.restart_child("a").await, Err(ChildError::Running));
    assert_eq!(twin.terminate_child("a").await, Ok(()));
    assert_ne!(twin.restart_child("a").await.unwrap(), Some(a));
    assert_eq!(twin.delete_child("none").await, Err(ChildError::NotFound));
    let b = ChildId::from(Term::charlist("b"));
    let shutdown = twin.get_childspec(b).await.map(|spec| spec.shutdown);
    assert_eq!(shutdown, Ok(Shutdown::BrutalKill));
    let twins = SupervisorRef::named(&pair.node, "twins", pair.erl.name());
    let args = (1, "two".to_owned());
    assert!(twins.start_child_with(&args).await.unwrap().is_some());
    assert!(matches!(
        twins.start_child_with(&(1,)).await,
        Err(ChildError::Start(Reason::Other(_)))
    ));
    // Only a supervisor of this program can be given a Rust child.
    let call = twin.start_child(ChildSpec::new("c", worker)).await;
    assert!(matches!(call, Err(ChildError::Call(_))), "{call:?}");
}
