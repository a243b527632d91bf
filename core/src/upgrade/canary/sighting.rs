//! What is seen, and what became of a message.

use crate::{host::ProbeVerdict, proof::Letter, values::Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that was seen. Written as it is seen, one line each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saw", rename_all = "snake_case")]
pub enum Sighting {
    /// A process begins to watch. What it sends has its mark beside the number: a number alone comes again where a power
    /// cut took the end of the record.
    Began {
        /// When.
        at: Timestamp,
        /// What no other process has.
        mark: String,
    },
    /// A message is about to be sent, by the process that began last.
    Sending {
        /// Its number.
        n: u64,
        /// When.
        at: Timestamp,
        /// What it carries.
        letter: Letter,
    },
    /// The server answered the process that began last.
    Answered {
        /// Which message.
        n: u64,
        /// When.
        at: Timestamp,
        /// What.
        verdict: ProbeVerdict,
        /// Whether it was an answer to the message itself.
        of_content: bool,
        /// Its last line.
        line: String,
    },
    /// It arrived in the mailbox.
    Arrived {
        /// Which message.
        n: u64,
        /// When that was seen.
        at: Timestamp,
        /// Whether the test file was in it.
        test_file: bool,
        /// Who sent it; records of older versions do not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<String>,
    },
    /// The mailbox was looked into, or could not be. Looks that change no verdict are left out.
    Looked {
        /// When the look began.
        at: Timestamp,
        /// Why nothing was seen; left out where all that was there was seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        failed: Option<String>,
    },
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Clean, accepted; it arrived where arrival is watched.
    Delivered,
    /// Clean, accepted, not there yet.
    Outstanding,
    /// Not taken now: the sender keeps it and tries again.
    Deferred,
    /// Clean, and answered with 5xx: a sender gives up. An alarm.
    Refused,
    /// Clean, accepted, and not there for too long. An alarm.
    Silent,
    /// It was being sent when the program ended; nobody knows.
    Unknown,
    /// The test file, rejected, removed, or not delivered.
    Scanned,
    /// The test file, delivered unchanged. An alarm.
    Unscanned,
}

impl Fate {
    /// Whether somebody must hear of it.
    #[must_use]
    pub fn is_alarm(self) -> bool {
        matches!(self, Self::Refused | Self::Silent | Self::Unscanned)
    }

    /// As it is printed.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "accepted",
            Self::Outstanding => "accepted, not there yet",
            Self::Deferred => "not taken; senders keep it",
            Self::Refused => "REFUSED",
            Self::Silent => "accepted, NEVER DELIVERED",
            Self::Unknown => "not known",
            Self::Scanned => "scanned",
            Self::Unscanned => "UNSCANNED",
        }
    }
}
