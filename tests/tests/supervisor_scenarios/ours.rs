//! Plays a scenario with ergo's supervisors, step by step as `supervisor_scenarios.erl` does with OTP's.
//!
//! Each scenario has a runtime and a node of its own.

use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use ergo::gen_server::{CallError, StartError};
use ergo::process::{Context, LocalNode};
use ergo::supervisor::{ChildInfo, ChildState, DynamicSupervisorRef, Supervisor, SupervisorRef};
use ergo::{Atom, Node, Pid, Reason, Term, term};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::answer::{as_term, done, error, listed, named, started, unreached};
use crate::event::Event;
use crate::model::{
    Act, Ask, Child, Death, End, Manner, Path, Restart, Scenario, Shutdown, Step, Strategy, What,
    Worker,
};
use crate::recorder::{Process, Recorder, RecorderRef, Role, left};
use crate::tree::{MemberRef, Tree, spec};

/// Where a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The end of a process is heard of by all at one point of time, and the clock jumps to the next timer when there is
    /// nothing to do.
    One,
    /// Each may hear of an end at another time, and time passes as it does.
    Two,
}

/// Plays the scenario, and says what happened.
pub(crate) fn play(scenario: Scenario, threads: Threads) -> Vec<Event> {
    let runtime = match threads {
        Threads::One => runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build(),
        Threads::Two => runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_time()
            .build(),
    };
    runtime.expect("a runtime").block_on(async move {
        let node = Node::alone();
        let (send, receive) = oneshot::channel();
        node.spawn(async move |mut ctx| {
            ctx.trap_exit(true);
            let _ = send.send(Player::play(scenario, &mut ctx).await);
        });
        let events = receive.await.expect("the player ends well");
        node.stop().await;
        events
    })
}

struct Player {
    node: LocalNode,
    recorder: RecorderRef,
    top: Option<SupervisorRef>,
    unlinked: HashSet<Pid>,
}

/// A supervisor's answer that may not be there yet.
type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

enum Answer {
    Term(Term),
    Children(Vec<ChildInfo>),
}

impl Player {
    async fn play(scenario: Scenario, ctx: &mut Context) -> Vec<Event> {
        let recorder = Recorder::start(&*ctx).await.expect("a recorder");
        let top = Tree {
            recorder: recorder.clone(),
            path: Path::new(),
            sup: scenario.top,
        };
        let started = Tree::start_link(&*ctx, top).await;
        let mut player = Player {
            node: ctx.node().clone(),
            recorder,
            top: started.as_ref().ok().cloned(),
            unlinked: HashSet::new(),
        };
        let answer = match started {
            Ok(top) => term!({ok, (top.pid().map_or(term!(none), Term::Pid))}),
            Err(StartError::Init(reason)) => error(reason.to_term()),
            Err(other) => panic!("the top supervisor did not start: {other}"),
        };
        let mut events = vec![Event::Step(0)];
        player.rest(vec![Answer::Term(answer)], &mut events).await;
        let mut number = 0;
        for step in scenario.steps {
            number += 1;
            events.push(Event::Step(number));
            let answers = player.step(step).await;
            player.rest(answers, &mut events).await;
        }
        events.push(Event::Step(number + 1));
        let answers = player.end(scenario.end, ctx).await;
        player.rest(answers, &mut events).await;
        events.extend(left(&player.living().await));
        events
    }

    async fn step(&mut self, step: Step) -> Vec<Answer> {
        let absent = vec![Answer::Term(term!(absent))];
        match step {
            Step::Death(path, death) => match self.whereis(path).await {
                Some(process) => vec![self.death(&process, death).await],
                None => absent,
            },
            Step::Unlink(path) => match self.whereis(path).await {
                Some(Process {
                    pid,
                    role: Role::Worker(_),
                    ..
                }) => {
                    self.unlinked.insert(pid);
                    let member = MemberRef::from_pid(&self.node, pid);
                    member.leave();
                    member.ping().no_timeout().await.expect("it lives on");
                    vec![Answer::Term(term!(pong))]
                }
                _ => absent,
            },
            Step::Ask(path, ask) => match self.supervisor(path.clone()).await {
                Some((supervisor, strategy)) => {
                    vec![self.ask(&supervisor, path, strategy, ask).await.await]
                }
                None => absent,
            },
            Step::Burst(path, acts) => match self.supervisor(path.clone()).await {
                Some((supervisor, strategy)) => self.burst(&supervisor, path, strategy, acts).await,
                None => absent,
            },
            Step::Wait => {
                tokio::time::sleep(Duration::from_millis(2600)).await;
                Vec::new()
            }
        }
    }

    async fn burst(
        &mut self,
        supervisor: &SupervisorRef,
        path: Path,
        strategy: Strategy,
        acts: Vec<Act>,
    ) -> Vec<Answer> {
        let id = Atom::new("blocker");
        let blocker = match strategy {
            Strategy::SimpleOneForOne => Ask::Dynamic(id),
            _ => Ask::Start(Child {
                id,
                restart: Restart::Temporary,
                shutdown: Shutdown::BrutalKill,
                significant: false,
                what: What::Worker(Worker {
                    manner: Manner::Plain,
                    fails: Vec::new(),
                }),
            }),
        };
        let mut asked = vec![self.sent(supervisor, path.clone(), strategy, blocker).await];
        recorded(self.recorder.until_blocked().no_timeout().await);
        for act in acts {
            asked.push(match act {
                Act::Ask(ask) => self.sent(supervisor, path.clone(), strategy, ask).await,
                Act::Death(id, death) => {
                    let mut path = path.clone();
                    path.push(id);
                    let answer = match self.whereis(path).await {
                        Some(process) => self.death(&process, death).await,
                        None => Answer::Term(term!(absent)),
                    };
                    Box::pin(std::future::ready(answer))
                }
            });
        }
        recorded(self.recorder.release().no_timeout().await);
        let mut answers = Vec::new();
        for asked in asked {
            answers.push(asked.await);
        }
        answers
    }

    /// A request that is in the supervisor's mailbox when this returns.
    async fn sent(
        &self,
        supervisor: &SupervisorRef,
        path: Path,
        strategy: Strategy,
        ask: Ask,
    ) -> Asked {
        let mut asked = self.ask(supervisor, path, strategy, ask).await;
        match poll_fn(|cx| Poll::Ready(asked.as_mut().poll(cx))).await {
            Poll::Ready(answer) => Box::pin(std::future::ready(answer)),
            Poll::Pending => asked,
        }
    }

    async fn ask(
        &self,
        supervisor: &SupervisorRef,
        path: Path,
        strategy: Strategy,
        ask: Ask,
    ) -> Asked {
        let id = match (strategy, &ask) {
            (Strategy::SimpleOneForOne, Ask::Terminate(key)) => {
                let mut path = path.clone();
                path.push(*key);
                let known = recorded(self.recorder.whereis(path).no_timeout().await);
                known.map_or(Term::from(*key), |process| process.pid.into())
            }
            (_, Ask::Terminate(id) | Ask::Restart(id) | Ask::Delete(id)) => Term::from(*id),
            _ => term!(none),
        };
        let (supervisor, recorder) = (supervisor.clone(), self.recorder.clone());
        Box::pin(async move {
            Answer::Term(match ask {
                Ask::Which => match supervisor.which_children().await {
                    Ok(children) => return Answer::Children(children),
                    Err(error) => unreached(error),
                },
                Ask::Count => match supervisor.count_children().await {
                    Ok(counts) => as_term(&counts),
                    Err(error) => unreached(error),
                },
                Ask::Terminate(_) => done(supervisor.terminate_child(id).await),
                Ask::Delete(_) => done(supervisor.delete_child(id).await),
                Ask::Restart(_) => started(supervisor.restart_child(id).await),
                Ask::Start(child) => {
                    let spec = spec(&recorder, &path, strategy, &child);
                    started(supervisor.start_child(spec).await)
                }
                Ask::Dynamic(key) => {
                    let supervisor = DynamicSupervisorRef::<(Atom,)>::from(supervisor);
                    started(supervisor.start_child((key,)).await)
                }
            })
        })
    }

    async fn death(&self, process: &Process, death: Death) -> Answer {
        let pid = process.pid;
        let supervisor = SupervisorRef::from_pid(&self.node, pid);
        let member = MemberRef::from_pid(&self.node, pid);
        Answer::Term(match (process.role, death) {
            (Role::Supervisor(_), Death::Stop(_)) => match supervisor.stop().await {
                Ok(()) => term!(ok),
                Err(error) => unreached(error),
            },
            (Role::Worker(_), Death::Stop(reason)) => {
                member.die(reason);
                recorded(self.recorder.ended(pid).no_timeout().await);
                term!(ok)
            }
            (role, Death::Signal(reason)) => {
                let node = self.node.clone();
                // From a task that is no process, so not from the parent.
                let asking = tokio::spawn(async move {
                    node.exit(pid, reason);
                    match role {
                        Role::Supervisor(_) => supervisor.count_children().await.is_ok(),
                        Role::Worker(_) => member.ping().no_timeout().await.is_ok(),
                    }
                });
                match asking.await.expect("no panic") {
                    true => term!(alive),
                    false => term!(ended),
                }
            }
        })
    }

    async fn end(&mut self, end: End, ctx: &Context) -> Vec<Answer> {
        let absent = vec![Answer::Term(term!(absent))];
        let Some(top) = self.whereis(Path::new()).await else {
            return absent;
        };
        let reason = match end {
            End::Parent(reason) => Reason::from(reason),
            End::Kill => Reason::Kill,
            End::Stop => return vec![self.death(&top, Death::Stop(term!(normal))).await],
        };
        ctx.exit(top.pid, reason);
        recorded(self.recorder.ended(top.pid).no_timeout().await);
        Vec::new()
    }

    /// Waits for rest, and says what happened until then, and how the tree is.
    async fn rest(&self, answers: Vec<Answer>, events: &mut Vec<Event>) {
        let names = recorded(self.recorder.names().no_timeout().await);
        for answer in answers {
            let answer = match answer {
                Answer::Term(term) => named(term, &names),
                Answer::Children(children) => listed(&children, &names),
            };
            events.push(Event::Answer(answer));
        }
        loop {
            let size = self.size().await;
            let (mut trees, mut pids) = (Vec::new(), HashSet::new());
            let quiet = match &self.top {
                Some(top) => self.walk(top.clone(), &mut trees, &mut pids).await,
                None => true,
            };
            let living = self.living().await;
            let settled = |process: &Process| {
                pids.contains(&process.pid)
                    || self.unlinked.contains(&process.pid)
                    || process.role == Role::Worker(Manner::Stubborn) && process.terminating
            };
            if quiet && living.iter().all(settled) && self.size().await == size {
                events.extend(recorded(self.recorder.events().no_timeout().await));
                events.extend(trees);
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Looks at a supervisor and those below it; `false` if one of them is not at rest.
    async fn walk(
        &self,
        supervisor: SupervisorRef,
        trees: &mut Vec<Event>,
        pids: &mut HashSet<Pid>,
    ) -> bool {
        let Some(pid) = supervisor.pid() else {
            return false;
        };
        match self.process(pid).await {
            Some(process) if process.alive => {
                let (Ok(children), Ok(counts)) = (
                    supervisor.which_children().await,
                    supervisor.count_children().await,
                ) else {
                    return false;
                };
                pids.insert(pid);
                let names = recorded(self.recorder.names().no_timeout().await);
                let shown = listed(&children, &names);
                trees.push(Event::Tree(process.name, shown, as_term(&counts)));
                for child in children {
                    let quiet = match child.child {
                        ChildState::Undefined => true,
                        ChildState::Running(pid) => match self.process(pid).await {
                            Some(Process {
                                role: Role::Supervisor(_),
                                ..
                            }) => {
                                let below = SupervisorRef::from_pid(&self.node, pid);
                                Box::pin(self.walk(below, trees, pids)).await
                            }
                            Some(worker) => {
                                pids.insert(pid);
                                worker.alive || self.unlinked.contains(&pid)
                            }
                            None => false,
                        },
                        _ => false,
                    };
                    if !quiet {
                        return false;
                    }
                }
                true
            }
            Some(process) => process.name.starts_with("top#"),
            None => false,
        }
    }

    /// The last process of a path, if it is alive and listens.
    async fn whereis(&self, path: Path) -> Option<Process> {
        let process = recorded(self.recorder.whereis(path).no_timeout().await);
        process.filter(|process| process.alive && !process.terminating)
    }

    async fn supervisor(&self, path: Path) -> Option<(SupervisorRef, Strategy)> {
        match self.whereis(path).await? {
            Process {
                pid,
                role: Role::Supervisor(strategy),
                ..
            } => Some((SupervisorRef::from_pid(&self.node, pid), strategy)),
            _ => None,
        }
    }

    async fn process(&self, pid: Pid) -> Option<Process> {
        recorded(self.recorder.process(pid).no_timeout().await)
    }

    async fn living(&self) -> Vec<Process> {
        recorded(self.recorder.living().no_timeout().await)
    }

    async fn size(&self) -> u64 {
        recorded(self.recorder.size().no_timeout().await)
    }
}

fn recorded<T>(answer: Result<T, CallError>) -> T {
    answer.expect("the recorder outlives all")
}
