//! Files: those that were seen, at their size, and those that must be there.

use super::Building;
use crate::world::content::{Content, Pretended};
use mailsec_core::{
    host::FileKind,
    product::{Fact, FactQuery},
    values::{ServerPath, Timestamp},
};

/// Files that stand for all of a folder. More would only take longer: each is copied alike.
const MOST_FILES: u64 = 6;

/// Space on a volume that was not asked about.
const USUAL_FREE: u64 = 64 << 30;

impl Building<'_> {
    pub(super) fn files(&mut self) {
        for agent in self.world.agents().unwrap_or_default() {
            self.needed(&agent.assembly, &format!("assembly of {}", agent.id.name));
        }
        for image in
            self.world.services.values().filter_map(|service| service.image.clone()).collect::<Vec<_>>()
        {
            self.needed(&image, "program of a service");
        }
        for (query, fact) in self.facts.iter() {
            match (query, fact) {
                (FactQuery::Tree(folder), Fact::Tree(files, bytes)) => self.tree(folder, *files, *bytes),
                (FactQuery::Tree(folder), Fact::Unknown(_)) => {
                    self.assume(format!("{folder}, which could not be read, has one small file"));
                    self.tree(folder, 1, 1_000);
                }
                (FactQuery::Programs(_), Fact::Programs(programs)) => {
                    for program in programs {
                        self.needed(&program.image, "program");
                        if !program.is_service {
                            self.world.run_program(&program.image);
                        }
                    }
                }
                (FactQuery::File(path), Fact::File(Some(stat))) if stat.kind == FileKind::File => {
                    self.sized(path, stat.size, stat.modified);
                }
                _ => {}
            }
        }
        // What was looked for and not there.
        for (query, fact) in self.facts.iter() {
            if let (FactQuery::File(path), Fact::File(None)) = (query, fact) {
                _ = self.world.disk.remove(path);
            }
        }
        if self.is_eset() {
            self.eset();
        }
        self.load_agents();
        self.assume("what the product's files hold is made up; their sizes are those that were seen");
    }

    /// A file that must be there, unless it is.
    fn needed(&mut self, path: &ServerPath, what: &str) {
        if !self.world.disk.has_file(path) {
            self.world.disk.put(path, format!("{what} before the upgrade"), self.world.now);
        }
    }

    /// A file that was seen.
    fn sized(&mut self, path: &ServerPath, size: u64, modified: Timestamp) {
        let bytes = match self.world.disk.read(path) {
            Ok(content) => content.bytes().to_vec(),
            Err(_) => b"before the upgrade".to_vec(),
        };
        let content = Content::pretending(bytes, Pretended { size, digest: None });
        self.world.disk.put(path, content, modified.min(self.world.now));
    }

    fn tree(&mut self, folder: &ServerPath, files: u64, bytes: u64) {
        let count = files.clamp(1, MOST_FILES);
        if files > count {
            self.assume(format!(
                "the {files} files of {folder} are rehearsed as {count} of the same size in all"
            ));
        }
        for number in 0..count {
            let size = bytes / count + if number == 0 { bytes % count } else { 0 };
            let path = folder.join(&format!("rehearsed-{}.dat", number + 1));
            let content = Content::pretending(format!("settings {number}"), Pretended { size, digest: None });
            self.world.disk.put(&path, content, self.world.now);
        }
    }

    /// Last, when all else is on the disk: so much is left on each volume as was seen.
    pub(super) fn free_space(&mut self) {
        let seen: Vec<(ServerPath, u64)> = self
            .facts
            .iter()
            .filter_map(|(query, fact)| match (query, fact) {
                (FactQuery::FreeSpace(path), Fact::FreeSpace(free)) => Some((path.clone(), *free)),
                _ => None,
            })
            .collect();
        let drives: Vec<String> = self
            .world
            .disk
            .files
            .keys()
            .map(|key| &**key)
            .chain(self.plan_paths())
            .filter_map(drive)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        let mut unknown = Vec::new();
        for letter in drives {
            let free = seen.iter().find(|(path, _)| drive(path.as_str()).as_ref() == Some(&letter));
            let path = ServerPath::new(format!(r"{letter}:\"));
            self.world.disk.capacity.insert(letter.clone(), u64::MAX);
            let used = u64::MAX - self.world.disk.free(&path).unwrap_or(0);
            let free = free.map(|(_, free)| *free).unwrap_or_else(|| {
                unknown.push(format!("{}:", letter.to_ascii_uppercase()));
                USUAL_FREE
            });
            self.world.disk.capacity.insert(letter, used.saturating_add(free));
        }
        if !unknown.is_empty() {
            self.assume(format!("there is room on {}", unknown.join(", ")));
        }
    }

    /// Paths that the plan writes to may lie on volumes of their own.
    fn plan_paths(&self) -> impl Iterator<Item = &str> {
        use mailsec_core::plan::Operation;
        self.plan.steps.iter().flat_map(|step| match &step.operation {
            Operation::BackUpTree { target, .. } => vec![target.as_str()],
            Operation::RunInstaller { log, .. } | Operation::Uninstall { log, .. } => vec![log.as_str()],
            Operation::CollectExport { file, .. } => vec![file.as_str()],
            Operation::Vendor { arguments, .. } => arguments.values().map(String::as_str).collect(),
            _ => Vec::new(),
        })
    }
}

/// The letter of a path's drive, where it has one.
fn drive(path: &str) -> Option<String> {
    let mut chars = path.chars();
    let letter = chars.next().filter(char::is_ascii_alphabetic)?;
    (chars.next() == Some(':') && chars.next() == Some('\\')).then(|| letter.to_ascii_lowercase().to_string())
}
