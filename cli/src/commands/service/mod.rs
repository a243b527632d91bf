//! `service`: what goes on by itself on a server - an upgrade after a restart, and, on a node, a cluster's orders.

mod node;
#[cfg(windows)]
mod windows;
mod work;

use crate::{
    args::{Common, ServiceCommand},
    output::Reply,
    place::Which,
};
use mailsec_core::Failure;
use serde_json::json;

#[cfg(windows)]
pub(crate) use windows::start_log;

pub(crate) async fn service(common: &Common, command: &ServiceCommand) -> Result<Reply, Failure> {
    match (command, Which::parse(common)) {
        // A simulated server has no service manager. Killing this process is what a crash of the service is.
        (ServiceCommand::Run { node }, Ok(Which::Simulated(_))) => {
            if *node {
                node::enable(common)?;
            }
            work::work(common, &work::Told::never()).await?;
            Ok(Reply::new("Nothing is unfinished.", json!({})))
        }
        #[cfg(windows)]
        _ => windows::service(common, command),
        #[cfg(not(windows))]
        _ => Err(Failure::new(mailsec_core::Code::BadArgument, "services of this kind are Windows' own").hint(
            "on the Exchange server: `mailsec service install`; elsewhere `mailsec resume` does the same by hand",
        )),
    }
}
