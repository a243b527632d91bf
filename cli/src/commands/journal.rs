//! `journal`: verify, show, export, import.

use super::{site, support};
use crate::{
    args::{Common, JournalCommand},
    exit::Exit,
    output::{self, Reply},
    place::State,
    show::{Record, wrap},
};
use mailsec_core::{
    Failure,
    engine::load,
    failure::Code,
    journal::{Adopted, Bundle, DiskJournal, Journal, Line, WitnessState, import},
    upgrade::{Standing, State as Upgrade},
};
use serde_json::json;

pub(crate) async fn journal(common: &Common, command: JournalCommand) -> Result<Reply, Failure> {
    match command {
        JournalCommand::Verify { cut_damage } => verify(common, cut_damage).await,
        JournalCommand::Show(which) => {
            let (upgrade, witnessed, _) = State::only(common)?.choose(which.upgrade.as_deref())?;
            let lines: Vec<String> = witnessed
                .lines
                .iter()
                .map(|line| String::from_utf8_lossy(line.json()).into_owned())
                .collect();
            Ok(Reply::new(lines.join("\n"), json!({ "upgrade": upgrade, "envelopes": witnessed.envelopes })))
        }
        JournalCommand::Export { which, out } => {
            let state = State::only(common)?;
            let (upgrade, witnessed, loaded) = state.choose(which.upgrade.as_deref())?;
            let bundle = state.reader().export(upgrade)?;
            let record = Record::of(upgrade, &witnessed, &loaded);
            let bundle = support::complete(common, &state, bundle, &record).await;
            output::save(&out, "bundle", &bundle.to_json()?)?;
            let facts = if bundle.facts.is_some() { "the captured facts" } else { "no captured facts" };
            let with = [facts].into_iter().chain(bundle.attached.keys().map(String::as_str));
            Ok(Reply::new(
                format!(
                    "{} envelopes of upgrade {upgrade}\nin {}\nhead {}\n{}",
                    bundle.envelopes,
                    out.display(),
                    bundle.head,
                    wrap("with ", "  ", &with.collect::<Vec<_>>().join(", ")),
                ),
                json!({ "upgrade": upgrade, "envelopes": bundle.envelopes, "head": bundle.head, "file": out.display().to_string(), "facts": bundle.facts.is_some(), "versions": bundle.versions, "attached": bundle.attached.keys().collect::<Vec<_>>() }),
            ))
        }
        JournalCommand::Import { file } => {
            let bytes = std::fs::read(&file).map_err(|error| {
                Failure::new(Code::FileUnreadable, "the bundle cannot be read")
                    .found(file.display().to_string())
                    .cause(error)
            })?;
            let (bundle, lines) = Bundle::read(&bytes)?;
            // The journal is what is taken in; whatever else is damaged does not keep it out.
            let flaws: Vec<String> = bundle.flaws(&lines, &bytes).iter().map(ToString::to_string).collect();
            let (site, _) = site(common)?;
            let (mut journal, _) = site.disk_journal(false).await?;
            foreign(&bundle, &lines, &journal, &site.host().name())?;
            let adopted = import(&mut journal, &bundle)?;
            let mut text =
                format!("upgrade {}: {} envelopes, {}\n", bundle.upgrade, bundle.envelopes, taken(&adopted));
            for flaw in &flaws {
                text.push_str(&format!("not as it was exported: {flaw}\n"));
            }
            Ok(Reply::new(text, json!({ "upgrade": bundle.upgrade, "adopted": adopted, "flaws": flaws })))
        }
    }
}

/// Refuses an upgrade of another server that is not finished, into a journal that is this server's: it would stand in
/// the way of the own ones.
fn foreign(bundle: &Bundle, lines: &[Line], journal: &DiskJournal, here: &str) -> Result<(), Failure> {
    let server = |state: &Upgrade| state.plan.as_ref().map(|plan| plan.server.clone());
    let envelopes: Vec<_> = lines.iter().filter_map(|line| line.envelope().ok()).collect();
    let state = load(&envelopes).state;
    if matches!(state.standing, Standing::Finished(_)) || server(&state).as_deref() == Some(here) {
        return Ok(());
    }
    for upgrade in journal.upgrades()? {
        if upgrade != bundle.upgrade
            && journal.read(upgrade).is_ok_and(|own| server(&load(&own).state).as_deref() == Some(here))
        {
            return Err(Failure::new(
                Code::PlanStale,
                "the bundle holds an unfinished upgrade of another server",
            )
            .expected(format!("an upgrade of {here}, or one that is finished"))
            .found(format!("an upgrade of {}", server(&state).unwrap_or_default()))
            .hint("import it into a journal of its own: --state FOLDER"));
        }
    }
    Ok(())
}

fn taken(adopted: &Adopted) -> String {
    match adopted {
        Adopted::New => "all of them new here".to_owned(),
        Adopted::Continued { from } => format!("of which {from} were here"),
        Adopted::Already => "all of which were here".to_owned(),
    }
}

/// Both copies when nobody holds the store, else the one that can be read meanwhile.
async fn verify(common: &Common, cut_damage: bool) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let mut lines = Vec::new();
    let mut sound = true;
    for (upgrade, tip, witness) in state.reader().verify()? {
        let text = match &witness {
            WitnessState::Whole => "whole".to_owned(),
            WitnessState::TornTail { bytes } => {
                format!("whole, and {bytes} bytes of a write that was cut off")
            }
            WitnessState::Damaged(damage) => {
                sound = false;
                format!("damaged: {}", damage.why)
            }
        };
        lines.push(format!(
            "upgrade {upgrade}: {} envelopes\n  head {}\n{}",
            tip.count,
            tip.hash,
            wrap("  witness: ", "    ", &text).trim_end()
        ));
    }
    let mut value = json!({ "witnesses": state.reader().verify()?.iter().map(|(id, tip, state)| json!({ "upgrade": id, "envelopes": tip.count, "head": tip.hash, "state": state })).collect::<Vec<_>>() });
    if lines.is_empty() {
        lines.push("there is no upgrade in this journal".to_owned());
    }
    let (site, _) = site(common)?;
    match site.disk_journal(cut_damage).await {
        Ok((mut journal, report)) => {
            journal.settle()?;
            let verification = journal.verify()?;
            sound = verification.is_sound();
            lines.extend(
                journal
                    .repairs()
                    .iter()
                    .map(|repair| wrap("mended: ", "  ", &repair.to_string()).trim_end().to_owned()),
            );
            lines.extend(
                verification
                    .upgrades
                    .iter()
                    .filter_map(|found| found.damage.as_ref())
                    .map(|damage| crate::output::describe(&damage.failure())),
            );
            lines.push(format!("both copies: {}", if sound { "whole and the same" } else { "NOT whole" }));
            value["both"] = json!(verification);
            value["opened"] = json!(report);
        }
        Err(failure) if failure.code == Code::JournalLocked => {
            lines.push("an upgrade is running: only the witness was checked".to_owned());
        }
        Err(failure) => return Err(failure),
    }
    value["sound"] = json!(sound);
    let reply = Reply::new(lines.join("\n"), value);
    Ok(if sound { reply } else { reply.exit(Exit::Journal) })
}
