//! Packages: checked, run, their version verified. Their removal is in [`uninstall`](super::uninstall).

use super::{Context, Operate, service};
use crate::{
    Permit,
    failure::{Code, Failure},
    host::{
        Answer, InstallRequest, InstalledPackage, InstallerOutcome, PackageKind, PendingRestart,
        PendingWeight, RegistryView, Signature,
    },
    plan::{Evidence, ExpectedPackage, InstallerMode, Observation, Outcome, SecretProperty, Snapshot},
    planted::planted,
    values::{Secret, ServerPath, Version},
};
use async_trait::async_trait;
use std::time::Duration;

const POLL: Duration = Duration::from_secs(5);
/// Windows Installer keeps this key from the begin of an installation to its end; a power cut leaves it. Where it is
/// missing nothing is concluded from that.
const IN_PROGRESS: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Installer\InProgress";

/// The installed package whose name contains one of `names`; the highest version when there are several.
pub(super) async fn installed(
    ctx: &Context<'_>,
    names: &[String],
) -> Answer<Option<(InstalledPackage, Version)>> {
    let mut found: Vec<(InstalledPackage, Version)> = ctx
        .host
        .packages()
        .installed()
        .await?
        .into_iter()
        .filter(|package| is_named(&package.name, names))
        .filter_map(|package| Version::parse(&package.version).ok().map(|version| (package, version)))
        .collect();
    found.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(found.pop())
}

fn is_named(name: &str, names: &[String]) -> bool {
    let name = name.to_lowercase();
    names.iter().any(|wanted| name.contains(&wanted.to_lowercase()))
}

pub(super) fn shown(package: &InstalledPackage) -> Evidence {
    Evidence::new(format!("installed package {}", package.name), format!("version {}", package.version))
}

/// Checks the file against what the plan says of it.
async fn check(ctx: &Context<'_>, package: &ExpectedPackage) -> Answer<Vec<Evidence>> {
    let file = ctx.host.packages().inspect(&package.path).await?;
    if file.digest != package.digest {
        return Err(Failure::new(Code::PackageDigest, "the installer is not the file that was planned")
            .expected(format!("digest {}", package.digest.short()))
            .found(format!("digest {}", file.digest.short()))
            .hint("put the planned file back, or make the plan again"));
    }
    let name = file.product.as_deref().unwrap_or("no product name");
    if !is_named(name, &package.product) {
        return Err(Failure::new(Code::PackageWrongProduct, "the installer is for another product")
            .expected(package.product.join(" or "))
            .found(name));
    }
    let version = file.version.as_deref().unwrap_or("no version");
    if Version::parse(version).ok().is_none_or(|version| version != package.version) {
        return Err(Failure::new(Code::PackageWrongVersion, "the installer is not the planned version")
            .expected(package.version.to_string())
            .found(version));
    }
    if let Some(signer) = &package.signer {
        match &file.signature {
            Signature::Valid(by) if by.to_lowercase().contains(&signer.to_lowercase()) => {}
            other => {
                return Err(Failure::new(Code::PackageSignature, "the installer's signature does not hold")
                    .expected(format!("a valid signature by {signer}"))
                    .found(other.to_string()));
            }
        }
    }
    Ok(vec![Evidence::new(
        package.path.as_str(),
        format!("{name} {version}, digest {}, {}", file.digest.short(), file.signature),
    )])
}

/// Reads the secrets of an installer's properties.
pub(super) async fn properties(
    ctx: &Context<'_>,
    secrets: &[SecretProperty],
) -> Answer<Vec<(String, Secret)>> {
    let mut values = Vec::new();
    for property in secrets {
        values.push((property.name.clone(), ctx.secret(&property.secret).await?));
    }
    Ok(values)
}

/// An installer that outlived our own process is waited for; it is never ended, and never judged half way.
pub(super) async fn settled(ctx: &Context<'_>) -> Answer<()> {
    let mut waited = Duration::ZERO;
    while ctx.host.packages().busy().await? && !planted!(InstallerNotWaitedFor) {
        if waited >= ctx.step.limit() {
            return Err(Failure::new(Code::InstallerBusy, "an installation is still running")
                .expected(format!("its end within {} s", ctx.step.limit_secs))
                .hint("let it end, or end it, then answer retry")
                .ask());
        }
        ctx.host.clock().sleep(POLL).await;
        waited += POLL;
    }
    Ok(())
}

/// Whether a power cut left an installation that Windows Installer resumes or takes back when it runs next.
pub(super) async fn suspended(ctx: &Context<'_>) -> Answer<bool> {
    ctx.host.registry().exists(RegistryView::Wide, IN_PROGRESS).await
}

/// Beside the product's folder, where an installer leaves something for the next boot when files were in use: where
/// Windows Installer sets them aside, Exchange's own folder, what Windows loads. The rest of the list of renames is
/// noise: endpoint protection fills it daily, and installers have their temporary files deleted by it.
const OF_WEIGHT: [&str; 3] = [r"\config.msi\", r"\microsoft\exchange server\", r"\windows\system32\"];
/// How many of them are kept with the intent, and how many bytes of JSON they have at most there: an envelope of the
/// journal has room for four times as much. One that was not kept counts as new: a restart too many costs minutes.
const MOST_LEFT: usize = 64;
const MOST_LEFT_BYTES: usize = 16 * 1024;

/// The lines of the list of renames that an installation leaves.
fn left(pending: &[PendingRestart], folder: Option<&ServerPath>) -> Vec<String> {
    let folder = folder.map(|folder| folder.as_str().to_lowercase());
    let weighs = |line: &str| {
        let line = line.to_lowercase();
        OF_WEIGHT.into_iter().chain(folder.as_deref()).any(|place| line.contains(place))
    };
    let renames = pending.iter().filter(|sign| sign.weight == PendingWeight::Warn);
    renames.flat_map(|sign| sign.detail.lines()).filter(|line| weighs(line)).map(str::to_owned).collect()
}

/// The state before an installer or a removal runs.
pub(super) async fn version_before(ctx: &Context<'_>, product: &[String]) -> Answer<Snapshot> {
    let found = installed(ctx, product).await?;
    let folder = found.as_ref().and_then(|(package, _)| package.location.as_ref());
    let left = kept(left(&ctx.host.power().pending().await?, folder));
    Ok(Snapshot::Version { version: found.map(|(_, version)| version), left })
}

/// As many of the lines as go with an intent.
fn kept(mut left: Vec<String>) -> Vec<String> {
    let mut room = MOST_LEFT_BYTES;
    left.retain(|line| {
        // A backslash is two bytes, a control character six; and there is a comma.
        let bytes = serde_json::to_string(line).map_or(usize::MAX, |json| json.len().saturating_add(1));
        let fits = bytes <= room;
        room -= if fits { bytes } else { 0 };
        fits
    });
    left.truncate(MOST_LEFT);
    left
}

/// Whether there is more now than before: a line that stands twice was left twice.
fn more(now: &[String], before: &[String]) -> bool {
    let times = |lines: &[String], line: &String| lines.iter().filter(|one| *one == line).count();
    now.iter().any(|line| times(now, line) > times(before, line))
}

/// What nobody saw of an installer's end, or overlooked, shows on the server: what it left for the next boot.
pub(super) async fn wants_restart(ctx: &Context<'_>, folder: Option<&ServerPath>) -> Answer<bool> {
    let before: &[String] = match ctx.before() {
        Some(Snapshot::Version { left, .. }) => left,
        _ => &[],
    };
    let pending = ctx.host.power().pending().await?;
    Ok(pending.iter().any(|sign| sign.weight == PendingWeight::Stop) || more(&left(&pending, folder), before))
}

/// How an installer ended that nobody waited for, when the server itself shows no wish for a restart.
pub(super) async fn unseen(ctx: &Context<'_>, log: &ServerPath) -> Answer<InstallerOutcome> {
    if ctx.state.flight.as_ref().is_some_and(|flight| flight.booted) {
        // Whatever it asked for, the server has started since.
        return Ok(InstallerOutcome::Done);
    }
    let logged = ctx.host.packages().logged_exit(log).await?.map(InstallerOutcome::from_exit_code);
    // Where nothing tells, it is taken to have asked: a restart too many costs minutes, one too few leaves a product
    // of which half is loaded.
    Ok(logged.filter(InstallerOutcome::succeeded).unwrap_or(InstallerOutcome::RestartNeeded))
}

/// How an installer ended that a person ran, by what they said of it.
fn told(ctx: &Context<'_>) -> InstallerOutcome {
    match &ctx.state.flight {
        Some(flight) if flight.wants_restart && !flight.booted => InstallerOutcome::RestartNeeded,
        _ => InstallerOutcome::Done,
    }
}

/// Turns an installer's exit into a failure, unless it succeeded.
pub(super) fn accept(outcome: &InstallerOutcome, log: &ServerPath) -> Answer<()> {
    let failure = match outcome {
        InstallerOutcome::Done | InstallerOutcome::RestartNeeded | InstallerOutcome::RestartBegun => return Ok(()),
        InstallerOutcome::Busy => Failure::new(Code::InstallerBusy, "another installation is running")
            .found("exit code 1618")
            .hint("it is tried again after a while")
            .retry(),
        InstallerOutcome::Cancelled => Failure::new(Code::InstallerCancelled, "the installer was cancelled")
            .found("exit code 1602")
            .hint("answer retry to run it again")
            .ask(),
        InstallerOutcome::Failed(code) => Failure::new(Code::InstallerFailed, "the installer failed")
            .expected("exit code 0, 3010 or 1641")
            .found(format!("exit code {code}"))
            .hint(format!("the reason stands in {log}, near \"return value 3\"; for anything unclear contact the vendor's support with the bundle that `mailsec journal export` makes")),
    };
    Err(failure)
}

pub(super) struct CheckPackage<'a> {
    pub(super) package: &'a ExpectedPackage,
}

#[async_trait]
impl Operate for CheckPackage<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        Ok(Outcome::same("the installer is the planned one").shown(check(ctx, self.package).await?))
    }
}

pub(super) struct RunInstaller<'a> {
    pub(super) package: &'a ExpectedPackage,
    pub(super) mode: &'a InstallerMode,
    pub(super) log: &'a ServerPath,
    pub(super) product: &'a [String],
}

impl RunInstaller<'_> {
    async fn in_place(&self, ctx: &Context<'_>, ended: Option<InstallerOutcome>) -> Answer<Outcome> {
        let found = installed(ctx, self.product).await?;
        let Some((package, _)) = found.as_ref().filter(|(_, version)| *version == self.package.version)
        else {
            return Err(Failure::new(Code::VersionMismatch, "the new version is not in place")
                .expected(format!("version {}", self.package.version))
                .found(found.map_or("no such product".to_owned(), |(p, _)| format!("version {}", p.version)))
                .hint("run the installer to its end, then answer done")
                .ask());
        };
        let outcome = match ended {
            Some(outcome) => outcome,
            None if wants_restart(ctx, package.location.as_ref()).await? => InstallerOutcome::RestartNeeded,
            None if matches!(self.mode, InstallerMode::Attended { .. }) => told(ctx),
            None => unseen(ctx, self.log).await?,
        };
        let text = format!("version {} is installed", self.package.version);
        Ok(Outcome::changed(text)
            .shown([shown(package), Evidence::new("installer", format!("{outcome:?}"))])
            .output(Snapshot::Installer { outcome, log: self.log.clone() }))
    }
}

#[async_trait]
impl Operate for RunInstaller<'_> {
    async fn prepare(&self, ctx: &Context<'_>) -> Answer<Option<Snapshot>> {
        if matches!(self.mode, InstallerMode::Attended { .. }) {
            // A person is about to be told to run this file.
            check(ctx, self.package).await?;
        }
        version_before(ctx, self.product).await.map(Some)
    }

    async fn observe(&self, ctx: &Context<'_>) -> Answer<Observation> {
        settled(ctx).await?;
        let found = installed(ctx, self.product).await?;
        let evidence: Vec<Evidence> = match &found {
            Some((package, _)) => vec![shown(package)],
            None => vec![Evidence::new("installed package", "none of this product")],
        };
        let before = match ctx.before() {
            Some(Snapshot::Version { version, .. }) => version.clone(),
            _ => None,
        };
        let now = found.as_ref().map(|(_, version)| version.clone());
        if suspended(ctx).await? {
            // Registered or not: Windows Installer would take it back at the next installation of anything.
            return Ok(Observation::Partial {
                evidence: [
                    evidence,
                    vec![Evidence::new("Windows Installer", "an installation is suspended")],
                ]
                .concat(),
            });
        }
        if planted!(AnyVersionIsNew) && now.is_some() {
            return Ok(Observation::Applied(Outcome::default()));
        }
        if now.as_ref() == Some(&self.package.version) {
            return self.in_place(ctx, None).await.map(Observation::Applied);
        }
        // The old version is registered; its files must be there too, or it was left half way. Where none was, Windows
        // Installer takes back what it did not complete; what a program leaves half way shows nowhere.
        let untouched = match &before {
            Some(_) => agents_whole(ctx).await?,
            None => self.package.kind == PackageKind::Msi,
        };
        Ok(if now == before && untouched {
            Observation::NotApplied { evidence }
        } else {
            Observation::Partial { evidence }
        })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let InstallerMode::Silent { arguments, secrets } = self.mode else {
            return self.in_place(ctx, None).await;
        };
        settled(ctx).await?;
        let now = installed(ctx, self.product).await?.map(|(_, version)| version);
        if now.as_ref() == Some(&self.package.version)
            && !suspended(ctx).await?
            && !planted!(InDoubtRunsAgain)
        {
            // It outlived its time limit, and came to its end while it was waited for.
            return self.in_place(ctx, None).await;
        }
        // Once more, just before it runs: days may lie between the plan and this moment.
        check(ctx, self.package).await?;
        let outcome = ctx
            .host
            .packages()
            .install(
                permit,
                InstallRequest {
                    package: &self.package.path,
                    kind: self.package.kind,
                    arguments,
                    secret_properties: &properties(ctx, secrets).await?,
                    log: self.log,
                    limit: ctx.step.limit(),
                },
            )
            .await?;
        accept(&outcome, self.log)?;
        let outcome = if planted!(RestartWishIgnored) { InstallerOutcome::Done } else { outcome };
        self.in_place(ctx, Some(outcome)).await
    }

    async fn undo(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        former_version(ctx, permit, self.product).await
    }
}

/// On the way back: an installer or a removal that failed must have left the former version whole.
pub(super) async fn former_version(
    ctx: &Context<'_>,
    permit: &Permit,
    product: &[String],
) -> Answer<Outcome> {
    let before = match ctx.before() {
        Some(Snapshot::Version { version, .. }) => version.clone(),
        _ => None,
    };
    settled(ctx).await?;
    let found = installed(ctx, product).await?.map(|(_, version)| version);
    if found == before && !suspended(ctx).await? && agents_whole(ctx).await? {
        // What failed may have left them stopped.
        let started = service::start_those_that_ran(ctx, permit).await?;
        return Ok(Outcome::same("the former version is in place").shown(started));
    }
    let text = |version: &Option<Version>| version.as_ref().map_or("none".to_owned(), Version::to_string);
    Err(Failure::new(Code::VersionMismatch, "the former version cannot be brought back by the program")
        .expected(format!("version {}", text(&before)))
        .found(format!("version {}, or missing files", text(&found)))
        .hint("install the former version by hand, or answer abandon and contact the vendor's support")
        .ask())
}

/// Whether every file that the product's registered or recorded agents need is there.
pub(super) async fn agents_whole(ctx: &Context<'_>) -> Answer<bool> {
    let steps = ctx.state.plan_steps();
    let recorded = steps.iter().find_map(|step| match ctx.state.output(&step.id) {
        Some(Snapshot::Agents { agents, .. }) => Some(agents),
        _ => None,
    });
    for agent in recorded.into_iter().flatten() {
        if ctx.host.files().stat(&agent.assembly).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) struct VerifyVersion<'a> {
    pub(super) product: &'a [String],
    pub(super) version: &'a Version,
}

#[async_trait]
impl Operate for VerifyVersion<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        match installed(ctx, self.product).await? {
            Some((package, version)) if version == *self.version => {
                Ok(Outcome::same(format!("{} {} is installed", package.name, package.version))
                    .shown([shown(&package)]))
            }
            other => Err(Failure::new(Code::VersionMismatch, "the installed version is not the planned one")
                .expected(self.version.to_string())
                .found(other.map_or("no such product".to_owned(), |(package, _)| package.version))
                .ask()),
        }
    }
}
