//! The nodes of a cluster, one line each.

use super::text::wrap;
use mailsec_core::{
    Failure,
    host::{NodeProgress, NodeStanding},
    values::NodeName,
};

/// How each node stands, and what it asks.
pub(crate) fn nodes(all: &[(NodeName, Result<Option<NodeProgress>, Failure>)]) -> String {
    let mut text = "\nNodes\n".to_owned();
    for (node, found) in all {
        text.push_str(&wrap(&format!("  {:<15} ", node.as_str()), "                  ", &node_stands(found)));
    }
    text
}

/// How a node stands, in a line.
pub(crate) fn node_stands(found: &Result<Option<NodeProgress>, Failure>) -> String {
    match found {
        Ok(None) => "not begun".to_owned(),
        Ok(Some(progress)) => match (&progress.gate, &progress.step) {
            (Some(gate), _) => format!(
                "asks: {}; answer it there: mailsec answer {} ANSWER (mail: {})",
                gate.title, gate.id, progress.mail
            ),
            (None, Some(step)) => {
                format!("{}, {step} (mail: {})", word(progress.standing), progress.mail)
            }
            (None, None) => format!("{} (mail: {})", word(progress.standing), progress.mail),
        },
        Err(failure) => failure.to_string(),
    }
}

fn word(standing: NodeStanding) -> &'static str {
    match standing {
        NodeStanding::Ordered => "has its order",
        NodeStanding::Running => "under way",
        NodeStanding::Paused => "paused",
        NodeStanding::Succeeded => "succeeded",
        NodeStanding::RolledBack => "rolled back",
        NodeStanding::Abandoned => "abandoned",
    }
}
