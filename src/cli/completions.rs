//! `redress completions SHELL`: what a shell needs to complete commands, acts of a case and options.

use clap::{Args, Command, ValueEnum};
use clap_complete::{Shell, generate};

use super::{act, page};

/// What stands for any reference in a tree of commands; no command has this name.
const REFERENCE: &str = "REFERENCE";

/// What `redress completions` is asked.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  redress completions bash > /usr/share/bash-completion/completions/redress
  redress completions zsh > /usr/share/zsh/vendor-completions/_redress
  redress completions fish > /usr/share/fish/vendor_completions.d/redress.fish

A new shell knows them. Write them anew after an upgrade.")]
pub struct Ask {
    shell: Known,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Known {
    Bash,
    Zsh,
    Fish,
}

impl Ask {
    /// Writes the completions of `program`, the tree of all commands, to standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be written to.
    pub fn run(&self, program: Command) -> anyhow::Result<()> {
        Ok(page::print(&script(self.shell, program))?)
    }
}

fn script(shell: Known, program: Command) -> String {
    match shell {
        // These two look for the words of a command wherever they stand, and pass over the reference.
        Known::Bash => written(Shell::Bash, with_acts(program)),
        Known::Fish => written(Shell::Fish, with_acts(program)),
        Known::Zsh => {
            let acts = Command::new(REFERENCE).subcommands(act::each(REFERENCE));
            let script = written(Shell::Zsh, program.mut_subcommand("case", |case| case.subcommand(acts)));
            // Whatever has digits in it is a reference; the word that stands for it is offered to nobody.
            let offered = |line: &&str| !line.starts_with(&format!("'{REFERENCE}:"));
            let lines = script.lines().filter(offered).map(|line| line.to_owned() + "\n");
            let arm = |word: &str| format!("({word})\n_arguments");
            lines.collect::<String>().replace(&arm(REFERENCE), &arm("*[0-9]*"))
        }
    }
}

/// The tree with the acts of a case among the commands of `redress case`, as if no reference stood before them.
pub(super) fn with_acts(program: Command) -> Command {
    program.mut_subcommand("case", |case| case.subcommands(act::each(REFERENCE)))
}

fn written(shell: Shell, program: Command) -> String {
    let mut program = program.disable_help_subcommand(true);
    let mut script = Vec::new();
    generate(shell, &mut program, "redress", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
