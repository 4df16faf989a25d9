//! Whose a message is proved to be: what the receiving server found out about the From address (RFC 8601).
//!
//! Only the topmost `Authentication-Results` field can be our own server's: whoever sent the message may have written what
//! stands below it, and the sealed copies of other servers (`ARC-…`, RFC 8617) vouch for nothing here. Who reads the proof
//! names the server it trusts.
//!
//! A check counts for the domain of the From address, which residents and officers are known by: DMARC when it passed for
//! that very domain; DKIM and SPF when theirs has the same organisational domain (RFC 7489, 3.1 and 3.2, relaxed), by the
//! public suffix list of the day this program was built. A suffix newer than that makes two domains strangers or kin at
//! worst until the next build; DMARC does not depend on it.

use serde::{Deserialize, Serialize};

use super::mime::Entity;
use super::{MICROSOFT_365, Proof, address};

/// What the topmost field says of the sender.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checks {
    /// Who says so (authserv-id), lower case; [`MICROSOFT_365`] where the field names nobody. `None` without a field.
    server: Option<String>,
    /// The check that passed for the domain of the From address.
    passed: Option<String>,
    /// The check that failed while none vouched for the message, whatever its domain.
    failed: Option<String>,
    /// Why nothing could pass, where no single check is to blame.
    obstacle: Option<String>,
}

impl Checks {
    pub(super) fn server(&self) -> Option<&str> {
        self.server.as_deref()
    }

    pub(super) fn proof(&self, authserv_id: &str) -> Proof {
        if self.server().is_none_or(|server| !server.eq_ignore_ascii_case(authserv_id)) {
            return Proof::Absent;
        }
        match &self.passed {
            Some(check) => Proof::Passed(check.clone()),
            None => {
                let failed = self.failed.as_ref().map(|check| format!("{check}=fail"));
                let obstacle = || self.obstacle.clone().unwrap_or_else(|| "no check passed for its domain".to_owned());
                Proof::Failed(failed.unwrap_or_else(obstacle))
            }
        }
    }

    /// The check that failed at whichever server handled the message last: no proof of anything, but a doubt.
    pub(super) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }
}

/// Reads the topmost field of a message and holds it against its From address.
pub(super) fn read(entity: &Entity<'_>) -> Checks {
    let Some(field) = entity.raw("authentication-results") else { return Checks::default() };
    let results = results(&field);
    let passed = match from_domain(entity) {
        Err(obstacle) => Err(obstacle),
        Ok(_) if !results.sound => Err("the server's word on it cannot be read"),
        // Within one organisation Exchange checks the login instead, and removes this field from what comes from outside.
        Ok(_) if results.server == MICROSOFT_365 && sent_inside(entity) => Ok(Some("login")),
        Ok(domain) => Ok(results.passed_for(&domain)),
    };
    Checks {
        passed: passed.unwrap_or_default().map(str::to_owned),
        failed: results.failed().map(str::to_owned),
        obstacle: passed.err().map(str::to_owned),
        server: Some(results.server),
    }
}

/// The domain of the one author. Several From fields or addresses are read one way by the server and another way by us.
fn from_domain(entity: &Entity<'_>) -> Result<String, &'static str> {
    let fields: Vec<String> = entity.all("from").take(2).collect();
    let [field] = fields.as_slice() else { return Err("it does not have one From field") };
    let authors = address::mailboxes(field);
    let [author] = authors.as_slice() else { return Err("its From field does not name one address") };
    let (_, domain) = author.address.rsplit_once('@').ok_or("its From field does not name one address")?;
    Ok(domain.to_owned())
}

fn sent_inside(entity: &Entity<'_>) -> bool {
    entity.raw("x-ms-exchange-organization-authas").is_some_and(|value| value.trim().eq_ignore_ascii_case("internal"))
}

/// A field, read (RFC 8601, 2.2).
struct Results {
    server: String,
    statements: Vec<Statement>,
    /// Comments and quotes are balanced. Where they are not, a sender's words may have escaped from their place.
    sound: bool,
}

/// `method=result` and what it is about: `header.from=example.org`. All lower case.
#[derive(Debug)]
struct Statement {
    method: String,
    result: String,
    properties: Vec<(String, String)>,
}

impl Results {
    fn passed_for(&self, domain: &str) -> Option<&'static str> {
        let verdicts = || self.of("dmarc").map(|statement| statement.result.as_str());
        if verdicts().any(|result| result == "fail") {
            return None;
        }
        if self.of("dmarc").any(|dmarc| dmarc.passed() && dmarc.domain(&["header.from"]) == Some(domain)) {
            return Some("dmarc");
        }
        // RFC 8601, 2.7.1: the identity of a signature (header.i) lies within its domain (header.d).
        let about = [("dkim", &["header.d", "header.i"][..]), ("spf", &["smtp.mailfrom", "smtp.mail"])];
        about.into_iter().find_map(|(method, properties)| {
            let vouches = |statement: &Statement| {
                statement.passed() && statement.domain(properties).is_some_and(|theirs| aligned(theirs, domain))
            };
            self.of(method).any(vouches).then_some(method)
        })
    }

    /// A DMARC that failed, else another check that did while no signature and no policy vouches for the message.
    fn failed(&self) -> Option<&'static str> {
        let failed = |method: &&str| self.of(method).any(|statement| statement.result == "fail");
        let vouched = self.sound && ["dmarc", "dkim"].iter().any(|method| self.of(method).any(Statement::passed));
        ["dmarc"].into_iter().chain(["spf", "dkim", "compauth"].into_iter().filter(|_| !vouched)).find(failed)
    }

    fn of(&self, method: &str) -> impl Iterator<Item = &Statement> {
        self.statements.iter().filter(move |statement| statement.method == method)
    }
}

impl Statement {
    fn passed(&self) -> bool {
        self.result == "pass"
    }

    /// The domain of the first of `names` that is given, and given once.
    fn domain(&self, names: &[&str]) -> Option<&str> {
        let value = names.iter().find_map(|name| {
            let mut values = self.properties.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
            Some((values.next()?, values.next())).map(|(value, another)| another.is_none().then_some(value))
        })??;
        let domain = value.rsplit_once('@').map_or(value.as_str(), |(_, domain)| domain);
        Some(domain.trim_matches(['<', '>', '.'])).filter(|domain| !domain.is_empty())
    }
}

/// Whether two domains belong to one organisation: `mail.example.org` and `example.org`, not two of `gov.uk`.
fn aligned(one: &str, other: &str) -> bool {
    let organisation = |domain| psl::domain_str(domain);
    one == other || organisation(one).is_some_and(|name| organisation(other) == Some(name))
}

fn results(field: &str) -> Results {
    let (tokens, sound) = tokens(field);
    let (server, groups) = match tokens.as_slice() {
        // The version of the format, where it is given, stands behind the server's name.
        [Token::Name(server), Token::Name(version), ..] if version.parse().is_ok_and(|number: u32| number != 1) => {
            (server.as_str(), &[][..])
        }
        [Token::Name(_), Token::Value(_), ..] => (MICROSOFT_365, tokens.as_slice()),
        [Token::Name(server), rest @ ..] => (server.as_str(), rest),
        rest => (MICROSOFT_365, rest),
    };
    let statements = groups.split(|token| *token == Token::End).filter_map(statement).collect();
    Results { server: server.to_owned(), statements, sound }
}

fn statement(tokens: &[Token]) -> Option<Statement> {
    let mut pairs = tokens.windows(2).filter_map(|pair| match pair {
        [Token::Name(name), Token::Value(value)] => Some((name.clone(), value.clone())),
        _ => None,
    });
    let (method, result) = pairs.next()?;
    let method = match method.split_once('/') {
        Some((method, "1")) => method.to_owned(),
        Some(_) => return None,
        None => method,
    };
    Some(Statement { method, result, properties: pairs.collect() })
}

/// A piece of the field, lower case, its quotes taken off.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// What stands before `=` or by itself.
    Name(String),
    /// What stands behind `=`; it may hold another `=`, as the return paths of mailing programs do.
    Value(String),
    /// `;`
    End,
}

/// The pieces between comments and white space (RFC 5322, 3.2.2), and whether all that was opened was closed.
fn tokens(field: &str) -> (Vec<Token>, bool) {
    let mut found = Vec::new();
    let mut sound = true;
    let mut value_follows = false;
    let mut rest = field.chars().peekable();
    while let Some(&next) = rest.peek() {
        match next {
            _ if next.is_whitespace() => drop(rest.next()),
            '(' => sound &= skip_comment(&mut rest),
            ')' => {
                sound = false;
                rest.next();
            }
            ';' => {
                rest.next();
                found.push(Token::End);
                value_follows = false;
            }
            '=' if !value_follows => {
                rest.next();
                value_follows = true;
            }
            _ => {
                let (word, closed) = word(&mut rest, value_follows);
                sound &= closed;
                match found.last_mut() {
                    _ if value_follows => found.push(Token::Value(word)),
                    // RFC 8601, 2.2: white space may stand around the full stop of "header.from" and the stroke of "dkim/1".
                    Some(Token::Name(name)) if name.ends_with(['.', '/']) || word.starts_with(['.', '/']) => {
                        name.push_str(&word);
                    }
                    _ => found.push(Token::Name(word)),
                }
                value_follows = false;
            }
        }
    }
    (found, sound)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Comments nest. Says whether this one was closed.
fn skip_comment(rest: &mut Rest<'_>) -> bool {
    let mut depth = 0_usize;
    while let Some(c) = rest.next() {
        match c {
            '\\' => drop(rest.next()),
            '(' => depth += 1,
            ')' if depth == 1 => return true,
            ')' => depth -= 1,
            _ => {}
        }
    }
    false
}

/// A run of plain and quoted letters, and whether its quotes were closed.
fn word(rest: &mut Rest<'_>, is_value: bool) -> (String, bool) {
    let mut word = String::new();
    let mut quoted = false;
    while let Some(&c) = rest.peek() {
        let ends = c.is_whitespace() || matches!(c, ';' | '(' | ')') || (c == '=' && !is_value);
        if ends && !quoted {
            break;
        }
        rest.next();
        match c {
            '"' => quoted = !quoted,
            '\\' if quoted => word.extend(rest.next()),
            _ => word.push(c),
        }
    }
    (word.to_lowercase(), !quoted)
}
