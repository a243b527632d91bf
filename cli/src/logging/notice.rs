//! What the system's own event log is told: few things, each with an id that monitoring can watch for.

use mailsec_core::upgrade::{Event, Finish};

/// How an event of the system's log is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Information.
    Information,
    /// A warning: somebody is needed, or may be.
    Warning,
    /// An error.
    Error,
}

/// An event of the system's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notice {
    /// An upgrade was started.
    Started,
    /// A gate waits for an answer.
    GateOpened,
    /// The server is about to be restarted.
    RestartWanted,
    /// A step, or taking one back, failed.
    Failed,
    /// A step was begun, and nobody saw its end.
    InDoubt,
    /// The new version runs.
    Succeeded,
    /// Everything was taken back.
    RolledBack,
    /// The server was left as it is.
    Abandoned,
}

impl Notice {
    /// What is told of an event, if anything.
    pub(super) fn of(event: &Event, in_doubt: bool) -> Option<Self> {
        Some(match event {
            Event::Started { .. } => Self::Started,
            Event::GateOpened { .. } => Self::GateOpened,
            Event::RestartIntended { .. } => Self::RestartWanted,
            Event::StepFailed { .. } | Event::UndoFailed { .. } => Self::Failed,
            Event::Resumed { .. } if in_doubt => Self::InDoubt,
            Event::Finished { how: Finish::Succeeded } => Self::Succeeded,
            Event::Finished { how: Finish::RolledBack } => Self::RolledBack,
            Event::Finished { how: Finish::Abandoned } => Self::Abandoned,
            _ => return None,
        })
    }

    /// Its id; monitoring relies on it, so one that was given once keeps its meaning. From 1 to 1000: that many has the
    /// file of Windows that holds the text.
    pub(crate) fn id(self) -> u16 {
        match self {
            Self::Started => 100,
            Self::GateOpened => 110,
            Self::RestartWanted => 120,
            Self::Failed => 130,
            Self::InDoubt => 131,
            Self::Succeeded => 200,
            Self::RolledBack => 201,
            Self::Abandoned => 202,
        }
    }

    /// How it is marked.
    pub(crate) fn weight(self) -> Weight {
        match self {
            Self::Started | Self::RestartWanted | Self::Succeeded => Weight::Information,
            Self::GateOpened | Self::InDoubt | Self::RolledBack | Self::Abandoned => Weight::Warning,
            Self::Failed => Weight::Error,
        }
    }
}

/// Tells Windows. Elsewhere there is no such log. One that cannot be told stops nothing.
pub(super) fn tell(notice: Notice, text: &str) {
    #[cfg(windows)]
    {
        use mailsec_windows::event_log::{Kind, report};
        let kind = match notice.weight() {
            Weight::Information => Kind::Information,
            Weight::Warning => Kind::Warning,
            Weight::Error => Kind::Error,
        };
        if let Err(error) = report(kind, notice.id(), text) {
            tracing::debug!(%error, "Windows' event log was not told");
        }
    }
    #[cfg(not(windows))]
    tracing::trace!(id = notice.id(), weight = ?notice.weight(), text, "for an event log");
}
