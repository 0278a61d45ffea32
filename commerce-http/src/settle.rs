//! Work that goes on when nobody waits for it any more.

use std::future::Future;

use tracing::Instrument;

use crate::wire::Problem;

/// Does the work in a task of its own and waits for it.
///
/// A handler is dropped when its time is over, and may be when its client hangs up. What changes money or stock is not to
/// be dropped half way, nor may its outcome be lost: the client who asks again with the same key gets it.
pub(crate) async fn settle<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, Problem>
where
    T: Send + 'static,
    E: Into<Problem> + Send + 'static,
{
    match tokio::spawn(work.instrument(tracing::Span::current())).await {
        Ok(done) => done.map_err(Into::into),
        Err(error) => Err(Problem::internal(error)),
    }
}
