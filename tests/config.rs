//! What an operator sees of the configuration: the example as it is shipped, and every mistake in one go.
//!
//! Each broken file in `fixtures/config` has the messages people get beside it (`UPDATE_GOLDEN=1` writes them anew).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date, time};
use redress::config::{Config, Loaded, Problem, Problems, Proof, SecondWay, Security, Sending, Server, Source};
use redress::domain::ladder::WorkingHours;
use redress::domain::landlord::Acknowledge;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

const TODAY: Date = date(2026, 10, 1);

/// Stands for a password wherever a fixture has one in the wrong place; no message may repeat it.
const SECRET: &str = "hunter2";

fn env(name: &str) -> Option<String> {
    match name {
        "MAIL_PASSWORD" => Some("correct horse".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(name)
}

fn load(name: &str) -> Result<Loaded, Problems> {
    Config::load(&fixture(&format!("{name}.toml")), &env, TODAY)
}

/// The messages as they are shown, with the file's name alone in place of its path.
fn shown(problems: &[Problem]) -> String {
    let folder = format!("{}/", fixture("").display()).replace("//", "/");
    problems.iter().map(|problem| format!("{problem}\n").replace(&folder, "")).collect()
}

/// Loads a broken file and compares what people get to see with what they should.
#[track_caller]
fn refused(name: &str) -> String {
    let problems = load(name).expect_err("a broken configuration is refused");
    let seen = shown(&problems.0);
    assert!(!seen.contains(SECRET), "a message repeats a secret:\n{seen}");
    assert!(!format!("{problems:?}").contains(SECRET), "a message repeats a secret:\n{problems:?}");
    let lines: Vec<_> = problems.0.iter().map(|problem| problem.line).collect();
    assert!(lines.is_sorted() && !lines.contains(&None), "every mistake has its line, in order: {lines:?}");
    compare(&seen, &fixture(&format!("{name}.expected")));
    seen
}

#[track_caller]
fn compare(seen: &str, golden: &Path) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(golden, seen).expect("golden file written");
    }
    let expected = fs::read_to_string(golden).expect("golden file");
    assert_eq!(seen, expected, "{} differs; UPDATE_GOLDEN=1 writes it anew", golden.display());
}

#[test]
fn a_file_that_is_not_toml_is_refused_without_showing_the_line() {
    let seen = refused("not_toml");
    assert!(seen.starts_with("not_toml.toml:2: this line is not TOML"), "{seen}");
    assert!(seen.contains("prefix"), "mistakes on the other lines are told as well:\n{seen}");
}

#[test]
fn mistyped_keys_are_refused_and_the_nearest_right_one_named() {
    let seen = refused("mistyped_keys");
    assert!(seen.contains("mistyped_keys.toml:1: databse: is not a key of this section. Write database,"), "{seen}");
}

#[test]
fn values_of_the_wrong_type_are_refused_with_an_example() {
    refused("wrong_types");
    refused("wrong_types_in_lists");
}

#[test]
fn missing_keys_are_refused_at_the_section_they_belong_to() {
    refused("nothing_in_it");
    refused("empty_sections");
}

#[test]
fn passwords_in_the_file_are_refused_and_never_shown() {
    refused("secrets_in_plain");
}

#[test]
fn secrets_and_certificates_that_are_not_there_are_refused() {
    refused("secrets_that_are_not_there");
}

#[test]
fn plain_text_is_refused_except_to_this_machine() {
    let seen = refused("plain_text_elsewhere");
    assert!(!seen.contains("outgoing"), "127.0.0.2 is this machine:\n{seen}");
}

#[test]
fn mailboxes_that_would_take_in_the_same_mail_twice_are_refused() {
    refused("mailboxes_that_collide");
}

#[test]
fn landlords_that_could_be_taken_for_each_other_are_refused() {
    refused("landlords_alike");
}

#[test]
fn nobody_we_write_to_has_an_address_we_read() {
    let seen = refused("letters_to_ourselves");
    assert_eq!(seen.lines().count(), 4, "{seen}");
}

#[test]
fn numbers_and_words_out_of_range_are_refused() {
    refused("out_of_range");
}

#[test]
fn a_schedule_by_which_a_reminder_would_come_late_or_never_is_refused() {
    refused("reminders_that_never_fire");
    refused("reminders_that_come_late");
    refused("reminders_at_no_time");
}

#[test]
fn details_the_ombudsman_has_given_up_are_refused() {
    refused("ombudsman_out_of_date");
}

#[test]
fn the_second_way_to_the_operator_is_another_one_and_works() {
    refused("ways_out");
    refused("one_way_out_only");
    refused("no_such_alarm");
}

#[test]
fn databases_that_would_lose_cases_or_cannot_be_reached_are_refused() {
    refused("database_in_memory");
    refused("database_of_another_make");
    refused("database_without_a_user");
}

#[test]
fn the_database_is_found_where_the_url_says_with_the_password_that_is_kept_apart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("redress.toml");
    let text = fs::read_to_string(fixture("smallest.toml")).expect("fixture");
    let load = |database: &str| {
        fs::write(&path, text.replace("database = \"sqlite:redress.db\"", database)).expect("configuration");
        let loaded = Config::load(&path, &env, TODAY).unwrap_or_else(|problems| panic!("{problems}"));
        loaded.config.database
    };

    let sqlite = load("database = \"sqlite:cases 100%25.db\"");
    let sqlite: SqliteConnectOptions = sqlite.expose_secret().parse().expect("sqlx reads it");
    assert_eq!(sqlite.get_filename(), folder.path().join("cases 100%.db"));

    let postgres = load(
        "database = \"postgresql://redress@localhost:5433/cases?host=/run/pg\"\n\
         database_password = { env = \"MAIL_PASSWORD\" }",
    );
    assert!(postgres.expose_secret().starts_with("postgres://redress:correct%20horse@"));
    let postgres: PgConnectOptions = postgres.expose_secret().parse().expect("sqlx reads it");
    assert_eq!((postgres.get_username(), postgres.get_port()), ("redress", 5433));
    assert_eq!((postgres.get_database(), postgres.get_socket()), (Some("cases"), Some(&PathBuf::from("/run/pg"))));
}

#[test]
fn a_bank_holiday_is_added_once_and_not_removed_again() {
    refused("bank_holidays");
}

#[test]
fn what_should_be_looked_at_is_a_warning_and_no_mistake() {
    let loaded = load("worth_a_look").expect("warnings refuse nothing");
    compare(&shown(&loaded.warnings), &fixture("worth_a_look.expected"));
}

#[test]
fn the_smallest_configuration_has_the_documented_defaults() {
    let Loaded { config, warnings } = load("smallest").expect("a good configuration");
    assert_eq!(warnings, []);
    assert_eq!(config.sending, Sending::Hold);
    assert_eq!(config.answer_mail_since, date(2026, 9, 1));
    assert_eq!(config.mailboxes[0].folders, ["INBOX"]);
    assert_eq!(config.mailboxes[0].authserv_id, None);
    let Source::Imap(imap) = &config.mailboxes[0].source else { panic!("an IMAP mailbox") };
    assert_eq!((imap.port, imap.security), (993, Security::Tls));
    assert_eq!(password(imap), "correct horse");
    assert_eq!(config.landlords[0].deputy.role, "Deputy Complaints Officer");
    assert_eq!(config.landlords[0].deputy.estate, None);
    assert_eq!(config.landlords[0].acknowledge, Acknowledge::Automatic);
    assert_eq!(config.reminders.terms.survey_after_days, Some(28));
    assert_eq!(config.ombudsman.email, None);
    assert!(config.ombudsman.post.ends_with("PR2 0ET"));
    let beside = format!("sqlite://{}", fixture("redress.db").display());
    assert_eq!(config.database.expose_secret(), beside);
}

#[test]
fn a_small_landlord_reads_its_letters_first_names_its_estates_and_asks_nobody_how_it_went() {
    let text = fs::read_to_string(fixture("smallest.toml")).expect("fixture");
    let text = text
        .replace("prefix = \"WEL\"\n", "prefix = \"WEL\"\nacknowledge = \"after_review\"\n")
        .replace("\"ben@example.net\" }", "\"ben@example.net\", estate = \" Orchard Court \" }")
        + "\n[reminders]\nsurvey_after_days = 0\nworking_hours = \"09:00-17:30\"\ndigest_at = \"0 0 9 * * Tue,Thu\"\n";
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("redress.toml");
    fs::write(&path, text).expect("configuration");
    let Loaded { config, .. } = Config::load(&path, &env, TODAY).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.landlords[0].acknowledge, Acknowledge::AfterReview);
    assert_eq!(config.landlords[0].deputy.estate.as_deref(), Some("Orchard Court"));
    assert_eq!(config.landlords[0].officer.estate, None);
    assert_eq!(config.reminders.terms.survey_after_days, None);
    let hours = WorkingHours { opens: time(9, 0, 0, 0), closes: time(17, 30, 0, 0) };
    assert_eq!(config.reminders.working_hours, hours);
    assert_eq!(config.reminders.digest_at.to_string(), "0 0 9 * * Tue,Thu");
}

#[test]
fn the_band_in_which_a_person_is_asked_and_the_landlords_own_words_reach_the_sorter() {
    let own = EXAMPLE
        .replace("#complaint_from = 20", "complaint_from = 7")
        .replace("#   complaint_words = ", "complaint_words = ")
        .replace("#   hazard_words = ", "hazard_words = ");
    let (_folder, loaded) = example(&own);
    let sorter = loaded.unwrap_or_else(|problems| panic!("{problems}")).config.sorter;
    assert_eq!((sorter.complaint_from, sorter.sure_from), (0.07, 0.3));
    assert_eq!(sorter.complaint_words, ["cold call"]);
    assert_eq!(sorter.hazard_words, ["plant room"]);
    assert_eq!(sorter.vulnerability_words, Vec::<String>::new());
}

#[test]
fn the_server_that_says_who_wrote_is_named_by_its_name_alone() {
    let named = |id: &str| {
        let written = format!("authserv_id = \"{id}\"");
        example(&EXAMPLE.replace("#   authserv_id = \"mx.example.org\"", &written)).1
    };
    let loaded = named("mx.example.org").unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.config.mailboxes[0].authserv_id.as_deref(), Some("mx.example.org"));
    for whole_line in ["mx.example.org; dmarc=pass", "Authentication-Results: mx.example.org", "mx.example.org 1"] {
        let refused = named(whole_line).expect_err("more than the name").to_string();
        assert!(refused.contains("must be the server's name alone") && refused.contains("mx.example.org"), "{refused}");
    }
}

/// The password that is shown to `server`.
fn password(server: &Server) -> &str {
    match &server.login.as_ref().expect("a login").proof {
        Proof::Password(password) => password.expose_secret(),
        Proof::Token(_) => panic!("a password was configured"),
    }
}

#[test]
fn a_token_takes_the_place_of_a_password_and_of_nothing_else() {
    refused("two_proofs_or_none");
    let section: String = EXAMPLE
        .lines()
        .skip_while(|line| !line.contains("[mailbox.imap.oauth]"))
        .take_while(|line| line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("#   "))
        .filter(|line| !line.starts_with("ca_file"))
        .fold(String::new(), |text, line| text + line + "\n");
    let text = EXAMPLE.replacen("password = { credential = \"imap\" }\n", &section, 1);
    let loaded = example(&text).1.unwrap_or_else(|problems| panic!("{problems}"));
    let Source::Imap(imap) = &loaded.config.mailboxes[0].source else { panic!("an IMAP mailbox") };
    let Proof::Token(issuer) = &imap.login.as_ref().expect("a login").proof else { panic!("a token") };
    assert_eq!(issuer.endpoint.server.host, "login.microsoftonline.com");
    assert_eq!(issuer.endpoint.path, "/TENANT/oauth2/v2.0/token");
    assert_eq!(issuer.client_secret.as_ref().expect("a secret").expose_secret(), "correct horse");
    assert!(issuer.refresh_token.is_some());
    let ends: Vec<&str> = loaded.config.expiries.iter().map(|expiry| expiry.key.as_str()).collect();
    assert_eq!(ends, ["mailbox.complaints.imap.oauth.client_secret"]);
}

#[test]
fn a_file_saved_on_windows_is_read_like_any_other() {
    let text = format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n"));
    let (_folder, loaded) = example(&text);
    assert_eq!(loaded.unwrap_or_else(|problems| panic!("{problems}")).config.mailboxes.len(), 1);

    let (_folder, refused) = example(&text.replace("\"hold\"", "\"later\""));
    let refused = refused.expect_err("a mistake");
    let line = EXAMPLE.lines().position(|line| line == "sending = \"hold\"").expect("the line") + 1;
    assert_eq!(refused.0.iter().map(|problem| problem.line).collect::<Vec<_>>(), [Some(line)]);
}

#[test]
fn no_secret_is_shown_when_a_configuration_is_printed() {
    let loaded = load("smallest").expect("a good configuration");
    let printed = format!("{loaded:?} {loaded:#?}");
    assert!(printed.contains("complaints@example.org"), "the configuration was printed");
    assert!(!printed.contains("correct horse") && !printed.contains("redress.db"), "{printed}");
}

/// The example, with credentials where systemd would put them.
fn example(text: &str) -> (tempfile::TempDir, Result<Loaded, Problems>) {
    let folder = tempfile::tempdir().expect("temporary folder");
    let credentials = folder.path().join("credentials");
    fs::create_dir(&credentials).expect("credentials folder");
    for name in ["imap", "smtp", "alarm", "oauth", "granted"] {
        fs::write(credentials.join(name), "correct horse\n").expect("credential");
    }
    let path = folder.path().join("redress.toml");
    fs::write(&path, text).expect("configuration");
    let credentials = credentials.into_os_string().into_string().expect("UTF-8");
    let env = move |name: &str| (name == "CREDENTIALS_DIRECTORY").then(|| credentials.clone());
    let loaded = Config::load(&path, &env, TODAY);
    (folder, loaded)
}

const EXAMPLE: &str = include_str!("../config/example.toml");

#[test]
fn the_example_loads_without_a_mistake_once_its_secrets_are_there() {
    let (_folder, loaded) = example(EXAMPLE);
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.warnings, []);
    assert!(matches!(loaded.config.operator.second_way, SecondWay::Smtp(_)));
}

#[test]
fn the_defaults_shown_in_the_example_are_the_defaults() {
    let optional = |line: &str| line.starts_with('#') && line[1..].starts_with(|c: char| c.is_ascii_lowercase());
    assert!(EXAMPLE.lines().filter(|line| optional(line)).count() > 20);
    let written_out: String = EXAMPLE
        .lines()
        .map(|line| if optional(line) { &line[1..] } else { line })
        .fold(String::new(), |text, line| text + line + "\n");
    let (_one, left_out) = example(EXAMPLE);
    let (_other, written_out) = example(&written_out);
    let printed = |loaded: Result<Loaded, Problems>| {
        format!("{:#?}", loaded.unwrap_or_else(|problems| panic!("{problems}")).config)
    };
    assert_eq!(printed(written_out), printed(left_out));
}

#[test]
fn the_example_documents_every_key_the_program_knows() {
    let sources = [
        include_str!("../src/config/endpoint.rs"),
        include_str!("../src/config/health.rs"),
        include_str!("../src/config/landlord.rs"),
        include_str!("../src/config/mail.rs"),
        include_str!("../src/config/secret.rs"),
        include_str!("../src/config/sections.rs"),
    ];
    let mut known = BTreeSet::new();
    for source in sources {
        for asked in [".need(", ".may(", "text("].into_iter().flat_map(|call| source.split(call).skip(1)) {
            if let Some(rest) = asked.trim_start().strip_prefix('"') {
                known.extend(rest.split('"').next());
            }
        }
    }
    assert!(known.len() > 50 && known.contains("complaint_form"), "{known:?}");
    let words: BTreeSet<&str> = EXAMPLE.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let missing: Vec<_> = known.into_iter().filter(|key| !words.contains(key)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_secret_file_that_others_can_read_is_refused_until_it_is_the_programs_own() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (path, secret) = (folder.path().join("redress.toml"), folder.path().join("imap-password"));
    let text = fs::read_to_string(fixture("smallest.toml")).expect("fixture");
    fs::write(&path, text.replace("{ env = \"MAIL_PASSWORD\" }", "{ file = \"imap-password\" }"))
        .expect("configuration");
    fs::write(&secret, format!("{SECRET}\n")).expect("secret");

    for mode in [0o644, 0o640, 0o604, 0o620] {
        fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).expect("mode set");
        let refused = Config::load(&path, &env, TODAY).expect_err("others can read it").to_string();
        assert!(refused.contains(":12: mailbox.complaints.imap.password.file: "), "{refused}");
        assert!(refused.ends_with(&format!("Run: chmod 600 '{}'", secret.display())), "{refused}");
        assert!(!refused.contains(SECRET), "{refused}");
    }
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("mode set");
    let loaded = Config::load(&path, &env, TODAY).expect("nobody else can read it");
    let Source::Imap(imap) = &loaded.config.mailboxes[0].source else { panic!("an IMAP mailbox") };
    assert_eq!(password(imap), SECRET);
}

/// Every line of the example left out, cut short, or given a value of each other type: some of it is good, most is
/// refused, and nothing makes the program panic.
#[test]
fn no_slip_of_the_pen_makes_the_program_panic() {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let (mut good, mut refused) = (0, 0);
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let key = line.split('=').next().expect("a first part");
        let values =
            ["= 7", "= \"x\"", "= \"\"", "= []", "= {}", "= [{}]", "= true", "= 2026-02-29", "= -1e9", "= [", ""];
        let slips =
            values.iter().map(|value| format!("{key}{value}")).chain([String::new(), line[..line.len() / 2].into()]);
        for slip in slips {
            let mut slipped = lines.clone();
            slipped[at] = &slip;
            match example(&slipped.join("\n")).1 {
                Ok(_) => good += 1,
                Err(problems) => {
                    refused += 1;
                    assert!(!problems.0.is_empty(), "line {} as {slip}: refused without a reason", at + 1);
                }
            }
        }
    }
    assert!(good > 20 && refused > 300, "{good} good, {refused} refused");
}

#[test]
fn a_file_that_is_not_there_says_what_to_do() {
    let refused = Config::load(Path::new("/no/such/redress.toml"), &env, TODAY).expect_err("no file").to_string();
    assert!(refused.starts_with("/no/such/redress.toml: cannot be read: "), "{refused}");
    assert!(refused.contains("config/example.toml"), "{refused}");
}

#[test]
fn a_file_in_another_encoding_is_refused_at_its_first_strange_line() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("redress.toml");
    fs::write(&path, b"sending = \"hold\"\n# caf\xe9\n").expect("configuration");
    let refused = Config::load(&path, &env, TODAY).expect_err("Latin-1").to_string();
    assert!(refused.ends_with("redress.toml:2: is not UTF-8 text. Save the file as UTF-8."), "{refused}");
}
