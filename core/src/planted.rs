//! Bugs that are planted on purpose, to see that the explorer finds them.
//!
//! A search that finds nothing proves something only when it would have found what is wrong. Each bug here is one that
//! a program of this kind is prone to, at the very place where it would be made. Without the feature `planted-bugs`
//! there are none: every test for one is the constant `false`. With it they are asleep until somebody wakes one, on
//! one thread.

/// Whether a bug was planted.
macro_rules! planted {
    ($bug:ident) => {
        $crate::planted::awake($crate::planted::Bug::$bug)
    };
}
pub(crate) use planted;

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A bug.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug {
            $($(#[$doc])* $name,)*
        }

        impl Bug {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

bugs! {
    /// A step's effect comes before its intent is durable.
    EffectBeforeIntent,
    /// A step is recorded as done before it is.
    OutcomeBeforeEffect,
    /// Events are acknowledged before the device has them.
    AcknowledgedUnflushed,
    /// A process that is late is not fenced out.
    SequenceNotChecked,
    /// The state in memory takes its own time for events, and not the journal's.
    OwnTimeForState,
    /// A step in doubt is simply run again.
    InDoubtRunsAgain,
    /// A step in doubt counts as done.
    InDoubtCountsAsDone,
    /// A step that is done by half counts as done.
    PartialCountsAsDone,
    /// A step that was not done counts as done.
    NotAppliedCountsAsDone,
    /// A person's word is not verified.
    AnswerBelieved,
    /// A restart is taken for proven by the boot that asked for it.
    AnyBootProves,
    /// The state before a step is saved anew with each try.
    SnapshotTakenAgain,
    /// A step that failed is not taken back.
    FailedStepNotUndone,
    /// The way back is taken when there is none any more.
    NoReturnForgotten,
    /// What nobody saw of mail is not assumed.
    GapNotAssumed,
    /// The same, on the way back.
    WayBackGapNotAssumed,
    /// An agent that is registered and not loaded counts as scanning.
    RegisteredCountsAsScanning,
    /// Transport is held until the next boot only.
    HoldEndsWithBoot,
    /// After a hold the start mode is always automatic.
    StartModeForgotten,
    /// An installer's wish for a restart is not heard.
    RestartWishIgnored,
    /// A version that is installed counts as the new one.
    AnyVersionIsNew,
    /// An installer that outlived its process is not waited for.
    InstallerNotWaitedFor,
    /// Agents are kept, and transport is started, without a look at their assemblies.
    AssembliesNotLookedAt,
    /// The order of agents is neither restored nor compared.
    PriorityForgotten,
    /// Agents are neither enabled nor compared.
    EnabledForgotten,
    /// On the way back only the first agent is registered.
    OneAgentForgotten,
    /// A service is not given the new password.
    NewPasswordNotGiven,
    /// A password is shown as evidence.
    PasswordInEvidence,
    /// On the way back a hold of mail is not taken back.
    HoldNotTakenBack,
    /// A call of the host is waited for as long as it takes.
    CallsNotBounded,
    /// Nobody looks at what an account is a member of.
    RankNotLookedAt,
}

/// Whether this bug is awake: never.
#[cfg(not(feature = "planted-bugs"))]
#[must_use]
pub const fn awake(_bug: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use awake::{awake, with};

#[cfg(feature = "planted-bugs")]
mod awake {
    use super::Bug;
    use std::cell::Cell;

    thread_local! {
        static AWAKE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    /// Whether this bug is awake on this thread.
    #[must_use]
    pub fn awake(bug: Bug) -> bool {
        AWAKE.get() == Some(bug)
    }

    /// Does something with a bug awake on this thread.
    pub fn with<T>(bug: Bug, work: impl FnOnce() -> T) -> T {
        AWAKE.set(Some(bug));
        let answer = work();
        AWAKE.set(None);
        answer
    }
}
