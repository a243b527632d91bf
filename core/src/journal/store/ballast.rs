//! A reserve of space, given up when the disk is full so that what ends can still be written.

use super::disk::{Disk, private_file};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The reserve: a file of incompressible bytes.
#[derive(Debug)]
pub(super) struct Ballast {
    path: PathBuf,
    bytes: u64,
    there: bool,
}

impl Ballast {
    /// Looks for the reserve and makes it when it is missing.
    pub(super) fn prepare(disk: &dyn Disk, dir: &Path, bytes: u64) -> (Self, io::Result<()>) {
        let path = dir.join("ballast");
        let there = fs::metadata(&path).is_ok_and(|found| found.len() >= bytes);
        let mut ballast = Self { path, bytes, there };
        let made = ballast.restore(disk);
        (ballast, made)
    }

    /// Whether the reserve is whole.
    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    /// Makes the reserve again when it is missing.
    pub(super) fn restore(&mut self, disk: &dyn Disk) -> io::Result<()> {
        if self.there {
            return Ok(());
        }
        let made = private_file().create(true).truncate(true).open(&self.path).and_then(|mut file| {
            // Numbers that do not repeat: a volume that compresses must still keep the whole of it.
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            let mut left = self.bytes;
            while left > 0 {
                let take = left.min(64 * 1024);
                let mut block = Vec::with_capacity(64 * 1024);
                while (block.len() as u64) < take {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    block.extend_from_slice(&state.to_le_bytes());
                }
                block.truncate(usize::try_from(take).unwrap_or(0));
                disk.write(&self.path, &mut file, &block)?;
                left -= take;
            }
            disk.sync(&self.path, &file)
        });
        if made.is_err() {
            // Half a reserve takes the room that the journal needs now.
            self.release();
        }
        self.there = made.is_ok();
        made
    }

    /// Gives the space back; says whether there was any.
    pub(super) fn release(&mut self) -> bool {
        self.there = false;
        fs::remove_file(&self.path).is_ok()
    }
}
