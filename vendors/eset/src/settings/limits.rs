//! What an export may be at most. An export comes from outside; each limit bounds memory or time.

/// Bytes of a file. Exports of whole companies are some tens of megabytes, and offsets are kept in 32 bits.
pub const FILE: u64 = 1 << 30;

/// Bytes of one tag, text or comment. The parser holds one at a time, so this is what bounds its memory.
pub const MARKUP: u64 = 1 << 20;

/// Elements inside each other. The known form has a dozen; every walk over an export recurses this deep at most.
pub const DEPTH: usize = 64;

/// Attributes of one element. The known form has four; looking for one given twice is quadratic.
pub const ATTRIBUTES: usize = 64;

/// Characters of a name. It becomes a part of a path that is shown.
pub const NAME: usize = 1024;

/// Differences of one kind that are kept in full; the others are counted. Nobody answers ten thousand by hand.
pub const KEPT: usize = 10_000;

/// Bytes of text that the kept differences of one kind hold together.
pub const KEPT_BYTES: usize = 8 << 20;

/// Characters of a value that are kept; the digest in a difference's id covers the whole value.
pub const VALUE: usize = 512;

/// Settings inside a section or an entry that are kept with a difference.
pub const FIELDS: usize = 64;

/// Rules in an inventory. One that leaves rules out would be worse than none, so more is an error.
pub const RULES: usize = 10_000;

/// Settings of one rule.
pub const RULE_FIELDS: usize = 1024;

/// Bytes of text in an inventory of rules.
pub const RULES_BYTES: usize = 16 << 20;

/// Sections and lists that an overview names; the others are counted.
pub const OVERVIEW: usize = 1000;
