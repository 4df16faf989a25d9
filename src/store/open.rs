//! SQLite or PostgreSQL: connect, migrate, check, lock. All that differs between the two is here.

use std::fs::{File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, PgConnection, Postgres, SqliteConnection, Transaction};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};
use tokio::time::error::Elapsed;
use tracing::info;

use super::edge::{Edge, pass};
use super::lease::PlaceLost;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES_MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Key of the advisory lock that every running daemon shares on a PostgreSQL database, and that whoever changes its schema
/// has alone ("redress" in ASCII).
const RUN_LOCK: i64 = 0x72_65_64_72_65_73_73;
/// Key of the advisory lock under which leases are looked at and changed ("lease" in ASCII).
const LEASE_LOCK: i64 = 0x6c_65_61_73_65;
/// Whoever waits for others to stop looks again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// Settings of every session with PostgreSQL. A daemon that was stopped, or whose machine is gone, in the middle of a
/// transaction keeps the others from its rows until the server ends that session: well within a lease. No transaction waits
/// for anything but the program itself.
const SESSION: [(&str, &str); 4] = [
    ("idle_in_transaction_session_timeout", "10s"),
    ("tcp_keepalives_idle", "30"),
    ("tcp_keepalives_interval", "10"),
    ("tcp_keepalives_count", "3"),
];

/// The two databases; every statement runs on either.
pub(super) enum Db {
    /// A connection is a thread of this process, and takes turns.
    Sqlite {
        /// The only one: SQLite has one writer, and waiting for it here is fairer than `SQLITE_BUSY`.
        write: Turns,
        /// For reading more than one thing of the same moment.
        read: Turns,
        /// For single questions.
        ask: Turns,
    },
    Postgres(PgPool),
}

/// A connection that whoever's turn it is has alone; empty once it is closed.
#[derive(Clone)]
pub(super) struct Turns(Arc<Mutex<Option<SqliteConnection>>>);

/// A turn.
type Turn = OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>;

impl Turns {
    fn new(connection: SqliteConnection) -> Turns {
        Turns(Arc::new(Mutex::new(Some(connection))))
    }

    pub(super) async fn take(&self) -> sqlx::Result<Turn> {
        let turn = Arc::clone(&self.0).lock_owned().await;
        OwnedMutexGuard::try_map(turn, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)
    }

    async fn close(&self) {
        if let Some(connection) = self.0.lock().await.take() {
            // Nothing is open on it: what a close could fail at.
            let _ = connection.close().await;
        }
    }
}

/// An open transaction on either database. Dropping it rolls back.
pub(super) enum Tx {
    Sqlite(SqliteTx),
    Postgres(Transaction<'static, Postgres>),
}

/// A transaction on SQLite. Its words are statements like any other, so that each is prepared once; and a full disk, at
/// which SQLite rolls back by itself, leaves nothing to be put right.
pub(super) struct SqliteTx {
    /// `None` once it has ended.
    turn: Option<Turn>,
}

impl SqliteTx {
    async fn begin(turns: &Turns, begin: &'static str) -> sqlx::Result<SqliteTx> {
        let mut tx = SqliteTx { turn: Some(turns.take().await?) };
        sqlx::query(begin).execute(tx.connection()?).await?;
        Ok(tx)
    }

    pub(super) fn connection(&mut self) -> sqlx::Result<&mut SqliteConnection> {
        self.turn.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }

    async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::query("COMMIT").execute(self.connection()?).await?;
        self.turn = None;
        Ok(())
    }
}

impl Drop for SqliteTx {
    fn drop(&mut self) {
        if let Some(mut turn) = self.turn.take() {
            // The next turn begins when this one has ended. SQLite may have rolled back already, and then refuses.
            tokio::spawn(async move { sqlx::query("ROLLBACK").execute(&mut *turn).await });
        }
    }
}

/// Runs one body on whichever database the transaction is on.
macro_rules! on {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx {
            $crate::store::open::Tx::Sqlite(transaction) => match transaction.connection() {
                Ok($connection) => $body,
                Err(error) => Err(error),
            },
            $crate::store::open::Tx::Postgres(transaction) => {
                let $connection = &mut **transaction;
                $body
            }
        }
    };
}

/// Runs one statement with its values and gives the number of rows it touched.
macro_rules! execute {
    ($tx:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::open::on!($tx, c => {
            sqlx::query($sql)$(.bind($value))*.execute(c).await.map(|done| done.rows_affected())
        })
    };
}

/// Writes a statement that takes the first row that waits: `$before`, the question which one that is, and `$after`. Of two
/// daemons on PostgreSQL the second passes over the row that the first is taking. SQLite has one writer at a time, and no
/// words for this.
macro_rules! taking {
    ($before:literal, $question:literal, $after:expr) => {
        $crate::store::open::Taking {
            sqlite: concat!($before, $question, $after),
            postgres: concat!($before, $question, " FOR UPDATE SKIP LOCKED", $after),
        }
    };
}

/// Puts one question: a statement by itself sees one moment, and needs no transaction.
macro_rules! ask {
    ($db:expr, $place:ident => $question:expr) => {
        match $db.to_read().await? {
            $crate::store::open::Db::Sqlite { ask, .. } => {
                let mut turn = ask.take().await?;
                let $place = &mut *turn;
                $question
            }
            $crate::store::open::Db::Postgres($place) => $question,
        }
    };
}

/// Writes with one statement, which is a transaction by itself. All its rows must be fetched: a statement that is left before
/// its end does not say whether it was kept.
macro_rules! alone {
    ($db:expr, $place:ident => $statement:expr) => {{
        let done = match $db.to_write().await? {
            $crate::store::open::Db::Sqlite { write, .. } => {
                let mut turn = write.take().await?;
                let $place = &mut *turn;
                $statement
            }
            $crate::store::open::Db::Postgres($place) => $statement,
        };
        $crate::store::open::written(done).await
    }};
}

pub(super) use {alone, ask, execute, on, taking};

/// A statement that takes a row, for either database.
pub(super) struct Taking {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

/// What a program wants of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be a daemon: makes the database and migrates it. On SQLite the only one, by a lock file; on PostgreSQL one of
    /// several, none of which is of another schema.
    Run,
    /// As [`Purpose::Run`], and the only one on PostgreSQL too: to change what no daemon may see change.
    Alone,
    /// As [`Purpose::Run`], and nobody will want it after a power cut: to play something through and throw away. SQLite.
    Play,
    /// To ask or to act beside a daemon: the database must be there and of this program's version.
    Beside,
    /// To look at a copy and change nothing about it, not even how SQLite keeps it.
    Look,
}

impl Purpose {
    /// Whether it makes and migrates the database, and keeps others from doing so.
    fn works(self) -> bool {
        matches!(self, Purpose::Run | Purpose::Alone | Purpose::Play)
    }
}

/// Why a database cannot be worked with beside a daemon yet, or no more.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    #[error("There is no database at {} yet; `redress run` makes it", .0.display())]
    Missing(PathBuf),
    #[error("The database is empty; `redress run` sets it up")]
    Empty,
    #[error("The database is older than this program; start `redress run` of this version once to bring it up to date")]
    Older,
    #[error(
        "The database is newer than this program; use the version of `redress` that last ran on it, or a later one"
    )]
    Newer,
}

/// Whether a database that could not be opened may be reached later, without anybody changing the program or its
/// configuration: its server is away or does not answer in time, its disk is full or not there yet.
pub fn may_pass(error: &anyhow::Error) -> bool {
    let of_database = |cause: &(dyn std::error::Error + 'static)| {
        cause.is::<std::io::Error>()
            || cause.is::<Elapsed>()
            || cause.is::<PlaceLost>()
            || cause
                .downcast_ref::<sqlx::Error>()
                .is_some_and(|error| !matches!(error, sqlx::Error::Configuration(_) | sqlx::Error::Migrate(_)))
    };
    error.chain().any(of_database)
}

/// Whether it is the database that failed, and not what it was given: it is away, locked or full. What it refuses to keep,
/// it would refuse again.
pub fn failed(error: &anyhow::Error) -> bool {
    let of_server = |code: &str| match code.len() {
        // PostgreSQL, by class: connection, read-only, undone, resources, operator, system.
        5 => ["08", "25", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)),
        // SQLite, in the lowest byte: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
        _ => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 8 | 10 | 13 | 14)),
    };
    let of_database = |error: &sqlx::Error| match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| of_server(&code)),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => true,
        _ => false,
    };
    error.chain().any(|cause| cause.downcast_ref().is_some_and(of_database))
}

/// The file of an SQLite database; `None` for another database.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok()).flatten()?;
    Some(options.get_filename().to_path_buf())
}

/// What lasts for as long as the daemon does.
pub(super) enum RunLock {
    /// SQLite: keeps a second daemon away.
    File {
        _held: Locked,
    },
    /// PostgreSQL: keeps everybody from changing the schema, and one who [works alone](Purpose::Alone) from working.
    Session(tokio::sync::Mutex<PgConnection>),
    None,
}

/// A file that is locked until this is dropped. Closing it would not do: a program that is being started at that moment, to
/// tell the operator something, has a copy of every open file until it runs, and with it the lock.
pub(super) struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // What cannot be unlocked is unlocked when it is closed.
        let _ = self.0.unlock();
    }
}

impl Db {
    pub(super) async fn open(url: &str, purpose: Purpose) -> anyhow::Result<(Db, RunLock)> {
        if url.starts_with("sqlite:") { open_sqlite(url, purpose).await } else { open_postgres(url, purpose).await }
    }

    /// A transaction that may write. SQLite: `BEGIN IMMEDIATE`, for a plain one that reads first fails at once when
    /// another writer comes between.
    pub(super) async fn begin(&self) -> sqlx::Result<Tx> {
        pass(Edge::Begin).await?;
        Ok(match self {
            Db::Sqlite { write, .. } => Tx::Sqlite(SqliteTx::begin(write, "BEGIN IMMEDIATE").await?),
            Db::Postgres(pool) => Tx::Postgres(begun(pool, "BEGIN").await?),
        })
    }

    /// Where [`ask`] puts its question.
    pub(super) async fn to_read(&self) -> sqlx::Result<&Db> {
        pass(Edge::Read).await?;
        Ok(self)
    }

    /// Where a statement writes [`alone`].
    pub(super) async fn to_write(&self) -> sqlx::Result<&Db> {
        pass(Edge::Begin).await?;
        pass(Edge::Commit).await?;
        Ok(self)
    }

    /// A transaction that only reads, and sees one moment.
    pub(super) async fn begin_read(&self) -> sqlx::Result<Tx> {
        pass(Edge::Read).await?;
        Ok(match self {
            Db::Sqlite { read, .. } => Tx::Sqlite(SqliteTx::begin(read, "BEGIN").await?),
            Db::Postgres(pool) => Tx::Postgres(begun(pool, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?),
        })
    }

    /// The words of a statement that takes a row.
    pub(super) fn words(&self, taking: &Taking) -> &'static str {
        match self {
            Db::Sqlite { .. } => taking.sqlite,
            Db::Postgres(_) => taking.postgres,
        }
    }

    /// Whether only one daemon can work on the database, whatever it holds: SQLite, by the lock file.
    pub(super) fn is_ones_alone(&self) -> bool {
        matches!(self, Db::Sqlite { .. })
    }

    /// Copies an SQLite database, as it stands at one moment, into an empty file.
    pub(super) async fn copy_into(&self, file: &Path) -> anyhow::Result<()> {
        let Db::Sqlite { read, .. } = self else {
            bail!(
                "This database is PostgreSQL, which has a backup of its own: \
                 `pg_dump --format=custom --file=redress.dump DATABASE`. To look at all of a copy, restore it into a \
                 database of its own, and give that one's URL to `redress backup --verify`"
            );
        };
        copy_into(&mut *read.take().await?, file).await
    }

    pub(super) async fn close(&self) {
        match self {
            Db::Sqlite { write, read, ask } => {
                for turns in [ask, read, write] {
                    turns.close().await;
                }
            }
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// Begins a transaction on PostgreSQL, to the end even when whoever asked has given up: sqlx would give the connection back to
/// the pool with a transaction open that it knows nothing of, and nothing that is written there [`alone`] would be kept.
async fn begun(pool: &PgPool, begin: &'static str) -> sqlx::Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin_with(begin).await });
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

/// What a statement that wrote [`alone`] came to.
pub(super) async fn written<T>(done: sqlx::Result<T>) -> sqlx::Result<T> {
    let done = done?;
    pass(Edge::Committed).await?;
    Ok(done)
}

impl Tx {
    /// The moment, in ms, by the clock that leases are measured by: the database server's, for no two machines agree on the
    /// time. On SQLite, where there are no leases, it stands still.
    pub(super) async fn lease_clock(&mut self) -> sqlx::Result<i64> {
        match self {
            Tx::Sqlite(_) => Ok(0),
            Tx::Postgres(transaction) => {
                let now = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT";
                sqlx::query_scalar(now).fetch_one(&mut **transaction).await
            }
        }
    }

    /// Until this transaction ends, nobody else changes leases. Two who each saw the other's lease run out would otherwise
    /// both take it: at READ COMMITTED a statement sees other tables as they were when it began.
    pub(super) async fn lock_leases(&mut self) -> sqlx::Result<()> {
        if let Tx::Postgres(transaction) = self {
            sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LEASE_LOCK).execute(&mut **transaction).await?;
        }
        Ok(())
    }

    pub(super) async fn commit(self) -> sqlx::Result<()> {
        pass(Edge::Commit).await?;
        match self {
            Tx::Sqlite(transaction) => transaction.commit().await?,
            Tx::Postgres(transaction) => transaction.commit().await?,
        }
        pass(Edge::Committed).await
    }
}

/// Copies the SQLite database of a connection, as it stands at one moment, into an empty file.
async fn copy_into(connection: &mut SqliteConnection, file: &Path) -> anyhow::Result<()> {
    let name = file.to_str().with_context(|| format!("{} is no UTF-8 name", file.display()))?;
    let copied = sqlx::query(super::sql::COPY_INTO).bind(name).execute(connection).await;
    copied.with_context(|| format!("Could not copy the database into {}", file.display()))?;
    Ok(())
}

/// A copy of an SQLite database that nobody works on.
pub(super) struct Copy {
    connection: SqliteConnection,
}

impl Copy {
    pub(super) async fn open(path: &Path) -> anyhow::Result<Copy> {
        Copy::connect(path, |options| options.journal_mode(SqliteJournalMode::Delete)).await
    }

    pub(super) async fn open_to_read(path: &Path) -> anyhow::Result<Copy> {
        Copy::connect(path, |options| options.read_only(true)).await
    }

    async fn connect(
        path: &Path,
        how: impl FnOnce(SqliteConnectOptions) -> SqliteConnectOptions,
    ) -> anyhow::Result<Copy> {
        let options = how(SqliteConnectOptions::new().filename(path)).synchronous(SqliteSynchronous::Full);
        let connected = SqliteConnection::connect_with(&options).await;
        let connection = connected.with_context(|| format!("{} is no SQLite database", path.display()))?;
        Ok(Copy { connection })
    }

    /// Writes a number among the facts about the database, in place of one that is there.
    pub(super) async fn mark(&mut self, name: &str, value: i64) -> anyhow::Result<()> {
        self.write(super::sql::KEEP_INFO, name, value).await
    }

    /// Writes a number among the facts about the database, unless one of that name is there.
    pub(super) async fn mark_unmarked(&mut self, name: &str, value: i64) -> anyhow::Result<()> {
        self.write(super::sql::SET_INFO, name, value).await
    }

    /// Takes a fact about the database away.
    pub(super) async fn forget(&mut self, name: &str) -> anyhow::Result<()> {
        let forgotten = sqlx::query(super::sql::FORGET_INFO).bind(name).execute(&mut self.connection).await;
        forgotten.context("Could not write into the copy; is it a database of Redress?")?;
        Ok(())
    }

    async fn write(&mut self, statement: &'static str, name: &str, value: i64) -> anyhow::Result<()> {
        let value = value.to_be_bytes().to_vec();
        let written = sqlx::query(statement).bind(name).bind(value).execute(&mut self.connection).await;
        written.context("Could not write into the copy; is it a database of Redress?")?;
        Ok(())
    }

    /// Copies it into an empty file, with what lies in the files beside it: a copy made by hand may have some.
    pub(super) async fn copy_into(&mut self, file: &Path) -> anyhow::Result<()> {
        copy_into(&mut self.connection, file).await
    }

    /// What SQLite itself finds wrong.
    pub(super) async fn faults(&mut self) -> anyhow::Result<Vec<String>> {
        let found: sqlx::Result<Vec<String>> =
            sqlx::query_scalar(super::sql::INTEGRITY).fetch_all(&mut self.connection).await;
        let mut found = found.context("Could not look at the copy; is it an SQLite database?")?;
        found.retain(|line| line != "ok");
        let unlinked: Vec<String> =
            sqlx::query_scalar(super::sql::FOREIGN_KEYS).fetch_all(&mut self.connection).await?;
        found.extend(unlinked.iter().map(|table| format!("rows of {table} belong to nothing")));
        Ok(found)
    }

    pub(super) async fn close(self) -> sqlx::Result<()> {
        self.connection.close().await
    }
}

async fn open_sqlite(url: &str, purpose: Purpose) -> anyhow::Result<(Db, RunLock)> {
    let options = SqliteConnectOptions::from_str(url).context("The database URL is not one SQLite understands")?;
    let path = options.get_filename().to_path_buf();
    let lock = match purpose.works() {
        true => lock_beside(&path)?,
        false if path.exists() => RunLock::None,
        false => return Err(Unready::Missing(path).into()),
    };
    let options = match purpose {
        Purpose::Look => options.read_only(true),
        _ => options.create_if_missing(purpose != Purpose::Beside).journal_mode(SqliteJournalMode::Wal),
    };
    let options = options
        // The record of a statutory deadline survives a power cut: 1.2 ms a commit is a small price.
        .synchronous(if purpose == Purpose::Play { SqliteSynchronous::Off } else { SqliteSynchronous::Full })
        .busy_timeout(Duration::from_secs(10))
        .foreign_keys(true)
        // Else INSERT OR REPLACE slips past the append-only triggers.
        .pragma("recursive_triggers", "ON");
    let context = || format!("Could not open the database {}", path.display());
    let connect = || async { SqliteConnection::connect_with(&options).await.with_context(context) };
    let mut write = connect().await?;
    let found = version(sqlx::query_scalar(super::sql::SCHEMA_VERSION).fetch_one(&mut write).await)?;
    match purpose.works() {
        true => {
            refuse_newer(found, &SQLITE_MIGRATIONS)?;
            if found != latest(&SQLITE_MIGRATIONS) {
                let migrated = SQLITE_MIGRATIONS.run_direct(None, &mut write, false).await;
                migrated.context("Could not bring the database up to date")?;
            }
        }
        false => check_version(found, &SQLITE_MIGRATIONS)?,
    }
    // Opened after migration: a reader that prepared a statement before it would have to prepare it again.
    let (read, ask) = (Turns::new(connect().await?), Turns::new(connect().await?));
    Ok((Db::Sqlite { write: Turns::new(write), read, ask }, lock))
}

/// A lock on a file beside the database: one `run` at a time, and gone with the process however it dies.
pub(super) fn lock_beside(database: &Path) -> anyhow::Result<RunLock> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) {
        bail!("The folder {} for the database does not exist; make it, writable for this user", folder.display());
    }
    let mut file = File::options().create(true).truncate(false).write(true).open(&path).with_context(|| {
        format!("Could not open {}; the database's folder must be writable for this user", path.display())
    })?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => bail!(
            "Another `redress run` is working on {}; one at a time. `redress status` and the other commands work beside it",
            database.display()
        ),
        Err(TryLockError::Error(error)) => return Err(error).context(format!("Could not lock {}", path.display())),
    }
    file.set_len(0)?;
    write!(file, "{}", std::process::id())?;
    Ok(RunLock::File { _held: Locked(file) })
}

async fn open_postgres(url: &str, purpose: Purpose) -> anyhow::Result<(Db, RunLock)> {
    // The URL may hold a password: never part of a message.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| anyhow::anyhow!("The database URL is not one PostgreSQL understands"))?
        .application_name("redress")
        .options(SESSION);
    let place = format!("{}:{}", options.get_host(), options.get_port());
    let context = || format!("Could not connect to PostgreSQL at {place}");
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .acquire_timeout(Duration::from_secs(30))
        .connect_with(options.clone())
        .await
        .with_context(context)?;
    let lock = match purpose.works() {
        true => {
            let connection = PgConnection::connect_with(&options).await.with_context(context)?;
            RunLock::Session(tokio::sync::Mutex::new(take_place(connection, &pool, purpose).await?))
        }
        false => {
            let found = version(sqlx::query_scalar(super::sql::SCHEMA_VERSION).fetch_one(&pool).await)?;
            check_version(found, &POSTGRES_MIGRATIONS)?;
            RunLock::None
        }
    };
    Ok((Db::Postgres(pool), lock))
}

/// Gives the connection a place among the daemons, or, to [work alone](Purpose::Alone), the only one. A database of an earlier
/// version is brought up to date first, when no daemon works on it any more.
async fn take_place(mut connection: PgConnection, pool: &PgPool, purpose: Purpose) -> anyhow::Result<PgConnection> {
    let mut told = false;
    loop {
        // Each time anew: another that waits may have brought it up to date.
        if purpose != Purpose::Alone && locked(&mut connection, "SELECT pg_try_advisory_lock_shared($1)").await? {
            let found = version(sqlx::query_scalar(super::sql::SCHEMA_VERSION).fetch_one(&mut connection).await)?;
            refuse_newer(found, &POSTGRES_MIGRATIONS)?;
            if found == latest(&POSTGRES_MIGRATIONS) {
                return Ok(connection);
            }
            locked(&mut connection, "SELECT pg_advisory_unlock_shared($1)").await?;
        }
        if locked(&mut connection, "SELECT pg_try_advisory_lock($1)").await? {
            break;
        }
        if !told {
            info!(
                "Another daemon prepares this database, or works on it as an older version; this one waits for its end"
            );
            told = true;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    // A daemon that lost its connection, and with it its place, works until its lease is over.
    while sqlx::query_scalar(super::sql::LIVING).fetch_one(&mut connection).await.is_ok_and(|living: bool| living) {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    let found = version(sqlx::query_scalar(super::sql::SCHEMA_VERSION).fetch_one(&mut connection).await)?;
    refuse_newer(found, &POSTGRES_MIGRATIONS)?;
    POSTGRES_MIGRATIONS.run(pool).await.context("Could not bring the database up to date")?;
    if purpose != Purpose::Alone {
        // Never without a place: nobody can come between.
        locked(&mut connection, "SELECT pg_try_advisory_lock_shared($1)").await?;
        locked(&mut connection, "SELECT pg_advisory_unlock($1)").await?;
    }
    Ok(connection)
}

/// Asks for the lock, or gives it back; whether that was done.
async fn locked(connection: &mut PgConnection, statement: &'static str) -> sqlx::Result<bool> {
    sqlx::query_scalar(statement).bind(RUN_LOCK).fetch_one(connection).await
}

impl RunLock {
    /// Whether the lock is still ours; a PostgreSQL session may have been cut off, and then the schema may change. Of a server
    /// that stands still nobody knows: whoever asks sets a limit.
    pub(super) async fn still_ours(&self) -> bool {
        match self {
            RunLock::File { .. } | RunLock::None => true,
            RunLock::Session(connection) => connection.lock().await.ping().await.is_ok(),
        }
    }
}

/// The schema's version; `None` before the first migration.
fn version(asked: sqlx::Result<Option<i64>>) -> anyhow::Result<Option<i64>> {
    match asked {
        // SQLite gives no code of its own for a missing table; PostgreSQL: undefined_table.
        Err(sqlx::Error::Database(error))
            if error.code().is_some_and(|code| code == "42P01") || error.message().starts_with("no such table") =>
        {
            Ok(None)
        }
        asked => asked.context("Could not read the database; is it one of Redress?"),
    }
}

fn latest(migrations: &Migrator) -> Option<i64> {
    migrations.iter().map(|migration| migration.version).max()
}

fn refuse_newer(found: Option<i64>, migrations: &Migrator) -> Result<(), Unready> {
    if found > latest(migrations) {
        return Err(Unready::Newer);
    }
    Ok(())
}

fn check_version(found: Option<i64>, migrations: &Migrator) -> Result<(), Unready> {
    refuse_newer(found, migrations)?;
    match found {
        None => Err(Unready::Empty),
        found if found == latest(migrations) => Ok(()),
        _ => Err(Unready::Older),
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[tokio::test]
    async fn a_database_that_does_not_answer_in_time_or_sends_us_away_is_waited_for_and_a_newer_one_is_not() {
        let late = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        assert!(may_pass(&anyhow::Error::from(late).context("No lease")));
        assert!(may_pass(&PlaceLost.into()));
        assert!(!may_pass(&Unready::Newer.into()));
    }

    #[tokio::test]
    async fn a_full_database_failed_and_one_that_refuses_what_it_is_given_or_a_reading_that_lasts_did_not() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let mut came_of = async |statement| {
            let done = sqlx::query(statement).execute(&mut connection).await;
            done.map_err(|error| failed(&anyhow::Error::from(error).context("Could not keep it")))
        };
        came_of("CREATE TABLE one (id INTEGER PRIMARY KEY, bytes BLOB)").await.unwrap();
        came_of("PRAGMA max_page_count = 3").await.unwrap();
        came_of("INSERT INTO one VALUES (1, NULL)").await.unwrap();
        assert!(came_of("INSERT INTO one VALUES (2, ZEROBLOB(100000))").await.unwrap_err(), "full");
        assert!(!came_of("INSERT INTO one VALUES (1, NULL)").await.unwrap_err(), "not unique");
        let late = tokio::time::timeout(Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        assert!(!failed(&late.into()));
    }

    #[test]
    fn the_lock_is_free_when_its_daemon_ends_whoever_has_a_copy_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("redress.db");
        let RunLock::File { _held: held } = lock_beside(&database).unwrap() else { panic!("it is a file") };
        // As a program has that is being started.
        let copy = held.0.try_clone().unwrap();
        assert!(lock_beside(&database).is_err());
        drop(held);
        assert!(lock_beside(&database).is_ok());
        drop(copy);
    }
}
