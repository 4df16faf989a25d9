//! Arguments → configuration → one call → exit code.

use std::io::{Error, ErrorKind, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use redress::cli;
use redress::config::Problems;
use redress::daemon::office;
use redress::daemon::renamed::Renamed;

/// The exit code for a configuration that must be mended first (sysexits.h, EX_CONFIG).
const BAD_CONFIGURATION: u8 = 78;

const EXAMPLES: &str = "\
Examples:
  redress demo                               see what it does, without any set-up
  redress check --connect                    after each change of the configuration
  redress run                                the daemon
  redress status                             how things stand
  redress case WEL-1047-K --help             what a person can do to a case";

const RUN_EXAMPLES: &str = "\
Examples:
  redress run                                until told to stop; systemd's work
  redress run --once                         what waits and is due, and no more";

const DEMO_EXAMPLES: &str = "\
Examples:
  redress demo
  redress demo --folder redress-demo         letters and register in a folder of your choice";

const INSPECT_EXAMPLES: &str = "\
Examples:
  redress inspect message.eml
  redress inspect --json *.eml | jq .kind

Knows the landlords' own addresses and people when there is a configuration; works without one.";

/// Watches a landlord's complaints mailbox, keeps the Complaint Handling Code's clocks, and answers in time
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
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
    #[command(after_help = RUN_EXAMPLES)]
    Run {
        /// Take in all that waits, send all that is due now, and exit; non-zero if a letter could not leave
        #[arg(long)]
        once: bool,
    },
    /// Play six weeks at two invented landlords in seconds: no set-up, no network
    #[command(after_help = DEMO_EXAMPLES)]
    Demo {
        /// Where to leave letters and register: a folder that is empty or not there yet [default: a new temporary one]
        #[arg(long)]
        folder: Option<PathBuf>,
    },
    /// Show how the mail of some weeks would have been sorted and answered; changes nothing and sends nothing
    Shadow(cli::shadow::Ask),
    /// Say whether everything is as it must be, and what to do where it is not
    Check(cli::check::Ask),
    /// Show on one screen how things stand
    Status(cli::status::Ask),
    /// Compare the database with the mail servers: is every message here, and was every letter taken?
    Reconcile(cli::reconcile::Ask),
    /// Copy the database beside the running daemon, and check the whole copy
    Backup(cli::backup::Backup),
    /// Restore the database from a copy, and let letters leave again when a person has looked
    Restore(cli::backup::Restore),
    /// Complaints and service requests, and what people do to them
    Case(cli::case::Ask),
    /// Who is registered for which landlord, what they have to do, and what becomes of it when they leave
    People(cli::people::Ask),
    /// Messages that came in
    Inbox(cli::inbox::Ask),
    /// Letters that left, wait, are held or failed
    Outbox(cli::outbox::Ask),
    /// Bank holidays, and the dates that follow from a day of receipt
    Calendar(cli::calendar::Ask),
    /// Letters as they would be written, with an invented case
    Letter(cli::letter::Ask),
    /// Say of each message what it is, whether it may be answered and why, and what is new in it
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect {
        /// For a program, one JSON object a line
        #[arg(long)]
        json: bool,
        /// Messages, each as a mail program saves it
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Sort messages, learn to, or print what people corrected
    Triage(cli::triage::Triage),
    /// Print what a shell needs to complete commands, acts and options
    Completions(cli::completions::Ask),
    /// Print the manual, or write a page for every command and act
    Man(cli::man::Ask),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match carry_out(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has enough: `redress case list | head`.
        Err(trouble) if trouble.downcast_ref::<Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe) => {
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            // Arguments that only the table of verbs can read; their help is one of them.
            if let Some(arguments) = trouble.downcast_ref::<clap::Error>() {
                arguments.exit();
            }
            eprintln!("{trouble:#}");
            let refused = trouble.is::<Problems>() || trouble.is::<Renamed>();
            if refused { ExitCode::from(BAD_CONFIGURATION) } else { ExitCode::FAILURE }
        }
    }
}

fn carry_out(arguments: &Arguments) -> anyhow::Result<()> {
    let config = arguments.config.as_path();
    match &arguments.command {
        Command::Demo { folder } => runtime()?.block_on(cli::demo::run(folder.as_deref())),
        Command::Run { once } => {
            let config = cli::run::configuration(config)?;
            let runtime = runtime()?;
            let ran = runtime.block_on(cli::run::run(config, *once));
            // A reading that was given up may still go on, and nobody waits for it.
            runtime.shutdown_background();
            ran
        }
        Command::Shadow(ask) => runtime()?.block_on(ask.run(config)),
        Command::Check(ask) => runtime()?.block_on(ask.run(config)),
        Command::Status(ask) => runtime()?.block_on(ask.run(config)),
        Command::Reconcile(ask) => runtime()?.block_on(ask.run(config)),
        Command::Backup(ask) => runtime()?.block_on(ask.run(config)),
        Command::Restore(ask) => runtime()?.block_on(ask.run(config)),
        Command::Case(ask) => runtime()?.block_on(ask.run(config)),
        Command::People(ask) => runtime()?.block_on(ask.run(config)),
        Command::Inbox(ask) => runtime()?.block_on(ask.run(config)),
        Command::Outbox(ask) => runtime()?.block_on(ask.run(config)),
        Command::Calendar(ask) => ask.run(config),
        Command::Letter(ask) => ask.run(config),
        Command::Inspect { json, files } => {
            let own = cli::run::load(config).map(|loaded| office::own(&loaded.config)).unwrap_or_default();
            Ok(cli::inspect::run(files, *json, &own)?)
        }
        Command::Completions(ask) => ask.run(Arguments::command()),
        Command::Man(ask) => ask.run(Arguments::command()),
        Command::Triage(triage) => runtime()?.block_on(triage.run(config, stdout().lock())),
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
