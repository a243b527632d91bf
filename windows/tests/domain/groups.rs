//! Who is an administrator: by SID, however the group came about and whatever it is called.

use crate::setup::{PASSWORD, asked, config, directory, name};
use mailsec_core::{
    Code,
    host::{Account, Directory, Membership, Rank},
};
use mailsec_domain::{Admin, BASE, Domain};

const GLOBAL: &str = "-2147483646";
const UNIVERSAL: &str = "-2147483640";
const OF_DOMAIN: &str = "-2147483644";

async fn account(domain: &Domain, user: &str) -> Account {
    directory(domain).account(&name(user)).await.unwrap().unwrap()
}

fn through<'a>(account: &'a Account, group: &str) -> &'a Membership {
    account
        .memberships
        .iter()
        .find(|one| one.group == group)
        .unwrap_or_else(|| panic!("{group}: {account:?}"))
}

#[tokio::test]
async fn a_chain_of_groups_that_goes_in_a_circle_leads_to_domain_admins() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-nested", PASSWORD).unwrap();
    admin.group("Operators", GLOBAL, &[&Admin::dn("svc-nested")]).unwrap();
    admin.group("Backup Crew", GLOBAL, &[&Admin::dn("Operators")]).unwrap();
    admin
        .set(&Admin::dn("Operators"), "member", &[&Admin::dn("svc-nested"), &Admin::dn("Backup Crew")])
        .unwrap();
    let plain = account(&domain, "svc-nested").await;
    assert_eq!(plain.administrator_through().count(), 0, "{plain:?}");
    assert_eq!(through(&plain, "Backup Crew").through, ["Operators", "Backup Crew"]);

    let admins = Admin::dn("Domain Admins");
    admin.set(&admins, "member", &[&Admin::dn("Administrator"), &Admin::dn("Backup Crew")]).unwrap();
    let found = account(&domain, "svc-nested").await;
    let chain = &through(&found, "Domain Admins").through;
    assert_eq!(chain, &["Operators", "Backup Crew", "Domain Admins"]);
    // A group of this domain alone, and built in.
    let built_in = through(&found, "Administrators");
    assert_eq!((built_in.sid.as_str(), built_in.rank), ("S-1-5-32-544", Rank::DomainAdmin));
    let refused = found.fit_for_service().unwrap_err();
    assert_eq!(refused.code, Code::AccountIsAdmin);
    assert!(refused.found.unwrap().contains("Operators > Backup Crew > Domain Admins"));
}

#[tokio::test]
async fn domain_admins_as_primary_group_counts_though_no_list_shows_it_and_whatever_it_is_called() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-primary", PASSWORD).unwrap();
    let admins = Admin::dn("Domain Admins");
    admin.set(&admins, "member", &[&Admin::dn("Administrator"), &Admin::dn("svc-primary")]).unwrap();
    // What becomes the primary group leaves the list of members.
    admin.set(&Admin::dn("svc-primary"), "primaryGroupID", &["512"]).unwrap();
    admin.set(&admins, "sAMAccountName", &["Domänen-Admins"]).unwrap();
    let found = account(&domain, "svc-primary").await;
    let group = through(&found, "Domänen-Admins");
    assert!(group.primary && group.rank == Rank::DomainAdmin && group.sid.ends_with("-512"), "{group:?}");
    assert!(admin.value("svc-primary", "memberOf").unwrap().is_none_or(|dn| !dn.contains("Domain Admins")));
    let refused = found.fit_for_service().unwrap_err();
    assert!(refused.found.unwrap().contains("Domänen-Admins (primary group)"));
}

#[tokio::test]
async fn role_groups_of_exchange_are_those_in_its_own_list() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-exchange", PASSWORD).unwrap();
    admin.group("Mail People", OF_DOMAIN, &[]).unwrap();
    admin.group("Verwaltung", UNIVERSAL, &[&Admin::dn("svc-exchange")]).unwrap();
    // Nobody is an administrator by the name of a group.
    admin.group("Organization Management", UNIVERSAL, &[&Admin::dn("svc-exchange")]).unwrap();
    let before = account(&domain, "svc-exchange").await;
    assert_eq!(before.administrator_through().count(), 0, "without Exchange there are no role groups");

    let exchange = format!("CN=Microsoft Exchange,CN=Services,CN=Configuration,{BASE}");
    admin.add(&exchange, &[("objectClass", "container")]).unwrap();
    let entry = |guid: &str, group: &str| format!("B:32:{guid}:{}", Admin::dn(group));
    let list = [
        entry("C262A929D691B74A9E068728F8F842EA", "Verwaltung"),
        entry("A7D2016C83F003458132789EEB127B84", "Mail People"),
    ];
    admin.set(&exchange, "otherWellKnownObjects", &[&list[0], &list[1]]).unwrap();
    let found = account(&domain, "svc-exchange").await;
    let by: Vec<&str> = found.administrator_through().map(|group| group.group.as_str()).collect();
    assert_eq!(by, ["Verwaltung"]);
    assert_eq!(through(&found, "Verwaltung").rank, Rank::ExchangeAdmin);
    assert_eq!(found.fit_for_service().unwrap_err().code, Code::AccountIsAdmin);
}

/// More groups than the directory gives in one answer, and than are asked for at once.
#[tokio::test]
async fn hundreds_of_groups_are_read_page_by_page() {
    const GROUPS: usize = 250;
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    admin.user("svc-many", PASSWORD).unwrap();
    for number in 0..GROUPS {
        admin.group(&format!("group-{number:03}"), GLOBAL, &[&Admin::dn("svc-many")]).unwrap();
    }
    let found = account(&domain, "svc-many").await;
    let named = found.memberships.iter().filter(|one| one.group.starts_with("group-")).count();
    assert_eq!(named, GROUPS, "each by its name");
    assert!(found.memberships.iter().all(|one| one.through.len() < 3));
}

#[tokio::test]
async fn a_reader_without_rights_sees_enough_or_is_told_that_he_does_not() {
    let domain = Domain::start().unwrap();
    let mut admin = domain.admin().unwrap();
    for user in ["reader", "svc-read"] {
        admin.user(user, PASSWORD).unwrap();
    }
    let mut reading = config(&domain);
    reading.bind_name = r"LAB\reader".to_owned();
    let reader = asked(reading, PASSWORD);
    let found = reader.account(&name("svc-read")).await.unwrap().unwrap();
    assert_eq!(found, account(&domain, "svc-read").await, "the same as an administrator sees");
    assert!(found.fit_for_service().is_ok(), "{found:?}");
}
