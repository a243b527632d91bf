//! The local web page.

use clap::Args;
use std::{net::SocketAddr, path::PathBuf};

/// Where the page is served, and how it is protected.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port; port 0 takes a free one. Beyond this machine it wants --tls-cert and --tls-key
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8642")]
    pub(crate) listen: SocketAddr,
    /// The certificate with its chain, as PEM
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, as PEM, in a file that only its owner can read
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A name by which browsers reach the page, as often as needed; one that is not known is refused
    #[arg(long = "name", value_name = "NAME")]
    pub(crate) names: Vec<String>,
}
