//! What an operator installs: units that systemd accepts and finds well shut in, a backup that can be restored, a
//! handbook whose commands exist.
//!
//! Tests that need `systemd-analyze` say so and pass where it is missing, except under CI, which has it.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed, helpers included")]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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
fn units() -> (tempfile::TempDir, [PathBuf; 4]) {
    let folder = tempfile::tempdir().unwrap();
    let units =
        ["redress.service", "redress-backup.service", "redress-backup.timer", "redress-failed.service"].map(|name| {
            let unit = fs::read_to_string(deploy(name)).unwrap();
            let unit = unit.replace("/usr/local/bin/redress", REDRESS);
            let unit = unit.replace("ExecStart=/etc/redress/failed", "ExecStart=/bin/true");
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
    let (_folder, [daemon, backup, _, failed]) = units();
    for unit in [daemon, backup, failed] {
        let unit = unit.to_str().unwrap();
        let output = run("systemd-analyze", &["security", "--offline=true", "--threshold=15", "--no-pager", unit]);
        assert!(output.status.success(), "{}", text(&output));
        assert!(text(&output).contains("Overall exposure level"), "{}", text(&output));
    }
}

/// A database with one message in it, and the folder it lies in.
fn database() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(folder.path().join("mail").join(part)).unwrap();
    }
    fs::write(folder.path().join("mail/new/1"), "From: ann@example.com\r\nSubject: Tap\r\n\r\nIt drips.\r\n").unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config/smallest.toml");
    let config = fs::read_to_string(example).unwrap();
    let imap = config.find("[mailbox.imap]").unwrap()..config.find("[operator]").unwrap();
    let maildirs = "maildir = \"mail\"\n\n[outgoing]\nmaildir = \"letters\"\n\n";
    let path = folder.path().join("redress.toml");
    fs::write(&path, [&config[..imap.start], maildirs, &config[imap.end..]].concat()).unwrap();
    let output = run(REDRESS, &["--config", path.to_str().unwrap(), "run", "--once"]);
    let database = folder.path().join("redress.db");
    assert!(database.is_file(), "{}", text(&output));
    (folder, database)
}

fn backup(arguments: &[&Path]) -> Output {
    Command::new(deploy("backup")).args(arguments).env("REDRESS", REDRESS).output().unwrap()
}

#[test]
fn the_nightly_copy_is_whole_and_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, database) = database();
    let copies = folder.path().join("copies");
    let output = backup(&[&database, &copies]);
    assert!(output.status.success(), "{}", text(&output));
    let copy = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let found = run(REDRESS, &["backup", "--verify", &copy]);
    assert!(text(&found).contains("1 message, as of "), "{}", text(&found));
    let name = Path::new(&copy).file_name().unwrap().to_str().unwrap();
    assert_eq!(names(&copies), [name], "nothing is left beside the copy");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_newest_copies_are_kept_and_other_files_left_alone() {
    let (folder, database) = database();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    for old in
        ["redress-2020-01-01T023000Z.db", "redress-2020-01-02T023000Z.db", "redress-2020-01-03T023000Z.db", "notes.txt"]
    {
        fs::write(copies.join(old), "old").unwrap();
    }
    let output = backup(&[&database, &copies, Path::new("2")]);
    assert!(output.status.success(), "{}", text(&output));
    let kept = names(&copies);
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!(kept[..2], ["notes.txt", "redress-2020-01-03T023000Z.db"]);
}

/// Runs the backup with a disk that has room for `most` copies and none for one more.
fn backup_on_a_small_disk(database: &Path, copies: &Path, most: usize) -> Output {
    use std::os::unix::fs::PermissionsExt as _;
    let programs = tempfile::tempdir().unwrap();
    let df = programs.path().join("df");
    let there = format!("$(ls '{}' | grep -c 'db$')", copies.display());
    let script = format!("#!/bin/sh\necho Avail\nif [ {there} -lt {most} ]; then echo 99999999; else echo 65000; fi\n");
    fs::write(&df, script).unwrap();
    fs::set_permissions(&df, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.path().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(deploy("backup"));
    command.args([database, copies]).env("REDRESS", REDRESS).env("PATH", path).output().unwrap()
}

// Goal: a disk that has become too small for one more copy has one made all the same, night after night, and the two newest
//       are never given away for it.
#[test]
fn a_disk_without_room_for_one_more_copy_loses_the_oldest_and_never_the_two_newest() {
    let (folder, database) = database();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let old: Vec<String> = (1..=5).map(|day| format!("redress-2020-01-0{day}T023000Z.db")).collect();
    old.iter().for_each(|old| fs::write(copies.join(old), "old").unwrap());
    let output = backup_on_a_small_disk(&database, &copies, 4);
    assert!(output.status.success(), "{}", text(&output));
    assert_eq!((names(&copies).len(), &names(&copies)[..3]), (4, &old[2..]));

    let before = names(&copies);
    let output = backup_on_a_small_disk(&database, &copies, 1);
    assert_eq!(output.status.code(), Some(75));
    assert!(text(&output).contains("there is no room for a copy"), "{}", text(&output));
    assert_eq!(names(&copies), before[2..], "the two newest");
}

#[test]
fn what_a_power_cut_left_of_a_copy_is_removed_and_one_that_is_being_made_is_left_alone() {
    let (folder, database) = database();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let [left, log, other, making] = [
        "redress-2020-01-01T023000Z.db.part",
        "redress-2020-01-01T023000Z.db.part-journal",
        "before-the-move.db.part",
        "redress-2020-01-02T023000Z.db.part",
    ];
    for name in [left, log, other, making] {
        fs::write(copies.join(name), "half").unwrap();
    }
    for name in [left, log, other] {
        let file = fs::File::options().append(true).open(copies.join(name)).unwrap();
        file.set_times(fs::FileTimes::new().set_modified(std::time::UNIX_EPOCH)).unwrap();
    }
    let output = backup(&[&database, &copies]);
    assert!(output.status.success(), "{}", text(&output));
    let kept = names(&copies);
    assert_eq!((kept.len(), kept[0].as_str(), kept[1].as_str()), (3, other, making), "{kept:?}");
}

#[test]
fn a_night_without_a_copy_is_told_as_a_daemon_that_has_stopped_is() {
    for unit in ["redress.service", "redress-backup.service"] {
        let unit = fs::read_to_string(deploy(unit)).unwrap();
        assert!(unit.contains("\nOnFailure=redress-failed.service\n"), "{unit}");
    }
}

#[test]
fn a_damaged_database_makes_no_copy_and_pushes_out_no_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("redress-2020-01-01T023000Z.db");
    fs::write(&good, "good").unwrap();
    let damaged = folder.path().join("damaged");
    fs::write(&damaged, "this is no database, however long it may go on about it").unwrap();
    let output = backup(&[&damaged, folder.path(), Path::new("1")]);
    assert!(!output.status.success());
    assert_eq!(names(folder.path()), ["damaged", "redress-2020-01-01T023000Z.db"]);
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
