//! x
pub struct Direction;
pub struct Flight;
pub struct Gate;
pub struct Position;
pub struct Standing;
pub struct State;
pub struct StepState;
