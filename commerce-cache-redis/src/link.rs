//! The connection to Redis: one that all share, made anew when it fails, never waited for.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Cmd, FromRedisValue, RedisResult, ScriptInvocation, Value};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout};

use crate::url::{RedisUrlError, Target};

/// How long anything may take.
const DEADLINE: Duration = Duration::from_millis(250);
/// How long to wait before a connection is tried again.
const PAUSE: Duration = Duration::from_millis(250);
/// After so many faults in a row the connection to a cluster is made anew. One is no reason: the other nodes may be well,
/// and the connection looks after each of them.
const CLUSTER_FAULTS_MAX: u32 = 16;

/// A link to Redis or Redis Cluster, shared by all clones.
///
/// One multiplexed connection carries all calls. When a call fails, the connection is given up and a task of the link
/// makes a new one, also where the system has not noticed yet that the old one leads nowhere; until it has, calls fail at
/// once. That task ends with the last clone.
#[derive(Clone)]
pub struct RedisLink(Arc<Inside>);

struct Inside {
    target: Target,
    deadline: Duration,
    state: Mutex<State>,
    faults: AtomicU32,
}

enum State {
    Up { connection: Connection, generation: u64 },
    Down { generation: u64, mending: bool },
}

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    #[error("there is no connection")]
    Down,
    #[error("no answer in time")]
    Late,
    #[error(transparent)]
    Redis(#[from] redis::RedisError),
}

impl RedisLink {
    /// A link to this address; the README lists the forms. It does not connect yet.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(url: &SecretString) -> Result<Self, RedisUrlError> {
        Self::with_deadline(url, DEADLINE)
    }

    /// A link on which a call is a fault when it takes longer than this.
    ///
    /// # Errors
    /// When the address is none.
    pub fn with_deadline(url: &SecretString, deadline: Duration) -> Result<Self, RedisUrlError> {
        let target = Target::parse(url.expose_secret())?;
        let state = Mutex::new(State::Down { generation: 0, mending: false });
        Ok(Self(Arc::new(Inside { target, deadline, state, faults: AtomicU32::new(0) })))
    }

    /// Connects, and says whether that went well; if not, it is tried again and again by itself.
    pub async fn connect(&self) -> bool {
        let mended = self.0.mend().await;
        if !mended {
            self.0.start_mending();
        }
        mended
    }

    /// Whether calls are sent to Redis at the moment.
    #[must_use]
    pub fn is_up(&self) -> bool {
        matches!(*self.0.state(), State::Up { .. })
    }

    /// Runs a script that names one key.
    pub(crate) async fn run(&self, script: &ScriptInvocation<'_>) -> Result<(i64, i64), Fault> {
        let (mut connection, generation) = self.0.up()?;
        let ran = timeout(self.0.deadline, connection.run(script)).await;
        self.0.ended(generation, ran)
    }

    /// Runs a command that names one key.
    pub(crate) async fn command<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Fault> {
        let (mut connection, generation) = self.0.up()?;
        let ran = timeout(self.0.deadline, connection.command(command)).await;
        self.0.ended(generation, ran)
    }
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLink").field("is_up", &self.is_up()).finish_non_exhaustive()
    }
}

impl Inside {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn present(&self) -> Option<(Connection, u64)> {
        match &*self.state() {
            State::Up { connection, generation } => Some((connection.clone(), *generation)),
            State::Down { .. } => None,
        }
    }

    /// The connection, unless there is none now.
    fn up(self: &Arc<Self>) -> Result<(Connection, u64), Fault> {
        self.present().ok_or_else(|| {
            self.start_mending();
            Fault::Down
        })
    }

    /// What became of a call on the connection of this generation.
    fn ended<T>(self: &Arc<Self>, generation: u64, ran: Result<RedisResult<T>, Elapsed>) -> Result<T, Fault> {
        let ran = match ran {
            Ok(ran) => ran.map_err(Fault::from),
            Err(Elapsed { .. }) => Err(Fault::Late),
        };
        match &ran {
            Ok(_) => self.faults.store(0, Ordering::Relaxed),
            Err(fault) => self.failed(generation, fault),
        }
        ran
    }

    /// Gives the connection up, unless that has been done already.
    fn failed(self: &Arc<Self>, generation: u64, fault: &Fault) {
        let faults = self.faults.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if matches!(self.target, Target::Cluster(_)) && faults < CLUSTER_FAULTS_MAX {
            return;
        }
        {
            let mut state = self.state();
            match *state {
                State::Up { generation: present, .. } if present == generation => {
                    *state = State::Down { generation, mending: false };
                }
                _ => return,
            }
        }
        tracing::warn!(error = %fault, "Redis does not answer; doing without it until it does");
        self.start_mending();
    }

    /// Starts the task that makes a connection, unless it runs.
    fn start_mending(self: &Arc<Self>) {
        match &mut *self.state() {
            State::Down { mending, .. } if !*mending => *mending = true,
            _ => return,
        }
        let link: Weak<Self> = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                sleep(PAUSE).await;
                let Some(link) = link.upgrade() else { return };
                if link.mend().await {
                    tracing::info!("Redis answers again");
                    return;
                }
            }
        });
    }

    /// Makes a connection that is seen to work.
    async fn mend(&self) -> bool {
        let connected = timeout(self.deadline * 2, async {
            let mut connection = self.open().await?;
            // A replica, or a Redis that is full or still loading, answers a PING and cannot count.
            let probe = redis::Script::new("return redis.call('SET', KEYS[1], '', 'PX', 1)");
            connection.run::<Value>(&probe.key("commerce:probe")).await?;
            Ok::<_, redis::RedisError>(connection)
        });
        let connection = match connected.await {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => {
                tracing::debug!(%error, "cannot connect to Redis");
                return false;
            }
            Err(_) => {
                tracing::debug!("Redis does not answer in time");
                return false;
            }
        };
        let mut state = self.state();
        let (State::Up { generation, .. } | State::Down { generation, .. }) = *state;
        *state = State::Up { connection, generation: generation + 1 };
        self.faults.store(0, Ordering::Relaxed);
        true
    }

    async fn open(&self) -> RedisResult<Connection> {
        match &self.target {
            Target::Single(client) => {
                let config = AsyncConnectionConfig::new()
                    .set_connection_timeout(Some(self.deadline))
                    .set_response_timeout(Some(self.deadline));
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Target::Cluster(nodes) => {
                let client = ClusterClient::builder(nodes.clone())
                    .connection_timeout(self.deadline)
                    .response_timeout(self.deadline)
                    .retries(2)
                    .min_retry_wait(5)
                    .max_retry_wait(50)
                    .build()?;
                client.get_async_connection().await.map(Connection::Cluster)
            }
        }
    }
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    async fn run<T: FromRedisValue>(&mut self, script: &ScriptInvocation<'_>) -> RedisResult<T> {
        match self {
            Self::Single(connection) => script.invoke_async(connection).await,
            Self::Cluster(connection) => script.invoke_async(connection).await,
        }
    }

    async fn command<T: FromRedisValue>(&mut self, command: &Cmd) -> RedisResult<T> {
        match self {
            Self::Single(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}
