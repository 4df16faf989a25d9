//! A mailbox under a new name is a stranger: all that lies in it would be new mail, and answered a second time.
//!
//! So a start at which one name has gone and another has come is refused, until a person has said by a start with both that
//! they are two mailboxes. Compared is with the last start on this machine: a daemon elsewhere may read other mailboxes.
//!
//! Known weakness: on PostgreSQL, a machine under a new name of its own has no start to compare with.

use std::collections::BTreeSet;

use rustix::system::uname;

use crate::config::Config;
use crate::store::Store;

/// Why a start is refused.
#[derive(Debug, thiserror::Error)]
#[error(
    "The mailbox \"{gone}\" has gone from the configuration, and \"{come}\", which was never read, has come. If that is a new \
     name for it, put the old one back: the program remembers by it which mail it has taken in, and would answer all of it \
     again. If it is another mailbox, let the configuration have both for one start of `redress run`, then take \"{gone}\" out"
)]
pub struct Renamed {
    gone: String,
    come: String,
}

/// Whether a mailbox of the last start may have a new name now.
///
/// # Errors
///
/// The database's.
pub async fn look(config: &Config, store: &Store) -> anyhow::Result<Option<Renamed>> {
    let named: BTreeSet<String> = config.mailboxes.iter().map(|mailbox| mailbox.name.clone()).collect();
    let before = store.mailboxes(&host()).await?;
    let read: BTreeSet<String> = store.folders().await?.into_iter().map(|row| row.mailbox).collect();
    // What was never read has left nothing to be answered again.
    let gone = before.iter().find(|name| read.contains(*name) && !named.contains(*name));
    let come = named.iter().find(|name| !read.contains(*name) && !before.contains(*name));
    Ok(gone.zip(come).map(|(gone, come)| Renamed { gone: gone.clone(), come: come.clone() }))
}

/// Lets the start go on, and keeps the names of its mailboxes for the next.
///
/// # Errors
///
/// [`Renamed`], or the database's.
pub async fn refuse(config: &Config, store: &Store) -> anyhow::Result<()> {
    if let Some(renamed) = look(config, store).await? {
        return Err(renamed.into());
    }
    store.keep_mailboxes(&host(), config.mailboxes.iter().map(|mailbox| mailbox.name.as_str())).await
}

fn host() -> String {
    uname().nodename().to_string_lossy().into_owned()
}
