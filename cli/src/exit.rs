//! Exit codes. They are part of the interface: scripts and monitoring rely on them.

use mailsec_core::{
    Failure,
    engine::Stop,
    failure::Code,
    upgrade::{Finish, GateKind},
};
use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done; for `run` and `resume`: the upgrade succeeded.
    Done = 0,
    /// It failed, and no other code fits.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A gate waits for an answer.
    GateWaiting = 10,
    /// The server is restarting.
    RestartPending = 11,
    /// The upgrade is paused.
    Paused = 12,
    /// It failed, or was cancelled, and was rolled back.
    RolledBack = 20,
    /// It is not certain what a step left behind, or something failed beyond the way back; a person must decide.
    InDoubt = 21,
    /// A person abandoned it.
    Abandoned = 22,
    /// Refused before anything was changed.
    Refused = 30,
    /// Another process holds the journal.
    Locked = 31,
    /// The journal is damaged, or cannot be read or written.
    Journal = 40,
    /// `settings diff`: something was lost or changed. Not 1, as `diff` has it: that would look like a failure.
    Differs = 50,
    /// `rehearse`: at least one run did not come to an allowed end.
    Diverges = 51,
    /// `simulate`: an upgrade broke a rule that must always hold.
    Broken = 60,
    /// `simulate replay`: this version takes another course than the record.
    Departs = 61,
    /// Ctrl-C, or a polite kill, while an upgrade was driven: 128 and the signal, as shells have it.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        match failure.code {
            Code::BadArgument | Code::AccountForm => Self::Usage,
            Code::JournalLocked => Self::Locked,
            Code::JournalDamaged
            | Code::JournalNewer
            | Code::JournalConflict
            | Code::JournalUnwritable
            | Code::JournalTooLarge => Self::Journal,
            Code::ReplayDeparts => Self::Departs,
            Code::Blocked
            | Code::MethodUnfit
            | Code::PlanLint
            | Code::PlanDamaged
            | Code::PlanStale
            | Code::FactsDamaged
            | Code::FactsUnfit
            | Code::ProductNotFound
            | Code::UpgradeInProgress
            | Code::UpgradeNotFound
            | Code::GateNotOpen
            | Code::ChecklistOpen
            | Code::AccountExists
            | Code::AccountIsAdmin
            | Code::AccountUnfit
            | Code::AccountNotFound
            | Code::SecretMissing
            | Code::AccessDenied
            | Code::DeviceUnfit
            | Code::ManagementLogin
            | Code::ManagementAccess
            | Code::RequestRefused => Self::Refused,
            _ => Self::Failed,
        }
    }

    pub(crate) fn of_stop(stop: &Stop, gate: Option<GateKind>) -> Self {
        match stop {
            Stop::Finished(Finish::Succeeded) => Self::Done,
            Stop::Finished(Finish::RolledBack) => Self::RolledBack,
            Stop::Finished(Finish::Abandoned) => Self::Abandoned,
            Stop::RestartPending => Self::RestartPending,
            Stop::Paused => Self::Paused,
            Stop::GateOpen(_) => match gate {
                Some(GateKind::InDoubt | GateKind::Failed | GateKind::UndoFailed | GateKind::Loop) => {
                    Self::InDoubt
                }
                _ => Self::GateWaiting,
            },
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
