//! A gate's checklist: what a person answers item by item, so that nothing is lost without being named.

use super::{Choice, Question};
use crate::failure::{Code, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// Bytes of JSON that one gate's items may take, and the answers to them: each travels in one envelope of the journal,
/// which holds 64 KiB.
const MAX_BYTES: usize = 24 * 1024;

/// Items of one gate. Nobody goes through more at a time.
const MAX_ITEMS: usize = 200;

/// Characters of one item's text.
const MAX_TEXT: usize = 400;

/// Kept free for the item that stands for the rest: its text, two names of 64 bytes, and what JSON adds.
const REST_BYTES: usize = 320;

/// Names an item within its gate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[A-Za-z0-9._-]{1,64}$"))]
pub struct ItemId(String);

impl ItemId {
    /// A name that can be typed without quotes: 1 to 64 letters, digits, dots, hyphens and underscores.
    ///
    /// # Errors
    /// [`Code::BadArgument`] for another form.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Failure::new(Code::BadArgument, "this does not name an item of a checklist")
                .expected("1 to 64 letters, digits, dots, hyphens and underscores")
                .found(format!("{text:?}")))
        }
    }

    /// The item that stands for those that do not fit into one gate.
    fn rest() -> Self {
        Self("the-rest".to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ItemId {
    type Error = Failure;

    fn try_from(text: String) -> Result<Self, Failure> {
        Self::parse(&text)
    }
}

impl From<ItemId> for String {
    fn from(id: ItemId) -> Self {
        id.0
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One thing that a person goes through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChecklistItem {
    /// Its name.
    pub id: ItemId,
    /// What it is about.
    pub text: String,
}

/// What a person says of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum ItemAnswer {
    /// It is seen to.
    Done,
    /// It is lost, and that is accepted.
    GivenUp {
        /// Why.
        why: String,
    },
}

impl ItemAnswer {
    /// Reads `done`, or `given-up` with the reason after a colon or a space.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "done" {
            return Some(Self::Done);
        }
        let why = text.strip_prefix("given-up")?.strip_prefix([':', ' '])?.trim();
        (!why.is_empty()).then(|| Self::GivenUp { why: why.to_owned() })
    }
}

impl fmt::Display for ItemAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::GivenUp { why } => write!(f, "given up: {why}"),
        }
    }
}

/// What a person says of the items of one gate.
pub type ItemAnswers = BTreeMap<ItemId, ItemAnswer>;

impl Question {
    /// Whether a gate that offers these choices takes this answer: *done* only with every item answered, and no answers
    /// to what was not asked.
    ///
    /// # Errors
    /// [`Code::GateNotOpen`] for a choice that is not offered, [`Code::ChecklistOpen`] that names what is missing,
    /// [`Code::BadArgument`] for answers that do not fit.
    pub fn admit(&self, offered: &[Choice], choice: Choice, answers: &ItemAnswers) -> Result<(), Failure> {
        if !offered.contains(&choice) {
            let words: Vec<&str> = offered.iter().map(|choice| choice.word()).collect();
            return Err(Failure::new(Code::GateNotOpen, "the gate does not take this answer")
                .expected(format!("one of: {}", words.join(", ")))
                .found(choice.word())
                .hint("`mailsec status` shows what is asked"));
        }
        let bad = |message: &str| Failure::new(Code::BadArgument, message);
        let asked = |id: &ItemId| self.items.iter().any(|item| item.id == *id);
        if let Some(unknown) = answers.keys().find(|id| !asked(id)) {
            return Err(bad("the gate's checklist has no such item")
                .expected(names(self.items.iter().map(|item| &item.id)))
                .found(unknown.as_str()));
        }
        if choice != Choice::Done {
            let fits = answers.is_empty();
            return if fits {
                Ok(())
            } else {
                Err(bad("items are answered together with done").found(choice.word()))
            };
        }
        if answers
            .values()
            .any(|answer| matches!(answer, ItemAnswer::GivenUp { why } if why.trim().is_empty()))
        {
            return Err(bad("what is given up is given up for a reason").expected("given-up:WHY"));
        }
        let size = json_len(answers);
        if size > MAX_BYTES {
            return Err(bad("the reasons are too long for the journal")
                .expected(format!("at most {MAX_BYTES} bytes in all"))
                .found(format!("{size} bytes"))
                .hint("say it shorter, and keep the rest in a file of your own"));
        }
        let missing: Vec<&ItemId> =
            self.items.iter().map(|item| &item.id).filter(|id| !answers.contains_key(*id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        Err(Failure::new(Code::ChecklistOpen, "not every item of the gate's checklist is answered")
            .expected(format!("an answer to each of {} items", self.items.len()))
            .found(format!("none to {} of them: {}", missing.len(), names(missing.iter().copied())))
            .hint("answer each as done or given-up:WHY; nothing was changed"))
    }

    /// The question with a checklist that fits into one event of the journal. Of what does not fit, one last item says
    /// how much it is, from where to where; it is answered like any other. Cut rather than refused: a review is asked
    /// for when the new version is in place, and an upgrade that could not ask would have no way on.
    #[must_use]
    pub fn fitted(mut self) -> Self {
        for item in &mut self.items {
            if let Some((end, _)) = item.text.char_indices().nth(MAX_TEXT) {
                let keep = item.text[..end].char_indices().last().map_or(0, |(at, _)| at);
                item.text.truncate(keep);
                item.text.push('…');
            }
        }
        if self.items.len() <= MAX_ITEMS && json_len(&self.items) <= MAX_BYTES {
            return self;
        }
        let mut taken = REST_BYTES;
        let fits = self.items.iter().take(MAX_ITEMS - 1).take_while(|item| {
            taken += json_len(item) + 1;
            taken <= MAX_BYTES
        });
        let kept = fits.count();
        let left = self.items.split_off(kept);
        self.items.push(rest(&left));
        self
    }
}

/// The item that stands for these.
fn rest(items: &[ChecklistItem]) -> ChecklistItem {
    let range = match (items.first(), items.last()) {
        (Some(first), Some(last)) => format!(", from {} to {}", first.id, last.id),
        _ => String::new(),
    };
    let text =
        format!("{} more than fit here{range}: go through each of them where it is listed", items.len());
    ChecklistItem { id: ItemId::rest(), text }
}

fn names<'a>(ids: impl Iterator<Item = &'a ItemId>) -> String {
    let all: Vec<&str> = ids.map(ItemId::as_str).collect();
    match all.as_slice() {
        [] => "a gate with items".to_owned(),
        few if few.len() <= 12 => few.join(", "),
        many => format!("{} and {} more", many[..12].join(", "), many.len() - 12),
    }
}

fn json_len<T: Serialize>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use super::*;
    use proptest::prelude::*;

    fn question(items: Vec<ChecklistItem>) -> Question {
        let text = String::new;
        Question { title: text(), todo: Vec::new(), why: text(), verified: text(), otherwise: text(), items }
    }

    fn item(id: &str, text: &str) -> ChecklistItem {
        ChecklistItem { id: ItemId::parse(id).unwrap(), text: text.to_owned() }
    }

    fn answers(given: &[(&str, &str)]) -> ItemAnswers {
        given
            .iter()
            .map(|(id, said)| (ItemId::parse(id).unwrap(), ItemAnswer::parse(said).unwrap()))
            .collect()
    }

    #[test]
    fn done_is_taken_only_with_an_answer_to_each_item() {
        let asked = question(vec![item("a", "one"), item("b", "two")]);
        let both = answers(&[("a", "done"), ("b", "given-up: no longer used")]);
        asked.admit(&Choice::ALL, Choice::Done, &both).unwrap();
        asked.admit(&Choice::ALL, Choice::Abandon, &ItemAnswers::new()).unwrap();
        let open = asked.admit(&Choice::ALL, Choice::Done, &answers(&[("a", "done")])).unwrap_err();
        assert_eq!((open.code, open.found.unwrap().as_str()), (Code::ChecklistOpen, "none to 1 of them: b"));
        let unwanted = [
            (Choice::Done, answers(&[("a", "done"), ("b", "done"), ("c", "done")])),
            (Choice::RollBack, both),
            (
                Choice::Done,
                [("a", " ".to_owned()), ("b", "x".to_owned())]
                    .map(|(id, why)| (ItemId::parse(id).unwrap(), ItemAnswer::GivenUp { why }))
                    .into(),
            ),
            (Choice::Done, answers(&[("a", "done"), ("b", &format!("given-up:{}", "x".repeat(MAX_BYTES)))])),
        ];
        for (choice, items) in unwanted {
            assert_eq!(
                asked.admit(&Choice::ALL, choice, &items).unwrap_err().code,
                Code::BadArgument,
                "{choice} {items:?}"
            );
        }
        question(Vec::new()).admit(&Choice::ALL, Choice::Done, &ItemAnswers::new()).unwrap();
    }

    #[test]
    fn what_is_given_up_is_given_up_for_a_reason() {
        for none in ["given-up", "given-up:", "given-up: ", "given-upx", "yes", "Done", ""] {
            assert_eq!(ItemAnswer::parse(none), None, "{none:?}");
        }
        for some in ["given-up:spam is gone", "given-up spam is gone", "given-up: spam is gone "] {
            assert_eq!(ItemAnswer::parse(some), Some(ItemAnswer::GivenUp { why: "spam is gone".to_owned() }));
        }
    }

    #[test]
    fn an_old_question_has_no_checklist_and_writes_none() {
        let old = r#"{"title":"","todo":[],"why":"","verified":"","otherwise":""}"#;
        let read: Question = serde_json::from_str(old).unwrap();
        assert_eq!((read.items.len(), serde_json::to_string(&read).unwrap().as_str()), (0, old));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

        /// However many and however long: the checklist fits, keeps its first items in their order, counts the others
        /// in one more, and can be answered with as long a reason to each as there is room for.
        #[test]
        fn a_checklist_of_any_size_fits_and_loses_count_of_nothing(
            texts in prop::collection::vec((".{0,40}", 0_usize..60), 0..400),
        ) {
            let items: Vec<ChecklistItem> = (0..)
                .zip(&texts)
                .map(|(n, (text, times))| item(&format!("rule-{n}"), &text.repeat(*times)))
                .collect();
            let fitted = question(items.clone()).fitted();
            prop_assert!(json_len(&fitted.items) <= MAX_BYTES && fitted.items.len() <= MAX_ITEMS);
            prop_assert_eq!(&fitted.clone().fitted(), &fitted);
            let kept = fitted.items.iter().take_while(|item| item.id != ItemId::rest()).count();
            for (before, after) in items.iter().zip(&fitted.items[..kept]) {
                prop_assert_eq!(&before.id, &after.id);
                prop_assert!(before.text == after.text || after.text.ends_with('…'));
            }
            if kept < items.len() {
                prop_assert_eq!(fitted.items.len(), kept + 1);
                let count = format!("{} more", items.len() - kept);
                prop_assert!(fitted.items[kept].text.starts_with(&count));
            }
            let all = fitted.items.iter().map(|item| (item.id.clone(), ItemAnswer::Done)).collect();
            prop_assert!(fitted.admit(&Choice::ALL, Choice::Done, &all).is_ok());
        }
    }
}
