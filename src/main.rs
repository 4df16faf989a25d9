//! Arguments → one call → exit code.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use redress::domain::message::Own;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says of each message what it is, whether it may be answered and why, and what is new in it
    Inspect {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

fn main() -> std::io::Result<()> {
    match Arguments::parse().command {
        Command::Inspect { json, files } => redress::cli::inspect::run(&files, json, &Own::default()),
    }
}
