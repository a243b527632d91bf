//! Plans of VIPRE's upgrade.

use super::Case;
use crate::{
    Fault, World,
    people::{Secrets, given, obliging},
    world::{
        act::{ACCOUNT_PROPERTY, PASSWORD_PROPERTY},
        directory::SimUser,
    },
    worlds::{installers, vipre, vipre_45, with},
};
use mailsec_core::{
    plan::UnscannedPolicy,
    product::{AccountChoice, BackupChoice, InstallerChoice, RulesChoice, UpgradeRequest},
    values::{AccountName, Secret, SecretRef, ServerPath},
};

/// The account that is created, or used instead of the present one.
const OTHER_ACCOUNT: &str = r"LAB\svc-mail";

/// The usual request: silent, mail held, nothing left to a person.
#[must_use]
pub fn request() -> UpgradeRequest {
    UpgradeRequest {
        installer: ServerPath::new(installers::RIGHT),
        digest: None,
        unsigned: None,
        method: None,
        settings_password: false,
        mode: InstallerChoice::Silent {
            arguments: Vec::new(),
            credentials: Some((ACCOUNT_PROPERTY.to_owned(), PASSWORD_PROPERTY.to_owned())),
            secrets: Vec::new(),
        },
        account: AccountChoice::Keep,
        backup: BackupChoice::To(ServerPath::new(r"C:\ProgramData\mailsec\backup")),
        rules: RulesChoice::Skip("this server has none".to_owned()),
        unscanned: UnscannedPolicy::Hold,
        prove_scanning: false,
        budget: None,
        logs: ServerPath::new(r"C:\ProgramData\mailsec\logs"),
        role: None,
    }
}

fn other() -> AccountName {
    AccountName::parse(OTHER_ACCOUNT).unwrap_or_else(|why| unreachable!("{why}"))
}

fn with_other_account() -> World {
    let mut world = vipre_45();
    world.directory.users.insert(other().user().to_owned(), SimUser::new(other().user()));
    world.vault.directory.insert(other().user().to_owned(), vipre::PASSWORD.to_owned());
    world
}

fn with_file_in_use() -> World {
    with(vipre_45(), &[Fault::FileHeldByShell(vipre::path("SimConsole.exe"))])
}

fn allow(request: &mut UpgradeRequest) {
    request.unscanned = UnscannedPolicy::Allow;
}

fn installer(request: &mut UpgradeRequest, path: &str) {
    request.installer = ServerPath::new(path);
}

fn create(generate: bool) -> AccountChoice {
    AccountChoice::Create { account: other(), generate }
}

const USUAL: Case = Case {
    name: "silent, held",
    world: vipre_45,
    usual: request,
    request: |_| {},
    secrets: given,
    deed: obliging,
};

/// Every plan.
pub const ALL: &[Case] = &[
    USUAL,
    Case { name: "silent, unscanned", request: allow, ..USUAL },
    Case {
        name: "silent, held, with a restart",
        request: |request| installer(request, installers::WANTS_RESTART),
        ..USUAL
    },
    Case {
        name: "silent, unscanned, with a restart",
        request: |request| {
            allow(request);
            installer(request, installers::WANTS_RESTART);
        },
        ..USUAL
    },
    Case { name: "attended, held", request: |request| request.mode = InstallerChoice::Attended, ..USUAL },
    Case {
        name: "attended, unscanned, with a restart",
        world: with_file_in_use,
        request: |request| {
            allow(request);
            request.mode = InstallerChoice::Attended;
        },
        ..USUAL
    },
    Case {
        name: "password reset, generated",
        request: |request| request.account = AccountChoice::Reset { generate: true },
        secrets: Secrets::new,
        ..USUAL
    },
    Case {
        name: "password reset, given",
        request: |request| request.account = AccountChoice::Reset { generate: false },
        secrets: || given_as("Another-Password-7"),
        ..USUAL
    },
    Case {
        name: "account created, password generated",
        request: |request| request.account = create(true),
        secrets: former,
        ..USUAL
    },
    Case {
        name: "account created, password given",
        request: |request| request.account = create(false),
        secrets: || given_as("Another-Password-7").into_iter().chain(former()).collect(),
        ..USUAL
    },
    Case {
        name: "another account used",
        world: with_other_account,
        request: |request| request.account = AccountChoice::Use(other()),
        secrets: || given().into_iter().chain(former()).collect(),
        ..USUAL
    },
    Case {
        name: "rules exported by a person",
        request: |request| {
            request.rules = RulesChoice::Export(ServerPath::new(r"C:\ProgramData\mailsec\rules.xml"));
        },
        ..USUAL
    },
    Case {
        name: "installer that moves the assemblies",
        request: |request| installer(request, installers::MOVES_ASSEMBLY),
        ..USUAL
    },
    Case {
        name: "installer that registers the agents, disabled and last",
        request: |request| installer(request, installers::REGISTERS_AGENTS),
        ..USUAL
    },
    Case {
        name: "installer that registers the agents, unscanned",
        request: |request| {
            allow(request);
            installer(request, installers::REGISTERS_AGENTS);
        },
        ..USUAL
    },
    Case {
        name: "installer that is a program",
        request: |request| installer(request, installers::RIGHT_EXE),
        ..USUAL
    },
];

/// What only the way back needs: the password of the account that the service had before.
fn former() -> Secrets {
    [(SecretRef::new("former-account-password"), Secret::new(vipre::PASSWORD))].into()
}

fn given_as(password: &str) -> Secrets {
    given().into_keys().map(|name| (name, Secret::new(password))).collect()
}
