//! Tokens end; the client renews them by the refresh token once, then by the password once, and then says so.

use crate::harness::{Bench, run};
use mailsec_core::{Code, failure::Remedy};
use mailsec_eset::remote::Management;
use mailsec_eset_connect_standin::{Route, Trouble};
use std::time::Duration;

fn grants(bench: &Bench) -> usize {
    bench.server.tenant().calls(Route::Token)
}

#[test]
fn one_token_serves_many_calls() {
    let bench = Bench::new();
    for _ in 0..3 {
        run(bench.client.devices()).unwrap();
    }
    assert_eq!(grants(&bench), 1);
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    let bench = Bench::new();
    run(bench.client.devices()).unwrap();
    bench.clock.pass(Duration::from_secs(3600 - 59));
    run(bench.client.devices()).unwrap();
    assert_eq!(grants(&bench), 2);
    let unauthorised = bench.server.tenant().seen.iter().filter(|seen| seen.token.is_none()).count();
    assert_eq!(unauthorised, 2, "no call went without a good token");
}

#[test]
fn a_token_that_ended_early_is_renewed_by_the_refresh_token() {
    let bench = Bench::new();
    run(bench.client.devices()).unwrap();
    bench.server.tenant().end_tokens();
    assert_eq!(run(bench.client.devices()).unwrap().len(), 3);
    assert_eq!(grants(&bench), 2);
}

#[test]
fn where_the_refresh_token_ended_too_the_password_serves() {
    for gives_refresh in [true, false] {
        let bench = Bench::new();
        bench.server.tenant().gives_refresh = gives_refresh;
        run(bench.client.devices()).unwrap();
        bench.server.tenant().end_tokens();
        bench.server.tenant().end_refreshes();
        assert_eq!(run(bench.client.devices()).unwrap().len(), 3);
        assert_eq!(grants(&bench), if gives_refresh { 3 } else { 2 });
    }
}

#[test]
fn a_server_that_accepts_no_token_is_not_asked_for_ever() {
    let bench = Bench::new();
    bench.server.tenant().will(Route::Devices, 99, Trouble::Status(401));
    let failure = run(bench.client.devices()).unwrap_err();
    assert_eq!((failure.code, failure.remedy), (Code::ManagementLogin, Remedy::Ask));
    assert_eq!((grants(&bench), bench.server.tenant().calls(Route::Devices)), (3, 3));
}

#[test]
fn a_log_on_that_fails_by_itself_is_tried_again() {
    for trouble in [Trouble::Status(503), Trouble::Busy(1), Trouble::Drop, Trouble::HalfJson, Trouble::Hang] {
        let bench = Bench::new();
        bench.server.tenant().will(Route::Token, 2, trouble.clone());
        assert_eq!(run(bench.client.devices()).map(|all| all.len()), Ok(3), "{trouble:?}");
    }
}

#[test]
fn a_wrong_password_is_asked_for_and_not_tried_again() {
    let bench = Bench::with_password(Some("wrong"));
    let failure = run(bench.client.devices()).unwrap_err();
    assert_eq!((failure.code, failure.remedy), (Code::ManagementLogin, Remedy::Ask));
    assert_eq!((grants(&bench), bench.clock.waits().len()), (1, 0), "accounts are locked by tries");
}

#[test]
fn a_password_that_nobody_gave_is_asked_for() {
    let bench = Bench::with_password(None);
    let failure = run(bench.client.devices()).unwrap_err();
    assert_eq!((failure.code, failure.remedy), (Code::SecretMissing, Remedy::Ask));
    assert!(bench.server.tenant().seen.is_empty());
}
