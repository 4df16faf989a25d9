//! What happens in the demo: a dozen and a few messages, each with its moment.

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, date};
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use crate::daemon::office::Office;
use crate::domain::calendar::london;
use crate::domain::message;
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
    use super::{DAYS, SCENES};

    #[test]
    fn messages_stand_in_the_order_in_which_they_arrive_and_within_the_play() {
        assert!(SCENES.is_sorted_by(|earlier, later| earlier.at < later.at));
        assert!(SCENES.iter().all(|scene| (DAYS.0..=DAYS.1).contains(&scene.at.date())));
    }
}
