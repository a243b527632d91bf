//! What the JSON schema says of what is written by hand, or read in more than one way.

use super::{Envelope, Recorded};
use crate::{failure::Code, upgrade::Event, values::Digest};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::Value;
use std::borrow::Cow;

/// One line of a journal: an envelope with one event, and the envelope's hash. Fields that are not named here may come
/// with any version, and so may kinds of event: readers pass over such fields, and keep such events as they are. All other lists of words
/// (operations, choices, phases and so on) are those of this version; the envelope's `engine` names the one that wrote it.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "a `Line` is written byte by byte; this has its form")]
pub(crate) struct JournalLine {
    /// BLAKE3 hash of the envelope's exact bytes in this line; the next envelope's `prev`.
    hash: Digest,
    /// The envelope.
    envelope: Envelope,
}

impl JsonSchema for Recorded {
    fn schema_name() -> Cow<'static, str> {
        "Recorded".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let known = generator.subschema_for::<Event>();
        let kinds = kinds(&Event::json_schema(generator));
        json_schema!({
            "description": "An event of a kind that this schema describes, or of a kind that is not in it: readers keep such an event as it is.",
            "anyOf": [known, {
                "description": "An event of a kind that is not in this schema, from a newer version.",
                "type": "object",
                "properties": { "kind": { "type": "string", "not": { "enum": kinds } } },
                "required": ["kind"],
            }],
        })
    }
}

/// The kinds of event that a schema of them names.
fn kinds(events: &Schema) -> Vec<Value> {
    let variants = events.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    variants.filter_map(|variant| variant.pointer("/properties/kind/const").cloned()).collect()
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "Code".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let known: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        json_schema!({
            "description": "Stable code of an error; each has a page in the book. A newer version may write codes that are not listed here.",
            "anyOf": [{ "enum": known }, { "type": "string" }],
        })
    }
}
