//! Domain controllers that DNS names.

use crate::setup::{PASSWORD, asked, config, name, permit};
use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::SRV},
};
use mailsec_core::{
    Code,
    failure::Remedy,
    host::{Credentials, Directory},
    values::Secret,
};
use mailsec_domain::{ADMINISTRATOR_PASSWORD, Domain};
use mailsec_windows::{DirectoryConfig, Encryption};
use std::{
    net::{Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::Duration,
};

/// What a DNS server knows: controllers with their priorities, and addresses of names.
struct Zone {
    controllers: Vec<(u16, &'static str)>,
    addresses: Vec<(&'static str, Ipv4Addr)>,
}

/// A name about which the server says nothing.
const SILENT: &str = "dc-silent.lab.test.";
const SERVICE: &str = "_ldap._tcp.dc._msdcs.lab.test.";

impl Zone {
    /// Answers on loopback until the test's process ends.
    fn serve(self) -> SocketAddr {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let asked = Message::from_vec(&buffer[..length]).unwrap();
                if asked.queries[0].name().to_ascii().eq_ignore_ascii_case(SILENT) {
                    continue;
                }
                socket.send_to(&self.answer(&asked).to_vec().unwrap(), from).unwrap();
            }
        });
        address
    }

    fn answer(&self, asked: &Message) -> Message {
        let query = asked.queries[0].clone();
        let name = query.name().to_ascii().to_lowercase();
        let data: Vec<RData> = match query.query_type() {
            RecordType::SRV if name == SERVICE => self
                .controllers
                .iter()
                .map(|&(priority, target)| {
                    RData::SRV(SRV::new(priority, 100, 389, Name::from_ascii(target).unwrap()))
                })
                .collect(),
            RecordType::A => self
                .addresses
                .iter()
                .filter(|(own, _)| *own == name)
                .map(|&(_, address)| RData::A(address.into()))
                .collect(),
            _ => Vec::new(),
        };
        let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
        if data.is_empty() {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        for data in data {
            answer.add_answer(Record::from_rdata(query.name().clone(), 60, data));
        }
        answer.add_query(query);
        answer
    }
}

fn found_by(domain: &Domain, zone: Zone) -> DirectoryConfig {
    DirectoryConfig { server: None, nameserver: Some(zone.serve()), ..config(domain) }
}

#[tokio::test]
async fn the_controller_is_found_by_dns_and_its_certificate_must_have_that_name() {
    let domain = Domain::start().unwrap();
    domain.admin().unwrap().user("svc", PASSWORD).unwrap();
    let zone = |name| Zone { controllers: vec![(0, name)], addresses: vec![(name, domain.address())] };
    for encryption in [Encryption::Ldaps, Encryption::StartTls] {
        let named = DirectoryConfig { encryption, ..found_by(&domain, zone("dc1.lab.test.")) };
        let found = asked(named, ADMINISTRATOR_PASSWORD).account(&name("svc")).await.unwrap().unwrap();
        assert!(found.enabled);
        let other = DirectoryConfig { encryption, ..found_by(&domain, zone("dc9.lab.test.")) };
        let failure = asked(other, ADMINISTRATOR_PASSWORD).account(&name("svc")).await.unwrap_err();
        assert!(failure.causes.iter().any(|cause| cause.contains("not valid for name")), "{failure:?}");
    }
}

/// Reading goes on with the next; a creation waits for the first, where an account of that name may be already.
#[tokio::test]
async fn another_controller_answers_questions_while_the_first_is_away_and_creates_nothing() {
    let domain = Domain::start().unwrap();
    domain.admin().unwrap().user("svc", PASSWORD).unwrap();
    let nowhere = Ipv4Addr::new(127, 79, 0, 1);
    let both = |away: u16, here: u16| Zone {
        controllers: vec![(away, "dc0.lab.test."), (here, "dc1.lab.test.")],
        addresses: vec![("dc0.lab.test.", nowhere), ("dc1.lab.test.", domain.address())],
    };
    let second = asked(found_by(&domain, both(0, 10)), ADMINISTRATOR_PASSWORD);
    assert!(second.account(&name("svc")).await.unwrap().unwrap().enabled);
    let password = Secret::new(PASSWORD);
    let valid = Credentials::Valid;
    assert_eq!(second.try_credentials(&name("svc"), &password).await.unwrap(), valid);
    // Of what was changed on the first, the second's word proves nothing.
    let looked = second.account_where_changed(&name("svc")).await.unwrap_err();
    let tried = second.try_credentials_where_changed(&name("svc"), &password).await.unwrap_err();
    for failure in [looked, tried] {
        assert!(failure.message.contains("dc0.lab.test"), "{failure:?}");
        assert_eq!(failure.remedy, Remedy::Retry);
    }
    let failure = second.create_disabled(&permit(), &name("svc-new"), "ours").await.unwrap_err();
    assert!(failure.message.contains("dc0.lab.test"), "{failure:?}");
    assert_eq!(failure.remedy, Remedy::Retry);
    let first = asked(found_by(&domain, both(10, 0)), ADMINISTRATOR_PASSWORD);
    first.create_disabled(&permit(), &name("svc-new"), "ours").await.unwrap();
    assert!(second.account(&name("svc-new")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_domain_without_records_and_one_with_names_of_others_are_refused() {
    let domain = Domain::start().unwrap();
    let evil = Zone {
        controllers: vec![(0, "dc1.lab.test.evil.test.")],
        addresses: vec![("dc1.lab.test.evil.test.", domain.address())],
    };
    for (zone, said) in [
        (Zone { controllers: vec![], addresses: vec![] }, "no records found"),
        (Zone { controllers: vec![(0, "dc1.lab.test.")], addresses: vec![] }, "dc1.lab.test"),
        (evil, "is not a name below lab.test"),
    ] {
        let failure =
            asked(found_by(&domain, zone), ADMINISTRATOR_PASSWORD).account(&name("svc")).await.unwrap_err();
        assert_eq!(failure.code, Code::Directory);
        assert!(failure.causes.iter().any(|cause| cause.contains(said)), "{said}: {failure:?}");
        assert!(failure.hint.unwrap().contains("`server`"));
    }
}

/// The order is that of the records, whether a name has an address or not: else the second would be the first for a while.
#[tokio::test]
async fn a_first_controller_without_an_address_keeps_its_place_and_a_slow_name_fails_nothing_else() {
    let domain = Domain::start().unwrap();
    domain.admin().unwrap().user("svc", PASSWORD).unwrap();
    for unresolved in ["dc0.lab.test.", SILENT] {
        let zone = |first: u16, second: u16| Zone {
            controllers: vec![(first, unresolved), (second, "dc1.lab.test.")],
            addresses: vec![("dc1.lab.test.", domain.address())],
        };
        // Silence is waited for.
        let by = |zone| DirectoryConfig { limit: Duration::from_secs(8), ..found_by(&domain, zone) };
        let away = asked(by(zone(0, 10)), ADMINISTRATOR_PASSWORD);
        assert!(away.account(&name("svc")).await.unwrap().unwrap().enabled, "{unresolved}");
        let failure = away.create_disabled(&permit(), &name("svc-new"), "ours").await.unwrap_err();
        assert!(failure.message.contains(unresolved.trim_end_matches('.')), "{failure:?}");
        assert_eq!(failure.remedy, Remedy::Retry);
        assert!(away.account(&name("svc-new")).await.unwrap().is_none());
        let last = asked(by(zone(10, 0)), ADMINISTRATOR_PASSWORD);
        last.create_disabled(&permit(), &name("svc-new"), "ours").await.unwrap();
        last.delete(&permit(), &name("svc-new"), "ours").await.unwrap();
    }
}
