//! What commands print: tables, labelled lines, JSON; and the one way to standard output.

use std::io::{self, IsTerminal, Write as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub use crate::domain::case::told::count;
use crate::domain::message::clean_line;

/// Between two columns.
const GAP: &str = "  ";
/// No column below headings is cut narrower than this; the first, which names the row, is never cut. Where they do not fit
/// even so, each row is told in lines of its own.
const NARROWEST: usize = 8;

/// Writes `text` to standard output.
///
/// # Errors
///
/// When it cannot be written. A reader that has gone (`redress case list | head`) is an error of its own kind, which
/// `main` takes for success.
pub fn print(text: &str) -> io::Result<()> {
    bytes(text.as_bytes())
}

/// Writes `bytes` to standard output as they are.
///
/// # Errors
///
/// As [`print()`].
pub fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// JSON for a program, indented so that a person can read it too.
pub fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Columns of the terminal, or as many of them as `COLUMNS` says to use; `None` when the output goes elsewhere, where nothing
/// is cut or wrapped.
pub fn width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    let wanted = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    Some(wanted.unwrap_or_else(|| usize::from(width.0)))
}

/// Whether what goes to `out` may be in colour: on a terminal, unless its owner wants none (no-color.org).
pub fn colours(out: &impl IsTerminal) -> bool {
    out.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
}

/// Rows in aligned columns, one line each.
pub struct Table<const N: usize> {
    headings: Option<[String; N]>,
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    /// With a line of headings.
    pub fn new(headings: [&str; N]) -> Table<N> {
        Table { headings: Some(headings.map(str::to_owned)), rows: Vec::new() }
    }

    pub fn without_headings() -> Table<N> {
        Table { headings: None, rows: Vec::new() }
    }

    /// Cells are made one clean line each: whatever a resident wrote, no line of it moves the cursor.
    pub fn row(&mut self, cells: [String; N]) {
        self.rows.push(cells.map(|cell| clean_line(&cell)));
    }

    /// The table, each line indented by `indent` spaces. Where `width` is known no line is wider: the widest columns but the
    /// first are cut, and where that does not do, each row is told in lines of its own.
    pub fn text(&self, indent: usize, width: Option<usize>) -> String {
        let lines = || self.headings.iter().chain(&self.rows);
        let mut widths: [usize; N] =
            std::array::from_fn(|at| lines().map(|row| row[at].width()).max().unwrap_or_default());
        let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent + GAP.len() * N.saturating_sub(1)));
        let narrowest = if self.headings.is_some() { NARROWEST } else { 1 };
        while widths.iter().sum::<usize>() > room {
            let Some(widest) = widths.iter_mut().skip(1).max_by_key(|width| **width) else { break };
            if *widest <= narrowest {
                break;
            }
            *widest -= 1;
        }
        if widths.iter().sum::<usize>() > room {
            return self.row_by_row(indent, width);
        }
        let mut text = String::new();
        for row in lines() {
            let mut line = " ".repeat(indent);
            for (cell, width) in row.iter().zip(widths) {
                let cell = cut(cell, width);
                let filling = " ".repeat(width - cell.width());
                line.extend([cell.as_str(), filling.as_str(), GAP]);
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// Each row as the cell that names it, and below it the others with their headings.
    fn row_by_row(&self, indent: usize, width: Option<usize>) -> String {
        let no_headings = std::array::from_fn(|_| String::new());
        let headings = self.headings.as_ref().unwrap_or(&no_headings);
        let rows = self.rows.iter().map(|row| {
            let others: Vec<_> = headings.iter().map(String::as_str).zip(row.iter().cloned()).skip(1).collect();
            labelled(&[("", row[0].clone())], indent, width) + &labelled(&others, indent + GAP.len(), width)
        });
        rows.collect::<Vec<_>>().join(if self.headings.is_some() { "\n" } else { "" })
    }
}

/// `text`, or as much of it as `room` columns hold, with an ellipsis.
fn cut(text: &str, room: usize) -> String {
    if text.width() <= room {
        return text.to_owned();
    }
    let mut used = 1; // The ellipsis.
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= room
    });
    kept.chain(['…']).collect()
}

/// Lines of a label and what goes with it, aligned; on a terminal of `width` columns they go on below themselves.
pub fn labelled(lines: &[(&str, String)], indent: usize, width: Option<usize>) -> String {
    let label_width = lines.iter().map(|(label, _)| label.width()).max().unwrap_or_default();
    let gap = if label_width == 0 { "" } else { GAP };
    let mut text = String::new();
    for (label, value) in lines {
        let begin = format!("{}{label}{}{gap}", " ".repeat(indent), " ".repeat(label_width - label.width()));
        let room = width.map(|width| width.saturating_sub(begin.width()).max(NARROWEST));
        let value =
            wrapped(&clean_line(value), room.unwrap_or(usize::MAX)).join(&format!("\n{}", " ".repeat(begin.width())));
        text.push_str(format!("{begin}{value}").trim_end());
        text.push('\n');
    }
    text
}

/// `text` in lines of at most `room` columns, broken between words, and within those that are longer.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').flat_map(|word| pieces(word, room)) {
        let line = lines.last_mut().expect("there is a line from the start");
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() <= room {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// The word, in pieces of at most `room` columns.
fn pieces(word: &str, room: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), word);
    while rest.width() > room {
        let mut used = 0;
        let end = rest.char_indices().find(|(at, c)| {
            used += c.width().unwrap_or(0);
            used > room && *at > 0
        });
        let (piece, after) = rest.split_at(end.map_or(rest.len(), |(at, _)| at));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Several lines of somebody's text, indented.
pub fn indented(text: &str, indent: usize) -> String {
    let lines = text.lines().map(|line| format!("{}{line}", " ".repeat(indent)));
    lines.map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// How a list goes on that shows `shown` rows of at most `limit`, the newest first and the oldest of them `last`.
pub fn earlier(shown: usize, limit: i64, last: i64) -> String {
    match shown as i64 == limit && last > 1 {
        true => format!("\nEarlier ones: add `--before {last}`.\n"),
        false => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_only_a_terminal_cuts_the_widest() {
        let mut table = Table::new(["Case", "From", "Subject"]);
        table.row(["WEL-1001-K".into(), "Zoë 王".into(), "The lift is out of order again".into()]);
        table.row(["WEL-1002-L".into(), "Al".into(), "Hello\u{1b}[2J\nthere".into()]);
        let piped = "Case        From    Subject\n\
                     WEL-1001-K  Zoë 王  The lift is out of order again\n\
                     WEL-1002-L  Al      Hello[2J there\n";
        assert_eq!(table.text(0, None), piped);
        let on_terminal = table.text(1, Some(39));
        assert!(on_terminal.contains(" WEL-1001-K  Zoë 王  The lift is out o…\n"), "{on_terminal}");
        assert!(on_terminal.lines().all(|line| line.width() <= 39), "{on_terminal}");
    }

    #[test]
    fn where_the_columns_do_not_fit_each_row_is_told_in_lines_of_its_own() {
        let mut table = Table::new(["Address", "Name", "Role", "Open cases"]);
        table.row(["a.very.long.address.indeed@example.org".into(), "Ada".into(), "Officer".into(), "2".into()]);
        table.row(["ben@example.org".into(), "Ben of the Long Name".into(), "Deputy".into(), "0".into()]);
        let told = "  a.very.long.address.indeed\n  @example.org\n    Name        Ada\n    Role        Officer\n    \
                    Open cases  2\n\n  ben@example.org\n    Name        Ben of the\n                Long Name\n    \
                    Role        Deputy\n    Open cases  0\n";
        assert_eq!(table.text(2, Some(28)), told);
    }

    proptest::proptest! {
        #[test]
        fn no_line_of_a_table_is_wider_than_the_terminal(
            cells in proptest::collection::vec(proptest::array::uniform5("[a-z@ 王é]{0,70}"), 0..4),
            headings in proptest::bool::ANY,
            width in 40..140_usize,
            indent in 0..3_usize,
        ) {
            let titles = ["Case", "Landlord", "Kind", "What became of it", "Marks"];
            let mut table = if headings { Table::new(titles) } else { Table::without_headings() };
            cells.iter().for_each(|row| table.row(row.clone()));
            let text = table.text(indent, Some(width));
            proptest::prop_assert!(text.lines().all(|line| line.width() <= width), "{text}");
        }
    }

    #[test]
    fn a_labelled_line_goes_on_below_itself_on_a_terminal_only() {
        let lines = [("Sending", "hold: letters to residents wait".to_owned()), ("Due", "nothing".to_owned())];
        assert_eq!(labelled(&lines, 0, None), "Sending  hold: letters to residents wait\nDue      nothing\n");
        let wrapped = "Sending  hold: letters to\n         residents wait\nDue      nothing\n";
        assert_eq!(labelled(&lines, 0, Some(26)), wrapped);
    }
}
