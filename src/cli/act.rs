//! `redress case REF VERB`: what people do to a case, from the one table of verbs; and `redress case log`.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Value, json};

use super::edit::{self, Sheet};
use super::{beside, page, run};
use crate::daemon::clock::SystemClock;
use crate::daemon::command;
use crate::daemon::command::{Done, DoneTo};
use crate::daemon::office::{self, Office};
use crate::domain::calendar::{london_date, spoken};
use crate::domain::case::{Audience, Case, Definition, LetterKind, LetterNo, Refusal, told};
use crate::domain::code::{Duty, cite};
use crate::domain::command::grammar::{Context, Field, Holds, LOG, Mistake, Row, VERBS, Verb};
use crate::domain::landlord::{Landlord, Person};
use crate::domain::message;
use crate::domain::reference::Reference;
use crate::domain::words::Words;
use crate::store::{NewLetter, Purpose};

const AS: &str = "as";
const CONFIG: &str = "config";
const DRY_RUN: &str = "dry-run";
const EDIT: &str = "edit";
const JSON: &str = "json";
const LANDLORD: &str = "landlord";

/// What all acts have in common.
const COMMON: &str = "\
A value of @FILE is read from that file, and a value of - from standard input. What may be given several times may also \
be one list, a line or a paragraph each.

JSON: an object with dry_run and cases, an array of objects with reference, recorded, letters and next.";

/// `redress case --help` says that there is more.
pub const OVERVIEW: &str = "\
What is done to a case:
  redress case WEL-1047-K --help             every act of a case, by name
  redress case WEL-1047-K extend --help      one of them, with an example
  redress case WEL-1047-K note --text 'Rang Ms Quill; she is in on Tuesday' --as ada@example.net";

// ── the arguments, from the table ─────────────────────────────────────────────────────────────────────────────────

/// Each act of the case `reference`, as a command of its own.
pub(super) fn each(reference: &str) -> impl Iterator<Item = clap::Command> {
    VERBS.iter().map(move |verb| {
        let begin = format!("redress case {reference} {}", verb.name);
        subcommand(clap::Command::new(verb.name).about(verb.meaning), verb, &begin, "")
    })
}

/// Every act of the case `reference`, for the command line.
fn acts(reference: &str) -> clap::Command {
    let config = Arg::new(CONFIG).long(CONFIG).global(true).hide(true).value_parser(clap::value_parser!(PathBuf));
    clap::Command::new("case")
        .bin_name(format!("redress case {reference}"))
        .about("What people do to a case. Each act is recorded with its moment and the person given with --as")
        .no_binary_name(true)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand_value_name("ACT")
        .subcommand_help_heading("Acts")
        .arg(config)
        .subcommands(each(reference))
        .after_help(COMMON)
}

/// Gives `command` the fields of `verb`, and what all acts have. Whether something is missing is left to the grammar,
/// which names everything at once.
fn subcommand<T>(command: clap::Command, verb: &Verb<T>, begin: &str, more: &str) -> clap::Command {
    let provision = verb.provision.map(|provision| format!(" ({})", cite(provision))).unwrap_or_default();
    let usage = verb.fields.iter().filter(|field| field.needed).map(|field| match field.holds {
        Holds::Flag => format!(" --{}", field.name),
        holds => format!(" --{} <{}>", field.name, holds.in_words()),
    });
    let usage = format!("{begin}{more}{} --as <person> [OPTIONS]", usage.collect::<String>());
    let mut examples = vec![example(begin, verb, |field| field.usual)];
    let more = verb.fields.iter().any(|field| !field.usual && field.holds != Holds::Flag);
    examples.extend(more.then(|| example(begin, verb, |field| field.usual || field.holds != Holds::Flag)));
    command
        .override_usage(usage)
        .about(format!("{}{provision}", verb.meaning))
        .after_help(format!("Examples:\n{}\n\n{COMMON}", examples.join("\n")))
        .args(verb.fields.iter().map(argument))
        .arg(
            Arg::new(AS)
                .long(AS)
                .value_name("person")
                .required(true)
                .help("Who does it: an e-mail address, name or role"),
        )
        .arg(
            Arg::new(DRY_RUN).long(DRY_RUN).action(ArgAction::SetTrue).help("Show what would be done, and the letters"),
        )
        .arg(Arg::new(EDIT).long(EDIT).action(ArgAction::SetTrue).help(
            "Fill it in as a form in your editor (VISUAL, EDITOR, else vi or nano); what is given stands there already",
        ))
        .arg(Arg::new(JSON).long(JSON).action(ArgAction::SetTrue).help("For a program, as JSON"))
}

fn argument(field: &Field) -> Arg {
    let (first, rest) = field.meaning.split_at(field.meaning.chars().next().map_or(0, char::len_utf8));
    let several = if field.several { "; may be given several times" } else { "" };
    let argument = Arg::new(field.name).long(field.name).help(format!("{}{rest}{several}", first.to_uppercase()));
    match field.holds {
        Holds::Flag => argument.action(ArgAction::SetTrue),
        holds => argument.action(ArgAction::Append).value_name(holds.in_words()),
    }
}

/// What can be typed: the fields that are `wanted`, with their examples, a line each.
fn example<T>(begin: &str, verb: &Verb<T>, wanted: impl Fn(&Field) -> bool) -> String {
    let fields = verb.fields.iter().filter(|field| wanted(field)).map(|field| match field.holds {
        Holds::Flag => format!(" \\\n    --{}", field.name),
        _ => format!(" \\\n    --{} {}", field.name, quoted(field.example)),
    });
    format!("  {begin} --as ada@example.net{}", fields.collect::<String>())
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-@.:_".contains(c));
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// `redress case log`, its arguments from the table.
#[derive(Debug)]
pub struct LogAsk(ArgMatches);

impl clap::FromArgMatches for LogAsk {
    fn from_arg_matches(matches: &ArgMatches) -> Result<LogAsk, clap::Error> {
        Ok(LogAsk(matches.clone()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = matches.clone();
        Ok(())
    }
}

impl clap::Args for LogAsk {
    fn augment_args(command: clap::Command) -> clap::Command {
        let landlord = Arg::new(LANDLORD).long(LANDLORD).value_name("key");
        let landlord = landlord.help("Whose, by its key in the configuration; needed when there are several");
        let command = command.arg(landlord).about(LOG.meaning);
        subcommand(command, &LOG, "redress case log", " [--landlord <key>]")
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        LogAsk::augment_args(command)
    }
}

// ── what is done ──────────────────────────────────────────────────────────────────────────────────────────────────

/// Carries out `arguments` (verb and fields) on the case `reference`.
///
/// # Errors
///
/// When the arguments are not understood (a [`clap::Error`], which knows how to end the program), or what was asked is
/// refused: nothing has changed then.
pub async fn on_case(config: &Path, reference: &Reference, arguments: &[OsString]) -> anyhow::Result<()> {
    let matches = acts(&reference.to_string()).try_get_matches_from(arguments)?;
    let (verb, matches) = matches.subcommand().context("Say what is to be done")?;
    let config = matches.get_one::<PathBuf>(CONFIG).map_or(config, PathBuf::as_path);
    let office = office(config).await?;
    let file = office.store.case(reference).await?;
    let file =
        file.with_context(|| format!("There is no case {reference}; `redress case list --all` lists them all"))?;
    let landlord = office.landlord(&file.landlord)?;
    let context = context(&office, landlord);
    let by = acting(&context, matches)?;
    let verb = VERBS.iter().find(|row| row.name == verb).context("Say what is to be done")?;
    let fields = given(verb, matches)?;
    let dry_run = matches.get_flag(DRY_RUN);
    let carry_out = async |act| command::carry_out(&office, reference, by, act, dry_run).await;
    let done = match matches.get_flag(EDIT) {
        true => {
            let row = verb.row();
            let sheet = Sheet {
                row,
                case: Some(reference),
                about: about(reference, &file.case),
                drafts: drafts(row, &file.case, fields),
            };
            edit::filled_in(&sheet, |form| verb.read(&form.fields, &context), carry_out).await?
        }
        false => {
            let act = verb.read(&fields, &context).map_err(misunderstood)?;
            Some(carry_out(act).await.map_err(refused)?)
        }
    };
    report(&office, done.as_ref(), dry_run, matches.get_flag(JSON))
}

/// The case in a line: its reference, whose it is, its subject.
fn about(reference: &Reference, case: &Case) -> String {
    let resident = case.resident.as_ref().map_or("", |resident| resident.name.as_str());
    let subject = case.opening.as_ref().map_or("", |opening| opening.subject.as_str());
    let reference = reference.to_string();
    let known = [&reference, resident, subject].into_iter().map(message::clean_line);
    known.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
}

/// What is written into a form to begin with: what was given, and of the other fields what the case has there already.
fn drafts(row: Row, case: &Case, given: Vec<(String, String)>) -> Vec<(String, String)> {
    let Definition { points, outcome, responsibility } = &case.definition;
    let known: Vec<(&str, &Words)> = match row.name {
        "define" | "acknowledge" => {
            let others = [("outcome", outcome), ("responsibility", responsibility)];
            let others = others.into_iter().filter_map(|(name, words)| Some((name, words.as_ref()?)));
            points.iter().map(|point| ("point", point)).chain(others).collect()
        }
        _ => Vec::new(),
    };
    let missing = known.into_iter().filter(|(name, _)| given.iter().all(|(field, _)| field != name));
    let missing: Vec<_> = missing.map(|(name, words)| (name.to_owned(), words.as_str().to_owned())).collect();
    given.into_iter().chain(missing).collect()
}

impl LogAsk {
    /// Opens the case.
    ///
    /// # Errors
    ///
    /// When something was not understood, or is refused: nothing has changed then.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        let LogAsk(matches) = self;
        let office = office(config).await?;
        let landlord = match (matches.get_one::<String>(LANDLORD), office.config.landlords.as_slice()) {
            (Some(key), landlords) => {
                let keys: Vec<&str> = landlords.iter().map(|landlord| landlord.key.as_str()).collect();
                let found = landlords.iter().find(|landlord| landlord.key == *key);
                found
                    .with_context(|| format!("The configuration has no landlord {key:?}; it has {}", keys.join(", ")))?
            }
            (None, [only]) => only,
            (None, _) => bail!("Say whose case it is, with --landlord: one legal entity answers each case"),
        };
        let context = context(&office, landlord);
        let by = acting(&context, matches)?;
        let fields = given(&LOG, matches)?;
        let dry_run = matches.get_flag(DRY_RUN);
        let carry_out = async |log| command::log(&office, by, log, dry_run).await;
        let done = match matches.get_flag(EDIT) {
            true => {
                let sheet = Sheet { row: LOG.row(), case: None, about: landlord.name.clone(), drafts: fields };
                edit::filled_in(&sheet, |form| LOG.read(&form.fields, &context), carry_out).await?
            }
            false => {
                let log = LOG.read(&fields, &context).map_err(misunderstood)?;
                Some(carry_out(log).await.map_err(refused)?)
            }
        };
        report(&office, done.as_ref(), dry_run, matches.get_flag(JSON))
    }
}

/// Everything an act needs, beside a running daemon.
///
/// # Errors
///
/// When the configuration or a letter template is refused, or the database cannot be opened.
pub async fn office(config: &Path) -> anyhow::Result<Office> {
    Office::open(run::load(config)?.config, Arc::new(SystemClock), Purpose::Beside).await
}

/// What a form is read against.
pub fn context<'a>(office: &'a Office, landlord: &'a Landlord) -> Context<'a> {
    Context { today: london_date(office.clock.now()), calendar: &office.calendar, landlord }
}

fn acting<'a>(context: &Context<'a>, matches: &ArgMatches) -> anyhow::Result<&'a Person> {
    let written = matches.get_one::<String>(AS).map_or("", String::as_str);
    context.person(written).map_err(|wrong| anyhow::anyhow!("--as: {wrong}.\n{UNCHANGED}"))
}

pub(super) const UNCHANGED: &str = "Nothing has been changed.";

/// The fields that were given, as a form has them.
fn given<T>(verb: &Verb<T>, matches: &ArgMatches) -> anyhow::Result<Vec<(String, String)>> {
    let input_taken = Cell::new(false);
    let mut fields = Vec::new();
    for field in verb.fields {
        if field.holds == Holds::Flag {
            fields.extend(matches.get_flag(field.name).then(|| (field.name.to_owned(), String::new())));
            continue;
        }
        for value in matches.get_many::<String>(field.name).into_iter().flatten() {
            fields.push((field.name.to_owned(), read_value(value, &input_taken)?));
        }
    }
    Ok(fields)
}

/// The value itself, or what the file it names holds.
fn read_value(value: &str, input_taken: &Cell<bool>) -> anyhow::Result<String> {
    match (value, value.strip_prefix('@')) {
        ("-", _) => {
            ensure!(!input_taken.replace(true), "Only one value can be read from standard input");
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).context("Could not read standard input")?;
            Ok(text)
        }
        (_, Some(path)) => std::fs::read_to_string(path).with_context(|| format!("Could not read {path}")),
        _ => Ok(value.to_owned()),
    }
}

fn misunderstood(mistakes: Vec<Mistake>) -> anyhow::Error {
    let lines: Vec<String> = mistakes.iter().map(|mistake| format!("--{mistake}")).collect();
    anyhow::anyhow!("{}\n{UNCHANGED}", lines.join("\n"))
}

/// A refusal as a sentence; any other trouble as it is.
fn refused(trouble: anyhow::Error) -> anyhow::Error {
    match trouble.downcast_ref::<Refusal>() {
        Some(refusal) => anyhow::anyhow!("{}\n{UNCHANGED}", in_a_sentence(refusal)),
        None => trouble,
    }
}

/// "Refused: …", with its rule and a full stop.
pub fn in_a_sentence(refusal: &Refusal) -> String {
    let said = refusal.to_string();
    format!("Refused: {}.", said.trim_end_matches('.'))
}

// ── what is said of it ────────────────────────────────────────────────────────────────────────────────────────────

fn report(office: &Office, done: Option<&Done>, dry_run: bool, json: bool) -> anyhow::Result<()> {
    let Some(done) = done else {
        eprintln!("The form was left empty or not saved. {UNCHANGED}");
        return Ok(());
    };
    let text = match json {
        true => {
            let cases: Vec<Value> = done.cases.iter().map(|case| object(office, case, dry_run)).collect();
            page::json(&json!({ "dry_run": dry_run, "cases": cases }))
        }
        false => done.cases.iter().map(|case| sheet(office, case, dry_run)).collect::<Vec<_>>().join("\n"),
    };
    Ok(page::print(&text)?)
}

fn object(office: &Office, done: &DoneTo, dry_run: bool) -> Value {
    let today = london_date(office.clock.now());
    let recorded = done.events.iter().map(|line| json!({ "seq": line.seq, "in_words": told::sentence(&line.event) }));
    let letters = done.letters.iter().map(|letter| {
        json!({
            "letter": letter.number,
            "kind": letter.kind,
            "audience": letter.audience,
            "to": letter.recipient,
            "by_hand": by_hand(done, letter.number),
            "held": letter.held,
            "text": dry_run.then(|| text_of(office, letter)),
        })
    });
    let next = done.after.next_duty().map(|(duty, owed)| {
        json!({
            "duty": duty.to_string(),
            "due": owed.due.date,
            "provision": owed.provision,
            "working_days_left": office.calendar.working_days_between(today, owed.due.date),
        })
    });
    json!({
        "reference": done.reference,
        "recorded": recorded.collect::<Vec<_>>(),
        "letters": letters.collect::<Vec<_>>(),
        "next": next,
    })
}

fn sheet(office: &Office, done: &DoneTo, dry_run: bool) -> String {
    let width = page::width();
    let heading = if dry_run { "would be recorded; nothing has been changed" } else { "recorded" };
    let mut text = format!("{}: {heading}\n", done.reference);
    for line in &done.events {
        text.push_str(&page::labelled(&[("-", told::sentence(&line.event))], 2, width));
    }
    if !done.letters.is_empty() {
        text.push_str(if dry_run { "\nLetters that would go out\n" } else { "\nLetters\n" });
        let mut table = page::Table::new(["Letter", "Kind", "To", "What becomes of it"]);
        for letter in &done.letters {
            table.row([
                letter.number.to_string(),
                letter.kind.replace('-', " "),
                reader(done, letter),
                fate(done, letter),
            ]);
        }
        text.push_str(&table.text(2, width));
    }
    text.push_str("\nNext\n");
    let next = match done.after.next_duty() {
        Some((duty, owed)) => {
            let left = beside::left(&office.calendar, london_date(office.clock.now()), owed.due.date);
            let date = format!("{} by {}: {left} ({})", duty.in_words(), spoken(owed.due.date), cite(&owed.provision));
            match met_by(done, duty) {
                Some(letter) => format!("{date}; done as soon as letter {letter} is with the resident"),
                None => date,
            }
        }
        None => "nothing is owed".to_owned(),
    };
    text.push_str(&page::labelled(&[("-", next)], 2, width));
    for letter in done.letters.iter().filter(|_| dry_run) {
        text.push_str(&format!("\n── letter {}, {} ──\n", letter.number, letter.kind.replace('-', " ")));
        text.push_str(&page::labelled(
            &[("To", letter.recipient.clone()), ("Subject", letter.subject.clone())],
            2,
            width,
        ));
        text.push('\n');
        text.push_str(&page::indented(&text_of(office, letter), 2));
    }
    text
}

fn text_of(office: &Office, letter: &NewLetter) -> String {
    message::read(&letter.bytes, &office::own(&office.config)).text
}

fn by_hand(done: &DoneTo, letter: LetterNo) -> bool {
    done.after.letters.get(&letter).is_some_and(|letter| letter.by_hand)
}

fn reader(done: &DoneTo, letter: &NewLetter) -> String {
    match (letter.audience == Audience::Resident.key(), by_hand(done, letter.number)) {
        (false, _) => letter.recipient.clone(),
        (true, false) => format!("the resident, {}", letter.recipient),
        (true, true) => format!("the resident, for {} to hand over", letter.recipient),
    }
}

/// The letter of this act that meets `duty` once it has arrived.
fn met_by(done: &DoneTo, duty: Duty) -> Option<LetterNo> {
    let meets = |number: &LetterNo| {
        done.after.letters.get(number).is_some_and(|letter| match letter.kind {
            LetterKind::Acknowledgement => duty == letter.stage.acknowledge(),
            LetterKind::Response => duty == letter.stage.respond(),
            _ => false,
        })
    };
    done.letters.iter().map(|letter| letter.number).find(meets)
}

fn fate(done: &DoneTo, letter: &NewLetter) -> String {
    match &letter.held {
        Some(why) => format!("held: {why}"),
        None if by_hand(done, letter.number) => {
            format!(
                "leaves with the next round; once handed over: `redress case {} handed-over --letter {}`",
                done.reference, letter.number
            )
        }
        None => "leaves with the next round".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clap::Args as _;

    use super::*;

    #[test]
    fn the_arguments_are_sound_and_examples_are_quoted_for_the_shell() {
        acts("WEL-1047-K").debug_assert();
        LogAsk::augment_args(clap::Command::new("log")).debug_assert();
        assert_eq!(quoted("5"), "5");
        assert_eq!(quoted("the resident's"), r"'the resident'\''s'");
    }

    #[test]
    fn every_verb_has_a_help_page_with_its_fields_and_an_example() {
        for verb in VERBS {
            let arguments = [verb.name, "--help"];
            let help = acts("WEL-1047-K").try_get_matches_from(arguments).unwrap_err().to_string();
            assert!(help.contains(&format!("redress case WEL-1047-K {}", verb.name)), "{help}");
            assert!(verb.fields.iter().all(|field| help.contains(&format!("--{}", field.name))), "{help}");
        }
        let all = acts("WEL-1047-K").try_get_matches_from(["--help"]).unwrap_err().to_string();
        assert!(VERBS.iter().all(|verb| all.contains(verb.meaning)), "{all}");
    }
}
