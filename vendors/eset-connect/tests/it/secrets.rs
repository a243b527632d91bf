//! No secret is in an address or a failure, whatever the server answers.

use crate::harness::{Bench, permit, run, task};
use mailsec_eset::remote::Management;
use mailsec_eset_connect_standin::{PASSWORD, Route, Trouble};

#[test]
fn a_server_that_repeats_the_password_does_not_bring_it_into_a_failure() {
    const WRONG: &str = "Not-The-Passw0rd!";
    let bench = Bench::with_password(Some(WRONG));
    bench.server.tenant().repeats_password = true;
    let failure = run(bench.client.devices()).unwrap_err();
    assert!(!format!("{failure:?}").contains(WRONG), "{failure:?}");
    assert!(failure.found.unwrap().contains("(hidden)"));
}

#[test]
fn no_password_and_no_token_is_in_an_address_or_a_failure() {
    let troubles = [
        Trouble::Status(400),
        Trouble::Status(401),
        Trouble::Status(403),
        Trouble::Status(500),
        Trouble::Drop,
        Trouble::HalfJson,
        Trouble::Redirect("http://127.0.0.1:1/".to_owned()),
    ];
    for trouble in troubles {
        for route in [Route::Token, Route::Devices, Route::Create] {
            let bench = Bench::new();
            bench.server.tenant().will(route, 99, trouble.clone());
            let read = format!("{:?}", run(bench.client.devices()));
            let made = format!("{:?}", run(bench.client.create_task(&permit(), &task("x"))));
            let targets: Vec<_> = bench.server.tenant().seen.iter().map(|seen| seen.target.clone()).collect();
            for text in [read, made, targets.join(" ")] {
                assert!(!text.contains(PASSWORD), "{trouble:?} {route:?}: {text}");
                assert!(
                    !text.contains("LabAccessToken") && !text.contains("LabRefreshToken"),
                    "{trouble:?}: {text}"
                );
            }
        }
    }
}
