//! x
pub struct Report;
pub struct ReportGate;
pub struct ReportStep;
pub struct StepResult;
