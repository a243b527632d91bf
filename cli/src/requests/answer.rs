//! An answer to a gate, whether or not a process waits there.

use super::{
    hand_over::{Fate, hand_over},
    reason_given, record, spoken_of,
};
use crate::{
    args::{AllItems, AnswerArgs, Common},
    nearest::did_you_mean,
    output::Reply,
    people::Inbox,
    place::{Site, Sources, State},
    show,
};
use mailsec_core::{
    Failure,
    engine::{Message, Said},
    failure::Code,
    plan::{Choice, ItemAnswer, ItemAnswers, ItemId},
    upgrade::{Actor, Event, Gate},
    values::GateId,
};
use serde_json::json;

/// Journals it, or hands it to the process that waits.
pub(crate) async fn answer_by(common: &Common, args: &AnswerArgs, by: &str) -> Result<Reply, Failure> {
    let state = State::only(common)?;
    let (upgrade, loaded) = spoken_of(common, &state, args.which.upgrade.as_deref()).await?;
    let (gate, choice, items) = parse(loaded.state.gate.as_ref(), args)?;
    let site = Site::open(common, &Sources::read(common)?)?;
    let event = Event::GateAnswered {
        gate: gate.clone(),
        choice,
        by: Actor(by.to_owned()),
        note: args.note.clone(),
        items: items.clone(),
    };
    let message = Message {
        id: uuid::Uuid::now_v7().to_string(),
        said: Said::Answer { gate: gate.clone(), choice, items: items.clone() },
        by: by.to_owned(),
        note: args.note.clone(),
    };
    let fate = match site.journal().await {
        Ok(journal) => Fate::Free(journal),
        Err(failure) if failure.code == Code::JournalLocked => {
            hand_over(&site, &Inbox::new(state.inbox(upgrade)), &message).await?
        }
        Err(failure) => return Err(failure),
    };
    let (handed_over, done) = match fate {
        Fate::Free(mut journal) => {
            let recorded = record(&site, journal.as_mut(), upgrade, event.clone()).await;
            // A process that journaled it, and was killed before it could say so.
            let there = || {
                journal.read(upgrade).is_ok_and(|all| all.iter().any(|one| one.event.known() == Some(&event)))
            };
            match recorded {
                Err(failure) if failure.code == Code::GateNotOpen && there() => {}
                other => other?,
            }
            (false, format!("Answered. `{} resume` goes on.", show::program(&loaded.state)))
        }
        Fate::Taken => (true, "Handed to the running process, which took it.".to_owned()),
        Fate::Waits => {
            let program = show::program(&loaded.state);
            (
                true,
                format!(
                    "Handed to the running process, which has not taken it yet; `{program} status` shows it."
                ),
            )
        }
    };
    let json = json!({
        "upgrade": upgrade, "gate": gate, "choice": choice, "items": items, "handed_over": handed_over,
    });
    Ok(Reply::new(done, json))
}

fn parse(open: Option<&Gate>, args: &AnswerArgs) -> Result<(GateId, Choice, ItemAnswers), Failure> {
    let refuse = |expected: String, found: String| {
        Failure::new(Code::GateNotOpen, "this gate is not open, or does not take this answer")
            .expected(expected)
            .found(found)
            .hint("`mailsec status` shows what is asked; nothing was changed")
    };
    let Some(gate) = open else {
        return Err(refuse("an open gate".to_owned(), "no gate is open".to_owned()));
    };
    if gate.id.as_str() != args.gate {
        let failure = refuse(format!("gate {}", gate.id), format!("gate {}", args.gate));
        return Err(did_you_mean(failure, &args.gate, [gate.id.as_str()]));
    }
    match Choice::parse(&args.choice).filter(|choice| gate.choices.contains(choice)) {
        Some(choice) => {
            if choice == Choice::Abandon {
                reason_given(&args.note)?;
            }
            let items = items(gate, args)?;
            gate.admit(choice, &items)?;
            Ok((gate.id.clone(), choice, items))
        }
        None => {
            let words: Vec<&str> = gate.choices.iter().map(|choice| choice.word()).collect();
            let failure = refuse(format!("one of: {}", words.join(", ")), format!("{:?}", args.choice));
            Err(did_you_mean(failure, &args.choice, words))
        }
    }
}

/// What was said of the items; whether that is enough is for the gate to say.
fn items(gate: &Gate, args: &AnswerArgs) -> Result<ItemAnswers, Failure> {
    let mut answers = ItemAnswers::new();
    for text in &args.items {
        let refuse = |message: &str| {
            Failure::new(Code::BadArgument, message)
                .expected("--item ITEM=done, or --item ITEM=given-up:WHY")
                .found(format!("{text:?}"))
                .hint("`mailsec status` shows the items; nothing was changed")
        };
        let (id, answer) = text.split_once('=').ok_or_else(|| refuse("this is no answer to an item"))?;
        let answer = ItemAnswer::parse(answer).ok_or_else(|| refuse("an item takes no such answer"))?;
        if answers.insert(ItemId::parse(id)?, answer).is_some() {
            return Err(refuse("an item is answered once"));
        }
    }
    if let Some(AllItems::Done) = args.all_items {
        for item in &gate.question.items {
            answers.entry(item.id.clone()).or_insert(ItemAnswer::Done);
        }
    }
    Ok(answers)
}
