//! What waits to be shown. Putting something in never waits: a run must not stop because nobody reads.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How many lines wait at most. An upgrade has some hundreds; what is more is a loop of something, or a terminal that was
/// left alone for days.
const MOST: usize = 10_000;

/// A queue with one reader.
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    items: VecDeque<Item<T>>,
    /// Lines that were dropped since the last one was taken out.
    dropped: usize,
    /// The reader has something in its hands.
    busy: bool,
    /// The reader is gone.
    closed: bool,
}

/// What is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<T> {
    /// A text that stays, whole lines.
    Text(String),
    /// What moves from now on.
    Moving(Option<T>),
}

impl<T> Queue<T> {
    pub(super) const fn new() -> Self {
        let state = State { items: VecDeque::new(), dropped: 0, busy: false, closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts something in. The oldest text goes when there are too many: the newest says what is to be done.
    pub(super) fn put(&self, item: Item<T>) {
        let mut state = self.state();
        state.items.push_back(item);
        if state.items.len() > MOST
            && let Some(oldest) = state.items.iter().position(|item| matches!(item, Item::Text(_)))
        {
            state.items.remove(oldest);
            state.dropped += 1;
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for the next thing to show; what was taken before has been shown now.
    pub(super) fn take(&self) -> Item<T> {
        let mut state = self.state();
        state.busy = false;
        self.changed.notify_all();
        loop {
            if let dropped @ 1.. = std::mem::take(&mut state.dropped) {
                state.busy = true;
                return Item::Text(format!(
                    "[{dropped} lines are not shown; `mailsec status` has the steps]\n"
                ));
            }
            if let Some(item) = state.items.pop_front() {
                state.busy = true;
                return item;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything has been shown, or until nothing was shown for so long.
    pub(super) fn settle(&self, patience: Option<Duration>) {
        let mut state = self.state();
        while !state.closed && (state.busy || state.dropped > 0 || !state.items.is_empty()) {
            let Some(patience) = patience else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (next, waited) =
                self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if waited.timed_out() {
                return;
            }
        }
    }

    /// The reader is gone: nobody waits for it any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    /// Whether the reader is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.state().closed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    fn text(item: Item<u8>) -> String {
        match item {
            Item::Text(text) => text,
            Item::Moving(_) => panic!("not a text"),
        }
    }

    #[test]
    fn what_nobody_takes_is_kept_in_order_and_the_oldest_texts_go_first() {
        let queue = Queue::new();
        queue.put(Item::Moving(Some(1)));
        for number in 0..MOST + 4 {
            queue.put(Item::Text(number.to_string()));
        }
        assert!(text(queue.take()).starts_with("[5 lines are not shown"));
        // What moves is never dropped: the last one would move for ever.
        assert_eq!(queue.take(), Item::Moving(Some(1)));
        let rest: Vec<String> = (0..MOST - 1).map(|_| text(queue.take())).collect();
        let expected: Vec<String> = (5..MOST + 4).map(|number| number.to_string()).collect();
        assert_eq!(rest, expected);
    }

    #[test]
    fn it_has_settled_when_the_last_text_was_shown_and_not_when_it_was_taken() {
        let queue: Arc<Queue<u8>> = Arc::new(Queue::new());
        queue.settle(None);
        queue.put(Item::Text("a".to_owned()));
        let (waits, settled) = (Arc::clone(&queue), Arc::new(AtomicBool::new(false)));
        let seen = Arc::clone(&settled);
        let waiter = std::thread::spawn(move || {
            waits.settle(None);
            seen.store(true, Ordering::SeqCst);
        });
        queue.take();
        assert!(!settled.load(Ordering::SeqCst), "it is in the reader's hands");
        // The reader comes back for more, and waits for ever.
        let reader = Arc::clone(&queue);
        std::thread::spawn(move || reader.take());
        waiter.join().unwrap();
    }

    #[test]
    fn whoever_has_no_patience_and_whoever_waits_for_a_reader_that_is_gone_goes_on() {
        let queue: Queue<u8> = Queue::new();
        queue.put(Item::Text("a".to_owned()));
        queue.settle(Some(Duration::from_millis(1)));
        assert_eq!(text(queue.take()), "a");
        queue.close();
        queue.settle(None);
        assert!(queue.is_closed());
    }
}
