//! `redress people`: who is registered, what they have to do, and what becomes of it when somebody leaves or is away.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::act::{self, UNCHANGED, in_a_sentence};
use super::beside::Beside;
use super::page;
use crate::config::Config;
use crate::daemon::command;
use crate::daemon::office::Office;
use crate::domain::absence::{Absence, Absences};
use crate::domain::calendar::{listed_date, london_date, spoken};
use crate::domain::case::{Case, Refusal};
use crate::domain::command::Command;
use crate::domain::command::grammar::named;
use crate::domain::landlord::{Landlord, Person};
use crate::domain::reference::Reference;
use crate::store::{AwayNote, Store};

/// What `redress people` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress people list                        who has what to do, and who is away
  redress people away ada --until 'in 5 working days' --as dan
  redress people leave ada --to ben --as dan --dry-run")]
pub struct Ask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List who is registered, in which role, with how many open cases, and who is away; and who still has cases and no
    /// longer is registered
    #[command(after_help = "\
Examples:
  redress people list
  redress people list --json | jq '.[] | select(.registered == false)'

JSON: an array of objects with landlord, name, role, address, registered, open_cases (references), open_actions, and away: \
null, or an object with since, until (the first day they are back) and cover (an e-mail address, or null).")]
    List {
        /// Only this landlord's, by its key in the configuration
        #[arg(long, value_name = "KEY")]
        landlord: Option<String>,
        /// For a program, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give all open cases of somebody who leaves to somebody else, in one act
    #[command(after_help = "\
Examples:
  redress people leave ada@example.net --to ben@example.net --as dan@example.net --dry-run
  redress people leave ada@example.net --to ben@example.net --as dan@example.net

A case that may not go to them (Code 5.8, 6.13) stays where it is and is listed with the reason; the others go. Exit code \
1 then.")]
    Leave {
        /// Who leaves: an e-mail address, a name or a role; registered still, or no longer
        person: String,
        /// Who takes over
        #[arg(long, value_name = "PERSON")]
        to: String,
        /// Who does it: an e-mail address, name or role
        #[arg(long = "as", value_name = "PERSON")]
        by: String,
        /// Only this landlord's cases, by its key in the configuration
        #[arg(long, value_name = "KEY")]
        landlord: Option<String>,
        /// Show what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Say that somebody is away, until when, and who stands in
    #[command(after_help = "\
Examples:
  redress people away ada@example.net --until 'Monday 4 January' --as ada@example.net
  redress people away ada --until 4/1 --cover ben --as dan
  redress people away ada --until 'in 5 working days' --as dan --dry-run

From today on, letters about their cases go to whoever stands in, and new cases pass them over; the cases stay theirs. Where \
nobody is named, or that person may not deal with a case (Code 5.8, 6.13) or is away too, the deputy stands in, or the next \
person up. It ends by itself. Whoever is away already is away as said last.")]
    Away {
        /// Who is away: an e-mail address, a name or a role
        person: String,
        /// The first day they are back
        #[arg(long, value_name = "DATE")]
        until: String,
        /// Who stands in
        #[arg(long, value_name = "PERSON")]
        cover: Option<String>,
        /// Who says so: an e-mail address, name or role
        #[arg(long = "as", value_name = "PERSON")]
        by: String,
        /// Show what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Say that somebody who was away is back
    #[command(after_help = "\
Examples:
  redress people back ada@example.net --as ada@example.net")]
    Back {
        /// Who is back: an e-mail address, a name or a role
        person: String,
        /// Who says so: an e-mail address, name or role
        #[arg(long = "as", value_name = "PERSON")]
        by: String,
    },
}

impl Ask {
    /// Answers on standard output.
    ///
    /// # Errors
    ///
    /// When the database cannot be asked, nobody is meant, or a case could not be given on.
    pub async fn run(&self, config: &Path) -> anyhow::Result<()> {
        match &self.what {
            What::List { landlord, json } => {
                let text = list(&Beside::open(config).await?, landlord.as_deref(), *json).await?;
                Ok(page::print(&text)?)
            }
            What::Leave { person, to, by, landlord, dry_run } => {
                leave(config, person, to, by, landlord.as_deref(), *dry_run).await
            }
            What::Away { person, until, cover, by, dry_run } => {
                let office = act::office(config).await?;
                Ok(page::print(&away(&office, person, until, cover.as_deref(), by, *dry_run).await?)?)
            }
            What::Back { person, by } => Ok(page::print(&back(&act::office(config).await?, person, by).await?)?),
        }
    }
}

/// Somebody who has something to do, or could be given it.
struct Somebody {
    landlord: String,
    person: Person,
    registered: bool,
    cases: Vec<Reference>,
    /// Promised actions of theirs that are not done, on whatever case.
    actions: usize,
}

/// A case that is not over.
struct Open {
    landlord: String,
    reference: Reference,
    case: Case,
}

async fn open_cases(store: &Store, landlord: Option<&str>) -> anyhow::Result<Vec<Open>> {
    let mut open = Vec::new();
    for row in store.cases().await? {
        if !row.open() || landlord.is_some_and(|key| row.landlord != key) {
            continue;
        }
        let reference: Reference = row.reference.parse().context("In the database")?;
        let file = store.case(&reference).await?;
        open.extend(file.map(|file| Open { landlord: file.landlord, reference, case: file.case }));
    }
    Ok(open)
}

fn landlords<'a>(config: &'a Config, key: Option<&str>) -> anyhow::Result<Vec<&'a Landlord>> {
    let found: Vec<&Landlord> =
        config.landlords.iter().filter(|landlord| key.is_none_or(|key| landlord.key == key)).collect();
    let keys: Vec<&str> = config.landlords.iter().map(|landlord| landlord.key.as_str()).collect();
    ensure!(
        !found.is_empty(),
        "The configuration has no landlord {:?}; it has {}",
        key.unwrap_or_default(),
        keys.join(", ")
    );
    Ok(found)
}

/// Everybody registered, then everybody who has open cases and is not.
fn everybody(landlords: &[&Landlord], open: &[Open]) -> Vec<Somebody> {
    let mut everybody: Vec<Somebody> = Vec::new();
    let new = |landlord: &str, person: &Person, registered| Somebody {
        landlord: landlord.to_owned(),
        person: person.clone(),
        registered,
        cases: Vec::new(),
        actions: 0,
    };
    for landlord in landlords {
        everybody.extend(landlord.people().into_iter().map(|person| new(&landlord.key, person, true)));
    }
    for Open { landlord, reference, case } in open {
        if let Some(handler) = case.handler() {
            let theirs = |who: &Somebody| who.landlord == *landlord && who.person.address == handler.address;
            let at = everybody.iter().position(theirs).unwrap_or_else(|| {
                everybody.push(new(landlord, handler, false));
                everybody.len() - 1
            });
            everybody[at].cases.push(reference.clone());
        }
        for owner in case.outstanding().filter_map(|(_, promised)| promised.owner_address.as_deref()) {
            let theirs = |who: &&mut Somebody| who.landlord == *landlord && who.person.address == owner;
            if let Some(who) = everybody.iter_mut().find(theirs) {
                who.actions += 1;
            }
        }
    }
    everybody
}

async fn list(beside: &Beside, landlord: Option<&str>, json: bool) -> anyhow::Result<String> {
    let landlords = landlords(&beside.config, landlord)?;
    let open = open_cases(&beside.store, landlord).await?;
    let everybody = everybody(&landlords, &open);
    let away = beside.store.absences().await?;
    if json {
        let people: Vec<Value> =
            everybody.iter().map(|who| object(who, away.of(&who.person, beside.today()))).collect();
        return Ok(page::json(&json!(people)));
    }
    let mark = |who: &Somebody| match away.of(&who.person, beside.today()) {
        _ if !who.registered => "no longer registered".to_owned(),
        None => "-".to_owned(),
        Some(Absence { until, cover: None, .. }) => format!("away until {}", listed_date(*until)),
        Some(Absence { until, cover: Some(cover), .. }) => {
            format!("away until {}; {cover} stands in", listed_date(*until))
        }
    };
    let mut table = page::Table::new(["Address", "Name", "Role", "Landlord", "Open cases", "Actions", "Marks"]);
    for who in &everybody {
        let Somebody { landlord, person, cases, actions, .. } = who;
        table.row([
            person.address.clone(),
            person.name.clone(),
            person.role.clone(),
            landlord.clone(),
            cases.len().to_string(),
            actions.to_string(),
            mark(who),
        ]);
    }
    let mut text = table.text(0, page::width());
    for Somebody { person, cases, .. } in everybody.iter().filter(|who| !who.registered) {
        let cases: Vec<String> = cases.iter().map(Reference::to_string).collect();
        text.push_str(&format!(
            "\n{} is no longer registered and has {}. `redress people leave {} --to … --as …` gives them on.\n",
            person.name,
            cases.join(", "),
            person.address
        ));
    }
    Ok(text)
}

fn object(who: &Somebody, away: Option<&Absence>) -> Value {
    json!({
        "landlord": who.landlord,
        "name": who.person.name,
        "role": who.person.role,
        "address": who.person.address,
        "registered": who.registered,
        "open_cases": who.cases,
        "open_actions": who.actions,
        "away": away.map(|away| json!({ "since": away.since, "until": away.until, "cover": away.cover })),
    })
}

async fn leave(
    config: &Path,
    leaving: &str,
    to: &str,
    by: &str,
    landlord: Option<&str>,
    dry_run: bool,
) -> anyhow::Result<()> {
    let office = act::office(config).await?;
    let landlords = landlords(&office.config, landlord)?;
    let open = open_cases(&office.store, landlord).await?;
    let everybody = everybody(&landlords, &open);
    let people: Vec<&Person> = everybody.iter().map(|who| &who.person).collect();
    let address = address_of(&people, leaving)?;
    let theirs = open.iter().filter(|open| open.case.handler().is_some_and(|handler| handler.address == address));
    let theirs: Vec<&Open> = theirs.collect();
    if theirs.is_empty() {
        return Ok(page::print(&format!("{address} has no open cases. {UNCHANGED}\n"))?);
    }
    let (mut text, mut kept) = (String::new(), 0);
    for Open { landlord, reference, .. } in &theirs {
        let context = act::context(&office, office.landlord(landlord)?);
        let given = match (context.person(to), context.person(by)) {
            (Err(wrong), _) => Err(format!("--to: {wrong}.")),
            (_, Err(wrong)) => Err(format!("--as: {wrong}.")),
            (Ok(to), Ok(_)) if to.address == address => bail!("{address} is who leaves; say who takes over, with --to"),
            (Ok(to), Ok(by)) => {
                let assign = Command::Assign { to: to.clone(), conflict: None, despite: None };
                match command::carry_out(&office, reference, by, assign, dry_run).await {
                    Ok(_) => Ok(to),
                    Err(trouble) => match trouble.downcast_ref::<Refusal>() {
                        Some(refusal) => Err(in_a_sentence(refusal)),
                        None => return Err(trouble),
                    },
                }
            }
        };
        match given {
            Ok(to) => {
                let verb = if dry_run { "would go" } else { "given" };
                text.push_str(&format!("{reference}  {verb} to {}, {}\n", to.name, to.role));
            }
            Err(why) => {
                kept += 1;
                text.push_str(&format!("{reference}  stays. {why}\n"));
            }
        }
    }
    let actions = open.iter().flat_map(|open| {
        let own = open.case.outstanding().filter(|(_, promised)| promised.owner_address.as_deref() == Some(&address));
        own.map(|(action, _)| format!("{} action {action}", open.reference))
    });
    let actions: Vec<String> = actions.collect();
    if !actions.is_empty() {
        text.push_str(&format!("\nPromised, and still theirs to see to: {}\n", actions.join(", ")));
    }
    for landlord in landlords.iter().filter(|landlord| landlord.people().iter().any(|one| one.address == address)) {
        text.push_str(&format!(
            "\n{address} is still in the configuration of {}, and may still be given new cases: write somebody else there, and \
             restart Redress.\n",
            landlord.key
        ));
    }
    page::print(&text)?;
    ensure!(kept == 0, "{} of {} could not be given on", kept, page::count(theirs.len() as i64, "case"));
    Ok(())
}

/// Somebody registered, and who says something of them.
struct Said<'a> {
    person: &'a Person,
    /// One they are registered for, and who says it.
    landlord: &'a Landlord,
    by: &'a Person,
}

impl<'a> Said<'a> {
    /// `knows`: who else must be somebody of the landlord's, where there are several to choose from.
    fn new(office: &'a Office, written: &str, by: &str, knows: Option<&str>) -> anyhow::Result<Said<'a>> {
        let people: Vec<&Person> = office.config.landlords.iter().flat_map(Landlord::people).collect();
        let address = address_of(&people, written)?;
        let theirs = |landlord: &&Landlord| landlord.people().iter().any(|person| person.address == address);
        let theirs: Vec<&Landlord> = office.config.landlords.iter().filter(theirs).collect();
        let named = |landlord: &&&Landlord, who: &str| act::context(office, landlord).person(who).is_ok();
        let fitting = |landlord: &&&Landlord| named(landlord, by) && knows.is_none_or(|who| named(landlord, who));
        let landlord = theirs.iter().find(fitting).or(theirs.first()).context("nobody is registered")?;
        let by = act::context(office, landlord).person(by).map_err(|wrong| anyhow!("--as: {wrong}"))?;
        let person = landlord.people().into_iter().find(|person| person.address == address);
        Ok(Said { person: person.context("nobody is registered")?, landlord, by })
    }
}

async fn away(
    office: &Office,
    person: &str,
    until: &str,
    cover: Option<&str>,
    by: &str,
    dry_run: bool,
) -> anyhow::Result<String> {
    let Said { person, landlord, by } = Said::new(office, person, by, cover)?;
    let context = act::context(office, landlord);
    let until = context.day_ahead(until).map_err(|wrong| anyhow!("--until: {wrong}"))?;
    let cover = cover.map(|cover| context.person(cover)).transpose().map_err(|wrong| anyhow!("--cover: {wrong}"))?;
    let absence = Absence::announced(person, until, cover, landlord, context.today)
        .map_err(|why| anyhow!("Refused: {why}.\n{UNCHANGED}"))?;
    let away = Absences::clone(&*office.store.absences().await?).and(absence.clone());
    if !dry_run {
        let note = AwayNote { absence, by: by.address.clone() };
        office.store.record_absence(&note, office.clock.now()).await?;
    }
    let (is, go) = if dry_run { ("would be", "would go") } else { ("is", "go") };
    let mut text = format!("{} {is} away until {}.\n", person.name, spoken(until));
    let mut table = page::Table::new(["Case", "Letters go to"]);
    let open = open_cases(&office.store, None).await?;
    let theirs = open.iter().filter(|open| open.case.handler().is_some_and(|one| one.address == person.address));
    let theirs: Vec<&Open> = theirs.collect();
    for Open { landlord, reference, case } in &theirs {
        let circle = case.circle(office.landlord(landlord)?, &away, context.today);
        let reader = circle.reader(person).person;
        table.row([reference.to_string(), format!("{}, {}", reader.name, reader.role)]);
    }
    if !theirs.is_empty() {
        text.push_str(&format!("\nLetters about their open cases {go} to whoever stands in:\n\n"));
        text.push_str(&table.text(2, page::width()));
    }
    Ok(text)
}

async fn back(office: &Office, person: &str, by: &str) -> anyhow::Result<String> {
    let Said { person, by, .. } = Said::new(office, person, by, None)?;
    let today = london_date(office.clock.now());
    if office.store.absences().await?.of(person, today).is_none() {
        return Ok(format!("{} is not away. {UNCHANGED}\n", person.name));
    }
    let note = AwayNote { absence: Absence::over(person, today), by: by.address.clone() };
    office.store.record_absence(&note, office.clock.now()).await?;
    Ok(format!("{} is back. Letters about their cases go to them again.\n", person.name))
}

/// The address of whoever of the `people` is meant.
fn address_of(people: &[&Person], written: &str) -> anyhow::Result<String> {
    let found: BTreeSet<&str> = named(people, written).into_iter().map(|person| &*person.address).collect();
    let found: Vec<&str> = found.into_iter().collect();
    match found[..] {
        [address] => Ok(address.to_owned()),
        [] => bail!("{written:?} is nobody registered, and nobody with open cases; `redress people list` lists who is"),
        _ => bail!("{written:?} may be {}; give the e-mail address", found.join(", ")),
    }
}
