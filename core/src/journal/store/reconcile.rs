//! One upgrade's copies, compared and mended.
//!
//! Every line proves itself and names the one before, so each envelope is taken from whichever copy has it; the
//! longer valid chain wins, and both copies are made equal to it. What must be there is the most that any source
//! promises: the list of upgrades, the mirror's tip, good lines behind damage, and damage at the end that no
//! cut-off write explains. A chain that is shorter is an error, and then nothing is changed but the list, which learns
//! how much there must have been: what showed it may not show it twice.

use super::{
    disk::replace,
    disk_journal::DiskJournal,
    known::Record,
    repair::{Repair, unwritable},
    sled_copy::Fetched,
    witness::{self, Scan, Tail, Writer},
};
use crate::{
    failure::Failure,
    journal::{Damage, Line, Tip, chain::merge},
    values::UpgradeId,
};

/// What a comparison came to.
pub(super) enum Verdict {
    /// This chain is the upgrade.
    Whole(Vec<Line>),
    /// It never began: its first append was not acknowledged.
    NeverBegan,
    /// It cannot be mended.
    Damaged(Damage, Vec<Line>),
}

impl DiskJournal {
    /// Compares an upgrade's copies and mends them. Its lines, unless it is damaged or never began.
    pub(super) fn reconcile(&mut self, upgrade: UpgradeId) -> Result<Option<Vec<Line>>, Failure> {
        let scan = witness::load(&self.dir, upgrade)
            .map_err(|error| unwritable("a witness cannot be read", &self.dir, error))?;
        let record = self.known.get(upgrade);

        // Within one boot the list is exact: a witness that reaches it is whole, and what stands behind was never
        // acknowledged, whatever it looks like: but for good lines behind damage, which no crash leaves.
        let covered = scan.beyond.is_empty()
            && record.map_or(self.complete, |record| !record.is_floor() && record.is_in(&scan.lines));
        let disputed = self.mirror.dispute(upgrade).is_some();
        let (verdict, fetched) = if self.exact && covered && !disputed {
            let verdict = match scan.lines.is_empty() {
                true => Verdict::NeverBegan,
                false => Verdict::Whole(scan.lines.clone()),
            };
            (verdict, None)
        } else {
            let fetched = self.mirror.fetch(upgrade);
            let verdict = judge(upgrade, &scan, record, &fetched, self.complete);
            (verdict, Some(fetched.unwrap_or_default()))
        };
        match verdict {
            Verdict::Whole(lines) => {
                self.make_equal(upgrade, &scan, record, fetched.as_ref(), &lines, None)?;
                Ok(Some(lines))
            }
            Verdict::NeverBegan => {
                self.remove_unbegun(upgrade, &scan)?;
                Ok(None)
            }
            Verdict::Damaged(damage, lines) if self.cut_damage => {
                self.make_equal(upgrade, &scan, record, fetched.as_ref(), &lines, Some(&damage))?;
                Ok(Some(lines))
            }
            Verdict::Damaged(damage, lines) => {
                self.promise(upgrade, record, &damage, &lines)?;
                self.mirror.leave(upgrade);
                self.damaged.insert(upgrade, damage);
                Ok(None)
            }
        }
    }

    /// Has the list say how much there must have been, so that every later opening comes to the same end.
    fn promise(
        &mut self,
        upgrade: UpgradeId,
        record: Option<Record>,
        damage: &Damage,
        lines: &[Line],
    ) -> Result<(), Failure> {
        // A record that names another envelope says more than a number would.
        let contradicts =
            record.is_some_and(|record| record.tip.count <= lines.len() as u64 && !record.is_in(lines));
        if contradicts || record.is_some_and(|record| record.tip.count >= damage.promised) {
            return Ok(());
        }
        self.known.set(upgrade, Record::at_least(damage.promised))
    }

    /// Makes witness, list and mirror equal to these lines.
    pub(super) fn make_equal(
        &mut self,
        upgrade: UpgradeId,
        scan: &Scan,
        record: Option<Record>,
        fetched: Option<&Fetched>,
        lines: &[Line],
        cut: Option<&Damage>,
    ) -> Result<(), Failure> {
        self.entries.get_mut().remove(&upgrade);
        let mut text = Vec::new();
        for line in lines {
            line.write_to(&mut text);
        }
        let fresh = Record { tip: Tip::of(lines), bytes: text.len() as u64 };
        let is_whole = scan.tail == Tail::Clean && scan.lines.len() == lines.len() && scan.exists;
        // The good beginning is all of it, and only something that nobody was told of hangs behind.
        let only_tail = scan.lines.len() == lines.len() && cut.is_none() && scan.exists;
        if is_whole {
            // Lines that a kill left in the kernel may be on their way only.
            if record != Some(fresh) {
                self.flush_witness(upgrade, fresh.bytes)?;
            }
        } else if only_tail {
            self.cut_tail(upgrade, scan, &text)?;
        } else {
            self.rewrite_witness(upgrade, scan, &text, lines, cut)?;
        }
        if record != Some(fresh) {
            if lines.is_empty() {
                self.known.remove(upgrade)?;
            } else {
                self.known.set(upgrade, fresh)?;
            }
        }
        self.mirror.reach(upgrade, fresh.tip);
        match fetched {
            Some(fetched) if fetched.is(lines) => {}
            Some(fetched) => {
                if cut.is_none() {
                    let from = fetched.lines.len();
                    self.repairs.push(match fetched.is(lines.get(..from).unwrap_or_default()) {
                        true => Repair::MirrorExtended { upgrade, from: from as u64, to: fresh.tip.count },
                        false => Repair::MirrorRewritten { upgrade, envelopes: fresh.tip.count },
                    });
                }
                self.mirror.replace(upgrade, lines.to_vec());
            }
            None if record != Some(fresh) => {
                let from = record.map_or(0, |record| record.tip.count);
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                self.mirror.append(upgrade, lines.get(from..).unwrap_or_default().to_vec());
            }
            None => {}
        }
        self.mirror.resolved(upgrade);
        self.damaged.remove(&upgrade);
        Ok(())
    }

    fn flush_witness(&self, upgrade: UpgradeId, bytes: u64) -> Result<(), Failure> {
        let path = witness::path(&self.dir, upgrade);
        Writer::open(&self.dir, upgrade, bytes)
            .and_then(|mut writer| writer.flush(&*self.disk))
            .and_then(|()| super::disk::sync_parent(&*self.disk, &path))
            .map_err(|error| unwritable("a witness cannot be flushed", &path, error))
    }

    /// Cuts off what was never acknowledged, and keeps it aside.
    fn cut_tail(&mut self, upgrade: UpgradeId, scan: &Scan, text: &[u8]) -> Result<(), Failure> {
        let path = witness::path(&self.dir, upgrade);
        let failed = |error| unwritable("a witness cannot be mended", &path, error);
        let all = std::fs::read(&path).map_err(failed)?;
        let good = usize::try_from(scan.good_bytes).unwrap_or(usize::MAX);
        let tail = all.get(good..).unwrap_or_default();
        if tail.is_empty() {
            // The last line lacked only its line feed.
            replace(&*self.disk, &path, text)?;
            return Ok(());
        }
        let moved_to = self.quarantine.keep("tail", tail)?;
        replace(&*self.disk, &path, text)?;
        self.repairs.push(Repair::TornTail {
            upgrade,
            envelopes: scan.lines.len() as u64,
            bytes: tail.len() as u64,
            moved_to,
        });
        Ok(())
    }

    fn rewrite_witness(
        &mut self,
        upgrade: UpgradeId,
        scan: &Scan,
        text: &[u8],
        lines: &[Line],
        cut: Option<&Damage>,
    ) -> Result<(), Failure> {
        let path = witness::path(&self.dir, upgrade);
        let moved_to = match scan.exists {
            true => {
                let old = std::fs::read(&path)
                    .map_err(|error| unwritable("a witness cannot be mended", &path, error))?;
                Some(self.quarantine.keep("witness", &old)?)
            }
            false => None,
        };
        if lines.is_empty() {
            if scan.exists {
                std::fs::remove_file(&path)
                    .map_err(|error| unwritable("a witness cannot be moved aside", &path, error))?;
            }
        } else {
            replace(&*self.disk, &path, text)?;
        }
        let envelopes = lines.len() as u64;
        self.repairs.push(match cut {
            Some(damage) => Repair::CutByOrder { upgrade, envelopes, promised: damage.promised, moved_to },
            None => Repair::WitnessRewritten { upgrade, had: scan.lines.len() as u64, envelopes, moved_to },
        });
        Ok(())
    }

    /// Moves a witness aside whose first append never was acknowledged.
    fn remove_unbegun(&mut self, upgrade: UpgradeId, scan: &Scan) -> Result<(), Failure> {
        self.entries.get_mut().remove(&upgrade);
        if !scan.exists {
            return Ok(());
        }
        let path = witness::path(&self.dir, upgrade);
        let moved_to = self.quarantine.take("tail", &[path])?;
        self.repairs.push(Repair::TornTail { upgrade, envelopes: 0, bytes: scan.bytes, moved_to });
        Ok(())
    }
}

/// Decides from all copies. Pure.
pub(super) fn judge(
    upgrade: UpgradeId,
    scan: &Scan,
    record: Option<Record>,
    fetched: &Result<Fetched, Failure>,
    list_complete: bool,
) -> Verdict {
    let nothing = Fetched::default();
    let mirror = fetched.as_ref().unwrap_or(&nothing);
    let merged = merge(upgrade, &[&scan.by_seq(), &mirror.lines]);
    let known = record.map_or(0, |record| record.tip.count);
    let mut promised = known.max(mirror.promised()).max(scan.promised());
    if merged.fork {
        promised = promised.max(merged.lines.len() as u64 + 1);
        let why = "its copies have different envelopes at the same place";
        return Verdict::Damaged(Damage::after(upgrade, &merged.lines, promised, why), merged.lines);
    }
    if record.is_none() && mirror.promised() == 0 && scan.beyond.is_empty() {
        // In a complete list an upgrade that is not there was never acknowledged, however its witness ends; without
        // the list, only a write that was visibly cut off proves as much. Good lines behind damage are no end.
        if merged.lines.is_empty() && (list_complete || scan.promised() == 0) {
            return Verdict::NeverBegan;
        }
        if list_complete {
            return Verdict::Whole(merged.lines);
        }
    }
    let agrees = record.is_none_or(|record| record.is_in(&merged.lines));
    if agrees && merged.lines.len() as u64 >= promised {
        return Verdict::Whole(merged.lines);
    }
    let mut why = if merged.lines.len() as u64 >= promised {
        "the list of upgrades names another envelope at that place".to_owned()
    } else {
        "envelopes are missing or changed in every copy".to_owned()
    };
    if let Err(failure) = fetched {
        why = format!("{why}; the second copy cannot be read ({failure})");
    }
    Verdict::Damaged(Damage::after(upgrade, &merged.lines, promised, why), merged.lines)
}
