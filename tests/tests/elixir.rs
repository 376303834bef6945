//! Elixir and Rust, as people of Elixir write it.

use std::collections::BTreeMap;

use ergo::prelude::*;
use ergo::rpc::{Context as Call, Module};
use ergo::term::Fun;
use ergo::{global, pg};
use tests::readme::{blocks, transcript};
use tests::{Cluster, Epmd, Erl, unique_node};

/// `%MyApp.User{}`
#[derive(Debug, Clone, PartialEq, Term)]
#[term(elixir = "MyApp.User", none = "nil")]
struct User {
    name: String,
    email: Option<String>,
    tags: Vec<Atom>,
}

/// `%MyApp.Order{}`
#[derive(Debug, Clone, PartialEq, Term)]
#[term(elixir = "MyApp.Order")]
struct Order {
    id: u64,
    user: User,
    #[term(as = "charlist")]
    note: String,
    #[term(as = "proplist")]
    options: BTreeMap<Atom, Term>,
}

/// A keyword list.
#[derive(Debug, Clone, PartialEq, Term)]
#[term(proplist, default, none = "nil")]
struct Query {
    limit: u64,
    order: Atom,
    filter: Option<String>,
}

impl Default for Query {
    fn default() -> Query {
        Query {
            limit: 10,
            order: Atom::new("asc"),
            filter: None,
        }
    }
}

/// Something, or `nil`.
#[derive(Debug, Clone, PartialEq, Term)]
#[term(none = "nil")]
struct Found(Option<User>);

#[derive(Debug, Clone, PartialEq, Term)]
#[term(transparent)]
struct Charlist(#[term(as = "charlist")] String);

#[derive(Debug, Clone, Term)]
enum DeskError {
    NotFound,
}

#[derive(Default)]
struct Desk {
    kept: BTreeMap<Term, Term>,
    waiting: Vec<ReplyTo<()>>,
}

#[gen_server]
impl Desk {
    #[init]
    fn init() -> Self {
        Desk::default()
    }

    #[call]
    fn get(&self, key: Term) -> Result<Term, DeskError> {
        self.kept.get(&key).cloned().ok_or(DeskError::NotFound)
    }

    #[call]
    fn put(&mut self, key: Term, value: Term) {
        self.kept.insert(key, value);
    }

    #[cast(tag = "put")]
    fn keep(&mut self, key: Term, value: Term) {
        self.kept.insert(key, value);
    }

    #[call]
    fn size(&self) -> usize {
        self.kept.len()
    }

    #[call]
    fn pid(&self, ctx: &mut Context<Self>) -> Pid {
        ctx.pid()
    }

    #[call]
    fn never(&mut self, reply: ReplyTo<()>) {
        self.waiting.push(reply);
    }

    #[call]
    fn rename(&self, user: User, name: String) -> User {
        User { name, ..user }
    }

    #[call]
    fn order(&self, order: Order) -> Result<Order, DeskError> {
        Ok(order)
    }

    #[call]
    fn find(&self, name: String) -> Found {
        Found((name == "Ann").then(|| User {
            name,
            email: Some("ann@example.org".to_owned()),
            tags: vec![],
        }))
    }

    #[call]
    fn options(&self, query: Query) -> Query {
        query
    }

    #[call]
    fn kind(&self, term: Term) -> String {
        let kind = match term {
            Term::Binary(_) => "a binary",
            Term::List(_) => "a list",
            Term::Atom(_) => "an atom",
            Term::Bits(_) => "a bit string",
            Term::Map(_) => "a map",
            _ => "something else",
        };
        kind.to_owned()
    }

    #[call]
    fn upcase(&self, text: String) -> String {
        text.to_uppercase()
    }

    #[call]
    fn charlist(&self, text: String) -> Charlist {
        Charlist(text)
    }

    #[call]
    fn echo(&self, term: Term) -> Term {
        term
    }
}

struct Child(u64);

#[gen_server]
impl Child {
    #[init]
    fn init(n: u64) -> Self {
        Child(n)
    }

    #[call]
    fn number(&self) -> u64 {
        self.0
    }

    #[call]
    fn panic(&self) -> u64 {
        panic!("oh no")
    }
}

struct Pair {
    elixir: Erl,
    node: Node,
}

impl Pair {
    async fn start(cluster: &Cluster) -> Pair {
        let node = cluster
            .builder(&unique_node("rust"))
            .offer(
                Module::new("math")
                    .function("add", |a: i64, b: i64| a + b)
                    .function("tell", |call: Call, to: Pid, what: Term| {
                        let _ = call.send(to, &(call.pid(), what));
                    }),
            )
            .offer(Module::new("children").server::<Child>("start"))
            .offer_fn("Elixir.MyApp.Text", "upcase", |text: String| {
                text.to_uppercase()
            })
            .start()
            .await
            .unwrap();
        Desk::start(&node).name("desk").await.unwrap();
        let elixir = cluster.options(Erl::elixir()).start().await;
        elixir.eval(include_str!("elixir/judge.exs")).await;
        Pair { elixir, node }
    }

    async fn judge(function: &str) {
        let cluster = Cluster::start();
        let pair = Pair::start(&cluster).await;
        let call = format!("Judge.{function}(:{})", pair.node.name());
        assert_eq!(pair.elixir.eval(&call).await, ":ok", "{function}");
    }
}

#[tokio::test]
async fn nodes_connect() {
    Pair::judge("nodes").await;
}

#[tokio::test]
async fn servers_are_called() {
    Pair::judge("calls").await;
}

#[tokio::test]
async fn structs_are_structs() {
    Pair::judge("structs").await;
}

#[tokio::test]
async fn data_is_what_it_was() {
    Pair::judge("data").await;
}

#[tokio::test]
async fn processes_are_monitored_linked_and_ended() {
    Pair::judge("processes").await;
}

#[tokio::test]
async fn functions_are_called_and_spawned() {
    Pair::judge("functions").await;
}

#[tokio::test]
async fn many_are_asked_at_once() {
    Pair::judge("many").await;
}

#[tokio::test]
async fn names_and_groups_are_those_of_the_cluster() {
    let cluster = Cluster::start();
    let Pair { elixir, node } = Pair::start(&cluster).await;
    let desk = node.whereis("desk").expect("it runs");
    let name = Atom::new("Elixir.MyApp.Desk");
    global::register_name(&node, name, desk).await.unwrap();
    let (scope, desks) = (pg::start(&node, "pg").await.unwrap(), Atom::new("desks"));
    scope.join(desks, desk).await.unwrap();
    let judge = format!("Judge.names(:{})", node.name());
    assert_eq!(elixir.eval(&judge).await, ":ok");
    let theirs = global::whereis_name(&node, "theirs").expect("it has a name");
    assert_eq!(theirs.node.as_str(), elixir.name());
    tests::until(|| {
        let mut members = scope.get_members(desks);
        members.retain(|pid| *pid != desk);
        members == [theirs]
    })
    .await;
}

#[tokio::test]
async fn rust_calls_servers_of_elixir() {
    let cluster = Cluster::start();
    let Pair { elixir, node } = Pair::start(&cluster).await;
    let started = "match?({:ok, _}, GenServer.start(MyApp.Desk, 5, name: MyApp.Desk))";
    assert_eq!(elixir.eval(started).await, "true");
    // A module's name is an atom with the prefix that Elixir hides.
    let desk = DeskRef::named(&node, "Elixir.MyApp.Desk", elixir.name());
    assert_eq!(desk.size().await.unwrap(), 5);
    let user = User {
        name: "Zoë".to_owned(),
        email: None,
        tags: vec![Atom::new("admin")],
    };
    let renamed = desk.rename(user.clone(), "Zoé".to_owned()).await.unwrap();
    assert_eq!(renamed.name, "Zoé");
    assert_eq!(
        User {
            name: user.name.clone(),
            ..renamed
        },
        user
    );
    assert_eq!(desk.find("nobody".to_owned()).await.unwrap(), Found(None));
    let Found(Some(ann)) = desk.find("Ann".to_owned()).await.unwrap() else {
        panic!("she is there")
    };
    assert_eq!((ann.email, ann.tags), (None, vec![]));
    let query = Query {
        filter: Some("x".to_owned()),
        ..Query::default()
    };
    assert_eq!(desk.options(query.clone()).await.unwrap(), query);
    assert_eq!(desk.kind(Term::from("text")).await.unwrap(), "binary");
    // The answer is a charlist: text all the same.
    assert_eq!(desk.kind(Term::charlist("text")).await.unwrap(), "list");
    let fun: Fun = node
        .rpc(elixir.name())
        .call("Elixir.Code", "eval_string", ("&String.upcase/1",))
        .await
        .map(|(fun, _): (Fun, Term)| fun)
        .unwrap();
    assert_eq!(desk.echo(fun.clone().into()).await.unwrap(), Term::Fun(fun));
    let upcased: String = node
        .rpc(elixir.name())
        .call("Elixir.String", "upcase", ("zoë",))
        .await
        .unwrap();
    assert_eq!(upcased, "ZOË");
}

/// The page of the crate for people of Elixir, in front of the shell that they use.
#[test]
fn the_page_is_what_iex_shows() {
    let epmd = Epmd::start();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let node = runtime.block_on(async {
        let node = Node::builder("rust@127.0.0.1")
            .cookie("secret")
            .epmd_port(epmd.port())
            .offer(Module::new("math").function("add", |a: i64, b: i64| a + b))
            .offer(Module::new("children").server::<Child>("start"))
            .start()
            .await
            .unwrap();
        Desk::start(&node).name("desk").await.unwrap();
        node
    });
    let page = include_str!("../../ergo/src/elixir.md");
    let [written] = &blocks(page, "elixir")[..] else {
        panic!("one session")
    };
    let mut shell = Erl::elixir()
        .distributed(epmd.port())
        .name("me@127.0.0.1")
        .cookie("secret")
        .shell();
    assert_eq!(shell.replay(&transcript(written)), *written);
    runtime.block_on(node.stop());
}
