//! Exported settings: read, shown, compared.
