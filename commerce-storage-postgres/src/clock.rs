//! The clock by which services wait.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use commerce_core::{Clock, Timestamp};

/// The operating system's clock.
///
/// Services only wait by it. What decisions go by is the `now` of the view, and that is the database's: servers whose
/// clocks differ still agree.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the door through which the system's time enters")]
    #[expect(
        clippy::expect_used,
        reason = "a clock before 1970 or after the year 9999 is no clock to work by"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the system's clock is after 1970");
        let micros =
            i64::try_from(since.as_micros()).ok().and_then(|micros| Timestamp::from_micros(micros).ok());
        micros.expect("the system's clock is before the year 9999")
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
