//! `redress man`: the manual, a page for every command and every act of a case.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, Command};
use clap_mangen::Man;

use super::completions::with_acts;
use super::page;

/// What `redress man` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress man | man -l -                     the first page
  redress man /usr/local/share/man/man1      all of them

Then `man redress`, `man redress-case-extend`. A folder that is not there is made; pages of the same name are written anew.")]
pub struct Ask {
    /// Where to write every page; without it, the first page goes to standard output
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

impl Ask {
    /// Writes the manual of `program`, the tree of all commands.
    ///
    /// # Errors
    ///
    /// When a page cannot be written.
    pub fn run(&self, program: Command) -> anyhow::Result<()> {
        let mut program = with_acts(program).disable_help_subcommand(true);
        program.build();
        let Some(folder) = &self.folder else { return Ok(page::bytes(&rendered(&program)?)?) };
        let failed = || format!("The manual cannot be written to {}", folder.display());
        fs::create_dir_all(folder).with_context(failed)?;
        let pages = pages(&program, folder).with_context(failed)?;
        Ok(page::print(&format!("{} in {}\n", page::count(pages, "page"), folder.display()))?)
    }
}

/// Writes the page of `command` and those of all below it; how many.
fn pages(command: &Command, folder: &Path) -> io::Result<i64> {
    let mut written = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        written += pages(below, folder)?;
    }
    fs::write(folder.join(Man::new(command.clone()).get_filename()), rendered(command)?)?;
    Ok(written)
}

fn rendered(command: &Command) -> io::Result<Vec<u8>> {
    let man = Man::new(command.clone()).manual("Redress").source(concat!("redress ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|below| !below.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(notes) = command.get_after_help() {
        page.extend_from_slice(notes_in_roff(&notes.to_string()).as_bytes());
    }
    Ok(page)
}

/// What stands below the help: examples keep their lines, paragraphs flow.
fn notes_in_roff(notes: &str) -> String {
    let mut roff = ".SH NOTES\n".to_owned();
    let mut as_they_stand = false;
    for line in notes.lines() {
        if line.starts_with("  ") != as_they_stand {
            as_they_stand = !as_they_stand;
            roff.push_str(if as_they_stand { ".nf\n" } else { ".fi\n" });
        }
        match line {
            "" => roff.push_str(".PP\n"),
            // A dot or an apostrophe at its beginning would make a line a command.
            line => {
                roff.push_str(&format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq")))
            }
        }
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::notes_in_roff;

    #[test]
    fn examples_keep_their_lines_and_nothing_in_them_is_a_command() {
        let roff = notes_in_roff("Examples:\n  redress man\n\n.SH is no heading; \\n no number");
        assert_eq!(
            roff,
            ".SH NOTES\n\\&Examples:\n.nf\n\\&  redress man\n.fi\n.PP\n\\&.SH is no heading; \\en no number\n"
        );
    }
}
