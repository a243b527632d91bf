//! What was found, and what was noticed.

use super::text::wrap;
use mailsec_core::{
    Failure,
    host::ExchangeServer,
    product::{Finding, Installation, MethodRow},
};

pub(crate) fn installation(server: &str, exchange: Option<&ExchangeServer>, found: &Installation) -> String {
    let mut text = format!("Server     {server}\n");
    match exchange {
        Some(exchange) => {
            let role = if exchange.edge { "Edge" } else { "Mailbox" };
            text.push_str(&format!(
                "Exchange   {} ({role})\n           {}\n",
                exchange.version, exchange.folder
            ));
        }
        None => text.push_str("Exchange   not found\n"),
    }
    text.push_str(&format!("Product    {} {}\n", found.name, found.version));
    text.push_str(&format!("Folder     {}\n           (from {})\n", found.folder, found.folder_found));
    for service in &found.services {
        let state = format!("{:?}", service.state).to_lowercase();
        let told = format!("{} ({}), {state}, logs on as {}", service.display, service.name, service.account);
        text.push_str(&wrap("Service    ", "           ", &told));
    }
    for agent in &found.agents {
        let state = if agent.enabled { "enabled" } else { "disabled" };
        text.push_str(&format!(
            "Agent      {}, {state}, priority {}\n           {}\n",
            agent.id, agent.priority, agent.assembly
        ));
    }
    text
}

pub(crate) fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let head = format!("{:<8} ", finding.severity.to_string());
        text.push_str(&wrap(&head, "         ", &format!("{} [{}]", finding.message, finding.code)));
        for fact in &finding.evidence {
            text.push_str(&wrap("           ", "           ", &format!("{}: {}", fact.of, fact.seen)));
        }
        if let Some(fix) = &finding.fix {
            text.push_str(&wrap("         > ", "           ", fix));
        }
    }
    text
}

/// A row of a table of methods; with facts of a server, whether it applies there.
pub(crate) fn method(row: &MethodRow, fits: Option<&Result<(), Failure>>) -> String {
    let head = format!("  {:<9}", row.method.word());
    let mut text = wrap(&head, "           ", &format!("from {} to {}", row.from, row.to));
    let mut line = |what: &str, words: &str| {
        text.push_str(&wrap("           ", "             ", &format!("{what}: {words}")));
    };
    line("servers", row.servers);
    line("needs", row.needs);
    line("source", row.source);
    match fits {
        None => {}
        Some(Ok(())) => line("here", "as far as this server tells, it applies"),
        Some(Err(failure)) => line("here", &format!("no: {failure}")),
    }
    text
}
