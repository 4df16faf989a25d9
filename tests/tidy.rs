//! House rules that no compiler checks: who may mention what, who may import whom, nothing left lying about.
//!
//! Each rule is a function fed with text, so that a planted defect shows that it bites. Rules look at the program:
//! comments and `#[cfg(test)]` items may say what they like.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A layer of the program and the layers it may use. `main → cli → daemon → {health → mail, store} → domain`; the configuration
/// is handed to those who act on it, never to those who decide or remember.
const LAYERS: [(&str, &[&str]); 8] = [
    ("domain", &[]),
    ("config", &["domain"]),
    ("store", &["domain"]),
    ("mail", &["domain", "config"]),
    ("health", &["config", "mail"]),
    ("daemon", &["domain", "config", "store", "mail", "health"]),
    ("cli", &["domain", "config", "store", "mail", "daemon"]),
    ("main", &["domain", "config", "store", "mail", "daemon", "cli"]),
];

/// What `src/domain/` must not mention, as the beginning of a path: it would no longer be values in, values out.
const NOT_IN_DOMAIN: [&str; 20] = [
    "async",
    "await",
    "tokio",
    "futures",
    "sqlx",
    "tracing",
    "println",
    "eprintln",
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::hash::RandomState",
    "rand",
    "getrandom",
    "fastrand",
    "uuid",
];

/// Where sockets are: mail's, and those by which a monitor asks and is knocked at.
const WITH_SOCKETS: [&str; 2] = ["mail/", "health/"];

/// What only they may mention: whatever opens a socket or speaks through one.
const SOCKETS: [&str; 12] = [
    "TcpStream",
    "TcpListener",
    "TcpSocket",
    "UdpSocket",
    "UnixStream",
    "UnixListener",
    "UnixDatagram",
    "lettre",
    "async_imap",
    "tokio_rustls",
    "hyper",
    "hyper_util",
];

/// Values of those crates that open nothing: how a letter is put together.
const NOT_A_SOCKET: [&str; 3] = ["lettre::message", "lettre::address", "lettre::Address"];

/// Words that begin and go on an SQL statement, in capitals as the house writes SQL. (`SELECT` alone is also IMAP.)
const SQL: [(&str, &str); 9] = [
    ("SELECT ", " FROM "),
    ("INSERT INTO ", ""),
    ("UPDATE ", " SET "),
    ("DELETE FROM ", ""),
    ("CREATE TABLE ", ""),
    ("ALTER TABLE ", ""),
    ("DROP TABLE ", ""),
    ("PRAGMA ", ""),
    ("BEGIN IMMEDIATE", ""),
];

/// One breach: line and what is wrong with it.
type Breach = (usize, String);

fn domain_only_decides(program: &Program) -> Vec<Breach> {
    let why = "src/domain/ decides: no async, I/O, clock, logging or randomness; take the value as a parameter";
    let banned =
        |path: &str| NOT_IN_DOMAIN.iter().find(|banned| begins_with(path, banned)).map(|banned| (*banned).to_owned());
    // `Timestamp::now`, `Zoned::now`, `Instant::now`: a clock whatever its name. A parameter `now` is a value.
    let clock = |path: &str| path.ends_with("::now").then(|| path.to_owned());
    let mentions = program.paths.iter().filter_map(|(line, path)| Some((*line, banned(path).or_else(|| clock(path))?)));
    mentions.map(|(line, what)| (line, format!("mentions {what}; {why}"))).collect()
}

fn sql_stays_in_the_store(program: &Program) -> Vec<Breach> {
    let sqlx = program.paths.iter().filter(|(_, path)| begins_with(path, "sqlx"));
    let sqlx = sqlx.map(|(line, path)| (*line, format!("mentions {path}; only src/store/ talks to the database")));
    let statement = |text: &str| {
        // One space for any white space: statements run over several lines.
        let text = format!("{} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
        SQL.iter().any(|(begins, goes_on)| {
            text.find(begins).is_some_and(|at| text[at + begins.len() - 1..].contains(goes_on))
        })
    };
    let statements = program.strings.iter().filter(|(_, text)| statement(text));
    sqlx.chain(statements.map(|(line, _)| (*line, "an SQL statement; they all live in src/store/".to_owned())))
        .collect()
}

fn sockets_stay_where_they_are(program: &Program) -> Vec<Breach> {
    let named = |path: &str| path.split("::").any(|name| SOCKETS.contains(&name));
    let value = |path: &str| NOT_A_SOCKET.iter().any(|value| begins_with(path, value));
    let socket = |path: &str| begins_with(path, "tokio::net") || (named(path) && !value(path));
    let mentions = program.paths.iter().filter(|(_, path)| socket(path));
    mentions
        .map(|(line, path)| (*line, format!("mentions {path}; only src/mail/ and src/health/ open sockets")))
        .collect()
}

/// `file` is relative to `src/`.
fn imports_point_downwards(file: &str, program: &Program) -> Vec<Breach> {
    if file == "lib.rs" {
        return Vec::new();
    }
    let module = module_of(file);
    let Some((layer, may_use)) = LAYERS.iter().find(|(layer, _)| module.first() == Some(layer)) else {
        return vec![(1, "has no place in the order of layers; give it one in tests/tidy.rs".to_owned())];
    };
    let upward = |path: &str| {
        let used = layer_used(&module, path)?;
        (used != *layer && !may_use.contains(&used)).then_some(used)
    };
    let upwards = program.paths.iter().filter_map(|(line, path)| Some((*line, upward(path)?)));
    upwards.map(|(line, used)| (line, format!("uses {used}; {layer} may use {may_use:?} only"))).collect()
}

/// The path of the module a file under `src/` holds: `mail/mod.rs` → mail, `cli.rs` → cli, `domain/case.rs` → domain,
/// case.
fn module_of(file: &str) -> Vec<&str> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    path.split('/').collect()
}

/// The layer a path leads to, if it leads into the crate's layers at all.
fn layer_used(module: &[&str], path: &str) -> Option<&'static str> {
    let mut at = match path.split_once("::")?.0 {
        "crate" | "redress" => Vec::new(),
        "super" => module.to_vec(),
        _ => return None,
    };
    for name in path.split("::") {
        match name {
            "crate" | "redress" | "self" => {}
            "super" => drop(at.pop()),
            _ => at.push(name),
        }
    }
    LAYERS.iter().map(|(layer, _)| *layer).find(|layer| at.first() == Some(layer))
}

/// Words that promise work instead of doing it.
fn nothing_is_put_off(text: &str) -> Vec<Breach> {
    let words = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!("), concat!("unimpl", "emented!(")];
    let lines = text.lines().zip(1..);
    let put_off = lines.filter_map(|(line, number)| Some((number, words.iter().find(|word| line.contains(**word))?)));
    put_off.map(|(number, word)| (number, format!("says {word}; do it, or open an issue and say nothing"))).collect()
}

/// Fixtures (paths relative to `tests/fixtures/`) that no string in any test names, neither by file nor by folder.
fn fixtures_without_a_test<'a>(fixtures: &'a [String], strings: &BTreeSet<String>) -> Vec<&'a str> {
    let named = |fixture: &&String| {
        let file = fixture.rsplit('/').next().unwrap_or(fixture);
        let stem = file.split('.').next().unwrap_or(file);
        let mut folders = Path::new(fixture.as_str()).ancestors().skip(1).filter_map(Path::to_str);
        strings.iter().any(|text| text == stem || text.contains(file))
            || folders.any(|folder| !folder.is_empty() && strings.iter().any(|text| names_folder(text, folder)))
    };
    fixtures.iter().filter(|fixture| !named(fixture)).map(String::as_str).collect()
}

/// Whether `text` names a whole folder: "fixtures/messages", or with a blank to fill in "fixtures/messages/{name}.eml".
fn names_folder(text: &str, folder: &str) -> bool {
    let after = text.split_once(&format!("fixtures/{folder}")).map(|(_, after)| after);
    after.is_some_and(|after| matches!(after, "" | "/") || after.starts_with("/{"))
}

fn begins_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// What the rules look at in a Rust source file.
struct Program {
    /// Every path the program mentions, braces of `use` multiplied out, with its line. A lone name is a path too.
    paths: Vec<(usize, String)>,
    /// The contents of string literals, with the line they begin in.
    strings: Vec<(usize, String)>,
}

impl Program {
    fn of(source: &str) -> Program {
        let tokens = without_tests(tokens(source));
        let strings = tokens.iter().filter_map(|token| match &token.kind {
            Kind::Text(text) => Some((token.line, text.clone())),
            _ => None,
        });
        Program { strings: strings.collect(), paths: paths(&tokens) }
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Token {
    line: usize,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Word(String),
    Text(String),
    Mark(char),
    /// `::`
    Path,
}

/// Rust's tokens as far as the rules need them: comments gone, literals whole.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let begin = at;
        let rest = &chars[at..];
        let kind = if rest.starts_with(&['/', '/']) {
            at += rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
            None
        } else if rest.starts_with(&['/', '*']) {
            at += block_comment(rest);
            None
        } else if let Some((length, text)) = string(rest) {
            at += length;
            Some(Kind::Text(text))
        } else if rest[0] == '\'' {
            at += character_or_lifetime(rest);
            None
        } else if is_word(rest[0]) {
            let length = rest.iter().position(|c| !is_word(*c)).unwrap_or(rest.len());
            at += length;
            Some(Kind::Word(rest[..length].iter().collect()))
        } else if rest.starts_with(&[':', ':']) {
            at += 2;
            Some(Kind::Path)
        } else {
            at += 1;
            (!rest[0].is_whitespace()).then_some(Kind::Mark(rest[0]))
        };
        tokens.extend(kind.map(|kind| Token { line, kind }));
        line += chars[begin..at].iter().filter(|c| **c == '\n').count();
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(rest: &[char]) -> usize {
    let (mut at, mut depth) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The string literal `rest` begins with, if it does: its length and what is between its quotes, escapes left as they
/// are.
fn string(rest: &[char]) -> Option<(usize, String)> {
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    let raw = rest[..prefix].contains(&'r');
    let hashes = if raw { rest[prefix..].iter().take_while(|c| **c == '#').count() } else { 0 };
    let open = prefix + hashes;
    if prefix > 2 || rest.get(open) != Some(&'"') {
        return None;
    }
    let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let mut at = open + 1;
    while at < rest.len() && !rest[at..].starts_with(&closing) {
        at += if !raw && rest[at] == '\\' { 2 } else { 1 };
    }
    let end = at.min(rest.len());
    Some(((end + closing.len()).min(rest.len()), rest[open + 1..end].iter().collect()))
}

fn character_or_lifetime(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', _, tail @ ..] => 3 + tail.iter().position(|c| *c == '\'').map_or(0, |at| at + 1),
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

/// Leaves out every item under `#[cfg(test)]`: to its closing brace, or its semicolon.
fn without_tests(tokens: Vec<Token>) -> Vec<Token> {
    let attribute: Vec<Kind> = "# [ cfg ( test ) ]"
        .split(' ')
        .map(|text| match text {
            "cfg" | "test" => Kind::Word(text.to_owned()),
            mark => Kind::Mark(mark.chars().next().expect("split leaves no empty text")),
        })
        .collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        if !rest.iter().map(|token| &token.kind).take(attribute.len()).eq(attribute.iter()) {
            kept.push(rest[0].clone());
            at += 1;
            continue;
        }
        let mut depth = 0;
        at += attribute.len();
        while at < tokens.len() {
            let kind = &tokens[at].kind;
            at += 1;
            match kind {
                Kind::Mark('{') => depth += 1,
                Kind::Mark('}') => depth -= 1,
                _ => {}
            }
            if depth == 0 && matches!(kind, Kind::Mark('}' | ';')) {
                break;
            }
        }
    }
    kept
}

fn paths(tokens: &[Token]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        at += path(&tokens[at..], "", &mut found).max(1);
    }
    found
}

/// Adds the path that `tokens` begins with, or each path of a braced group; returns how many tokens that took.
fn path(tokens: &[Token], prefix: &str, found: &mut Vec<(usize, String)>) -> usize {
    let Some(Token { line, kind: Kind::Word(word) }) = tokens.first() else { return 0 };
    let whole = match (prefix, word.as_str()) {
        ("", _) => word.clone(),
        (_, "self") => prefix.to_owned(),
        _ => format!("{prefix}::{word}"),
    };
    if tokens.get(1).map(|token| &token.kind) != Some(&Kind::Path) {
        found.push((*line, whole));
        return 1;
    }
    match tokens.get(2).map(|token| &token.kind) {
        Some(Kind::Word(_)) => 2 + path(&tokens[2..], &whole, found),
        Some(Kind::Mark('{')) => {
            let mut at = 3;
            while at < tokens.len() && tokens[at].kind != Kind::Mark('}') {
                at += path(&tokens[at..], &whole, found).max(1);
            }
            at + 1
        }
        _ => {
            // A glob, or a turbofish: the path ends here.
            found.push((*line, whole));
            2
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under `folder` of the project, sorted, relative to it; none when there is no such folder.
fn files(folder: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("a folder of the project can be read").path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let base = root().join(folder);
    let mut found = Vec::new();
    walk(&base, &mut found);
    found.sort();
    let relative = |path: &PathBuf| path.strip_prefix(&base).expect("walked from there").to_string_lossy().into_owned();
    found.iter().map(relative).collect()
}

fn read(path: &str) -> String {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Holds `rule` against each Rust file under `src/` that `applies`, and fails with every breach found.
fn hold(applies: impl Fn(&str) -> bool, rule: impl Fn(&str, &Program) -> Vec<Breach>) {
    let sources = files("src").into_iter().filter(|file| file.ends_with(".rs") && applies(file));
    let sources: Vec<String> = sources.collect();
    assert!(!sources.is_empty(), "the rule looks at no file at all");
    let breaches = sources.iter().flat_map(|file| {
        let breaches = rule(file, &Program::of(&read(&format!("src/{file}"))));
        breaches.into_iter().map(move |(line, what)| format!("src/{file}:{line}: {what}"))
    });
    let breaches: Vec<String> = breaches.collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn src_domain_only_decides() {
    hold(|file| file.starts_with("domain/"), |_, program| domain_only_decides(program));
}

#[test]
fn sql_is_found_in_src_store_only() {
    hold(|file| !file.starts_with("store/"), |_, program| sql_stays_in_the_store(program));
}

#[test]
fn sockets_are_found_in_src_mail_and_src_health_only() {
    hold(
        |file| !WITH_SOCKETS.iter().any(|folder| file.starts_with(folder)),
        |_, program| sockets_stay_where_they_are(program),
    );
}

#[test]
fn every_import_points_downwards() {
    hold(|_| true, imports_point_downwards);
}

#[test]
fn no_file_promises_work_instead_of_doing_it() {
    let folders = ["src", "tests", "config", "migrations", "deploy", ".ci"];
    let kept = |path: &String| !path.starts_with("tests/fixtures/");
    let paths = folders.iter().flat_map(|folder| files(folder).into_iter().map(move |file| format!("{folder}/{file}")));
    let breaches: Vec<String> = paths
        .filter(kept)
        .flat_map(|path| {
            nothing_is_put_off(&read(&path)).into_iter().map(move |(line, what)| format!("{path}:{line}: {what}"))
        })
        .collect();
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

#[test]
fn every_fixture_is_used_by_a_test() {
    let rust = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder).into_iter().map(move |file| format!("{folder}/{file}")));
    let strings =
        rust.filter(|path| path.ends_with(".rs") && path != "tests/tidy.rs").flat_map(|path| tokens(&read(&path)));
    let strings: BTreeSet<String> = strings
        .filter_map(|token| match token.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        })
        .collect();
    let fixtures = files("tests/fixtures");
    assert_eq!(fixtures_without_a_test(&fixtures, &strings), Vec::<&str>::new());
}

#[test]
fn every_defect_that_the_simulation_must_find_can_still_be_planted() {
    let defects = files("tests/sim/defects");
    assert!(defects.len() >= 12, "{defects:?}");
    let cannot = defects.iter().filter(|defect| {
        let path = root().join("tests/sim/defects").join(defect);
        let tried = Command::new("git").args(["apply", "--check"]).arg(path).current_dir(root()).output();
        !tried.expect("git is there").status.success()
    });
    assert_eq!(cannot.collect::<Vec<_>>(), [""; 0], "make these patches anew, then run tests/sim/bite");
}

// From here on: planted defects. Each rule finds what it is there to find, and lets pass what only looks like it.

fn lines(breaches: Vec<Breach>) -> Vec<usize> {
    breaches.into_iter().map(|(line, _)| line).collect()
}

#[test]
fn a_domain_that_acts_is_found() {
    for (defect, at) in [
        ("async fn decide() {}", vec![1]),
        ("use tokio::time;", vec![1]),
        ("\nfn f() { tracing::info!(\"x\") }", vec![2]),
        ("use std::{fmt, fs};", vec![1]),
        ("use std::fs::File;", vec![1]),
        ("use std::{\n    fmt,\n    net::{IpAddr, TcpStream},\n};", vec![3, 3]),
        ("fn f() -> Timestamp { jiff::Timestamp::now() }", vec![1]),
        ("let started = std::time::Instant::now();", vec![1]),
        ("use std::time::{Duration, SystemTime};", vec![1]),
        ("let dice = rand::random::<u8>();", vec![1]),
        ("static A: &str = r#\"a \" quote\"#; use sqlx::Row;", vec![1]),
        ("let c = '\"'; use sqlx::Row; let d = '\\''; println!(\"\");", vec![1, 1]),
        ("#[cfg(test)]\nmod tests { fn f() { if true {} } }\nuse tokio::fs;", vec![3]),
    ] {
        assert_eq!(lines(domain_only_decides(&Program::of(defect))), at, "{defect}");
    }
}

#[test]
fn a_domain_that_decides_is_left_alone() {
    for fine in [
        "//! No async, tokio, std::fs.\n/* sqlx /* nested */ tracing */ fn f() {}",
        "fn decide(now: Timestamp) { let later = now; at(now) }",
        "const A: &str = \"use tokio::time; \\\" async\";",
        "fn f<'a>(x: &'a str) -> &'a str { x }",
        "use std::{fmt, time::Duration}; let grand = brand::random();",
        "#[cfg(test)]\nmod tests {\n    use std::fs;\n    async fn f() { let a = '}'; }\n}",
        "#[cfg(test)]\nuse std::fs;",
    ] {
        assert_eq!(domain_only_decides(&Program::of(fine)), [], "{fine}");
    }
}

#[test]
fn sql_outside_the_store_is_found() {
    for (defect, at) in [
        ("use sqlx::Row;", vec![1]),
        ("\nconst A: &str = \"SELECT id\n  FROM letter\";", vec![2]),
        ("let a = r#\"INSERT INTO letter (id)\"#;", vec![1]),
        ("let a = \"UPDATE letter\n   SET state = 'sent'\";", vec![1]),
        ("let a = format!(\"DELETE FROM {table}\");", vec![1]),
        ("let a = \"PRAGMA journal_mode\";", vec![1]),
    ] {
        assert_eq!(lines(sql_stays_in_the_store(&Program::of(defect))), at, "{defect}");
    }
    for fine in
        ["// SELECT id FROM letter", "let a = \"SELECT INBOX\";", "let a = \"Select one from the list; UPDATE 3\";"]
    {
        assert_eq!(sql_stays_in_the_store(&Program::of(fine)), [], "{fine}");
    }
}

#[test]
fn a_socket_elsewhere_is_found() {
    for defect in [
        "use std::net::TcpStream;",
        "let socket = TcpListener::bind(address);",
        "use tokio::{time, net::UnixStream};",
        "use tokio::net;",
        "fn f(transport: lettre::AsyncSmtpTransport) {}",
        "use lettre::{self, message::Mailbox};",
        "use async_imap::Session;",
        "use hyper::server::conn::http1;",
    ] {
        assert_eq!(lines(sockets_stay_where_they_are(&Program::of(defect))), [1], "{defect}");
    }
    for fine in ["use std::net::IpAddr; // TcpStream, lettre", "use lettre::{Address, message::{self, Mailbox}};"] {
        assert_eq!(sockets_stay_where_they_are(&Program::of(fine)), [], "{fine}");
    }
}

#[test]
fn an_import_that_points_upwards_or_sideways_is_found() {
    for (file, defect) in [
        ("domain/case.rs", "use crate::store::Store;"),
        ("domain/mod.rs", "use crate::config::Config;"),
        ("store/mod.rs", "use crate::{domain::case::Case, mail::mailbox::Mailbox};"),
        ("store/open.rs", "use super::super::config::Config;"),
        ("store/mod.rs", "use crate::config::Config;"),
        ("mail/mailbox.rs", "fn f() -> crate::store::Store { todo() }"),
        ("daemon/send.rs", "use crate::cli;"),
        ("config.rs", "use super::mail::transport::Transport;"),
        ("health/listen.rs", "use crate::store::Store;"),
        ("cli/status.rs", "use crate::health::knock::knock;"),
        ("somewhere/new.rs", "fn f() {}"),
    ] {
        assert_eq!(lines(imports_point_downwards(file, &Program::of(defect))), [1], "{file}: {defect}");
    }
}

#[test]
fn an_import_that_points_downwards_is_left_alone() {
    for (file, fine) in [
        ("main.rs", "use redress::{cli, config, daemon};"),
        ("cli/mod.rs", "use crate::{config::Config, daemon, domain::case::Case, store::Store}; mod calendar;"),
        ("daemon/send.rs", "use crate::{mail::transport::Transport, store::Store}; use super::clock::Clock;"),
        ("mail/mailbox.rs", "use crate::config::Server; use crate::domain::landlord; use super::transport;"),
        ("store/mod.rs", "use crate::domain::mail::Thing; use self::open::open; let mail = 1; mail::nothing();"),
        ("domain/case.rs", "use super::calendar::Calendar; use super::*;"),
        ("lib.rs", "pub mod cli; pub mod domain;"),
    ] {
        assert_eq!(imports_point_downwards(file, &Program::of(fine)), [], "{file}: {fine}");
    }
}

#[test]
fn work_put_off_is_found() {
    let defects = [concat!("a\n// TO", "DO: later"), concat!("a\n# FIX", "ME"), concat!("a\nunimpl", "emented!()")];
    for defect in defects {
        assert_eq!(lines(nothing_is_put_off(defect)), [2], "{defect}");
    }
    assert_eq!(nothing_is_put_off("todo = \"warn\"\nunimplemented = \"warn\"\n"), []);
}

#[test]
fn a_fixture_no_test_mentions_is_found() {
    let fixtures =
        ["messages/odd.eml", "messages/odd.expected", "lists/a.txt", "lists/b.txt", "c.toml"].map(str::to_owned);
    let used = |strings: &[&str]| {
        let strings = strings.iter().map(|text| (*text).to_owned()).collect();
        fixtures_without_a_test(&fixtures, &strings).join(" ")
    };
    assert_eq!(used(&[]), "messages/odd.eml messages/odd.expected lists/a.txt lists/b.txt c.toml");
    assert_eq!(used(&["tests/fixtures/messages", "tests/fixtures/lists/", "c.toml"]), "");
    assert_eq!(used(&["odd", "../tests/fixtures/lists/a.txt"]), "lists/b.txt c.toml");
    assert_eq!(
        used(&["tests/fixtures/{name}", "fixtures/lists/{name}.txt"]),
        "messages/odd.eml messages/odd.expected c.toml"
    );
}
