//! Which domain controller is asked: the one in the configuration, else those that DNS names.

use super::DirectoryConfig;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::{RData, rdata::SRV},
};
use mailsec_core::{Code, Failure};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// A domain controller.
pub(super) struct Controller {
    /// Its name, as its certificate must have it, with a port where it is not the usual one.
    pub(super) name: String,
    /// The same apart, where DNS named it; else the system looks it up.
    by_dns: Option<(String, u16)>,
}

/// The controllers, the one to ask first first. The order is the same each time: what was created on one of them is not
/// on the others for a while, and must be found again after a crash. So it is that of the records alone: one whose address
/// cannot be found keeps its place.
pub(super) struct Controllers {
    pub(super) all: Vec<Controller>,
    dns: Option<Dns>,
}

impl Controllers {
    /// Those of the configuration, or of DNS; at least one.
    pub(super) fn find(config: &DirectoryConfig) -> Result<Self, Failure> {
        if let Some(server) = &config.server {
            let named = Controller { name: server.clone(), by_dns: None };
            return Ok(Self { all: vec![named], dns: None });
        }
        let domain = config.dns_domain();
        // What DNS registers of every controller ([MS-ADTS] 6.3.2.3).
        let question = format!("_ldap._tcp.dc._msdcs.{domain}.");
        let unfound = |cause: String| {
            unfound(format!("no domain controller of {domain} was found"), cause)
                .expected(format!("records of {question}"))
        };
        let dns = Dns::new(config).map_err(|error| unfound(error.to_string()))?;
        let mut problems = Vec::new();
        let records = dns.controllers(&question).map_err(unfound)?;
        let all: Vec<Controller> = ordered(records, &domain, &mut problems)
            .into_iter()
            .map(|(name, port)| (name, config.encryption.port(port)))
            .map(|(name, port)| Controller { name: format!("{name}:{port}"), by_dns: Some((name, port)) })
            .collect();
        if all.is_empty() { Err(unfound(problems.join("; "))) } else { Ok(Self { all, dns: Some(dns) }) }
    }

    /// Where a controller is; `None` where the system is to look it up. Asked when it is needed: a name that nobody answers
    /// for takes its time.
    pub(super) fn address(&self, of: &Controller) -> Result<Option<SocketAddr>, Failure> {
        let (Some(dns), Some((name, port))) = (&self.dns, &of.by_dns) else { return Ok(None) };
        let found = dns.address(name);
        found.map(|address| Some(SocketAddr::new(address, *port))).map_err(|cause| {
            unfound(format!("the domain controller {name} was not found"), cause)
                .expected(format!("the address of {name}"))
        })
    }
}

fn unfound(what: String, cause: String) -> Failure {
    Failure::new(Code::Directory, what)
        .cause(cause)
        .hint("name one as `server` of the directory in the configuration")
        .retry()
}

/// Who is asked for names. Problems are texts.
struct Dns {
    runtime: tokio::runtime::Runtime,
    resolver: TokioResolver,
    limit: Duration,
}

impl Dns {
    fn new(config: &DirectoryConfig) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { runtime, resolver: resolver(config)?, limit: config.limit })
    }

    fn ask<T, E: std::fmt::Display>(
        &self,
        question: impl Future<Output = Result<T, E>>,
    ) -> Result<T, String> {
        let answer = self.runtime.block_on(async { tokio::time::timeout(self.limit, question).await });
        answer.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
    }

    fn controllers(&self, question: &str) -> Result<Vec<SRV>, String> {
        let records = self.ask(self.resolver.srv_lookup(question))?;
        let controller = |data: &RData| match data {
            RData::SRV(srv) => Some(srv.clone()),
            _ => None,
        };
        Ok(records.answers().iter().filter_map(|record| controller(&record.data)).collect())
    }

    fn address(&self, name: &str) -> Result<IpAddr, String> {
        let addresses = self.ask(self.resolver.lookup_ip(format!("{name}.")))?;
        addresses.iter().next().ok_or_else(|| format!("{name} has no address"))
    }
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
