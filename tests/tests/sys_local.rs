//! How a state is shown, and what else `sys` does to a server, on one node.

use std::fmt;

use ergo::gen_server::Request;
use ergo::prelude::*;
use ergo::supervisor::{ChildSpec, Strategy, SupervisorSpec};
use ergo::sys;

/// A term and `Debug`: the term counts.
#[derive(Debug, Term)]
struct Shown {
    n: i64,
}

#[gen_server]
impl Shown {
    #[init]
    fn init() -> Self {
        Shown { n: 1 }
    }
    #[cast]
    fn add(&mut self, by: i64) {
        self.n += by;
    }
    #[call]
    fn read(&self) -> i64 {
        self.n
    }
}

#[derive(Debug)]
struct Written {
    _n: i64,
}

#[gen_server]
impl Written {
    #[init]
    fn init() -> Self {
        Written { _n: 1 }
    }
}

struct Named;

#[gen_server]
impl Named {
    #[init]
    fn init() -> Self {
        Named
    }
}

/// `Debug` by its bound alone.
struct Generic<T>(T);

impl<T: fmt::Debug> fmt::Debug for Generic<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[gen_server]
impl<T: fmt::Debug + Send + 'static> Generic<T> {
    #[init]
    fn init(value: T) -> Self {
        Generic(value)
    }
}

/// Cannot be shown.
struct Broken;

impl fmt::Debug for Broken {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("do not look");
    }
}

#[gen_server]
impl Broken {
    #[init]
    fn init() -> Self {
        Broken
    }
    #[call]
    fn lives(&self) -> bool {
        true
    }
}

/// Says itself what is shown; notes what it was continued with.
struct Otp(Vec<i64>);

impl GenServer for Otp {
    type Args = ();
    type Call = ();
    type Reply = Vec<i64>;
    type Cast = ();
    type Info = i64;

    async fn init((): (), ctx: &mut Context<Self>) -> Result<Self, InitError> {
        ctx.myself().send(Request::Info(2));
        ctx.continue_with(Request::Info(1));
        Ok(Otp(Vec::new()))
    }

    async fn handle_call(
        &mut self,
        (): (),
        from: ReplyTo<Vec<i64>>,
        _: &mut Context<Self>,
    ) -> Next {
        from.send(self.0.clone());
        Next::Continue
    }

    async fn handle_cast(&mut self, (): (), _: &mut Context<Self>) -> Next {
        Next::Continue
    }

    async fn handle_info(&mut self, message: i64, _: &mut Context<Self>) -> Next {
        self.0.push(message);
        Next::Continue
    }

    fn format_state(&self) -> Term {
        sys::shown::term(&self.0).unwrap_or_else(|| sys::shown::name(self))
    }
}

#[tokio::test]
async fn the_state_is_shown_as_well_as_it_can_be() {
    let node = Node::alone();
    let shown = Shown::start(&node).await.unwrap();
    assert_eq!(sys::get_state(&shown).await, Ok(term!(#{n => 1})));
    // Any type that reads the term.
    let state: Shown = sys::get_state(&shown).await.unwrap();
    assert_eq!(state.n, 1);
    let written = Written::start(&node).await.unwrap();
    let text = "Written { _n: 1 }".to_owned();
    assert_eq!(sys::get_state(&written).await, Ok(text));
    let named = Named::start(&node).await.unwrap();
    let name = std::any::type_name::<Named>().to_owned();
    assert_eq!(sys::get_state(&named).await, Ok(name));
    let generic = Generic::start(&node, Some(1)).await.unwrap();
    assert_eq!(sys::get_state(&generic).await, Ok("Some(1)".to_owned()));
    let otp = Otp::start(&node, ()).await.unwrap();
    assert_eq!(otp.request(()).await, Ok(vec![1, 2]));
    assert_eq!(sys::get_state(&otp).await, Ok(term!([1, 2])));
}

#[tokio::test]
async fn a_state_that_cannot_be_shown_does_no_harm() {
    let broken = Broken::start(&Node::alone()).await.unwrap();
    let name = std::any::type_name::<Broken>().to_owned();
    assert_eq!(sys::get_state(&broken).await, Ok(name));
    assert_eq!(broken.lives().await, Ok(true));
}

#[tokio::test]
async fn a_suspended_server_still_ends() {
    let node = Node::alone();
    let start = || async {
        let shown = Shown::start(&node).await.unwrap();
        sys::suspend(&shown).await.unwrap();
        shown.add(1);
        shown
    };
    let killed = start().await;
    node.local_node().exit(killed.pid().unwrap(), Reason::Kill);
    assert_eq!(killed.ended().await, Ok(Reason::Killed));
    let stopped = start().await;
    assert_eq!(stopped.stop(Reason::Shutdown).await, Ok(()));
    let terminated = start().await;
    sys::terminate(&terminated, Reason::Shutdown).await.unwrap();
    assert_eq!(terminated.ended().await, Ok(Reason::Shutdown));

    // Its parent ends it, too.
    let spec = SupervisorSpec::new(Strategy::OneForOne)
        .child(ChildSpec::new("shown", || Shown::child().name("shown")));
    let supervisor = spec.start(&node).await.unwrap();
    let child = ShownRef::from_pid(&node, node.whereis("shown").unwrap());
    sys::suspend(&child).await.unwrap();
    supervisor.stop().await.unwrap();
    assert_eq!(node.whereis("shown"), None);
}

#[tokio::test]
async fn what_waits_is_handled_in_order_when_it_goes_on() {
    let shown = Shown::start(&Node::alone()).await.unwrap();
    sys::log(&shown, Some(100)).await.unwrap();
    sys::suspend(&shown).await.unwrap();
    for n in 0..20 {
        shown.add(n);
        if n % 5 == 0 {
            assert_eq!(sys::get_state(&shown).await, Ok(term!(#{n => 1})));
        }
    }
    sys::resume(&shown).await.unwrap();
    assert_eq!(shown.read().await, Ok(191));
    let events = sys::get_log(&shown).await.unwrap().unwrap();
    let arrived: Vec<Term> = events
        .into_iter()
        .filter(|event| event.to_string().contains("add"))
        .collect();
    let sent: Vec<Term> = (0..20)
        .map(|n| term!({:"in", {:"$gen_cast", {add, (n)}}}))
        .collect();
    assert_eq!(arrived, sent);
}
