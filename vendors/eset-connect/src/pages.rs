//! Lists in pages.

use crate::{
    call::{Caller, Ended, Repeat},
    wire::{Body, Request},
};
use mailsec_core::{Code, Failure};
use reqwest::{Method, Url};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;

/// One page, as it is answered.
pub(crate) trait Page: DeserializeOwned {
    type Entry;
    /// The entries, and the token of the next page; an empty one means that there is none.
    fn split(self) -> (Vec<Self::Entry>, Option<String>);
}

impl Caller {
    /// All entries of a list.
    pub(crate) async fn list<P: Page>(&self, what: &str, url: &Url) -> Result<Vec<P::Entry>, Failure> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next: Option<String> = None;
        for _ in 0..self.limits.pages {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("pageSize", &self.limits.page.to_string());
            if let Some(token) = &next {
                url.query_pairs_mut().append_pair("pageToken", token);
            }
            let request = Request { method: Method::GET, url, body: Body::None };
            let page: P = match self.call(what, &request, Repeat::Safely).await? {
                Ended::Answered(page, _) => page,
                Ended::InDoubt(failure) => return Err(failure),
            };
            let (entries, token) = page.split();
            all.extend(entries);
            match token.filter(|token| !token.is_empty()) {
                None => return Ok(all),
                Some(token) if !seen.insert(token.clone()) => {
                    return Err(endless(what, "the same page twice"));
                }
                token => next = token,
            }
        }
        Err(endless(what, "more pages than there can be"))
    }
}

fn endless(what: &str, found: &str) -> Failure {
    Failure::new(Code::ManagementServer, format!("the management server's list for {what} has no end"))
        .expected("pages, each with the next one's token until the last")
        .found(found)
}
