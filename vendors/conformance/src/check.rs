//! What is checked, by name.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The product's description and tables.
    Product,
    /// What it makes of facts.
    Facts,
    /// Its plans.
    Plan,
    /// Each operation of its plans.
    Operation,
    /// Whole upgrades.
    Upgrade,
}

impl Group {
    /// All of them, in the order of the card.
    pub const ALL: [Self; 5] = [Self::Product, Self::Facts, Self::Plan, Self::Operation, Self::Upgrade];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Product => "The product",
            Self::Facts => "Facts in, findings and a plan out",
            Self::Plan => "Plans",
            Self::Operation => "Operations, each where its plan reaches it",
            Self::Upgrade => "Whole upgrades",
        }
    }
}

macro_rules! checks {
    ($($(#[$doc:meta])* $variant:ident, $group:ident, $name:literal, $what:literal;)*) => {
        /// A check, by its name. A name is never given another meaning: cards have it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Check {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Check {
            /// All of them, in the order of the card.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it shows.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what,)* }
            }

            /// What it is about.
            #[must_use]
            pub fn group(self) -> Group {
                match self { $(Self::$variant => Group::$group,)* }
            }
        }
    };
}

checks! {
    /// Key, names, article and limits.
    Description, Product, "description", "key, names, article and limits well formed";
    /// The table of methods.
    Methods, Product, "methods", "the table is whole; fits and accepts keep to it";
    /// Refusals.
    Refusals, Product, "refusals", "each has a page, and says what to do";
    /// Servers without the product.
    NotInstalled, Product, "not-installed", "no server without it is taken for one with it";
    /// Gathering.
    Gathering, Facts, "gathering", "questions end, repeat, and change nothing";
    /// Purity.
    SameAnswer, Facts, "same-answer", "the same facts, in any order: the same plan";
    /// Facts that could not be read.
    UnreadFacts, Facts, "unread-facts", "a fact that matters and is unread is named";
    /// Facts that nobody expected.
    OddFacts, Facts, "odd-facts", "what is missing or odd is named; no panic";
    /// The plan's rules.
    Lint, Plan, "lint", "the rules of all plans";
    /// What a plan says of itself.
    PlanFacts, Plan, "plan-facts", "it says truly what it was made from";
    /// The words of a plan.
    PlanWords, Plan, "plan-words", "standard names; titles, reasons, limits";
    /// Secrets.
    Secrets, Operation, "secrets", "none in plan, outcomes, failures, journal";
    /// Observing.
    ObserveLooks, Operation, "observe-looks", "observing changes nothing";
    /// Observing before.
    ObserveBefore, Operation, "observe-before", "not applied before, or nothing to do";
    /// Applying.
    Apply, Operation, "apply", "applying works; a mere look changes nothing";
    /// Observing after.
    ObserveAfter, Operation, "observe-after", "applied after, with what later steps need";
    /// Blind.
    ObserveBlind, Operation, "observe-blind", "a question without answer: unknown, or failed";
    /// Applied twice.
    ApplyTwice, Operation, "apply-twice", "applying again has no second effect";
    /// Cut in its middle, observed.
    ObserveHalf, Operation, "observe-half", "cut anywhere: never called what it is not";
    /// Cut in its middle, applied again.
    ApplyHalf, Operation, "apply-half", "cut anywhere: applying again completes it";
    /// Undone.
    Undo, Operation, "undo", "undoing brings the server back";
    /// Undone twice.
    UndoTwice, Operation, "undo-twice", "undoing again, and after a cut, does no more";
    /// Cut in its middle, undone.
    UndoHalf, Operation, "undo-half", "cut anywhere: undoing brings the server back";
    /// An undisturbed upgrade.
    Undisturbed, Upgrade, "undisturbed", "left alone it succeeds; no mail is lost";
    /// Crashes.
    Survives, Upgrade, "survives", "cut at every point: the same end";
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_fit_the_card() {
        let names: BTreeSet<&str> = Check::ALL.iter().map(|check| check.name()).collect();
        assert_eq!(names.len(), Check::ALL.len());
        for check in Check::ALL {
            assert!(check.name().len() <= 14 && check.what().len() <= 47, "{check}: {}", check.what());
            let read: Check = serde_json::from_value(serde_json::json!(check.name())).unwrap();
            assert_eq!(read, *check);
        }
    }
}
