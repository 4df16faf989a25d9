//! Invented cases: every kind of letter with its variants, to try templates with before residents see them.
//!
//! The cases are made by the same `decide` that makes real ones.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::{Desk, Enclosed, MessageKey, Templates, read};
use crate::domain::calendar::{Calendar, WorkingDays, london};
use crate::domain::case::{
    Addition, Case, Channel, Dissatisfied, Flags, House, Input, Kind, Letter, LetterKind, Opening, Outcome, Resident,
    Says, Terms, Writer, decide,
};
use crate::domain::code::Duty;
use crate::domain::ladder::{Ladder, WorkingHours, nine_o_clock};
use crate::domain::landlord::{Acknowledge, Landlord, Ombudsman, Person};
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// The day the invented messages arrive.
const RECEIVED: Date = date(2026, 12, 1);

const TEXT: &str = "Dear Housing,\n\nI reported the leak in my kitchen ceiling three times since September and nobody came. \
                    Now the plaster is coming down.\n\nThe man on the phone told me to stop calling. That was rude.\n\n\
                    Please mend it and say sorry.\n\nJo Fielding\n14 Alder Court";

const FURTHER_TEXT: &str = "The plasterer came today and says the pipe above is still dripping.";

/// An invented case with a letter to be written in it.
#[derive(Clone, Debug)]
pub struct Sample {
    /// `acknowledgement`, or with what is special about it, `acknowledgement-late`.
    pub name: String,
    pub case: Case,
    pub letter: Letter,
    pub now: Timestamp,
    message: Option<SampleMessage>,
}

#[derive(Clone, Debug)]
struct SampleMessage {
    raw: String,
    text: &'static str,
    from: &'static str,
    received: Timestamp,
    whole: bool,
}

impl Sample {
    /// The message that goes with the letter, when one does.
    pub fn enclosed(&self) -> Option<Enclosed<'_>> {
        let SampleMessage { raw, text, from, received, whole } = self.message.as_ref()?;
        let (raw, subject) = (raw.as_bytes(), "Leak again!!");
        let message_id = Some("leak-3@example.org");
        Some(Enclosed { raw, whole: *whole, from, subject, text, received: *received, message_id })
    }
}

/// Every kind of letter with its variants, as `landlord` would send them.
pub fn samples(landlord: &Landlord) -> Vec<Sample> {
    let calendar = Calendar::england_and_wales(&[], &[]);
    let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
    let hours = WorkingHours::default();
    let terms = Terms::default();
    let house = House { landlord, calendar: &calendar, ladder: &ladder, hours: &hours, terms };
    let plain = complaint(landlord);
    let hazard = Opening {
        flags: Flags { urgent_hazard: true, vulnerability: true, adjustment_requested: true, ..Flags::default() },
        points: words(&["There is a smell of gas in my kitchen and I have a baby here. I told you yesterday."]),
        outcome_sought: None,
        related: vec![Reference::new(&landlord.prefix, 1032)],
        ..plain.clone()
    };
    let wordless = Opening {
        points: vec![],
        outcome_sought: None,
        subject: Words::new(""),
        because: vec![],
        resident: Resident { name: Words::new(""), ..plain.resident.clone() },
        ..plain.clone()
    };
    let unsure = Opening { unsure: true, because: words(&["\"nobody came\""]), ..plain.clone() };
    let withheld = Opening {
        withheld: Some("the message was sent by a machine".to_owned()),
        set_aside: Some("the message has no readable text".to_owned()),
        resident: Resident::by_email(Words::new(""), None),
        ..wordless.clone()
    };
    let request = Opening {
        kind: Kind::ServiceRequest,
        points: words(&["The light in the stairwell of Alder Court has gone out. Could someone change the bulb?"]),
        outcome_sought: None,
        because: words(&["\"Could someone change the bulb\""]),
        subject: Words::new("Stairwell light"),
        ..plain.clone()
    };
    let unsafe_request = Opening { flags: hazard.flags.clone(), ..request.clone() };

    let mut samples = Vec::new();
    let mut add = |name: &str, story: &Story, kind: LetterKind| samples.extend(story.sample(name, kind));
    let opened = |opening: &Opening| Story::new(&house).then(Input::Opened(Box::new(opening.clone())), arrival());

    add("acknowledgement", &opened(&plain), LetterKind::Acknowledgement);
    add("acknowledgement-hazard", &opened(&hazard), LetterKind::Acknowledgement);
    add("acknowledgement-no-words", &opened(&wordless), LetterKind::Acknowledgement);
    add("acknowledgement-late", &opened(&plain).read_at(london(date(2027, 1, 4), 10, 0)), LetterKind::Acknowledgement);
    add("receipt", &opened(&unsure), LetterKind::Receipt);
    add("receipt-hazard", &opened(&Opening { unsure: true, ..hazard.clone() }), LetterKind::Receipt);
    add("receipt-no-words", &opened(&Opening { unsure: true, ..wordless }), LetterKind::Receipt);
    let held = opened(&Opening { unsure: true, ..plain.clone() }).read_at(london(date(2026, 12, 9), 10, 0));
    add("receipt-late", &held, LetterKind::Receipt);
    add("request-logged", &opened(&request), LetterKind::RequestLogged);
    add("request-logged-hazard", &opened(&unsafe_request), LetterKind::RequestLogged);
    add("new-case", &opened(&plain), LetterKind::NewCase);
    add("new-case-hazard-excerpt", &opened(&Opening { unsure: true, ..hazard }).in_part(), LetterKind::NewCase);
    add("new-case-withheld", &opened(&withheld), LetterKind::NewCase);
    add("new-case-request", &opened(&request), LetterKind::NewCase);

    let later = london(date(2026, 12, 7), 19, 30);
    let added = |writer| Addition {
        message: 18,
        received: later,
        writer,
        name: Words::new(if writer == Writer::Stranger { "Alex Marsh" } else { "Jo Fielding" }),
        flags: Flags::default(),
        dissatisfied: Dissatisfied::No,
        words: None,
        withheld: None,
    };
    let acknowledged = opened(&plain).then(sent(1), arrival());
    add("added", &acknowledged.clone().then(Input::Added(added(Writer::Resident)), later), LetterKind::Added);
    add(
        "new-message",
        &acknowledged.clone().then(Input::Added(added(Writer::Resident)), later),
        LetterKind::NewMessage,
    );
    add(
        "new-message-stranger",
        &acknowledged.clone().then(Input::Added(added(Writer::Stranger)), later),
        LetterKind::NewMessage,
    );
    for (name, days) in
        [("two-days-left", -2), ("one-day-left", -1), ("today", 0), ("one-day-late", 1), ("three-days-late", 3)]
    {
        let name = format!("reminder-{name}");
        add(&name, &acknowledged.clone().reminded(Duty::RespondStage1, days), LetterKind::Reminder);
    }
    add("reminder-letter-waiting", &opened(&plain).reminded(Duty::Acknowledge, 0), LetterKind::Reminder);
    add("reminder-unsure", &opened(&unsure).reminded(Duty::Acknowledge, -2), LetterKind::Reminder);
    add("reminder-withheld", &opened(&withheld).reminded(Duty::Acknowledge, -1), LetterKind::Reminder);
    add("reminder-request", &opened(&request).reminded(Duty::ReviewRequest, 0), LetterKind::Reminder);
    let returned = Outcome::Returned { message: 19, why: Words::new("552 5.2.2 The mailbox is full") };
    let back = acknowledged.clone().then(settled(1, returned), later);
    add("reminder-returned", &back.clone().reminded(Duty::Acknowledge, 0), LetterKind::Reminder);
    let refused = Outcome::Refused { reply: Words::new("550 5.1.1 <jo.fielding@example.org>: no such user here") };
    add("undelivered-refused", &opened(&plain).then(settled(1, refused), later), LetterKind::Undelivered);
    add("undelivered-returned", &back, LetterKind::Undelivered);
    let refused = Outcome::Refused { reply: Words::new("554 5.7.1 Message refused") };
    add("undelivered-to-staff", &acknowledged.then(settled(2, refused), later), LetterKind::Undelivered);
    samples
}

/// What is wrong with `templates`, tried with every sample; each problem once.
pub(super) fn problems(templates: &Templates, landlord: &Landlord, ombudsman: &Ombudsman) -> Vec<String> {
    let key = MessageKey::new([0; 32]);
    let desk = Desk { landlord, ombudsman, templates, key: &key };
    let problem = |sample: &Sample| {
        let read = read(&sample.case, &sample.letter, sample.enclosed().as_ref(), &desk, sample.now);
        read.err().map(|problem| problem.to_string())
    };
    let problems: BTreeSet<String> = samples(landlord).iter().filter_map(problem).collect();
    problems.into_iter().collect()
}

/// A case in the making.
#[derive(Clone)]
struct Story<'a> {
    house: &'a House<'a>,
    case: Case,
    /// What the last thing that happened called for.
    letters: Vec<Letter>,
    now: Timestamp,
    whole: bool,
}

impl<'a> Story<'a> {
    fn new(house: &'a House<'a>) -> Story<'a> {
        Story { house, case: Case::default(), letters: vec![], now: arrival(), whole: true }
    }

    fn then(mut self, input: Input, now: Timestamp) -> Story<'a> {
        if let Ok(decision) = decide(&self.case, &input, self.house, now) {
            self.case = self.case.after(&decision);
            self.letters = decision.letters;
        }
        self.now = now;
        self
    }

    /// At nine, `days` working days after the duty is due, or before when negative.
    fn reminded(self, duty: Duty, days: i16) -> Story<'a> {
        let Some(due) = self.case.duties.get(&duty).map(|owed| owed.due.date) else { return self };
        let distance = WorkingDays(days.unsigned_abs());
        let day = if days < 0 {
            self.house.calendar.working_days_before(due, distance)
        } else {
            self.house.calendar.working_days_after(due, distance)
        };
        self.then(Input::Reached(duty), nine_o_clock(day))
    }

    /// The letter is dated later than it was called for, as after a time in hold.
    fn read_at(self, now: Timestamp) -> Story<'a> {
        Story { now, ..self }
    }

    fn in_part(self) -> Story<'a> {
        Story { whole: false, ..self }
    }

    fn sample(&self, name: &str, kind: LetterKind) -> Option<Sample> {
        // The last of several: a reminder to whoever hears of it only now.
        let letter = self.letters.iter().rfind(|letter| letter.says.kind() == kind)?.clone();
        let message = letter.says.encloses().map(|_| self.message(&letter.says));
        Some(Sample { name: name.to_owned(), case: self.case.clone(), letter, now: self.now, message })
    }

    fn message(&self, says: &Says) -> SampleMessage {
        let (text, from) = match says {
            Says::NewMessage { writer: Writer::Stranger, .. } => (FURTHER_TEXT, "Alex Marsh <alex.marsh@example.net>"),
            Says::NewMessage { .. } => (FURTHER_TEXT, "Jo Fielding <jo.fielding@example.org>"),
            _ => (TEXT, "Jo Fielding <jo.fielding@example.org>"),
        };
        let raw = format!(
            "From: {from}\r\nTo: complaints@example.org\r\nSubject: Leak again!!\r\nMessage-ID: <leak-3@example.org>\r\n\
             Date: Tue, 01 Dec 2026 08:14:00 +0000\r\n\r\n{}\r\n",
            text.replace('\n', "\r\n")
        );
        let unread = self.case.opening.as_ref().is_some_and(|opening| opening.set_aside.is_some());
        let text = if unread { "" } else { text };
        SampleMessage { raw, text, from, received: self.now, whole: self.whole }
    }
}

fn arrival() -> Timestamp {
    london(RECEIVED, 8, 15)
}

fn sent(letter: u32) -> Input {
    settled(letter, Outcome::Sent { reply: Words::new("250 2.0.0 Ok"), digest: String::new() })
}

fn settled(letter: u32, outcome: Outcome) -> Input {
    Input::Posted { letter, outcome }
}

fn words(texts: &[&str]) -> Vec<Words> {
    texts.iter().map(|text| Words::new(*text)).collect()
}

fn complaint(landlord: &Landlord) -> Opening {
    Opening {
        reference: Reference::new(&landlord.prefix, 1047),
        kind: Kind::Complaint,
        matter: None,
        message: Some(17),
        channel: Channel::Email,
        logged_by: None,
        received: arrival(),
        resident: Resident::by_email(Words::new("Jo Fielding"), Some(Words::new("jo.fielding@example.org"))),
        subject: Words::new("Leak again!!"),
        points: words(&[
            "I reported the leak in my kitchen ceiling three times since September and nobody came. Now the plaster is \
             coming down.",
            "The man on the phone told me to stop calling. That was rude.",
        ]),
        outcome_sought: Some(Words::new("Please mend it and say sorry.")),
        because: words(&["\"nobody came\"", "\"That was rude\""]),
        unsure: false,
        flags: Flags::default(),
        withheld: None,
        set_aside: None,
        related: vec![],
    }
}

/// An invented landlord, to try templates with.
pub(super) fn landlord() -> Landlord {
    let person = |name: &str, role: &str| Person {
        name: name.to_owned(),
        role: role.to_owned(),
        address: format!("{}@example.org", name.split(' ').next().unwrap_or(name).to_lowercase()),
        estate: None,
    };
    Landlord {
        key: "wellbrook".to_owned(),
        name: "Wellbrook Housing Co-operative".to_owned(),
        prefix: "WEL".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Acknowledge::Automatic,
        officer: person("Sam Okafor", "Complaints Officer"),
        deputy: person("Priya Nair", "Deputy Complaints Officer"),
        reviewers: vec![person("Robin Hale", "Stage 2 Reviewer")],
        manager: person("Chris Moss", "Housing Manager"),
        member_responsible: person("Ada Byrne", "Member Responsible for Complaints"),
        staff: vec![],
        forms: Vec::new(),
        policy_link: "https://www.example.org/complaints".to_owned(),
        emergency_telephone: "020 7946 0101".to_owned(),
        responsible_for: vec![
            "the structure, roof and outside of your home".to_owned(),
            "pipes, wiring and heating".to_owned(),
            "how our staff and contractors deal with you".to_owned(),
        ],
        not_responsible_for: vec!["your own furniture and appliances".to_owned(), "roads and street lights".to_owned()],
    }
}

pub(super) fn ombudsman() -> Ombudsman {
    Ombudsman {
        name: "Housing Ombudsman Service".to_owned(),
        website: "https://www.housing-ombudsman.org.uk".to_owned(),
        complaint_form: "https://www.housing-ombudsman.org.uk/residents/make-a-complaint/".to_owned(),
        telephone: "0300 111 3000".to_owned(),
        email: None,
        post: "PO Box 1484, Unit D, Preston, PR2 0ET".to_owned(),
        last_checked: date(2026, 11, 1),
    }
}
