//! Two exports compared, in step.
//!
//! Both files are walked at once. As long as the same name stands on both sides, the walk goes into both and nothing
//! is kept. Where the names differ, what stands there is read to its end and only its sum and offset wait for the
//! match; the side whose match came goes on alone until the names agree again. Entries of lists always go by their
//! sums, so their numbers do not matter: what is equal cancels at once, and what waits is only as much as the lists
//! are shifted against each other. So memory grows with the disorder and not with the files.
//!
//! What did not cancel is looked at afterwards, at its offset: `later` does that, in the order of the file.
//!
//! Why not simply two trees, or two sorted lists of paths: both take memory several times the size of the files, and
//! the tree makes an attacker's file expensive before anything is known of it.

use super::{
    comparison::{Comparison, Difference, Expect},
    content,
    element::Element,
    found::{Found, Kind},
    header::Header,
    later::{Later, Task},
    limits,
    path::Path,
    pending::{Pending, Side},
    reader::{Reader, Step},
    sum::{called, sum},
    trouble,
};
use mailsec_core::Failure;
use std::{
    io::{BufRead, Seek},
    rc::Rc,
};

/// Compares an export from before with one from after.
///
/// # Errors
/// As [`header`](super::header), with the words which of the two it is.
pub fn compare<B, A>(mut before: B, mut after: A, expect: &Expect) -> Result<Comparison, Failure>
where
    B: BufRead + Seek,
    A: BufRead + Seek,
{
    let mut found = Found::new(expect);
    let mut later = Later::new(&mut before, &mut after)?;
    let mut walk = Walk {
        before: Reader::new(&mut before),
        after: Reader::new(&mut after),
        path: Path::default(),
        found: &mut found,
        tasks: Vec::new(),
        headers: [None, None],
    };
    let headers = walk.whole()?;
    let tasks = walk.tasks;
    later.run(&mut before, &mut after, tasks, &mut found)?;
    let (counts, [lost, changed, newly_defaulted], reordered) = found.finish();
    let [before, after] = headers;
    Ok(Comparison { before, after, counts, lost, changed, newly_defaulted, reordered })
}

/// A failure, with the export it comes from.
fn of(side: Side) -> impl FnOnce(Failure) -> Failure {
    move |failure| {
        failure.cause(match side {
            Side::Before => "in the export from before",
            Side::After => "in the export from after",
        })
    }
}

/// Both exports at the same element.
pub(super) struct Walk<'f, 'e, B, A> {
    pub(super) before: Reader<B>,
    pub(super) after: Reader<A>,
    pub(super) path: Path,
    pub(super) found: &'f mut Found<'e>,
    /// What has to be looked at again.
    pub(super) tasks: Vec<Task>,
    pub(super) headers: [Option<Header>; 2],
}

impl<B: BufRead, A: BufRead> Walk<'_, '_, B, A> {
    fn whole(&mut self) -> Result<[Header; 2], Failure> {
        self.step(Side::Before)?;
        self.step(Side::After)?;
        self.pair()?;
        let signatures =
            [self.before.finish().map_err(of(Side::Before))?, self.after.finish().map_err(of(Side::After))?];
        let mut headers = [Side::Before, Side::After].into_iter().zip(signatures).map(|(side, signature)| {
            let header =
                self.headers[side as usize].take().ok_or_else(|| of(side)(trouble::without_product()))?;
            Ok(Header { signature, ..header })
        });
        match (headers.next(), headers.next()) {
            (Some(before), Some(after)) => Ok([before?, after?]),
            _ => Err(trouble::changed()),
        }
    }

    fn step(&mut self, side: Side) -> Result<bool, Failure> {
        let (step, product) = match side {
            Side::Before => (self.before.step().map_err(of(side))?, self.before.depth() == 2),
            Side::After => (self.after.step().map_err(of(side))?, self.after.depth() == 2),
        };
        if step == Step::Open && product && self.element(side).tag() == "PRODUCT" {
            let header = match side {
                Side::Before => Header::of(&self.before),
                Side::After => Header::of(&self.after),
            };
            self.headers[side as usize] = Some(header.map_err(of(side))?);
        }
        Ok(step == Step::Open)
    }

    fn element(&self, side: Side) -> &Element {
        match side {
            Side::Before => self.before.element(),
            Side::After => self.after.element(),
        }
    }

    /// Both have just opened elements that are called alike: compares them to their ends.
    pub(super) fn pair(&mut self) -> Result<(), Failure> {
        self.path.push(self.before.element());
        let value = self.own();
        let children = self.children()?;
        match value {
            Some(true) => self.found.counts.preserved += 1,
            // Nothing in it on either side: the section itself is what was preserved.
            None if !children => self.found.counts.preserved += 1,
            _ => {}
        }
        self.path.pop();
        Ok(())
    }

    /// Compares what the two elements are without their insides; whether the value is the same, if there is one.
    fn own(&mut self) -> Option<bool> {
        let (before, after) = (self.before.element(), self.after.element());
        let has_value = before.get("VALUE").is_some() || after.get("VALUE").is_some();
        if before == after {
            return has_value.then_some(true);
        }
        let at = self.before.offset();
        let mut add = |path: String, before, after| {
            let difference =
                Difference { id: String::new(), path, entry: None, before, after, settings: 1, alarm: false };
            self.found.add(Kind::Changed, at, difference);
        };
        let same = before.get("VALUE") == after.get("VALUE") && before.get("TYPE") == after.get("TYPE");
        if !same {
            let shown = |element: &Element| Some(content::of_value(element, &self.path));
            add(self.path.text().to_owned(), shown(before), shown(after));
        }
        // Few, so looking for each is cheap. One that is gone is a change of the element and no lost setting.
        let here = before.marks().map(|(key, _)| key);
        let there = after.marks().map(|(key, _)| key).filter(|key| before.get(key).is_none());
        for key in here.chain(there) {
            let (old, new) = (before.get(key), after.get(key));
            if old != new {
                let shown = |text: Option<&str>| text.map(|text| content::of_mark(key, text, &self.path));
                add(format!("{}@{key}", self.path.text()), shown(old), shown(new));
            }
        }
        if has_value || !same { Some(same) } else { None }
    }

    /// Compares the children of the two elements; whether there were any.
    fn children(&mut self) -> Result<bool, Failure> {
        let mut pending = Pending::default();
        let mut before = self.step(Side::Before)?;
        let mut after = self.step(Side::After)?;
        let any = before || after;
        while before || after {
            let entry =
                (before && self.before.element().is_entry(), after && self.after.element().is_entry());
            // Which of the two to read on.
            let mut next = (before, after);
            if entry.0 || entry.1 {
                next = entry;
                self.entries(entry, &mut pending)?;
            } else if before && after && self.before.element().is_called_like(self.after.element()) {
                self.pair()?;
            } else {
                let waits =
                    |side: Side, here: bool, other| here && pending.waits(other, called(self.element(side)));
                if waits(Side::Before, before, Side::After) {
                    next.1 = false;
                } else if waits(Side::After, after, Side::Before) {
                    next.0 = false;
                }
                if next.0 {
                    self.named(Side::Before, &mut pending)?;
                }
                if next.1 {
                    self.named(Side::After, &mut pending)?;
                }
            }
            if next.0 {
                before = self.step(Side::Before)?;
            }
            if next.1 {
                after = self.step(Side::After)?;
            }
        }
        self.unmatched(&mut pending);
        Ok(any)
    }

    /// Entries of lists, on one side or on both.
    fn entries(&mut self, which: (bool, bool), pending: &mut Pending) -> Result<(), Failure> {
        let mut sums = [None, None];
        if which.0 {
            let at = self.before.offset();
            sums[0] = Some((sum(&mut self.before).map_err(of(Side::Before))?.content, at));
        }
        if which.1 {
            let at = self.after.offset();
            sums[1] = Some((sum(&mut self.after).map_err(of(Side::After))?.content, at));
        }
        for (side, sum) in [Side::Before, Side::After].into_iter().zip(sums) {
            if let Some((content, _)) = sum {
                pending.note(side, content);
            }
        }
        if let [Some(before), Some(after)] = sums
            && before.0 == after.0
        {
            self.found.counts.preserved += 1;
            return Ok(());
        }
        for (side, sum) in [Side::Before, Side::After].into_iter().zip(sums) {
            if let Some((content, at)) = sum
                && pending.entry(side, content, at)
            {
                self.found.counts.preserved += 1;
            }
        }
        Ok(())
    }

    /// Something with a name that does not stand on the other side at the same place.
    fn named(&mut self, side: Side, pending: &mut Pending) -> Result<(), Failure> {
        let name = called(self.element(side));
        let (at, sum) = match side {
            Side::Before => (self.before.offset(), sum(&mut self.before)),
            Side::After => (self.after.offset(), sum(&mut self.after)),
        };
        let sum = sum.map_err(of(side))?;
        if let Some((other_at, other)) = pending.named(side, name, sum, at) {
            if other.content == sum.content {
                self.found.counts.preserved += u64::from(sum.settings);
            } else {
                let (before, after) = if side == Side::Before { (at, other_at) } else { (other_at, at) };
                self.tasks.push(Task::Pair { parent: Rc::new(self.path.clone()), before, after });
            }
        }
        Ok(())
    }

    /// What met no match: it is lost, or new.
    fn unmatched(&mut self, pending: &mut Pending) {
        let parent = Rc::new(self.path.clone());
        let mut reordered = !pending.in_order();
        for (side, kind) in [(Side::Before, Kind::Lost), (Side::After, Kind::New)] {
            let mut room = usize::from(self.found.has_room(kind)) * limits::KEPT;
            for at in pending.take_entries(side) {
                reordered = false;
                // Whoever empties a list of a million entries need not have each of them fetched.
                if room == 0 {
                    self.found.only_count(kind, self.path.text(), 1);
                    continue;
                }
                room -= 1;
                self.tasks.push(Task::Alone { parent: Rc::clone(&parent), side, at });
            }
            for at in pending.take_named(side) {
                self.tasks.push(Task::Alone { parent: Rc::clone(&parent), side, at });
            }
        }
        if reordered {
            self.found.reordered(self.path.text());
        }
    }
}
