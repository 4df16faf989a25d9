//! Whoever writes to the landlord and works for it: residents with their voices, machines that answer, officers with
//! their commands and mistakes.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use mail_parser::MessageParser;
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

/// Where a machine has its addresses that answers from another one each time.
pub const TICKETS: &str = "@tickets.example.com";

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

/// What an e-mail in the name of one of the landlord's people asks for, by the world's own list.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The address in its `From`.
    pub by: String,
    /// It answers a letter to that very person, or bears a code that was given to them: it may be obeyed.
    pub proved: bool,
    pub wants: Wants,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// Acts of a case: done once, or answered with why not.
    Acts,
    /// The last of it back.
    Undo,
    /// To be away, or back.
    Absence,
    /// An answer, and nothing else.
    Answer,
    /// Nothing, or nothing that we may read as a command.
    Nothing,
}

const SLIPS: [&str; 5] = [
    "acknowlege",
    "extend until soon because we are busy",
    "respond\nanswer: upheld: late",
    "extend",
    "assign to Nobody At All, conflict none",
];
const PROSE: [&str; 4] = [
    "I have rung them, the roofer comes on Monday.",
    "Will do.",
    "Can you deal with this, please?",
    "I spoke to the surveyor and she says the roof is fine. Odd.",
];

/// Acts as people write them.
fn acts_in_words(dice: &mut Dice, landlord: &Landlord, today: Date) -> String {
    let until = |dice: &mut Dice, to| (today + dice.between(2, to).days()).strftime("%-d %B %Y").to_string();
    let job = dice.between(1_000, 9_999);
    let one = |dice: &mut Dice| {
        match dice.below(14) {
        0 => format!("extend until {} because the part comes from Italy", until(dice, 25)),
        1 => format!("note: rang them about job {job}"),
        2 => format!("update: The roofer has been, and the job has the number {job}."),
        3 => "ask: Which room is it, and since when?".to_owned(),
        4 => format!("assign to {}, conflict none", dice.pick(&landlord.people()).name),
        5 => "acknowledge".to_owned(),
        6 => "define\npoint: The kitchen ceiling has leaked since August".to_owned(),
        7 => "define\npoint: The ceiling leaks\n\nrespond\nanswer: upheld: We came three months late.\nremedy: apology: We are sorry."
            .to_owned(),
        8 => "respond\nanswer: not upheld: We came in time.".to_owned(),
        9 => "close\nlearning: Parts for this roof are now kept in store".to_owned(),
        10 => format!("promise\nwhat: Mend the ceiling\nowner: Repairs Team\nby: {}", until(dice, 20)),
        11 => "sort complaint because she writes that nobody came twice".to_owned(),
        12 => "withdraw\nhow: By telephone this morning, all is well".to_owned(),
        _ => "answer: A plumber comes on Tuesday between 8 and 12.".to_owned(),
    }
    };
    match dice.chance(200) {
        true => format!("{}\n\n{}", one(dice), one(dice)),
        false => one(dice),
    }
}

/// Whether the letter with this subject answers an officer's e-mail that was carried out.
pub fn says_done(subject: &str) -> bool {
    subject.contains("Done:")
}

/// What somebody of the landlord writes to a letter of ours: commands, mistakes, prose, and what only looks like a command.
pub fn commands(dice: &mut Dice, letter: &Letter, landlord: &Landlord, today: Date) -> (Asked, Mail) {
    let mut asked = Asked { by: letter.to.clone(), proved: true, wants: Wants::Acts };
    let acts = acts_in_words(dice, landlord, today);
    let quoted: String = letter.text.lines().map(|line| format!("> {line}\n")).collect();
    let subject = format!("Re: {}", letter.subject);
    let reply = Mail::from(&letter.to).to(&[&letter.sender]).answering(letter);
    let mut say = |wants: Wants, words: &str| {
        asked.wants = wants;
        words.to_owned()
    };
    let just_done = says_done(&letter.subject);
    let words = match dice.below(20) {
        0 | 1 => say(Wants::Undo, "undo"),
        _ if just_done && dice.chance(400) => say(Wants::Undo, "undo"),
        2 => say(Wants::Answer, dice.pick::<&str>(&["status", "help", "help extend"])),
        3 => {
            let back = (today + dice.between(1, 12).days()).strftime("%-d %B %Y").to_string();
            let cover = dice.pick(&landlord.people()).name.clone();
            match dice.chance(500) {
                true => say(Wants::Absence, &format!("away until {back}, cover {cover}")),
                false => say(Wants::Absence, &format!("away until {back}")),
            }
        }
        4 => say(Wants::Absence, "back"),
        5 => say(Wants::Answer, dice.pick::<&str>(&SLIPS)),
        6 | 7 => say(Wants::Nothing, dice.pick::<&str>(&PROSE)),
        // They are somebody else's words.
        8 => {
            let quoted: String = acts.lines().map(|line| format!("> {line}\n")).collect();
            let said = dice.pick(&["", "On Fri, 20 Nov 2026, Orchard Housing wrote:\n"]);
            say(Wants::Nothing, &format!("{said}{quoted}"))
        }
        9 => {
            let head =
                "---------- Forwarded message ---------\nFrom: Ann Example <ann@example.com>\nSubject: My ceiling\n";
            say(Wants::Nothing, &format!("{head}To: Ada Officer <ada@example.net>\n\n{acts}\n"))
        }
        _ => format!("{}{acts}{}", dice.pick(&["", "Hi,\n\n"]), dice.pick(&["", "\n\nThanks\nAda"])),
    };
    let body = match dice.chance(500) {
        true => {
            format!("{words}\n\nOn Fri, 20 Nov 2026 at 15:00, Orchard Housing <{}> wrote:\n{quoted}", letter.sender)
        }
        false => words,
    };
    (asked, reply.saying(&subject, &body))
}

/// An act in somebody's name that proves nothing: no answer, another person's letter, the letter of a resident, what a
/// machine sends.
pub fn spoofs(dice: &mut Dice, letter: &Letter, landlord: &Landlord, today: Date) -> (Asked, Voice, Mail) {
    let people = landlord.people();
    let somebody = dice.pick(&people).address.clone();
    let acts = acts_in_words(dice, landlord, today);
    let mail = |from: &str| Mail::from(from).to(&[&letter.sender]);
    let subject = format!("Re: {}", letter.subject);
    let (by, voice, mail) = match dice.below(4) {
        0 => (somebody.clone(), Voice::Staff, mail(&somebody)),
        1 if somebody != letter.to => (somebody.clone(), Voice::Staff, mail(&somebody).answering(letter)),
        2 => {
            let note = mail(&letter.to).answering(letter).header("Auto-Submitted: auto-replied");
            (letter.to.clone(), Voice::Machine, note)
        }
        _ => (RESIDENTS[0].to_owned(), Voice::Answer, mail(RESIDENTS[0]).answering(letter)),
    };
    (Asked { by, proved: false, wants: Wants::Nothing }, voice, mail.saying(&subject, &acts))
}

/// What a mail program opens for one of the links in a letter, filled in: subject and text.
pub fn opens_a_link(dice: &mut Dice, letter: &Letter, today: Date) -> Option<(String, String)> {
    let read = MessageParser::default().parse(&letter.bytes)?;
    let html = read.body_html(0)?.replace("&amp;", "&");
    let links: Vec<&str> = html
        .split("href=\"mailto:")
        .skip(1)
        .filter_map(|rest| rest.split('"').next()?.split_once("?subject="))
        .map(|(_, query)| query)
        .collect();
    if links.is_empty() {
        return None;
    }
    let (subject, body) = dice.pick(&links).split_once("&body=")?;
    let day = (today + dice.between(2, 20).days()).strftime("%-d %B %Y").to_string();
    let fill = |line: &str| match ["until:", "by:", "on:"].iter().any(|field| line.starts_with(field)) {
        true => line.replace('…', &day),
        false => line.replace('…', "As the file shows"),
    };
    let filled: Vec<String> = percent_decoded(body).lines().map(fill).collect();
    Some((percent_decoded(subject), filled.join("\n")))
}

fn percent_decoded(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let (code, rest) = piece.split_at(2);
        bytes.push(u8::from_str_radix(code, 16).expect("two digits behind a per cent sign"));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8(bytes).expect("text")
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
