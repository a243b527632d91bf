//! Whether an upgrade is under way already. It is asked before anything is said about the server: one that is half
//! upgraded looks broken, and what would mend it by hand (start transport, register agents) would do harm.

use crate::{
    place::{State, unread},
    show,
};
use mailsec_core::{
    Failure,
    failure::Code,
    journal::WitnessState,
    upgrade::{self, Direction, Finish, Standing},
};

/// Refuses while an upgrade of this server is not finished, and where nobody can say.
pub(super) fn idle(state: &State) -> Result<(), Failure> {
    let (upgrade, witnessed, loaded) = match state.choose(None) {
        Err(failure) if failure.code == Code::UpgradeNotFound => return Ok(()),
        chosen => chosen?,
    };
    if matches!(loaded.state.standing, Standing::Finished(_)) {
        return Ok(());
    }
    // As far as it can be read it is not finished; what came after may have ended it.
    if let WitnessState::Damaged(damage) = &witnessed.state {
        return Err(unread(damage));
    }
    let gate = loaded.state.gate.as_ref().map(|gate| format!(" ({})", gate.id)).unwrap_or_default();
    let mail = show::mail_now(&loaded).map(|told| format!(". {told}")).unwrap_or_default();
    Err(Failure::new(Code::UpgradeInProgress, "another upgrade of this server is not finished")
        .found(format!("upgrade {upgrade}, {}{gate}{mail}", show::standing(&loaded.state)))
        .hint(format!("{}; nothing was changed", ways_on(&loaded.state))))
}

/// What ends it, best first. Abandoning leaves mail as it is, and is never the first choice.
fn ways_on(state: &upgrade::State) -> String {
    let program = show::program(state);
    let goes_back = matches!(state.direction, Direction::Back(_));
    let back = match state.no_way_back() {
        None if !goes_back && !state.drives_nodes() => ", or take it back with `mailsec rollback`",
        _ => "",
    };
    format!("`{program} status` shows it; finish it with `{program} resume`{back}")
}

/// Why the server may be in the state that it is in: an upgrade was abandoned, and mail suffers since.
pub(super) fn left_behind(state: &State) -> Option<String> {
    let (upgrade, _, loaded) = state.choose(None).ok()?;
    let abandoned = loaded.state.standing == Standing::Finished(Finish::Abandoned);
    let told = show::mail_now(&loaded).filter(|_| abandoned)?;
    Some(format!("upgrade {upgrade} was abandoned. {told}"))
}
