//! What the landlord's people do by e-mail, and how the last of it is undone.
//!
//! The letters that such an e-mail gives rise to wait for a while. Until then it can be taken back whole: the case is what
//! it was before, with all that has happened to it since, and the letters never leave.

use jiff::{SignedDuration, Timestamp};

use super::decide::Draft;
use super::event::Link;
use super::letters::{LetterKind, LetterNo, Says};
use super::{Case, Event, MessageNo, Outcome, Recorded, Refusal};
use crate::domain::calendar::london_date;
use crate::domain::command::Command;
use crate::domain::command::transcript::Transcript;
use crate::domain::landlord::Person;
use crate::domain::reference::Reference;
use crate::domain::words::Words;

/// What one e-mail asks for.
#[derive(Clone, Debug)]
pub struct Order {
    pub by: Person,
    pub message: MessageNo,
    /// In their order: all of them, or none.
    pub commands: Vec<Command>,
    /// The reference a case opened beside this one would get.
    pub next: Option<Reference>,
    /// The prefilled message that was used.
    pub link: Option<Link>,
    /// How long the letters wait.
    pub wait: SignedDuration,
    /// Names of the files that came with it.
    pub files: Vec<Words>,
}

/// What the last e-mail did, while it can be undone.
#[derive(Clone, Debug, PartialEq)]
pub struct Undoable {
    /// The case as it was.
    before: Box<Case>,
    /// What has happened to it since.
    since: Vec<Recorded>,
    /// Its letters.
    pub letters: Vec<LetterNo>,
    pub until: Timestamp,
    /// Address of whoever wrote it.
    by: String,
    /// The letter that answered it.
    pub transcript: Option<LetterNo>,
    /// The history is still telling what it did.
    telling: bool,
}

impl Command {
    /// Whether it touches no case but its own, so that it can be undone there.
    fn keeps_to_its_case(&self) -> bool {
        !matches!(self, Command::Complain { .. } | Command::Link { .. } | Command::Merge { .. })
    }
}

impl Case {
    /// Whether what the resident wrote at `at` may ask for stage 2: nobody is unhappy with a response that had not left.
    pub fn can_escalate_by_mail(&self, at: Timestamp) -> bool {
        let waited = |last: &Undoable| at < last.until && !last.before.can_escalate();
        self.can_escalate() && !self.undoable.as_ref().is_some_and(waited)
    }

    /// Keeps what an undoing would need.
    pub(super) fn remembering(mut self, recorded: &Recorded) -> Case {
        if let Event::Heard { by, undo_until, .. } = &recorded.event {
            self.undoable = None;
            self.undoable = undo_until.map(|until| Undoable {
                before: Box::new(self.clone()),
                since: Vec::new(),
                letters: Vec::new(),
                until,
                by: by.address.clone(),
                transcript: None,
                telling: true,
            });
            return self;
        }
        let Some(mut undoable) = self.undoable.take().filter(|last| recorded.recorded_at < last.until) else {
            return self;
        };
        match &recorded.event {
            Event::LetterWritten { kind: LetterKind::Transcript, letter, .. } if undoable.telling => {
                undoable.telling = false;
                undoable.transcript = Some(*letter);
                undoable.since.push(recorded.clone());
            }
            Event::LetterWritten { letter, .. } if undoable.telling => undoable.letters.push(*letter),
            _ if undoable.telling => {}
            // It is with its reader.
            Event::LetterPosted { letter, .. } if undoable.letters.contains(letter) => return self,
            _ => undoable.since.push(recorded.clone()),
        }
        self.undoable = Some(undoable);
        self
    }

    /// The case as it would be had the last e-mail not been written.
    pub(super) fn undone(mut self, letters: &[LetterNo]) -> Case {
        let Some(undoable) = self.undoable.take() else { return self };
        let mut case = undoable.since.iter().fold(*undoable.before, Case::apply);
        for number in letters {
            if let Some(mut letter) = self.letters.remove(number) {
                letter.outcome = Some(Outcome::Dropped);
                case.letters.insert(*number, letter);
            }
        }
        case
    }
}

impl Draft<'_> {
    /// Does what an e-mail asks for.
    pub(super) fn hear(&mut self, order: &Order) -> Result<(), Refusal> {
        let Order { by, message, commands, next, link, wait, files } = order;
        if link.is_some_and(|link| self.case.used_links.contains(&(by.address.clone(), link))) {
            return Err(Refusal::LinkUsed);
        }
        let undo_until = self.undo_until(*wait).filter(|_| commands.iter().all(Command::keeps_to_its_case));
        self.record_now(Event::Heard { by: by.clone(), message: *message, undo_until, link: *link });
        (self.wait, self.files) = (undo_until, files.clone());
        for command in commands {
            self.act(by, command, next.as_ref())?;
        }
        (self.wait, self.files) = (None, Vec::new());
        Ok(())
    }

    /// Until when letters can wait: never into another day, whose date they would not bear, and so never past a date.
    fn undo_until(&self, wait: SignedDuration) -> Option<Timestamp> {
        let until = self.now + wait;
        (wait.is_positive() && london_date(until) == self.today()).then_some(until)
    }

    /// Answers somebody's e-mail.
    pub(super) fn answer_mail(&mut self, to: &Person, transcript: &Transcript) {
        self.write_back(to, Says::Transcript(Box::new(transcript.clone())));
    }

    /// Takes back what the last e-mail did.
    pub(super) fn undo(&mut self, by: &Person) -> Result<(), Refusal> {
        let undoable =
            self.case.undoable.as_ref().filter(|last| self.now < last.until).ok_or(Refusal::NothingToUndo)?;
        if undoable.by != by.address {
            return Err(Refusal::UndoOfAnother);
        }
        let built_upon = |line: &Recorded| matches!(line.event, Event::Escalated { .. }) || line.event.by().is_some();
        if undoable.since.iter().any(built_upon) {
            return Err(Refusal::BuiltUpon);
        }
        let letters = undoable.letters.clone();
        self.record_now(Event::Undone { by: by.clone(), letters: letters.clone() });
        self.decision.taken_back = Some(letters);
        Ok(())
    }

    /// Writes down that nothing was done in the name of `claimed`, and tells them, once a day.
    pub(super) fn disbelieve(&mut self, claimed: &Person, message: MessageNo, why: &str) {
        let told = self.case.disbelief_told.get(&claimed.address) != Some(&self.today());
        self.record_now(Event::Disbelieved { claimed: claimed.clone(), message, why: why.to_owned(), told });
        if told {
            self.answer_mail(claimed, &Transcript::Disbelieved { why: why.to_owned() });
        }
    }
}
