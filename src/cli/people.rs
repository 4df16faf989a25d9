//! `redress people`: who is registered, what they have to do, and what becomes of it when somebody leaves.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::act::{self, in_a_sentence};
use super::beside::Beside;
use super::page;
use crate::config::Config;
use crate::daemon::command;
use crate::domain::case::{Case, Refusal};
use crate::domain::command::Command;
use crate::domain::command::grammar::named;
use crate::domain::landlord::{Landlord, Person};
use crate::domain::reference::Reference;
use crate::store::Store;

/// What `redress people` is asked.
#[derive(Args, Debug)]
pub struct Ask {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// List who is registered, in which role, with how many open cases; and who still has cases and no longer is
    #[command(after_help = "\
Examples:
  redress people list
  redress people list --json | jq '.[] | select(.registered == false)'

JSON: an array of objects with landlord, name, role, address, registered, open_cases (references), open_actions.")]
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
    if json {
        let people: Vec<Value> = everybody.iter().map(object).collect();
        return Ok(page::json(&json!(people)));
    }
    let mut table = page::Table::new(["Address", "Name", "Role", "Landlord", "Open cases", "Actions", "Marks"]);
    for Somebody { landlord, person, registered, cases, actions } in &everybody {
        table.row([
            person.address.clone(),
            person.name.clone(),
            person.role.clone(),
            landlord.clone(),
            cases.len().to_string(),
            actions.to_string(),
            if *registered { "-" } else { "no longer registered" }.to_owned(),
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

fn object(who: &Somebody) -> Value {
    json!({
        "landlord": who.landlord,
        "name": who.person.name,
        "role": who.person.role,
        "address": who.person.address,
        "registered": who.registered,
        "open_cases": who.cases,
        "open_actions": who.actions,
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
    let address = address_of(&everybody(&landlords, &open), leaving)?;
    let theirs = open.iter().filter(|open| open.case.handler().is_some_and(|handler| handler.address == address));
    let theirs: Vec<&Open> = theirs.collect();
    if theirs.is_empty() {
        return Ok(page::print(&format!("{address} has no open cases. Nothing has been changed.\n"))?);
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

/// The address of whoever is meant, registered or with open cases still.
fn address_of(everybody: &[Somebody], written: &str) -> anyhow::Result<String> {
    let people: Vec<&Person> = everybody.iter().map(|who| &who.person).collect();
    let found: BTreeSet<&str> = named(&people, written).into_iter().map(|person| &*person.address).collect();
    let found: Vec<&str> = found.into_iter().collect();
    match found[..] {
        [address] => Ok(address.to_owned()),
        [] => bail!("{written:?} is nobody registered, and nobody with open cases; `redress people list` lists who is"),
        _ => bail!("{written:?} may be {}; give the e-mail address", found.join(", ")),
    }
}
