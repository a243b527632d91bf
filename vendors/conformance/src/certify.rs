//! Every check, in order: what is cheap and says most first.

use crate::{
    Candidate, Card, CardFormat, Check, Checked, Excepted, Shown, Specimen, operation,
    product::{self, Planned},
    tally::Tally,
    upgrade::{Explored, upgrades},
};
use mailsec_core::product::Method;
use mailsec_simulator::explore::{Medium, Subject, parallel};

/// More complaints than these of one check help nobody.
const COMPLAINTS: usize = 10;

/// Puts a candidate through every check, on every core of this machine. The date is the caller's: nothing here reads
/// a clock.
#[must_use]
pub fn certify(candidate: &Candidate, date: &str) -> Card {
    certify_with(candidate, date, parallel::cores(), |_| ())
}

/// As [`certify`], on so many threads; `done` is told how many specimens are through.
#[must_use]
pub fn certify_with(candidate: &Candidate, date: &str, threads: usize, done: impl Fn(usize) + Sync) -> Card {
    let mut tally = Tally::default();
    product::describe(candidate, &mut tally);
    product::methods(candidate, &mut tally);
    product::not_installed(candidate, &mut tally);
    let specimens = &candidate.specimens;
    let each = |index: usize| one(candidate, &specimens[index]);
    let mut shown = Vec::new();
    for (row, own) in parallel::each(specimens.len(), threads, each, done) {
        shown.push(row);
        tally.add(own);
    }
    left(candidate, &shown, &mut tally);
    card(candidate, date, shown, tally)
}

/// One specimen.
fn one(candidate: &Candidate, specimen: &Specimen) -> (Shown, Tally) {
    let mut tally = Tally::default();
    let planned = product::facts(candidate, specimen, &mut tally);
    let (mut explored, mut operations) = (Explored::default(), 0);
    if let Some(planned) = &planned {
        (explored, operations) = run(candidate, specimen, planned, &mut tally);
    }
    let plan = planned.as_ref().map(|planned| &planned.plan);
    let row = Shown {
        name: specimen.name.clone(),
        from: plan.map(|plan| plan.from.clone()),
        to: plan.map(|plan| plan.to.clone()),
        method: product::method_of(candidate, specimen),
        steps: plan.map_or(0, |plan| plan.steps.len()),
        operations,
        points: explored.points,
        runs: explored.runs,
    };
    (row, tally)
}

/// What comes after the plan. A plan that breaks a rule is not run; where one of its operations fails a check, the whole
/// upgrade would only say the same again, less clearly.
fn run(
    candidate: &Candidate,
    specimen: &Specimen,
    planned: &Planned,
    tally: &mut Tally,
) -> (Explored, usize) {
    let name = &specimen.name;
    if !product::plan(candidate, specimen, planned, tally) {
        tally.not_shown(format!("{name}: its plan breaks a rule and was not run"));
        return (Explored::default(), 0);
    }
    let (world, secrets) = (specimen.world.clone(), specimen.secrets.clone());
    let subject =
        match Subject::plan(name, &[candidate.product], world, &specimen.request, secrets, specimen.deed) {
            // How the journal is written is no vendor's business, and shown elsewhere.
            Ok(subject) => match subject.kept_on(Medium::Typed) {
                Ok(subject) => subject,
                Err(failure) => {
                    tally.check(Check::Undisturbed, Err(format!("{name}: it cannot begin: {failure}")));
                    return (Explored::default(), 0);
                }
            },
            Err(findings) => {
                tally.check(Check::Undisturbed, Err(format!("{name}: it plans no more: {findings:?}")));
                return (Explored::default(), 0);
            }
        };
    let reached = operation::reach(&subject);
    let mut own = Tally::default();
    operation::operations(candidate, name, &specimen.secrets, &reached, &mut own);
    let clean = own.is_clean();
    tally.add(own);
    let explored = match &reached.trouble {
        Some(trouble) => {
            tally.check(Check::Undisturbed, Err(format!("{name}: {trouble}")));
            Explored::default()
        }
        None if clean => upgrades(&subject, tally),
        None => {
            tally.not_shown(format!("{name}: not cut as a whole, as one of its operations failed a check"));
            Explored::default()
        }
    };
    (explored, reached.moments.len())
}

/// What nobody has seen.
fn left(candidate: &Candidate, shown: &[Shown], tally: &mut Tally) {
    if shown.is_empty() {
        tally.check(Check::Undisturbed, Err("no specimen was given, so nothing was run".to_owned()));
    }
    for row in candidate.product.methods() {
        let seen = |method: Method| shown.iter().any(|shown| shown.method == Some(method) && shown.runs > 0);
        if !seen(row.method) {
            tally.not_shown(format!("the method {}: no specimen was upgraded by it", row.method));
        }
    }
    for check in Check::ALL.iter().filter(|check| !tally.shown.contains_key(check)) {
        tally.not_shown.insert(format!("{check}: nothing gave occasion to it"));
    }
    for exception in &candidate.exceptions {
        let known = |(check, operation, _): &&(Check, String, String)| {
            *check == exception.check && *operation == exception.operation
        };
        if !tally.excepted.keys().any(|used| known(&used)) {
            let why = format!("the operation {} is excepted, and needs no exception", exception.operation);
            tally.check(exception.check, Err(why));
        }
    }
}

fn card(candidate: &Candidate, date: &str, specimens: Vec<Shown>, tally: Tally) -> Card {
    let description = candidate.product.describe();
    let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<String>>();
    let none = Vec::new();
    let checked = |check: &Check| {
        let wrong = tally.complaints.get(check).unwrap_or(&none);
        Checked {
            check: *check,
            what: check.what().to_owned(),
            times: tally.shown.get(check).copied().unwrap_or(0),
            failed: u64::try_from(wrong.len()).unwrap_or(u64::MAX),
            wrong: wrong.iter().take(COMPLAINTS).cloned().collect(),
        }
    };
    Card {
        format: CardFormat::CURRENT,
        product: description.key.to_owned(),
        names: own(description.names),
        publisher: description.publisher.to_owned(),
        crate_version: candidate.version.clone(),
        mailsec: env!("CARGO_PKG_VERSION").to_owned(),
        date: date.to_owned(),
        passed: tally.is_clean(),
        specimens,
        checks: Check::ALL.iter().map(checked).collect(),
        exceptions: tally
            .excepted
            .iter()
            .map(|((check, operation, why), times)| Excepted {
                check: *check,
                operation: operation.clone(),
                why: why.clone(),
                times: *times,
            })
            .collect(),
        not_shown: tally.not_shown.into_iter().collect(),
        limits: own(description.limits),
    }
}
