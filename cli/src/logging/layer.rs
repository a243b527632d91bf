//! From an event of `tracing` to a record: with the fields of the spans around it.

use super::record::{Fields, Record};
use mailsec_core::values::Timestamp;
use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record as Values},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Hands records to a function, one at a time.
pub(super) struct Lines<W>(W);

impl<W: Fn(&Record)> Lines<W> {
    pub(super) fn new(write: W) -> Self {
        Self(write)
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&Record) + Send + Sync + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        let mut extensions = span.extensions_mut();
        // Another layer of this kind may have been first.
        if extensions.get_mut::<Fields>().is_none() {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            extensions.insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, ctx: Context<'_, S>) {
        let Some(span) = ctx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, ctx: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in ctx.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(of_span) = span.extensions().get::<Fields>() {
                fields.over(of_span.clone());
            }
        }
        let mut own = Fields::default();
        event.record(&mut own);
        fields.over(own);
        let at = Timestamp::from_datetime(time::OffsetDateTime::now_utc());
        let metadata = event.metadata();
        (self.0)(&Record::new(at, *metadata.level(), metadata.target(), fields));
    }
}
