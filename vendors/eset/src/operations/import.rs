//! Settings imported again. Whether that will be possible is settled before anything is uninstalled.

use super::{
    Arguments, Own,
    fit::signed,
    look::located,
    tool::{Exported, ecmd, left_by, read},
};
use crate::{
    names,
    settings::{Expect, compare},
};
use async_trait::async_trait;
use mailsec_core::{
    Failure, Permit,
    failure::Code,
    host::Answer,
    operations::{Context, Operate},
    plan::{Evidence, Observation, Outcome, Question},
    values::ServerPath,
};
use std::io::Cursor;

/// The file that is to be imported has the settings of the export, whatever was added to sign it.
async fn importable(ctx: &Context<'_>, original: &Exported, file: &ServerPath) -> Answer<Exported> {
    let copy = read(ctx, file).await?;
    let comparison = compare(Cursor::new(&original.bytes), Cursor::new(&copy.bytes), &Expect::default())?;
    if comparison.is_preserved() && comparison.counts.newly_defaulted == 0 {
        return Ok(copy);
    }
    let counts = comparison.counts;
    Err(Failure::new(Code::SettingsExport, "the file to be imported has other settings than the export")
        .expected(format!("those of {}", original.kept.path))
        .found(format!("{} lost, {} changed, {} new", counts.lost, counts.changed, counts.newly_defaulted))
        .hint(format!(
            "copy {} over {file} again, and sign the copy if it has to be signed",
            original.kept.path
        ))
        .ask())
}

/// Before the uninstall: a person knows what the import will need, and has signed the file if it needs that.
pub(super) struct Prepare<'a> {
    pub(super) arguments: Arguments<'a>,
}

#[async_trait]
impl Own for Prepare<'_> {
    async fn question(&self, _ctx: &Context<'_>) -> Answer<Option<Question>> {
        let (file, to) = (self.arguments.path("file")?, self.arguments.version("to")?);
        let mut todo = vec![
            "decide who will be at this server after the installation: a fresh product refuses imports until somebody \
             enables ESET CMD in its window"
                .to_owned(),
            "decide the authorization mode of ESET CMD then: None takes the file as it is".to_owned(),
            format!(
                "for the mode Advanced setup password, sign the file now: run XmlSignTool.exe /version {} \"{file}\" in \
                 a console, and type the password that will protect the new version",
                names::signature_version(&to)
            ),
        ];
        if self.arguments.0.contains_key("unprotected") {
            todo.push(
                "see in Advanced setup, Access setup that no password protects the settings; if one does, answer \
                 roll-back, and plan again with --settings-password"
                    .to_owned(),
            );
        }
        Ok(Some(Question {
            title: "See that the settings can be imported again".to_owned(),
            todo,
            why: format!(
                "The settings go with the uninstall, and how ESET CMD is set can be seen in the product only ({}).",
                names::COMMANDS_PAGE
            ),
            verified: format!(
                "{file} must have the settings of the export; a signature at its end is reported"
            ),
            otherwise: "the upgrade waits; nothing was changed yet".to_owned(),
            items: Vec::new(),
        }))
    }
}

#[async_trait]
impl Operate for Prepare<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        Ok(Observation::NotApplied { evidence: Vec::new() })
    }

    async fn apply(&self, ctx: &Context<'_>, _permit: &Permit) -> Answer<Outcome> {
        let original = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let copy = importable(ctx, &original, &self.arguments.path("file")?).await?;
        let signed = signed(copy.header.signature);
        Ok(Outcome::same(format!("the file to be imported is {signed}")).shown([copy.evidence()]))
    }
}

/// By the product's tool, which the person has enabled.
pub(super) struct Import<'a> {
    pub(super) arguments: Arguments<'a>,
}

impl Own for Import<'_> {}

#[async_trait]
impl Operate for Import<'_> {
    async fn observe(&self, _ctx: &Context<'_>) -> Answer<Observation> {
        // The product keeps no record of it; importing the same file again leads to the same settings.
        Ok(Observation::Partial { evidence: vec![Evidence::new("import", "begun")] })
    }

    async fn apply(&self, ctx: &Context<'_>, permit: &Permit) -> Answer<Outcome> {
        let original = left_by(ctx, &self.arguments.step("export")?, "export").await?;
        let file = self.arguments.path("file")?;
        let copy = importable(ctx, &original, &file).await?;
        let folder = located(ctx, &self.arguments.step("located")?)?;
        let exit = ecmd(ctx, permit, &folder, "/setcfg", &file).await?;
        if exit.code == 0 {
            return Ok(Outcome::changed("the product took the settings; the comparison shows which")
                .shown([copy.evidence()]));
        }
        let version = names::signature_version(&self.arguments.version("to")?);
        let signing = format!("XmlSignTool.exe /version {version} \"{file}\"");
        Err(Failure::new(Code::SettingsImport, "the product refuses to import the settings")
            .expected(format!("exit code 0 of {} /setcfg", names::TOOL))
            .found(format!("{}; the file is {}", exit.said(), signed(copy.header.signature)))
            .hint(format!(
                "enable ESET CMD (Advanced setup, Tools, ESET CMD: Enable advanced ecmd commands); for the mode Advanced \
                 setup password sign the file by {signing}, again if the password has changed; then answer retry"
            ))
            .ask())
    }
}
