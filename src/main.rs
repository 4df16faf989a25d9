//! Arguments → one call → exit code.

use std::io::stdout;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use redress::cli;
use redress::domain::message::Own;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Say of each message what it is, whether it may be answered and why, and what is new in it
    Inspect {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Sort messages, or learn to
    Triage(cli::triage::Triage),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Inspect { json, files } => Ok(cli::inspect::run(&files, json, &Own::default())?),
        Command::Triage(triage) => triage.run(stdout().lock()),
    }
}
