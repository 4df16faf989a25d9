//! What an operator installs: units that systemd accepts and finds well shut in, a backup that can be restored, a
//! handbook whose commands exist.
//!
//! Tests that need `systemd-analyze` or `sqlite3` say so and pass where it is missing, except under CI, which has both.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const REDRESS: &str = env!("CARGO_BIN_EXE_redress");

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)
}

fn run(program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
    Command::new(&program).args(arguments).output().unwrap_or_else(|error| panic!("{:?}: {error}", program.as_ref()))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// Whether `program` can be run here; says so when not.
fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(here || std::env::var_os("CI").is_none(), "{program} is missing; .ci/run installs it");
    if !here {
        eprintln!("{program} is not on this machine: nothing was checked with it");
    }
    here
}

/// The units as installed, but with programs that exist here.
fn units() -> (tempfile::TempDir, [PathBuf; 3]) {
    let folder = tempfile::tempdir().unwrap();
    let units = ["redress.service", "redress-backup.service", "redress-backup.timer"].map(|name| {
        let unit = fs::read_to_string(deploy(name)).unwrap();
        let unit = unit.replace("/usr/local/bin/redress", REDRESS);
        let unit = unit.replace("/usr/local/lib/redress/backup", deploy("backup").to_str().unwrap());
        let path = folder.path().join(name);
        fs::write(&path, unit).unwrap();
        path
    });
    (folder, units)
}

#[test]
fn systemd_finds_nothing_to_say_about_the_units() {
    if !is_here("systemd-analyze") {
        return;
    }
    let (_folder, units) = units();
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(&units).output().unwrap();
    assert!(output.status.success() && text(&output).is_empty(), "{}", text(&output));
}

#[test]
fn the_services_are_exposed_no_more_than_one_and_a_half() {
    if !is_here("systemd-analyze") {
        return;
    }
    let (_folder, [daemon, backup, _]) = units();
    for unit in [daemon, backup] {
        let unit = unit.to_str().unwrap();
        let output = run("systemd-analyze", &["security", "--offline=true", "--threshold=15", "--no-pager", unit]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("Overall exposure level"), "{}", text(&output));
    }
}

#[test]
fn a_backup_of_a_database_in_use_holds_what_was_committed() {
    if !is_here("sqlite3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (database, copies) = (folder.path().join("redress.db"), folder.path().join("copies"));
    // The writer stays connected, with its commit in the write-ahead log only.
    let mut writer =
        Command::new("sqlite3").arg(&database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut words = writer.stdin.take().unwrap();
    let set_up = "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;
        CREATE TABLE inbox (id INTEGER PRIMARY KEY, raw TEXT) STRICT; INSERT INTO inbox (raw) VALUES ('Dear landlord');
        SELECT 'committed';\n";
    words.write_all(set_up.as_bytes()).unwrap();
    wait_for(&mut writer, "committed");

    let backup = deploy("backup");
    let output = run(&backup, &[database.to_str().unwrap(), copies.to_str().unwrap()]);
    assert!(output.status.success(), "{}", text(&output));
    let copy = text(&output).trim().to_owned();
    let found = run("sqlite3", &[&copy, "SELECT raw FROM inbox"]);
    assert_eq!(text(&found), "Dear landlord\n");
    assert_eq!(
        names(&copies),
        [Path::new(&copy).file_name().unwrap().to_str().unwrap()],
        "nothing is left beside the copy"
    );

    drop(words);
    writer.wait().unwrap();
}

fn wait_for(writer: &mut Child, word: &str) {
    let answers = BufReader::new(writer.stdout.as_mut().unwrap());
    assert!(answers.lines().any(|line| line.unwrap() == word), "sqlite3 ended before it said {word}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_newest_copies_are_kept_and_other_files_left_alone() {
    if !is_here("sqlite3") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("redress.db");
    run("sqlite3", &[database.to_str().unwrap(), "CREATE TABLE letter (id INTEGER)"]);
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    for old in
        ["redress-2020-01-01T023000Z.db", "redress-2020-01-02T023000Z.db", "redress-2020-01-03T023000Z.db", "notes.txt"]
    {
        fs::write(copies.join(old), "old").unwrap();
    }
    let output = run(deploy("backup"), &[database.to_str().unwrap(), copies.to_str().unwrap(), "2"]);
    assert!(output.status.success(), "{}", text(&output));
    let kept = names(&copies);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept[..2], ["notes.txt", "redress-2020-01-03T023000Z.db"]);
}

#[test]
fn a_backup_of_nothing_is_refused_and_pushes_out_no_good_copy() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("redress-2020-01-01T023000Z.db");
    fs::write(&good, "good").unwrap();
    let missing = folder.path().join("mistyped.db");
    let output = run(deploy("backup"), &[missing.to_str().unwrap(), folder.path().to_str().unwrap(), "1"]);
    assert_eq!(output.status.code(), Some(66));
    assert!(text(&output).contains("there is no database"), "{}", text(&output));
    assert_eq!(names(folder.path()), ["redress-2020-01-01T023000Z.db"]);
}

#[test]
fn every_redress_command_in_the_handbook_exists() {
    let handbook = fs::read_to_string(deploy("HANDBOOK.md")).unwrap();
    let in_tables =
        handbook.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split("| `redress ").nth(1));
    let in_tables = in_tables.filter_map(|rest| rest.strip_suffix("` |"));
    let in_blocks = handbook.lines().filter_map(|line| line.strip_prefix("redress "));
    let commands: Vec<&str> = in_blocks.chain(in_tables).collect();
    assert!(commands.len() > 35, "{commands:?}");
    for command in commands {
        // The shell knows its quotes; what follows the name of the program is as it is pasted.
        let pasted = command.replace("NUMBER", "1");
        let output = run("sh", &["-c", &format!("\"$0\" {pasted} --help"), REDRESS]);
        assert!(output.status.success(), "{command}: {}", text(&output));
    }
}
