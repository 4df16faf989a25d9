//! A mailbox under a new name is a stranger: all that lies in it would be new mail, and answered a second time.
//!
//! So a start at which one name has gone and another has come is refused, until a person has said by a start with both that
//! they are two mailboxes. Compared is with the last start on this machine: a daemon elsewhere may read other mailboxes. One
//! that is read by another daemon of this machine has not gone.
//!
//! Known weakness: on PostgreSQL, a machine under a new name of its own has no start to compare with.

use std::collections::BTreeSet;

use super::lease::machine;
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
    let before = store.mailboxes(&machine()).await?;
    let here = format!("{}/", machine());
    let daemons = store.daemons().await?;
    let beside = daemons.iter().filter(|daemon| daemon.host.starts_with(&here));
    let read_beside: BTreeSet<&str> = beside.flat_map(|daemon| daemon.mailboxes().map(|(name, _)| name)).collect();
    let read: BTreeSet<String> = store.folders().await?.into_iter().map(|row| row.mailbox).collect();
    // What was never read has left nothing to be answered again.
    let has_gone =
        |name: &&String| read.contains(*name) && !named.contains(*name) && !read_beside.contains(name.as_str());
    let gone = before.iter().find(has_gone);
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
    store.keep_mailboxes(&machine(), config.mailboxes.iter().map(|mailbox| mailbox.name.as_str())).await
}
