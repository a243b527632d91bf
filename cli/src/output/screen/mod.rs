//! stderr, written by a thread of its own: a terminal whose output is stopped (Ctrl-S, text selected in a console of
//! Windows) and a pipe that nobody reads stop that thread, and no upgrade that holds mail meanwhile.

mod moving;
mod queue;

pub(crate) use moving::Moving;

use moving::Shown;
use queue::{Item, Queue};
use std::{
    io::{IsTerminal, Write},
    sync::OnceLock,
    thread,
    time::Duration,
};

type Scene = Box<dyn Moving>;

static WAITING: Queue<Scene> = Queue::new();

/// Puts something in for the thread; shows it here where there can be no thread.
fn put(item: Item<Scene>) {
    static THREAD: OnceLock<bool> = OnceLock::new();
    let begun = *THREAD.get_or_init(|| {
        let show_all = || {
            let _gone = Gone;
            let mut shown = None;
            loop {
                show(WAITING.take(), &mut shown);
            }
        };
        thread::Builder::new().name("screen".to_owned()).spawn(show_all).is_ok()
    });
    match begun && !WAITING.is_closed() {
        true => WAITING.put(item),
        false => show(item, &mut None),
    }
}

/// Says that the thread is gone, when something in it panicked.
struct Gone;

impl Drop for Gone {
    fn drop(&mut self) {
        WAITING.close();
    }
}

fn show(item: Item<Scene>, shown: &mut Option<Shown>) {
    match item {
        Item::Text(text) => {
            let write = || _ = anstream::stderr().lock().write_all(text.as_bytes());
            match shown {
                Some(moves) => moves.aside(write),
                None => write(),
            }
        }
        // The old lines are gone before the new ones come.
        Item::Moving(next) => {
            drop(shown.take());
            *shown = next.map(Shown::new);
        }
    }
}

/// Shows a text of whole lines. It does not wait.
pub(super) fn text(text: String) {
    put(Item::Text(text));
}

/// Shows two lines that move below all others, until there are others. It does not wait.
pub(crate) fn moving(scene: Option<Scene>) {
    put(Item::Moving(scene));
}

/// How long a pipe that nobody reads is waited for at the end: whoever reads one of two pipes to its end first would wait
/// for us, and we for them.
const PIPE_PATIENCE: Duration = Duration::from_secs(3);

/// Waits until everything that was said is shown: before something else writes to the terminal. A person may look at a
/// stopped terminal as long as they like.
pub(crate) fn settle() {
    WAITING.settle((!std::io::stderr().is_terminal()).then_some(PIPE_PATIENCE));
}

/// As [`settle`], no longer than while something goes on being shown within so long.
pub(crate) fn settle_within(patience: Duration) {
    WAITING.settle(Some(patience));
}
