//! What trouble can take away, and who takes away what.

use crate::faults::Fault;
use mailsec_core::{
    plan::{Choice, Operation, Plan},
    upgrade::{Event, GateKind},
    values::GateId,
};
use std::collections::BTreeMap;

/// What trouble can take away; everything else holds always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    /// No mail is refused.
    Taken,
    /// With mail held, none is delivered unscanned.
    Scanned,
    /// Transport never starts without an assembly of an agent.
    Assemblies,
    /// Success leads to the very server that an undisturbed run leads to; rolled back is as it was.
    SameServer,
    /// The ledger says what the world counted.
    Ledger,
    /// Once the trouble is over, trying again leads on or back.
    GetsThere,
}

/// What a fault that is not ours to answer for takes away.
fn of_fault(fault: &Fault) -> &'static [Promise] {
    use Promise::{Assemblies, GetsThere, Ledger, SameServer, Scanned, Taken};
    match fault {
        Fault::MailRefused => &[Taken, SameServer, Ledger],
        // Until transport is started once more, its last start seems to lie before the change of its agents; and the
        // model's senders, who go by this clock, see messages of tomorrow.
        Fault::ClockJumps(by) if *by < 0 => &[Taken, Ledger, GetsThere],
        // A look at mail that takes an hour is an hour late.
        Fault::ClockJumps(_) | Fault::CallTakes(_) | Fault::CallHangs(_) => &[Ledger],
        // What others do to transport is seen when the program looks next, and not before.
        Fault::ServiceStopped(_) | Fault::ServiceDies(..) => &[SameServer, Ledger],
        // Only a repair by the vendor's own installer brings the file, and nobody here runs one.
        Fault::FileForgotten(_) => &[SameServer, GetsThere],
        // The file that is put back is the one from before, and its agents may lie elsewhere by now.
        Fault::AgentsFileCut(_) => &[Assemblies, SameServer, Scanned, Ledger, GetsThere],
        // Nobody here sets it back, and an agent that is not as it was does not verify.
        Fault::AgentSet(..) => &[Assemblies, SameServer, Scanned, Ledger, GetsThere],
        // It did all of its work, and says what is left to do.
        Fault::InstallerExit(3010 | 1641) => &[],
        Fault::PasswordChanged(_)
        | Fault::ServiceDoesNotStart(..)
        | Fault::InstallerExit(_)
        | Fault::FileHeldByShell(_)
        | Fault::FileHeldAndInstallerFails(_)
        | Fault::ImportLoses(_)
        | Fault::ExportSpoilt(_)
        // Services do not start at a boot without it.
        | Fault::DirectoryUnreachable
        | Fault::FileUnreadable(_) => &[SameServer],
        // What people save does not fit, and nobody here saves it again for a step that was answered long ago.
        Fault::DiskFull(_) => &[SameServer, GetsThere],
        Fault::SpontaneousReboot(_)
        | Fault::RestartDoesNotHappen(_)
        | Fault::StubbornPrograms
        | Fault::ToolExit(_)
        | Fault::ChangeFails(_)
        | Fault::AdminMade(_) => &[],
    }
}

/// What a person gives up who answers so at a gate of this step.
fn of_answer(why: GateKind, choice: Choice, operation: &Operation) -> &'static [Promise] {
    use Promise::{Assemblies, GetsThere, SameServer, Scanned};
    match (choice, operation) {
        (Choice::Skip | Choice::CountAsDone, _) if why == GateKind::UndoFailed => &[SameServer],
        (Choice::Skip, Operation::ProbeMail | Operation::AwaitReady { .. }) => &[],
        (Choice::Skip, _) => &[SameServer],
        // What the program did not find there need not be there, and later steps need it.
        (Choice::CountAsDone, _) => &[Scanned, Assemblies, SameServer, GetsThere],
        _ => &[],
    }
}

/// What nobody can verify is taken for done on a person's word; when that was a lie, what needs it later fails.
fn of_word(choice: Choice, operation: &Operation) -> &'static [Promise] {
    match (choice, operation) {
        (Choice::Done, Operation::Gate { .. }) => &[Promise::SameServer, Promise::GetsThere],
        _ => &[],
    }
}

/// All that was taken away from a run. `lied` says whether anybody called something done that was not.
pub(super) fn taken_away(struck: &[Fault], lied: bool, plan: &Plan, events: &[Event]) -> Vec<Promise> {
    let mut taken: Vec<Promise> = struck.iter().flat_map(of_fault).copied().collect();
    let mut gates: BTreeMap<&GateId, (GateKind, &Operation)> = BTreeMap::new();
    for event in events {
        match event {
            Event::GateOpened { gate, step, why, .. } => {
                if let Some(step) = plan.step(step) {
                    gates.insert(gate, (*why, &step.operation));
                }
            }
            Event::GateAnswered { gate, choice, .. } => {
                if let Some((why, operation)) = gates.get(gate) {
                    taken.extend(of_answer(*why, *choice, operation));
                    if lied {
                        taken.extend(of_word(*choice, operation));
                    }
                }
            }
            _ => {}
        }
    }
    taken
}
