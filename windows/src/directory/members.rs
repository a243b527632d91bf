//! Which groups give an account their rights, and how it comes to them.

use mailsec_core::host::{Membership, Rank};
use std::collections::{BTreeMap, VecDeque};

/// A group as the directory has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) dn: String,
    pub(super) name: String,
    pub(super) sid: String,
    /// Distinguished names of the groups that it is a member of itself.
    pub(super) member_of: Vec<String>,
}

/// What a group makes of its members. Names can be changed and are translated; SIDs are neither:
/// Domain Admins 512, Schema Admins 518, Enterprise Admins 519, built-in Administrators S-1-5-32-544
/// (<https://learn.microsoft.com/windows-server/identity/ad-ds/manage/understand-security-identifiers>).
///
/// `exchange_groups` are the SIDs of the groups in `otherWellKnownObjects` of Exchange's configuration. All of them
/// count, those that only view included: the service account is to be a standard user.
pub(super) fn rank(group: &Group, exchange_groups: &[String]) -> Rank {
    let of_domain = group.sid.starts_with("S-1-5-21-");
    let relative = group.sid.rsplit('-').next().unwrap_or_default();
    if group.sid == "S-1-5-32-544" || (of_domain && ["512", "518", "519"].contains(&relative)) {
        Rank::DomainAdmin
    } else if exchange_groups.contains(&group.sid) {
        Rank::ExchangeAdmin
    } else {
        Rank::Plain
    }
}

/// The SID of the account's primary group: the account's own SID with another last number.
pub(super) fn primary_sid(account_sid: &str, primary_group: &str) -> Option<String> {
    account_sid.rsplit_once('-').map(|(domain, _)| format!("{domain}-{primary_group}"))
}

/// Every group of `token` (the SIDs of `tokenGroups`, which is complete) with the shortest chain to it. `groups` are
/// those that could be read; of others only the SID is known.
pub(super) fn memberships(
    token: &[String],
    groups: &[Group],
    direct: &[String],
    primary: Option<&str>,
    exchange_groups: &[String],
) -> Vec<Membership> {
    let by_dn: BTreeMap<String, &Group> =
        groups.iter().map(|group| (group.dn.to_lowercase(), group)).collect();
    // Breadth first, so that the first chain to a group is a shortest one; a loop of groups ends by itself.
    let mut chains: BTreeMap<&str, (Vec<String>, bool)> = BTreeMap::new();
    let mut queue: VecDeque<(&Group, Vec<String>, bool)> = VecDeque::new();
    for dn in direct {
        queue.extend(by_dn.get(&dn.to_lowercase()).map(|group| (*group, Vec::new(), false)));
    }
    queue.extend(
        groups.iter().filter(|group| Some(group.sid.as_str()) == primary).map(|g| (g, Vec::new(), true)),
    );
    while let Some((group, mut through, by_primary)) = queue.pop_front() {
        if chains.contains_key(group.sid.as_str()) {
            continue;
        }
        through.push(group.name.clone());
        for dn in &group.member_of {
            queue.extend(by_dn.get(&dn.to_lowercase()).map(|next| (*next, through.clone(), by_primary)));
        }
        chains.insert(&group.sid, (through, by_primary));
    }
    let mut found: Vec<Membership> = token
        .iter()
        .map(|sid| {
            let known = groups.iter().find(|group| group.sid == *sid);
            let unknown = Group { sid: sid.clone(), name: sid.clone(), ..Group::default() };
            let group = known.unwrap_or(&unknown);
            let (through, primary) =
                chains.get(sid.as_str()).cloned().unwrap_or((vec![group.name.clone()], false));
            Membership {
                group: group.name.clone(),
                sid: sid.clone(),
                rank: rank(group, exchange_groups),
                through,
                primary,
            }
        })
        .collect();
    found.sort_by(|a, b| a.group.cmp(&b.group).then_with(|| a.sid.cmp(&b.sid)));
    found.dedup();
    found
}

/// What a value of `otherWellKnownObjects` says of a group.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WellKnown {
    /// Its SID, as text.
    Sid(String),
    /// It was deleted: nobody is a member of it.
    Deleted,
    /// Neither.
    Unreadable,
}

/// Reads a value: `B:32:<hex digits>:<name>`, where the name with its SID is `<GUID=...>;<SID=...>;CN=...`.
pub(super) fn well_known(value: &str) -> WellKnown {
    let mut parts = value.splitn(4, ':');
    let (Some("B"), Some(_), Some(_), Some(name)) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return WellKnown::Unreadable;
    };
    let sid = name.split(';').find_map(|part| part.strip_prefix("<SID=")?.strip_suffix('>'));
    match sid {
        Some(sid) if sid.starts_with("S-1-") => WellKnown::Sid(sid.to_owned()),
        // Deleted objects are renamed to this ([MS-ADTS] 3.1.1.5.5).
        _ if name.to_ascii_uppercase().contains("\\0ADEL:") => WellKnown::Deleted,
        _ => WellKnown::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(name: &str, sid: &str, member_of: &[&str]) -> Group {
        Group {
            dn: format!("CN={name},DC=lab"),
            name: name.into(),
            sid: sid.into(),
            member_of: member_of.iter().map(|g| format!("cn={g},dc=LAB")).collect(),
        }
    }

    #[test]
    fn nested_and_primary_groups_count_and_loops_end() {
        let groups = [
            group("Staff", "S-1-5-21-1-1105", &["Ops"]),
            group("Ops", "S-1-5-21-1-1106", &["Staff", "Domain Admins"]),
            group("Domain Admins", "S-1-5-21-1-512", &["Administrators"]),
            group("Administrators", "S-1-5-32-544", &[]),
            group("Organization Management", "S-1-5-21-1-1200", &[]),
            group("Domain Users", "S-1-5-21-1-513", &[]),
        ];
        let token: Vec<String> =
            groups.iter().map(|g| g.sid.clone()).chain(["S-1-5-21-9-512".into()]).collect();
        let direct = ["CN=Staff,DC=lab".to_owned(), "CN=Organization Management,DC=lab".to_owned()];
        let exchange = ["S-1-5-21-1-1200".to_owned()];
        let primary = primary_sid("S-1-5-21-1-1104", "513");
        let found = memberships(&token, &groups, &direct, primary.as_deref(), &exchange);
        let of = |name: &str| found.iter().find(|m| m.group == name).unwrap();
        assert_eq!(of("Administrators").through, ["Staff", "Ops", "Domain Admins", "Administrators"]);
        assert_eq!(of("Domain Admins").rank, Rank::DomainAdmin);
        assert_eq!(of("Organization Management").rank, Rank::ExchangeAdmin);
        assert_eq!((of("Domain Users").primary, of("Domain Users").rank), (true, Rank::Plain));
        assert_eq!(of("Staff").rank, Rank::Plain);
        // A group of another domain, of which only the SID is known.
        assert_eq!(of("S-1-5-21-9-512").rank, Rank::DomainAdmin);
        assert_eq!(found.len(), token.len());
    }

    #[test]
    fn well_known_objects_hold_a_sid() {
        let of = |name: &str| well_known(&format!("B:32:C262A929D691B74A9E068728F8F842EA:{name}"));
        let whole =
            "<GUID=fcbb29ca-b860-4288-b7de-22ecc5d66551>;<SID=S-1-5-21-1-1103>;CN=Verwaltung: A,DC=lab";
        assert_eq!(of(whole), WellKnown::Sid("S-1-5-21-1-1103".into()));
        assert_eq!(of("CN=Organization Management,DC=lab"), WellKnown::Unreadable);
        assert_eq!(of("<SID=0105>;CN=x"), WellKnown::Unreadable);
        assert_eq!(of("<GUID=1>;CN=x\\0ADEL:fcbb29ca,CN=Deleted Objects,DC=lab"), WellKnown::Deleted);
        assert_eq!(well_known("CN=x"), WellKnown::Unreadable);
    }
}
