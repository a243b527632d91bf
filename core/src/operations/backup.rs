//! A copy of a tree that can be proven: a manifest of path, size and digest, written last.

use super::{Context, Operate};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{Answer, TreeEntry},
    plan::{Evidence, Observation, Outcome, Snapshot},
    values::{Digest, ServerPath},
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Free space that must remain beyond the copy: the drive may carry Exchange's queue as well.
const SPARE_BYTES: u64 = 64 << 20;
/// A manifest larger than this is not one of ours.
const MANIFEST_LIMIT: u64 = 64 << 20;

/// The manifest, as it lies beside the copy.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    source: ServerPath,
    files: Vec<TreeEntry>,
}

pub(super) struct BackUpTree<'a> {
    pub(super) source: &'a ServerPath,
    pub(super) target: &'a ServerPath,
}

impl BackUpTree<'_> {
    fn copy_root(&self) -> ServerPath {
        self.target.join("files")
    }

    fn manifest_path(&self) -> ServerPath {
        self.target.join("manifest.json")
    }

    async fn manifest(&self, ctx: &Context<'_>) -> Answer<Option<(Manifest, Digest)>> {
        if ctx.host.files().stat(&self.manifest_path()).await?.is_none() {
            return Ok(None);
        }
        let bytes = ctx.host.files().read(&self.manifest_path(), MANIFEST_LIMIT).await?;
        Ok(serde_json::from_slice(&bytes).ok().map(|manifest| (manifest, Digest::of(&bytes))))
    }

    async fn copied(&self, ctx: &Context<'_>) -> Answer<Vec<TreeEntry>> {
        match ctx.host.files().stat(&self.copy_root()).await? {
            Some(_) => ctx.host.files().tree(&self.copy_root()).await,
            None => Ok(Vec::new()),
        }
    }

    fn outcome(&self, manifest: &Manifest, digest: Digest) -> Outcome {
        let bytes = manifest.files.iter().map(|file| file.size).sum();
        let files = u64::try_from(manifest.files.len()).unwrap_or(u64::MAX);
        Outcome::changed(format!("{files} files, {bytes} bytes, in {}", self.target))
            .shown([Evidence::new(
                self.manifest_path().as_str(),
                format!("digest {}, every file read back", digest.short()),
            )])
            .output(Snapshot::Backup {
                target: self.target.clone(),
                manifest: self.manifest_path(),
                files,
                bytes,
                digest,
            })
    }
}

#[async_trait]
impl Operate for BackUpTree<'_> {
    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        let copied = self.copied(ctx).await?;
        Ok(match self.manifest(ctx).await? {
            Some((manifest, digest)) if manifest.files == copied => {
                Observation::Applied(self.outcome(&manifest, digest))
            }
            None if copied.is_empty() => Observation::NotApplied { evidence: Vec::new() },
            _ => Observation::Partial {
                evidence: vec![Evidence::new(
                    self.target.as_str(),
                    format!("{} files, not all", copied.len()),
                )],
            },
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        if self.target.is_under(self.source) {
            return Err(Failure::new(Code::BadArgument, "the backup lies in the folder that it copies")
                .found(self.target.as_str())
                .hint("choose a folder outside the product's"));
        }
        let files = ctx.host.files().tree(self.source).await?;
        let copied = self.copied(ctx).await?;
        let missing: Vec<&TreeEntry> = files.iter().filter(|file| !copied.contains(file)).collect();
        let bytes: u64 = missing.iter().map(|file| file.size).sum();
        let free = ctx.host.files().free_space(self.target).await?;
        if free < bytes.saturating_add(SPARE_BYTES) {
            return Err(Failure::new(Code::DiskFull, "there is not enough free space for the backup")
                .expected(format!("{} bytes free", bytes.saturating_add(SPARE_BYTES)))
                .found(format!("{free} bytes free on the volume of {}", self.target))
                .hint("free some space, or plan again with another --backup-to"));
        }
        for stray in copied.iter().filter(|file| !files.iter().any(|wanted| wanted.path == file.path)) {
            ctx.host.files().remove(permit, &self.copy_root().join(&stray.path)).await?;
        }
        for file in missing {
            let to = self.copy_root().join(&file.path);
            ctx.host.files().copy(permit, &self.source.join(&file.path), &to).await?;
        }
        let copied = self.copied(ctx).await?;
        if copied != files {
            return Err(Failure::new(Code::BackupDiffers, "the copy differs from the original")
                .expected(format!("{} files", files.len()))
                .found(format!("{} files, or another content", copied.len()))
                .hint("the settings may be changing while they are copied; it is tried again")
                .retry());
        }
        let manifest = Manifest { source: self.source.clone(), files };
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| {
            Failure::new(Code::FileUnwritable, "the manifest cannot be made").cause(error)
        })?;
        ctx.host.files().write(permit, &self.manifest_path(), &text).await?;
        Ok(self.outcome(&manifest, Digest::of(&text)))
    }
}
