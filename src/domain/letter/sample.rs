//! Invented cases: every kind of letter with its variants, to try templates with before residents see them.
//!
//! The cases are made by the same `decide` that makes real ones.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};

use super::{Desk, Enclosed, MessageKey, Templates, read};
use crate::domain::absence::Absences;
use crate::domain::brake::MESSAGES_TOLD_A_DAY;
use crate::domain::calendar::{Calendar, WorkingDays, london};
use crate::domain::case::{
    Addition, Answer, Audience, Case, Channel, Dissatisfied, Finding, Flags, Ground, House, InPlaceOf, Input, Kind,
    Letter, LetterKind, Matter, Opening, Order, Outcome, Prefers, Promised, Remedy, RemedyKind, Resident, Says, Terms,
    Writer, decide,
};
use crate::domain::code::Duty;
use crate::domain::command::transcript::{Going, Transcript, Unclear};
use crate::domain::command::{Command, Redefinition};
use crate::domain::ladder::{Ladder, WorkingHours, nine_o_clock};
use crate::domain::landlord::{Acknowledge, Landlord, Ombudsman, Person};
use crate::domain::reference::Reference;
use crate::domain::triage::Flag;
use crate::domain::words::Words;

/// The day the invented messages arrive.
const RECEIVED: Date = date(2026, 12, 1);

const RESIDENT: &str = "Jo Fielding <jo.fielding@example.org>";
const STRANGER: &str = "Alex Marsh <alex.marsh@example.net>";
const OMBUDSMAN: &str = "Dispute Support <disputes@ombudsman.example>";

const EVIDENCE: &str = "Please send us your records of this complaint by 15 December.";

const PERHAPS: &str = "I got your answer. I am not sure that you read what I wrote.";

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
    text: String,
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
        Some(Enclosed { raw, whole: *whole, from, subject, text: text.as_str(), received: *received, message_id })
    }
}

/// Every kind of letter with its variants, as `landlord` would send them.
pub fn samples(landlord: &Landlord) -> Vec<Sample> {
    let calendar = Calendar::england_and_wales(&[], &[]);
    // The same, after a bank holiday was proclaimed at short notice.
    let proclaimed = Calendar::england_and_wales(&[(date(2026, 12, 9), "a day off".to_owned())], &[]);
    let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
    let hours = WorkingHours::default();
    let (terms, nobody) = (Terms::default(), Absences::default());
    let house = House { landlord, calendar: &calendar, ladder: &ladder, hours: &hours, terms, away: &nobody };
    let then = House { calendar: &proclaimed, ..house };
    let mut samples = Samples { house: &house, found: Vec::new() };
    samples.first_letters();
    samples.of_a_complaint();
    samples.of_stage_2();
    samples.of_requests_and_messages();
    samples.by_hand_and_copied();
    samples.staff_letters(&then);
    samples.reminders();
    samples.transcripts();
    samples.in_somebodys_place();
    samples.found
}

/// The samples so far.
struct Samples<'a> {
    house: &'a House<'a>,
    found: Vec<Sample>,
}

impl<'a> Samples<'a> {
    fn add(&mut self, name: &str, story: &Story, kind: LetterKind) {
        self.found.extend(story.sample(name, kind));
    }

    fn opened(&self, opening: &Opening) -> Story<'a> {
        Story::new(self.house).then(Input::Opened(Box::new(opening.clone())), arrival())
    }

    fn plain(&self) -> Opening {
        complaint(self.house.landlord)
    }

    fn hazard(&self) -> Opening {
        Opening {
            flags: Flags {
                urgent_hazard: true,
                vulnerability: true,
                adjustment_requested: true,
                said: BTreeMap::from([
                    (Flag::UrgentHazard, words(&["a smell of gas", "in my kitchen"])),
                    (Flag::Vulnerability, words(&["I have a baby here"])),
                ]),
                ..Flags::default()
            },
            points: words(&["There is a smell of gas in my kitchen and I have a baby here. I told you yesterday."]),
            outcome_sought: None,
            related: vec![Reference::new(&self.house.landlord.prefix, 1032)],
            ..self.plain()
        }
    }

    fn unsure(&self) -> Opening {
        Opening { unsure: true, because: words(&["\"nobody came\""]), ..self.plain() }
    }

    fn wordless(&self) -> Opening {
        let plain = self.plain();
        Opening {
            points: vec![],
            outcome_sought: None,
            subject: Words::new(""),
            because: vec![],
            resident: Resident { name: Words::new(""), ..plain.resident.clone() },
            ..plain
        }
    }

    fn withheld(&self) -> Opening {
        Opening {
            withheld: Some("the message was sent by a machine".to_owned()),
            set_aside: Some("the message has no readable text".to_owned()),
            resident: Resident::by_email(Words::new(""), None),
            ..self.wordless()
        }
    }

    fn request(&self) -> Opening {
        Opening {
            kind: Kind::ServiceRequest,
            points: words(&["The light in the stairwell of Alder Court has gone out. Could someone change the bulb?"]),
            outcome_sought: None,
            because: words(&["\"Could someone change the bulb\""]),
            subject: Words::new("Stairwell light"),
            ..self.plain()
        }
    }

    fn correspondence(&self, matter: Matter, text: &str) -> Opening {
        Opening {
            kind: Kind::Correspondence,
            matter: Some(matter),
            points: words(&[text]),
            outcome_sought: None,
            because: vec![],
            subject: Words::new("A question"),
            ..self.plain()
        }
    }

    /// Somebody without e-mail came to the office, some days before it was written down.
    fn visit(&self) -> Opening {
        let plain = self.plain();
        Opening {
            message: None,
            channel: Channel::Visit,
            logged_by: Some(self.house.landlord.officer.clone()),
            received: london(date(2026, 11, 27), 11, 0),
            resident: Resident {
                post: Some(Words::new("14 Alder Court\nWellbrook Road\nLondon SE14 5XX")),
                prefers: Prefers::Post,
                ..Resident::by_email(Words::new("Jo Fielding"), None)
            },
            because: vec![],
            subject: Words::new(""),
            ..plain
        }
    }

    /// From the time of the 2022 Code.
    fn of_2022(&self) -> Story<'a> {
        let received = london(date(2024, 3, 12), 9, 30);
        let opening = Opening { received, ..self.plain() };
        Story::new(self.house).then(Input::Opened(Box::new(opening)), received)
    }

    fn acknowledged(&self) -> Story<'a> {
        self.opened(&self.plain()).then(sent(1), arrival())
    }

    /// Answered at stage 1, half in the resident's favour, with money and something still to be done.
    fn answered(&self) -> Story<'a> {
        self.acknowledged().by_handler(stage_1_answer(), at(15, 14))
    }

    fn answer_arrived(&self) -> Story<'a> {
        self.answered().then_settled(LetterKind::Response, at(15, 15))
    }

    fn at_stage_2(&self, reasons: Option<&str>) -> Story<'a> {
        let reasons = reasons.map(Words::new);
        self.answer_arrived().by_handler(Command::Escalate { received: None, reasons }, at(21, 10))
    }

    fn perhaps_stage_2(&self) -> Story<'a> {
        let words = Some(Words::new(PERHAPS));
        let message = Addition { dissatisfied: Dissatisfied::Perhaps, words, ..further(Writer::Resident, at(21, 10)) };
        self.answer_arrived().then(Input::Added(message), at(21, 10))
    }

    fn first_letters(&mut self) {
        let (plain, hazard, wordless, unsure) = (self.plain(), self.hazard(), self.wordless(), self.unsure());
        let kind = LetterKind::Acknowledgement;
        self.add("acknowledgement", &self.opened(&plain), kind);
        self.add("acknowledgement-hazard", &self.opened(&hazard), kind);
        self.add("acknowledgement-no-words", &self.opened(&wordless), kind);
        self.add("acknowledgement-late", &self.opened(&plain).read_at(london(date(2027, 1, 4), 10, 0)), kind);
        self.add("acknowledgement-2022", &self.of_2022(), kind);
        let confirmed = Redefinition {
            points: Some(words(&["Three reports of a leak since September were not answered."])),
            outcome: None,
            responsibility: Some(Words::new(
                "The pipe above your kitchen is ours to mend. Your own ceiling lamp is not, but we look at what the water did \
                 to it.",
            )),
        };
        let confirmed = self.opened(&unsure).by_handler(Command::Acknowledge(confirmed), at(2, 9));
        self.add("acknowledgement-confirmed", &confirmed, kind);

        let kind = LetterKind::Receipt;
        self.add("receipt", &self.opened(&unsure), kind);
        self.add("receipt-hazard", &self.opened(&Opening { unsure: true, ..hazard }), kind);
        self.add("receipt-no-words", &self.opened(&Opening { unsure: true, ..wordless }), kind);
        self.add("receipt-late", &self.opened(&unsure).read_at(at(9, 10)), kind);
    }

    fn of_a_complaint(&mut self) {
        let corrected = Redefinition {
            points: Some(words(&["The leak was reported three times.", "The man on the telephone was rude."])),
            ..Redefinition::default()
        };
        let corrected = self.acknowledged().by_handler(Command::Define(corrected), at(3, 11));
        self.add("correction", &corrected, LetterKind::Correction);
        let questions = words(&["On which days did you call us?", "Whom did you speak to, as far as you remember?"]);
        let asked = self.acknowledged().by_handler(Command::Ask { questions: questions.clone() }, at(3, 11));
        self.add("clarification", &asked, LetterKind::Clarification);
        let asked = self.opened(&self.unsure()).by_handler(Command::Ask { questions }, at(2, 11));
        self.add("clarification-no-date", &asked, LetterKind::Clarification);

        let longer = |updates_every| Command::Extend {
            until: date(2026, 12, 30),
            reason: Words::new(
                "The surveyor can look at the roof only on Monday 21 December, and we want to know the cause.",
            ),
            good_reason: Some(Words::new(
                "The surveyor can look at the roof only on Monday 21 December, and we want to know the cause.",
            )),
            updates_every,
        };
        let extended = self.acknowledged().by_handler(longer(None), at(10, 15));
        self.add("extension", &extended, LetterKind::Extension);
        let extended = self.acknowledged().by_handler(longer(Some(WorkingDays(5))), at(10, 15));
        self.add("extension-updates", &extended, LetterKind::Extension);
        let until = date(2024, 4, 9);
        let reason = Words::new("We are waiting for the roofer's report.");
        let longer = Command::Extend { until, reason, good_reason: None, updates_every: None };
        let extended = self.of_2022().by_handler(longer, london(date(2024, 3, 21), 11, 0));
        self.add("extension-2022", &extended, LetterKind::Extension);

        self.add("response", &self.answered(), LetterKind::Response);
        let one = Opening { points: self.plain().points[..1].to_vec(), outcome_sought: None, ..self.plain() };
        let nothing_found = Command::Respond {
            answers: vec![Answer {
                finding: Finding::NotUpheld,
                reasons: Words::new(
                    "Our records show one report, on 30 November. We came the next morning, which is within the two days \
                     that our repairs policy allows.",
                ),
            }],
            decision: None,
            remedies: vec![],
            actions: vec![],
        };
        let answered = self.opened(&one).then(sent(1), arrival()).by_handler(nothing_found, at(18, 9));
        self.add("response-not-upheld", &answered, LetterKind::Response);

        let refuse = |ground, because: &str, discretion: Option<&str>, instead: Option<&str>| Command::Refuse {
            ground,
            because: Words::new(because),
            evidence: Words::new("The repairs record."),
            discretion: discretion.map(Words::new),
            instead: instead.map(Words::new),
        };
        let old = refuse(
            Ground::OverTwelveMonths,
            "You told us that the leak was mended in May 2025 and that nothing has happened since.",
            Some(
                "Nobody who worked on it is here any more, and the records of that year are gone. So we could not look into \
                  it fairly.",
            ),
            Some("If the ceiling is damp again, tell us and we come and look at it."),
        );
        let refused = self.acknowledged().by_handler(old, at(4, 16));
        self.add("refusal", &refused, LetterKind::Refusal);
        let policy = Ground::Other("A complaint about how the rent was set goes to the tribunal.".to_owned());
        let refused = refuse(policy, "You ask us to lower the rent that the tribunal set in June.", None, None);
        self.add("refusal-other", &self.acknowledged().by_handler(refused, at(4, 16)), LetterKind::Refusal);
        let refused = refuse(
            Ground::LegalProceedings,
            "The county court has had your claim about this leak since 17 December.",
            None,
            Some("Your solicitor can tell you how the court deals with it."),
        );
        self.add("refusal-stage-2", &self.at_stage_2(None).by_handler(refused, at(23, 9)), LetterKind::Refusal);

        let how = Words::new("By telephone.");
        let withdrawn = self.acknowledged().by_handler(Command::Withdraw { how }, at(7, 12));
        self.add("withdrawal", &withdrawn, LetterKind::Withdrawal);
        let restricted = Command::Restrict {
            restriction: Words::new("Please write to us by email rather than call, save in an emergency."),
            because: Words::new("On 2 and 3 December you called 41 times and shouted at the people who answered."),
            evidence: Words::new("The call records."),
            equality: Words::new("No disability is known."),
            review: Some(date(2027, 3, 1)),
        };
        let restricted = self.acknowledged().by_handler(restricted, at(4, 12));
        self.add("restriction", &restricted, LetterKind::Restriction);

        let told = Command::Update { text: Words::new("The roofer comes on Tuesday. Then we know more."), every: None };
        let update = self.acknowledged().by_handler(told.clone(), at(9, 9));
        self.add("update", &update, LetterKind::Update);
        let update = extended_with_updates(self).by_handler(told, at(16, 9));
        self.add("update-agreed", &update, LetterKind::Update);
        let promise = Command::Promise(Promised {
            what: Words::new("We replace the gutter above your kitchen."),
            owner: "Repairs Manager".to_owned(),
            owner_address: None,
            by: date(2027, 1, 22),
        });
        self.add("update-promised", &self.answer_arrived().by_handler(promise, at(16, 9)), LetterKind::Update);
        let evidence = Words::new("The plasterer's photograph.");
        let done = self.answer_arrived().by_handler(Command::Done { action: 1, evidence }, at(22, 9));
        self.add("update-done", &done, LetterKind::Update);
        self.add("update-postponed", &self.answer_arrived().by_handler(postponed(), at(22, 9)), LetterKind::Update);

        let learning = Words::new("Reports by telephone were not written down.");
        let evidence = Words::new("The plasterer's photograph.");
        let closed = self
            .answer_arrived()
            .by_handler(Command::Done { action: 1, evidence }, at(22, 9))
            .by_handler(Command::Close { learning }, at(22, 10));
        let survey = closed.then(Input::Reached(Duty::Survey), london(date(2027, 1, 20), 9, 0));
        self.add("survey", &survey, LetterKind::Survey);
    }

    fn of_stage_2(&mut self) {
        let reasons = "You say it was once. I have three letters from you.";
        self.add("acknowledgement-stage-2", &self.at_stage_2(None), LetterKind::Acknowledgement);
        self.add("acknowledgement-stage-2-reasons", &self.at_stage_2(Some(reasons)), LetterKind::Acknowledgement);
        self.add("receipt-stage-2", &self.perhaps_stage_2(), LetterKind::Receipt);
        let then = |day| london(date(2024, 3, day), 10, 0);
        let old = self.of_2022().then(sent(1), then(12)).by_handler(stage_1_answer(), then(20));
        let old = old.by_handler(Command::Escalate { received: None, reasons: None }, then(25));
        self.add("acknowledgement-stage-2-2022", &old, LetterKind::Acknowledgement);
        let later = london(date(2027, 1, 7), 9, 0);
        let longer = Command::Extend {
            until: date(2027, 2, 12),
            reason: Words::new("We have asked another surveyor, who was not here before, to look at the roof."),
            good_reason: None,
            updates_every: None,
        };
        self.add("extension-stage-2", &self.at_stage_2(None).by_handler(longer, later), LetterKind::Extension);
        self.add("response-stage-2", &self.at_stage_2(None).by_handler(stage_2_answer(), later), LetterKind::Response);
        let late = london(date(2027, 2, 15), 9, 0);
        let answered = self.at_stage_2(None).by_handler(stage_2_answer(), late);
        self.add("response-stage-2-late", &answered, LetterKind::Response);
    }

    fn of_requests_and_messages(&mut self) {
        let request = self.request();
        let unsafe_request = Opening { flags: self.hazard().flags, ..request.clone() };
        self.add("request-logged", &self.opened(&request), LetterKind::RequestLogged);
        self.add("request-logged-hazard", &self.opened(&unsafe_request), LetterKind::RequestLogged);
        let answer = |text: &str| Command::AnswerRequest { text: Words::new(text) };
        let answered = self.opened(&request).by_handler(answer("A new bulb was put in this morning."), at(3, 12));
        self.add("request-answer", &answered, LetterKind::RequestAnswer);

        let enquiry = self.correspondence(Matter::Enquiry, "When does the office close before Christmas?");
        self.add("correspondence", &self.opened(&enquiry), LetterKind::Correspondence);
        let answered = self.opened(&enquiry).by_handler(answer("On Wednesday 23 December, at noon."), at(2, 9));
        self.add("correspondence-answered", &answered, LetterKind::Correspondence);
        let survey = self.correspondence(Matter::Survey, "3 out of 5.");
        self.add("correspondence-survey", &self.opened(&survey), LetterKind::Correspondence);
        let unclear = self.correspondence(Matter::Unclear, "Hello, it is me again about that thing.");
        self.add("correspondence-unclear", &self.opened(&unclear), LetterKind::Correspondence);
        let information = self.correspondence(Matter::Information, "Please send me all you have about me.");
        let answered = self.opened(&information).by_handler(answer("You find all of it in the post."), at(14, 9));
        self.add("correspondence-information", &answered, LetterKind::Correspondence);
        let data = self.correspondence(Matter::DataProtection, "You gave my telephone number to my neighbour.");
        let answered = self.opened(&data).by_handler(answer("We have your message and look into it."), at(14, 9));
        self.add("correspondence-data-protection", &answered, LetterKind::Correspondence);

        let added = self.acknowledged().then(Input::Added(further(Writer::Resident, at(7, 19))), at(7, 19));
        self.add("added", &added, LetterKind::Added);
        let urgent = Addition {
            flags: Flags { urgent_hazard: true, ..Flags::default() },
            ..further(Writer::Resident, at(7, 19))
        };
        let added = self.acknowledged().then(Input::Added(urgent), at(7, 19));
        self.add("added-hazard", &added, LetterKind::Added);
    }

    fn by_hand_and_copied(&mut self) {
        let post = self.visit();
        let call = Opening {
            channel: Channel::Telephone,
            resident: Resident {
                telephone: Some(Words::new("020 7946 0123")),
                prefers: Prefers::Telephone,
                ..post.resident.clone()
            },
            ..post.clone()
        };
        let nowhere = Opening { resident: Resident { post: None, ..post.resident.clone() }, ..post.clone() };
        let kind = LetterKind::Acknowledgement;
        self.add("acknowledgement-by-post", &self.opened(&post), kind);
        self.add("acknowledgement-by-telephone", &self.opened(&call), kind);
        self.add("acknowledgement-no-postal-address", &self.opened(&nowhere), kind);
        let answered = self.opened(&post).then(sent(1), arrival());
        let handed = Command::HandedOver { letter: 1, on: None };
        let answered = answered.by_handler(handed, at(1, 12)).by_handler(stage_1_answer(), at(11, 9));
        self.add("response-by-post", &answered, LetterKind::Response);

        let spoken_for = self.agreed(Some("She said so on the telephone."));
        self.add("update-agreements", &spoken_for.clone().then_told(), LetterKind::Update);
        let copied = spoken_for.by_handler(stage_1_answer(), at(15, 14));
        self.add_copy("response-copy", &copied, LetterKind::Response);
        self.add("update-unconfirmed", &self.agreed(None).then_told(), LetterKind::Update);
    }

    /// The letter as whoever speaks for the resident gets it.
    fn add_copy(&mut self, name: &str, story: &Story, kind: LetterKind) {
        let copies = |letter: &Letter| story.case.letters.get(&letter.number).is_some_and(|letter| letter.copy);
        let letters = story.letters.iter().filter(|letter| copies(letter)).cloned().collect();
        self.add(name, &Story { letters, ..story.clone() }, kind);
    }

    /// With much to bear in mind.
    fn agreed(&self, authority: Option<&str>) -> Story<'a> {
        let represent = Command::Represent {
            name: Words::new("Mary Fielding"),
            address: Some(Words::new("mary.fielding@example.net")),
            authority: authority.map(Words::new),
        };
        let adjust = Command::Adjust {
            need: Words::new("Poor sight"),
            adjustment: Words::new("letters in large print, 16 point"),
            review: None,
        };
        self.acknowledged().by_handler(represent, at(2, 9)).by_handler(adjust, at(2, 9))
    }

    fn staff_letters(&mut self, proclaimed: &'a House<'a>) {
        let (hazard, request) = (self.hazard(), self.request());
        let kind = LetterKind::NewCase;
        self.add("new-case", &self.opened(&self.plain()), kind);
        self.add("new-case-hazard-excerpt", &self.opened(&Opening { unsure: true, ..hazard }).in_part(), kind);
        self.add("new-case-withheld", &self.opened(&self.withheld()), kind);
        self.add("new-case-request", &self.opened(&request), kind);
        self.add("new-case-logged", &self.opened(&self.visit()), kind);
        for (name, matter, text) in [
            ("new-case-enquiry", Matter::Enquiry, "When does the office close before Christmas?"),
            ("new-case-information", Matter::Information, "Please send me all you have about me."),
            ("new-case-data-protection", Matter::DataProtection, "You gave my number to my neighbour."),
            ("new-case-survey", Matter::Survey, "3 out of 5."),
            ("new-case-unclear", Matter::Unclear, "Hello, it is me again about that thing."),
            ("new-case-ombudsman", Matter::Ombudsman, EVIDENCE),
        ] {
            let mut opening = self.correspondence(matter, text);
            if matter == Matter::Ombudsman {
                let address = Some(Words::new("disputes@ombudsman.example"));
                opening.resident = Resident::by_email(Words::new("Dispute Support"), address);
            }
            self.add(name, &self.opened(&opening), kind);
        }

        let kind = LetterKind::NewMessage;
        for (name, writer) in [
            ("new-message", Writer::Resident),
            ("new-message-stranger", Writer::Stranger),
            ("new-message-ombudsman", Writer::Ombudsman),
        ] {
            self.add(name, &self.acknowledged().then(Input::Added(further(writer, at(7, 19))), at(7, 19)), kind);
        }
        let agreed = self.agreed(None).then(Input::Added(further(Writer::Resident, at(7, 19))), at(7, 19));
        self.add("new-message-to-bear-in-mind", &agreed, kind);
        let again = |story: Story<'a>, minute| {
            let at = at(7, 19) + SignedDuration::from_mins(minute);
            story.then(Input::Added(further(Writer::Resident, at)), at)
        };
        let many = (0..).take(MESSAGES_TOLD_A_DAY).fold(self.acknowledged(), again);
        self.add("new-message-one-of-many", &again(many, 30), kind);

        let kind = LetterKind::Escalation;
        let escalated = self.at_stage_2(Some("You say it was once. I have three letters from you."));
        self.add("escalation", &escalated.clone().for_handler(), kind);
        self.add("escalation-told", &escalated, kind);
        self.add("escalation-unsure", &self.perhaps_stage_2().for_handler(), kind);

        let deputy = self.house.landlord.deputy.clone();
        let to_deputy = Command::Assign { to: deputy, conflict: None, despite: None };
        self.add("assigned", &self.acknowledged().by_handler(to_deputy.clone(), at(2, 9)), LetterKind::Assigned);
        self.add("assigned-request", &self.opened(&request).by_handler(to_deputy, at(2, 9)), LetterKind::Assigned);

        let moved = Story { house: proclaimed, ..self.acknowledged() }.then(Input::CalendarChanged, at(3, 9));
        self.add("dates-moved", &moved, LetterKind::DatesMoved);

        let kind = LetterKind::Undelivered;
        let refused = |reply: &str| Outcome::Refused { reply: Words::new(reply) };
        let no_such_user = refused("550 5.1.1 <jo.fielding@example.org>: no such user here");
        self.add("undelivered-refused", &self.opened(&self.plain()).then(settled(1, no_such_user), at(1, 9)), kind);
        self.add("undelivered-returned", &self.acknowledged().then(settled(1, full_mailbox()), at(7, 19)), kind);
        let refused = refused("554 5.7.1 Message refused");
        self.add("undelivered-to-staff", &self.acknowledged().then(settled(2, refused.clone()), at(7, 19)), kind);
        let away = settled(2, Outcome::Absent { message: 21 });
        self.add("undelivered-absent", &self.acknowledged().then(away, at(1, 10)), kind);
        self.add("undelivered-by-hand", &self.opened(&self.visit()).then(settled(1, refused), at(1, 10)), kind);
        let answered = self.answered();
        let response = answered.number(LetterKind::Response);
        let back = answered.then(settled(response, full_mailbox()), at(15, 15));
        self.add("undelivered-response", &back, kind);
    }

    fn reminders(&mut self) {
        let acknowledged = self.acknowledged();
        for (name, days) in
            [("two-days-left", -2), ("one-day-left", -1), ("today", 0), ("one-day-late", 1), ("three-days-late", 3)]
        {
            self.reminder(name, acknowledged.clone().reminded(Duty::RespondStage1, days));
        }
        self.reminder("letter-waiting", self.opened(&self.plain()).reminded(Duty::Acknowledge, 0));
        self.reminder("by-hand", self.opened(&self.visit()).then(sent(1), arrival()).reminded(Duty::Acknowledge, -1));
        self.reminder("unsure", self.opened(&self.unsure()).reminded(Duty::Acknowledge, -2));
        self.reminder("withheld", self.opened(&self.withheld()).reminded(Duty::Acknowledge, -1));
        let back = acknowledged.clone().then(settled(1, full_mailbox()), at(7, 19));
        self.reminder("returned", back.reminded(Duty::Acknowledge, 0));
        self.reminder("request", self.opened(&self.request()).reminded(Duty::ReviewRequest, 0));
        let information = self.correspondence(Matter::Information, "Please send me all you have about me.");
        self.reminder("information", self.opened(&information).reminded(Duty::Answer, -1));
        self.reminder("stage-2", self.at_stage_2(None).reminded(Duty::RespondStage2, -1));
        self.reminder("stage-2-unsure", self.perhaps_stage_2().reminded(Duty::AcknowledgeStage2, -2));
        self.reminder("update", extended_with_updates(self).reminded(Duty::Update, 0));
        self.reminder("action", self.answer_arrived().reminded(Duty::Action(1), -1));
        self.reminder("adjustment", self.agreed(Some("By letter.")).reminded(Duty::ReviewAdjustment, 0));
        let restricted = Command::Restrict {
            restriction: Words::new("Please write rather than call."),
            because: Words::new("41 calls in two days."),
            evidence: Words::new("The call records."),
            equality: Words::new("No disability is known."),
            review: None,
        };
        let restricted = acknowledged.by_handler(restricted, at(4, 12));
        self.reminder("restriction", restricted.reminded(Duty::ReviewRestriction, 0));
        self.reminder("close", self.answer_arrived().reminded(Duty::Close, 0));
        self.reminder("2022", self.of_2022().reminded(Duty::RespondStage1, -1));

        let mut told = self.acknowledged().reminded(Duty::RespondStage1, -2);
        if let Some(number) = told.letters.last().map(|letter| letter.number) {
            let away = settled(number, Outcome::Absent { message: 22 });
            let now = told.now;
            told = told.then(away, now);
        }
        self.reminder("not-reached", told);
    }

    /// Answers to e-mails of whoever handles the case.
    fn transcripts(&mut self) {
        let until = date(2026, 12, 30);
        let reason = Words::new("The surveyor can look at the roof only on Monday 21 December.");
        let longer = Command::Extend { until, reason, good_reason: None, updates_every: Some(WorkingDays(5)) };
        let heard = self.acknowledged().heard(vec![longer], at(10, 15));
        let going = Going {
            letter: 4,
            kind: LetterKind::Extension,
            to: Words::new("jo@example.org"),
            subject: Some(Words::new("Re: Leak again!!")),
            text: Some(Words::new("Dear Jo Fielding\n\nWe need longer to answer your complaint.")),
            by_hand: false,
            held: None,
            files: Vec::new(),
        };
        let done = Transcript::Done {
            recorded: words(&["Gail Moor extended the stage 1 response to Wednesday 30 December 2026"]),
            undo_until: heard.case.undoable.as_ref().map(|undoable| undoable.until),
            letters: vec![going],
            kept: words(&["surveyor.pdf"]),
            unread: Some(Words::new("Hope that is all right?")),
        };
        let mistake = |wrong: &str, example: &str| Unclear { wrong: Words::new(wrong), example: example.to_owned() };
        let answers = [
            ("done", done),
            ("refused", Transcript::Refused { why: Words::new("Monday 1 February 2027 is past") }),
            (
                "misunderstood",
                Transcript::Misunderstood {
                    understood: vec!["note".to_owned()],
                    mistakes: vec![mistake("until: that is no date (“soon”)", "4 December")],
                },
            ),
            ("filed", Transcript::Filed { to_resident: false }),
            ("filed-outgoing", Transcript::Filed { to_resident: true }),
            (
                "disbelieved",
                Transcript::Disbelieved { why: "It was not a reply to one of our letters to you".to_owned() },
            ),
            ("status", Transcript::Status),
            ("help", Transcript::Help { about: None }),
            ("help-extend", Transcript::Help { about: Some("extend".to_owned()) }),
        ];
        for (name, transcript) in answers {
            let story = heard.answered(transcript);
            self.add(&format!("transcript-{name}"), &story, LetterKind::Transcript);
        }
    }

    /// Each kind of letter to staff once more, as the manager gets it who stands in for its reader.
    fn in_somebodys_place(&mut self) {
        let landlord = self.house.landlord;
        let mut kinds = BTreeSet::new();
        let mut first = |letter: &Letter| match (letter.audience, &letter.by_hand) {
            (Audience::Resident, None) => false,
            // Whoever writes to us reads the answer.
            _ if letter.says.kind() == LetterKind::Transcript => false,
            (_, by_hand) => kinds.insert(by_hand.is_none().then_some(letter.says.kind())),
        };
        let in_place = |sample: &Sample| {
            let mut sample = sample.clone();
            sample.name.push_str("-in-place-of");
            let people = landlord.people();
            let reader = people.iter().find(|person| person.address == sample.letter.address.as_str());
            let name = reader.map_or("", |person| &person.name).to_owned();
            sample.letter.in_place_of = Some(InPlaceOf { name, until: date(2027, 1, 4) });
            sample.letter.address = Words::new(&landlord.manager.address);
            if sample.letter.audience == Audience::Staff {
                sample.letter.name = Words::new(&landlord.manager.name);
            }
            sample
        };
        let in_place: Vec<Sample> = self.found.iter().filter(|sample| first(&sample.letter)).map(in_place).collect();
        self.found.extend(in_place);
    }

    fn reminder(&mut self, name: &str, story: Story) {
        self.add(&format!("reminder-{name}"), &story, LetterKind::Reminder);
    }
}

fn extended_with_updates<'a>(samples: &Samples<'a>) -> Story<'a> {
    let longer = Command::Extend {
        until: date(2026, 12, 30),
        reason: Words::new("The surveyor can look at the roof only on Monday 21 December."),
        good_reason: None,
        updates_every: Some(WorkingDays(5)),
    };
    samples.acknowledged().by_handler(longer, at(10, 15))
}

fn postponed() -> Command {
    let because = Words::new("The plasterer is ill, and nobody else is free before then.");
    Command::Postpone { action: 1, until: date(2027, 1, 29), because }
}

fn full_mailbox() -> Outcome {
    Outcome::Returned { message: 19, why: Words::new("552 5.2.2 The mailbox is full") }
}

fn stage_1_answer() -> Command {
    let answers = vec![
        Answer {
            finding: Finding::Upheld,
            reasons: Words::new(
                "You reported the leak on 8 September, 2 October and 9 November. Our repairs policy says that we come within \
                 two days. We did not.\n\nThe first two reports were taken by telephone and never written down.",
            ),
        },
        Answer {
            finding: Finding::NotUpheld,
            reasons: Words::new(
                "We listened to the call. Our colleague was short with you, but did not ask you to stop.",
            ),
        },
    ];
    let remedies = vec![
        Remedy {
            kind: RemedyKind::Apology,
            what: Words::new(
                "we should have come in September, and we are sorry that you lived with this for so long.",
            ),
            pence: None,
        },
        Remedy { kind: RemedyKind::Money, what: Words::new("for your time and trouble."), pence: Some(15_000) },
    ];
    Command::Respond { answers, decision: None, remedies, actions: vec![ceiling()] }
}

fn stage_2_answer() -> Command {
    let answers = vec![
        Answer {
            finding: Finding::Upheld,
            reasons: Words::new("Nothing that we have seen since changes what we found at stage 1."),
        },
        Answer {
            finding: Finding::PartlyUpheld,
            reasons: Words::new(
                "We listened to the call again. You were told that calling made no difference, which was wrong.",
            ),
        },
    ];
    let remedies = vec![
        Remedy { kind: RemedyKind::Money, what: Words::new("on top of what we paid before."), pence: Some(7_550) },
        Remedy {
            kind: RemedyKind::ChangedPolicy,
            what: Words::new("every call about a repair is now written down while you are on the line."),
            pence: None,
        },
    ];
    let decision = Some(Words::new("We think that you were let down more than our first answer said."));
    Command::Respond { answers, decision, remedies, actions: vec![] }
}

fn ceiling() -> Promised {
    Promised {
        what: Words::new("Mend the pipe and plaster the ceiling."),
        owner: "Repairs Manager".to_owned(),
        owner_address: None,
        by: date(2027, 1, 15),
    }
}

fn further(writer: Writer, received: Timestamp) -> Addition {
    Addition {
        message: 18,
        received,
        writer,
        name: Words::new(match writer {
            Writer::Stranger => "Alex Marsh",
            Writer::Ombudsman => "Dispute Support",
            Writer::Staff | Writer::Handler => "Gail Moor",
            Writer::Resident => "Jo Fielding",
        }),
        flags: Flags::default(),
        dissatisfied: Dissatisfied::No,
        words: None,
        withheld: None,
    }
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

    /// Whoever handles the case does something.
    fn by_handler(self, command: Command, now: Timestamp) -> Story<'a> {
        let by = self.case.handler().unwrap_or(&self.house.landlord.manager).clone();
        self.then(Input::Commanded { by, command: Box::new(command), next: None }, now)
    }

    /// Whoever handles the case asks for something by e-mail.
    fn heard(self, commands: Vec<Command>, now: Timestamp) -> Story<'a> {
        let by = self.case.handler().unwrap_or(&self.house.landlord.manager).clone();
        let wait = SignedDuration::from_mins(5);
        let order = Order { by, message: 31, commands, next: None, link: None, wait, files: Vec::new() };
        self.then(Input::Heard(order), now)
    }

    fn answered(&self, transcript: Transcript) -> Story<'a> {
        let to = self.case.handler().unwrap_or(&self.house.landlord.manager).clone();
        let now = self.now;
        self.clone().then(Input::Answered { to, filed: None, transcript: Box::new(transcript) }, now)
    }

    /// Only the letters to whoever handles the case.
    fn for_handler(mut self) -> Story<'a> {
        let handler = self.case.handler().map(|handler| handler.address.clone());
        self.letters.retain(|letter| Some(letter.address.as_str()) == handler.as_deref());
        self
    }

    fn then_told(self) -> Story<'a> {
        let text = Words::new("The roofer comes on Tuesday. Then we know more.");
        self.by_handler(Command::Update { text, every: None }, at(9, 9))
    }

    /// The letter of this kind has left.
    fn then_settled(self, kind: LetterKind, now: Timestamp) -> Story<'a> {
        let number = self.number(kind);
        self.then(sent(number), now)
    }

    fn number(&self, kind: LetterKind) -> u32 {
        let found = self.case.letters.iter().rev().find(|(_, letter)| letter.kind == kind && !letter.copy);
        found.map_or(0, |(number, _)| *number)
    }

    /// The letter is dated later than it was called for, as after a time in hold.
    fn read_at(self, now: Timestamp) -> Story<'a> {
        Story { now, ..self }
    }

    fn in_part(self) -> Story<'a> {
        Story { whole: false, ..self }
    }

    fn sample(&self, name: &str, kind: LetterKind) -> Option<Sample> {
        // The last of several: a reminder to whoever hears of it only now. But the resident's own letter, not the copy.
        let of_kind = |letter: &&Letter| letter.says.kind() == kind;
        let own = |letter: &&Letter| self.case.letters.get(&letter.number).is_some_and(|letter| !letter.copy);
        let own = self.letters.iter().rfind(|letter| of_kind(letter) && own(letter));
        let letter = own.or_else(|| self.letters.iter().rfind(of_kind))?.clone();
        let message = letter.says.encloses().map(|_| self.message(&letter.says));
        Some(Sample { name: name.to_owned(), case: self.case.clone(), letter, now: self.now, message })
    }

    fn message(&self, says: &Says) -> SampleMessage {
        let opening = self.case.opening.as_ref();
        let points = opening.map(|opening| opening.points.iter().map(Words::as_str).collect::<Vec<_>>().join("\n\n"));
        let (text, from) = match (says, opening.and_then(|opening| opening.matter)) {
            (Says::NewMessage { writer: Writer::Stranger, .. }, _) => (FURTHER_TEXT.to_owned(), STRANGER),
            (Says::NewMessage { writer: Writer::Ombudsman, .. }, _) => (EVIDENCE.to_owned(), OMBUDSMAN),
            (Says::NewMessage { .. }, _) => (FURTHER_TEXT.to_owned(), RESIDENT),
            (Says::Escalation { .. }, _) => (PERHAPS.to_owned(), RESIDENT),
            (_, Some(Matter::Ombudsman)) => (EVIDENCE.to_owned(), OMBUDSMAN),
            _ => (format!("Dear Housing,\n\n{}\n\nJo Fielding\n14 Alder Court", points.unwrap_or_default()), RESIDENT),
        };
        let raw = format!(
            "From: {from}\r\nTo: complaints@example.org\r\nSubject: Leak again!!\r\nMessage-ID: <leak-3@example.org>\r\n\
             Date: Tue, 01 Dec 2026 08:14:00 +0000\r\n\r\n{}\r\n",
            text.replace('\n', "\r\n")
        );
        let unread = self.case.opening.as_ref().is_some_and(|opening| opening.set_aside.is_some());
        let text = if unread { String::new() } else { text };
        SampleMessage { raw, text, from, received: self.now, whole: self.whole }
    }
}

fn arrival() -> Timestamp {
    london(RECEIVED, 8, 15)
}

/// That day and hour of the December in which it all happens.
fn at(day: i8, hour: i8) -> Timestamp {
    london(date(2026, 12, day), hour, 0)
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
