//! x
pub struct Ledger;
pub struct MailTotals;
