//! Reports of simulated upgrades, in every form.

use super::{Record, course::Struck, junit, markdown, page};
use mailsec_core::{
    engine::{Loaded, load},
    journal::{Damage, Envelope, Recorded, WitnessState},
    plan::{Evidence, Outcome},
    upgrade::{Actor, CanarySummary, Event, Fate, Span},
    values::{Digest, UpgradeId},
};
use mailsec_simulator::{
    CrashAt,
    cases::{self, Case},
    explore::{Subject, Trial},
    people::Person,
    worlds::installers,
};
use proptest::prelude::*;
use quick_xml::{Reader, events::Event as Xml};
use std::collections::BTreeSet;

fn trial(case: Case) -> Trial {
    case.subject(&crate::products::REHEARSABLE).expect("a plan").trial()
}

fn named(name: &str) -> Case {
    cases::case(name).expect("a case")
}

/// A journal that was read.
struct Read {
    envelopes: Vec<Envelope>,
    loaded: Loaded,
    witness: WitnessState,
}

impl Read {
    fn of(envelopes: Vec<Envelope>) -> Self {
        Self { loaded: load(&envelopes), envelopes, witness: WitnessState::Whole }
    }

    fn after(mut trial: Trial, person: impl FnOnce(&Trial) -> Person) -> Self {
        let person = person(&trial);
        trial.run(&person);
        Self::of(trial.envelopes())
    }

    fn record(&self) -> Record<'_> {
        Record {
            upgrade: UpgradeId::from_u128(1),
            envelopes: &self.envelopes,
            loaded: &self.loaded,
            head: self.envelopes.last().map_or(Digest::ZERO, |last| Digest::of(&last.line().unwrap())),
            witness: &self.witness,
        }
    }

    /// The first envelopes alone, as damage leaves them.
    fn damaged_after(mut self, count: usize) -> Self {
        let promised = u64::try_from(self.envelopes.len()).unwrap();
        self.envelopes.truncate(count);
        let damage = Damage::after(UpgradeId::from_u128(1), &[], promised, "line 21 is not what was written");
        Self { loaded: load(&self.envelopes), witness: WitnessState::Damaged(damage), ..self }
    }
}

fn succeeded() -> Read {
    let case = named("silent, held");
    Read::after(trial(case), |trial| Person::new(&trial.host, case.deed))
}

fn rolled_back() -> Read {
    let case = named("silent, held");
    let mut wanted = case.wanted();
    wanted.installer = mailsec_core::values::ServerPath::new(installers::FAILS);
    let subject =
        Subject::plan("x", &crate::products::REHEARSABLE, case.world(), &wanted, case.secrets(), case.deed);
    Read::after(subject.expect("a plan").trial(), |trial| Person::new(&trial.host, case.deed))
}

fn open_gate() -> Read {
    Read::after(trial(named("attended, held")), |trial| Person::away(&trial.host))
}

/// Power fails inside the installer; the server boots and the upgrade goes on.
fn power_cut() -> Read {
    let case = named("silent, held, with a restart");
    let trial = trial(case);
    trial.host.set_tape(CrashAt::new(45));
    Read::after(trial, |trial| Person::new(&trial.host, case.deed))
}

fn eset() -> Read {
    let case = named("manual, 6.5 to 11.1, held");
    Read::after(trial(case), |trial| Person::new(&trial.host, case.deed))
}

/// All went well by the ledger, and yet senders were refused for some seconds.
fn canary_alarms() -> Read {
    let read = succeeded();
    let began = read.loaded.report.started.as_ref().expect("it was started").at;
    let at = |secs: u64| began.after(std::time::Duration::from_secs(secs));
    let span = |from, to, fate, count| Span { from: at(from), to: at(to), fate, count };
    let summary = CanarySummary {
        over: Some((at(0), at(60))),
        watched: true,
        fates: [(Fate::Delivered, 17), (Fate::Deferred, 40), (Fate::Refused, 4)].into(),
        slowest_ms: 640,
        senders: vec![
            span(0, 9, Fate::Delivered, 10),
            span(10, 49, Fate::Deferred, 40),
            span(50, 53, Fate::Refused, 4),
            span(54, 60, Fate::Delivered, 7),
        ],
        ..CanarySummary::default()
    };
    let mut envelopes = read.envelopes;
    let last = envelopes.last().expect("an event").clone();
    let event = Event::CanaryWatched { summary: Box::new(summary) };
    let at = envelopes.len() - 1;
    envelopes.insert(at, Envelope { event: Recorded::Known(std::sync::Arc::new(event)), ..last });
    Read::of(envelopes)
}

fn all() -> [(&'static str, Read); 7] {
    [
        ("canary-alarms", canary_alarms()),
        ("succeeded", succeeded()),
        ("rolled-back", rolled_back()),
        ("open-gate", open_gate()),
        ("power-cut", power_cut()),
        ("eset-manual", eset()),
        ("damaged", succeeded().damaged_after(20)),
    ]
}

/// The pages are golden files that a browser can open, and that the book shows.
#[test]
fn each_page_is_as_it_was_looked_at() {
    for (name, read) in all() {
        crate::book::golden(&format!("reports/{name}.html"), &page(&read.record()));
    }
}

#[test]
fn each_other_form_is_as_it_was_looked_at() {
    for (name, read) in all() {
        let record = read.record();
        insta::assert_snapshot!(format!("{name}.md"), markdown(&record));
        insta::assert_snapshot!(format!("{name}.junit"), junit(&record));
        insta::assert_json_snapshot!(format!("{name}.json"), record.report());
    }
}

#[test]
fn the_same_journal_makes_the_same_bytes() {
    for (name, read) in all() {
        let again = Read {
            loaded: load(&read.envelopes),
            envelopes: read.envelopes.clone(),
            witness: read.witness.clone(),
        };
        for form in [page, markdown, junit] {
            assert_eq!(form(&read.record()), form(&again.record()), "{name}");
        }
    }
}

#[test]
fn a_power_cut_is_marked_and_mail_is_told_without_gaps() {
    let read = power_cut();
    let record = read.record();
    let kinds: Vec<Struck> = record.marks().iter().map(|mark| mark.kind).collect();
    assert!(kinds.contains(&Struck::Crash) && kinds.contains(&Struck::Restart), "{kinds:?}");
    let stretches = record.stretches();
    assert!(stretches.windows(2).all(|two| two[0].to == two[1].from), "{stretches:?}");
    let told: u64 = stretches
        .iter()
        .filter(|one| one.mail.flow == mailsec_core::plan::Flow::Held)
        .map(|one| one.ms())
        .sum();
    assert_eq!(told, read.loaded.report.mail.held_ms);
}

/// Elements and attributes of well-formed XML, with what the test cases came to.
fn parse_xml(text: &str) -> (BTreeSet<String>, usize) {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let (mut names, mut cases, mut depth) = (BTreeSet::new(), 0, 0i32);
    loop {
        match reader.read_event().unwrap_or_else(|why| panic!("{why}\n{text}")) {
            Xml::Start(element) => {
                depth += 1;
                let name = element.name().as_ref().to_owned();
                cases += usize::from(name == "testcase");
                for attribute in element.attributes() {
                    attribute.unwrap_or_else(|why| panic!("{why}\n{text}"));
                }
                names.insert(name);
            }
            Xml::Empty(element) => panic!("{element:?}: maud closes what it opens"),
            Xml::End(_) => depth -= 1,
            Xml::Eof => break,
            _ => {}
        }
    }
    assert_eq!(depth, 0, "{text}");
    assert!(
        text.chars().all(|char| char == '\n' || !char.is_control()),
        "XML has no such characters: {text}"
    );
    (names, cases)
}

#[test]
fn junit_is_well_formed_and_has_a_case_for_each_step_and_each_statement() {
    for (name, read) in all() {
        let record = read.record();
        let text = junit(&record);
        let (names, cases) = parse_xml(&text);
        let known = [
            "testsuites",
            "testsuite",
            "properties",
            "property",
            "testcase",
            "failure",
            "error",
            "skipped",
            "system-out",
        ];
        assert!(names.iter().all(|name| known.contains(&name.as_str())), "{name}: {names:?}");
        assert_eq!(cases, 2 + record.statements().len() + read.loaded.report.steps.len(), "{name}");
        let red = text.contains("<failure") || text.contains("<error");
        assert_eq!(red, !matches!(name, "succeeded" | "power-cut" | "eset-manual"), "{name}: {text}");
    }
}

/// A journal in which people, names and evidence say this.
fn saying(what: &str) -> Read {
    let mut envelopes = eset().envelopes;
    for envelope in &mut envelopes {
        let Recorded::Known(event) = &mut envelope.event else { continue };
        let outcome = |outcome: &mut Outcome| {
            outcome.summary.push_str(what);
            outcome.evidence.push(Evidence::new(what, what));
        };
        match std::sync::Arc::make_mut(event) {
            Event::Planned { plan, .. } => {
                let plan = std::sync::Arc::make_mut(plan);
                what.clone_into(&mut plan.server);
                what.clone_into(&mut plan.naming.before);
                plan.choices.left_out.push((what.to_owned(), what.to_owned()));
                plan.steps.iter_mut().for_each(|step| what.clone_into(&mut step.title));
            }
            Event::Started { by, .. } => *by = Actor(what.to_owned()),
            Event::Resumed { found, .. } => what.clone_into(found),
            Event::StepApplied { outcome: left, .. } | Event::UndoApplied { outcome: left, .. } => {
                outcome(left)
            }
            Event::StepSkipped { why, .. } => what.clone_into(why),
            Event::GateOpened { question, .. } => {
                what.clone_into(&mut question.title);
                question.todo.push(what.to_owned());
                question.items.iter_mut().for_each(|item| what.clone_into(&mut item.text));
            }
            Event::GateAnswered { by, note, .. } => {
                *by = Actor(what.to_owned());
                what.clone_into(note);
            }
            _ => {}
        }
    }
    Read::of(envelopes)
}

/// Tags of a page, each with the names of its attributes: what a browser would obey.
/// What Markdown consists of, but for the text itself, as GitHub and GitLab read it.
fn nodes(markdown: &str) -> Vec<String> {
    let mut options = comrak::Options::default();
    options.extension.table = true;
    options.extension.tasklist = true;
    options.extension.strikethrough = true;
    options.extension.footnotes = true;
    options.extension.math_dollars = true;
    let arena = comrak::Arena::new();
    let root = comrak::parse_document(&arena, markdown, &options);
    let names = root.descendants().map(|node| node.data.borrow().value.xml_node_name().to_owned());
    names.filter(|name| name != "text" && name != "softbreak").collect()
}

fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, behind)) = rest.split_once('<') {
        let (tag, behind) = behind.split_once('>').expect("a tag that ends");
        // What stands between quotes is text.
        tags.push(tag.split('"').step_by(2).collect::<String>());
        rest = behind;
    }
    tags
}

const HOSTILE: [&str; 7] = [
    "*it* _it_ ~~it~~ $x$ ![x](y) [x]: /y `` ` `` 1. a\n- b\n    c\n---\n<https://evil.example>",
    "<script>alert(\"1\")</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</style></title><!-- ]]> -->",
    "| **bold** [link](javascript:alert(1)) `code` @everyone\n# heading",
    "\u{202e}gnp.exe\u{0}\u{1b}[31m\u{fffe}\u{85}\r\n",
    "&lt;b&gt; &#60; &amp;amp; ' '' \"\"",
];

#[test]
fn what_a_journal_says_stays_text() {
    let calm = saying("calm");
    let (tags_of_calm, xml_of_calm) = (tags(&page(&calm.record())), parse_xml(&junit(&calm.record())));
    let nodes_of_calm = nodes(&markdown(&calm.record()));
    for hostile in HOSTILE {
        let read = saying(hostile);
        let record = read.record();
        assert_eq!(tags(&page(&record)), tags_of_calm, "{hostile:?}");
        assert_eq!(parse_xml(&junit(&record)), xml_of_calm, "{hostile:?}");
        let markdown = markdown(&record);
        assert_eq!(nodes(&markdown), nodes_of_calm, "{hostile:?}\n{markdown}");
        assert!(!markdown.contains("<script") && !markdown.contains("@everyone"), "{markdown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]
    #[test]
    fn no_text_makes_another_page(what in "\\PC*|[<>&\"'`|\\\\\\n\\t a-z/!-]{0,40}") {
        let calm = saying("calm");
        // Nothing at all is left out, and that is another page.
        let read = saying(&format!("x{what}"));
        prop_assert_eq!(tags(&page(&read.record())), tags(&page(&calm.record())));
        prop_assert_eq!(parse_xml(&junit(&read.record())), parse_xml(&junit(&calm.record())));
    }
}

#[test]
fn a_report_is_made_wherever_the_journal_ends() {
    let envelopes = power_cut().envelopes;
    for count in 1..=envelopes.len() {
        let read = Read::of(envelopes[..count].to_vec());
        let record = read.record();
        assert!(page(&record).ends_with("</html>\n"));
        parse_xml(&junit(&record));
        let over = count == envelopes.len();
        assert_eq!(
            record.todos().is_empty(),
            over || read.loaded.state.started.is_none(),
            "{count}: {:?}",
            record.todos()
        );
    }
}
