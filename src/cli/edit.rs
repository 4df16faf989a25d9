//! `--edit`: an act as a form in the person's own editor, read back with the grammar of e-mail.
//!
//! The form lies in a folder that only its user can enter and that is gone at the end, whatever the end is. What was not
//! saved does nothing.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::act::{UNCHANGED, in_a_sentence};
use super::scratch::Scratch;
use crate::domain::case::Refusal;
use crate::domain::code::cite;
use crate::domain::command::form::{self, BLANK};
use crate::domain::command::grammar::{Form, Holds, Mistake, Row};
use crate::domain::command::written;
use crate::domain::reference::Reference;

/// Where neither `VISUAL` nor `EDITOR` says which.
const EDITORS: [&str; 2] = ["vi", "nano"];
/// Begins the lines that say what is wrong.
const WRONG: &str = "#! ";
/// The form is made so much older than it is: whatever clock a file system has, saving it is noticed.
const BEFORE: Duration = Duration::from_secs(10);

/// A form to be filled in.
pub(super) struct Sheet<'a> {
    pub(super) row: Row,
    /// The case; `None` when one is about to be opened.
    pub(super) case: Option<&'a Reference>,
    /// What it is about, in a line.
    pub(super) about: String,
    /// What is written into its fields to begin with.
    pub(super) drafts: Vec<(String, String)>,
}

/// Lets the person fill in the form until `read` and then `carry_out` take it. `None` when they saved nothing, or an empty
/// file: nothing has been done then.
///
/// # Errors
///
/// When there is no editor or it fails, the same mistakes are saved again, or it cannot be carried out for a trouble that
/// is no refusal. Nothing has been done then.
pub(super) async fn filled_in<T, D>(
    sheet: &Sheet<'_>,
    read: impl Fn(&Form) -> Result<T, Vec<Mistake>>,
    carry_out: impl AsyncFn(T) -> anyhow::Result<D>,
) -> anyhow::Result<Option<D>> {
    let scratch = Scratch::new()?;
    let path = scratch.path().join(format!("{}.txt", sheet.row.name));
    let mut text = sheet.text();
    loop {
        let Some(saved) = edited(&path, &text).await? else { return Ok(None) };
        let words = without_hints(&saved, sheet.row);
        if words.trim().is_empty() {
            return Ok(None);
        }
        let wrong = match sheet.read(&words).and_then(|form| read(&form).map_err(in_words)) {
            Err(wrong) => wrong,
            Ok(asked) => match carry_out(asked).await {
                Ok(done) => return Ok(Some(done)),
                Err(trouble) => match trouble.downcast_ref::<Refusal>() {
                    Some(refusal) => vec![in_a_sentence(refusal)],
                    None => return Err(trouble),
                },
            },
        };
        if saved == text {
            bail!("{}\n{UNCHANGED}", wrong.join("\n"));
        }
        text = with_mistakes(&wrong, &saved);
    }
}

// ── the form ──────────────────────────────────────────────────────────────────────────────────────────────────────

impl Sheet<'_> {
    fn text(&self) -> String {
        let Row { name, meaning, provision, fields, .. } = self.row;
        let provision = provision.map(|provision| format!(" ({})", cite(provision))).unwrap_or_default();
        let mut text = format!(
            "# {}\n# {name}: {meaning}{provision}.\n#\n# Write behind the colons, and save. What is still {BLANK} counts as not \
             given.\n# Lines that begin with # are not read. Save an empty file, or nothing, and nothing is done.\n\n{name}\n",
            self.about
        );
        for field in fields {
            let needed = if field.needed { "Needed. " } else { "" };
            let several = if field.several { " A line each, with its name, where there are several." } else { "" };
            let example = if field.holds == Holds::Flag { "yes" } else { field.example };
            text.push_str(&format!("# {needed}{}.{several} For example: {example}\n", capital(field.meaning)));
            let drafts = self.drafts.iter().filter(|(name, _)| name == field.name).map(|(_, draft)| draft.as_str());
            let mut drafts: Vec<&str> = drafts.collect();
            if drafts.is_empty() {
                drafts.push(BLANK);
            }
            for draft in drafts {
                let line = form::text(name, &[(field.name, draft)]);
                // Else what begins like a hint would be taken for one.
                text.push_str(&line.split_once('\n').map_or("", |(_, line)| line).replace("\n#", "\n #"));
            }
        }
        text
    }

    /// The one form of this act in what was written.
    fn read(&self, words: &str) -> Result<Form, Vec<String>> {
        let written = written::read(words);
        let mut wrong = in_words(written.mistakes);
        wrong.extend(written.unread.map(|line| format!("this belongs to no field: {line}")));
        let other = written.cases.iter().find(|named| self.case != Some(*named));
        wrong.extend(other.map(|other| format!("it names {other}, and the form is about another case")));
        let mut forms = written.forms;
        match (forms.pop(), forms.is_empty()) {
            (Some(form), true) if form.verb == self.row.name && wrong.is_empty() => Ok(form),
            (Some(form), true) if form.verb == self.row.name => Err(wrong),
            _ if wrong.is_empty() => Err(vec![format!("the form begins with {}, and has one act", self.row.name)]),
            _ => Err(wrong),
        }
    }
}

fn capital(sentence: &str) -> String {
    let (first, rest) = sentence.split_at(sentence.chars().next().map_or(0, char::len_utf8));
    format!("{}{rest}", first.to_uppercase())
}

fn in_words(mistakes: Vec<Mistake>) -> Vec<String> {
    mistakes.iter().map(Mistake::to_string).collect()
}

/// What was written, without the lines of hints, and without what is said or not said and still is as it was.
fn without_hints(saved: &str, row: Row) -> String {
    let unsaid = |line: &str| {
        let named = line.split_once(':').filter(|(_, value)| form::filled_in(value).is_none());
        named.and_then(|(name, _)| row.field(name)).is_some_and(|field| field.holds == Holds::Flag)
    };
    let lines = saved.lines().filter(|line| !line.starts_with('#') && !unsaid(line));
    lines.map(|line| line.to_owned() + "\n").collect()
}

/// What was saved, below what is wrong with it.
fn with_mistakes(wrong: &[String], saved: &str) -> String {
    let mut text = format!("{WRONG}Nothing has been done yet. Please put right:\n");
    for line in wrong.iter().flat_map(|wrong| wrong.lines()) {
        text.push_str(&format!("{WRONG}  {line}\n"));
    }
    let rest = saved.lines().filter(|line| !line.starts_with(WRONG.trim_end()));
    rest.fold(text, |text, line| text + line + "\n")
}

// ── the editor ────────────────────────────────────────────────────────────────────────────────────────────────────

/// Lets the person edit `text` in a file at `path`. `None` when they did not save it.
async fn edited(path: &Path, text: &str) -> anyhow::Result<Option<String>> {
    let lost = || format!("The form at {} is lost", path.display());
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).with_context(lost)?;
    file.write_all(text.as_bytes()).with_context(lost)?;
    let written = file.metadata().and_then(|meta| meta.modified()).with_context(lost)?;
    let before = written.checked_sub(BEFORE).unwrap_or(written);
    file.set_modified(before).with_context(lost)?;
    drop(file);
    run(&editor()?, path).await?;
    let changed = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        meta => meta.and_then(|meta| meta.modified()).with_context(lost)?,
    };
    if changed == before {
        return Ok(None);
    }
    let saved = fs::read(path).with_context(lost)?;
    Ok(Some(String::from_utf8_lossy(&saved).into_owned()))
}

/// The command that starts the editor, as a shell takes it.
fn editor() -> anyhow::Result<String> {
    let wanted = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    if let Some(editor) = wanted("VISUAL").or_else(|| wanted("EDITOR")) {
        return Ok(editor);
    }
    let folders: Vec<PathBuf> = std::env::var_os("PATH").iter().flat_map(|path| std::env::split_paths(path)).collect();
    let there = |name: &&str| folders.iter().any(|folder| folder.join(OsStr::new(name)).is_file());
    let found = EDITORS.into_iter().find(there);
    Ok(found
        .context("There is no editor here: put the name of yours into EDITOR, as in `export EDITOR=nano`")?
        .to_owned())
}

/// Waits for the editor to end. Ctrl-C is the editor's affair meanwhile; when the system or a closed terminal ends us, the
/// form is not left behind.
async fn run(editor: &str, path: &Path) -> anyhow::Result<()> {
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    let _ignored = signal(SignalKind::interrupt())?;
    let failed = || format!("The editor ({editor}) could not be started");
    let mut child = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "redress"])
        .arg(path)
        .kill_on_drop(true)
        .spawn()
        .with_context(failed)?;
    let ended = tokio::select! {
        ended = child.wait() => ended.with_context(failed)?,
        _ = terminate.recv() => bail!("Stopped. {UNCHANGED}"),
        _ = hangup.recv() => bail!("Stopped. {UNCHANGED}"),
    };
    match ended.code() {
        Some(0) => Ok(()),
        Some(126 | 127) => bail!("{}: put the name of yours into EDITOR. {UNCHANGED}", failed()),
        _ => bail!("The editor ({editor}) ended with {ended}. {UNCHANGED}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::grammar::{LOG, VERBS, Verb};

    fn sheet(row: Row, drafts: Vec<(String, String)>) -> Sheet<'static> {
        Sheet { row, case: None, about: "WEL-1047-K, Rosa Quill: extend".to_owned(), drafts }
    }

    fn read(sheet: &Sheet, saved: &str) -> Result<Form, Vec<String>> {
        sheet.read(&without_hints(saved, sheet.row))
    }

    #[test]
    fn the_sheet_of_every_act_reads_back_blank_and_filled_in() {
        for row in VERBS.iter().map(Verb::row).chain([LOG.row()]) {
            let blank = sheet(row, Vec::new());
            let form = read(&blank, &blank.text()).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", row.name));
            let given =
                form.fields.iter().filter(|(_, value)| form::filled_in(value).is_some_and(|value| !value.is_empty()));
            assert_eq!(given.count(), 0, "{}: {form:?}", row.name);

            let example = |flag: bool, example: &str| if flag { "yes".to_owned() } else { example.to_owned() };
            let drafts = row
                .fields
                .iter()
                .map(|field| (field.name.to_owned(), example(field.holds == Holds::Flag, field.example)));
            let drafts: Vec<_> = drafts.collect();
            let filled = sheet(row, drafts.clone());
            let form = read(&filled, &filled.text()).unwrap_or_else(|wrong| panic!("{}: {wrong:?}", row.name));
            assert_eq!(form.fields, drafts, "{}", row.name);
        }
    }

    #[test]
    fn paragraphs_keep_their_lines_and_none_of_them_is_taken_for_a_hint() {
        let row = VERBS.iter().map(Verb::row).find(|row| row.name == "update").expect("an act");
        let text = "Dear Ms Quill,\n\n#1 is done.\n\nThe lift comes next.".to_owned();
        let update = sheet(row, vec![("text".to_owned(), text)]);
        let form = read(&update, &update.text()).expect("it is sound");
        assert_eq!(form.fields[0].1, "Dear Ms Quill,\n\n#1 is done.\n\nThe lift comes next.");
    }

    #[test]
    fn another_act_another_case_or_a_line_of_no_field_is_no_form() {
        let case: Reference = "WEL-1001-Z".parse().expect("a reference");
        let row = VERBS.iter().map(Verb::row).find(|row| row.name == "close").expect("an act");
        let close = Sheet { case: Some(&case), ..sheet(row, Vec::new()) };
        assert!(read(&close, "close WEL-1001-Z\nlearning: Ring back sooner\n").is_ok());
        for (written, wrong) in [
            ("note\ntext: Hello there\n", "the form begins with close, and has one act"),
            (
                "close WEL-1002-B\nlearning: Ring back sooner\n",
                "it names WEL-1002-B, and the form is about another case",
            ),
            ("Well, I do not know about that.\n", "this belongs to no field: Well, I do not know about that."),
        ] {
            let found = read(&close, written).expect_err(written);
            assert!(found.iter().any(|line| line == wrong), "{written}: {found:?}");
        }
    }
}
