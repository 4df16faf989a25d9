//! The brake on letters: how many may leave, so that no two machines write to each other without end, and no storm drowns
//! what people wait for.
//!
//! There are two lines of defence. The first withholds an answer when it is *decided*: nothing is written, and the case says
//! why, or shows what came all the same.
//!
//! | What | Limit | Where |
//! |---|---|---|
//! | an answer to a machine | none is given | `message/machine.rs`, `filing.rs` |
//! | automatic answers to one address | `answers_per_address_per_day` | `filing/opening.rs`; a person writes instead |
//! | cases that one address begins | [`CASES_A_DAY`] | `filing.rs`; further messages go to the newest of them |
//! | "your message is with your case" | one a day | `case/decide.rs` |
//! | word to whoever handles a case of its further messages | [`MESSAGES_TOLD_A_DAY`], [`DANGERS_TOLD_A_DAY`] | `case/decide.rs`; then one letter for all the rest |
//! | answers to one of the landlord's people that did nothing | [`TRANSCRIPTS_A_DAY`] | `daemon/asked.rs` |
//!
//! The second is this gate, through which every letter leaves, whatever led to it. It trusts none of the above. What it stops
//! is held and told, never dropped, and a person lets it go.
//!
//! Letters are counted when they leave, in lanes that do not know of each other: to residents and to the landlord's own
//! people, and in both what a message set off apart from what a date or a person at the terminal did. So no storm of mail,
//! however large, can stop a reminder. Words to the operator have a lane of their own.
//!
//! Everything that grew out of one message has that message as its *root*: its own letters, those that answer what came of
//! them, and so on. So a storm that branches, or writes from a new address each time, is stopped where it began.
//!
//! Pure. Known weakness: a machine that writes each time from a new address, answers nothing and names no case is stopped by
//! the limits of its landlord only.

use std::collections::BTreeSet;
use std::fmt;

/// Cases that messages from one address begin within 24 hours. What comes beyond that is kept with the newest of them, whose
/// clock runs: a thousand cases, each with its own reminders, would drown those of everybody else.
pub const CASES_A_DAY: usize = 50;

/// Letters to whoever handles a case about its further messages, within 24 hours; the next one speaks for all the rest.
pub const MESSAGES_TOLD_A_DAY: usize = 10;

/// The same, with those that may tell of a danger: by then everybody knows of it, and where to read on.
pub const DANGERS_TOLD_A_DAY: usize = 20;

/// Answers that did nothing, to one of the landlord's people about one case in a day: more of them are between two machines.
pub const TRANSCRIPTS_A_DAY: usize = 20;

/// Letters to the landlord's own people that no mail led to may be so many times as many: on a morning after a long sleep there
/// is one for each date and person. The ladder bounds them, and each that is stopped is a date nobody is warned of.
const TIMES_BY_DATE: u32 = 5;

/// What letters are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To one address.
    Address,
    /// Grown out of one message.
    Message,
    Case,
    Landlord,
    /// All that leave.
    All,
}

impl Scope {
    /// The narrowest first: what stops least.
    pub const ALL: [Scope; 5] = [Scope::Address, Scope::Message, Scope::Case, Scope::Landlord, Scope::All];

    /// The key of the limit in the configuration.
    pub fn key(self) -> &'static str {
        match self {
            Scope::Address => "per_address",
            Scope::Message => "per_message",
            Scope::Case => "per_case",
            Scope::Landlord => "per_landlord",
            Scope::All => "in_all",
        }
    }
}

/// Letters within an hour, and within 24 hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    pub hour: u32,
    pub day: u32,
}

impl Rate {
    pub const fn of(hour: u32, day: u32) -> Rate {
        Rate { hour, day }
    }

    fn times(self, times: u32) -> Rate {
        Rate { hour: self.hour.saturating_mul(times), day: self.day.saturating_mul(times) }
    }
}

/// A rate for each scope: as a limit, what may leave; as traffic, what has left of the lane until now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    pub address: Rate,
    pub message: Rate,
    pub case: Rate,
    pub landlord: Rate,
    pub all: Rate,
}

impl Rates {
    pub fn of(&self, scope: Scope) -> Rate {
        match scope {
            Scope::Address => self.address,
            Scope::Message => self.message,
            Scope::Case => self.case,
            Scope::Landlord => self.landlord,
            Scope::All => self.all,
        }
    }
}

/// How many letters may leave, in each lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub residents: Rates,
    /// Also for letters to residents that one of the landlord's people hands over, as far as their address goes.
    pub staff: Rates,
}

impl Default for Limits {
    /// Room for a program that slept ten days and finds 60 complaints and 300 other messages, and for an officer who answers
    /// 20 cases in an hour; an end to two machines after about 20 letters, and to any storm after a few hundred.
    fn default() -> Limits {
        Limits {
            residents: Rates {
                address: Rate::of(20, 40),
                message: Rate::of(15, 30),
                case: Rate::of(20, 40),
                landlord: Rate::of(200, 400),
                all: Rate::of(400, 800),
            },
            staff: Rates {
                address: Rate::of(300, 600),
                message: Rate::of(30, 60),
                case: Rate::of(60, 120),
                landlord: Rate::of(300, 600),
                all: Rate::of(600, 1200),
            },
        }
    }
}

/// Why a letter does not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brake {
    /// It would come back into a mailbox that is read, and be answered.
    OwnAddress,
    /// So many have left within an hour.
    Hour(Scope, u32),
    /// So many have left within 24 hours.
    Day(Scope, u32),
}

impl Brake {
    /// The words the database and the command line use.
    pub const KEYS: [&str; 6] = ["own_address", "per_address", "per_message", "per_case", "per_landlord", "in_all"];

    /// Its word among [`Brake::KEYS`].
    pub fn key(self) -> &'static str {
        match self {
            Brake::OwnAddress => "own_address",
            Brake::Hour(scope, _) | Brake::Day(scope, _) => scope.key(),
        }
    }
}

/// For people, without a full stop; names nobody.
impl fmt::Display for Brake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scope, letters, within) = match *self {
            Brake::OwnAddress => return f.write_str("its address is one whose mail Redress reads itself"),
            Brake::Hour(scope, letters) => (scope, letters, "in an hour"),
            Brake::Day(scope, letters) => (scope, letters, "in 24 hours"),
        };
        let s = if letters == 1 { "" } else { "s" };
        match scope {
            Scope::Address => write!(f, "its address has had {letters} letter{s} {within}"),
            Scope::Message => write!(f, "one message has led to {letters} letter{s} {within}"),
            Scope::Case => write!(f, "its case has led to {letters} letter{s} {within}"),
            Scope::Landlord => write!(f, "its landlord has sent {letters} letter{s} like it {within}"),
            Scope::All => write!(f, "Redress has sent {letters} letter{s} like it {within}"),
        }
    }
}

/// The addresses whose mail this program reads, or that only pass mail on to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours(BTreeSet<String>);

impl Ours {
    pub fn new(addresses: impl IntoIterator<Item = impl AsRef<str>>) -> Ours {
        Ours(addresses.into_iter().map(|address| folded(address.as_ref())).collect())
    }

    /// Whether mail to `address` comes back to us: capitals make no difference, nor does what stands behind a plus sign.
    pub fn contains(&self, address: &str) -> bool {
        let address = folded(address);
        self.0.contains(&address) || self.0.contains(&without_tag(&address))
    }
}

/// As addresses are compared: mail servers make no difference between capitals and others, nor do names in the DNS, with or
/// without the dot of the root.
fn folded(address: &str) -> String {
    address.trim().trim_end_matches('.').to_lowercase()
}

/// `complaints+ada@example.org` is delivered to `complaints@example.org` (RFC 5233).
pub fn without_tag(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", local.split('+').next().unwrap_or(local)),
        None => address.to_owned(),
    }
}

/// A letter before the gate.
#[derive(Clone, Copy, Debug)]
pub struct Leaving<'a> {
    /// It is meant for a resident, though one of the landlord's people may hand it over.
    pub to_resident: bool,
    /// It grew out of a message.
    pub by_mail: bool,
    pub recipient: &'a str,
}

/// The gate: what it goes by.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    pub limits: &'a Limits,
    pub ours: &'a Ours,
    /// The addresses of the landlords' own people, lower case.
    pub people: &'a [String],
}

impl Gate<'_> {
    /// Why a letter does not leave now, when so many of its lane have left.
    pub fn stops(&self, letter: &Leaving, traffic: &Rates) -> Option<Brake> {
        if self.ours.contains(letter.recipient) {
            return Some(Brake::OwnAddress);
        }
        let lane = if letter.to_resident { &self.limits.residents } else { &self.limits.staff };
        let times = if letter.to_resident || letter.by_mail { 1 } else { TIMES_BY_DATE };
        let person = self.people.contains(&folded(letter.recipient));
        Scope::ALL.into_iter().find_map(|scope| {
            let limit = match scope {
                Scope::Address if person => self.limits.staff.address.times(times),
                scope => lane.of(scope).times(times),
            };
            let left = traffic.of(scope);
            let day = (left.day >= limit.day).then_some(Brake::Day(scope, left.day));
            (left.hour >= limit.hour).then_some(Brake::Hour(scope, left.hour)).or(day)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Rates = Rates {
        address: Rate::of(0, 0),
        message: Rate::of(0, 0),
        case: Rate::of(0, 0),
        landlord: Rate::of(0, 0),
        all: Rate::of(0, 0),
    };

    /// What the gate, as it is set by default, says of a letter.
    fn stopped(to_resident: bool, recipient: &str, traffic: Rates) -> Option<Brake> {
        let ours = Ours::new(["Complaints@Example.org", "forms+web@example.org"]);
        let people = ["ada@example.net".to_owned()];
        let letter = Leaving { to_resident, by_mail: true, recipient };
        Gate { limits: &Limits::default(), ours: &ours, people: &people }.stops(&letter, &traffic)
    }

    #[test]
    fn each_limit_stops_the_letter_after_the_last_one_it_allows() {
        let day = |day| Rate::of(0, day);
        let hour = |hour| Rate::of(hour, hour);
        for (to_resident, traffic, brake) in [
            (true, Rates { address: hour(19), ..QUIET }, None),
            (true, Rates { address: hour(20), ..QUIET }, Some(Brake::Hour(Scope::Address, 20))),
            (true, Rates { address: day(39), ..QUIET }, None),
            (true, Rates { address: day(40), ..QUIET }, Some(Brake::Day(Scope::Address, 40))),
            (true, Rates { message: hour(15), ..QUIET }, Some(Brake::Hour(Scope::Message, 15))),
            (true, Rates { message: day(30), ..QUIET }, Some(Brake::Day(Scope::Message, 30))),
            (true, Rates { case: hour(20), ..QUIET }, Some(Brake::Hour(Scope::Case, 20))),
            (true, Rates { case: day(40), ..QUIET }, Some(Brake::Day(Scope::Case, 40))),
            (true, Rates { landlord: hour(200), ..QUIET }, Some(Brake::Hour(Scope::Landlord, 200))),
            (true, Rates { landlord: day(400), ..QUIET }, Some(Brake::Day(Scope::Landlord, 400))),
            (true, Rates { all: hour(400), ..QUIET }, Some(Brake::Hour(Scope::All, 400))),
            (true, Rates { all: day(800), ..QUIET }, Some(Brake::Day(Scope::All, 800))),
            (false, Rates { address: hour(299), ..QUIET }, None),
            (false, Rates { address: hour(300), ..QUIET }, Some(Brake::Hour(Scope::Address, 300))),
            (false, Rates { message: hour(30), ..QUIET }, Some(Brake::Hour(Scope::Message, 30))),
            (false, Rates { case: hour(60), ..QUIET }, Some(Brake::Hour(Scope::Case, 60))),
            (false, Rates { landlord: hour(300), ..QUIET }, Some(Brake::Hour(Scope::Landlord, 300))),
            (false, Rates { all: hour(600), ..QUIET }, Some(Brake::Hour(Scope::All, 600))),
            // The narrowest says why.
            (true, Rates { address: hour(20), all: hour(400), ..QUIET }, Some(Brake::Hour(Scope::Address, 20))),
            // A limit that was lowered holds at once.
            (true, Rates { case: hour(35), ..QUIET }, Some(Brake::Hour(Scope::Case, 35))),
        ] {
            assert_eq!(stopped(to_resident, "ann@example.com", traffic), brake, "{to_resident} {traffic:?}");
        }
    }

    #[test]
    fn five_times_as_many_reminders_may_leave_and_no_more_letters_to_residents() {
        let (limits, ours) = (Limits::default(), Ours::default());
        let gate = Gate { limits: &limits, ours: &ours, people: &["ada@example.net".to_owned()] };
        let stops = |to_resident, recipient, hour| {
            let letter = Leaving { to_resident, by_mail: false, recipient };
            gate.stops(&letter, &Rates { address: Rate::of(hour, hour), ..QUIET })
        };
        assert_eq!(stops(false, "ada@example.net", 1499), None);
        assert_eq!(stops(false, "ada@example.net", 1500), Some(Brake::Hour(Scope::Address, 1500)));
        assert_eq!(stops(true, "ann@example.com", 20), Some(Brake::Hour(Scope::Address, 20)));
    }

    #[test]
    fn whoever_hands_letters_over_may_get_many_of_them() {
        let many = Rates { address: Rate::of(60, 60), ..QUIET };
        assert_eq!(stopped(true, "Ada@example.net", many), None);
        assert_eq!(stopped(true, "ann@example.com", many), Some(Brake::Hour(Scope::Address, 60)));
    }

    #[test]
    fn nothing_goes_to_an_address_that_is_read_here_however_it_is_written() {
        for address in [
            "complaints@example.org",
            "COMPLAINTS@EXAMPLE.ORG",
            " complaints@example.org.",
            "complaints+RCH-1001@example.org",
            "forms+web@example.org",
        ] {
            assert_eq!(stopped(false, address, QUIET), Some(Brake::OwnAddress), "{address}");
        }
        for address in ["complaints@example.com", "forms@example.org", "complaints.ann@example.org", "complaints", ""] {
            assert_eq!(stopped(true, address, QUIET), None, "{address}");
        }
    }

    #[test]
    fn every_limit_has_a_word_that_people_can_use() {
        let limits = Scope::ALL.map(|scope| Brake::Day(scope, 1));
        let keys: Vec<&str> = [Brake::OwnAddress].into_iter().chain(limits).map(Brake::key).collect();
        assert_eq!(keys, Brake::KEYS);
    }

    #[test]
    fn the_reason_is_a_sentence_that_names_nobody() {
        for (brake, words) in [
            (Brake::OwnAddress, "its address is one whose mail Redress reads itself"),
            (Brake::Hour(Scope::Address, 20), "its address has had 20 letters in an hour"),
            (Brake::Day(Scope::Message, 30), "one message has led to 30 letters in 24 hours"),
            (Brake::Day(Scope::Case, 40), "its case has led to 40 letters in 24 hours"),
            (Brake::Hour(Scope::Landlord, 150), "its landlord has sent 150 letters like it in an hour"),
            (Brake::Day(Scope::All, 1), "Redress has sent 1 letter like it in 24 hours"),
        ] {
            assert_eq!(brake.to_string(), words);
        }
    }
}
