//! Which server.

use super::{
    Sources, State,
    config::Config,
    configured::Configured,
    connect::{self, Connect},
    real_mail::{RealMail, WithRealMail},
};
use crate::{args::Common, nearest::did_you_mean, otlp::Endpoint, output};
use mailsec_core::{
    Failure,
    failure::Code,
    host::Host,
    journal::{DiskJournal, Journal, OpenOptions, OpenReport},
    operations::Vendor,
};
use mailsec_eset::remote::Management;
use mailsec_eset_connect::Region;
use mailsec_mail::canary::{CanaryConfig, CanaryPath};
use mailsec_simulator::{PoweredJournal, SimHost};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A server and its journal's place.
pub(crate) struct Site {
    server: Server,
    /// Where its canary flies, if one is to.
    mail: Option<RealMail>,
    /// A simulated server, with its real mail.
    overlaid: Option<WithRealMail>,
    configured_pickup: bool,
    /// What is wrong with the configuration, of which nothing counts then.
    misconfigured: Option<Failure>,
    /// How many times faster than ours its time passes.
    speed: u32,
    /// Where an upgrade is exported to.
    export: Result<Option<Endpoint>, Failure>,
    /// Where the journal lies.
    pub(crate) state: State,
}

enum Server {
    Simulated(SimHost),
    Connect(Box<Connect>),
    #[cfg(windows)]
    Windows(Box<mailsec_windows::WindowsHost>),
}

impl Site {
    /// The server that `--host` names. A configuration that cannot be used is told by [`as_configured`](Self::as_configured).
    pub(crate) fn open(common: &Common, secrets: &Sources) -> Result<Self, Failure> {
        let which = Which::parse(common)?;
        let state = State::of(common, &which)?;
        let read = match &which {
            Which::Connect(_) => Ok(Config::of_management(common, &state)),
            _ => Config::read(common, &state),
        };
        let configured = Configured::of(read, matches!(which, Which::Windows), secrets);
        let export = Endpoint::of(common, configured.config.otlp.as_ref(), secrets);
        let server = match which {
            Which::Simulated(folder) => {
                if !folder.join(mailsec_simulator::folder::WORLD_FILE).is_file() {
                    return Err(no_world(&folder));
                }
                let mut host = SimHost::open(&folder)?.with_secrets(secrets.values());
                if let Some(speed) = common.speed {
                    host =
                        host.with_pacer(Box::new(move |passed: Duration| std::thread::sleep(passed / speed)));
                }
                Server::Simulated(host)
            }
            Which::Connect(region) => {
                Server::Connect(Box::new(connect::open(common, &state, region, secrets)?))
            }
            #[cfg(windows)]
            Which::Windows => {
                Server::Windows(Box::new(super::windows::open(common, &state, &configured.config, secrets)?))
            }
            #[cfg(not(windows))]
            Which::Windows => return Err(not_windows()),
        };
        let speed = common.speed.unwrap_or(1);
        Ok(Self { export, speed, ..Self::with(server, configured, state) })
    }

    fn with(server: Server, configured: Configured, state: State) -> Self {
        let Configured { config, mail, wrong: misconfigured } = configured;
        let configured_pickup = config.pickup.is_some();
        let overlaid = match (&server, &mail) {
            (Server::Simulated(host), Some(mail)) => Some(WithRealMail::new(host.clone(), mail.clone())),
            _ => None,
        };
        let export = Ok(None);
        Self { server, mail, overlaid, configured_pickup, misconfigured, speed: 1, export, state }
    }

    /// How many times faster than ours its time passes: a simulated server's may.
    pub(crate) fn speed(&self) -> u32 {
        self.speed
    }

    /// Whether a mailbox is configured in which probes are looked for.
    pub(crate) fn has_pickup(&self) -> bool {
        self.configured_pickup
    }

    /// Refuses what would have to guess: about the directory, or where mail goes in.
    ///
    /// # Errors
    /// What is wrong with the configuration.
    pub(crate) fn as_configured(&self) -> Result<(), Failure> {
        self.misconfigured.clone().map_or(Ok(()), Err)
    }

    /// Refuses to begin an upgrade that would not be exported as somebody wants it to be.
    pub(crate) fn exports_as_wanted(&self) -> Result<(), Failure> {
        self.export.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// Where an upgrade is exported to, if it is. One that is under way, and may hold mail, is not kept down by an address
    /// that cannot be used: that is said.
    pub(crate) fn export(&self) -> Option<&Endpoint> {
        let said = |failure: &Failure| {
            output::say(&output::describe(failure));
            output::say("Nothing is exported.");
        };
        self.export.as_ref().inspect_err(|failure| said(failure)).ok()?.as_ref()
    }

    /// What a canary needs, where one is to fly.
    pub(crate) fn canary(&self) -> Option<(CanaryConfig, CanaryPath)> {
        self.mail.as_ref()?.canary()
    }

    /// The same server, with secrets that came later. Not opened anew: a journal that was opened on a simulated server
    /// shares its power, and a second copy of that server would not know what the first one does.
    pub(crate) fn with_secrets(self, common: &Common, secrets: &Sources) -> Result<Self, Failure> {
        let on_windows = !matches!(self.server, Server::Simulated(_));
        let configured = Configured::of(Config::read(common, &self.state), on_windows, secrets);
        let server = match self.server {
            Server::Simulated(host) => Server::Simulated(host.with_secrets(secrets.values())),
            Server::Connect(_) => return Self::open(common, secrets),
            #[cfg(windows)]
            Server::Windows(_) => Server::Windows(Box::new(super::windows::open(
                common,
                &self.state,
                &configured.config,
                secrets,
            )?)),
        };
        let (export, speed) = (self.export, self.speed);
        Ok(Self { export, speed, ..Self::with(server, configured, self.state) })
    }

    pub(crate) fn host(&self) -> &dyn Host {
        if let Some(overlaid) = &self.overlaid {
            return overlaid;
        }
        match &self.server {
            Server::Simulated(host) => host,
            Server::Connect(connect) => &connect.place,
            #[cfg(windows)]
            Server::Windows(host) => host.as_ref(),
        }
    }

    /// A server that can be looked at itself, by a configuration that can be used.
    pub(crate) fn server(&self) -> Result<&dyn Host, Failure> {
        self.as_configured()?;
        match &self.server {
            Server::Connect(_) => Err(Failure::new(Code::BadArgument, "this command is for one server")
                .expected("`windows`, or `sim:FOLDER`, as --host")
                .found(self.host().name())
                .hint("servers of a management server: `mailsec remote devices`, `mailsec remote plan`")),
            _ => Ok(self.host()),
        }
    }

    /// The management server.
    pub(crate) fn management(&self) -> Result<&dyn Management, Failure> {
        match &self.server {
            Server::Connect(connect) => Ok(connect.management.as_ref()),
            _ => Err(Failure::new(Code::BadArgument, "this command is for a management server")
                .expected(format!("{}REGION as --host", connect::PREFIX))
                .found(self.host().name())),
        }
    }

    /// Whether this is the management server at its documented addresses, and no stand-in.
    pub(crate) fn is_documented_management(&self) -> bool {
        matches!(&self.server, Server::Connect(connect) if connect.documented)
    }

    /// The operations that go with the place, whatever product the plan is for.
    pub(crate) fn vendor(&self) -> Option<&dyn Vendor> {
        match &self.server {
            Server::Connect(connect) => Some(&connect.operations),
            _ => None,
        }
    }

    /// What stands for a while of the engine's where other processes are waited for: a simulated server's time does not
    /// pass for them.
    pub(crate) fn pace(&self) -> Option<Duration> {
        match &self.server {
            Server::Simulated(_) => Some(Duration::from_millis(20)),
            _ => None,
        }
    }

    /// Opens the journal for writing. What was mended is said, unless it is what every kill brings about.
    pub(crate) async fn journal(&self) -> Result<Box<dyn Journal>, Failure> {
        let (journal, _) = self.disk_journal(false).await?;
        Ok(match &self.server {
            Server::Simulated(host) => Box::new(PoweredJournal::new(journal, host.sim_power())),
            Server::Connect(_) => Box::new(journal),
            #[cfg(windows)]
            Server::Windows(_) => Box::new(journal),
        })
    }

    /// As [`journal`](Self::journal), and what was found. `cut_damage` gives up what no copy has whole.
    pub(crate) async fn disk_journal(&self, cut_damage: bool) -> Result<(DiskJournal, OpenReport), Failure> {
        #[cfg(windows)]
        if let Server::Windows(_) | Server::Connect(_) = &self.server {
            super::windows::private_state(&self.state)?;
        }
        let host = self.host();
        let mut options =
            OpenOptions::new(format!("mailsec {}", crate::products::VERSION), host.clock().now())
                .boot(host.power().boot().await?);
        if cut_damage {
            options = options.cut_damage();
        }
        let (journal, report) = DiskJournal::open(&self.state.journal(), options)?;
        for repair in &report.repaired {
            if repair.is_routine() {
                tracing::info!(%repair, "journal");
            } else {
                output::say(&format!("journal: {repair}"));
            }
        }
        for damage in &report.damaged {
            output::say(&format!("journal: {}", damage.failure()));
        }
        Ok((journal, report))
    }
}

/// What `--host` says.
pub(crate) enum Which {
    Simulated(PathBuf),
    Connect(Region),
    Windows,
}

impl Which {
    pub(crate) fn parse(common: &Common) -> Result<Self, Failure> {
        match common.host.as_deref() {
            Some("windows") => Ok(Self::Windows),
            Some(text) if text.starts_with(connect::PREFIX) => {
                Region::parse(&text[connect::PREFIX.len()..]).map(Self::Connect).ok_or_else(|| {
                    Failure::new(Code::BadArgument, "--host names no region of ESET Connect")
                        .expected(Region::ALL.map(|region| format!("{}{region}", connect::PREFIX)).join(", "))
                        .found(format!("{text:?}"))
                })
            }
            Some(text) => match text.strip_prefix("sim:").filter(|folder| !folder.is_empty()) {
                Some(folder) => Ok(Self::Simulated(folder.into())),
                None => {
                    let failure = Failure::new(Code::BadArgument, "--host names no server")
                        .expected("`windows`, `sim:FOLDER`, or `eset-connect:REGION`")
                        .found(format!("{text:?}"));
                    Err(match Path::new(text).join(mailsec_simulator::folder::WORLD_FILE).is_file() {
                        true => failure.hint(format!("did you mean sim:{text}?")),
                        false => did_you_mean(failure, text, ["windows"]),
                    })
                }
            },
            None if cfg!(windows) => Ok(Self::Windows),
            None => Err(not_windows()),
        }
    }
}

/// A folder without a simulated server.
pub(crate) fn no_world(folder: &Path) -> Failure {
    Failure::new(Code::World, "there is no simulated server in that folder")
        .expected(mailsec_simulator::folder::WORLD_FILE)
        .found(folder.display().to_string())
        .hint("make one with `mailsec world create FOLDER`")
}

fn not_windows() -> Failure {
    Failure::new(Code::BadArgument, "this machine is not an Exchange server")
        .expected("Windows, or `--host sim:FOLDER` for a simulated server")
        .hint("`mailsec demo` shows a whole upgrade; `mailsec world create FOLDER` makes a server to try things on")
}
