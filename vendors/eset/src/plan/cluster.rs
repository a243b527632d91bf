//! A node of an ESET Cluster. The cluster shares the configuration among its nodes, so it is imported on the node that is
//! upgraded first, and the others are given it; what the cluster does not share is set up again on each.

use super::Maker;
use crate::names;
use mailsec_core::{
    Failure,
    plan::{ChecklistItem, ItemId, NodeRole, Operation, Phase, Question, Step},
};

/// What the cluster does not share and an export holds: its page names these, and the logs.
const NOT_SHARED: [(&str, &str); 2] =
    [("user-interface", "User interface settings"), ("scheduled-tasks", "Scheduled tasks")];

impl Maker<'_> {
    /// Whether this server's settings come back by an import.
    pub(super) fn imports(&self) -> bool {
        self.request.role != Some(NodeRole::Other)
    }

    /// On a node: a fresh product has to join again.
    pub(super) fn join(&self) -> Result<Option<Step>, Failure> {
        let Some(role) = self.request.role else { return Ok(None) };
        let (given, items) = match role {
            NodeRole::First => (None, Vec::new()),
            NodeRole::Other => {
                let given = "wait until the cluster has given this server its configuration; import nothing here: \
                             it would reach every node";
                (Some(given.to_owned()), self.not_shared()?)
            }
        };
        let mut todo = vec![
            "open the product's window on this server and go to Tools, Cluster".to_owned(),
            "if this server is not a member, add it with the cluster wizard, on a node that is one"
                .to_owned(),
        ];
        if role == NodeRole::Other {
            todo.push("see that the product is activated: the license is not among the settings".to_owned());
        }
        todo.extend(given);
        let question = Question {
            title: "Have this server join its ESET Cluster again".to_owned(),
            todo,
            why: format!(
                "A fresh product is in no cluster. A cluster shares the configuration, and neither user interface \
                 settings nor scheduled tasks ({}).",
                names::CLUSTER_PAGE
            ),
            verified: "settings are exported and compared with this server's from before; what differs is shown in the \
                       review"
                .to_owned(),
            otherwise: "the upgrade waits here; while mail is held, senders keep it and try again".to_owned(),
            items,
        };
        let step = Step::new(
            "join-cluster",
            Phase::Restore,
            "Join the ESET Cluster again",
            "the cluster goes on after the upgrade of its nodes",
            Operation::Gate { question },
        );
        Ok(Some(step.within(86_400)))
    }

    /// On a node that was upgraded in place: nothing was taken away, and yet somebody looks.
    pub(super) fn still_joined(&self) -> Option<Step> {
        self.request.role?;
        let question = Question {
            title: "See that this server is still in its ESET Cluster".to_owned(),
            todo: vec![
                "open the product's window on this server and go to Tools, Cluster".to_owned(),
                "see that every node is shown, and connected; add this one again with the wizard if it is not".to_owned(),
            ],
            why: format!("No source names a way to read it without the window ({}).", names::CLUSTER_PAGE),
            verified: "your name and the answer stay in the report".to_owned(),
            otherwise: "the upgrade waits here; the new version runs meanwhile, and mail flows".to_owned(),
            items: Vec::new(),
        };
        let step = Step::new(
            "see-cluster",
            Phase::Review,
            "See that the ESET Cluster is whole",
            "the cluster goes on after the upgrade of its nodes",
            Operation::Gate { question },
        );
        Some(step.within(86_400))
    }

    fn not_shared(&self) -> Result<Vec<ChecklistItem>, Failure> {
        let before = self.original();
        let item = |(id, what): (&str, &str)| {
            let text = format!("{what}: set up as before; `mailsec settings show` reads them in {before}");
            Ok(ChecklistItem { id: ItemId::parse(id)?, text })
        };
        NOT_SHARED.into_iter().map(item).collect()
    }
}
