//! Does what is kept here agree with what lies on the mail servers, and with what they took? Pure comparison.
//!
//! The ledger is what was taken in: for each message where it lay, by the server's own number. A watched folder agrees when
//! each number the server gives is in the ledger, with the same arrival and size: a server that was set back to an earlier
//! state gives its numbers out again. What the ledger has beyond that was moved or deleted since, and is no difference.
//! Where logged mail is moved to, messages have other numbers: there they are recognised by the moment they arrived and
//! their size, which moving keeps (RFC 3501, 6.4.7). What all this leaves in doubt is read and compared whole.
//!
//! Known weakness: on a server that gives moved mail another date, all of that folder is read at each look; so is a message
//! whose arrival or size the server no longer gives as it did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::calendar::listed;

/// A line of the ledger of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub folder: String,
    pub uidvalidity: i64,
    pub uid: String,
    pub arrived: Timestamp,
    /// Bytes of the whole message on the server; 0 when the server never gave it out, so that it is here without its words.
    pub size: u64,
    /// The same message is in the ledger before.
    pub copy: bool,
}

impl Entry {
    /// Whether it was taken in from this folder as it now is: there its UID names it.
    fn is_of(&self, folder: &Folder) -> bool {
        self.folder == folder.name && self.uidvalidity == folder.uidvalidity
    }
}

/// A folder as the server gives it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    pub name: String,
    pub uidvalidity: i64,
    pub uids: Vec<String>,
    pub facts: Facts,
}

/// Messages of a folder, by UID, with the moment they arrived and their size.
pub type Facts = BTreeMap<String, (Timestamp, u64)>;

/// Messages of a watched folder that are not in the ledger.
pub fn not_taken(ledger: &[Entry], folder: &Folder) -> Vec<String> {
    let known = known_uids(ledger, folder);
    folder.uids.iter().filter(|uid| !known.contains(uid.as_str())).cloned().collect()
}

/// Messages whose UID the ledger has, maybe for another message: their arrival or size is not the ledger's. What the server
/// never gave out has neither there.
pub fn given_again(ledger: &[Entry], folder: &Folder) -> Vec<String> {
    let of_folder = ledger.iter().filter(|entry| entry.is_of(folder) && entry.size > 0);
    let known: BTreeMap<&str, (Timestamp, u64)> =
        of_folder.map(|entry| (entry.uid.as_str(), (entry.arrived, entry.size))).collect();
    let differs = |uid: &&String| known.get(uid.as_str()).is_some_and(|key| folder.facts.get(*uid) != Some(key));
    folder.uids.iter().filter(differs).cloned().collect()
}

/// Messages in `moved`, where logged mail goes, that may not be in the ledger. A message in the ledger that still lies in one
/// of the `watched` folders is not the one that lies there, and one that was taken in there is known by its UID.
pub fn in_doubt(ledger: &[Entry], watched: &[Folder], moved: &Folder) -> Vec<String> {
    let mut elsewhere: BTreeSet<(&str, i64, &str)> = BTreeSet::new();
    for folder in watched {
        elsewhere.extend(folder.uids.iter().map(|uid| (folder.name.as_str(), folder.uidvalidity, uid.as_str())));
    }
    let mut expected: BTreeMap<(Timestamp, u64), usize> = BTreeMap::new();
    let may_be_here = |entry: &&Entry| {
        !entry.copy
            && !entry.is_of(moved)
            && !elsewhere.contains(&(entry.folder.as_str(), entry.uidvalidity, entry.uid.as_str()))
    };
    for entry in ledger.iter().filter(may_be_here) {
        *expected.entry((entry.arrived, entry.size)).or_default() += 1;
    }
    let known = known_uids(ledger, moved);
    let strangers = || moved.uids.iter().filter(|uid| !known.contains(uid.as_str()));
    let mut found: BTreeMap<(Timestamp, u64), usize> = BTreeMap::new();
    for key in strangers().filter_map(|uid| moved.facts.get(uid)) {
        *found.entry(*key).or_default() += 1;
    }
    let recognised = |uid: &&String| moved.facts.get(*uid).is_some_and(|key| found.get(key) <= expected.get(key));
    strangers().filter(|uid| !recognised(uid)).cloned().collect()
}

/// How many messages that the server never gave out are in the ledger and lie in none of the `watched` folders any more. When
/// that many cannot be read where logged mail goes, they are these: their size and arrival are not known.
pub fn never_read(ledger: &[Entry], watched: &[Folder]) -> usize {
    let lies_there =
        |entry: &Entry| watched.iter().any(|folder| entry.is_of(folder) && folder.uids.contains(&entry.uid));
    ledger.iter().filter(|entry| entry.size == 0 && !lies_there(entry)).count()
}

fn known_uids<'a>(ledger: &'a [Entry], folder: &Folder) -> BTreeSet<&'a str> {
    ledger.iter().filter(|entry| entry.is_of(folder)).map(|entry| entry.uid.as_str()).collect()
}

/// How one folder came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The mailbox's name in the configuration.
    pub mailbox: String,
    /// As the mail server spells it.
    pub folder: String,
    /// Messages on the server.
    pub server: usize,
    /// How many of these are here.
    pub ours: usize,
    /// How many had never been taken in and now are: found where logged mail is moved to, or under the UID of another.
    pub found: usize,
}

/// What is named of a long list.
const NAMED: usize = 5;

/// What does not agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// Messages lie on the server and are not here.
    NotHere { mailbox: String, folder: String, uids: BTreeSet<String> },
    /// A folder could not be compared.
    NotCompared { mailbox: String, folder: String, why: String },
    /// A letter counts as sent, and no try at it has the mail server's answer.
    NoAnswer { letter: i64 },
    /// The mail server took a letter that does not count as sent.
    TakenUnnoticed { letter: i64 },
    /// The mail server took a letter more than once.
    TakenTwice { letter: i64 },
    /// A letter has been on its way for longer than any try may last.
    OnItsWay { letter: i64, since: Timestamp },
    /// A letter has waited beyond its time.
    Waits { letter: i64, since: Timestamp },
}

impl Difference {
    /// What does not agree, and what to do, for whoever runs the program.
    pub fn in_words(&self) -> String {
        match self {
            Difference::NotHere { mailbox, folder, uids } => {
                let first: Vec<&str> = uids.iter().map(String::as_str).take(NAMED).collect();
                let more = if uids.len() > NAMED { ", …" } else { "" };
                format!(
                    "{} of the messages in {mailbox}/{folder} are not here (the server's numbers: {}{more}). The daemon takes \
                     them in at its next look, or at six in the morning; if they stay, the log says why (`journalctl -u \
                     redress`). Read them in a mail program, and log a complaint with `redress case log`",
                    uids.len(),
                    first.join(", "),
                )
            }
            Difference::NotCompared { mailbox, folder, why } => {
                format!("{mailbox}/{folder} could not be compared: {why}. Try `redress check --connect`")
            }
            Difference::NoAnswer { letter } => format!(
                "letter {letter} counts as sent, and no try has the mail server's answer. See `redress outbox show \
                 {letter}`, and look for it in the mail server's log"
            ),
            Difference::TakenUnnoticed { letter } => format!(
                "the mail server took letter {letter}, and it does not count as sent: it may go again. Keep it back with \
                 `redress outbox hold {letter}`, and report this"
            ),
            Difference::TakenTwice { letter } => format!(
                "the mail server took letter {letter} more than once. See `redress outbox show {letter}`, tell whoever \
                 handles the case, and report this"
            ),
            Difference::OnItsWay { letter, since } => format!(
                "letter {letter} has been on its way since {}. Restart the daemon (`systemctl restart redress`), and the \
                 same letter goes again",
                listed(*since)
            ),
            Difference::Waits { letter, since } => format!(
                "letter {letter} was to leave on {} and waits. See `redress outbox show {letter}`; is the daemon running? \
                 `systemctl status redress`",
                listed(*since)
            ),
        }
    }

    /// What it is about: a folder, or the letters.
    pub fn place(&self) -> String {
        match self {
            Difference::NotHere { mailbox, folder, .. } | Difference::NotCompared { mailbox, folder, .. } => {
                format!("{mailbox}/{folder}")
            }
            _ => "letters".to_owned(),
        }
    }

    /// As much of it as `before`, found at another look, is the same.
    fn still(&self, before: &Difference) -> Option<Difference> {
        match (self, before) {
            (Difference::NotHere { mailbox, folder, uids }, Difference::NotHere { uids: before_uids, .. })
                if self.place() == before.place() =>
            {
                let uids: BTreeSet<String> = uids.intersection(before_uids).cloned().collect();
                let (mailbox, folder) = (mailbox.clone(), folder.clone());
                (!uids.is_empty()).then_some(Difference::NotHere { mailbox, folder, uids })
            }
            // A server's words vary from try to try.
            (Difference::NotCompared { .. }, Difference::NotCompared { .. }) => {
                (self.place() == before.place()).then(|| self.clone())
            }
            _ => (self == before).then(|| self.clone()),
        }
    }
}

/// What one look came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    pub at: Timestamp,
    /// Every folder that could be listed.
    pub folders: Vec<Tally>,
    /// Letters that were sent, each with the mail server's answer.
    pub letters_sent: usize,
    pub differences: Vec<Difference>,
    /// Of these, what the look before found as well: no mail on its way, but a difference.
    pub standing: Vec<Difference>,
}

impl Reconciled {
    /// The same, with what the look before had found already.
    #[must_use]
    pub fn after(mut self, before: Option<&Reconciled>) -> Reconciled {
        let before = before.map(|look| look.differences.as_slice()).unwrap_or_default();
        let still = |now: &Difference| before.iter().find_map(|before| now.still(before));
        self.standing = self.differences.iter().filter_map(still).collect();
        self
    }

    /// The messages on the server and how many of them are here, summed over the folders of a mailbox; `None` when one of its
    /// folders could not be compared, or none was.
    pub fn mailbox(&self, name: &str) -> Option<(usize, usize)> {
        let failed =
            |difference: &Difference| matches!(difference, Difference::NotCompared { mailbox, .. } if mailbox == name);
        let folders: Vec<&Tally> = self.folders.iter().filter(|tally| tally.mailbox == name).collect();
        if folders.is_empty() || self.differences.iter().any(failed) {
            return None;
        }
        Some(folders.iter().fold((0, 0), |(server, ours), tally| (server + tally.server, ours + tally.ours)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap()
    }

    fn entry(folder: &str, uid: &str, second: i64, size: u64) -> Entry {
        let (folder, uid) = (folder.to_owned(), uid.to_owned());
        Entry { folder, uidvalidity: 7, uid, arrived: at(second), size, copy: false }
    }

    fn folder(name: &str, uids: &[&str]) -> Folder {
        let uids = uids.iter().map(|uid| (*uid).to_owned()).collect();
        Folder { name: name.to_owned(), uidvalidity: 7, uids, facts: Facts::new() }
    }

    fn with_facts(folder: Folder, all: &[(&str, i64, u64)]) -> Folder {
        let facts = all.iter().map(|(uid, second, size)| ((*uid).to_owned(), (at(*second), *size))).collect();
        Folder { facts, ..folder }
    }

    #[test]
    fn a_watched_folder_agrees_when_each_of_its_messages_is_in_the_ledger_and_more_in_the_ledger_is_no_difference() {
        let ledger = [entry("INBOX", "1", 0, 10), entry("INBOX", "2", 1, 10), entry("Junk", "3", 2, 10)];
        assert!(not_taken(&ledger, &folder("INBOX", &["2"])).is_empty());
        assert_eq!(not_taken(&ledger, &folder("INBOX", &["1", "2", "3"])), ["3"]);
        let rebuilt = Folder { uidvalidity: 8, ..folder("INBOX", &["1", "2"]) };
        assert_eq!(not_taken(&ledger, &rebuilt), ["1", "2"], "after a new UIDVALIDITY every number is a stranger");
    }

    #[test]
    fn a_known_uid_is_in_doubt_when_arrival_or_size_is_another_and_not_when_the_ledger_has_neither() {
        let known = |uid| entry("INBOX", uid, 0, 10);
        let ledger =
            [known("1"), known("2"), known("3"), known("4"), entry("INBOX", "5", 0, 0), entry("Junk", "6", 0, 10)];
        let there = [("1", 0, 10), ("2", 9, 10), ("3", 0, 11), ("5", 9, 10), ("6", 9, 10)];
        let inbox = with_facts(folder("INBOX", &["1", "2", "3", "4", "5", "6"]), &there);
        // Of 4 the server says nothing; 5 it never gave out; 6 was taken in elsewhere, and is new here.
        assert_eq!(given_again(&ledger, &inbox), ["2", "3", "4"]);
        assert!(
            given_again(&ledger, &Folder { uidvalidity: 8, ..inbox }).is_empty(),
            "under a new UIDVALIDITY all are new"
        );
    }

    #[test]
    fn moved_mail_is_recognised_by_its_arrival_and_size_and_the_rest_is_in_doubt() {
        let ledger = [entry("INBOX", "1", 0, 10), entry("INBOX", "2", 1, 20), entry("Logged", "9", 5, 50)];
        let there = [("1", 0, 10), ("2", 1, 20), ("3", 1, 21), ("9", 5, 51)];
        let logged = with_facts(folder("Logged", &["1", "2", "3", "9", "10"]), &there);
        // Of 10 the server says nothing; 9 was taken in there.
        assert_eq!(in_doubt(&ledger, &[folder("INBOX", &[])], &logged), ["3", "10"]);
    }

    #[test]
    fn of_messages_alike_that_are_more_than_the_ledger_has_all_are_in_doubt() {
        let alike = |uid| entry("INBOX", uid, 0, 10);
        let logged = with_facts(folder("Logged", &["1", "2"]), &[("1", 0, 10), ("2", 0, 10)]);
        assert_eq!(in_doubt(&[alike("1")], &[], &logged), ["1", "2"]);
        assert!(in_doubt(&[alike("1"), alike("2")], &[], &logged).is_empty());
        // One of the two still lies in the inbox, so that a stranger is among those that were moved.
        let inbox = folder("INBOX", &["2"]);
        assert_eq!(in_doubt(&[alike("1"), alike("2")], &[inbox], &logged), ["1", "2"]);
        let copy = Entry { copy: true, ..alike("2") };
        assert_eq!(in_doubt(&[alike("1"), copy], &[], &logged), ["1", "2"], "one message, twice in the ledger");
    }

    #[test]
    fn a_message_taken_in_where_logged_mail_goes_makes_no_room_there_for_another_one_alike() {
        let logged = with_facts(folder("Logged", &["1", "2"]), &[("1", 0, 10), ("2", 0, 10)]);
        assert_eq!(in_doubt(&[entry("Logged", "1", 0, 10)], &[], &logged), ["2"]);
        // Under a new UIDVALIDITY its UID says nothing, and its arrival and size do.
        let rebuilt = with_facts(Folder { uidvalidity: 8, ..folder("Logged", &["1"]) }, &[("1", 0, 10)]);
        assert!(in_doubt(&[entry("Logged", "1", 0, 10)], &[], &rebuilt).is_empty());
    }

    #[test]
    fn a_difference_stands_when_two_looks_in_a_row_found_it() {
        let missing = |uids: &[&str]| Difference::NotHere {
            mailbox: "complaints".to_owned(),
            folder: "INBOX".to_owned(),
            uids: uids.iter().map(|uid| (*uid).to_owned()).collect(),
        };
        let not_compared = |why: &str| Difference::NotCompared {
            mailbox: "complaints".to_owned(),
            folder: "Junk".to_owned(),
            why: why.to_owned(),
        };
        let look = |differences| Reconciled {
            at: at(0),
            folders: vec![
                Tally { mailbox: "complaints".to_owned(), folder: "INBOX".to_owned(), server: 3, ours: 2, found: 0 },
                Tally { mailbox: "complaints".to_owned(), folder: "Logged".to_owned(), server: 4, ours: 4, found: 1 },
            ],
            letters_sent: 0,
            differences,
            standing: Vec::new(),
        };
        let first = look(vec![missing(&["1", "2"]), not_compared("closed")]).after(None);
        assert!(first.standing.is_empty(), "it may be on its way in");
        let second = look(vec![missing(&["3", "1"]), not_compared("busy")]).after(Some(&first));
        assert_eq!(second.standing, [missing(&["1"]), not_compared("busy")]);
        assert_eq!(look(vec![missing(&["1"])]).mailbox("complaints"), Some((7, 6)));
        assert_eq!((second.mailbox("complaints"), first.mailbox("repairs")), (None, None));
    }
}
