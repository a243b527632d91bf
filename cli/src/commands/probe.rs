//! `probe`: does mail flow, and is it scanned? By hand, with the same code as in a plan.

use super::site;
use crate::{
    args::{Common, ProbeArgs},
    exit::Exit,
    output::Reply,
    show,
};
use mailsec_core::{
    Failure,
    failure::Code,
    host::{Host, ProbeVerdict, no_mailbox},
    plan::Evidence,
    proof::{MailPath, Patience, ScanVerdict, deliver, prove},
};
use serde_json::json;

/// Begins the marker of every probe by hand, so that what one leaves behind the next one removes.
const FAMILY: &str = "probe-";

pub(crate) async fn probe(common: &Common, args: &ProbeArgs) -> Result<Reply, Failure> {
    let (site, _) = site(common)?;
    let host = site.server()?;
    let marker = format!("{FAMILY}{}", uuid::Uuid::now_v7());
    let path = MailPath::of(host);
    let has_mailbox = host.pickup().address().is_some();
    if args.eicar {
        if !has_mailbox {
            return Err(no_mailbox());
        }
        let proof = prove(path, FAMILY, &marker, Patience::USUAL).await;
        let code = match proof.verdict {
            ScanVerdict::Scanned => None,
            ScanVerdict::NotScanned => Some(Code::MailUnscanned),
            ScanVerdict::Undetermined => Some(Code::ScanUndetermined),
        };
        let title = format!("Mail: {}", proof.verdict);
        return Ok(reply(&title, &proof.verdict.to_string(), &proof.why, &proof.evidence, code));
    }
    if has_mailbox {
        let delivery = deliver(path, FAMILY, &marker, Patience::USUAL).await;
        let (word, code) = match delivery.delivered {
            true => ("delivered", None),
            false => ("not delivered", Some(Code::MailProbe)),
        };
        return Ok(reply(&format!("Mail: {word}"), word, &delivery.why, &delivery.evidence, code));
    }
    accepted(host, &marker).await
}

/// Without a mailbox, whether the message is taken is all that can be seen.
async fn accepted(host: &dyn Host, marker: &str) -> Result<Reply, Failure> {
    let report = host.mail().probe(marker).await?;
    let (word, code) = match report.verdict {
        ProbeVerdict::Accepted => ("accepted", None),
        ProbeVerdict::Deferred => ("not taken now", Some(Code::MailProbe)),
        ProbeVerdict::Refused => ("REFUSED", Some(Code::MailProbe)),
    };
    let evidence: Vec<Evidence> =
        report.evidence.iter().rev().map(|line| Evidence::new("transport", line)).collect();
    let why = "no mailbox is named in which it could be looked for";
    Ok(reply(&format!("Mail: {word}"), word, why, &evidence, code))
}

fn reply(title: &str, verdict: &str, why: &str, evidence: &[Evidence], code: Option<Code>) -> Reply {
    let text = show::evidence(title, why, code, evidence);
    let json = json!({ "verdict": verdict, "why": why, "evidence": evidence, "error": code });
    let reply = Reply::new(text, json);
    if code.is_some() { reply.exit(Exit::Failed) } else { reply }
}
