//! The stand-in of ESET Mail Security: what its service, its `ecmd.exe` and its installer share.
//!
//! From the sources: export always works, import only when it is enabled, and where a password protects the settings
//! only from a signed file; a removal without that password is refused; a fresh installation has defaults and import
//! switched off; rules of 4.x are not taken in; what a file does not have gets its default. Names of settings, of the
//! agent and of the product in the export are invented and say `Lab`.

pub mod config;
pub mod signature;
mod store;

pub use store::{Store, major_of};

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One rule of the mail protection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// When it applies.
    pub condition: String,
    /// What it does.
    pub action: String,
}

/// The settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Single values by name.
    pub values: BTreeMap<String, String>,
    /// Lists by name.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Rules in their order.
    pub rules: Vec<Rule>,
}

/// What the product keeps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Whether settings may be imported by the command line.
    pub import_enabled: bool,
    /// The password that protects the settings.
    pub password: Option<String>,
    /// The settings.
    pub settings: Settings,
}

/// Single values with their defaults, and the version that brought each.
const VALUES: [(&str, &str, u32); 6] = [
    ("AntispamLevelLab", "1", 4),
    ("ScanArchivesLab", "1", 4),
    ("LogDaysLab", "90", 4),
    ("GreylistingLab", "0", 6),
    ("AntiphishingLab", "1", 7),
    ("BackscatterLab", "1", 11),
];
/// Lists, empty at first.
const LISTS: [&str; 3] = ["WhitelistLab", "BlacklistLab", "ExcludedProcessesLab"];

/// The settings of a fresh installation of this major version.
pub fn defaults(major: u32) -> Settings {
    Settings {
        values: VALUES
            .iter()
            .filter(|(.., since)| *since <= major)
            .map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        lists: LISTS.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
        rules: Vec::new(),
    }
}

/// What a version makes of settings of another one: values that it does not know are dropped, those that it knows and
/// the other did not have get their default, and rules of 4.x are not understood.
pub fn taken_in(settings: Settings, from_major: u32, major: u32) -> Settings {
    let mut taken = defaults(major);
    for (name, value) in settings.values {
        if let Some(known) = taken.values.get_mut(&name) {
            *known = value;
        }
    }
    for (name, entries) in settings.lists {
        if let Some(known) = taken.lists.get_mut(&name) {
            *known = entries;
        }
    }
    if from_major >= 6 {
        taken.rules = settings.rules;
    }
    taken
}

/// The settings of an administrator who has used the product for years.
pub fn years_of_use(major: u32) -> Settings {
    let mut settings = defaults(major);
    settings.values.insert("AntispamLevelLab".to_owned(), "3".to_owned());
    settings.values.insert("LogDaysLab".to_owned(), "30".to_owned());
    let entries = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    settings.lists.insert("WhitelistLab".to_owned(), entries(&["partner.example", "R&D <lab>"]));
    settings.lists.insert("BlacklistLab".to_owned(), entries(&["spam.example"]));
    settings
        .lists
        .insert("ExcludedProcessesLab".to_owned(), entries(&[r"C:\Program Files\Backup\agent.exe"]));
    let rule = |name: &str, condition: &str, action: &str| Rule {
        name: name.to_owned(),
        condition: condition.to_owned(),
        action: action.to_owned(),
    };
    settings.rules = vec![
        rule("no executables", "attachment is .exe", "quarantine"),
        rule("invoices", "subject has invoice", "deliver"),
    ];
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_versions_settings_are_taken_in_but_for_rules_of_the_fourth() {
        let old = years_of_use(4);
        let new = taken_in(old.clone(), 4, 11);
        assert_eq!(new.lists, old.lists);
        assert_eq!(new.values["AntispamLevelLab"], "3");
        assert_eq!(new.values["BackscatterLab"], "1", "a default");
        assert!(new.rules.is_empty());
        assert_eq!(taken_in(years_of_use(7), 7, 11).rules.len(), 2);
        assert!(!taken_in(years_of_use(11), 11, 7).values.contains_key("BackscatterLab"), "not known there");
    }
}
