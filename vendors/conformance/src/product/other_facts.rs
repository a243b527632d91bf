//! Other answers to the same question: nothing there, or what nobody expects.

use mailsec_core::{
    host::{
        FileKind, FileStat, InstalledPackage, PackageFile, PendingRestart, PendingWeight, ProcessInfo,
        ServiceState, Signature,
    },
    product::{Fact, FactQuery, Facts},
    values::{ServerPath, Timestamp},
};

/// Answers that a server could give instead, of the kind that the question asks for.
pub(crate) fn others(facts: &Facts, query: &FactQuery) -> Vec<Fact> {
    match query {
        FactQuery::Exchange => vec![Fact::Exchange(None)],
        FactQuery::Services => {
            let mut stopped = facts.services(query).cloned().unwrap_or_default();
            stopped.iter_mut().for_each(|service| service.state = ServiceState::Stopped);
            vec![Fact::Services(Vec::new()), Fact::Services(stopped)]
        }
        FactQuery::Packages => {
            let changed = |change: fn(&mut InstalledPackage)| {
                let mut packages = facts.packages(query).cloned().unwrap_or_default();
                packages.iter_mut().for_each(change);
                Fact::Packages(packages)
            };
            vec![
                Fact::Packages(Vec::new()),
                changed(|package| "no version".clone_into(&mut package.version)),
                changed(|package| package.version.clear()),
                changed(|package| package.location = None),
                changed(|package| package.location = Some(ServerPath::new("nowhere"))),
            ]
        }
        FactQuery::Agents => {
            let mut disabled = facts.agents(query).cloned().unwrap_or_default();
            disabled.iter_mut().for_each(|agent| agent.enabled = false);
            vec![Fact::Agents(Vec::new()), Fact::Agents(disabled)]
        }
        FactQuery::PendingRestart => {
            let sign = |weight| {
                let (sign, detail) = ("RebootPending".to_owned(), "the key exists".to_owned());
                Fact::PendingRestart(vec![PendingRestart { sign, detail, weight }])
            };
            vec![sign(PendingWeight::Stop), sign(PendingWeight::Warn)]
        }
        FactQuery::InstallerBusy => vec![Fact::InstallerBusy(true)],
        FactQuery::File(_) => {
            let stat = FileStat { kind: FileKind::Folder, size: 0, modified: Timestamp::from_millis(0) };
            vec![Fact::File(None), Fact::File(Some(stat))]
        }
        FactQuery::Tree(_) => vec![Fact::Tree(0, 0), Fact::Tree(u64::MAX, u64::MAX)],
        FactQuery::FreeSpace(_) => vec![Fact::FreeSpace(0)],
        FactQuery::Package(_) => packages(facts, query),
        FactQuery::Account(_) => {
            let mut all = vec![Fact::Account(None)];
            if let Ok(Some(account)) = facts.account(query) {
                let mut unfit = account.clone();
                (unfit.enabled, unfit.locked) = (false, true);
                all.push(Fact::Account(Some(unfit)));
            }
            all
        }
        FactQuery::Programs(folder) => {
            let image = folder.join("stray.exe");
            vec![Fact::Programs(vec![ProcessInfo { pid: 4, image, is_service: false }])]
        }
        FactQuery::Registry(..) => {
            let text = |text: &str| Fact::Registry(Some(text.to_owned()));
            vec![Fact::Registry(None), text(""), text("not what was expected")]
        }
    }
}

fn packages(facts: &Facts, query: &FactQuery) -> Vec<Fact> {
    let Ok(file) = facts.package(query) else { return Vec::new() };
    let with = |change: fn(&mut PackageFile)| {
        let mut file = file.clone();
        change(&mut file);
        Fact::Package(file)
    };
    vec![
        with(|file| file.product = None),
        with(|file| file.product = Some("Another Product".to_owned())),
        with(|file| file.version = None),
        with(|file| file.version = Some("no version".to_owned())),
        with(|file| file.version = Some("0.0.0.1".to_owned())),
        with(|file| file.signature = Signature::Absent),
        with(|file| file.signature = Signature::Invalid("changed after it was signed".to_owned())),
    ]
}

/// The same answer in another order, where no order is promised. Services and agents have one, by their ports.
pub(crate) fn reversed(facts: &Facts, query: &FactQuery) -> Option<Fact> {
    fn turned<T: Clone>(list: &[T]) -> Vec<T> {
        list.iter().rev().cloned().collect()
    }
    match query {
        FactQuery::Packages => facts.packages(query).ok().map(|list| Fact::Packages(turned(list))),
        FactQuery::PendingRestart => {
            facts.pending_restart(query).ok().map(|list| Fact::PendingRestart(turned(list)))
        }
        FactQuery::Programs(_) => facts.programs(query).ok().map(|list| Fact::Programs(turned(list))),
        _ => None,
    }
}
