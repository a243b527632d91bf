//! Every plan of the tables: the facts of its server are captured, written, read, and a server is built from them on
//! which the very plan runs to its end.

use futures::executor::block_on;
use mailsec_core::{
    Code,
    host::Host,
    plan::Plan,
    product::{Captured, FactQuery, Facts, MailSecurityProduct},
    upgrade::Finish,
    values::ServerPath,
};
use mailsec_crash_tests::{Case, End, Person, Trial, cases, planned};
use mailsec_simulator::{SimHost, World, captured::rebuild, oracle, people::stand_in};

/// A case's plan, and the facts of its server, as they are read back from their file.
pub(crate) fn captured(case: &Case) -> (&'static dyn MailSecurityProduct, Plan, Captured) {
    let subject = planned(case);
    let trial = subject.planned();
    let (product, plan) = (trial.product, Plan::clone(&trial.plan));
    let host = SimHost::in_memory(World::clone(&trial.before));
    let facts = block_on(product.gather(&host, &case.wanted())).unwrap();
    let captured = Captured::new(product.describe().key, facts, host.clock().now(), "0.1.0");
    (product, plan, Captured::read(&captured.sealed()).unwrap())
}

fn run(case: &Case) -> Result<(), String> {
    let (product, plan, facts) = captured(case);
    runs(case, product, &plan, &facts).map(drop)
}

/// Runs the plan on the server that is built from the facts, and answers what was assumed.
fn runs(
    case: &Case,
    product: &'static dyn MailSecurityProduct,
    plan: &Plan,
    facts: &Captured,
) -> Result<Vec<String>, String> {
    let rebuilt = rebuild(product, facts, plan).map_err(|why| why.to_string())?;
    let host = SimHost::in_memory(rebuilt.world.clone());
    let again = block_on(product.gather(&host, &case.wanted())).map_err(|why| why.to_string())?;
    let installation = product.detect(&again).map_err(|why| why.to_string())?.ok_or("no product")?;
    let other = product.plan(&installation, &again, &case.wanted(), plan.made, &plan.engine);
    let other = other.map_err(|why| format!("it cannot be planned: {why}"))?;
    if other.steps != plan.steps {
        return Err("another plan is made for it".to_owned());
    }
    let mut trial = Trial::of_plan(product, rebuilt.world, rebuilt.secrets, plan.clone()).unwrap();
    let end = trial.run(&Person::new(&trial.host, stand_in));
    if end != End::Finished(Finish::Succeeded) {
        let last: Vec<_> = trial.events().into_iter().rev().take(3).collect();
        return Err(format!("{end:?}: {last:?}"));
    }
    assert_eq!(trial.loaded().state.hash, plan.hash());
    let world = trial.host.world();
    oracle::transport_in_effect(&world)?;
    oracle::no_mail_lost(&world)?;
    oracle::accounts_work(&world)?;
    Ok(rebuilt.assumptions)
}

#[test]
fn every_plan_runs_on_the_server_that_is_built_from_its_facts() {
    let wrong: Vec<String> =
        cases::all().filter_map(|case| run(case).err().map(|why| format!("{}: {why}", case.name))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The facts with some words changed, and the plan that is made from them.
pub(crate) fn with(
    case: &Case,
    words: &[(&str, &str)],
) -> (&'static dyn MailSecurityProduct, Plan, Captured) {
    let (product, plan, captured) = captured(case);
    let mut text = serde_json::to_string(&captured.facts).unwrap();
    for (from, to) in words {
        assert!(text.contains(from), "{from}: {text}");
        text = text.replace(from, to);
    }
    let facts: Facts = serde_json::from_str(&text).unwrap();
    let installation = product.detect(&facts).unwrap().unwrap();
    let wanted = case.wanted();
    let plan = product.plan(&installation, &facts, &wanted, plan.made, &plan.engine).unwrap();
    (product, plan, Captured { facts, ..captured })
}

/// Nothing of the sample server is taken for granted: name, domain, folders, volumes, Exchange, services, sizes.
#[test]
fn a_server_unlike_the_sample_is_built_as_it_is() {
    let case = cases::case("silent, held, with a restart").unwrap();
    let (product, plan, captured) = with(
        &case,
        &[
            ("MAIL01", "EXCH-7"),
            (r"LAB\\svc-vipre", r"CONTOSO\\mailscan"),
            (r"C:\\Program Files (x86)\\VIPRE Email Security", r"D:\\Mail\\VIPRE"),
            (r"C:\\Program Files\\Microsoft\\Exchange Server\\V15", r"E:\\Exchange"),
            ("15.2.1748.10", "15.1.2507.6"),
            ("SimVipreEmailPlugin", "PlugInMgr"),
            ("Sim VIPRE Routing Agent", "Routing & <Scan>"),
            ("\"tree\":[5,239]", "\"tree\":[5120,42000000]"),
        ],
    );
    let assumed = runs(&case, product, &plan, &captured).unwrap();
    let many = r"the 5120 files of D:\Mail\VIPRE\Settings are rehearsed as 6 of the same size in all";
    assert!(assumed.iter().any(|line| line == many), "{assumed:?}");
    let world = rebuild(product, &captured, &plan).unwrap().world;
    assert_eq!(world.exchange().unwrap().version, "15.1.2507.6");
    let settings = world.disk.tree(&ServerPath::new(r"D:\Mail\VIPRE\Settings")).unwrap();
    assert_eq!(settings.iter().map(|file| file.size).sum::<u64>(), 42_000_000);
    let backup = ServerPath::new(r"C:\ProgramData\mailsec\backup");
    let free = captured.facts.free_space(&FactQuery::FreeSpace(backup.clone())).unwrap();
    assert_eq!(world.disk.free(&backup).unwrap(), *free);
}

#[test]
fn facts_of_something_else_are_refused() {
    let usual = cases::case("silent, held").unwrap();
    let (product, plan, facts) = captured(&usual);
    let eset = captured(&cases::case("in place, held").unwrap()).2;
    let cases = [
        ("product", eset),
        ("server", with(&usual, &[("MAIL01", "MAIL02")]).2),
        ("version", with(&usual, &[("4.5.1.0", "4.4.0.0")]).2),
    ];
    for (what, other) in cases {
        let failure = rebuild(product, &other, &plan).unwrap_err();
        assert_eq!(failure.code, Code::FactsUnfit, "{what}");
        assert_eq!(failure.message, format!("these are facts of another {what}"));
    }
    let none = Captured { facts: Facts::of("MAIL01".to_owned()), ..facts };
    assert_eq!(rebuild(product, &none, &plan).unwrap_err().code, Code::FactsUnfit);
}

#[test]
fn facts_from_another_moment_are_taken_and_said_to_be_so() {
    let case = cases::case("silent, held").unwrap();
    let (product, plan, _) = captured(&case);
    let later = with(&case, &[("\"free_space\":68", "\"free_space\":67")]).2;
    let assumed = runs(&case, product, &plan, &later).unwrap();
    assert!(assumed[0].starts_with("the plan was made from other facts than these"), "{assumed:?}");
}

#[test]
fn no_password_of_the_server_comes_along() {
    for case in cases::all() {
        let (product, plan, facts) = captured(case);
        let real = planned(case).planned().before.clone();
        let text = String::from_utf8(facts.sealed()).unwrap();
        let rebuilt = rebuild(product, &facts, &plan).unwrap();
        let built = serde_json::to_string(&rebuilt.world).unwrap();
        for password in real.vault.all() {
            assert!(!text.contains(password) && !built.contains(password), "{}", case.name);
        }
    }
}
