//! An upgrade in a real browser, from its question to its report.

use super::{ASKS_ONCE, at_a_gate, browser::Browser, save_rules, served::Served};
use crate::harness::{INSTALL, Place, Running, SECRET};
use mailsec_core::plan::{ChecklistItem, ItemId, Operation, Plan};
use serde_json::json;
use std::fs;

/// A click on a link or a button has led on.
const LED_ON: &str = "document.readyState === 'complete'";

#[test]
fn an_upgrade_is_watched_answered_and_read() {
    let place = Place::vipre();
    let served = Served::start(&place);
    let mut browser = Browser::start();
    browser.opens(&served.door());
    browser.shows("Upgrades of this server");
    assert!(browser.text().contains("There is none yet"));
    browser.is_for_everybody("none");

    // A plan that was rehearsed, with a checklist of two at its gate.
    let file = place.file("plan.json").display().to_string();
    place.run(["plan", "--out", &file].into_iter().chain(INSTALL).chain(ASKS_ONCE)).exits(0);
    let mut plan = Plan::read(&fs::read(&file).unwrap()).unwrap();
    for step in &mut plan.steps {
        if let Operation::CollectExport { question, .. } = &mut step.operation {
            let items = [("rule-1", "Block *.exe <b>from outside</b>"), ("rule-2", "Tag mail from partners")];
            question.items = items
                .map(|(id, text)| ChecklistItem { id: ItemId::parse(id).unwrap(), text: text.to_owned() })
                .into();
        }
    }
    fs::write(&file, plan.sealed()).unwrap();
    place.run(["rehearse", &file]);
    place.run(SECRET.into_iter().chain(["--no-input", "run", "--yes", "--plan", &file])).exits(10);

    browser.opens(&served.url("/"));
    assert!(browser.text().contains("waiting at a gate"), "{}", browser.text());
    browser.is_for_everybody("list");
    browser.clicks(".upgrades a", "", "document.querySelector('h1').textContent.includes('MAIL01')");
    browser.shows("MAIL01: waiting at a gate");
    let text = browser.text();
    for said in ["Export the custom rules", "flowing, scanned", "Next gate", "back up", "one try may take"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    browser.is_for_everybody("waiting");
    let upgrade = browser.evaluates("location.pathname").unwrap().as_str().unwrap().to_owned();
    browser.opens(&served.url(&format!("{upgrade}/plan")));
    let text = browser.evaluates("document.body.textContent").unwrap().to_string();
    for said in ["Point of no return", "Power fails during", "Crashes tried", "each came to an allowed end"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    browser.is_for_everybody("plan");
    browser.opens(&served.url(&format!("{upgrade}/ask/abandon")));
    browser.shows("Abandon the upgrade of MAIL01?");
    browser.is_for_everybody("abandon");

    // The question, answered badly first: what was typed stays, and nothing is taken.
    browser.opens(&served.url(&upgrade));
    browser.clicks("a.button", "Read the question", "document.querySelector('form.answer') !== null");
    assert!(browser.text().contains("<b>from outside</b>"), "it is text and no markup:\n{}", browser.text());
    browser.is_for_everybody("gate");
    browser.types("textarea[name=note]", "exported with Grace");
    browser.clicks(
        "label.choice",
        "I have done it",
        "document.querySelector('[value=done][name=choice]').checked",
    );
    browser.clicks("label.choice", "given up", "document.querySelector('[value=given-up]').checked");
    browser.types("input[name='why.rule-1']", "no longer sent");
    browser.clicks("form.answer button", "Answer", "document.querySelector('.refusal') !== null");
    assert!(browser.text().contains("not every item"), "{}", browser.text());
    browser.is_for_everybody("refused");
    let kept = browser.evaluates(
        "[document.querySelector('textarea').value, document.querySelector(\"[name='why.rule-1']\").value]",
    );
    assert_eq!(kept, Some(json!(["exported with Grace", "no longer sent"])));
    save_rules(&place);
    browser.evaluates("document.querySelectorAll('[value=done]')[1].click()");
    browser.clicks("form.answer button", "Answer", "document.querySelector('.taken') !== null");
    assert!(browser.text().contains("`mailsec resume` goes on"), "{}", browser.text());

    // Nobody touches the page from here on: it follows by itself.
    browser.evaluates("window.mark = true");
    browser.evaluates(
        "window.heard = []; new MutationObserver(() => heard.push(document.querySelector('#said').textContent))\
         .observe(document.querySelector('#said'), { childList: true, characterData: true, subtree: true })",
    );
    let running = Running::start(&place, SECRET.into_iter().chain(["--no-input", "--speed", "20", "resume"]));
    running.reaches("run-installer");
    // It stands still while it is looked at: how fast this machine is shall not matter.
    running.stops();
    browser.shows("MAIL01: under way");
    browser.waits_for("/Mail\\s+‖ held/.test(document.body.innerText)");
    browser
        .waits_for("/Run the installer\\s+begun .* ago; usually takes about/.test(document.body.innerText)");
    let said = "document.querySelector('main [data-ms]').textContent";
    let before = browser.evaluates(said).unwrap();
    browser.waits_for(&format!("{said} !== {before}"));
    browser.is_for_everybody("under-way");
    running.goes_on();
    browser.shows("MAIL01: succeeded");
    running.ends().exits(0);
    assert_eq!(browser.evaluates("window.mark"), Some(json!(true)), "it was not loaded again");
    let heard = browser.evaluates("heard.join('|')").unwrap().to_string();
    assert!(heard.contains("mail held") && heard.contains("succeeded"), "{heard}");
    browser.is_for_everybody("over");

    browser.clicks("a.button", "Read the report", "document.title.includes('report')");
    let text = browser.text();
    for said in ["ada (by the web page)", "exported with Grace", "given up: no longer sent", "Keep as json"] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
    let styled = "getComputedStyle(document.querySelector('header')).borderLeftStyle === 'solid'";
    assert_eq!(browser.evaluates(styled), Some(json!(true)), "its policy lets its own style in");
    browser.is_for_everybody("report");
    browser.opens(&served.url("/"));
    browser.clicks(
        "footer button",
        "End this session",
        "document.querySelector('h1').textContent.includes('over')",
    );
    // The answer that was refused is the only complaint.
    let complaints: Vec<&String> = browser.complaints.iter().filter(|one| !one.contains("422")).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// The same question, in a browser that runs no script.
#[test]
fn a_question_is_answered_without_javascript() {
    let place = at_a_gate();
    let served = Served::start(&place);
    let mut browser = Browser::start();
    browser.call("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.opens(&served.door());
    browser.shows("Upgrades of this server");
    browser.clicks(".upgrades a", "", "document.querySelector('h1').textContent.includes('MAIL01')");
    browser.clicks("a.button", "Read the question", "document.querySelector('form.answer') !== null");
    browser.clicks("label.choice", "roll-back", LED_ON);
    browser.clicks("form.answer button", "Answer", "document.querySelector('.taken') !== null");
    let gate = &place.run(["--json", "report"]).exits(0).json()["report"]["gates"][0];
    assert_eq!(
        (&gate["answer"]["choice"], &gate["answer"]["by"]),
        (&json!("roll-back"), &json!("ada (by the web page)"))
    );
    // It is loaded again by itself.
    place.run(SECRET.into_iter().chain(["--no-input", "resume"])).exits(20);
    browser.shows("MAIL01: rolled back");
}
