//! Ctrl-C at a terminal, and a polite kill: the process ends at once, as it may anywhere, and says where it leaves things.

use crate::{exit::Exit, output, place::State, show};
use mailsec_core::{engine::Loaded, values::UpgradeId};
use std::{sync::Once, thread, time::Duration};

/// How long the last words may take: whoever presses Ctrl-C wants an end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Has this process end like that, from now on. Where no signal can be waited for it ends without a word.
pub(super) fn says_where_it_stands(state: &State, upgrade: UpgradeId) {
    static ONCE: Once = Once::new();
    let state = state.clone();
    ONCE.call_once(|| {
        let waits = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if runtime.is_ok_and(|runtime| runtime.block_on(told_to_end())) {
                output::moving(None);
                output::say(&last_words(
                    state.choose(Some(&upgrade.to_string())).ok().map(|(.., loaded)| loaded).as_ref(),
                ));
                output::settle_within(LAST_WORDS);
                std::process::exit(i32::from(Exit::Interrupted as u8));
            }
        };
        _ = thread::Builder::new().name("interrupt".to_owned()).spawn(waits);
    });
}

/// Whether it was, and not that nobody can tell.
async fn told_to_end() -> bool {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut polite) = signal(SignalKind::terminate()) else { return false };
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed.is_ok(),
            came = polite.recv() => came.is_some(),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await.is_ok()
}

fn last_words(loaded: Option<&Loaded>) -> String {
    let Some(loaded) = loaded else {
        return "Interrupted; `mailsec status` shows where the upgrade stands.".to_owned();
    };
    let mail = show::mail_now(loaded).map(|told| format!("{told} ")).unwrap_or_default();
    let text = format!(
        "Interrupted, as by a kill: nothing is lost. {mail}What is next: {}.",
        show::goes_on(&loaded.state)
    );
    format!("\n{}", show::wrap("", "", &text))
}
