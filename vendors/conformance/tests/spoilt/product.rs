//! Sample Mail Guard, spoilt in one place.

use crate::{operations::Spoilers, plan};
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    failure::Code,
    operations::Vendor,
    plan::Plan,
    product::{
        Description, Fact, FactQuery, Facts, Finding, Installation, MailSecurityProduct, Method, MethodRow,
        UpgradeRequest,
    },
    values::{ServerPath, Timestamp, Version},
};
use mailsec_sample_guard::SampleGuard;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    Nowhere,
    Article,
    AnyMethod,
    NoHint,
    NoPage,
    Everywhere,
    Questions,
    Memory,
    Guess,
    Panic,
    Silence,
    NoBackup,
    OtherVersion,
    Title,
    Secret,
    LooksAndSends,
    AlwaysApplied,
    LookThatWrites,
    NeverApplied,
    Blind,
    Grows,
    HalfIsWhole,
    HalfIsDone,
    NoUndo,
    Toggle,
    WholeUndo,
    Fails,
    OneBoot,
}

pub(crate) struct Spoilt {
    place: Where,
    operations: Spoilers,
    plans: AtomicU64,
}

impl Spoilt {
    pub(crate) fn new(place: Where) -> Self {
        Self { place, operations: Spoilers(place), plans: AtomicU64::new(0) }
    }
}

#[async_trait]
impl MailSecurityProduct for Spoilt {
    fn describe(&self) -> Description {
        let description = SampleGuard.describe();
        match self.place {
            Where::Article => Description { article: "see the vendor's site", ..description },
            _ => description,
        }
    }

    fn methods(&self) -> &'static [MethodRow] {
        SampleGuard.methods()
    }

    fn fits(&self, method: Method, installation: &Installation, facts: &Facts) -> Result<(), Failure> {
        let fits = SampleGuard.fits(method, installation, facts);
        match self.place {
            Where::AnyMethod => Ok(()),
            Where::NoHint => fits.map_err(|failure| Failure { hint: None, ..failure }),
            _ => fits,
        }
    }

    fn accepts(&self, request: &UpgradeRequest) -> Result<(), Failure> {
        let accepts = SampleGuard.accepts(request);
        match self.place {
            Where::NoPage => accepts.map_err(|failure| Failure { code: Code::Unknown, ..failure }),
            _ => accepts,
        }
    }

    fn facts_wanted(&self, known: &Facts, request: &UpgradeRequest) -> Vec<FactQuery> {
        let mut wanted = SampleGuard.facts_wanted(known, request);
        if self.place == Where::Questions {
            // Whatever is known, one more.
            let next = (0..100)
                .map(|n| FactQuery::File(ServerPath::new(format!(r"C:\{n}"))))
                .find(|q| !known.has(q));
            wanted.extend(next);
        }
        wanted
    }

    fn detect(&self, facts: &Facts) -> Result<Option<Installation>, Failure> {
        if self.place == Where::Panic {
            _ = facts.agents(&FactQuery::Agents).map(|agents| agents[0].clone());
        }
        let found = SampleGuard.detect(facts)?;
        Ok(match self.place {
            Where::Everywhere => found.or_else(|| {
                Some(Installation {
                    name: "Sample Mail Guard".to_owned(),
                    version: Version::parse("1.0").ok()?,
                    folder: ServerPath::new(r"C:\Program Files\Sample Mail Guard"),
                    folder_found: "by guessing".to_owned(),
                    services: Vec::new(),
                    agents: Vec::new(),
                    product_code: None,
                })
            }),
            _ => found,
        })
    }

    fn assess(&self, installation: &Installation, facts: &Facts, request: &UpgradeRequest) -> Vec<Finding> {
        let mut facts = facts.clone();
        if self.place == Where::Guess && facts.pending_restart(&FactQuery::PendingRestart).is_err() {
            facts.put(FactQuery::PendingRestart, Fact::PendingRestart(Vec::new()));
        }
        SampleGuard.assess(installation, &facts, request)
    }

    fn plan(
        &self,
        installation: &Installation,
        facts: &Facts,
        request: &UpgradeRequest,
        made: Timestamp,
        engine: &str,
    ) -> Result<Plan, Failure> {
        let mut plan = SampleGuard.plan(installation, facts, request, made, engine)?;
        let times = self.plans.fetch_add(1, Ordering::Relaxed);
        plan::spoil(&mut plan, self.place, times, facts);
        Ok(plan)
    }

    fn vendor(&self) -> Option<&dyn Vendor> {
        Some(&self.operations)
    }
}
