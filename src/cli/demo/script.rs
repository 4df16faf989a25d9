//! What happens in the demo: a dozen and a few messages, and what people do about them, each with its moment.

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::cli::act::context;
use crate::daemon::command;
use crate::daemon::office::Office;
use crate::domain::calendar::london;
use crate::domain::command::grammar::{Form, Mistake};
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::store::Claimed;

/// The first and the last day.
pub(super) const DAYS: (Date, Date) = (date(2026, 12, 7), date(2027, 1, 15));

/// One message, sent by a person or by a machine.
pub(super) struct Scene {
    /// Its name, and its file's.
    pub(super) name: &'static str,
    /// When the landlords' mail server took it (Europe/London).
    at: DateTime,
    /// The mail filter put it into the junk folder.
    pub(super) junk: bool,
    /// The message, with blanks in braces.
    text: &'static str,
    /// The letter it answers or returns: to whom it went, and its kind.
    answers: Option<(&'static str, &'static str)>,
}

const fn fresh(at: DateTime, name: &'static str, text: &'static str) -> Scene {
    Scene { name, at, junk: false, text, answers: None }
}

const fn answer(at: DateTime, name: &'static str, text: &'static str, letter: (&'static str, &'static str)) -> Scene {
    Scene { name, at, junk: false, text, answers: Some(letter) }
}

const fn december(day: i8, hour: i8, minute: i8) -> DateTime {
    date(2026, 12, day).at(hour, minute, 0, 0)
}

const fn january(day: i8, hour: i8, minute: i8) -> DateTime {
    date(2027, 1, day).at(hour, minute, 0, 0)
}

macro_rules! message {
    ($name:literal) => {
        include_str!(concat!("messages/", $name, ".eml"))
    };
}

const PRIYA_ACKNOWLEDGED: (&str, &str) = ("priya.nair@example.org", "acknowledgement");

/// In the order in which they arrive.
pub(super) const SCENES: &[Scene] = &[
    fresh(december(7, 8, 14), "enquiry", message!("enquiry")),
    fresh(december(14, 18, 47), "polite_complaint", message!("polite_complaint")),
    answer(december(14, 18, 49), "out_of_office", message!("out_of_office"), PRIYA_ACKNOWLEDGED),
    fresh(december(16, 10, 31), "thanks", message!("thanks")),
    answer(december(17, 21, 12), "further_message", message!("further_message"), PRIYA_ACKNOWLEDGED),
    fresh(december(18, 13, 2), "survey", message!("survey")),
    fresh(december(21, 16, 5), "service_request", message!("service_request")),
    fresh(december(22, 17, 26), "unsure", message!("unsure")),
    answer(december(23, 18, 32), "unhappy_reply", message!("unhappy_reply"), ("priya.nair@example.org", "response")),
    Scene { junk: true, ..fresh(december(24, 23, 10), "in_the_junk", message!("in_the_junk")) },
    fresh(december(25, 19, 38), "hazard", message!("hazard")),
    fresh(december(29, 12, 20), "mistyped_address", message!("mistyped_address")),
    answer(december(29, 12, 23), "bounce", message!("bounce"), ("colin.abott@example.org", "acknowledgement")),
    answer(
        december(29, 20, 10),
        "dissatisfied_reply",
        message!("dissatisfied_reply"),
        ("jonah.reed@example.com", "request-logged"),
    ),
    fresh(december(31, 11, 5), "forwarded", message!("forwarded")),
    fresh(january(4, 9, 52), "polish", message!("polish")),
    fresh(january(6, 15, 44), "two_landlords", message!("two_landlords")),
];

/// What one of the landlords' people does to a case, in the words of `redress case REF VERB`.
pub(super) struct Act {
    /// When (Europe/London).
    at: DateTime,
    /// Who, by first name.
    by: &'static str,
    reference: &'static str,
    verb: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const fn act(
    at: DateTime,
    by: &'static str,
    reference: &'static str,
    verb: &'static str,
    fields: &'static [(&'static str, &'static str)],
) -> Act {
    Act { at, by, reference, verb, fields }
}

/// In the order in which people do them. Nobody ever looks at the complaint in the junk folder, SAL-1002-L.
pub(super) const ACTS: &[Act] = &[
    act(
        december(8, 9, 40),
        "Ada",
        "HER-1001-H",
        "answer",
        &[(
            "text",
            "The bins are collected on Wednesday 23 and Wednesday 30 December. The office is closed from 25 to 28 December \
             and on 1 January.",
        )],
    ),
    act(
        december(15, 10, 20),
        "Ada",
        "HER-1002-K",
        "define",
        &[
            (
                "point",
                "A brown mark has come through the paint in the back bedroom for the third time since the summer",
            ),
            ("point", "Nobody came on 5 November to find the cause, and nobody rang"),
        ],
    ),
    act(
        december(22, 14, 10),
        "Ada",
        "HER-1002-K",
        "respond",
        &[
            (
                "answer",
                "upheld: We painted over the mark three times and never looked for its cause. Our repairs policy says that \
                 we find the cause first.",
            ),
            ("answer", "upheld: The visit of 5 November was taken out of our diary, and nobody told you."),
            ("remedy", "apology: We are sorry that we left this with you for so long, and that you lost a day's work."),
            ("remedy", "money: £75 for the day that you took off work"),
            ("action", "Send a surveyor to find the cause of the mark; owner Fay Lund; by Friday 8 January"),
        ],
    ),
    act(
        january(4, 10, 30),
        "Ada",
        "SAL-1005-S",
        "sort",
        &[("kind", "complaint"), ("because", "He has asked three times and says that it is not good enough")],
    ),
    act(january(4, 11, 15), "Ada", "HER-1005-R", "resident", &[("email", "colin.abbott@example.org")]),
    act(
        january(5, 16, 40),
        "Fay",
        "HER-1002-K",
        "done",
        &[("action", "1"), ("evidence", "The surveyor came on 5 January: a gutter leaks behind the wall. Report 118")],
    ),
    act(
        january(7, 10, 5),
        "Ada",
        "SAL-1001-J",
        "answer",
        &[("text", "A plumber comes on Friday 8 January between 3 pm and 5 pm.")],
    ),
    act(
        january(8, 11, 25),
        "Ada",
        "SAL-1003-N",
        "extend",
        &[
            ("until", "Friday 22 January"),
            ("reason", "The electrician must open the ceiling of the flat above, and can only do so on 18 January."),
        ],
    ),
    act(
        january(8, 15, 15),
        "Cleo",
        "HER-1002-K",
        "respond",
        &[
            (
                "answer",
                "upheld: The surveyor found the cause in one visit. We should have sent one in September, as we had promised.",
            ),
            ("answer", "upheld: You told us again how it was. What we offered did not make up for it."),
            ("decision", "The gutter was mended on 7 January."),
            ("remedy", "apology: We are sorry that it took a second complaint to be heard."),
            ("remedy", "money: £200 for the delay and the trouble, instead of £75"),
            ("remedy", "changed policy: We no longer paint over a mark before its cause is known."),
        ],
    ),
    act(
        january(11, 14, 0),
        "Ada",
        "SAL-1004-Q",
        "respond",
        &[
            ("answer", "upheld: Nobody told you when the plumber would come, and we had promised to."),
            ("remedy", "apology: We are sorry that you had to write twice."),
            ("remedy", "action: The plumber came on Friday 8 January and fitted a new tap."),
        ],
    ),
    act(
        january(12, 11, 45),
        "Ben",
        "HER-1004-P",
        "respond",
        &[(
            "answer",
            "not upheld: A permit costs £20 a year and is paid in April, as our parking rules say. Your neighbour's costs \
             the same.",
        )],
    ),
    act(
        january(12, 14, 20),
        "Ada",
        "HER-1005-R",
        "respond",
        &[
            ("answer", "upheld: Your message of 2 November was not logged, so nobody saw to the gate."),
            ("remedy", "apology: We are sorry that you had no sleep and no answer."),
            ("remedy", "action: The gate has had a new spring since Monday 11 January."),
        ],
    ),
    act(
        january(13, 9, 30),
        "Cleo",
        "HER-1002-K",
        "close",
        &[("learning", "A mark that comes back is now looked at by a surveyor before anybody paints")],
    ),
];

impl Act {
    pub(super) fn at(&self) -> Timestamp {
        london(self.at.date(), self.at.hour(), self.at.minute())
    }

    /// Carries it out, as the command line would, and names the case.
    ///
    /// # Errors
    ///
    /// When it is not understood or refused: the play is not the one it was written as.
    pub(super) async fn carry_out(&self, office: &Office) -> anyhow::Result<Reference> {
        let Act { reference, verb, .. } = self;
        let named: Reference = reference.parse().with_context(|| format!("{reference} is no reference"))?;
        let file = office.store.case(&named).await?.with_context(|| format!("There is no {reference} to {verb}"))?;
        let context = context(office, office.landlord(&file.landlord)?);
        let by = context.person(self.by).map_err(|wrong| anyhow!("{wrong}"))?;
        let fields = self.fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let form = Form { verb: (*verb).to_owned(), fields: fields.collect() };
        let command = form.read(&context).map_err(|mistakes: Vec<Mistake>| {
            let mistakes: Vec<String> = mistakes.iter().map(Mistake::to_string).collect();
            anyhow!("{verb} of {reference}: {}", mistakes.join("; "))
        })?;
        let done = command::carry_out(office, &named, by, command, false).await;
        done.with_context(|| format!("{verb} of {reference} was refused"))?;
        Ok(named)
    }
}

impl Scene {
    pub(super) fn at(&self) -> Timestamp {
        london(self.at.date(), self.at.hour(), self.at.minute())
    }

    /// The file's name in the Maildir: it begins with the time, so that names are in the order of arrival.
    pub(super) fn file(&self) -> String {
        format!("{}.{}.eml", self.at.strftime("%Y%m%dT%H%M"), self.name)
    }

    /// The message as it arrives, its blanks filled from the letter that really left.
    ///
    /// # Errors
    ///
    /// When the letter it answers has not left.
    pub(super) async fn message(&self, office: &Office) -> anyhow::Result<String> {
        let mut filled = self.text.replace("{date}", &rfc2822(self.at())?);
        if let Some((to, kind)) = self.answers {
            let letter = sent(office, to, kind).await?;
            let letter = letter.with_context(|| format!("No {kind} has gone to {to}, which {} answers", self.name))?;
            for (blank, words) in blanks(&letter)? {
                filled = filled.replace(blank, &words);
            }
        }
        Ok(filled)
    }
}

/// The letter of this kind that went to this address.
async fn sent(office: &Office, to: &str, kind: &str) -> anyhow::Result<Option<Claimed>> {
    let letters = office.store.outbox(0, i64::MAX).await?;
    let wanted = letters.iter().find(|row| row.recipient == to && row.kind == kind && row.state == "sent");
    match wanted {
        Some(row) => office.store.letter(row.id).await,
        None => Ok(None),
    }
}

fn blanks(letter: &Claimed) -> anyhow::Result<[(&'static str, String); 8]> {
    let read = message::read(letter.bytes(), &message::Own::default());
    let text = String::from_utf8_lossy(letter.bytes()).replace("\r\n", "\n");
    let headers = text.split_once("\n\n").map_or("", |(headers, _)| headers);
    let again = if read.subject.starts_with("Re: ") { "" } else { "Re: " };
    let from = read.from.map_or_else(String::new, |from| format!("{} <{}>", from.name, from.address));
    let quoted: Vec<String> =
        read.text.trim_end().lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
    Ok([
        ("{letter_id}", letter.message_id.clone()),
        ("{answer_subject}", format!("{again}{}", read.subject)),
        ("{letter_subject}", read.subject),
        ("{letter_date}", rfc2822(letter.written())?),
        ("{letter_from}", from),
        ("{letter_to}", letter.recipient.clone()),
        ("{letter_headers}", headers.to_owned()),
        ("{quoted}", quoted.join("\n")),
    ])
}

fn rfc2822(at: Timestamp) -> anyhow::Result<String> {
    Ok(rfc2822::to_string(&at.to_zoned(TimeZone::UTC))?)
}

#[cfg(test)]
mod tests {
    use super::{ACTS, DAYS, SCENES};

    #[test]
    fn messages_and_acts_stand_in_the_order_in_which_they_come_and_within_the_play() {
        assert!(SCENES.is_sorted_by(|earlier, later| earlier.at < later.at));
        assert!(SCENES.iter().all(|scene| (DAYS.0..=DAYS.1).contains(&scene.at.date())));
        assert!(ACTS.is_sorted_by(|earlier, later| earlier.at < later.at));
        assert!(ACTS.iter().all(|act| (DAYS.0..=DAYS.1).contains(&act.at.date())));
    }
}
