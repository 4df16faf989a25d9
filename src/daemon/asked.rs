//! What one of the landlord's people asked for by e-mail → decide → the answer to them; all of it or nothing.

use anyhow::Context as _;
use jiff::Timestamp;

use super::command::{brought_about, known as named};
use super::office::{Before, Office};
use crate::domain::absence::Absence;
use crate::domain::brake::TRANSCRIPTS_A_DAY;
use crate::domain::calendar::london_date;
use crate::domain::case::{self, Audience, Case, Input, LetterKind, Link, MessageNo, Order, Posted, Refusal, told};
use crate::domain::command::grammar::Aside;
use crate::domain::command::transcript::{Going, Transcript};
use crate::domain::command::{Command, Log};
use crate::domain::filing::{Asks, Request};
use crate::domain::landlord::Landlord;
use crate::domain::letter::{Notice, Unwritable};
use crate::domain::message::{self, Files};
use crate::domain::reference::Reference;
use crate::domain::words::Words;
use crate::store::{AwayNote, Beside, Change, Found, Known, NewLetter};

/// What follows from what was asked.
#[derive(Debug, Default)]
pub struct Answered {
    pub changes: Vec<Change>,
    /// The answer, when no case holds it.
    pub beside: Option<Beside>,
    /// They are away, or back.
    pub away: Option<AwayNote>,
}

/// One e-mail that asks for something.
pub struct Asker<'a> {
    pub office: &'a Office,
    pub landlord: &'a Landlord,
    pub found: &'a Found,
    pub message: MessageNo,
    pub request: &'a Request,
    /// What came with it.
    pub files: &'a Files,
    pub now: Timestamp,
}

/// A rule against the act, or against the words of a letter: for whoever asked, without a full stop. Any other trouble is
/// ours.
fn refused(trouble: &anyhow::Error) -> Option<String> {
    let refusal = trouble.downcast_ref::<Refusal>().map(|refusal| capitalised(&refusal.to_string()));
    let unwelcome = || match trouble.downcast_ref::<Unwritable>() {
        Some(Unwritable::Address(_)) => Some(
            "The resident's email address is not one that can be written to: put it right with resident".to_owned(),
        ),
        Some(Unwritable::Unwelcome { words, why, .. }) => Some(format!("A letter must not say \"{words}\": {why}")),
        _ => None,
    };
    refusal.or_else(unwelcome)
}

/// With a capital letter, and without a full stop.
fn capitalised(sentence: &str) -> String {
    let mut rest = sentence.trim_end_matches('.').chars();
    rest.next().into_iter().flat_map(char::to_uppercase).chain(rest).collect()
}

impl Asker<'_> {
    /// # Errors
    ///
    /// Only what is nobody's fault who asked: then nothing is written, and the message is tried again.
    pub fn answer(&self) -> anyhow::Result<Answered> {
        let Request { by, reference, asks, .. } = self.request;
        let known = match reference {
            Some(reference) => Some(named(self.found, self.landlord, reference)?),
            None => None,
        };
        if let Some(known) = known.filter(|known| known.case.kept_out(self.landlord).contains(&by.address)) {
            return self.keep_out(known);
        }
        let tried = match (asks, known) {
            (Asks::Acts { commands, link, unread }, Some(known)) => self.act(known, commands, *link, unread.as_ref()),
            (Asks::Log { log, proved }, _) => self.log(log, *proved),
            (Asks::Disbelieved { why }, Some(known)) => {
                let input = Input::Disbelieved { claimed: by.clone(), message: self.message, why: why.clone() };
                return Ok(Answered::of(self.office.follow(&self.office.before(known)?, &input, self.now)?));
            }
            (Asks::Nothing { to_resident }, Some(known)) => {
                self.filed(known, true, Transcript::Filed { to_resident: *to_resident })
            }
            (Asks::Aside(aside), _) => return self.aside(known, aside),
            (Asks::Acts { .. } | Asks::Nothing { .. }, None) => anyhow::bail!("An act of no case"),
            (Asks::Disbelieved { why }, None) => Ok(self.beside(Transcript::Disbelieved { why: why.clone() })?),
            (Asks::Misunderstood { understood, mistakes }, _) => {
                let mistakes = mistakes.iter().map(Into::into).collect();
                return self.reply(known, Transcript::Misunderstood { understood: understood.clone(), mistakes });
            }
        };
        match tried {
            Err(trouble) => match refused(&trouble) {
                Some(why) => self.reply(known, Transcript::Refused { why: Words::new(why) }),
                None => Err(trouble),
            },
            done => done,
        }
    }

    /// Whoever the case is kept from is told nothing of it (5.8). What they write is on file.
    fn keep_out(&self, known: &Known) -> anyhow::Result<Answered> {
        let Request { addition, asks, .. } = self.request;
        let filed = addition.clone().map(Input::Added).context("A message of no case")?;
        let change = self.office.follow(&self.office.before(known)?, &filed, self.now)?;
        let answer = match asks {
            Asks::Nothing { .. } | Asks::Disbelieved { .. } => Answered::default(),
            _ => {
                self.beside(Transcript::Refused { why: Words::new("This case is not yours to deal with (Code 5.8)") })?
            }
        };
        Ok(Answered { changes: vec![change], ..answer })
    }

    /// The acts, and the answer that tells what they did.
    fn act(
        &self,
        known: &Known,
        commands: &[Command],
        link: Option<Link>,
        unread: Option<&String>,
    ) -> anyhow::Result<Answered> {
        let Request { by, addition, .. } = self.request;
        let next = self.found.next.get(&self.landlord.key).map(|number| Reference::new(&self.landlord.prefix, *number));
        let before = Before { files: &self.files.whole, ..self.office.before(known)? };
        let undoes = commands == [Command::Undo];
        if undoes && self.answers_an_earlier_transcript(&known.case) {
            return Err(Refusal::UndoOfAnother.into());
        }
        let input = match commands {
            [Command::Undo] => Input::Commanded { by: by.clone(), command: Box::new(Command::Undo), next: None },
            commands => Input::Heard(Order {
                by: by.clone(),
                message: self.message,
                commands: commands.to_vec(),
                next,
                link,
                wait: self.office.config.commands.wait,
                files: self.files.whole.iter().map(|file| Words::new(&file.name)).collect(),
            }),
        };
        let mut changes = brought_about(self.office, self.landlord, self.found, &before, &input, self.now)?;
        let transcript = self.done(&changes, unread);
        let filed = addition.clone().filter(|_| undoes);
        let answer = Input::Answered { to: by.clone(), filed, transcript: Box::new(transcript) };
        let first = changes.remove(0);
        changes.insert(0, self.office.and_then(&before, first, &answer, self.now)?);
        Ok(Answered { changes, ..Answered::default() })
    }

    /// Whether what they answer tells of something else than what would be undone.
    fn answers_an_earlier_transcript(&self, case: &Case) -> bool {
        let Some(answered) = self.request.answers else { return false };
        let transcript = case.letters.get(&answered).is_some_and(|letter| letter.kind == LetterKind::Transcript);
        let last = case.undoable.as_ref().and_then(|undoable| undoable.transcript);
        transcript && last.is_some() && last != Some(answered)
    }

    /// A case for what came another way (3.1, 3.2).
    fn log(&self, log: &Log, proved: bool) -> anyhow::Result<Answered> {
        let by = &self.request.by;
        let number = self.found.next.get(&self.landlord.key).context("No case number")?;
        let reference = Reference::new(&self.landlord.prefix, *number);
        let mut opening = case::logged(log, by, self.landlord, reference, self.now)?;
        if !proved {
            let doubt = "it was logged by email in the name of";
            opening.withheld = Some(format!("{doubt} {}, and nothing shows that it was them", by.name));
        }
        let case = Case::default();
        let before = Before::new_case(self.landlord, &case, &self.found.away);
        let opened = self.office.follow(&before, &Input::Opened(Box::new(opening)), self.now)?;
        if !proved {
            return Ok(Answered::of(opened));
        }
        let transcript = self.done(std::slice::from_ref(&opened), None);
        let answer = Input::Answered { to: by.clone(), filed: None, transcript: Box::new(transcript) };
        Ok(Answered::of(self.office.and_then(&before, opened, &answer, self.now)?))
    }

    fn aside(&self, known: Option<&Known>, aside: &Aside) -> anyhow::Result<Answered> {
        let (by, today) = (&self.request.by, london_date(self.now));
        match (aside, known) {
            (Aside::Help { about }, _) => self.reply(known, Transcript::Help { about: about.clone() }),
            (Aside::Status, Some(_)) => self.reply(known, Transcript::Status),
            (Aside::Status, None) => {
                let why = Words::new("There is no telling which case is meant: reply to a letter about it");
                self.reply(None, Transcript::Refused { why })
            }
            (Aside::Away { until, cover }, _) => {
                match Absence::announced(by, *until, cover.as_ref(), self.landlord, today) {
                    Ok(absence) => self.absent(known, absence),
                    Err(why) => {
                        self.reply(known, Transcript::Refused { why: Words::new(capitalised(&why.to_string())) })
                    }
                }
            }
            (Aside::Back, _) => self.absent(known, Absence::over(by, today)),
        }
    }

    fn absent(&self, known: Option<&Known>, absence: Absence) -> anyhow::Result<Answered> {
        let people = self.landlord.people();
        let cover = absence.cover.as_ref().and_then(|address| people.iter().find(|person| person.address == *address));
        let (until, cover) = (absence.until, cover.map(|person| person.name.clone()));
        let answered =
            self.reply(known, Transcript::Absence { until: (until > absence.since).then_some(until), cover })?;
        let note = AwayNote { absence, by: self.request.by.address.clone() };
        Ok(Answered { away: Some(note), ..answered })
    }

    /// What was done, as people read it.
    fn done(&self, changes: &[Change], unread: Option<&String>) -> Transcript {
        let own = &self.office.own;
        let mut recorded = Vec::new();
        let mut letters = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let reference = change.after.opening.as_ref().map(|opening| opening.reference.to_string());
            let elsewhere =
                reference.filter(|_| number > 0).map(|reference| format!("{reference}: ")).unwrap_or_default();
            let said = change.events.iter().filter_map(|line| told::news(&line.event));
            recorded.extend(said.map(|said| Words::new(format!("{elsewhere}{said}"))));
            let going = change.letters.iter().filter_map(|letter| going(letter, change, own));
            letters.extend(going);
        }
        let undo_until =
            changes.first().and_then(|change| change.after.undoable.as_ref()).map(|undoable| undoable.until);
        let sent = letters.iter().any(|letter| !letter.files.is_empty());
        let unsent = self.files.whole.iter().filter(|_| !sent).map(|file| &file.name);
        let kept = unsent.chain(&self.files.others).map(Words::new).collect();
        Transcript::Done { recorded, letters, undo_until, kept, unread: unread.map(Words::new) }
    }

    /// Files the message, and answers it: on its case, or beside all cases.
    fn reply(&self, known: Option<&Known>, transcript: Transcript) -> anyhow::Result<Answered> {
        match known {
            Some(known) => self.filed(known, false, transcript),
            None => self.beside(transcript),
        }
    }

    /// As [`Asker::reply`], on a case. `told`: whoever handles it is told of the message, as of any further one.
    fn filed(&self, known: &Known, told: bool, transcript: Transcript) -> anyhow::Result<Answered> {
        let Request { by, addition, .. } = self.request;
        let before = self.office.before(known)?;
        let addition = addition.clone().context("A message of no case")?;
        let today = |at: Timestamp| london_date(at) == london_date(self.now);
        let to_them = |letter: &&Posted| {
            letter.kind == LetterKind::Transcript && letter.to.as_str() == by.address && today(letter.written)
        };
        let enough = known.case.letters.values().filter(to_them).count() >= TRANSCRIPTS_A_DAY;
        let added = Input::Added(addition.clone());
        let filed = (!told).then_some(addition);
        let answer = Input::Answered { to: by.clone(), filed, transcript: Box::new(transcript) };
        Ok(Answered::of(match told || enough {
            false => self.office.follow(&before, &answer, self.now)?,
            true => {
                let added = self.office.follow(&before, &added, self.now)?;
                if enough { added } else { self.office.and_then(&before, added, &answer, self.now)? }
            }
        }))
    }

    fn beside(&self, transcript: Transcript) -> anyhow::Result<Answered> {
        let notice = Notice::Answer { transcript, message: self.message };
        let letter = self.office.notice(self.landlord, &notice, &self.request.by, london_date(self.now), self.now)?;
        let beside = Beside { landlord: self.landlord.key.clone(), letter, now: self.now };
        Ok(Answered { beside: Some(beside), ..Answered::default() })
    }
}

impl Answered {
    fn of(change: Change) -> Answered {
        Answered { changes: vec![change], ..Answered::default() }
    }
}

fn going(letter: &NewLetter, change: &Change, own: &message::Own) -> Option<Going> {
    let posted = change.after.letters.get(&letter.number)?;
    let resident = posted.audience == Audience::Resident && !posted.by_hand;
    let text = || Words::new(message::read(&letter.bytes, own).text);
    Some(Going {
        letter: letter.number,
        kind: posted.kind,
        to: posted.to.clone(),
        subject: resident.then(|| Words::new(&letter.subject)),
        text: resident.then(text),
        by_hand: posted.by_hand,
        held: letter.held.clone(),
        files: posted.files.clone(),
    })
}
