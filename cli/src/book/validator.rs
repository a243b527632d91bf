//! Asks somebody else what fits a schema.

use super::mutate::every_change;
use boon::{Compiler, SchemaIndex, Schemas};
use mailsec_core::schema::Described;
use serde_json::Value;

/// A validator that is not ours, with one of the schemas.
pub(super) struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    pub(super) fn of(described: Described) -> Self {
        Self::at(described, "")
    }

    /// By a part of the schema.
    pub(super) fn at(described: Described, part: &str) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.enable_format_assertions();
        let id = described.id();
        compiler.add_resource(&id, described.schema()).expect("a resource");
        let index =
            compiler.compile(&format!("{id}{part}"), &mut schemas).expect("a schema by its own meta-schema");
        Self { schemas, index }
    }

    pub(super) fn fits(&self, value: &Value) -> bool {
        self.schemas.validate(value, self.index).is_ok()
    }

    #[track_caller]
    pub(super) fn must_fit(&self, value: &Value) {
        if let Err(error) = self.schemas.validate(value, self.index) {
            panic!("{error:#}\n{value:#}");
        }
    }

    /// Whether schema and reader say the same of every change of a document; how many of these they take and refuse.
    #[track_caller]
    pub(super) fn judges_as(
        &self,
        reader: impl Fn(&Value) -> bool,
        document: &Value,
        sums: &mut (usize, usize),
    ) {
        self.must_fit(document);
        assert!(reader(document), "{document:#}");
        for (what, changed) in every_change(document) {
            let fits = self.fits(&changed);
            assert_eq!(fits, reader(&changed), "{what}: the schema (left) and the reader\n{changed:#}");
            *(if fits { &mut sums.0 } else { &mut sums.1 }) += 1;
        }
    }
}
