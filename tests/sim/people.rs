//! Whoever writes to the landlord and works for it: residents with their voices, machines that answer, officers with
//! their commands and mistakes.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use redress::domain::calendar::{WorkingDays, london_date};
use redress::domain::case::{Answer, Case, Finding, Ground, NoteKind, Promised, Remedy, RemedyKind, Sorting};
use redress::domain::code::Stage;
use redress::domain::command::{Command, Redefinition};
use redress::domain::landlord::{Landlord, Person};
use redress::domain::words::Words;

use crate::sim::{Letter, Mail};

/// Numbers by chance: the same ones for the same seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Dice of their own for somebody, which nobody else throws.
    pub fn another(&mut self) -> Dice {
        Dice(self.next())
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from + 1).unsigned_abs()) as i64
    }

    /// True so often in a thousand times.
    pub fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1000) < in_a_thousand
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    pub fn minutes(&mut self, from: i64, to: i64) -> SignedDuration {
        SignedDuration::from_secs(self.between(from * 60, to * 60))
    }
}

/// What somebody writes, as far as it matters what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Nobody could take it for anything else.
    Complaint,
    Request,
    Enquiry,
    Unclear,
    Thanks,
    Danger,
    /// About a letter of ours.
    Answer,
    /// From a machine, ourselves among them: never answered.
    Machine,
    /// From a machine that looks like a person.
    Robot,
    Staff,
    /// Brings the program down.
    Killer,
    /// Anything at all.
    Oddity,
}

pub const RESIDENTS: [&str; 5] =
    ["ann@example.com", "bob@example.com", "cat@example.com", "dee@example.com", "eli@example.com"];

const COMPLAINTS: [(&str, &str); 3] = [
    (
        "Leaking ceiling, complaint",
        "I am writing to complain about the way my repair has been handled. The kitchen ceiling has leaked since August, I \
         have rung five times and nobody has come. This is not good enough.\n\nI want the ceiling made good and an apology.",
    ),
    (
        "Formal complaint about the lift",
        "I want to make a formal complaint. The lift in our block has been broken for six weeks, I cannot get up the stairs, \
         and nobody answers my calls. I am very unhappy with how you treat us and I want it put right.",
    ),
    (
        "Complaint",
        "This is a complaint. Your contractor did not turn up three times, I lost three days of work, and nobody has said \
         sorry. I am fed up with waiting and I want to complain about it.",
    ),
];
const REQUEST: &str =
    "Hello,\n\nPlease could you send someone to repair the tap in my bathroom? It has started to drip.";
const ENQUIRY: &str = "Could you tell me what time your office opens on Saturdays, please?";
const THANKS: &str = "Thank you all so much, the new kitchen is lovely.";
const DANGER: &str = "There is smoke and sparks coming from the socket and I can smell gas.";
const ANSWERS: [&str; 7] = [
    "It has started dripping again.",
    "I am still unhappy, nobody has rung me.",
    "I do not accept this. I want my complaint to go to stage 2.",
    "Thank you for sorting this out, much appreciated.",
    "That did not help. Nobody came, I am fed up with waiting and I want to complain.",
    "ok",
    "There is smoke and sparks coming from the socket and I can smell gas.",
];
/// What automatic answers look like: a header, and the words.
const AUTOMATIC: [(&str, &str, &str); 5] = [
    ("Auto-Submitted: auto-replied", "Out of office", "I am away until Monday."),
    ("Auto-Submitted: auto-replied (vacation)", "Automatic reply", "I am on leave. I will read this when I am back."),
    ("X-Autoreply: yes", "Automatic reply", "Thank you for your message. I am out of the office."),
    ("Precedence: auto_reply", "Out of office", "I am out of the office with no access to mail."),
    ("Auto-Submitted: auto-generated", "Delivery", "Thank you for contacting us. This is an automated response."),
];

/// A resident's new message.
pub fn writes(dice: &mut Dice, from: &str) -> (Voice, Mail) {
    let mail = Mail::from(&format!("{} Example <{from}>", from.split('@').next().unwrap_or_default()));
    match dice.below(12) {
        0..=4 => {
            let (subject, words) = dice.pick(&COMPLAINTS);
            (Voice::Complaint, mail.saying(subject, words))
        }
        5 | 6 => (Voice::Request, mail.saying("Dripping tap", REQUEST)),
        7 => (Voice::Enquiry, mail.saying("Opening hours", ENQUIRY)),
        8 => (Voice::Unclear, mail.saying("", "")),
        9 => (Voice::Thanks, mail.saying("Thanks", THANKS)),
        10 => (Voice::Danger, mail.saying("Smoke", DANGER)),
        _ => (Voice::Unclear, mail.saying("hello", "Please ring me.")),
    }
}

/// What a resident writes about a letter.
pub fn answers(dice: &mut Dice, letter: &Letter) -> (Voice, Mail) {
    let mail = Mail::from(&letter.to).answering(letter);
    (Voice::Answer, mail.saying(&format!("Re: {}", letter.subject), dice.pick::<&str>(&ANSWERS)))
}

/// What a program sends back at once for somebody who is away.
pub fn answers_by_itself(dice: &mut Dice, letter: &Letter) -> (Voice, Mail) {
    let (header, subject, words) = dice.pick(&AUTOMATIC);
    (Voice::Machine, Mail::from(&letter.to).answering(letter).header(header).saying(subject, words))
}

/// What another landlord's system makes of a letter: a ticket, and a warm answer that no header gives away.
pub fn opens_a_ticket(dice: &mut Dice, letter: &Letter) -> (Voice, Mail) {
    let mail = Mail::from(&letter.to);
    let number = dice.between(10_000, 99_999);
    let subject = format!("[Ticket #{number}] {}", letter.subject);
    let words =
        "Hello, we have passed your message to a colleague who will look at it as soon as they can. Kind regards";
    match dice.chance(500) {
        true => (Voice::Robot, mail.answering(letter).saying(&subject, words)),
        false => (Voice::Robot, mail.saying(&subject, words)),
    }
}

/// What somebody of the landlord writes back instead of giving a command.
pub fn writes_back(dice: &mut Dice, letter: &Letter) -> (Voice, Mail) {
    let words =
        ["I have rung them, the roofer comes on Monday.", "Will do.", "acknowlege", "Can you deal with this, please?"];
    (Voice::Staff, Mail::from(&letter.to).answering(letter).saying("Re: a case", dice.pick::<&str>(&words)))
}

/// Who does what to a case next: mostly what is called for, sometimes anything.
pub fn acts(dice: &mut Dice, case: &Case, landlord: &Landlord, now: Timestamp) -> (Person, Command) {
    let anybody = (*dice.pick(&landlord.people())).clone();
    let by = case.handler().cloned().filter(|_| !dice.chance(150)).unwrap_or(anybody);
    let command = match dice.chance(250) {
        true => anything(dice, case, landlord, now),
        false => called_for(dice, case, now),
    };
    (by, command)
}

fn text() -> Words {
    Words::new("As the file shows.")
}

fn day(dice: &mut Dice, now: Timestamp, from: i64, to: i64) -> Date {
    london_date(now) + dice.between(from, to).days()
}

fn points(case: &Case) -> Redefinition {
    let points = case.definition.points.is_empty().then(|| vec![Words::new("The leak has not been repaired.")]);
    Redefinition { points, ..Redefinition::default() }
}

fn response(dice: &mut Dice, case: &Case, now: Timestamp) -> Command {
    let apology = Remedy { kind: RemedyKind::Apology, what: Words::new("We are sorry."), pence: None };
    let by = day(dice, now, 2, 20);
    let promised =
        Promised { what: Words::new("Mend the ceiling."), owner: "Repairs".to_owned(), owner_address: None, by };
    Command::Respond {
        answers: vec![Answer { finding: Finding::Upheld, reasons: text() }; case.definition.points.len()],
        decision: None,
        remedies: vec![apology],
        actions: if dice.chance(400) { vec![promised] } else { Vec::new() },
    }
}

fn called_for(dice: &mut Dice, case: &Case, now: Timestamp) -> Command {
    let done = case.outstanding().next().map(|(action, _)| action);
    match case.stage {
        _ if !case.is_complaint() && case.unsure => Command::Sort { kind: Sorting::Complaint, because: text() },
        _ if !case.is_complaint() => match dice.chance(500) {
            true => Command::AnswerRequest { text: text() },
            false => Command::Close { learning: text() },
        },
        _ if case.ended.is_some() => Command::Note { kind: NoteKind::Call, text: text(), on: None },
        Stage::One if case.unsure => {
            let kinds = [Sorting::Complaint, Sorting::Complaint, Sorting::ServiceRequest, Sorting::Neither];
            Command::Sort { kind: *dice.pick(&kinds), because: text() }
        }
        stage if !case.acknowledgement_written(stage) => Command::Acknowledge(points(case)),
        stage if !case.responded(stage) => match dice.below(6) {
            0 => {
                let due = case.duties.get(&stage.respond()).map_or(london_date(now), |owed| owed.due.date);
                let until = due + dice.between(1, 20).days();
                Command::Extend {
                    until,
                    reason: text(),
                    good_reason: Some(text()),
                    updates_every: Some(WorkingDays(5)),
                }
            }
            1 => Command::Update { text: text(), every: None },
            2 => Command::Ask { questions: vec![Words::new("When did it begin?")] },
            _ => response(dice, case, now),
        },
        _ => match done {
            Some(action) => Command::Done { action, evidence: text() },
            None => Command::Close { learning: text() },
        },
    }
}

fn anything(dice: &mut Dice, case: &Case, landlord: &Landlord, now: Timestamp) -> Command {
    let letter = case.letters.keys().next_back().copied().unwrap_or(1);
    let promised = |by| Promised { what: text(), owner: "Repairs".to_owned(), owner_address: None, by };
    match dice.below(20) {
        0 => Command::Define(points(case)),
        1 => Command::Assign { to: (*dice.pick(&landlord.people())).clone(), conflict: None, despite: None },
        2 => Command::Escalate { received: None, reasons: None },
        3 => Command::StayAtStage1 { because: text() },
        4 => Command::Refuse {
            ground: Ground::LegalProceedings,
            because: text(),
            evidence: text(),
            discretion: None,
            instead: None,
        },
        5 => Command::AddPoint { points: vec![Words::new("And the stairs are dirty.")] },
        6 => Command::Complain { points: vec![text()], outcome: None, received: None },
        7 => Command::Withdraw { how: text() },
        8 => Command::Reopen { because: text() },
        9 => Command::Promise(promised(day(dice, now, -1, 20))),
        10 => Command::Done { action: 1, evidence: text() },
        11 => Command::Postpone { action: 1, until: day(dice, now, 0, 30), because: text() },
        12 => Command::Update { text: text(), every: Some(WorkingDays(3)) },
        13 => {
            let earlier = SignedDuration::from_hours(24 * dice.between(0, 4));
            Command::Received { at: case.received.unwrap_or(now) - earlier, because: text() }
        }
        14 => Command::Adjust { need: text(), adjustment: text(), review: None },
        15 => {
            Command::Restrict { restriction: text(), because: text(), evidence: text(), equality: text(), review: None }
        }
        16 => Command::LiftRestriction { because: text() },
        17 => match case.links.iter().next() {
            Some(into) => Command::Merge { into: into.clone(), because: text() },
            None => Command::DeclineSurvey,
        },
        18 => Command::HandedOver { letter, on: None },
        _ => Command::Note { kind: NoteKind::Note, text: text(), on: None },
    }
}
