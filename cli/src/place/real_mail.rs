//! Real mail: for the canary, and for a simulated server whose `config.json` names a real one to send to.

use super::{Sources, config::Config};
use async_trait::async_trait;
use mailsec_core::{
    Failure,
    failure::Code,
    host::{
        Clock, Directory, Files, Host, Mail, NoPickup, Packages, Pickup, Power, Processes, Registry, Secrets,
        Services, Transport,
    },
    values::Timestamp,
};
use mailsec_mail::{
    ImapPickup, POSTMASTER, SmtpProbe,
    canary::{CanaryConfig, CanaryPath},
};
use mailsec_simulator::SimHost;
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// How long one message may take to be taken.
const LIMIT: Duration = Duration::from_secs(30);

/// What a simulated while lasts at most for real mail.
const REAL: Duration = Duration::from_millis(250);

/// Where mail goes in, and where it comes out.
#[derive(Clone)]
pub(crate) struct RealMail {
    mail: Arc<SmtpProbe>,
    pickup: Option<Arc<ImapPickup>>,
    recipient: String,
    canary: Option<CanaryConfig>,
}

impl RealMail {
    /// What the configuration names; `usual` is where mail goes in when it does not say.
    pub(crate) fn of(
        config: &Config,
        usual: Option<SocketAddr>,
        sources: &Sources,
        name: &str,
    ) -> Result<Option<Self>, Failure> {
        let Some(server) = config.smtp.or(usual) else {
            return match config.pickup.is_some() || config.canary.is_some() {
                false => Ok(None),
                true => Err(Failure::new(
                    Code::BadArgument,
                    "a simulated server has no mail that others could see",
                )
                .expected("smtp in the configuration, beside pickup and canary")
                .hint("leave all three out to have its mail simulated as well")),
            };
        };
        let recipient = config.smtp_recipient.clone().unwrap_or_else(|| POSTMASTER.to_owned());
        let pickup = match &config.pickup {
            Some(pickup) => Some(Arc::new(ImapPickup::new(pickup.clone(), Arc::new(sources.given()))?)),
            None => None,
        };
        let mail = Arc::new(SmtpProbe::new(server, LIMIT, name, &recipient)?);
        Ok(Some(Self { mail, pickup, recipient, canary: config.canary }))
    }

    /// For a canary, where one is to fly.
    pub(crate) fn canary(&self) -> Option<(CanaryConfig, CanaryPath)> {
        let pickup = self.pickup.clone().map(|pickup| -> Arc<dyn Pickup> { pickup });
        let path = CanaryPath { mail: self.mail.clone(), pickup, recipient: self.recipient.clone() };
        self.canary.map(|config| (config, path))
    }
}

/// A simulated server with real mail.
pub(crate) struct WithRealMail {
    sim: SimHost,
    mail: RealMail,
}

impl WithRealMail {
    pub(crate) fn new(sim: SimHost, mail: RealMail) -> Self {
        Self { sim, mail }
    }
}

impl Host for WithRealMail {
    fn name(&self) -> String {
        self.sim.name()
    }
    fn services(&self) -> &dyn Services {
        &self.sim
    }
    fn transport(&self) -> &dyn Transport {
        &self.sim
    }
    fn packages(&self) -> &dyn Packages {
        &self.sim
    }
    fn files(&self) -> &dyn Files {
        &self.sim
    }
    fn registry(&self) -> &dyn Registry {
        &self.sim
    }
    fn directory(&self) -> &dyn Directory {
        &self.sim
    }
    fn power(&self) -> &dyn Power {
        &self.sim
    }
    fn mail(&self) -> &dyn Mail {
        self.mail.mail.as_ref()
    }
    fn pickup(&self) -> &dyn Pickup {
        match &self.mail.pickup {
            Some(pickup) => pickup.as_ref(),
            None => &NoPickup,
        }
    }
    fn processes(&self) -> &dyn Processes {
        &self.sim
    }
    fn secrets(&self) -> &dyn Secrets {
        &self.sim
    }
    /// Real mail takes real time.
    fn clock(&self) -> &dyn Clock {
        self
    }
}

/// A simulated server's time passes at once; real mail takes a while of its own.
#[async_trait]
impl Clock for WithRealMail {
    fn now(&self) -> Timestamp {
        self.sim.clock().now()
    }

    async fn sleep(&self, how_long: Duration) {
        self.sim.clock().sleep(how_long).await;
        tokio::time::sleep(how_long.min(REAL)).await;
    }

    async fn alarm(&self, after: Duration) {
        self.sim.clock().alarm(after).await;
    }
}
