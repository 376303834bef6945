//! Supervisors made by `#[supervisor]`: trees of real processes, and children started from here and
//! from a real shell.

use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ergo::gen_server::InitError;
use ergo::prelude::*;
use ergo::supervisor::{AutoShutdown, ChildCounts, ChildKind, ChildState, Modules, Process};
use tests::{Cluster, DEADLINE, Erl};

/// Knows from whom it was made, and can crash.
struct Worker {
    name: String,
}

#[gen_server]
impl Worker {
    #[init]
    fn init(name: String) -> Result<Self, InitError> {
        match &*name {
            "ignore" => Err(InitError::Ignore),
            "fail" => Err(InitError::Stop(Reason::from(term!(no_such_worker)))),
            _ => Ok(Worker { name }),
        }
    }

    #[call]
    fn name(&self) -> String {
        self.name.clone()
    }

    #[call]
    fn stop(&mut self, reason: Term) -> Reply<()> {
        Reply::stop(reason.into(), ())
    }
}

/// Waits until the process with this pid has ended.
async fn ended(node: &Node, pid: Pid) {
    let process = SupervisorRef::from_pid(node, pid);
    let ended = tokio::time::timeout(DEADLINE, process.ended()).await;
    let ended = ended.expect("it has not ended");
    assert!(matches!(ended, Ok(_) | Err(CallError::NoProc)), "{ended:?}");
}

async fn pid_of(supervisor: &SupervisorRef, id: &str) -> Pid {
    let children = supervisor.which_children().await.unwrap();
    let child = children.iter().find(|child| child.id.is_atom(id));
    child
        .and_then(|child| child.pid())
        .unwrap_or_else(|| panic!("no {id}: {children:?}"))
}

async fn ids(supervisor: &SupervisorRef) -> Vec<String> {
    let children = supervisor.which_children().await.unwrap();
    children
        .iter()
        .rev()
        .map(|child| child.id.to_string())
        .collect()
}

/// What the fields say changes between the starts.
struct Tree {
    starts: AtomicU64,
}

#[supervisor(strategy = "rest_for_one", intensity = 3, period = "1m")]
impl Tree {
    #[child(name = "first", shutdown = "brutal_kill")]
    fn before(&self) -> Child<Worker> {
        Worker::child("before".to_owned())
    }

    #[child(restart = "transient", shutdown = "1m")]
    fn counted(&self) -> Child<Worker> {
        let starts = self.starts.fetch_add(1, Ordering::Relaxed) + 1;
        Worker::child(format!("start {starts}")).name("counted")
    }

    #[child(restart = "temporary")]
    fn last(&self) -> Child<Process> {
        Child::process(async move |mut ctx| {
            ctx.receive().await;
        })
    }

    #[child]
    fn nested(&self) -> Child<Inner> {
        Inner {
            of: "tree".to_owned(),
        }
        .child()
    }

    /// Not a child.
    #[allow(dead_code)]
    fn other(&self) -> Child<Worker> {
        unreachable!()
    }
}

struct Inner {
    of: String,
}

#[supervisor]
impl Inner {
    #[child]
    fn leaf(&self) -> Child<Worker> {
        Worker::child(format!("leaf of {}", self.of)).name("leaf")
    }
}

fn tree() -> Tree {
    Tree {
        starts: AtomicU64::new(0),
    }
}

#[tokio::test]
async fn starts_its_children_in_the_order_of_the_methods() {
    let node = Node::alone();
    let tree: TreeRef = Tree::start(&node, tree()).name("tree").await.unwrap();
    assert_eq!(node.whereis("tree"), tree.pid());
    assert_eq!(ids(&tree).await, ["first", "counted", "last", "nested"]);
    let leaf = WorkerRef::local(&node, "leaf");
    assert_eq!(leaf.name().await.unwrap(), "leaf of tree");
    let inner = InnerRef::from_pid(&node, pid_of(&tree, "nested").await);
    assert_eq!(ids(&inner).await, ["leaf"]);

    let kinds = tree.which_children().await.unwrap();
    let kinds: Vec<_> = kinds.into_iter().map(|child| child.kind).collect();
    let (worker, supervisor) = (ChildKind::Worker, ChildKind::Supervisor);
    assert_eq!(kinds, [supervisor, worker, worker, worker]);

    let pid = leaf.pid().or_else(|| node.whereis("leaf")).unwrap();
    tree.stop().await.unwrap();
    assert!(!node.is_alive(&pid));
    assert_eq!(node.whereis("tree"), None);
}

#[tokio::test]
async fn treats_its_children_as_their_attributes_say() {
    let node = Node::alone();
    let tree = Tree::start(&node, tree()).await.unwrap();
    let spec = async |id: &str| tree.get_childspec(id).await.unwrap();
    let first = spec("first").await;
    assert_eq!(
        (first.restart, first.shutdown),
        (Restart::Permanent, Shutdown::BrutalKill)
    );
    assert_eq!(first.modules, Modules::List(vec![Atom::new("worker")]));
    let counted = spec("counted").await;
    let minute = Shutdown::After(Duration::from_secs(60));
    assert_eq!(
        (counted.restart, counted.shutdown),
        (Restart::Transient, minute)
    );
    let last = spec("last").await;
    let default = Shutdown::After(Duration::from_secs(5));
    assert_eq!((last.restart, last.shutdown), (Restart::Temporary, default));
    let nested = spec("nested").await;
    assert_eq!(
        (nested.kind, nested.shutdown),
        (ChildKind::Supervisor, Shutdown::Infinity)
    );
    assert!(!nested.significant);
}

#[tokio::test]
async fn a_factory_is_called_afresh_at_every_restart() {
    let node = Node::alone();
    let tree = Tree::start(&node, tree()).await.unwrap();
    let counted = WorkerRef::local(&node, "counted");
    assert_eq!(counted.name().await.unwrap(), "start 1");
    let (first, last) = (pid_of(&tree, "first").await, pid_of(&tree, "last").await);
    let leaf = pid_of(
        &InnerRef::from_pid(&node, pid_of(&tree, "nested").await),
        "leaf",
    )
    .await;
    counted.stop(term!(crash)).await.unwrap();
    ended(&node, leaf).await;
    // The answer of the supervisor comes after the restart.
    assert_eq!(ids(&tree).await, ["first", "counted", "nested"]);
    assert_eq!(counted.name().await.unwrap(), "start 2");
    assert_eq!(pid_of(&tree, "first").await, first);
    assert!(!node.is_alive(&last));

    // Transient: an end that is no crash is one for good, until somebody asks.
    let pid = pid_of(&tree, "counted").await;
    counted.stop(term!(normal)).await.unwrap();
    ended(&node, pid).await;
    let children = tree.which_children().await.unwrap();
    assert_eq!(children[1].child, ChildState::Undefined);
    tree.restart_child("counted").await.unwrap();
    assert_eq!(counted.name().await.unwrap(), "start 3");
}

#[tokio::test]
async fn gives_up_after_as_many_restarts_as_it_says() {
    let node = Node::alone();
    let tree = Tree::start(&node, tree()).await.unwrap();
    let pid = tree.pid().unwrap();
    for starts in 1..=4 {
        let counted = WorkerRef::from_pid(&node, pid_of(&tree, "counted").await);
        assert_eq!(counted.name().await.unwrap(), format!("start {starts}"));
        counted.stop(term!(crash)).await.unwrap();
        ended(&node, counted.pid().unwrap()).await;
    }
    ended(&node, pid).await;
    assert_eq!(node.whereis("leaf"), None);
}

struct Ending;

#[supervisor(auto_shutdown = "all_significant")]
impl Ending {
    #[child(restart = "transient", significant = true)]
    fn one(&self) -> Child<Worker> {
        Worker::child("one".to_owned())
    }

    #[child(restart = "temporary", significant)]
    fn two(&self) -> Child<Worker> {
        Worker::child("two".to_owned())
    }

    #[child]
    fn bystander(&self) -> Child<Worker> {
        Worker::child("bystander".to_owned())
    }
}

#[tokio::test]
async fn ends_with_its_significant_children() {
    let node = Node::alone();
    let ending = Ending::start(&node, Ending).await.unwrap();
    let worker = async |id| WorkerRef::from_pid(&node, pid_of(&ending, id).await);
    let (one, two) = (worker("one").await, worker("two").await);
    one.stop(term!(normal)).await.unwrap();
    ended(&node, one.pid().unwrap()).await;
    assert_eq!(ids(&ending).await, ["one", "two", "bystander"]);
    two.stop(term!(normal)).await.unwrap();
    let why = tokio::time::timeout(DEADLINE, ending.ended())
        .await
        .unwrap();
    assert_eq!(why.unwrap(), Reason::Shutdown);
}

#[test]
fn says_what_a_hand_would_have_written() {
    use std::sync::Arc;
    let spec = format!("{:?}", Arc::new(Ending).spec());
    let by_hand = SupervisorSpec::new(Strategy::OneForOne)
        .auto_shutdown(AutoShutdown::AllSignificant)
        .child(
            ChildSpec::new("one", || Worker::child(String::new()))
                .restart(Restart::Transient)
                .significant(true),
        )
        .child(
            ChildSpec::new("two", || Worker::child(String::new()))
                .restart(Restart::Temporary)
                .significant(true),
        )
        .child(ChildSpec::new("bystander", || Worker::child(String::new())));
    assert_eq!(spec, format!("{by_hand:?}"));
}

struct Empty;

#[supervisor]
impl Empty {}

#[tokio::test]
async fn a_supervisor_may_begin_without_children() {
    let node = Node::alone();
    let empty = Empty::start(&node, Empty).await.unwrap();
    assert_eq!(
        empty.count_children().await.unwrap(),
        ChildCounts::default()
    );
    let added = ChildSpec::new("added", || Worker::child("added".to_owned()));
    let pid = empty.start_child(added).await.unwrap().unwrap();
    assert_eq!(
        WorkerRef::from_pid(&node, pid).name().await.unwrap(),
        "added"
    );
}

/// Starts a supervisor linked to itself.
struct Parent;

#[gen_server]
impl Parent {
    #[init]
    async fn init(ctx: &mut Context<Self>) -> Result<Self, InitError> {
        let started = Inner::start_link(
            ctx,
            Inner {
                of: "parent".to_owned(),
            },
        )
        .await;
        started
            .map(|_| Parent)
            .map_err(|error| Reason::from(Term::from(error.to_string())).into())
    }
}

#[tokio::test]
async fn start_link_ends_it_with_its_parent() {
    let node = Node::alone();
    let parent = Parent::start(&node).await.unwrap();
    let leaf = WorkerRef::local(&node, "leaf");
    assert_eq!(leaf.name().await.unwrap(), "leaf of parent");
    let pid = node.whereis("leaf").unwrap();
    ergo::gen_server::ServerRef::stop(&parent, Reason::Shutdown)
        .await
        .unwrap();
    ended(&node, pid).await;
}

/// Has a socket, which is no term.
struct Conn {
    socket: TcpStream,
}

#[gen_server]
impl Conn {
    #[init]
    fn init(socket: TcpStream) -> Self {
        Conn { socket }
    }

    #[call]
    fn port(&self) -> u16 {
        self.socket.peer_addr().map_or(0, |peer| peer.port())
    }
}

struct ConnSup;

#[supervisor(strategy = "simple_one_for_one")]
impl ConnSup {
    #[child(restart = "temporary", type = "worker")]
    fn conn(&self, socket: TcpStream) -> Child<Conn> {
        Conn::child(socket)
    }
}

#[tokio::test]
async fn start_child_takes_the_arguments_and_gives_the_client() {
    let node = Node::alone();
    let connections: ConnSupRef = ConnSup::start(&node, ConnSup).name("conns").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let one: ConnRef = connections
        .start_child(TcpStream::connect(address).unwrap())
        .await
        .unwrap();
    assert_eq!(one.port().await.unwrap(), address.port());
    let by_name = ConnSupRef::local(&node, "conns");
    let two = by_name
        .start_child(TcpStream::connect(address).unwrap())
        .await
        .unwrap();
    assert_eq!(connections.count_children().await.unwrap().active, 2);
    connections
        .terminate_child(one.pid().unwrap())
        .await
        .unwrap();
    assert_eq!(connections.count_children().await.unwrap().active, 1);
    assert!(node.is_alive(&two.pid().unwrap()));
}

/// Restarts its workers with the arguments of their first start.
struct Pool {
    made: Mutex<Vec<String>>,
}

#[supervisor(strategy = "simple_one_for_one")]
impl Pool {
    #[child(restart = "transient")]
    fn worker(&self, name: String, number: u32) -> Child<Worker> {
        let mut made = self.made.lock().unwrap();
        made.push(name.clone());
        match &*name {
            "ignore" | "fail" => Worker::child(name),
            _ => Worker::child(format!("{name} {number}, made {}", made.len())),
        }
    }
}

fn pool() -> Pool {
    Pool {
        made: Mutex::default(),
    }
}

#[tokio::test]
async fn restarts_with_the_arguments_of_the_first_start() {
    let node = Node::alone();
    let pool = Pool::start(&node, pool()).await.unwrap();
    let worker = pool.start_child("w".to_owned(), 7).await.unwrap();
    assert_eq!(worker.name().await.unwrap(), "w 7, made 1");
    worker.stop(term!(crash)).await.unwrap();
    ended(&node, worker.pid().unwrap()).await;
    let children = pool.which_children().await.unwrap();
    let again = WorkerRef::from_pid(&node, children[0].pid().unwrap());
    assert_eq!(again.name().await.unwrap(), "w 7, made 2");
}

#[tokio::test]
async fn start_child_says_why_there_is_no_child() {
    let node = Node::alone();
    let pool = Pool::start(&node, pool()).await.unwrap();
    let ignored = pool.start_child("ignore".to_owned(), 1).await.unwrap_err();
    assert_eq!(ignored, ChildError::Ignore);
    let failed = pool.start_child("fail".to_owned(), 1).await.unwrap_err();
    assert_eq!(failed, ChildError::Start(term!(no_such_worker).into()));
    let elsewhere = PoolRef::local(&node, "nobody")
        .start_child("w".to_owned(), 1)
        .await;
    assert_eq!(elsewhere.unwrap_err(), ChildError::Call(CallError::NoProc));
    // A name can be that of another supervisor.
    let connections = ConnSup::start(&node, ConnSup).await.unwrap();
    let wrong = PoolRef::from_pid(&node, connections.pid().unwrap());
    let wrong = wrong.start_child("w".to_owned(), 1).await;
    assert_eq!(wrong.unwrap_err(), ChildError::Arguments);
}

/// A server without `#[gen_server]`.
struct Echo;

impl GenServer for Echo {
    type Args = u64;
    type Call = Term;
    type Reply = Term;
    type Cast = Term;
    type Info = Term;

    async fn init(_: u64, _: &mut Context<Self>) -> Result<Self, InitError> {
        Ok(Echo)
    }

    async fn handle_call(
        &mut self,
        request: Term,
        from: ReplyTo<Term>,
        _: &mut Context<Self>,
    ) -> Next {
        from.send(request);
        Next::Continue
    }

    async fn handle_cast(&mut self, _: Term, _: &mut Context<Self>) -> Next {
        Next::Continue
    }
}

struct Echoes;

#[supervisor(strategy = "simple_one_for_one")]
impl Echoes {
    #[child]
    fn echo(&self, number: u64) -> Child<Echo> {
        Echo::child(number)
    }
}

struct Processes;

#[supervisor(strategy = "simple_one_for_one")]
impl Processes {
    #[child]
    fn process(&self) -> Child<Process> {
        Child::process(async move |mut ctx| {
            ctx.receive().await;
        })
    }
}

struct Tenants;

#[supervisor(strategy = "simple_one_for_one")]
impl Tenants {
    #[child(type = "supervisor")]
    fn tenant(&self, of: String) -> Child<Inner> {
        Inner { of }.child()
    }
}

#[tokio::test]
async fn any_kind_of_child_has_its_kind_of_client() {
    let node = Node::alone();
    let echoes = Echoes::start(&node, Echoes).await.unwrap();
    let echo = echoes.start_child(1).await.unwrap();
    let call = |reply| ergo::gen_server::Request::Call(term!(hello), reply);
    assert_eq!(echo.call(call).await.unwrap(), term!(hello));

    let processes = Processes::start(&node, Processes).await.unwrap();
    let pid: Pid = processes.start_child().await.unwrap();
    assert!(node.is_alive(&pid));

    let tenants = Tenants::start(&node, Tenants).await.unwrap();
    assert_eq!(tenants.count_children().await.unwrap().supervisors, 0);
    let tenant: InnerRef = tenants.start_child("one".to_owned()).await.unwrap();
    assert_eq!(ids(&tenant).await, ["leaf"]);
    let leaf = WorkerRef::local(&node, "leaf");
    assert_eq!(leaf.name().await.unwrap(), "leaf of one");
    assert_eq!(tenants.count_children().await.unwrap().supervisors, 1);
}

/// An Erlang node and a Rust node.
struct Pair {
    erl: Erl,
    node: Node,
    cluster: Cluster,
}

impl Pair {
    async fn start() -> Pair {
        let cluster = Cluster::start();
        Pair {
            erl: cluster.erl().await,
            node: cluster.node().await,
            cluster,
        }
    }

    /// Evaluates an expression in which `Node` is the Rust node.
    async fn eval(&self, text: &str) -> String {
        let bound = format!("Node = {}, {text}", self.node.name());
        self.erl.eval(&bound).await
    }
}

#[tokio::test]
async fn a_shell_starts_children_whose_arguments_are_terms() {
    let pair = Pair::start().await;
    let _pool = Pool::start(&pair.node, pool()).name("pool").await.unwrap();
    let name = pair
        .eval(
            "{ok, Pid} = supervisor:start_child({pool, Node}, [<<\"ann\">>, 7]), \
             gen_server:call(Pid, name).",
        )
        .await;
    assert_eq!(name, "<<\"ann 7, made 1\">>");
    for (args, answer) in [
        ("[<<\"ignore\">>, 1]", "{ok,undefined}"),
        ("[<<\"fail\">>, 1]", "{error,no_such_worker}"),
    ] {
        let asked = format!("supervisor:start_child({{pool, Node}}, {args}).");
        assert_eq!(pair.eval(&asked).await, answer);
    }
    for (args, why) in [
        ("[<<\"ann\">>]", "expected a list of 2 arguments"),
        ("[<<\"ann\">>, x]", "expected integer, got x"),
        ("#{id => x}", "expected"),
    ] {
        let asked = format!(
            "{{error, {{bad_arguments, Why}}}} = supervisor:start_child({{pool, Node}}, {args}), \
             binary_to_list(Why)."
        );
        let said = pair.eval(&asked).await;
        assert!(said.contains(why), "{args}: {said}");
    }
    let which = "lists:map(fun({Id, Pid, Type, Modules}) -> {Id, is_pid(Pid), Type, Modules} end, \
                 supervisor:which_children({pool, Node})).";
    assert_eq!(pair.eval(which).await, "[{undefined,true,worker,[worker]}]");
}

#[tokio::test]
async fn a_shell_is_told_that_only_the_program_has_the_arguments() {
    let pair = Pair::start().await;
    let _connections = ConnSup::start(&pair.node, ConnSup)
        .name("conns")
        .await
        .unwrap();
    let asked = "{error, {local_only, Why}} = supervisor:start_child({conns, Node}, [socket]), \
                 binary_to_list(Why).";
    let said = pair.eval(asked).await;
    assert!(said.contains("no terms"), "{said}");
}

#[tokio::test]
async fn another_node_starts_children_by_the_typed_reference() {
    let pair = Pair::start().await;
    let _pool = Pool::start(&pair.node, pool()).name("pool").await.unwrap();
    let _connections = ConnSup::start(&pair.node, ConnSup)
        .name("conns")
        .await
        .unwrap();
    let there = pair.node.name();
    let other = pair.cluster.node().await;
    let pool = PoolRef::named(&other, "pool", there.as_str());
    let worker = pool.start_child("far".to_owned(), 1).await.unwrap();
    assert_eq!(worker.name().await.unwrap(), "far 1, made 1");
    assert_eq!(worker.pid().unwrap().node, there);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let connections = ConnSupRef::named(&other, "conns", there.as_str());
    let error = connections.start_child(socket).await.unwrap_err();
    assert_eq!(error, ChildError::Call(CallError::LocalOnly));
}
