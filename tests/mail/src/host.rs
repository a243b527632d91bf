//! A server of which everything is simulated but its mail: where the simulated transport stops, Postfix stops; where it
//! runs without the product's agents, the scanner is off.

use crate::{Control, Wanted};
use mailsec_core::host::{
    Clock, Directory, Files, Host, Mail, Packages, Pickup, Power, Processes, Registry, Secrets, Services,
    Transport,
};
use mailsec_mail::{ImapPickup, SmtpProbe};
use mailsec_simulator::{SimHost, world::mail::MailGate};

/// The server.
pub struct Composite {
    /// What is simulated.
    pub sim: SimHost,
    /// What is not.
    pub mail: (SmtpProbe, ImapPickup),
    /// Who makes the second follow the first.
    pub control: Control,
}

impl Composite {
    /// Whoever looks at the server finds mail as the simulated transport has it.
    fn follow(&self) -> &SimHost {
        self.control.want(match self.sim.look(|world| world.mail.gate) {
            MailGate::Closed | MailGate::Refusing => Wanted::Closed,
            MailGate::Scanned => Wanted::Scanned,
            MailGate::Unscanned => Wanted::Unscanned,
        });
        &self.sim
    }
}

impl Host for Composite {
    fn name(&self) -> String {
        self.sim.name()
    }
    fn services(&self) -> &dyn Services {
        self.follow()
    }
    fn transport(&self) -> &dyn Transport {
        self.follow()
    }
    fn packages(&self) -> &dyn Packages {
        self.follow()
    }
    fn files(&self) -> &dyn Files {
        self.follow()
    }
    fn registry(&self) -> &dyn Registry {
        self.follow()
    }
    fn directory(&self) -> &dyn Directory {
        self.follow()
    }
    fn power(&self) -> &dyn Power {
        self.follow()
    }
    fn mail(&self) -> &dyn Mail {
        self.follow();
        &self.mail.0
    }
    fn pickup(&self) -> &dyn Pickup {
        self.follow();
        &self.mail.1
    }
    fn processes(&self) -> &dyn Processes {
        self.follow()
    }
    fn secrets(&self) -> &dyn Secrets {
        self.follow()
    }
    fn clock(&self) -> &dyn Clock {
        self.follow()
    }
}
