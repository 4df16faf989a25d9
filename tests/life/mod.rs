//! One case lived through in memory: what happens to it, when, and what follows.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use redress::domain::absence::Absences;
use redress::domain::calendar::{Calendar, london};
use redress::domain::case::{
    Answer, Audience, Case, Channel, Decision, Finding, Flags, House, Input, Kind, Letter, LetterKind, Opening, Order,
    Outcome, Recorded, Refusal, Remedy, RemedyKind, Resident, Terms, decide,
};
use redress::domain::code::Duty;
use redress::domain::command::transcript::Transcript;
use redress::domain::command::{Command, Redefinition};
use redress::domain::ladder::{Ladder, WorkingHours};
use redress::domain::landlord::{Acknowledge, Landlord, Person};
use redress::domain::reference::Reference;
use redress::domain::words::Words;

pub fn words(text: &str) -> Words {
    Words::new(text)
}

pub fn person(name: &str) -> Person {
    let first = name.split(' ').next().unwrap_or(name).to_lowercase();
    Person {
        name: name.to_owned(),
        role: format!("{first}'s role"),
        address: format!("{first}@example.net"),
        estate: None,
    }
}

/// Ada Lane handles complaints, Ben Moor stands in; Cleo Dale and Fay Dale review; Dan Hill manages; Eve Shaw is the member
/// responsible; Gus Reed is further staff.
pub fn landlord() -> Landlord {
    Landlord {
        key: "orchard".to_owned(),
        name: "Orchard Housing Co-operative Limited".to_owned(),
        prefix: "RCH".to_owned(),
        addresses: vec!["complaints@example.org".to_owned()],
        acknowledge: Acknowledge::Automatic,
        officer: person("Ada Lane"),
        deputy: person("Ben Moor"),
        reviewers: vec![person("Cleo Dale"), person("Fay Dale")],
        manager: person("Dan Hill"),
        member_responsible: person("Eve Shaw"),
        staff: vec![person("Gus Reed")],
        forms: Vec::new(),
        policy_link: "https://www.example.org/complaints".to_owned(),
        emergency_telephone: "01632 960100".to_owned(),
        responsible_for: vec!["repairs to your home".to_owned()],
        not_responsible_for: vec!["your own furniture".to_owned()],
    }
}

/// A complaint of two points, received at this moment.
pub fn complaint(received: Timestamp) -> Opening {
    Opening {
        reference: Reference::new("RCH", 1001),
        kind: Kind::Complaint,
        matter: None,
        message: Some(1),
        channel: Channel::Email,
        logged_by: None,
        received,
        resident: Resident::by_email(words("Ann Field"), Some(words("ann@example.com"))),
        subject: words("Leak"),
        points: vec![words("Nobody came to mend the leak."), words("The man on the telephone was rude.")],
        outcome_sought: None,
        because: Vec::new(),
        unsure: false,
        flags: Flags::default(),
        withheld: None,
        set_aside: None,
        related: Vec::new(),
    }
}

#[derive(Clone)]
pub struct Life {
    pub landlord: Landlord,
    pub calendar: Calendar,
    pub terms: Terms,
    pub away: Absences,
    pub now: Timestamp,
    pub case: Case,
    pub history: Vec<Recorded>,
    pub letters: Vec<Letter>,
    /// People act by e-mail, and are answered.
    pub by_mail: bool,
}

impl Life {
    pub fn new(now: Timestamp) -> Life {
        Life {
            landlord: landlord(),
            calendar: Calendar::england_and_wales(&[], &[]),
            terms: Terms::default(),
            away: Absences::default(),
            now,
            case: Case::default(),
            history: Vec::new(),
            letters: Vec::new(),
            by_mail: false,
        }
    }

    /// A complaint received on `date` at ten in the morning, acknowledged at once.
    pub fn of_complaint(date: Date) -> Life {
        let mut life = Life::new(london(date, 10, 0));
        life.happens(&Input::Opened(Box::new(complaint(life.now)))).expect("a complaint opens a case");
        life.all_sent();
        life
    }

    pub fn happens(&mut self, input: &Input) -> Result<Decision, Refusal> {
        let ladder = Ladder { officer_before: 2, deputy_before: 1, member_responsible_after: 2 };
        let hours = WorkingHours::default();
        let house = House {
            landlord: &self.landlord,
            calendar: &self.calendar,
            ladder: &ladder,
            hours: &hours,
            terms: self.terms,
            away: &self.away,
        };
        let decision = decide(&self.case, input, &house, self.now)?;
        self.case = self.case.after(&decision);
        self.history.extend(decision.events.iter().cloned());
        self.letters.extend(decision.letters.iter().cloned());
        Ok(decision)
    }

    pub fn act(&mut self, by: &str, command: Command) -> Result<Decision, Refusal> {
        let people = self.landlord.people();
        let by = people.into_iter().find(|who| who.name.starts_with(by)).cloned().unwrap_or_else(|| person(by));
        let next = Some(Reference::new("RCH", 1002));
        if self.by_mail {
            let wait = SignedDuration::from_mins(5);
            let order = Order {
                by: by.clone(),
                message: 99,
                commands: vec![command],
                next,
                link: None,
                wait,
                files: Vec::new(),
            };
            let done = self.happens(&Input::Heard(order))?;
            self.happens(&Input::Answered { to: by, filed: None, transcript: Box::new(Transcript::Status) })?;
            return Ok(done);
        }
        self.happens(&Input::Commanded { by, command: Box::new(command), next })
    }

    /// Every letter that waits leaves.
    pub fn all_sent(&mut self) {
        let waiting = self.case.letters.iter().filter(|(_, letter)| letter.outcome.is_none());
        for letter in waiting.map(|(number, _)| *number).collect::<Vec<_>>() {
            let outcome = Outcome::Sent { reply: words("250 taken"), digest: String::new() };
            self.happens(&Input::Posted { letter, outcome }).expect("the letter is of this case");
        }
    }

    /// `date` at ten in the morning: what has come meanwhile is looked at every day at nine, and what waits leaves.
    pub fn wait_until(&mut self, date: Date) {
        let end = london(date, 10, 0);
        while self.now < end {
            self.now = (self.now + SignedDuration::from_hours(1)).min(end);
            let duties: Vec<Duty> = self.case.duties.keys().copied().collect();
            for duty in duties {
                self.happens(&Input::Reached(duty)).expect("a date may always be looked at");
            }
            self.all_sent();
        }
    }

    /// The response to every point.
    pub fn respond(&mut self, by: &str, finding: Finding) -> Result<Decision, Refusal> {
        let answer = Answer { finding, reasons: words("Our records show it.") };
        let command = Command::Respond {
            answers: vec![answer; self.case.definition.points.len()],
            decision: None,
            remedies: vec![Remedy { kind: RemedyKind::Apology, what: words("We are sorry."), pence: None }],
            actions: Vec::new(),
        };
        let done = self.act(by, command)?;
        self.all_sent();
        Ok(done)
    }

    /// Acknowledges as a person does, with the definition as it stands.
    pub fn acknowledge(&mut self, by: &str) -> Result<Decision, Refusal> {
        self.act(by, Command::Acknowledge(Redefinition::default()))
    }

    pub fn due(&self, duty: Duty) -> Date {
        self.case.duties[&duty].due.date
    }

    pub fn owes(&self, duty: Duty) -> bool {
        self.case.duties.get(&duty).is_some_and(|owed| owed.open())
    }

    /// Kinds of the letters to the resident, in order.
    pub fn resident_got(&self) -> Vec<LetterKind> {
        let letters = self.case.letters.values().filter(|letter| letter.audience == Audience::Resident);
        letters.map(|letter| letter.kind).collect()
    }

    /// Kinds of the letters to this person of the landlord's, in order.
    pub fn got(&self, name: &str) -> Vec<LetterKind> {
        let address = format!("{}@example.net", name.to_lowercase());
        let theirs = self.letters.iter().filter(|letter| letter.address.as_str() == address);
        theirs.map(|letter| letter.says.kind()).collect()
    }
}
