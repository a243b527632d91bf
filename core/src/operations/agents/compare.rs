//! Agents as they are, beside how they were.

use super::find;
use crate::{
    host::{Agent, AgentId},
    planted::planted,
};

/// In what the agents differ from how they were: missing, enabled flag, order among those that were there then.
/// An assembly may have moved with the new version; that it exists is checked elsewhere.
pub(super) fn differences(own: &[Agent], order: &[Agent], now: &[Agent]) -> Vec<String> {
    let mut wrong = Vec::new();
    for agent in own {
        match find(now, &agent.id) {
            None => wrong.push(format!("{} is not registered", agent.id)),
            Some(found) if found.enabled != agent.enabled && !planted!(EnabledForgotten) => {
                wrong.push(format!("{} is {}", agent.id, if found.enabled { "enabled" } else { "disabled" }));
            }
            Some(_) => {}
        }
    }
    let then: Vec<&AgentId> =
        order.iter().filter(|agent| find(now, &agent.id).is_some()).map(|agent| &agent.id).collect();
    let since: Vec<&AgentId> =
        now.iter().filter(|agent| find(order, &agent.id).is_some()).map(|agent| &agent.id).collect();
    if planted!(PriorityForgotten) {
        return wrong;
    }
    if then.len() != since.len() || !then.iter().zip(&since).all(|(one, other)| one.same(other)) {
        wrong.push("the order differs".to_owned());
    }
    wrong
}

/// Behind every agent that came before it then and is there now.
pub(super) fn place(agent: &Agent, order: &[Agent], now: &[Agent]) -> u32 {
    let before = order
        .iter()
        .filter(|other| other.id.service == agent.id.service && !other.id.same(&agent.id))
        .take_while(|other| other.priority < agent.priority)
        .filter_map(|other| find(now, &other.id));
    1 + u32::try_from(before.count()).unwrap_or(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::TransportService;
    use crate::values::ServerPath;

    fn agent(name: &str, priority: u32) -> Agent {
        Agent {
            id: AgentId { name: name.into(), service: TransportService::Hub },
            enabled: true,
            priority,
            factory: "F".into(),
            assembly: ServerPath::new(r"C:\a.dll"),
        }
    }

    #[test]
    fn an_agent_goes_behind_those_that_were_before_it_and_are_still_there() {
        let order = [agent("Rule", 1), agent("Own", 2), agent("Malware", 3), agent("Own2", 4)];
        // Rule is gone; a stranger was added at the front.
        let now = [agent("Stranger", 1), agent("Malware", 2), agent("Own", 3)];
        assert_eq!(place(&order[1], &order, &now), 1);
        assert_eq!(place(&order[3], &order, &now), 3);
    }

    #[test]
    fn order_counts_only_among_those_that_were_there_then() {
        let order = [agent("Rule", 1), agent("Own", 2), agent("Malware", 3)];
        let now = [agent("New", 1), agent("Rule", 2), agent("OWN", 3), agent("Malware", 4)];
        assert!(differences(&order[1..2], &order, &now).is_empty());
        let swapped = [agent("Own", 1), agent("Rule", 2), agent("Malware", 3)];
        assert_eq!(differences(&order[1..2], &order, &swapped), ["the order differs"]);
    }
}
