//! Ready-made worlds, built from small pieces.

pub mod eset;
pub mod eset_installers;
pub mod exchange;
pub mod installers;
pub mod variations;
pub mod vipre;

pub use variations::*;
pub use vipre::vipre_45;
