//! Person or machine: a graded verdict with its reasons (RFC 3834, 3464, 8098, 5965, 2919).
//!
//! Order matters: a delivery report is one whatever list headers it inherited, an out-of-office note one whatever it
//! quotes. Signs are sure (a header or part made for the purpose), or wording, which needs a second sign, for people write
//! *about* bounced mail and absences. `Auto-Submitted: no` outweighs wording, not sure signs. So does a complaint: a machine
//! taken for a person gets a few answers, a resident taken for a machine is lost.
//!
//! A form or portal that marks its mail `Auto-Submitted: auto-generated` carries a person's words: its kind is
//! [`Kind::Person`], so that the clock runs; it is not answered unless its sender is in [`Own::forms`].

use std::iter;

use super::mime::{Entity, single_spaced};
use super::wording::{
    ABSENT, ACKNOWLEDGES, ADMINISTRATORS, BOUNCE_OPENINGS, BOUNCE_PHRASES, BOUNCE_SUBJECTS, BOUNCE_SUBJECTS_INSIDE,
    BULK, CHALLENGES, CLICKS, CLOSED, COMPLAINS, DAEMONS, DEAF, EMERGENCY, GONE, IF_URGENT, LETTER, OF_A_HOME,
    OF_AN_OFFICE, OFFERS, PROMISE, RECEIPT_SUBJECTS, REDIRECTS, REPLY_SUBJECTS, REPLY_SUBJECTS_WEAK, ROBOT,
    ROBOT_ALONE, ROBOT_INSIDE, TECHNICAL, THANKS, TO_ANYBODY,
};
use super::{Kind, Message, Own, folded, quote, report};

/// Characters of the text that are searched for wording.
const WORDING_CHARS: usize = 4_000;
/// An automatic answer without any header is short.
const UNMARKED_REPLY_CHARS_MAX: usize = 2_500;

/// What Power Automate, Logic Apps and Power Apps put on the mail that their flows send; an answer has none of the usual marks.
const FLOW: &str = "x-ms-mail-application";

/// Gives the reason when a message is of one kind.
type Judge = fn(&Facts<'_>) -> Option<String>;

pub(super) struct Verdict {
    pub kind: Kind,
    pub may_answer: bool,
    pub reasons: Vec<String>,
}

/// Says what a message is and whether it may be answered.
pub(super) fn judge(entity: &Entity<'_>, message: &Message, own: &Own) -> Verdict {
    let facts = Facts::gather(entity, message, own);
    let judges: [(Kind, Judge); 7] = [
        (Kind::Feedback, feedback),
        (Kind::Receipt, receipt),
        (Kind::Bounce, bounce),
        (Kind::AutoReply, auto_reply),
        (Kind::Machine, ourselves),
        // What a list server says for itself carries the headers of its list.
        (Kind::Machine, program),
        (Kind::List, list),
    ];
    let (kind, mut reasons) = judges
        .into_iter()
        .find_map(|(kind, judge)| judge(&facts).map(|reason| (kind, vec![reason])))
        .unwrap_or((Kind::Person, Vec::new()));
    let withheld = withheld(&facts);
    let may_answer = kind == Kind::Person && withheld.is_empty();
    reasons.extend(withheld);
    if may_answer {
        reasons.push(match facts.form {
            true => "The sender is configured as a form; the answer goes to its Reply-To.".to_owned(),
            false => "No header, sender or wording of a machine.".to_owned(),
        });
    }
    Verdict { kind, may_answer, reasons }
}

struct Facts<'a> {
    entity: &'a Entity<'a>,
    message: &'a Message,
    own: &'a Own,
    /// Lower case.
    subject: String,
    /// The beginning of the newly written text, lower case, white space single.
    words: String,
    /// The same with its lines kept.
    lines: String,
    /// The beginning of the whole text, lower case, white space single.
    all: String,
    /// The From field as it stands, lower case: some daemons' addresses are none.
    from: String,
    /// `Auto-Submitted` without comment and parameters, lower case (RFC 3834, 5.1).
    auto_submitted: String,
    null_sender: bool,
    /// The sender is a configured form and names somebody to answer.
    form: bool,
}

impl<'a> Facts<'a> {
    fn gather(entity: &'a Entity<'a>, message: &'a Message, own: &'a Own) -> Self {
        let beginning = |text: &str| folded(&text.chars().take(WORDING_CHARS).collect::<String>());
        let auto_submitted = entity.raw("auto-submitted").unwrap_or_default().to_ascii_lowercase();
        let keyword = auto_submitted.split([';', '(']).next().unwrap_or_default().trim();
        let from = message.from.as_ref().map_or("", |from| from.address.as_str());
        let lines = beginning(&message.new_text());
        let answered = message.reply_to.as_ref().map_or("", |to| to.address.as_str());
        Self {
            entity,
            message,
            own,
            subject: folded(&message.subject),
            words: single_spaced(&lines),
            lines,
            all: single_spaced(&beginning(&message.text)),
            from: entity.text_of("from").unwrap_or_default().to_lowercase(),
            auto_submitted: keyword.to_owned(),
            null_sender: entity
                .raw("return-path")
                .is_some_and(|path| matches!(path.trim(), "<>" | "< >" | "<MAILER-DAEMON>")),
            form: own.forms.iter().any(|form| form == from) && !answered.is_empty() && answered != from,
        }
    }

    fn value(&self, name: &str) -> String {
        self.entity.raw(name).unwrap_or_default().trim().to_lowercase()
    }

    /// `Auto-Submitted: no` is the sender's word that a person wrote it (RFC 3834, 5.1).
    fn says_person(&self) -> bool {
        self.auto_submitted == "no"
    }

    fn says_automatic(&self) -> bool {
        self.auto_submitted.starts_with("auto-") || self.null_sender || self.precedence().is_some()
    }

    fn precedence(&self) -> Option<String> {
        ["precedence", "x-precedence", "preference"].into_iter().map(|name| self.value(name)).find(|value| {
            ["bulk", "junk", "list", "auto_reply", "auto-reply"].iter().any(|known| value.starts_with(known))
        })
    }

    fn part(&self, content_type: &str) -> bool {
        self.entity.walk(false).iter().any(|part| part.content_type == content_type)
    }

    /// Whether a part made for reports makes this message one. People send a report along with their complaint: below words of
    /// theirs it is a file, unless the sender or its envelope is a machine's.
    fn may_report(&self) -> bool {
        let mut beginning = iter::successors(Some(self.entity), |entity| entity.parts.first());
        let of_server = |names: &[&str]| names.iter().any(|name| self.from.contains(name));
        beginning.any(|part| part.content_type == "multipart/report")
            || self.words.is_empty()
            || self.null_sender
            || self.auto_submitted.starts_with("auto-")
            || of_server(DAEMONS)
            || of_server(ADMINISTRATORS)
    }

    /// `report-type` of the message itself or of a part of it, lower case (RFC 6522).
    fn report_type(&self) -> Option<String> {
        let report = |part: &&Entity<'_>| part.content_type == "multipart/report";
        let part = self.entity.walk(false).into_iter().find(report)?;
        Some(part.parameter("report-type").unwrap_or_default().to_ascii_lowercase())
    }
}

fn feedback(facts: &Facts<'_>) -> Option<String> {
    let reported = facts.report_type().is_some_and(|kind| kind == "feedback-report");
    // Hotmail's reports have no part of their own, only the address of who complained.
    let hotmail = facts.entity.has("x-hmxmroriginalrecipient");
    let beginning: String = facts.all.chars().take(200).collect();
    let worded = beginning.contains("this is an email abuse report") || beginning.contains("this is a spam complaint");
    (reported || hotmail || worded || facts.part("message/feedback-report"))
        .then(|| "An abuse report (RFC 5965).".to_owned())
}

fn receipt(facts: &Facts<'_>) -> Option<String> {
    if report::is_refusal(facts.entity) {
        return None;
    }
    const SUBJECTS: &[&str] = &[
        "read:",
        "not read:",
        "read receipt",
        "return receipt",
        "delivered:",
        "relayed:",
        "gelesen:",
        "ungelesen gelöscht:",
        "lu :",
        "lu:",
        "non lu",
        "leído:",
        "letto:",
        "non letto:",
        "lida:",
        "lido:",
        "gelezen:",
        "läst:",
        "lest:",
        "læst:",
        "luettu:",
        "přečteno:",
        "przeczytano:",
        "okundu:",
        "прочитано:",
        "прочтено:",
        "citit:",
        "開封済み:",
        "已读:",
        "已讀:",
        "مقروءة:",
        "darllenwyd:",
    ];
    const PHRASES: &[&str] = &[
        "was read on",
        "was deleted without being read",
        "was displayed on",
        "has been displayed on the recipient",
        "this is a return receipt",
        "no guarantee that the message has been read",
        "wurde gelesen am",
        "wurde am",
        "a été lu",
        "a été affiché",
        "se leyó",
        "fue leído",
        "è stato letto",
        "è stato visualizzato",
        "is gelezen op",
        "foi lida",
        "została przeczytana",
        "a fost citit",
        "было прочитано",
        "was successfully delivered",
    ];
    let disposition = facts.report_type().is_some_and(|kind| kind == "disposition-notification")
        || facts.part("message/disposition-notification");
    if disposition && facts.may_report() {
        return Some("A disposition notification (RFC 8098).".to_owned());
    }
    if facts.may_report() && report::is_success(facts.entity) {
        return Some("A delivery report that says the letter arrived (RFC 3464, 2.3.3).".to_owned());
    }
    let titled = SUBJECTS.iter().any(|subject| facts.subject.starts_with(subject));
    let short = facts.message.text.len() < 1_500;
    if titled
        && short
        && !facts.says_person()
        && !speaks_as_one(&facts.all)
        && PHRASES.iter().any(|phrase| facts.all.contains(phrase))
    {
        return Some("Subject and wording of a read receipt.".to_owned());
    }
    let recalls = facts.subject.starts_with("recall:") && facts.all.contains("would like to recall the message, ");
    let recalled = facts.subject.starts_with("message recall ") && short && facts.all.contains("recall");
    (recalls || recalled).then(|| "A request to recall a message.".to_owned())
}

fn bounce(facts: &Facts<'_>) -> Option<String> {
    let may_report = facts.may_report();
    let kind = facts.report_type().filter(|_| may_report);
    let statuses = may_report && facts.entity.walk(false).into_iter().any(report::is_status);
    if statuses || kind.as_deref() == Some("delivery-status") {
        return Some("A delivery report (RFC 3464).".to_owned());
    }
    if may_report && report::is_refusal(facts.entity) {
        return Some("A disposition notification that refuses the letter (RFC 5429, 2.1.2).".to_owned());
    }
    // Exchange 5.5 encloses its report under this name.
    if facts.entity.has("x-ms-embedded-report") {
        return Some("X-MS-Embedded-Report: a delivery report of Exchange.".to_owned());
    }
    if facts.entity.has("x-failed-recipients") {
        return Some("X-Failed-Recipients names who did not get a letter.".to_owned());
    }
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| facts.all.contains(phrase));
    let worded = says(BOUNCE_PHRASES);
    let titled = bounce_subject(&facts.subject);
    if DAEMONS.iter().any(|daemon| facts.from.contains(daemon)) {
        let reply = auto_reply(facts).is_some() && !worded && !titled;
        return (!reply).then(|| "The sender is a mail server's own (mailer-daemon).".to_owned());
    }
    let nobody = facts.message.from.is_none() && titled;
    let administrator = nobody || ADMINISTRATORS.iter().any(|name| facts.from.contains(name));
    if administrator
        && (titled || worded || has_reply_code(&facts.all))
        && !quote::answers(&facts.subject)
        && !quote::forwards(&facts.subject)
    {
        return Some("A mail server's administrator as sender, and wording of a delivery report.".to_owned());
    }
    // A resident whose subject is "Delivery failed" speaks of a cooker, and asks.
    let resident = speaks_of_home(&facts.words) || asks(&facts.words);
    if facts.says_person() || (resident && !facts.says_automatic() && kind.is_none()) {
        return None;
    }
    let technical = says(TECHNICAL)
        || has_reply_code(&facts.all)
        || facts.part("message/rfc822")
        || facts.part("text/rfc822-headers");
    if titled && (technical || facts.says_automatic() || kind.is_some()) && (worded || technical) {
        return Some("Subject and wording of a delivery report.".to_owned());
    }
    let beginning: String = facts.all.chars().take(200).collect();
    let opens = BOUNCE_OPENINGS.iter().any(|opening| beginning.contains(opening));
    let brief = facts.all.len() < 600 && facts.all.contains('@') && says(LETTER) && !speaks_of_oneself(&facts.all);
    if titled && worded && (brief || (opens && !speaks_as_one(&facts.all))) {
        return Some("Subject and wording of a delivery report, in nobody's name.".to_owned());
    }
    if worded
        && technical
        && facts.says_automatic()
        && !quote::forwards(&facts.subject)
        && facts.auto_submitted != "auto-replied"
    {
        return Some("Wording of a delivery report, marked as automatic.".to_owned());
    }
    None
}

/// People who write about returned mail say "I" and "my".
fn speaks_of_oneself(words: &str) -> bool {
    const SELF: &[&str] =
        &["i", "my", "me", "i'm", "i've", "we", "our", "us", "mine", "dear", "hi", "hello", "regards"];
    any_word(words, SELF)
}

fn bounce_subject(subject: &str) -> bool {
    // "[Postmaster] Email Delivery Failure", "***SPAM*** Undeliverable: …"
    let subject = match subject.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_, rest)) => rest.trim_start(),
        None => subject.trim_start_matches(['*', ' ', '"', '<']),
    };
    const ENDINGS: &[&str] = &[": non remis", "(delivery failed)", "user unknown!", "not delivered"];
    BOUNCE_SUBJECTS.iter().any(|known| subject.starts_with(known))
        || ENDINGS.iter().any(|ending| subject.ends_with(ending))
        || BOUNCE_SUBJECTS_INSIDE.iter().any(|phrase| subject.contains(phrase))
}

/// 550 5.1.1, 452-4.2.2, "554 Sorry": a server's reply (RFC 5321, 4.2; RFC 3463).
fn has_reply_code(text: &str) -> bool {
    const BEHIND: &[&str] = &[
        "requested",
        "user",
        "unknown",
        "mailbox",
        "recipient",
        "sorry",
        "<",
        "no",
        "rcpt",
        "address",
        "invalid",
        "relaying",
        "access",
        "message",
        "service",
    ];
    let code =
        |word: &str| word.len() == 3 && word.starts_with(['4', '5']) && word.bytes().all(|byte| byte.is_ascii_digit());
    let mut before = "";
    report::enhanced_status(text).is_some()
        || text.split_whitespace().any(|word| {
            let reply = code(before) && BEHIND.iter().any(|next| word.starts_with(next));
            before = word;
            reply
        })
}

fn auto_reply(facts: &Facts<'_>) -> Option<String> {
    if facts.auto_submitted.starts_with("auto-replied") {
        return Some("Auto-Submitted: auto-replied (RFC 3834).".to_owned());
    }
    if let Some(header) = facts.entity.names().find(|name| answers_for_people(name) && is_on(&facts.value(name))) {
        return Some(format!("The header {header} of an automatic answer."));
    }
    if facts.entity.has(FLOW) && facts.value("x-ms-mail-operation-type").starts_with("reply") {
        return Some("A flow of Power Automate or Logic Apps answered.".to_owned());
    }
    if facts.precedence().is_some_and(|value| value.starts_with("auto")) {
        return Some("Precedence: auto_reply.".to_owned());
    }
    for header in
        ["x-post-messageclass", "x-mailer", "user-agent", "delivered-to", "x-autogenerated", "x-auto-generated"]
    {
        let value = facts.value(header);
        if ["autorespon", "autoreply", "auto-reply", "vacation", "out of office"]
            .iter()
            .any(|word| value.contains(word))
            || value == "reply"
        {
            return Some(format!("The header {header} of an automatic answer."));
        }
    }
    if facts.says_person() {
        return None;
    }
    if reply_subject(facts) {
        return Some("Subject of an automatic answer.".to_owned());
    }
    if facts.null_sender && facts.message.answers() {
        return Some("An answer with an empty return path (RFC 5321, 4.5.5).".to_owned());
    }
    wording_of_reply(facts).map(str::to_owned)
}

/// The verdict on mail that no header and no certain subject marks: two signs at least, and nothing a resident would say.
fn wording_of_reply(facts: &Facts<'_>) -> Option<&'static str> {
    let words = &facts.words;
    if words.chars().count() > UNMARKED_REPLY_CHARS_MAX {
        return None;
    }
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let resident = asks(words) || speaks_of_home(words);
    // Offices answer as "we"; hardly a resident writes without "I" and "my".
    let impersonal = !speaks_as_one(words);
    // Whoever complains of a machine quotes it, and one word taken for the machine's own would lose the complaint.
    if says(COMPLAINS) || (resident && !impersonal) {
        return None;
    }
    let challenges = CHALLENGES.iter().filter(|phrase| words.contains(**phrase)).take(2).count();
    if challenges > 1 || (challenges > 0 && says(CLICKS)) {
        return Some("It asks whoever wrote to prove that they are no program.");
    }
    let early: String = words.chars().take(600).collect();
    let absent = ABSENT.iter().chain(CLOSED).any(|phrase| early.contains(phrase));
    let promise = says(PROMISE);
    let thanks = says_by_itself(&facts.lines.chars().take(600).collect::<String>(), THANKS);
    let alone = says_by_itself(&facts.lines, ROBOT_ALONE);
    let robot = alone || says_by_itself(&facts.lines, ROBOT) || (thanks && says(ROBOT_INSIDE));
    let gone = says(GONE) && words.chars().count() < 600;
    let weak = weak_reply_subject(&facts.subject);
    if robot && (thanks || promise || absent || gone || weak || facts.says_automatic()) {
        return Some("The text says that it is an automatic answer.");
    }
    if absent && facts.null_sender {
        return Some("Wording of an absence note, from an empty return path.");
    }
    let acknowledges = ACKNOWLEDGES.iter().filter(|phrase| words.contains(**phrase)).take(2).count();
    // A landlord's receipt lists what is an emergency: no heating, a leak through the roof.
    let lists = impersonal && thanks && acknowledges > 1 && says(EMERGENCY) && !asks(words);
    // A resident who is away next week asks when the plumber will come.
    if resident && !lists {
        return None;
    }
    match () {
        () if weak && absent && promise => Some("Subject and wording of an absence note."),
        () if thanks && absent && promise => Some("Wording of an absence note."),
        () if (absent || absent_subject(&facts.subject))
            && (says(TO_ANYBODY) || (says(IF_URGENT) && says(OF_AN_OFFICE))) =>
        {
            Some("Wording of an absence note, to anybody who writes.")
        }
        () if gone && says(REDIRECTS) && !words.contains("contact me") => {
            Some("Whoever had the address has gone; it says where to write.")
        }
        () if weak && thanks && acknowledges > 0 => Some("Subject and wording of an automatic receipt."),
        () if impersonal && alone => Some("The text says that it is an automatic answer."),
        () if impersonal
            && acknowledges > 0
            && RECEIPT_SUBJECTS.iter().any(|known| facts.subject.starts_with(known)) =>
        {
            Some("Subject and wording of an automatic receipt.")
        }
        () if impersonal && (weak || thanks) && acknowledges > 1 => Some("Wording of an automatic receipt."),
        () if facts.says_automatic() && thanks && (absent || promise) => {
            Some("Marked as automatic, with wording of an automatic answer.")
        }
        () => None,
    }
}

/// Subjects that programs and people use, perhaps behind a ticket's number in brackets.
fn weak_reply_subject(subject: &str) -> bool {
    let bare = subject.trim_start_matches(['[', '(', '*', '"', ' ']);
    let behind_tag =
        subject.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(bare, |(_, rest)| rest.trim());
    REPLY_SUBJECTS_WEAK.iter().any(|known| bare.starts_with(known) || behind_tag.starts_with(known))
        || absent_subject(subject)
}

fn absent_subject(subject: &str) -> bool {
    subject.contains("out of the office") || subject.contains("out of office")
}

/// Whether the words ask something; links hold question marks too.
fn asks(words: &str) -> bool {
    words.contains('？')
        || words.split_whitespace().any(|word| word.trim_end_matches(['"', '\'', ')', '!']).ends_with('?'))
}

/// An office that says whom to ring without heating speaks of nobody's home.
fn speaks_of_home(words: &str) -> bool {
    let own = |sentence: &&str| !OFFERS.iter().any(|offer| sentence.contains(offer));
    words
        .split_inclusive(['.', '!', '?'])
        .filter(own)
        .any(|sentence| OF_A_HOME.iter().any(|phrase| sentence.contains(phrase)))
}

fn speaks_as_one(words: &str) -> bool {
    const ONE: &[&str] = &["i", "my", "me", "i'm", "i've", "i'd", "i'll", "mine", "myself"];
    any_word(words, ONE)
}

fn any_word(words: &str, known: &[&str]) -> bool {
    words.split(|c: char| !c.is_alphanumeric() && c != '\'').any(|word| known.contains(&word))
}

/// Headers by which programs that answer for people mark themselves. X-Auto-Response-Suppress is none: ordinary mail
/// carries it.
fn answers_for_people(name: &str) -> bool {
    let squeezed = name.replace(['-', '_'], "");
    let marks = ["autorepl", "autorespon", "autoantwort", "vacation", "awaymessage", "machinegenerated"];
    !squeezed.contains("suppress") && marks.iter().any(|mark| squeezed.contains(mark))
}

fn is_on(value: &str) -> bool {
    !matches!(value, "" | "no" | "false" | "0" | "off" | "none")
}

/// Residents give their complaints about "out of office" that very title; programs put it in front of ours.
fn reply_subject(facts: &Facts<'_>) -> bool {
    let subject = facts.subject.trim_start_matches(['[', '(', '*', '"', '#', '<', ' ', '{']);
    let resident = [subject, facts.words.as_str()]
        .into_iter()
        .any(|words| asks(words) || speaks_of_home(words) || COMPLAINS.iter().any(|phrase| words.contains(phrase)));
    REPLY_SUBJECTS.iter().any(|known| {
        subject.strip_prefix(known).is_some_and(|rest| {
            let rest = rest.trim_start();
            let noun = [
                "reply",
                "autoreply",
                "auto-reply",
                "message",
                "response",
                "notification",
                "notice",
                "assistant",
                "assistent",
                "antwort",
            ];
            let rest = noun.into_iter().find_map(|noun| rest.strip_prefix(noun)).unwrap_or(rest).trim_start();
            // An auto-gate is a gate, and a person too puts a dash behind a title.
            let dash = rest.strip_prefix(['-', '–', '—']).is_some_and(|behind| behind.starts_with(' '));
            let titled = dash || rest.starts_with(['*', '"', '>', '|']);
            (rest.is_empty() || (titled && *known != "auto")) && !resident
                || rest.starts_with([':', '：', ']', ')', '}'])
                || rest.starts_with("re:")
                || rest.starts_with("(re")
        })
    }) || [
        "is out of the office",
        "out of the office until",
        "out of office until",
        "out of office from",
        "is on vacation",
        "i will be out of the office",
        "i am out of the office",
        "i'm out of the office",
        "out of office autoreply",
    ]
    .iter()
    .any(|words| subject.contains(words) && !resident && !quote::answers(subject))
}

/// Whether a sentence begins with one of `phrases`; in quotation marks it is somebody else's.
fn says_by_itself(words: &str, phrases: &[&str]) -> bool {
    words.split(['.', '!', '?', '\n', '*', '-', '(', '[', ':', ',', '。', '、', '，']).any(|sentence| {
        let sentence = sentence.trim_start_matches([' ', '#', '=', '>', '\t', '~', '_']);
        let sentence = sentence.strip_prefix("please note ").unwrap_or(sentence);
        let sentence = sentence.strip_prefix("that ").unwrap_or(sentence);
        phrases.iter().any(|phrase| sentence.starts_with(phrase) || (!phrase.is_ascii() && sentence.contains(phrase)))
    })
}

fn ourselves(facts: &Facts<'_>) -> Option<String> {
    let from = facts.message.from.as_ref()?;
    facts
        .own
        .addresses
        .contains(&from.address)
        .then(|| "The sender is the landlord's own complaints address.".to_owned())
}

fn list(facts: &Facts<'_>) -> Option<String> {
    const HEADERS: &[&str] = &[
        "list-id",
        "list-post",
        "list-unsubscribe",
        "list-help",
        "list-subscribe",
        "list-owner",
        "list-archive",
        "mailing-list",
        "x-mailing-list",
        "x-mailman-version",
        "x-beenthere",
        "x-campaign-id",
    ];
    if let Some(header) =
        HEADERS.iter().find(|header| facts.entity.raw(header).is_some_and(|value| value.trim().len() > 2))
    {
        return Some(format!("The header {header} of a mailing list or bulk mail."));
    }
    if let Some(value) = facts.precedence() {
        return Some(format!("Precedence: {}.", value.chars().take(20).collect::<String>()));
    }
    // A mailing says how to be rid of it, at its head or foot; who answers or passes it on quotes that.
    let passed_on = facts.message.answers() || quote::forwards(&facts.subject) || facts.message.forward.is_some();
    let foot: String = facts.message.text.chars().rev().take(WORDING_CHARS).collect();
    let foot = single_spaced(&folded(&foot.chars().rev().collect::<String>()));
    let said = BULK.iter().filter(|phrase| facts.all.contains(**phrase) || foot.contains(**phrase)).take(2).count();
    (said > 1 && !passed_on).then(|| "Wording of bulk mail.".to_owned())
}

fn program(facts: &Facts<'_>) -> Option<String> {
    let calendar = facts.entity.walk(false).into_iter().find(|part| part.content_type == "text/calendar");
    let answer =
        calendar.and_then(|part| part.parameter("method")).is_some_and(|method| method.eq_ignore_ascii_case("reply"));
    if answer || (calendar.is_some() && facts.words.is_empty()) {
        return Some("A calendar entry (RFC 6047).".to_owned());
    }
    if facts.entity.has("x-cron-env") || (facts.subject.starts_with("cron <") && facts.from.contains("cron")) {
        return Some("Output of a scheduled job.".to_owned());
    }
    let administrator = facts.message.from.as_ref().is_some_and(|from| {
        ["postmaster@", "mailer-daemon@", "root@", "daemon@", "listserv@", "majordomo@", "hostmaster@"]
            .iter()
            .any(|name| from.address.starts_with(name))
            || ["-bounces@", "-request@", "-owner@", "-confirm@"].iter().any(|name| from.address.contains(name))
    });
    administrator.then(|| "The sender is a mail server's or machine's own address.".to_owned())
}

/// What forbids an answer whatever the message is. The message is recorded and sorted all the same.
fn withheld(facts: &Facts<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    if let Some(spam) = &facts.message.spam {
        reasons.push(format!("Taken for spam: {spam}."));
    }
    let Some(to) = &facts.message.reply_to else {
        reasons.push("There is no address to answer.".to_owned());
        return reasons;
    };
    if facts.own.addresses.contains(&to.address) {
        reasons.push("The answer would go to the landlord's own complaints address.".to_owned());
    }
    if facts.form {
        return reasons;
    }
    // RFC 3834, 5: any other word than "no" is a program's.
    let program = !facts.auto_submitted.is_empty() && !facts.says_person();
    if program && !facts.auto_submitted.starts_with("auto-replied") {
        let keyword: String = facts.auto_submitted.chars().take(20).collect();
        reasons.push(format!("Auto-Submitted: {keyword}, and the sender is not configured as a form."));
    }
    if facts.entity.has(FLOW) {
        reasons.push("X-MS-Mail-Application: a flow sent it, and the sender is not configured as a form.".to_owned());
    }
    if facts.null_sender {
        reasons.push("The return path is empty: a program sent it (RFC 5321, 4.5.5).".to_owned());
    }
    let local = |address: &str| address.split('@').next().unwrap_or_default().replace(['-', '_', '.'], "");
    let from = facts.message.from.as_ref().map_or("", |from| from.address.as_str());
    if [from, to.address.as_str()].iter().any(|address| DEAF.iter().any(|deaf| local(address).contains(deaf))) {
        reasons.push("The sender's address takes no answers.".to_owned());
    }
    if facts.entity.raw("x-auto-response-suppress").is_some_and(|value| is_on(&value.trim().to_ascii_lowercase())) {
        reasons.push("X-Auto-Response-Suppress asks for no automatic answer.".to_owned());
    }
    // Exchange's "…-Inbox-Rules-Loop" is on what people's own rules pass on.
    let loops = |name: &&str| name.starts_with("x-") && name.contains("loop") && !name.contains("rules");
    if let Some(header) = facts.entity.names().find(loops) {
        reasons.push(format!("{header} marks mail that a program sends or answers."));
    }
    reasons
}

/// Whether the mail server gives this in place of a message that it cannot give out: Exchange does, with its own words for the
/// text and an address that is none as the sender.
pub(super) fn stands_for_another(message: &Message) -> bool {
    let subject = folded(&message.subject);
    subject.starts_with("retrieval using the ") && subject.contains(" protocol failed for the following message")
}

/// Why the receiving server takes a message for spam: its own verdict, or the check of the sender that failed.
pub(super) fn spam(entity: &Entity<'_>, failed_check: Option<&str>) -> Option<String> {
    let value = |name: &str| entity.raw(name).unwrap_or_default().trim().to_ascii_lowercase();
    for header in ["x-spam-flag", "x-spam", "x-barracuda-spam-flag", "x-spam-status"] {
        if value(header).starts_with("yes") {
            return Some(format!("{header} says yes"));
        }
    }
    let level = value("x-ms-exchange-organization-scl").parse::<i32>().is_ok_and(|level| level >= 5);
    if level {
        return Some("x-ms-exchange-organization-scl is 5 or more".to_owned());
    }
    let forefront = value("x-forefront-antispam-report");
    if let Some(verdict) = ["sfv:spm", "cat:spm", "cat:phsh", "cat:hphsh", "cat:hspm", "cat:malw"]
        .into_iter()
        .find(|verdict| forefront.contains(verdict))
    {
        return Some(format!("x-forefront-antispam-report has {verdict}"));
    }
    if ["reject", "add header", "rewrite subject"].contains(&value("x-rspamd-action").as_str()) {
        return Some("x-rspamd-action asks to reject or mark it".to_owned());
    }
    if value("x-proofpoint-spam-details").contains("rule=spam") {
        return Some("x-proofpoint-spam-details has rule=spam".to_owned());
    }
    match failed_check? {
        "dmarc" => Some("the sender is not who it says (dmarc=fail)".to_owned()),
        "spf" => Some("the sending server is not the sender's (spf=fail)".to_owned()),
        // Lists and gateways break signatures; by itself that makes no spam.
        _ => None,
    }
}
