//! The real process is killed with `kill -9` at every crash point of the upgrade - before and after each append to the
//! journal, within it, and before, in the middle of and after each effect - and the next process brings the upgrade
//! to the same end.

use crate::harness::{Place, Ran, SECRET, SILENT, copy, fast_folder, picture};
use mailsec_core::{journal::WitnessState, plan::Observation, upgrade::Event, values::Digest};
use mailsec_simulator::{
    Fate, World,
    oracle::{self, Picture},
    worlds::{installers, vipre},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

const RESTART_PENDING: i32 = 11;
/// The step that restarts the server where the installer asks for it.
const RESTART: &str = "restart-server";
const KILLED: Option<i32> = Some(9);
const LOGGED: &str = r#"{"log_points": true}"#;
/// Processes after which a row gives up.
const PROCESSES: usize = 5;

fn begin(place: &Place) -> Ran {
    let arguments = ["--no-input", "run", "--yes", "--installer", installers::WANTS_RESTART];
    place.run(SECRET.into_iter().chain(arguments).chain(SILENT))
}

fn resume(place: &Place) -> Ran {
    place.run(SECRET.into_iter().chain(["--no-input", "resume"]))
}

/// A run in which nothing goes wrong, and what it left before each of its processes.
struct Calm {
    folder: PathBuf,
    /// The crash points of each process.
    points: Vec<Vec<String>>,
    picture: Picture,
    steps: BTreeMap<String, u32>,
}

impl Calm {
    fn run(folder: &Path) -> Self {
        let place = Place::vipre();
        place.set_faults(LOGGED);
        let mut points = Vec::new();
        let mut exits = Vec::new();
        while exits.last() != Some(&Some(0)) {
            copy(&place.folder, &folder.join(format!("before-{}", exits.len())));
            let ran = if exits.is_empty() { begin(&place) } else { resume(&place) };
            assert!(matches!(ran.code, Some(0 | RESTART_PENDING)), "{ran}");
            exits.push(ran.code);
            points.push(place.take_points());
        }
        assert_eq!(exits, [Some(RESTART_PENDING), Some(0)], "one restart, as the installer asks for it");
        let world = settled(&place);
        Self { folder: folder.to_owned(), points, picture: picture(&world), steps: applied(&place) }
    }

    /// Every place where a process can die: which process, at which of its points.
    fn rows(&self) -> Vec<(usize, usize)> {
        let rows = |(process, points): (usize, &Vec<String>)| (0..points.len()).map(move |at| (process, at));
        self.points.iter().enumerate().flat_map(rows).collect()
    }
}

/// The world after everything that was still under way.
fn settled(place: &Place) -> World {
    let mut world = place.world();
    world.settle(&mut Fate::calm()).unwrap();
    world
}

/// How often each step came to have its effect, by the journal.
fn applied(place: &Place) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for envelope in place.witnessed().map(|found| found.envelopes).unwrap_or_default() {
        if let Some(
            Event::StepApplied { step, .. }
            | Event::StepObserved { step, observation: Observation::Applied(_) }
            | Event::RestartProven { step, .. },
        ) = envelope.event.known()
        {
            *counts.entry(step.to_string()).or_default() += 1;
        }
    }
    counts
}

/// The envelopes that the journal must have after a process that passed these points: those of every append that
/// returned, and of a torn one its beginning.
fn promised(before: usize, points: &[String]) -> usize {
    let (mut all, mut batch) = (before, 0);
    for point in points {
        match point.as_str() {
            "journal: before append" => batch = 1,
            "journal: torn append" => batch += 1,
            "journal: after append" => {
                all += batch;
                batch = 0;
            }
            _ => {}
        }
    }
    let torn = points.last().is_some_and(|point| point == "journal: torn append");
    all + if torn { batch - 1 } else { 0 }
}

fn chain(place: &Place) -> Vec<Digest> {
    place.witnessed().map(|found| found.lines.iter().map(|line| line.hash()).collect()).unwrap_or_default()
}

/// One death and what comes after it; what is wrong with that.
fn row(calm: &Calm, dir: &Path, (process, at): (usize, usize), power_cut: bool) -> Vec<String> {
    let place = Place::at(dir.join(format!("{process}-{at}-{power_cut}")));
    copy(&calm.folder.join(format!("before-{process}")), &place.folder);
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            wrong.push(what);
        }
    };

    let before = chain(&place).len();
    place.set_faults(&format!(r#"{{"kill_at": {at}, "power_cut": {power_cut}, "log_points": true}}"#));
    let ran = if process == 0 { begin(&place) } else { resume(&place) };
    check(ran.signal == KILLED, format!("it was not killed:\n{ran}"));
    let passed = place.take_points();
    check(passed == calm.points[process][..=at], "it passed other points than the calm run".to_owned());
    let left = chain(&place);
    let promised = promised(before, &passed);
    check(left.len() == promised, format!("{} envelopes are left of {promised}", left.len()));
    if power_cut && passed.last().is_some_and(|point| point == "journal: torn append") {
        tear(&place);
    }

    let in_doubt = power_cut && installer_in_flight(&place);
    place.set_faults(LOGGED);
    if let Err(ran) = finish(&place) {
        check(false, format!("it did not succeed:\n{ran}"));
    }

    check(chain(&place).starts_with(&left), "the journal lost what it had".to_owned());
    let state = place.witnessed().map(|found| found.state);
    check(state == Some(WitnessState::Whole), format!("the journal is {state:?}"));
    let (mut steps, mut expected) = (applied(&place), calm.steps.clone());
    if in_doubt {
        // The server has started since the installer ran: a restart that it asked for has happened. Without that the
        // installer's log tells what it asked for, although the process that waited for it is gone.
        steps.remove(RESTART);
        expected.remove(RESTART);
    }
    check(steps == expected, format!("the steps were applied {steps:?}"));
    let label = &calm.points[process][at];
    let installers = passed.iter().chain(&place.take_points()).filter(|p| *p == "install: begun").count();
    if !label.starts_with("install: ") {
        check(installers == 1 - usize::from(process > 0), format!("{installers} installers ran"));
    }

    let report = place.run(["--json", "report"]);
    let finish = &report.json()["report"]["finish"];
    check(finish == "succeeded", format!("the report says:\n{report}"));
    let verified = place.run(["journal", "verify"]);
    check(verified.code == Some(0), format!("the journal is not sound:\n{verified}"));
    let world = settled(&place);
    for difference in oracle::differences(&calm.picture, &picture(&world)) {
        check(false, format!("the server differs: {difference}"));
    }
    for held in [
        oracle::no_mail_lost(&world),
        oracle::none_unscanned(&world),
        oracle::transport_can_start(&world),
        oracle::transport_in_effect(&world),
    ] {
        check(held.is_ok(), held.err().unwrap_or_default());
    }
    let boots = 1 + u32::from(!in_doubt)..=2 + u32::from(power_cut);
    check(boots.contains(&world.boots), format!("{} boots", world.boots));

    _ = fs::remove_dir_all(&place.folder);
    wrong.into_iter().map(|what| format!("process {process}, point {at}, {label}: {what}")).collect()
}

/// Starts processes until the upgrade is over, as the service or a person would.
fn finish(place: &Place) -> Result<(), Ran> {
    if chain(place).is_empty() {
        // Nothing was begun. A server that has just booted is not ready for an upgrade before a while has passed.
        let folder = place.folder.display().to_string();
        place
            .program()
            .args(["world", "act", &folder, "pass", "300"])
            .output()
            .map(Ran::from)
            .unwrap()
            .exits(0);
    }
    let mut last = if chain(place).is_empty() { begin(place) } else { resume(place) };
    for _ in 0..PROCESSES {
        if last.code != Some(RESTART_PENDING) {
            break;
        }
        last = resume(place);
    }
    // Killed after its very last word it is over, and there is nothing to resume.
    let over = last.code == Some(30) && last.stderr.contains("this upgrade is over");
    if last.code == Some(0) || over { Ok(()) } else { Err(last) }
}

/// Whether the journal has the intent to run the installer and no outcome.
fn installer_in_flight(place: &Place) -> bool {
    let envelopes = place.witnessed().map(|found| found.envelopes).unwrap_or_default();
    let events = envelopes.iter().filter_map(|envelope| envelope.event.known());
    events.fold(false, |flight, event| match event {
        Event::StepIntended { step, .. } if step.as_str() == "run-installer" => true,
        Event::StepApplied { step, .. } if step.as_str() == "run-installer" => false,
        _ => flight,
    })
}

/// The beginning of one more line, as a write that the power cut off leaves it.
fn tear(place: &Place) {
    let mut bytes = fs::read(place.witness()).unwrap();
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap()[..200].to_vec();
    bytes.extend(line);
    fs::write(place.witness(), bytes).unwrap();
}

fn at_every_point(power_cut: bool) {
    let dir = fast_folder();
    let calm = Calm::run(dir.path());
    let rows = calm.rows();
    assert!(rows.len() > 100, "only {} points", rows.len());
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(at) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = row(&calm, dir.path(), *at, power_cut);
                    wrong.lock().unwrap().extend(found);
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn killed_at_every_point() {
    at_every_point(false);
}

#[test]
fn killed_with_the_power_cut_at_every_point() {
    at_every_point(true);
}

#[test]
fn the_calm_run_succeeds_and_says_so() {
    let dir = fast_folder();
    let calm = Calm::run(dir.path());
    assert!(calm.steps.values().all(|count| *count == 1), "{:?}", calm.steps);
    let installed = calm.picture.0.get(&format!("product {}", vipre::NEW_NAME));
    assert_eq!(installed.map(String::as_str), Some(vipre::NEW_VERSION));
}
