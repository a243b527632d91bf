#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a contract that does not hold ends its test, and that is all it can do"
)]
//! What every host must do behind mailsec's ports.
//!
//! One function per port; each panics where the host breaks the port's documentation. What a host may be asked to
//! change is named by a fixture, so that the same tests run against a simulated server, a laboratory and Wine. A
//! function leaves the host as it found it, as far as the port can.

mod directory;
mod files;
mod mail;
mod packages;
mod pickup;
mod power;
mod processes;
mod services;
mod transport;

pub use directory::{DirectoryFixture, directory, locked_account};
pub use files::files;
pub use mail::mail;
pub use packages::{PackagesFixture, packages};
pub use pickup::pickup;
pub use power::{clock, power, secrets};
pub use processes::{RegistryFixture, ToolsFixture, processes, registry, tools};
pub use services::{ServicesFixture, services};
pub use transport::{TransportFixture, transport};

use mailsec_core::Permit;

fn permit() -> Permit {
    Permit::for_test("contract")
}
