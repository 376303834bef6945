//! The calls that have waited for a while, each in a place of its own until it is over.

use std::task::Waker;

/// Calls, in reused places.
pub(super) struct Places {
    places: Vec<Place>,
    /// The first of the free places.
    free: Option<usize>,
    waiting: usize,
    /// No call's time is over before this.
    earliest: u64,
}

enum Place {
    Free(Option<usize>),
    Waiting { until: u64, waker: Waker },
    Over,
}

impl Places {
    pub(super) fn new() -> Places {
        Places {
            places: Vec::new(),
            free: None,
            waiting: 0,
            earliest: u64::MAX,
        }
    }

    /// How many calls wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn insert(&mut self, until: u64, waker: Waker) -> usize {
        self.waiting += 1;
        self.earliest = self.earliest.min(until);
        let waiting = Place::Waiting { until, waker };
        match self.free {
            Some(index) => {
                let place = std::mem::replace(&mut self.places[index], waiting);
                self.free = match place {
                    Place::Free(next) => next,
                    Place::Waiting { .. } | Place::Over => None,
                };
                index
            }
            None => {
                self.places.push(waiting);
                self.places.len() - 1
            }
        }
    }

    pub(super) fn remove(&mut self, index: usize) {
        let place = std::mem::replace(&mut self.places[index], Place::Free(self.free));
        self.free = Some(index);
        if matches!(place, Place::Waiting { .. }) {
            self.waiting -= 1;
        }
        if self.waiting == 0 {
            self.earliest = u64::MAX;
        }
    }

    /// Whether the time of that call is over. Otherwise this waker is woken when it is.
    pub(super) fn is_over(&mut self, index: usize, waker: &Waker) -> bool {
        match &mut self.places[index] {
            Place::Over => true,
            Place::Waiting { waker: known, .. } => {
                if !known.will_wake(waker) {
                    *known = waker.clone();
                }
                false
            }
            Place::Free(_) => false,
        }
    }

    /// The calls whose time is over. Only looks at them all when one may be.
    pub(super) fn take_over(&mut self, now: u64) -> Vec<Waker> {
        if self.earliest > now {
            return Vec::new();
        }
        let mut over = Vec::new();
        let mut earliest = u64::MAX;
        for place in &mut self.places {
            match place {
                Place::Waiting { until, .. } if *until > now => earliest = earliest.min(*until),
                Place::Waiting { .. } => {
                    if let Place::Waiting { waker, .. } = std::mem::replace(place, Place::Over) {
                        over.push(waker);
                    }
                }
                Place::Free(_) | Place::Over => {}
            }
        }
        self.earliest = earliest;
        self.waiting -= over.len();
        over
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }
}
