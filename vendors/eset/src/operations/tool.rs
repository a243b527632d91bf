//! Exported files: made by `ecmd.exe`, read, proven.

use super::fit::signed;
use crate::{
    names,
    settings::{Header, header},
};
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::{Answer, FileKind, ToolExit, ToolRun},
    operations::{Context, is_before},
    plan::{Evidence, KeptFile, Snapshot},
    values::{Digest, ServerPath, StepId, Version},
};
use std::time::Duration;

/// More than any export that this program reads whole.
const MOST_BYTES: u64 = 512 << 20;
/// The tool answers within seconds; a server under load may need longer.
const TOOL: Duration = Duration::from_secs(180);

/// Runs `ecmd.exe` with one command and one file. Its exit codes are documented nowhere; 0 is taken for success, and
/// what it did is proven otherwise.
pub(super) async fn ecmd(
    ctx: &Context<'_>,
    permit: &Permit,
    folder: &ServerPath,
    command: &str,
    file: &ServerPath,
) -> Answer<ToolExit> {
    let tool = ToolRun {
        program: folder.join(names::TOOL),
        arguments: vec![command.to_owned(), file.as_str().to_owned()],
        limit: TOOL,
    };
    ctx.host.processes().run(permit, &tool).await
}

/// Makes the folder of a file, for administrators only: exports hold more than others should read.
pub(super) async fn closed_folder(ctx: &Context<'_>, permit: &Permit, file: &ServerPath) -> Answer<()> {
    let Some((about, note)) = about(file) else { return Ok(()) };
    ctx.host.files().write(permit, &about, note.as_bytes()).await
}

/// Whether that was done.
pub(super) async fn has_closed_folder(ctx: &Context<'_>, file: &ServerPath) -> Answer<bool> {
    let Some((about, note)) = about(file) else { return Ok(true) };
    Ok(ctx.host.files().stat(&about).await?.is_some()
        && ctx.host.files().digest(&about).await? == Digest::of(note.as_bytes()))
}

/// The file that makes the folder, and its content.
fn about(file: &ServerPath) -> Option<(ServerPath, String)> {
    let note = format!("Settings of {}, kept by mailsec.\r\n", names::NAME);
    Some((file.parent()?.join("about.txt"), note))
}

/// Exports the settings. The folder is made first, so that only administrators can read what is in it.
pub(super) async fn export(
    ctx: &Context<'_>,
    permit: &Permit,
    folder: &ServerPath,
    file: &ServerPath,
) -> Answer<()> {
    closed_folder(ctx, permit, file).await?;
    // A file of an earlier try must not be taken for the answer of this one.
    ctx.host.files().remove(permit, file).await?;
    let exit = ecmd(ctx, permit, folder, "/getcfg", file).await?;
    if exit.code == 0 {
        return Ok(());
    }
    Err(Failure::new(Code::SettingsExport, "the settings could not be exported")
        .expected(format!("exit code 0 of {} /getcfg", names::TOOL))
        .found(exit.said())
        .hint("see that the product's service runs, then answer retry")
        .ask())
}

/// A file that is an export, with what it says of itself.
pub(super) struct Exported {
    pub(super) header: Header,
    pub(super) bytes: Vec<u8>,
    pub(super) kept: KeptFile,
}

impl Exported {
    /// As evidence.
    pub(super) fn evidence(&self) -> Evidence {
        let Header { product, version, signature } = &self.header;
        Evidence::new(
            self.kept.path.as_str(),
            format!(
                "{} bytes, digest {}, product {product} {version}, {}",
                self.kept.size,
                self.kept.digest.short(),
                signed(*signature)
            ),
        )
    }
}

/// Reads an export whole; what cannot be one is refused with the place where it shows.
pub(super) async fn read(ctx: &Context<'_>, file: &ServerPath) -> Answer<Exported> {
    let refuse = |found: &str| {
        Failure::new(Code::SettingsExport, "the exported settings are not as they must be")
            .expected(format!("a file {file} that is not empty"))
            .found(found)
            .hint("export them again, to that place")
            .ask()
    };
    match ctx.host.files().stat(file).await? {
        None => return Err(refuse("no file")),
        Some(stat) if stat.kind != FileKind::File => return Err(refuse("a folder")),
        Some(stat) if stat.size == 0 => return Err(refuse("an empty file")),
        Some(_) => {}
    }
    let bytes = ctx.host.files().read(file, MOST_BYTES).await?;
    let header = header(bytes.as_slice()).map_err(Failure::ask)?;
    let kept = KeptFile {
        path: file.clone(),
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        digest: Digest::of(&bytes),
    };
    Ok(Exported { header, bytes, kept })
}

/// An export of this very version: an export of another machine or another time is not one to go on with.
pub(super) async fn proven(ctx: &Context<'_>, file: &ServerPath, version: &Version) -> Answer<Exported> {
    let exported = read(ctx, file).await?;
    let of = &exported.header.version;
    if of.is_a(version) || version.is_a(of) {
        return Ok(exported);
    }
    Err(Failure::new(Code::SettingsExport, "the exported settings are of another version of the product")
        .expected(version.to_string())
        .found(of.to_string())
        .hint("export them on this server, from the product as it is")
        .ask())
}

/// What is there of an export that a crash interrupted.
pub(super) enum LeftNow {
    /// No file.
    Nothing,
    /// A file that the tool may be writing still, or that an earlier try left.
    Begun(Vec<Evidence>),
    /// A whole export of this version, made since the step began.
    Whole(Exported),
}

/// Looks for the export of the step in flight. A whole one needs no other; whatever else lies there is exported anew,
/// which costs nothing.
pub(super) async fn left_now(ctx: &Context<'_>, file: &ServerPath, version: &Version) -> Answer<LeftNow> {
    let Some(stat) = ctx.host.files().stat(file).await? else { return Ok(LeftNow::Nothing) };
    let begun = |why: String| Ok(LeftNow::Begun(vec![Evidence::new(file.as_str(), why)]));
    let exported = match proven(ctx, file, version).await {
        Ok(exported) => exported,
        Err(failure) if is_of_content(failure.code) => return begun(failure.to_string()),
        Err(failure) => return Err(failure),
    };
    match ctx.state.flight.as_ref() {
        Some(flight) if !is_before(stat.modified, flight.since) => Ok(LeftNow::Whole(exported)),
        _ => begun(format!("of {}, before the step began", stat.modified)),
    }
}

/// Whether a failure says what is in a file, and not that it could not be read.
fn is_of_content(code: Code) -> bool {
    matches!(
        code,
        Code::SettingsExport
            | Code::SettingsMalformed
            | Code::SettingsForeign
            | Code::SettingsTruncated
            | Code::SettingsTooLarge
    )
}

/// A file that an earlier step left, exactly as it was left.
pub(super) async fn left_by(ctx: &Context<'_>, step: &StepId, what: &str) -> Answer<Exported> {
    let Snapshot::Vendor { files, .. } = ctx.output(step)? else {
        return Err(Failure::new(Code::PlanLint, format!("the step {step} left no files")));
    };
    let Some(kept) = files.get(what) else {
        return Err(Failure::new(Code::PlanLint, format!("the step {step} left no {what}")));
    };
    let exported = read(ctx, &kept.path).await?;
    if exported.kept.digest == kept.digest {
        return Ok(exported);
    }
    Err(Failure::new(Code::BackupDiffers, "a file that an earlier step left was changed")
        .expected(format!("{} with digest {}", kept.path, kept.digest.short()))
        .found(format!("digest {}", exported.kept.digest.short()))
        .hint("put the file back as it was, then answer retry")
        .ask())
}
