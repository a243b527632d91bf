//! Calls that block run beside the caller's executor. The Windows host, whose calls all block, uses it too.

use mailsec_core::{Code, Failure};

/// Runs a blocking call on tokio's pool for such, or in place where there is no runtime.
///
/// # Errors
/// Those of the call; [`Code::System`] when the pool ends before it.
pub async fn blocking<T, F>(call: F) -> Result<T, Failure>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, Failure> + Send + 'static,
{
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        return call();
    };
    // What it logs is still of its step.
    let span = tracing::Span::current();
    match runtime.spawn_blocking(move || span.in_scope(call)).await {
        Ok(answer) => answer,
        Err(error) => Err(Failure::new(Code::System, "a call to the system was cut off").cause(error)),
    }
}
