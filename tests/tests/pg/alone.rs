//! What needs no other node: mistakes, supervisors, and scopes beside each other.

use std::sync::Arc;

use ergo::pg::{self, Event, PgError, Scope};
use ergo::prelude::*;
use ergo::supervisor::ChildSpec;
use tests::{Probe, until, within};

#[tokio::test]
async fn mistakes_are_said() {
    let node = Node::alone();
    let (scope, member) = (Scope::new(&node, "sc"), Probe::start(&node));
    let g = Atom::new("g");
    let nobody = scope.join(g, member.pid).await.unwrap_err();
    assert_eq!(nobody, PgError::NoScope(Atom::new("sc")));
    assert_eq!(
        nobody.to_string(),
        "the scope sc does not run on this node; start it first, with `pg::start` or under a supervisor"
    );
    assert_eq!(scope.leave(g, member.pid).await, Err(nobody.clone()));
    assert_eq!(scope.demonitor(node.make_ref()).await, Err(nobody));
    assert_eq!(
        (scope.get_members(g), scope.which_groups()),
        (vec![], vec![])
    );
    assert_eq!(scope.pid(), None);

    assert_eq!(pg::start(&node, "sc").await.unwrap().pid(), scope.pid());
    let pid = scope.pid().unwrap();
    let again = pg::start(&node, "sc").await.unwrap_err();
    assert_eq!(
        again,
        StartError::AlreadyStarted {
            name: Atom::new("sc"),
            pid
        }
    );
    let stranger = Pid {
        node: Atom::new("far@away"),
        ..member.pid
    };
    let refused = scope.join(g, [member.pid, stranger]).await;
    assert_eq!(refused, Err(PgError::NotLocal(stranger)));
    let refused = scope.leave(g, stranger).await;
    assert_eq!(refused, Err(PgError::NotLocal(stranger)));
    let refused = scope.join(f64::NAN, member.pid).await;
    assert!(matches!(refused, Err(PgError::Group(_))), "{refused:?}");
    scope.join(g, vec![]).await.unwrap();
    assert_eq!(scope.which_groups(), []);
    assert!(!scope.demonitor(node.make_ref()).await.unwrap());

    // Another process has the name.
    let other = Probe::start(&node);
    node.register("other", other.pid).unwrap();
    let refused = Scope::new(&node, "other").join(g, member.pid).await;
    assert!(matches!(refused, Err(PgError::Call(_))), "{refused:?}");
}

#[tokio::test]
async fn scopes_know_nothing_of_each_other() {
    let node = Node::alone();
    let (one, two) = (
        pg::start(&node, "one").await.unwrap(),
        pg::start(&node, "two").await.unwrap(),
    );
    let member = Probe::start(&node);
    let g = Atom::new("g");
    one.join(g, [member.pid, member.pid]).await.unwrap();
    two.join(g, member.pid).await.unwrap();
    assert_eq!(one.get_members(g).len(), 2);
    assert!(two.leave(g, member.pid).await.unwrap());
    assert_eq!((one.get_members(g).len(), two.get_members(g).len()), (2, 0));
    // All members' monitors end with the scope.
    assert_eq!(
        node.process_info(&member.pid).unwrap().monitored_by.len(),
        1
    );
    node.exit(one.pid().unwrap(), Reason::Kill);
    until(|| {
        node.process_info(&member.pid)
            .unwrap()
            .monitored_by
            .is_empty()
    })
    .await;
    until(|| one.get_members(g).is_empty()).await;
}

#[tokio::test]
async fn a_supervisor_starts_a_scope_again() {
    struct Groups;

    impl Supervisor for Groups {
        fn spec(self: Arc<Self>) -> SupervisorSpec {
            SupervisorSpec::new(Strategy::OneForOne).child(ChildSpec::new("pg", || pg::child("pg")))
        }
    }

    let node = Node::alone();
    let supervisor = Groups::start(&node, Groups).await.unwrap();
    let scope = Scope::new(&node, pg::DEFAULT_SCOPE);
    let (member, g) = (Probe::start(&node), Atom::new("g"));
    scope.join(g, member.pid).await.unwrap();
    let first = scope.pid().unwrap();
    node.exit(first, Reason::Kill);
    until(|| scope.pid().is_some_and(|pid| pid != first)).await;
    // It answers once it has started, with empty groups.
    assert!(!scope.leave(g, member.pid).await.unwrap());
    scope.join(g, member.pid).await.unwrap();
    assert_eq!(scope.get_members(g), [member.pid]);
    drop(supervisor);
    node.stop().await;
    assert_eq!(scope.get_members(g), []);
}

/// Counts the workers, as a server does that takes events as its infos.
struct Watcher {
    workers: usize,
    asked: Option<(usize, ReplyTo<()>)>,
}

#[gen_server]
impl Watcher {
    #[init]
    async fn init(ctx: &mut Context<Self>) -> Result<Self, Reason> {
        let scope = Scope::new(ctx, "pg");
        let (_, workers) = scope.monitor(ctx, Atom::new("workers")).await?;
        Ok(Watcher {
            workers: workers.len(),
            asked: None,
        })
    }

    /// Answers when there are so many.
    #[call(local)]
    fn until(&mut self, workers: usize, reply: ReplyTo<()>) {
        self.asked = Some((workers, reply));
        self.look();
    }

    #[info(_)]
    fn changed(&mut self, event: Event) {
        match event.change {
            pg::Change::Join => self.workers += event.pids.len(),
            pg::Change::Leave => self.workers -= event.pids.len(),
        }
        self.look();
    }
}

impl Watcher {
    fn look(&mut self) {
        if let Some((_, reply)) = self.asked.take_if(|(workers, _)| *workers == self.workers) {
            reply.send(());
        }
    }
}

#[tokio::test]
async fn a_server_takes_events_as_infos() {
    let node = Node::alone();
    let scope = pg::start(&node, "pg").await.unwrap();
    let member = Probe::start(&node);
    let workers = Atom::new("workers");
    scope.join(workers, member.pid).await.unwrap();
    let watcher = Watcher::start(&node).await.unwrap();
    scope.join(workers, [member.pid, member.pid]).await.unwrap();
    within(watcher.until(3)).await.unwrap();
    member.end(Reason::Normal);
    within(watcher.until(0)).await.unwrap();

    // A monitor ends with its process.
    let monitored_by = |pid: &Pid| node.process_info(pid).map(|info| info.monitored_by.len());
    assert_eq!(monitored_by(&watcher.pid().unwrap()), Some(1));
    let pid = scope.pid().unwrap();
    assert_eq!(node.process_info(&pid).unwrap().monitors.len(), 1);
    watcher.stop(Reason::Normal).await.unwrap();
    until(|| node.process_info(&pid).unwrap().monitors.is_empty()).await;
}
