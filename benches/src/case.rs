//! A case: the same work done by several peers.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::goals::Goal;

/// A future that is owned and may move between threads.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What one turn of a peer took.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The time of all its operations.
    pub time: Duration,
    /// The memory that they hold, for the cases that are about memory.
    pub bytes: Option<u64>,
}

impl From<Duration> for Sample {
    fn from(time: Duration) -> Sample {
        Sample { time, bytes: None }
    }
}

/// Why a peer has no figures: what is not installed here.
#[derive(Debug)]
pub struct Missing(pub String);

/// A peer that is ready for its turns: each does as many operations as it is told.
pub struct Turns {
    turn: Box<dyn FnMut(u64) -> BoxFuture<Sample> + Send>,
    end: Option<BoxFuture<()>>,
}

impl Turns {
    /// Wraps what does one turn.
    pub fn new<F, T>(mut turn: F) -> Turns
    where
        F: FnMut(u64) -> T + Send + 'static,
        T: Future<Output: Into<Sample>> + Send + 'static,
    {
        Turns {
            turn: Box::new(move |operations| {
                let turn = turn(operations);
                Box::pin(async move { turn.await.into() })
            }),
            end: None,
        }
    }

    /// What is to be done after the last turn, beyond dropping everything.
    #[must_use]
    pub fn end(mut self, end: impl Future<Output = ()> + Send + 'static) -> Turns {
        self.end = Some(Box::pin(end));
        self
    }

    /// Does one turn.
    pub async fn turn(&mut self, operations: u64) -> Sample {
        (self.turn)(operations).await
    }

    /// Ends it.
    pub async fn close(self) {
        drop(self.turn);
        if let Some(end) = self.end {
            end.await;
        }
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns").finish_non_exhaustive()
    }
}

type Open = Box<dyn FnOnce() -> BoxFuture<Result<Turns, Missing>> + Send>;

/// One of those who do the work of a case.
pub struct Peer {
    /// The name in the table.
    pub name: &'static str,
    pub(crate) open: Open,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The same work for several peers, and what is wanted of their figures.
///
/// ```
/// use std::time::Instant;
/// use benches::case::Case;
/// use benches::goals::Goal;
///
/// let case = Case::new("count", 1_000)
///     .peer("raw", |operations| async move {
///         let start = Instant::now();
///         assert_eq!((0..operations).count() as u64, operations);
///         start.elapsed()
///     })
///     .goal(Goal::at_most("ergo", &["raw"]).must(1.2).aim(0.95));
/// ```
#[derive(Debug)]
pub struct Case {
    /// The name in the table.
    pub name: String,
    /// How many operations a turn has.
    pub operations: u64,
    /// Who does the work.
    pub peers: Vec<Peer>,
    /// What is wanted.
    pub goals: Vec<Goal>,
    /// Whether each peer is a program of its own.
    pub is_apart: bool,
}

impl Case {
    /// A case without peers, of so many operations a turn.
    pub fn new(name: impl Into<String>, operations: u64) -> Case {
        Case {
            name: name.into(),
            operations,
            peers: Vec::new(),
            goals: Vec::new(),
            is_apart: false,
        }
    }

    /// Adds a peer that needs nothing before its first turn.
    #[must_use]
    pub fn peer<F, T>(self, name: &'static str, turn: F) -> Case
    where
        F: FnMut(u64) -> T + Send + 'static,
        T: Future<Output: Into<Sample>> + Send + 'static,
    {
        self.peer_with(name, || async { Ok(Turns::new(turn)) })
    }

    /// Adds a peer that has to start something first: nodes, programs; or that may be missing.
    #[must_use]
    pub fn peer_with<O, T>(mut self, name: &'static str, open: O) -> Case
    where
        O: FnOnce() -> T + Send + 'static,
        T: Future<Output = Result<Turns, Missing>> + Send + 'static,
    {
        let open: Open = Box::new(|| Box::pin(open()));
        self.peers.push(Peer { name, open });
        self
    }

    /// Gives each peer a program of its own. Those that are none already must need no other nodes.
    #[must_use]
    pub fn apart(mut self) -> Case {
        self.is_apart = true;
        self
    }

    /// Adds a goal.
    #[must_use]
    pub fn goal(mut self, goal: Goal) -> Case {
        self.goals.push(goal);
        self
    }
}
