//! Arguments → configuration → one call → exit code.

use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use redress::cli;
use redress::config::Problems;
use redress::domain::message::Own;

/// The exit code for a configuration that must be mended first (sysexits.h, EX_CONFIG).
const BAD_CONFIGURATION: u8 = 78;

/// Watches a landlord's complaints mailbox, keeps the Complaint Handling Code's clocks, and answers in time
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file
    #[arg(long, global = true, env = "REDRESS_CONFIG", default_value = "/etc/redress/redress.toml")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the daemon
    Run {
        /// Take in all that waits, send all that is due now, and exit; non-zero if a letter could not leave
        #[arg(long)]
        once: bool,
    },
    /// Play six weeks at two invented landlords in seconds: no set-up, no network
    Demo {
        /// Where to leave letters and register: a folder that is empty or not there yet [default: a new temporary one]
        #[arg(long)]
        folder: Option<PathBuf>,
    },
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

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match carry_out(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("{trouble:#}");
            if trouble.is::<Problems>() { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}

fn carry_out(arguments: &Arguments) -> anyhow::Result<()> {
    match &arguments.command {
        Command::Demo { folder } => runtime()?.block_on(cli::demo::run(folder.as_deref())),
        Command::Inspect { json, files } => Ok(cli::inspect::run(files, *json, &Own::default())?),
        Command::Triage(triage) => triage.run(stdout().lock()),
        Command::Run { once } => {
            let config = cli::run::configuration(&arguments.config)?;
            runtime()?.block_on(cli::run::run(config, *once))
        }
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
