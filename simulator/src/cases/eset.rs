//! Plans of ESET's upgrade.

use super::Case;
use crate::{
    people::{Secrets, eset as people},
    worlds::{eset, eset_installers as installers},
};
use mailsec_core::{
    plan::{NodeRole, UnscannedPolicy},
    product::{InstallerChoice, Method, UpgradeRequest},
    values::{Secret, SecretRef, ServerPath},
};

/// The usual request: the method that is chosen by itself, mail held, to 11.1.
#[must_use]
pub fn request() -> UpgradeRequest {
    UpgradeRequest::new(
        ServerPath::new(installers::TO_111),
        ServerPath::new(r"C:\ProgramData\mailsec\backup"),
        ServerPath::new(r"C:\ProgramData\mailsec\logs"),
    )
}

/// The name under which plans for ESET ask for the password of the settings.
pub const SETTINGS_PASSWORD: &str = "eset-settings-password";

/// The password that protects the settings.
#[must_use]
pub fn settings_password() -> Secrets {
    [(SecretRef::new(SETTINGS_PASSWORD), Secret::new(eset::PASSWORD))].into()
}

fn to(request: &mut UpgradeRequest, installer: &str) {
    request.installer = ServerPath::new(installer);
}

fn in_place(request: &mut UpgradeRequest) {
    request.method = Some(Method::InPlace);
}

const USUAL: Case = Case {
    name: "manual, 6.5 to 11.1, held",
    world: eset::eset_65,
    usual: request,
    request: |_| {},
    secrets: Secrets::new,
    deed: people::obliging,
};

/// Every plan.
pub const ALL: &[Case] = &[
    USUAL,
    Case {
        name: "manual, 6.5 to 11.1, unscanned",
        request: |request| request.unscanned = UnscannedPolicy::Allow,
        ..USUAL
    },
    Case { name: "manual, 4.5 to 11.1", world: eset::eset_45, ..USUAL },
    Case {
        name: "manual, 4.5 to 6.5",
        world: eset::eset_45,
        request: |request| to(request, installers::TO_65),
        ..USUAL
    },
    Case { name: "manual, 7.3 to 11.1", world: eset::eset_73, ..USUAL },
    Case {
        name: "manual, 7.3 to 11.1, the first node of a cluster",
        world: eset::eset_73,
        request: |request| request.role = Some(NodeRole::First),
        ..USUAL
    },
    Case {
        name: "manual, 7.3 to 11.1, another node of a cluster",
        world: eset::eset_73,
        request: |request| request.role = Some(NodeRole::Other),
        ..USUAL
    },
    Case {
        name: "manual, protected by a password, signed",
        world: eset::eset_protected,
        request: |request| request.settings_password = true,
        secrets: settings_password,
        deed: people::signing,
        ..USUAL
    },
    Case {
        name: "manual, the new agent left disabled",
        request: |request| to(request, installers::DISABLED),
        ..USUAL
    },
    Case {
        name: "manual, the installer run by a person",
        request: |request| request.mode = InstallerChoice::Attended,
        ..USUAL
    },
    Case { name: "in place, held", world: eset::eset_73, request: in_place, ..USUAL },
    Case {
        name: "in place, a node of a cluster",
        world: eset::eset_73,
        request: |request| {
            in_place(request);
            request.role = Some(NodeRole::Other);
        },
        ..USUAL
    },
    Case {
        name: "in place, unscanned, the installer asks for a restart",
        world: eset::eset_73,
        request: |request| {
            in_place(request);
            request.unscanned = UnscannedPolicy::Allow;
            to(request, installers::WANTS_RESTART);
        },
        ..USUAL
    },
];
