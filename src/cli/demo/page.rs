//! Words on a terminal: wrapped to its width, in colour where a person looks at it.

use std::io::{self, IsTerminal as _, Write};

use rustix::termios::tcgetwinsize;

use crate::cli::page;

/// Where standard output is no terminal.
const COLUMNS: usize = 80;
/// Longer lines are hard to read.
const COLUMNS_MAX: usize = 100;
const COLUMNS_MIN: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// Headings.
    Bold,
    /// Reasons.
    Faint,
    /// What is late.
    Red,
}

/// Something to print on.
pub(super) struct Page<W> {
    out: W,
    columns: usize,
    colours: bool,
}

impl Page<io::Stdout> {
    pub(super) fn on_stdout() -> Page<io::Stdout> {
        let out = io::stdout();
        let terminal = out.is_terminal();
        let columns = tcgetwinsize(&out).ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0);
        let columns = columns.filter(|_| terminal).unwrap_or(COLUMNS).clamp(COLUMNS_MIN, COLUMNS_MAX);
        let colours = page::colours(&out);
        Page { out, columns, colours }
    }
}

impl<W: Write> Page<W> {
    /// `text` behind `lead`; where it runs over, it goes on below its own beginning.
    pub(super) fn line(&mut self, lead: &str, text: &str, style: Style) -> io::Result<()> {
        let indent = lead.chars().count();
        for (number, line) in wrapped(text, self.columns.saturating_sub(indent)).iter().enumerate() {
            let lead = if number == 0 { lead.to_owned() } else { " ".repeat(indent) };
            let line = format!("{lead}{line}");
            match (self.colours, style) {
                (false, _) | (_, Style::Plain) => writeln!(self.out, "{line}")?,
                (true, Style::Bold) => writeln!(self.out, "\x1b[1m{line}\x1b[0m")?,
                (true, Style::Faint) => writeln!(self.out, "\x1b[2m{line}\x1b[0m")?,
                (true, Style::Red) => writeln!(self.out, "\x1b[31m{line}\x1b[0m")?,
            }
        }
        Ok(())
    }

    /// Words to be copied as they are: never broken.
    pub(super) fn command(&mut self, lead: &str, words: &str) -> io::Result<()> {
        writeln!(self.out, "{lead}{words}")
    }

    pub(super) fn blank(&mut self) -> io::Result<()> {
        writeln!(self.out)
    }
}

/// Lines of at most `width` characters; a longer word has a line of its own. At least one line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let last = lines.len() - 1;
        let used = lines[last].chars().count();
        if used == 0 {
            lines[last].push_str(word);
        } else if used + 1 + word.chars().count() <= width {
            lines[last].push(' ');
            lines[last].push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn lines_break_between_words_and_no_word_is_lost() {
        assert_eq!(wrapped("to acknowledge the complaint", 14), ["to acknowledge", "the complaint"]);
        assert_eq!(wrapped("über alle Maßen", 9), ["über alle", "Maßen"]);
        assert_eq!(wrapped("/a/very/long/path and more", 6), ["/a/very/long/path", "and", "more"]);
        assert_eq!(wrapped("", 6), [""]);
    }
}
