//! What is asked of a mailbox that is open. In batches, of which each takes effect: what a time limit cuts off is not
//! begun anew the next time.

use super::trouble;
use async_imap::{
    Session,
    types::{Fetch, Uid},
};
use futures::TryStreamExt as _;
use mailsec_core::{
    Failure,
    host::Arrived,
    proof::{DOMAIN, marker_of},
};
use std::collections::{BTreeMap, BTreeSet};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// Of a message, this much is fetched. Ours have about 1 KiB; what a product puts in an attachment's place is a few more.
const FETCHED: usize = 256 * 1024;

/// Messages that one command names. More would make lines that are longer than RFC 2683 advises (3.2.1.5).
const BATCH: usize = 100;

pub(super) type Open = Session<TlsStream<TcpStream>>;

/// Messages of this program whose marker may begin so, oldest first. A search finds parts of a field, so that each field is
/// judged once more; of others' messages nothing else is fetched.
pub(super) async fn ours(session: &mut Open, beginning: &str) -> Result<Vec<(Uid, String)>, Failure> {
    let mut ours = Vec::new();
    for batch in found(session, beginning).await?.chunks(BATCH) {
        ours.extend(marked(session, batch).await?);
    }
    Ok(ours)
}

async fn found(session: &mut Open, beginning: &str) -> Result<Vec<Uid>, Failure> {
    let query = format!("UNDELETED HEADER Message-ID \"<{beginning}\" HEADER Message-ID \"@{DOMAIN}\"");
    let uids = session.uid_search(query).await.map_err(|error| trouble("searching", error))?;
    let mut uids: Vec<Uid> = uids.into_iter().collect();
    uids.sort_unstable();
    Ok(uids)
}

async fn marked(session: &mut Open, uids: &[Uid]) -> Result<Vec<(Uid, String)>, Failure> {
    let fetches = fetch(session, uids, "(UID BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])").await?;
    let marked = fetches.iter().filter_map(|fetch| {
        let marker = marker_of(&message_id_of(fetch.header()?)?)?.to_owned();
        Some((fetch.uid?, marker))
    });
    Ok(marked.collect())
}

/// These messages as they were delivered.
pub(super) async fn fetched(session: &mut Open, ours: &[(Uid, String)]) -> Result<Vec<Arrived>, Failure> {
    let markers: BTreeMap<Uid, &String> = ours.iter().map(|(uid, marker)| (*uid, marker)).collect();
    let uids: Vec<Uid> = markers.keys().copied().collect();
    let mut arrived = Vec::new();
    for batch in uids.chunks(BATCH) {
        let fetches = fetch(session, batch, &format!("(UID BODY.PEEK[]<0.{FETCHED}>)")).await?;
        arrived.extend(fetches.iter().filter_map(|fetch| {
            let marker = (*markers.get(&fetch.uid?)?).clone();
            Some(Arrived { marker, raw: fetch.body()?.to_vec() })
        }));
    }
    Ok(arrived)
}

/// Removes the messages with these markers, and what else was delivered under them.
pub(super) async fn removed(session: &mut Open, markers: &[String]) -> Result<(), Failure> {
    let uids = found(session, &common(markers)).await?;
    let markers: BTreeSet<&str> = markers.iter().map(String::as_str).collect();
    let mut can_expunge = None;
    for batch in uids.chunks(BATCH) {
        let mut same = marked(session, batch).await?;
        same.retain(|(_, marker)| markers.contains(marker.as_str()));
        if same.is_empty() {
            continue;
        }
        let same: Vec<Uid> = same.into_iter().map(|(uid, _)| uid).collect();
        remove(session, &set(&same), &mut can_expunge).await?;
    }
    Ok(())
}

async fn remove(session: &mut Open, uids: &str, can_expunge: &mut Option<bool>) -> Result<(), Failure> {
    let marked = session
        .uid_store(uids, "+FLAGS.SILENT (\\Deleted)")
        .await
        .map_err(|error| trouble("removing", error))?;
    let _: Vec<_> = marked.try_collect().await.map_err(|error| trouble("removing", error))?;
    // Without UIDPLUS (RFC 4315) they stay marked, and are passed over from then on.
    let can = match can_expunge {
        Some(can) => *can,
        None => {
            let all = session.capabilities().await.map_err(|error| trouble("capabilities", error))?;
            *can_expunge.insert(all.has_str("UIDPLUS"))
        }
    };
    if can {
        let gone = session.uid_expunge(uids).await.map_err(|error| trouble("removing", error))?;
        let _: Vec<_> = gone.try_collect().await.map_err(|error| trouble("removing", error))?;
    }
    Ok(())
}

async fn fetch(session: &mut Open, uids: &[Uid], wanted: &str) -> Result<Vec<Fetch>, Failure> {
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    let fetches = session.uid_fetch(set(uids), wanted).await.map_err(|error| trouble("fetching", error))?;
    fetches.try_collect().await.map_err(|error| trouble("fetching", error))
}

fn set(uids: &[Uid]) -> String {
    uids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

/// What all of them begin with: one search finds them all. Of one it is the whole, with its end.
fn common(markers: &[String]) -> String {
    let Some((first, others)) = markers.split_first() else { return String::new() };
    if others.is_empty() {
        return format!("{first}@");
    }
    let same = |other: &String| first.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let length = others.iter().map(same).min().unwrap_or(0);
    first.chars().take(length).collect()
}

/// The Message-ID of a message, or of a part of its head; it may be folded.
fn message_id_of(raw: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(raw);
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let rest = lines.find_map(|line| {
        let (name, rest) = line.split_once(':')?;
        name.eq_ignore_ascii_case("message-id").then(|| rest.trim().to_owned())
    })?;
    if rest.is_empty() { lines.next().map(|line| line.trim().to_owned()) } else { Some(rest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_found_in_the_head_alone_and_where_it_is_folded() {
        let of = |text: &str| message_id_of(text.as_bytes());
        assert_eq!(of("To: a\r\nMessage-Id: <m@x>\r\n\r\n").as_deref(), Some("<m@x>"));
        assert_eq!(of("Message-ID:\r\n <m@x>\r\nTo: a\r\n\r\n").as_deref(), Some("<m@x>"));
        assert_eq!(of("To: a\r\n\r\nMessage-ID: <m@x>\r\n"), None);
    }

    #[test]
    fn one_search_finds_all_that_are_wanted() {
        let of = |markers: &[&str]| common(&markers.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["canary-1"]), "canary-1@");
        assert_eq!(of(&["canary-1", "canary-12"]), "canary-1");
        assert_eq!(of(&["canary-1", "proof-2"]), "");
    }
}
