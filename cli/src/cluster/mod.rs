//! A cluster's nodes, each reached by its mailsec state folder: what lies in it, seen from both sides.
//!
//! No code is run on a node from afar. Work orders are files that the node's own service takes up; its journal says how
//! they fare.

mod files;
mod folder;
mod places;

pub(crate) use files::{Looked, Orders, WorkOrder};
pub(crate) use folder::{FolderNodes, NodeStands, orders_of, standings};
pub(crate) use places::{Places, keep_plan};
