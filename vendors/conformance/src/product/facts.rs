//! Facts: gathered without a trace, and everything said of them follows from them alone.

use super::{
    Planned, Said,
    other_facts::{others, reversed},
    say,
};
use crate::{Candidate, Check, Specimen, tally::Tally};
use futures::executor::block_on;
use mailsec_core::{
    Failure,
    failure::Code,
    plan::{Plan, lint},
    product::{Fact, FactQuery, Facts, Finding, MailSecurityProduct, Method},
};
use mailsec_simulator::SimHost;
use std::{collections::BTreeSet, time::Duration};

/// The facts that the product wants of a specimen's server.
pub(crate) fn gather(product: &dyn MailSecurityProduct, specimen: &Specimen) -> Facts {
    let host = SimHost::in_memory(specimen.world.clone()).with_secrets(specimen.secrets.clone());
    block_on(product.gather(&host, &specimen.request)).unwrap_or_default()
}

/// The method that a specimen comes to.
pub(crate) fn method_of(candidate: &Candidate, specimen: &Specimen) -> Option<Method> {
    specimen.request.method.or_else(|| candidate.product.methods().first().map(|row| row.method))
}

/// Every check of facts, for one specimen; the plan that they lead to.
pub(crate) fn facts(candidate: &Candidate, specimen: &Specimen, tally: &mut Tally) -> Option<Planned> {
    let (product, name) = (candidate.product, &specimen.name);
    let facts = gathered(candidate, specimen, tally);
    let said = say(product, &facts, &specimen.request, specimen.world.now);
    let Said::Planned(planned) = &said else {
        tally.check(Check::Undisturbed, Err(format!("{name}: no plan: {}", said.short())));
        return None;
    };
    let looked = Looked { product, specimen, facts: &facts, planned, text: said.text() };
    looked.same_answer(tally);
    for query in queries(product, specimen, &facts) {
        looked.unread(&query, tally);
        looked.odd(&query, tally);
    }
    if let Some(method) = method_of(candidate, specimen) {
        let fits = product.fits(method, &planned.installation, &facts);
        tally.must(Check::Methods, fits.is_ok(), || {
            format!("{name}: it plans {method}, and `fits` says that it does not apply")
        });
    }
    Some(Planned::clone(planned))
}

/// What is asked of the server, without repetition.
fn queries(product: &dyn MailSecurityProduct, specimen: &Specimen, facts: &Facts) -> BTreeSet<FactQuery> {
    product.facts_wanted(facts, &specimen.request).into_iter().filter(|query| facts.has(query)).collect()
}

fn gathered(candidate: &Candidate, specimen: &Specimen, tally: &mut Tally) -> Facts {
    let (product, name) = (candidate.product, &specimen.name);
    let host = SimHost::in_memory(specimen.world.clone()).with_secrets(specimen.secrets.clone());
    let facts = match block_on(product.gather(&host, &specimen.request)) {
        Ok(facts) => facts,
        Err(failure) => {
            tally.check(Check::Gathering, Err(format!("{name}: the server cannot be asked: {failure}")));
            Facts::default()
        }
    };
    let after = host.world();
    let mut alone = specimen.world.clone();
    _ = alone
        .pass(Duration::from_millis(u64::try_from(after.now.millis() - alone.now.millis()).unwrap_or(0)));
    tally.must(Check::Gathering, alone == after, || format!("{name}: gathering facts changes the server"));
    let open =
        product.facts_wanted(&facts, &specimen.request).iter().filter(|query| !facts.has(query)).count();
    tally.must(Check::Gathering, open == 0, || {
        format!("{name}: after ten rounds {open} questions are still open")
    });
    tally.must(Check::Gathering, gather(product, specimen) == facts, || {
        format!("{name}: asked again, it wants other facts of the same server")
    });
    facts
}

/// A specimen, and what was said of it.
struct Looked<'a> {
    product: &'a dyn MailSecurityProduct,
    specimen: &'a Specimen,
    facts: &'a Facts,
    planned: &'a Planned,
    text: String,
}

impl Looked<'_> {
    fn say(&self, facts: &Facts) -> Said {
        say(self.product, facts, &self.specimen.request, self.specimen.world.now)
    }

    fn with(&self, query: &FactQuery, fact: Fact) -> Facts {
        let mut facts = self.facts.clone();
        facts.put(query.clone(), fact);
        facts
    }

    fn same_answer(&self, tally: &mut Tally) {
        let name = &self.specimen.name;
        tally.must(Check::SameAnswer, self.say(self.facts).text() == self.text, || {
            format!("{name}: asked twice, it says two things of the same facts")
        });
        let read: Option<Facts> =
            serde_json::to_vec(self.facts).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let hash = |said: &Said| match said {
            Said::Planned(planned) => Some(planned.plan.hash()),
            _ => None,
        };
        let again = read.as_ref().map(|facts| self.say(facts));
        tally.must(
            Check::SameAnswer,
            again.and_then(|said| hash(&said)) == Some(self.planned.plan.hash()),
            || format!("{name}: facts that were written down and read back lead to another plan"),
        );
        for query in queries(self.product, self.specimen, self.facts) {
            let Some(fact) = reversed(self.facts, &query) else { continue };
            tally.must(Check::SameAnswer, self.say(&self.with(&query, fact)).text() == self.text, || {
                format!("{name}: the answer to {query:?} in another order leads to another plan")
            });
        }
    }

    /// The server could not say. Whether that matters is seen from what another answer would have done.
    fn unread(&self, query: &FactQuery, tally: &mut Tally) {
        let what = format!("{}, {query:?} unread", self.specimen.name);
        let failure = Failure::new(Code::System, "the server does not answer").hint("try again");
        let said = self.say(&self.with(query, Fact::Unknown(failure)));
        let passed_over = match &said {
            Said::Refused(failure) => {
                tally.refusal(&what, failure);
                false
            }
            Said::Blocked(_, findings) => {
                blockers(&what, findings, tally);
                false
            }
            Said::Planned(planned) => {
                !self.says_more(&planned.findings)
                    && others(self.facts, query).into_iter().any(|other| {
                        let said = self.say(&self.with(query, other));
                        !matches!(said, Said::Panicked(_)) && said.text() != self.text
                    })
            }
            Said::Absent | Said::Panicked(_) => true,
        };
        tally.must(Check::UnreadFacts, !passed_over, || {
            format!("{what}: {}, and nothing is said of it", said.short())
        });
    }

    /// The answer is another one: nothing there, or something that makes no sense.
    fn odd(&self, query: &FactQuery, tally: &mut Tally) {
        for other in others(self.facts, query) {
            let what = format!("{}, {query:?} answered {}", self.specimen.name, brief(&other));
            let said = self.say(&self.with(query, other));
            let wrong = match &said {
                Said::Panicked(text) => Some(format!("it panics: {text}")),
                Said::Refused(failure) => {
                    tally.refusal(&what, failure);
                    None
                }
                Said::Blocked(_, findings) => {
                    blockers(&what, findings, tally);
                    None
                }
                Said::Planned(planned) if self.breaks_more(&planned.plan) => {
                    Some(format!("the plan breaks a rule: {}", lint(&planned.plan)[0]))
                }
                Said::Planned(planned) => {
                    let silent = planned.plan.steps != self.planned.plan.steps
                        && planned.installation == self.planned.installation
                        && !self.says_more(&planned.findings);
                    silent.then(|| "the plan is another one, and nothing says why".to_owned())
                }
                Said::Absent => None,
            };
            tally.check(Check::OddFacts, wrong.map_or(Ok(()), |why| Err(format!("{what}: {why}"))));
        }
    }

    /// Whether a plan breaks rules that the one of the facts as they are keeps.
    fn breaks_more(&self, plan: &Plan) -> bool {
        lint(&self.planned.plan).is_empty() && !lint(plan).is_empty()
    }

    /// Whether findings say more than those of the facts as they are.
    fn says_more(&self, findings: &[Finding]) -> bool {
        findings.iter().any(|finding| !self.planned.findings.contains(finding))
    }
}

fn blockers(what: &str, findings: &[Finding], tally: &mut Tally) {
    for finding in findings.iter().filter(|f| f.severity == mailsec_core::product::Severity::Blocker) {
        tally.blocker(what, finding);
    }
}

fn brief(fact: &Fact) -> String {
    let text = format!("{fact:?}");
    if text.chars().count() <= 80 {
        text
    } else {
        format!("{}...", text.chars().take(80).collect::<String>())
    }
}
