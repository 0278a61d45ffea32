//! Connections on loan, which come back to the pool even from a database that has gone silent.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, Postgres};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long a connection may take to say that it is fit for other work.
const RETURN_MAX: Duration = Duration::from_secs(3);

/// A connection that is lent to a piece of work.
///
/// When it comes back, sqlx asks it whether it is done with all that it was told, and waits for the answer as long as it
/// takes. A connection whose other end is gone without a word (a firewall forgot it, the machine lost its power) never
/// answers, and its place in the pool would be lost: a few of them, and the pool is empty until the program is started
/// again. So the answer has a time, after which the connection is closed and another may be opened.
pub(crate) struct Lent(PoolConnection<Postgres>);

impl From<PoolConnection<Postgres>> for Lent {
    fn from(conn: PoolConnection<Postgres>) -> Self {
        Self(conn)
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What sqlx's own drop does, and no public way of it: asking first ourselves would be a second round trip.
        let returned = self.0.return_to_pool();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(timeout(RETURN_MAX, returned));
        }
    }
}
