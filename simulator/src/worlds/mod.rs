//! Ready-made worlds, built from small pieces.

pub mod eset;
pub mod eset_installers;
pub mod exchange;
pub mod installers;
mod sample;
pub mod variations;
pub mod vipre;

pub use sample::Sample;
pub use variations::*;
pub use vipre::vipre_45;

use crate::world::World;
use mailsec_core::values::ServerPath;

/// The folder with the settings of the product that is installed.
#[must_use]
pub fn settings_folder(world: &World) -> ServerPath {
    let eset = world.eset_settings_file();
    match eset.parent() {
        Some(folder) if world.disk.has_file(&eset) => folder,
        _ => vipre_folder(world).join("Settings"),
    }
}

/// Where the program of VIPRE's service lies, or the usual folder.
fn vipre_folder(world: &World) -> ServerPath {
    let mut services = world.services.values();
    let own = services.find(|service| service.display.eq_ignore_ascii_case(vipre::SERVICE_DISPLAY));
    let folder = own.and_then(|service| service.image.as_ref()).and_then(ServerPath::parent);
    folder.unwrap_or_else(|| ServerPath::new(vipre::FOLDER))
}
