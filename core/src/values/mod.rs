//! Small values that everything else is made of: parsed once, then trusted.

mod account;
mod digest;
mod ids;
mod node;
mod path;
mod secret;
mod timestamp;
mod version;

pub use account::AccountName;
pub use digest::Digest;
pub use ids::{GateId, StepId, UpgradeId};
pub use node::NodeName;
pub use path::ServerPath;
pub use secret::{Secret, SecretRef};
pub use timestamp::Timestamp;
pub use version::Version;
