//! What operations of the vocabulary cannot show by their nature. A card that relies on one of these says so.

use crate::Check;
use mailsec_core::{
    host::PackageKind,
    plan::{Operation, Snapshot},
    values::AccountName,
};

/// Why a complaint of a check lies in the nature of one of core's operations, where it does.
pub(crate) fn nature(
    check: Check,
    operation: &Operation,
    before: Option<&Snapshot>,
    complaint: &str,
) -> Option<&'static str> {
    match (check, operation) {
        (Check::ObserveBefore, Operation::RegisterAgents { .. }) => {
            Some("an installer may register agents by itself; a part is there before the step")
        }
        (Check::ObserveBefore, Operation::RunInstaller { package, .. })
            if package.kind == PackageKind::Exe =>
        {
            Some("where nothing is installed, what a program left half way shows nowhere; a person is asked")
        }
        (Check::ObserveHalf, Operation::RunInstaller { package, .. }) if package.kind == PackageKind::Exe => {
            Some("of a program that a crash ended only its registration shows; later steps see to the rest")
        }
        (Check::ObserveAfter | Check::ObserveHalf, Operation::SetServiceLogOn { account, .. }) => {
            let why = "the account was the same before, and no password can be seen; it is set again";
            had_account(before, account).then_some(why)
        }
        (Check::Undo | Check::UndoTwice | Check::UndoHalf, Operation::SetServiceLogOn { account, .. }) => {
            let why = "the account was the same before, and nobody knows its former password; the service keeps the \
                       one that works";
            had_account(before, account).then_some(why)
        }
        // What was to be loaded is brought back by the undo of the step that changed it, with a start of its own.
        (Check::Undo | Check::UndoTwice | Check::UndoHalf, Operation::RestartService { .. }) => {
            let only_loaded = complaint.contains(": agents loaded by ") && !complaint.contains("; ");
            only_loaded.then_some("what a restart loaded is loaded anew when the step before it is undone")
        }
        _ => None,
    }
}

/// Whether the service logged on with this account before the step.
fn had_account(before: Option<&Snapshot>, account: &AccountName) -> bool {
    matches!(before, Some(Snapshot::Service { account: was, .. })
        if was.eq_ignore_ascii_case(&account.to_string()))
}
