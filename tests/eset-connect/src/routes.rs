//! The calls of the interface.

use crate::{
    answer::Reply,
    tenant::{PASSWORD, Seen, Tenant, USER},
    trouble::{Moment, Route, Trouble},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// A request as it came.
pub(crate) struct Came {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) token: Option<String>,
    pub(crate) response: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// What is done about a request.
pub(crate) enum Done {
    Answer(Reply),
    /// The connection ends.
    Drop,
    /// Nothing, for ever.
    Hang,
}

pub(crate) fn lock(tenant: &Mutex<Tenant>) -> MutexGuard<'_, Tenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn serve(tenant: &Mutex<Tenant>, came: &Came) -> Done {
    let Some(route) = route(came) else { return Done::Answer(status(404, "no such call")) };
    let target =
        came.query.iter().fold(came.path.clone(), |all, (name, value)| format!("{all} {name}={value}"));
    let token = came.token.as_ref().map(|token| token.chars().take(16).collect());
    let seen = Seen { route, target, response: came.response.clone(), token };
    lock(tenant).seen.push(seen.clone());
    tell(tenant, &seen, Moment::Come);
    let done = act(&mut lock(tenant), route, came);
    tell(tenant, &seen, Moment::Done);
    match done {
        Done::Answer(reply) => {
            let name = lock(tenant).name("request");
            Done::Answer(reply.with("request-id", name))
        }
        other => other,
    }
}

/// Without the lock: the hook may look at the tenant, and may never come back.
fn tell(tenant: &Mutex<Tenant>, seen: &Seen, moment: Moment) {
    let hook = lock(tenant).hook.take();
    if let Some(mut hook) = hook {
        hook(seen, moment);
        lock(tenant).hook.get_or_insert(hook);
    }
}

fn route(came: &Came) -> Option<Route> {
    let parts: Vec<&str> = came.path.split('/').filter(|part| !part.is_empty()).collect();
    Some(match (came.method.as_str(), parts.as_slice()) {
        ("POST", ["oauth", "token"]) => Route::Token,
        ("GET", ["v1", "devices"]) => Route::Devices,
        ("GET", ["v1", "device_tasks"]) => Route::Tasks,
        ("POST", ["v1", "device_tasks"]) => Route::Create,
        ("GET", ["v1", "device_tasks", _, "runs"]) => Route::Runs,
        _ => return None,
    })
}

fn act(tenant: &mut Tenant, route: Route, came: &Came) -> Done {
    if route != Route::Token && !came.token.as_ref().is_some_and(|token| tenant.tokens.contains(token)) {
        return Done::Answer(status(401, "invalid token"));
    }
    if let Some(name) = &came.response {
        return Done::Answer(again(tenant, name));
    }
    let trouble = tenant.trouble(route);
    match &trouble {
        Some(Trouble::Status(code)) => return Done::Answer(status(*code, "on script")),
        Some(Trouble::Busy(secs)) => {
            return Done::Answer(status(429, "too many requests").with("retry-after", secs.to_string()));
        }
        Some(Trouble::Redirect(to)) => return Done::Answer(status(302, "").with("location", to)),
        Some(Trouble::Hang) => return Done::Hang,
        Some(Trouble::Drop) => return Done::Drop,
        Some(Trouble::Huge(bytes)) => {
            let mut reply = Reply::json(200, &json!({}));
            reply.body = vec![b' '; *bytes];
            return Done::Answer(reply);
        }
        _ => {}
    }
    let mut reply = answer(tenant, route, came);
    match trouble {
        Some(Trouble::StatusAfter(code)) => reply = status(code, "on script"),
        Some(Trouble::HangAfter) => return Done::Hang,
        Some(Trouble::DropAfter) => return Done::Drop,
        Some(Trouble::HalfJson) => reply.body.truncate(reply.body.len() / 2),
        Some(Trouble::HalfAnswer) => reply.breaks = true,
        Some(Trouble::Pending(times)) => reply = postpone(tenant, times, &reply),
        Some(Trouble::Forgotten) => {
            reply = postpone(tenant, 1, &reply);
            tenant.pending.clear();
        }
        Some(Trouble::Endless) => {
            let mut page: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            page["nextPageToken"] = json!("1");
            reply = Reply::json(200, &page);
        }
        _ => {}
    }
    Done::Answer(reply)
}

fn answer(tenant: &mut Tenant, route: Route, came: &Came) -> Reply {
    match route {
        Route::Token => grant(tenant, came),
        Route::Devices => {
            let all = tenant.devices.iter().map(crate::tenant::LabDevice::json).collect();
            page(tenant, "devices", all, came)
        }
        Route::Tasks => {
            let all = tenant.tasks.iter().map(crate::tenant::LabTask::json).collect();
            page(tenant, "tasks", all, came)
        }
        Route::Create => {
            let sent: Value = serde_json::from_slice(&came.body).unwrap_or_default();
            let task = &sent["task"];
            let whole = task["triggers"].as_array().is_some_and(|all| !all.is_empty())
                && task["action"]["params"]["@type"].is_string()
                && task["targets"]["devicesUuids"].as_array().is_some_and(|all| !all.is_empty());
            if !whole {
                return status(400, "a task needs triggers, an action and targets");
            }
            let task = tenant.create(task);
            Reply::json(200, &json!({ "task": task }))
        }
        Route::Runs => {
            let uuid = came.path.split('/').nth(3).unwrap_or_default().to_owned();
            match tenant.runs(&uuid) {
                Some(all) => page(tenant, "taskRuns", all, came),
                None => status(404, "no such task"),
            }
        }
    }
}

fn grant(tenant: &mut Tenant, came: &Came) -> Reply {
    let fields = form(&String::from_utf8_lossy(&came.body));
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let good = match field("grant_type") {
        "password" => field("username") == USER && field("password") == PASSWORD,
        "refresh_token" => tenant.refreshes.iter().any(|token| token == field("refresh_token")),
        _ => false,
    };
    if !good {
        let what = if tenant.repeats_password { field("password") } else { "invalid credentials" };
        return Reply::json(400, &json!({ "error": "invalid_grant", "error_description": what }));
    }
    let access = tenant.name("LabAccessToken");
    tenant.tokens.push(access.clone());
    let mut answer =
        json!({ "access_token": access, "token_type": "Bearer", "expires_in": tenant.token_lasts });
    if tenant.gives_refresh {
        let refresh = tenant.name("LabRefreshToken");
        tenant.refreshes.push(refresh.clone());
        answer["refresh_token"] = json!(refresh);
    }
    Reply::json(200, &answer)
}

fn page(tenant: &Tenant, name: &str, all: Vec<Value>, came: &Came) -> Reply {
    let start: usize = came.query.get("pageToken").and_then(|text| text.parse().ok()).unwrap_or(0);
    let wanted: usize = came.query.get("pageSize").and_then(|text| text.parse().ok()).unwrap_or(tenant.page);
    let end = all.len().min(start + wanted.min(tenant.page));
    let entries = all.get(start..end).unwrap_or_default();
    let next = if end < all.len() { end.to_string() } else { String::new() };
    Reply::json(200, &json!({ name: entries, "nextPageToken": next }))
}

/// The answer comes later.
fn postpone(tenant: &mut Tenant, times: u32, reply: &Reply) -> Reply {
    let name = tenant.name("response");
    let value = serde_json::from_slice(&reply.body).unwrap_or_default();
    tenant.pending.insert(name.clone(), (times, value));
    status(202, "accepted").with("response-id", name)
}

fn again(tenant: &mut Tenant, name: &str) -> Reply {
    match tenant.pending.get_mut(name) {
        None => status(404, "no such answer"),
        Some((left, _)) if *left > 1 => {
            *left -= 1;
            status(202, "accepted").with("response-id", name)
        }
        Some(_) => {
            let value = tenant.pending.remove(name).map(|(_, value)| value).unwrap_or_default();
            Reply::json(200, &value)
        }
    }
}

fn status(code: u16, message: &str) -> Reply {
    Reply::json(code, &json!({ "code": 2, "message": message, "details": [] }))
}

/// Fields of a form or a query.
pub(crate) fn form(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
