//! What would go round in circles, and who breaks it.

use mailsec_core::{
    Failure,
    engine::Stop,
    failure::Code,
    journal::{Envelope, Journal, Stamp},
    plan::{Choice, UnscannedPolicy},
    upgrade::{Event, Finish, GateKind},
    values::{ServerPath, UpgradeId},
};
use mailsec_crash_tests::{End, Person, Trial, plan, request, unchanged};
use mailsec_simulator::{
    Fault, Tape, oracle,
    worlds::{installers, vipre_45},
};

/// The power goes off whenever a point of this name is passed, so many times.
struct Whenever(&'static str, u32);

impl Tape for Whenever {
    fn choose(&mut self, _label: &'static str, _n: usize) -> usize {
        0
    }

    fn crash(&mut self, label: &'static str) -> bool {
        let strikes = label == self.0 && self.1 > 0;
        self.1 -= u32::from(strikes);
        strikes
    }
}

fn first_choice(trial: &Trial) -> Person {
    Person::new(&trial.host, |_, gate, _| Some(gate.choices[0]))
}

#[test]
fn a_step_that_is_interrupted_again_and_again_asks_and_then_goes_on() {
    for (label, step) in
        [("install: begun", "run-installer"), ("uninstall agent: before", "unregister-agents")]
    {
        let mut trial = plan(vipre_45(), &request()).unwrap();
        trial.host.set_tape(Whenever(label, 12));
        let person = Person::away(&trial.host);
        assert_eq!(trial.run(&person), End::Waiting(format!("{step}#1")), "{label}");
        assert_eq!(person.asked(), [(GateKind::Loop, format!("{step}#1"))]);
        assert_eq!(oracle::none_unscanned(&trial.host.world()), Ok(()));
        assert_eq!(trial.run(&first_choice(&trial)), End::Finished(Finish::Succeeded), "{label}");
    }
}

fn wants_restart() -> Trial {
    let mut wanted = request();
    wanted.installer = ServerPath::new(installers::WANTS_RESTART);
    plan(vipre_45(), &wanted).unwrap()
}

#[test]
fn a_restart_that_never_happens_asks_and_the_answer_again_asks_windows_again() {
    let mut trial = wants_restart();
    trial.change(|world| Fault::RestartDoesNotHappen(3).apply(world));
    let person = Person::away(&trial.host);
    assert_eq!(trial.run(&person), End::Waiting("restart-server#1".to_owned()));
    assert_eq!(person.asked(), [(GateKind::Restart, "restart-server#1".to_owned())]);
    assert_eq!(trial.run(&first_choice(&trial)), End::Finished(Finish::Succeeded));
    assert_eq!(trial.host.world().boots, 2);
}

#[test]
fn a_restart_by_hand_is_taken_for_the_one_that_was_asked_for() {
    let mut trial = wants_restart();
    trial.change(|world| Fault::RestartDoesNotHappen(3).apply(world));
    assert_eq!(trial.run(&Person::away(&trial.host)), End::Waiting("restart-server#1".to_owned()));
    trial.change(mailsec_simulator::World::boot);
    // Nobody has to answer, and the server does not go down once more.
    assert_eq!(trial.run(&Person::away(&trial.host)), End::Finished(Finish::Succeeded));
    assert_eq!(trial.host.world().boots, 2);
}

#[test]
fn too_many_events_ask_and_the_allowance_is_given_once_more() {
    let mut trial =
        plan(vipre_45(), &request()).unwrap().with_plan(|plan| plan.limits.transitions = 40).unwrap();
    assert!(matches!(trial.run(&Person::away(&trial.host)), End::Waiting(_)));
    assert_eq!(trial.run(&first_choice(&trial)), End::Finished(Finish::Succeeded));
}

#[test]
fn a_used_up_mail_budget_asks_before_the_point_of_no_return() {
    let just_enough = |plan: &mut mailsec_core::plan::Plan| plan.budget.stopped_secs = plan.typical_mail().0;
    let mut trial = plan(vipre_45(), &request()).unwrap().with_plan(just_enough).unwrap();
    trial.host.set_tape(Slow);
    let person = Person::away(&trial.host);
    // Holding mail took a quarter of an hour; the next step does nothing to mail, and is asked about all the same.
    assert_eq!(trial.run(&person), End::Waiting("unregister-agents#1".to_owned()));
    assert_eq!(person.asked()[0].0, GateKind::Budget);
    let person = Person::new(&trial.host, |_, _, _| Some(Choice::RollBack));
    assert_eq!(trial.run(&person), End::Finished(Finish::RolledBack));
    assert_eq!(unchanged(&trial.before, &trial), [""; 0]);
}

/// Services take a quarter of an hour to stop.
struct Slow;

impl Tape for Slow {
    fn choose(&mut self, label: &'static str, _n: usize) -> usize {
        usize::from(label == "stop service: outcome")
    }

    fn crash(&mut self, _label: &'static str) -> bool {
        false
    }
}

fn opened(event: &Event) -> Option<GateKind> {
    match event {
        Event::GateOpened { why, .. } => Some(*why),
        _ => None,
    }
}

#[test]
fn another_version_of_the_program_asks_once_and_the_first_one_need_not() {
    let mut wanted = request();
    wanted.mode = mailsec_core::product::InstallerChoice::Attended;
    let begun = || {
        let mut trial = plan(vipre_45(), &wanted).unwrap();
        assert_eq!(trial.run(&Person::away(&trial.host)), End::Waiting("run-installer#1".to_owned()));
        // The gate is answered by nobody; a newer program takes the upgrade up.
        trial.version = "0.2.0";
        let turned = Person::new(&trial.host, |host, gate, state| {
            (gate.why == GateKind::Planned).then(|| {
                mailsec_crash_tests::installs(host, gate, state);
                Choice::Done
            })
        });
        assert_eq!(trial.run(&turned), End::Waiting("run-installer#2".to_owned()));
        trial
    };
    let mut trial = begun();
    assert_eq!(trial.run(&first_choice(&trial)), End::Finished(Finish::Succeeded));
    let changed = trial.events().iter().filter_map(opened).filter(|why| *why == GateKind::Changed).count();
    assert_eq!(changed, 1, "once accepted, it is not asked again");

    let mut trial = begun();
    trial.version = "0.1.7";
    assert_eq!(trial.run(&Person::away(&trial.host)), End::Finished(Finish::Succeeded));
}

/// A journal whose device is full after so many appends.
struct Full<'a>(&'a mut dyn Journal, usize);

impl Journal for Full<'_> {
    fn append(
        &mut self,
        upgrade: UpgradeId,
        expected: u64,
        stamp: &Stamp,
        events: &[Event],
    ) -> Result<Vec<Envelope>, Failure> {
        if self.1 == 0 {
            return Err(Failure::new(Code::JournalUnwritable, "the device is gone"));
        }
        self.1 -= 1;
        self.0.append(upgrade, expected, stamp, events)
    }

    fn read(&self, upgrade: UpgradeId) -> Result<Vec<Envelope>, Failure> {
        self.0.read(upgrade)
    }

    fn upgrades(&self) -> Result<Vec<UpgradeId>, Failure> {
        self.0.upgrades()
    }

    fn settle(&mut self) -> Result<(), Failure> {
        self.0.settle()
    }
}

#[test]
fn a_journal_that_cannot_be_written_stops_the_upgrade_at_any_append_and_it_goes_on_later() {
    for unscanned in [UnscannedPolicy::Hold, UnscannedPolicy::Allow] {
        let mut wanted = request();
        wanted.unscanned = unscanned;
        let planned = plan(vipre_45(), &wanted).unwrap();
        for appends in 0.. {
            let mut trial = planned.again();
            let person = Person::away(&trial.host);
            let mut inner = std::mem::take(&mut trial.journal);
            let result = trial.process_with(&person, &mut Full(&mut inner, appends));
            trial.journal = inner;
            match result {
                Ok(Stop::Finished(_)) => break,
                Err(failure) if failure.code == Code::JournalUnwritable => {}
                other => panic!("after {appends} appends: {other:?}"),
            }
            assert_eq!(trial.run(&person), End::Finished(Finish::Succeeded), "after {appends} appends");
        }
    }
}
