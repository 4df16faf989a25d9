//! What went wrong in other programs, in a table for people (`tests/faults.md`): every test, fixture, simulated fault and
//! planted defect it names is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a line of one of the tables holds.
fn cells(line: &str) -> Vec<&str> {
    line.trim_matches('|').split(" | ").map(str::trim).collect()
}

/// The words between backticks.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn table() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults.md")).expect("the table is there")
}

/// Rows of the tables with this many columns, without their heads.
fn rows(table: &str, columns: usize) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| line.starts_with('|') && !line.starts_with("| ---"));
    let rows = lines.map(cells).filter(|cells| cells.len() == columns);
    rows.filter(|cells| !["Word", "What happened"].contains(&cells[0])).collect()
}

#[test]
fn whatever_the_table_of_faults_names_is_there() {
    let table = table();
    let places: BTreeMap<&str, Vec<&str>> =
        rows(&table, 2).iter().map(|row| (row[0].trim_matches('`'), row[1].split(", ").collect())).collect();
    let faults = rows(&table, 3);
    assert!(faults.len() > 120, "{} rows", faults.len());
    for row in faults {
        let (what, met, shown) = (row[0], row[1], row[2]);
        assert!(!what.is_empty() && !met.is_empty(), "{row:?}");
        let named = quoted(shown);
        assert!(!named.is_empty() || shown.starts_with("Not here: "), "{what}: neither shown nor explained");
        for name in named {
            let (word, name) = name.split_once('/').unwrap_or_else(|| panic!("{what}: where is {name}?"));
            let places = places.get(word).unwrap_or_else(|| panic!("{what}: {word} is no word of the table"));
            assert!(places.iter().any(|place| is_in(place, word, name)), "{what}: {name} is not in {places:?}");
        }
    }
}

#[test]
fn a_name_that_is_not_there_is_found_out() {
    assert!(is_in("tests/flow.rs", "flow", "stopping_and_starting_changes_nothing"));
    assert!(is_in("tests/store.rs", "store", "history_can_only_grow"));
    assert!(is_in("tests/sim/play.rs", "fault", "Dies") && is_in("tests/fixtures/messages/", "fixture", "nobody"));
    for (place, word, name) in [
        ("tests/flow.rs", "flow", "stopping_and_starting_changes"),
        ("tests/flow.rs", "flow", "complaint"),
        ("tests/store.rs", "store", "at"),
        ("tests/sim/play.rs", "fault", "Die"),
        ("tests/fixtures/messages/", "fixture", "somebody"),
    ] {
        assert!(!is_in(place, word, name), "{word}/{name}");
    }
}

/// Whether a file or folder of the project holds the test, fixture, fault or defect.
fn is_in(place: &str, word: &str, name: &str) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(place);
    match word {
        "fixture" => path.join(format!("{name}.eml")).is_file(),
        "defect" => path.join(format!("{name}.patch")).is_file(),
        // A variant of one of the simulation's lists.
        "fault" => lines(&path).any(|line| line.trim() == format!("{name},")),
        _ => holds_test(&path, name),
    }
}

fn lines(path: &Path) -> impl Iterator<Item = String> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}

/// A function marked as a test, or one that the store keeps on both databases.
fn holds_test(path: &Path, name: &str) -> bool {
    let (mut marked, mut promised) = (false, false);
    lines(path).any(|line| {
        let line = line.trim();
        promised = line == "promises! {" || promised && line != "}";
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        let function = function.and_then(|rest| rest.split('(').next());
        let found = function == Some(name) && marked || promised && line == name;
        marked = line.starts_with("#[test]") || line.starts_with("#[tokio::test") || marked && function.is_none();
        found
    })
}
