//! Which domain controller is asked: the one in the configuration, else those that DNS names.

use super::DirectoryConfig;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, rdata::SRV},
};
use mailsec_core::{Code, Failure};
use std::net::SocketAddr;

/// A domain controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Controller {
    /// Its name, as its certificate must have it, with a port where it is not the usual one.
    pub(super) name: String,
    /// Where it is; looked up by the system when not given.
    pub(super) address: Option<SocketAddr>,
}

/// The controllers, the one to ask first first. The order is the same each time: what was created on one of them is not
/// on the others for a while, and must be found again after a crash.
pub(super) fn controllers(config: &DirectoryConfig) -> Result<Vec<Controller>, Failure> {
    if let Some(server) = &config.server {
        return Ok(vec![Controller { name: server.clone(), address: None }]);
    }
    let domain = config.dns_domain();
    // What DNS registers of every controller ([MS-ADTS] 6.3.2.3).
    let question = format!("_ldap._tcp.dc._msdcs.{domain}.");
    let unfound = |cause: String| {
        Failure::new(Code::Directory, format!("no domain controller of {domain} was found"))
            .expected(format!("records of {question}"))
            .cause(cause)
            .hint("name one as `server` of the directory in the configuration")
            .retry()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| unfound(error.to_string()))?;
    let resolver = resolver(config).map_err(|error| unfound(error.to_string()))?;
    let within = |error: tokio::time::error::Elapsed| unfound(error.to_string());
    runtime.block_on(async {
        let records = tokio::time::timeout(config.limit, resolver.srv_lookup(question.as_str()))
            .await
            .map_err(within)?
            .map_err(|error| unfound(error.to_string()))?;
        let records = records.answers().iter().filter_map(|record| match &record.data {
            RData::SRV(srv) => Some(srv.clone()),
            _ => None,
        });
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for (name, port) in ordered(records.collect(), &domain, &mut problems) {
            let port = config.encryption.port(port);
            let addresses = tokio::time::timeout(config.limit, resolver.lookup_ip(format!("{name}.")))
                .await
                .map_err(within)?;
            match addresses.map(|all| all.iter().next()) {
                Ok(Some(address)) => found.push(Controller {
                    name: format!("{name}:{port}"),
                    address: Some(SocketAddr::new(address, port)),
                }),
                Ok(None) => problems.push(format!("{name} has no address")),
                Err(error) => problems.push(format!("{name}: {error}")),
            }
        }
        if found.is_empty() { Err(unfound(problems.join("; "))) } else { Ok(found) }
    })
}

/// Names and ports in the order in which they are to be asked ([RFC 2782], with the heavier first where it lets chance
/// decide). Who can forge an answer of DNS must not get our password by a name of his own for which he has a
/// certificate, so names outside the domain are left out.
fn ordered(mut records: Vec<SRV>, domain: &str, problems: &mut Vec<String>) -> Vec<(String, u16)> {
    records.sort_by_key(|srv| {
        (srv.priority, std::cmp::Reverse(srv.weight), srv.target.to_lowercase().to_ascii())
    });
    let own = format!(".{}", domain.to_ascii_lowercase());
    let mut named = Vec::new();
    for srv in records {
        let name = srv.target.to_lowercase().to_ascii().trim_end_matches('.').to_owned();
        if name.ends_with(&own) {
            named.push((name, srv.port));
        } else {
            problems.push(format!("{name:?} is not a name below {domain}"));
        }
    }
    named
}

fn resolver(config: &DirectoryConfig) -> Result<TokioResolver, Box<dyn std::error::Error>> {
    let mut builder = match config.nameserver {
        None => TokioResolver::builder_tokio()?,
        Some(server) => {
            let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
            for connection in &mut connections {
                connection.port = server.port();
            }
            let server = NameServerConfig::new(server.ip(), true, connections);
            let all = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
            TokioResolver::builder_with_config(all, TokioRuntimeProvider::default())
                .with_options(ResolverOpts::default())
        }
    };
    builder.options_mut().timeout = config.limit / 4;
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_resolver::proto::rr::Name;

    #[test]
    fn controllers_have_an_order_and_names_of_the_domain() {
        let srv =
            |priority, weight, name: &str| SRV::new(priority, weight, 389, Name::from_ascii(name).unwrap());
        let records = vec![
            srv(10, 100, "far.lab.test."),
            srv(0, 50, "B.lab.test."),
            srv(0, 100, "c.lab.test."),
            srv(0, 100, "a.lab.test."),
            srv(0, 200, "a.evil.test."),
            srv(0, 200, "evillab.test."),
        ];
        let mut problems = Vec::new();
        let found: Vec<String> =
            ordered(records, "Lab.test", &mut problems).into_iter().map(|(name, _)| name).collect();
        assert_eq!(found, ["a.lab.test", "c.lab.test", "b.lab.test", "far.lab.test"]);
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
