//! The `redress` command: reads the command line and hands over to `cli`.

use clap::{Parser, Subcommand};
use redress::cli;
use std::io::stdout;

#[derive(Parser)]
#[command(version, about)]
struct Redress {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Sort messages, or learn to.
    Triage(cli::triage::Triage),
}

fn main() -> anyhow::Result<()> {
    match Redress::parse().command {
        Command::Triage(triage) => triage.run(stdout().lock()),
    }
}
