//! `redress case`: the cases, one case with its whole history, and what people do to it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::act::{self, LogAsk};
use super::beside::Beside;
use super::{explain, page, standing};
use crate::domain::calendar::{WorkingDays, listed, listed_date, london_date};
use crate::domain::case::{Case, Flags, Opening, told};
use crate::domain::code::{Edition, cite, rule};
use crate::domain::command::grammar::named;
use crate::domain::reference::{NotAReference, Reference};
use crate::domain::triage::Flag;
use crate::domain::words::Words;
use crate::store::{CaseFile, CaseRow, DeadlineRow, LetterRow};

/// What `redress case` is asked.
#[derive(Args, Debug)]
#[command(after_help = act::OVERVIEW)]
pub struct Ask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List cases, the oldest first, with what is due next
    #[command(after_help = "\
Examples:
  redress case list                          what is open
  redress case list --all --landlord wellington
  redress case list --due 2                  what is due in two working days, or late
  redress case list --overdue --handler ada@example.net
  redress case list --all --find 'rosa lift' by name, address or words, in any order
  redress case list --json | jq '.[] | select(.working_days_left <= 1)'

JSON: an array of objects with reference, landlord, kind, open, received, unsure, urgent_hazard, next_duty, provision, due, \
provisional, working_days_left (negative when late; null where nothing is owed).")]
    List {
        /// Cases on which something is still owed (what is listed without it, too)
        #[arg(long, conflicts_with = "all")]
        open: bool,
        /// Closed cases as well
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        wanted: Wanted,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show one case: why it is one, what is owed, its letters, and its history line by line
    #[command(after_help = "\
Examples:
  redress case show WEL-1047-K
  redress case show wel 1047 k               as it was read out on the telephone
  redress case show WEL-1047-K --explain     how each of its dates was found
  redress case show WEL-1047-K --json

JSON: an object with reference, landlord, kind, open, received, resident, subject, points, outcome_sought, because, unsure, \
flags, withheld, set_aside, related, messages, duties, letters, history; and of how it stands now: stage, handler, \
definition, acknowledged, responses, actions, updates_every, adjustments, restriction, representative, links, ended, dates \
(the working of every date).")]
    Show {
        /// The case's reference
        #[arg(required = true)]
        reference: Vec<String>,
        /// Show how each date was found, day by day
        #[arg(long)]
        explain: bool,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    #[command(name = "log")]
    Log(LogAsk),
    /// A case's reference, and what is done to it
    #[command(external_subcommand)]
    Act(Vec<OsString>),
}

/// Which cases to list.
#[derive(Args, Debug)]
struct Wanted {
    /// Only this landlord's, by its key in the configuration
    #[arg(long, value_name = "KEY")]
    landlord: Option<String>,
    /// Only what is due within so many working days, or late
    #[arg(long, value_name = "DAYS")]
    due: Option<u16>,
    /// Only what is late
    #[arg(long, conflicts_with = "due")]
    overdue: bool,
    /// Only those handled by this person: an e-mail address, a name or a role; “nobody” for those without
    #[arg(long, value_name = "PERSON")]
    handler: Option<String>,
    /// Only those with all these words in name, addresses, subject or points
    #[arg(long, value_name = "WORDS")]
    find: Option<String>,
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked, or there is no such case.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let text = match &self.what {
            What::List { open: _, all, wanted, json } => {
                list(&Beside::open(config).await?, *all, wanted, *json).await?
            }
            What::Show { reference, explain, json } => {
                let reference = parse(&reference.join(" "))?;
                show(&Beside::open(config).await?, &reference, *explain, *json).await?
            }
            What::Log(log) => return log.run(config).await,
            What::Act(words) => {
                let (reference, arguments) = words.split_first().context("Say which case")?;
                let written = reference.to_string_lossy();
                let reference = match parse(&written) {
                    Ok(reference) => reference,
                    // What has digits is meant for a reference, and what is wrong with it is said.
                    Err(slip) if written.contains(|c: char| c.is_ascii_digit()) => return Err(slip),
                    Err(_) => {
                        bail!(
                            "`redress case` knows list, show, log, and a case's reference; {written:?} is none of them"
                        )
                    }
                };
                if arguments.first().is_some_and(|act| act == "show") {
                    bail!("To see a case: `redress case show {reference}`");
                }
                return act::on_case(config, &reference, arguments).await;
            }
        };
        Ok(page::print(&text)?)
    }
}

/// A reference as people write it.
fn parse(written: &str) -> anyhow::Result<Reference> {
    let sole = |found: Vec<Reference>| if let [only] = found.as_slice() { Some(only.clone()) } else { None };
    written
        .parse()
        .or_else(|why: NotAReference| sole(Reference::find_in(written)).ok_or(why))
        .with_context(|| format!("{written:?} is not a case"))
}

async fn list(beside: &Beside, all: bool, wanted: &Wanted, json: bool) -> anyhow::Result<String> {
    beside.knows(wanted.landlord.as_deref())?;
    let mut next: BTreeMap<String, DeadlineRow> = BTreeMap::new();
    for duty in beside.store.deadlines().await? {
        next.entry(duty.reference.clone()).or_insert(duty); // The earliest comes first.
    }
    let mut cases = beside.store.cases().await?;
    cases.retain(|case| (all || case.open()) && wanted.by_row(beside, case, next.get(&case.reference)));
    if wanted.asks_for_the_file() {
        let mut kept = Vec::new();
        for case in cases {
            let reference: Reference = case.reference.parse().context("In the database")?;
            let file = beside.store.case(&reference).await?;
            kept.extend(file.filter(|file| wanted.by_file(&file.case)).map(|_| case));
        }
        cases = kept;
    }
    if json {
        let cases: Vec<Value> = cases.iter().map(|case| object(beside, case, next.get(&case.reference))).collect();
        return Ok(page::json(&json!(cases)));
    }
    if cases.is_empty() {
        return Ok(match (all, wanted.narrows()) {
            (_, true) => "No case is like that.\n",
            (true, false) => "No cases yet.\n",
            (false, false) => "No open cases. `redress case list --all` shows the others.\n",
        }
        .to_owned());
    }
    let mut table = page::Table::new(["Case", "Landlord", "Kind", "Received", "Due", "Days", "Marks", "Next"]);
    for case in &cases {
        let next = next.get(&case.reference);
        let marks = [(case.hazard(), "hazard"), (case.unsure(), "unsure")];
        let marks: Vec<&str> = marks.into_iter().filter(|(set, _)| *set).map(|(_, mark)| mark).collect();
        table.row([
            case.reference.clone(),
            case.landlord.clone(),
            case.kind.replace('_', " "),
            listed_date(london_date(case.received())),
            next.map_or_else(|| "-".to_owned(), |duty| listed_date(duty.due)),
            next.map_or_else(|| "-".to_owned(), |duty| beside.left_briefly(duty.due)),
            if marks.is_empty() { "-".to_owned() } else { marks.join(", ") },
            next.map_or_else(|| "nothing is owed".to_owned(), |duty| duty.duty.in_words().to_owned()),
        ]);
    }
    Ok(table.text(0, page::width()))
}

impl Wanted {
    /// What the list itself can tell.
    fn by_row(&self, beside: &Beside, case: &CaseRow, next: Option<&DeadlineRow>) -> bool {
        let until = self.due.map(|days| beside.calendar.working_days_after(beside.today(), WorkingDays(days)));
        let due = next.map(|next| next.due);
        self.landlord.as_ref().is_none_or(|key| case.landlord == *key)
            && until.is_none_or(|until| due.is_some_and(|due| due <= until))
            && (!self.overdue || due.is_some_and(|due| due < beside.today()))
    }

    fn asks_for_the_file(&self) -> bool {
        self.handler.is_some() || self.find.is_some()
    }

    fn narrows(&self) -> bool {
        self.landlord.is_some() || self.due.is_some() || self.overdue || self.asks_for_the_file()
    }

    /// What only the case itself can tell.
    fn by_file(&self, case: &Case) -> bool {
        let handled = |written: &String| match case.handler() {
            Some(person) => !named(&[person], written).is_empty(),
            None => written.eq_ignore_ascii_case("nobody"),
        };
        let found = |words: &String| {
            let text = searched(case);
            words.to_lowercase().split_whitespace().all(|word| text.contains(word))
        };
        self.handler.as_ref().is_none_or(handled) && self.find.as_ref().is_none_or(found)
    }
}

/// What is looked through for words, in lower case.
fn searched(case: &Case) -> String {
    let subject = case.opening.iter().map(|opening| opening.subject.as_str());
    let told = case.opening.iter().flat_map(|opening| &opening.points).chain(&case.definition.points);
    let resident = case.resident.iter().flat_map(|resident| {
        let known = [&resident.address, &resident.post, &resident.telephone];
        known.into_iter().flatten().chain([&resident.name]).map(Words::as_str).chain(resident.estate.as_deref())
    });
    let representative = case.representative.iter().map(|who| who.name.as_str());
    let texts: Vec<&str> = subject.chain(told.map(Words::as_str)).chain(resident).chain(representative).collect();
    texts.join("\n").to_lowercase()
}

fn object(beside: &Beside, case: &CaseRow, next: Option<&DeadlineRow>) -> Value {
    json!({
        "reference": case.reference,
        "landlord": case.landlord,
        "kind": case.kind,
        "open": case.open(),
        "received": case.received(),
        "unsure": case.unsure(),
        "urgent_hazard": case.hazard(),
        "next_duty": next.map(|next| next.duty.to_string()),
        "provision": next.map(|next| rule(next.duty, Edition::on(london_date(case.received()))).provision),
        "due": next.map(|next| next.due),
        "provisional": next.map(|next| next.provisional),
        "working_days_left": next.map(|next| beside.calendar.working_days_between(beside.today(), next.due)),
    })
}

async fn show(beside: &Beside, reference: &Reference, explain: bool, json: bool) -> anyhow::Result<String> {
    let file = beside.store.case(reference).await?;
    let file =
        file.with_context(|| format!("There is no case {reference}; `redress case list --all` lists them all"))?;
    let opening =
        file.case.opening.as_ref().context("The case has no beginning; `redress check` looks at its history")?;
    let letters = beside.store.letters_of(reference).await?;
    Ok(match (json, explain) {
        (true, _) => page::json(&whole(&file, opening, &letters)),
        (false, false) => sheet(beside, &file, opening, &letters),
        (false, true) => format!("{}\n{}", heading(beside, &file, opening), explain::text(beside, &file)),
    })
}

fn whole(file: &CaseFile, opening: &Opening, letters: &[LetterRow]) -> Value {
    let case = &file.case;
    let words = |words: &[Words]| words.iter().map(|words| words.as_str().to_owned()).collect::<Vec<_>>();
    let duties = case.duties.iter().map(|(duty, owed)| {
        json!({
            "duty": duty.to_string(),
            "due": owed.due.date,
            "provision": owed.provision,
            "counted_from": owed.due.counted_from,
            "working_days": owed.due.period,
            "provisional": owed.due.provisional,
            "met": owed.met,
            "lapsed": owed.lapsed,
        })
    });
    let letters = letters.iter().map(|letter| {
        json!({
            "letter": letter.letter,
            "outbox": letter.id,
            "kind": letter.kind,
            "audience": letter.audience,
            "to": letter.recipient,
            "state": letter.state,
            "written": letter.written(),
            "settled": letter.settled(),
            "reply": letter.reply,
        })
    });
    let history = file.history.iter().map(|line| {
        json!({
            "seq": line.seq,
            "occurred_at": line.occurred_at,
            "recorded_at": line.recorded_at,
            "in_words": told::sentence(&line.event),
        })
    });
    let resident = case.resident.as_ref().unwrap_or(&opening.resident);
    let mut whole = json!({
        "reference": opening.reference,
        "landlord": file.landlord,
        "kind": case.kind,
        "open": case.open(),
        "received": case.received,
        "resident": {
            "name": resident.name.as_str(),
            "address": resident.address.as_ref().map(Words::as_str),
            "post": resident.post.as_ref().map(Words::as_str),
            "telephone": resident.telephone.as_ref().map(Words::as_str),
            "estate": resident.estate,
            "prefers": resident.prefers,
        },
        "subject": opening.subject.as_str(),
        "points": words(&opening.points),
        "outcome_sought": opening.outcome_sought.as_ref().map(|wish| wish.as_str()),
        "because": words(&opening.because),
        "unsure": case.unsure,
        "flags": flags(&opening.flags),
        "withheld": opening.withheld,
        "set_aside": opening.set_aside,
        "related": opening.related,
        "messages": case.messages,
        "duties": duties.collect::<Vec<_>>(),
        "letters": letters.collect::<Vec<_>>(),
        "history": history.collect::<Vec<_>>(),
        "dates": explain::object(file),
    });
    if let (Some(whole), Value::Object(standing)) = (whole.as_object_mut(), standing::members(file)) {
        whole.extend(standing);
    }
    whole
}

/// What it is, and whose.
fn heading(beside: &Beside, file: &CaseFile, opening: &Opening) -> String {
    let landlord = beside.config.landlords.iter().find(|landlord| landlord.key == file.landlord);
    let landlord = landlord.map_or(&file.landlord, |landlord| &landlord.name);
    let open = if file.case.open() { "open" } else { "nothing is owed" };
    let kind = told::kind(file.case.kind.unwrap_or(opening.kind));
    format!("{}: {kind}, {open} ({landlord})\n", opening.reference)
}

/// The case on paper.
fn sheet(beside: &Beside, file: &CaseFile, opening: &Opening, letters: &[LetterRow]) -> String {
    let width = page::width();
    let mut text = heading(beside, file, opening) + "\n";
    text.push_str(&page::labelled(&facts(file, opening), 2, width));
    if !opening.points.is_empty() {
        text.push_str("\nIn their own words\n");
        for (point, number) in opening.points.iter().zip(1..) {
            text.push_str(&page::labelled(&[(&format!("{number}."), point.as_str().to_owned())], 2, width));
        }
    }
    text.push_str(&standing::sections(beside, file));
    text.push_str("\nDuties (`--explain` shows how each date was found)\n");
    let mut duties = page::Table::without_headings();
    for (duty, owed) in &file.case.duties {
        let state = match (owed.met, owed.lapsed) {
            (Some(met), _) => format!("done {}", listed(met)),
            (None, Some(_)) => "no longer owed".to_owned(),
            (None, None) => beside.left(owed.due.date),
        };
        let provisional = if owed.due.provisional { ", provisional" } else { "" };
        let provision = format!("{}{provisional}", cite(&owed.provision));
        duties.row([explain::duty_in_words(*duty), listed_date(owed.due.date), state, provision]);
    }
    text.push_str(&duties.text(2, width));
    text.push_str("\nLetters (`redress outbox show NUMBER` prints one)\n");
    let mut table = page::Table::new(["Number", "Letter", "Kind", "To", "What became of it"]);
    for letter in letters {
        let number = letter.letter.to_string();
        let kind = letter.kind.replace('-', " ");
        table.row([letter.id.to_string(), number, kind, letter.recipient.clone(), super::outbox::fate(letter)]);
    }
    text.push_str(&table.text(2, width));
    text.push_str("\nHistory\n");
    let mut lines: Vec<(String, String)> = Vec::new();
    for line in &file.history {
        let late = line.recorded_at.duration_since(line.occurred_at).as_mins() >= 1;
        let recorded = if late { format!(" (recorded {})", listed(line.recorded_at)) } else { String::new() };
        lines.push((listed(line.occurred_at), format!("{}{recorded}", told::sentence(&line.event))));
    }
    let lines: Vec<(&str, String)> = lines.iter().map(|(when, what)| (when.as_str(), what.clone())).collect();
    text.push_str(&page::labelled(&lines, 2, width));
    text
}

fn facts(file: &CaseFile, opening: &Opening) -> Vec<(&'static str, String)> {
    let resident = file.case.resident.as_ref().unwrap_or(&opening.resident);
    let address = resident.address.as_ref();
    let address =
        address.map_or_else(|| "no address to answer".to_owned(), |address| format!("<{}>", address.as_str()));
    let mut facts = vec![
        ("Received", listed(file.case.received.unwrap_or(opening.received))),
        ("From", format!("{} {address}", resident.name.as_str()).trim().to_owned()),
        ("Subject", opening.subject.as_str().to_owned()),
    ];
    let mut flags = opening.flags.clone();
    flags.urgent_hazard = file.case.hazard;
    let marks = marks(&flags);
    if !marks.is_empty() {
        facts.push(("Marks", marks.join("; ")));
    }
    if file.case.unsure {
        facts.push(("Unsure", "a person must look what it is; the complaint clock runs until then".to_owned()));
    }
    facts.extend(opening.set_aside.iter().map(|why| ("Set aside", why.clone())));
    facts.extend(opening.withheld.iter().map(|why| ("Not answered", why.clone())));
    if !opening.because.is_empty() {
        facts.push(("Because of", quoted(&opening.because)));
    }
    facts.extend(opening.outcome_sought.iter().map(|wish| ("Wants", wish.as_str().to_owned())));
    facts.extend(standing::facts(file));
    let messages: Vec<String> = file.case.messages.iter().map(|message| message.to_string()).collect();
    if !messages.is_empty() {
        facts.push(("Messages", format!("{} (`redress inbox show NUMBER` prints one)", messages.join(", "))));
    }
    facts
}

/// Hints with the words behind them, for a program.
fn flags(flags: &Flags) -> Value {
    let said: BTreeMap<Flag, Vec<&str>> =
        flags.said.iter().map(|(flag, said)| (*flag, said.iter().map(Words::as_str).collect())).collect();
    let mut object = json!(flags);
    object["said"] = json!(said);
    object
}

/// “One” “another”.
fn quoted(words: &[Words]) -> String {
    words.iter().map(|words| format!("“{}”", words.as_str())).collect::<Vec<_>>().join(" ")
}

/// What people should know, in words.
fn marks(flags: &Flags) -> Vec<String> {
    let set = [
        (flags.urgent_hazard, Flag::UrgentHazard, "urgent hazard"),
        (flags.vulnerability, Flag::Vulnerability, "vulnerability"),
        (flags.adjustment_requested, Flag::AdjustmentRequested, "asks for an adjustment"),
        (flags.representative, Flag::Representative, "written by a representative"),
    ];
    let set = set.into_iter().filter(|(set, _, _)| *set).map(|(_, flag, mark)| match flags.said(flag) {
        [] => mark.to_owned(),
        said => format!("{mark}: {}", quoted(said)),
    });
    set.chain(flags.exclusion_hint.clone()).collect()
}
