//! What has to be looked at again after both exports were walked: at its offset, in the order of the file.

use super::{
    compare::Walk,
    comparison::Difference,
    content,
    found::{Found, Kind},
    path::Path,
    pending::Side,
    reader::{Reader, Step},
    source::Place,
    sum::sum,
    trouble,
};
use mailsec_core::Failure;
use std::{
    io::{BufRead, Seek},
    rc::Rc,
};

/// One thing to look at.
#[derive(Debug)]
pub(super) enum Task {
    /// Called alike, but not at the same place, and different: where it begins in each.
    Pair { parent: Rc<Path>, before: u64, after: u64 },
    /// Only on one side.
    Alone { parent: Rc<Path>, side: Side, at: u64 },
}

impl Task {
    fn at(&self) -> u64 {
        match self {
            Self::Pair { before, .. } => *before,
            Self::Alone { at, .. } => *at,
        }
    }
}

/// Where the exports began in what was given.
#[derive(Debug)]
pub(super) struct Later {
    begin: [u64; 2],
}

impl Later {
    pub(super) fn new(before: &mut impl Seek, after: &mut impl Seek) -> Result<Self, Failure> {
        Ok(Self { begin: [position(before)?, position(after)?] })
    }

    /// Does the tasks, and those that come of them.
    pub(super) fn run<B, A>(
        &mut self,
        before: &mut B,
        after: &mut A,
        mut tasks: Vec<Task>,
        found: &mut Found<'_>,
    ) -> Result<(), Failure>
    where
        B: BufRead + Seek,
        A: BufRead + Seek,
    {
        while !tasks.is_empty() {
            // Forward through the files: a buffered reader then has most of it already.
            tasks.sort_by_key(Task::at);
            let mut next = Vec::new();
            for task in tasks {
                let again = match task {
                    Task::Pair { parent, before: at, after: and } => {
                        self.pair(before, after, &parent, at, and, found)?
                    }
                    Task::Alone { parent, side: Side::Before, at } => {
                        go(before, self.begin[0] + at)?;
                        alone(Side::Before, before, &parent, at, found).map_err(|_| trouble::changed())?;
                        continue;
                    }
                    Task::Alone { parent, side: Side::After, at } => {
                        go(after, self.begin[1] + at)?;
                        alone(Side::After, after, &parent, at, found).map_err(|_| trouble::changed())?;
                        continue;
                    }
                };
                next.extend(again);
            }
            tasks = next;
        }
        Ok(())
    }

    fn pair<B, A>(
        &self,
        before: &mut B,
        after: &mut A,
        parent: &Path,
        at: u64,
        and: u64,
        found: &mut Found<'_>,
    ) -> Result<Vec<Task>, Failure>
    where
        B: BufRead + Seek,
        A: BufRead + Seek,
    {
        go(before, self.begin[0] + at)?;
        go(after, self.begin[1] + and)?;
        let mut walk = Walk {
            before: Reader::within(before, place(at), parent.depth()),
            after: Reader::within(after, place(and), parent.depth()),
            path: parent.clone(),
            found,
            tasks: Vec::new(),
            headers: [None, None],
        };
        let open = |step: Result<Step, Failure>| step.is_ok_and(|step| step == Step::Open);
        if !open(walk.before.step()) || !open(walk.after.step()) {
            return Err(trouble::changed());
        }
        // Both were read before without a failure.
        walk.pair().map_err(|_| trouble::changed())?;
        Ok(walk.tasks)
    }
}

fn position(source: &mut impl Seek) -> Result<u64, Failure> {
    source.stream_position().map_err(|error| trouble::unreadable(Place::START, error))
}

/// Goes to an offset; what is in a buffer is not read again.
fn go(source: &mut impl Seek, to: u64) -> Result<(), Failure> {
    let from = position(source)?;
    let by = i64::try_from(to).ok().zip(i64::try_from(from).ok()).map(|(to, from)| to - from);
    source.seek_relative(by.unwrap_or_default()).map_err(|error| trouble::unreadable(Place::START, error))
}

/// Lines are not known in the middle of a file, and not needed: what stands here was read without a failure.
fn place(offset: u64) -> Place {
    Place { offset, ..Place::START }
}

/// Takes in something that is only on one side.
fn alone<R: BufRead>(
    side: Side,
    source: &mut R,
    parent: &Path,
    at: u64,
    found: &mut Found<'_>,
) -> Result<(), Failure> {
    let mut reader = Reader::within(source, place(at), parent.depth());
    if reader.step()? != Step::Open {
        return Err(trouble::changed());
    }
    let kind = if side == Side::Before { Kind::Lost } else { Kind::New };
    let mut path = parent.clone();
    let entry = reader.element().is_entry().then(|| reader.element().name().unwrap_or_default().to_owned());
    path.push(reader.element());
    let shown = if entry.is_some() { parent.text() } else { path.text() }.to_owned();
    if !found.has_room(kind) {
        let settings = if entry.is_some() { 1 } else { sum(&mut reader)?.settings };
        found.only_count(kind, &shown, u64::from(settings));
        return Ok(());
    }
    let (content, settings) = content::of_subtree(&mut reader, &mut path)?;
    let (before, after) = if side == Side::Before { (Some(content), None) } else { (None, Some(content)) };
    let settings = if entry.is_some() { 1 } else { settings };
    let difference =
        Difference { id: String::new(), path: shown, entry, before, after, settings, alarm: false };
    found.add(kind, at, difference);
    Ok(())
}
