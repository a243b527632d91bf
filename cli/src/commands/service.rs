//! `service`: the Windows service that takes an upgrade up after a restart.

use crate::{
    args::{Common, ServiceCommand},
    output::Reply,
};
use mailsec_core::Failure;

#[cfg(not(windows))]
pub(crate) fn service(_common: &Common, _command: ServiceCommand) -> Result<Reply, Failure> {
    Err(Failure::new(mailsec_core::Code::BadArgument, "services of this kind are Windows' own").hint(
        "on the Exchange server: `mailsec service install`; elsewhere `mailsec resume` does the same by hand",
    ))
}
