//! How the nodes of a cluster stand, for its page. They are other machines: one that hangs must not hold up a page, so a
//! thread looks, now and then, and the page shows what it saw last.

use crate::{
    cluster::{FolderNodes, NodeStands, standings},
    place::State,
};
use mailsec_core::host::NodeOrder;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Between two looks.
const REST: Duration = Duration::from_secs(2);
/// How long a page waits for the very first.
const FIRST: Duration = Duration::from_millis(500);
/// What is older is not shown as what is: a node's folder may hang for hours.
const STALE: Duration = Duration::from_secs(30);

/// What was seen last of the nodes that were asked for last.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    known: Mutex<Known>,
    looked: Condvar,
}

#[derive(Debug, Default)]
struct Known {
    orders: Vec<NodeOrder>,
    all: Option<Vec<NodeStands>>,
    /// How often that was another one.
    changes: u64,
    looking: bool,
    at: Option<Instant>,
}

impl Nodes {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How the nodes stand to which these orders are; nothing when that takes too long.
    pub(crate) fn stand(self: &Arc<Self>, state: &State, orders: Vec<NodeOrder>) -> Option<Vec<NodeStands>> {
        {
            let mut known = self.known();
            if known.orders != orders {
                known.orders = orders;
                // A look at the former ones may hang.
                (known.all, known.at, known.looking) = (None, None, false);
            }
        }
        self.look(state);
        let known = self.known();
        let waits = |known: &mut Known| known.all.is_none() && known.looking;
        let (known, _) =
            self.looked.wait_timeout_while(known, FIRST, waits).unwrap_or_else(PoisonError::into_inner);
        known.all.clone().filter(|_| known.at.is_none_or(|at| at.elapsed() < STALE))
    }

    /// Another number when something else was seen. It has them looked at again when it is time for that.
    pub(crate) fn changes(self: &Arc<Self>, state: &State) -> u64 {
        self.look(state);
        self.known().changes
    }

    fn look(self: &Arc<Self>, state: &State) {
        let orders = {
            let mut known = self.known();
            let due = known.at.is_none_or(|at| at.elapsed() >= REST);
            if known.orders.is_empty() || known.looking || !due {
                return;
            }
            known.looking = true;
            known.orders.clone()
        };
        let (nodes, state) = (Arc::clone(self), state.clone());
        std::thread::spawn(move || {
            // Where the nodes are is read again as well: a run that was begun meanwhile says so.
            let look = || FolderNodes::open(&state, None).map(|nodes| standings(&nodes, &orders)).ok();
            let all = catch_unwind(AssertUnwindSafe(look)).ok().flatten();
            let mut known = nodes.known();
            if known.orders == orders {
                known.looking = false;
                if known.all != all {
                    known.all = all;
                    known.changes += 1;
                }
                known.at = Some(Instant::now());
            }
            drop(known);
            nodes.looked.notify_all();
        });
    }
}
