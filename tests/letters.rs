//! Every letter as its reader gets it, held by golden files (`UPDATE_GOLDEN=1` rewrites them), and what no letter may do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use jiff::civil::date;
use mail_parser::{Message, MessageParser, MimeHeaders};
use redress::domain::calendar::london_date;
use redress::domain::case::{Audience, Case, LetterKind};
use redress::domain::code::{Stage, cite};
use redress::domain::command::grammar::{Form, VERBS};
use redress::domain::command::written;
use redress::domain::landlord::{Acknowledge, Landlord, Ombudsman, Person};
use redress::domain::letter::{
    Desk, Enclosed, MessageKey, Sample, Templates, Unwritable, With, Written, can_be_written_to, our_letter, samples,
    token, write,
};
use redress::domain::reference::Reference;
use redress::domain::words::Words;

fn person(name: &str, role: &str, address: &str) -> Person {
    Person { name: name.to_owned(), role: role.to_owned(), address: address.to_owned(), estate: None }
}

fn landlord() -> Landlord {
    Landlord {
        key: "alder".to_owned(),
        name: "Alder Court Housing Co-operative".to_owned(),
        prefix: "ALD".to_owned(),
        addresses: vec!["complaints@alder.example".to_owned()],
        acknowledge: Acknowledge::Automatic,
        officer: person("Sam Okafor", "Complaints Officer", "sam@alder.example"),
        deputy: person("Priya Nair", "Deputy Complaints Officer", "priya@alder.example"),
        reviewers: vec![person("Robin Hale", "Stage 2 Reviewer", "robin@alder.example")],
        manager: person("Chris Moss", "Housing Manager", "chris@alder.example"),
        member_responsible: person("Ada Byrne", "Member Responsible for Complaints", "ada@alder.example"),
        staff: vec![],
        forms: Vec::new(),
        policy_link: "https://www.alder.example/complaints".to_owned(),
        emergency_telephone: "020 7946 0101".to_owned(),
        responsible_for: vec![
            "the structure, roof and outside of your home".to_owned(),
            "pipes, wiring and heating".to_owned(),
            "how our staff and contractors treat you".to_owned(),
        ],
        not_responsible_for: vec!["your own furniture and appliances".to_owned(), "roads and street lights".to_owned()],
    }
}

fn ombudsman() -> Ombudsman {
    Ombudsman {
        name: "Housing Ombudsman Service".to_owned(),
        website: "https://www.housing-ombudsman.org.uk".to_owned(),
        complaint_form: "https://www.housing-ombudsman.org.uk/residents/make-a-complaint/".to_owned(),
        telephone: "0300 111 3000".to_owned(),
        email: None,
        post: "PO Box 1484, Unit D, Preston, PR2 0ET".to_owned(),
        last_checked: date(2026, 11, 1),
    }
}

const KEY: MessageKey = MessageKey::new([42; 32]);
const THREAD: [&str; 2] = ["leak-1@example.org", "<leak-3@example.org>"];

/// The letters as they come with the program.
static TEMPLATES: LazyLock<Templates> = LazyLock::new(|| Templates::new(vec![]).unwrap());

fn written_with(sample: &Sample, landlord: &Landlord, templates: &Templates) -> Result<Written, Unwritable> {
    let ombudsman = ombudsman();
    let desk = Desk { landlord, ombudsman: &ombudsman, templates, key: &KEY };
    let thread = THREAD.map(str::to_owned);
    write(
        &sample.case,
        &sample.letter,
        &With { message: sample.enclosed().as_ref(), files: &[] },
        &thread,
        &desk,
        sample.now,
    )
}

fn written(sample: &Sample) -> Written {
    written_with(sample, &landlord(), &TEMPLATES).unwrap()
}

fn parsed(written: &Written) -> Message<'_> {
    MessageParser::default().parse(&written.bytes).unwrap()
}

/// The e-mail's headers as sent, and its text as read.
fn readable(written: &Written) -> String {
    let all = String::from_utf8(written.bytes.clone()).unwrap();
    let headers = all.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n");
    let message = parsed(written);
    let attached: Vec<_> =
        message.attachments().map(|a| format!("[attached: {}]\n", a.attachment_name().unwrap())).collect();
    format!("{headers}\n\n{}{}", message.body_text(0).unwrap().replace("\r\n", "\n"), attached.concat())
}

fn golden(file: &str, now: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/letters").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, now).unwrap();
    }
    let before = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(before, now, "{file} reads differently; look at it, then run with UPDATE_GOLDEN=1");
}

#[test]
fn every_letter_reads_as_it_was_approved() {
    let samples = samples(&landlord());
    for kind in LetterKind::ALL {
        assert!(samples.iter().any(|sample| sample.letter.says.kind() == kind), "no sample of {kind:?}");
    }
    for sample in &samples {
        let written = written(sample);
        golden(&format!("{}.txt", sample.name), &readable(&written));
        let html = parsed(&written).body_html(0).unwrap().replace("\r\n", "\n");
        golden(&format!("{}.html", sample.name), &html);
    }
}

fn sample(name: &str) -> Sample {
    samples(&landlord()).into_iter().find(|sample| sample.name == name).unwrap()
}

/// The value of a header as sent, unfolded.
fn header(written: &Written, name: &str) -> Option<String> {
    let headers = String::from_utf8(written.bytes.clone()).unwrap();
    let headers = headers.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ");
    let start = format!("{name}: ");
    headers.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned))
}

fn text(written: &Written) -> String {
    parsed(written).body_text(0).unwrap().into_owned()
}

/// Code 5.2 knows no informal stage, and the Ombudsman has faulted talk of "formal" complaints, as if there were others.
#[test]
fn no_letter_speaks_of_formal_complaints_or_in_office_language() {
    for sample in samples(&landlord()) {
        let said = text(&written(&sample)).to_lowercase();
        for phrase in
            ["formal", "stage 0", "hereby", "aforementioned", "pursuant", "correspondence", "utilise", "regarding"]
        {
            assert!(!said.contains(phrase), "{} says {phrase}", sample.name);
        }
    }
}

#[test]
fn danger_comes_first_and_a_receipt_is_no_acknowledgement() {
    for name in ["acknowledgement-hazard", "receipt-hazard", "request-logged-hazard"] {
        let text = text(&written(&sample(name)));
        let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{name} does not say {words}"));
        assert!(at("call 999") < at("Thank you for your message"), "{name}");
        assert_eq!(text.matches("999").count(), 1, "{name}");
    }
    for name in ["receipt", "receipt-hazard", "receipt-late", "receipt-no-words"] {
        let text = text(&written(&sample(name)));
        let own = text.replace("we acknowledge", "");
        assert!(!own.to_lowercase().contains("acknowledge"), "{name}");
        assert!(!own.contains("logged your complaint"), "{name}");
    }
}

#[test]
fn a_letter_to_a_resident_is_an_automatic_reply_in_their_own_thread() {
    let written = written(&sample("acknowledgement"));
    assert_eq!(header(&written, "Auto-Submitted").as_deref(), Some("auto-replied"));
    assert_eq!(header(&written, "X-Auto-Response-Suppress").as_deref(), Some("All"));
    assert_eq!(header(&written, "In-Reply-To").as_deref(), Some("<leak-3@example.org>"));
    assert_eq!(header(&written, "References").as_deref(), Some("<leak-1@example.org> <leak-3@example.org>"));
    assert_eq!(header(&written, "Content-Language").as_deref(), Some("en-GB"));
    assert_eq!(written.subject, "Re: Leak again!! [ALD-1047-K]");
    assert_eq!((written.from.as_str(), written.to.as_str()), ("complaints@alder.example", "jo.fielding@example.org"));
}

#[test]
fn a_thread_keeps_its_head_and_its_end_and_no_message_id_that_is_none() {
    let (sample, landlord, ombudsman) = (sample("acknowledgement"), landlord(), ombudsman());
    let desk = Desk { landlord: &landlord, ombudsman: &ombudsman, templates: &TEMPLATES, key: &KEY };
    let references = |thread: &[String]| {
        let written = write(&sample.case, &sample.letter, &With::default(), thread, &desk, sample.now).unwrap();
        (header(&written, "In-Reply-To"), header(&written, "References"))
    };
    assert_eq!(references(&[]), (None, None));
    let junk = ["no-at", "a b@example.org", "x@example.org>\r\nBcc: <y@example.org", "\u{f6}@example.org"];
    let junk: Vec<String> = junk.map(str::to_owned).into_iter().chain([format!("{}@x", "a".repeat(300))]).collect();
    assert_eq!(references(&junk), (None, None));

    let long: Vec<String> = (0..50).map(|n| format!("m{n}@example.org")).collect();
    let (in_reply_to, references) = references(&long);
    assert_eq!(in_reply_to.as_deref(), Some("<m49@example.org>"));
    let references = references.unwrap();
    let ids: Vec<_> = references.split(' ').collect();
    assert_eq!(
        (ids.len(), ids[0], ids[1], ids[11]),
        (12, "<m0@example.org>", "<m39@example.org>", "<m49@example.org>")
    );
}

#[test]
fn absence_notes_of_staff_come_back_and_their_letters_of_one_case_hang_together() {
    let heads: Vec<_> = ["new-case", "new-message", "reminder-today", "undelivered-returned"]
        .map(|name| {
            let written = written(&sample(name));
            assert_eq!(header(&written, "Auto-Submitted").as_deref(), Some("auto-generated"), "{name}");
            assert_eq!(header(&written, "X-Auto-Response-Suppress"), None, "{name}");
            assert_eq!(header(&written, "Precedence"), None, "{name}");
            let head = header(&written, "In-Reply-To").unwrap();
            assert!(header(&written, "References").unwrap().starts_with(&head), "{name}");
            head
        })
        .into();
    assert!(heads.windows(2).all(|pair| pair[0] == pair[1]), "{heads:?}");
    assert_eq!(our_letter(&heads[0], &KEY), Some((samples(&landlord())[0].case.opening.clone().unwrap().reference, 0)));
}

#[test]
fn the_subject_of_a_letter_to_staff_holds_no_word_of_the_residents() {
    let to_staff = samples(&landlord()).into_iter().filter(|sample| sample.letter.audience == Audience::Staff);
    let subjects: Vec<String> = to_staff.map(|sample| written(&sample).subject).collect();
    assert!(subjects.len() > 10);
    for subject in subjects {
        assert!(subject.contains("ALD-1047-K"), "{subject}");
        assert!(!subject.contains("Leak") && !subject.contains("Fielding"), "{subject}");
    }
}

#[test]
fn the_same_letter_has_the_same_bytes_each_time() {
    for sample in samples(&landlord()) {
        let (once, again) = (written(&sample), written(&sample));
        assert!(once.bytes == again.bytes, "{}", sample.name);
        assert_eq!(our_letter(&once.message_id, &KEY).unwrap().1, sample.letter.number);
    }
    golden("acknowledgement.eml", &String::from_utf8(written(&sample("acknowledgement")).bytes).unwrap());
    golden("new-case.eml", &String::from_utf8(written(&sample("new-case")).bytes).unwrap());
}

#[test]
fn every_letter_is_ascii_in_short_lines_ended_by_crlf() {
    for sample in samples(&landlord()) {
        let bytes = written(&sample).bytes;
        assert!(bytes.is_ascii(), "{}", sample.name);
        let text = String::from_utf8(bytes).unwrap();
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{}", sample.name);
        let longest = text.split("\r\n").map(str::len).max().unwrap();
        // The attached message keeps its own lines.
        assert!(
            longest <= 78 || sample.enclosed().is_some_and(|enclosed| enclosed.whole),
            "{}: {longest}",
            sample.name
        );
    }
}

#[test]
fn the_date_is_that_of_london() {
    let mut summer = sample("acknowledgement");
    summer.now = "2026-07-01T23:30:00Z".parse().unwrap();
    let written = written(&summer);
    assert_eq!(header(&written, "Date").as_deref(), Some("Thu, 02 Jul 2026 00:30:00 +0100"));
    assert!(text(&written).contains("Thursday 2 July 2026"));
}

#[test]
fn a_message_that_can_travel_as_it_is_is_attached_as_a_message_and_any_other_as_a_file() {
    let new_case = sample("new-case");
    let as_message = b"From: jo@example.org\r\nSubject: leak\r\n\r\nIt leaks.\r\n".to_vec();
    let long_line = [b"Subject: a\r\n\r\n".to_vec(), vec![b'a'; 1200]].concat();
    let not_ascii = "Subject: a\r\n\r\nCaf\u{e9}\r\n".as_bytes().to_vec();
    let cases: [(Vec<u8>, &str); 7] = [
        (as_message.clone(), "message"),
        (as_message.iter().copied().filter(|byte| *byte != b'\r').collect(), "message"),
        (not_ascii, "application"),
        (long_line, "application"),
        (b"Subject: a\r\n\r\nnul\0byte\r\n".to_vec(), "application"),
        (b"Subject: a\r\n\r\nbare\rreturn\r\n".to_vec(), "application"),
        (b"no header at all\r\n".to_vec(), "application"),
    ];
    for (raw, kind) in cases {
        let written = {
            let (landlord, ombudsman) = (landlord(), ombudsman());
            let desk = Desk { landlord: &landlord, ombudsman: &ombudsman, templates: &TEMPLATES, key: &KEY };
            let enclosed = Enclosed { raw: &raw, ..new_case.enclosed().unwrap() };
            write(
                &new_case.case,
                &new_case.letter,
                &With { message: Some(&enclosed), files: &[] },
                &[],
                &desk,
                new_case.now,
            )
            .unwrap()
        };
        let message = parsed(&written);
        let attachment = message.attachments().next().unwrap();
        let case = String::from_utf8_lossy(&raw).into_owned();
        assert_eq!(attachment.content_type().unwrap().ctype(), kind, "{case:?}");
        assert_eq!(attachment.attachment_name(), Some("message.eml"));
        if kind == "application" {
            assert_eq!(attachment.contents(), raw, "{case:?}");
        } else {
            let inner = attachment.message().unwrap();
            assert_eq!((inner.subject(), inner.body_text(0).unwrap().trim()), (Some("leak"), "It leaks."), "{case:?}");
            assert!(written.bytes.windows(as_message.len()).any(|bytes| bytes == as_message), "{case:?}");
        }
    }
}

/// The sample with other words in its case.
fn with(name: &str, change: impl FnOnce(&mut Case)) -> Sample {
    let mut sample = sample(name);
    change(&mut sample.case);
    sample
}

#[test]
fn a_subject_is_answered_once_and_in_one_short_line() {
    let long = "word ".repeat(2_000);
    for (theirs, ours) in [
        ("Re: RE: Fwd: Leak", "Re: Leak [ALD-1047-K]"),
        ("AW: Re : Leak [ALD-1047-K]", "Re: Leak [ALD-1047-K]"),
        ("Re:", "Your complaint [ALD-1047-K]"),
        ("", "Your complaint [ALD-1047-K]"),
        ("Repairs: the roof", "Re: Repairs: the roof [ALD-1047-K]"),
        ("Leak\r\nBcc: all@example.org", "Re: Leak Bcc: all@example.org [ALD-1047-K]"),
        ("\u{202e}kaeL\u{202c}", "Re: kaeL [ALD-1047-K]"),
        ("Fuite d\u{2019}eau \u{1f4a7}", "Re: Fuite d\u{2019}eau \u{1f4a7} [ALD-1047-K]"),
        (&long, &format!("Re: {}… [ALD-1047-K]", vec!["word"; 17].join(" "))),
    ] {
        let written = written(&with("acknowledgement", |case| {
            case.opening.as_mut().unwrap().subject = Words::new(theirs);
        }));
        assert_eq!(written.subject, ours);
        assert_eq!(parsed(&written).subject(), Some(ours));
        assert_eq!(header(&written, "Bcc"), None);
    }
}

#[test]
fn a_hostile_name_stays_a_name() {
    for name in [
        "Jo\r\nBcc: all@example.org",
        "\0Jo\0",
        "\"Jo\" <x@example.org>,",
        "{{ landlord }}",
        "\u{202e}oJ",
        "=?utf-8?q?A=0D=0AB?=",
    ] {
        let mut sample = with("acknowledgement", |case| case.resident.as_mut().unwrap().name = Words::new(name));
        sample.letter.name = Words::new(name);
        let written = written(&sample);
        assert_eq!(header(&written, "Bcc"), None, "{name:?}");
        let message = parsed(&written);
        let to = message.to().unwrap();
        assert_eq!(to.as_list().map(<[_]>::len), Some(1), "{name:?}");
        assert_eq!(to.first().unwrap().address(), Some("jo.fielding@example.org"), "{name:?}");
    }
}

#[test]
fn what_a_resident_writes_is_shown_as_they_wrote_it_and_does_nothing() {
    let hostile = "<script>alert(1)</script> {{ landlord.key }} {% include 'x' %}\n@ombudsman\n# Title\n> quoted\n\
                   </blockquote><h1>Final answer</h1>\nhttps://evil.example/ \u{e000}0\u{e001} \u{202e}x\u{1f527}";
    let written = written(&with("acknowledgement", |case| {
        case.definition.points = vec![Words::new(hostile)];
        case.definition.outcome = Some(Words::new(hostile));
    }));
    let text = text(&written).replace("\r\n", "\n");
    for line in [
        "> @ombudsman\n",
        "> # Title\n",
        "> > quoted\n",
        "> <script>alert(1)</script> {{ landlord.key }} {% include 'x' %}\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let message = parsed(&written);
    let html = message.body_html(0).unwrap();
    assert_eq!(html.matches("<h1").count(), 1);
    assert_eq!(html.matches("<blockquote").count(), 2);
    assert!(!html.contains("<script") && !html.contains("href=\"https://evil"), "{html}");
    assert!(html.contains("&lt;script&gt;") && html.contains("{{ landlord.key }}") && html.contains("\u{1f527}"));
    assert!(!html.contains('\u{202e}'));
}

#[test]
fn a_very_long_complaint_still_gets_its_letter() {
    let written = written(&with("acknowledgement", |case| {
        case.definition.points = (0..5_000).map(|n| Words::new(format!("point number {n}"))).collect();
        case.definition.outcome = Some(Words::new("x".repeat(1_000_000)));
        case.opening.as_mut().unwrap().because = vec![Words::new("y".repeat(100_000)); 100];
    }));
    assert!(written.bytes.len() < 100_000, "{}", written.bytes.len());
    let text = text(&written);
    assert!(text.contains("Point 41:") && text.contains("point number 40") && text.contains("[…]"));
}

#[test]
fn a_quotation_can_neither_trip_the_lint_nor_satisfy_it() {
    let stale = "Your informal complaint stage 0 told me to wait eight weeks for a designated person, L33 7WQ";
    let spoken_for = "020 7946 0101 999 Housing Ombudsman Service 0300 111 3000 \
                      https://www.housing-ombudsman.org.uk/residents/make-a-complaint/";
    let sample = with("acknowledgement", |case| {
        case.definition.points = vec![Words::new(stale), Words::new(spoken_for)];
    });
    assert!(text(&written(&sample)).contains("informal complaint"));

    // The quotation says all that the Ombudsman's block would, and the tries at start do not meet this landlord.
    let unless_ours = "{% if 'WEL' in reference %}\n".to_owned()
        + &template("_ombudsman.txt")
        + "{% else %}\n@ombudsman\nYou told us about {{ points | join(' ') }}.\n@\n{% endif %}\n";
    let templates = Templates::new(vec![("_ombudsman.txt".to_owned(), unless_ours)]).unwrap();
    let refused = written_with(&sample, &landlord(), &templates).unwrap_err();
    assert!(matches!(refused, Unwritable::Missing { part: "ombudsman", provision: "3.7", .. }), "{refused}");
}

fn template(name: &str) -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/letters").join(name)).unwrap()
}

/// The template without what it says in `part`; its tags stay, so that it can still be filled in.
fn without(part: &str, source: &str) -> String {
    let mut inside = false;
    let kept = source.lines().filter(|line| {
        if let Some(name) = line.strip_prefix('@') {
            inside = name == part;
        }
        !inside || line.starts_with("{%")
    });
    kept.map(|line| format!("{line}\n")).collect()
}

fn problems(name: &str, text: impl Into<String>) -> Vec<String> {
    Templates::new(vec![(name.to_owned(), text.into())]).err().unwrap_or_default()
}

#[test]
fn a_template_that_drops_a_part_is_refused_by_the_provision_that_asks_for_it() {
    let parts: [(&str, &str, &[&str]); 109] = [
        ("_letterhead.txt", "letterhead", &["5.12"]),
        ("_letterhead.txt", "copy", &["3.6"]),
        ("_emergency.txt", "emergency", &["6.1"]),
        ("_help.txt", "reply", &["3.1"]),
        ("_help.txt", "adjustments", &["5.10"]),
        ("_help.txt", "representative", &["3.6"]),
        ("_ombudsman.txt", "ombudsman", &["3.7", "6.5", "6.16", "6.19", "2.4", "2022 Code 5.3"]),
        ("_signature.txt", "signature", &["4.1"]),
        ("_policy.txt", "policy", &["3.4"]),
        ("_correct_us.txt", "correct_us", &["5.6"]),
        ("_definition.txt", "definition", &["5.6"]),
        ("_outcome.txt", "outcome", &["5.6"]),
        ("_responsibilities.txt", "responsibilities", &["5.7"]),
        ("_response_date.txt", "response_date", &["6.3", "6.14", "2022 Code 5.1", "2022 Code 5.13"]),
        ("_complain.txt", "complain", &["1.3", "1.6"]),
        ("acknowledgement.txt", "stage", &["6.2", "6.11", "2022 Code 4.1", "2022 Code 5.10"]),
        ("acknowledgement.txt", "why_unhappy", &["6.12"]),
        ("acknowledgement.txt", "handler", &["4.1", "6.13"]),
        ("acknowledgement.txt", "independence", &["5.8"]),
        ("acknowledgement.txt", "related", &["1.5"]),
        ("receipt.txt", "next", &["6.2", "6.11"]),
        ("receipt.txt", "words", &["5.6"]),
        ("correction.txt", "stage", &["6.2"]),
        ("clarification.txt", "questions", &["5.6"]),
        ("clarification.txt", "goes_on", &["6.3"]),
        ("response.txt", "stage", &["6.9", "6.19"]),
        ("response.txt", "late", &["6.3", "6.14"]),
        ("response.txt", "definition", &["6.9", "6.19"]),
        ("response.txt", "decision", &["6.9", "6.19"]),
        ("response.txt", "reasons", &["6.7", "6.18"]),
        ("response.txt", "outcome", &["6.9", "6.19"]),
        ("response.txt", "remedies", &["7.1"]),
        ("response.txt", "actions", &["6.9", "6.19", "7.3"]),
        ("response.txt", "stage_2", &["6.9"]),
        ("response.txt", "ombudsman_next", &["6.19"]),
        ("extension.txt", "extension", &["6.4", "6.15", "2022 Code 5.1"]),
        ("extension.txt", "reason", &["6.4", "6.15", "2022 Code 5.1"]),
        ("extension.txt", "updates", &["5.9"]),
        ("refusal.txt", "matter", &["2.4", "5.11"]),
        ("refusal.txt", "reason", &["2.4", "5.11"]),
        ("refusal.txt", "discretion", &["2.3"]),
        ("refusal.txt", "ombudsman_right", &["2.4", "5.11"]),
        ("refusal.txt", "instead", &["2.4", "5.11"]),
        ("request_logged.txt", "logged", &["1.4"]),
        ("request_logged.txt", "why", &["1.4"]),
        ("request_logged.txt", "next", &["1.4"]),
        ("request_answer.txt", "answer", &["1.4"]),
        ("correspondence.txt", "received", &["5.12"]),
        ("correspondence.txt", "answer", &["1.3"]),
        ("correspondence.txt", "not_a_complaint", &["1.3", "1.6"]),
        ("added.txt", "added", &["5.12"]),
        ("update.txt", "update", &["5.9", "6.6"]),
        ("update.txt", "next", &["5.9", "6.6"]),
        ("withdrawal.txt", "withdrawn", &["5.12"]),
        ("withdrawal.txt", "come_back", &["1.3"]),
        ("restriction.txt", "restriction", &["5.14"]),
        ("restriction.txt", "reason", &["5.14"]),
        ("restriction.txt", "review", &["5.14"]),
        ("restriction.txt", "still_heard", &["1.3"]),
        ("restriction.txt", "complain", &["5.15"]),
        ("survey.txt", "questions", &["1.6"]),
        ("survey.txt", "opt_out", &["1.6"]),
        ("_case.txt", "case", &["5.12"]),
        ("_hazard.txt", "hazard", &["6.1"]),
        ("_commands.txt", "commands", &["4.2"]),
        ("_dates.txt", "dates", &["6.2", "6.11"]),
        ("_told.txt", "letters", &["6.2"]),
        ("_told.txt", "withheld", &["6.2"]),
        ("new_case.txt", "ombudsman", &["4.1"]),
        ("new_case.txt", "unsure", &["1.3"]),
        ("new_case.txt", "why", &["1.3"]),
        ("new_case.txt", "related", &["1.5"]),
        ("new_message.txt", "message", &["5.12"]),
        ("new_message.txt", "more", &["5.12"]),
        ("escalation.txt", "escalation", &["6.10"]),
        ("escalation.txt", "unsure", &["6.10"]),
        ("assigned.txt", "assigned", &["5.8"]),
        (
            "reminder.txt",
            "owed",
            &["6.3", "6.2", "6.14", "6.11", "1.4", "1.3", "5.9", "6.6", "5.10", "5.14", "9.1", "2022 Code 5.1"],
        ),
        ("reminder.txt", "not_reached", &["4.2"]),
        ("reminder.txt", "promised", &["7.3"]),
        ("undelivered.txt", "undelivered", &["6.2"]),
        ("undelivered.txt", "still_owed", &["6.2", "6.3"]),
        ("dates_moved.txt", "moves", &["6.2"]),
        ("by_hand.txt", "hand_over", &["6.2"]),
        ("by_hand.txt", "handed_over", &["5.12"]),
        ("_in_place_of.txt", "in_place_of", &["4.2"]),
        ("_answer.txt", "answer", &["4.2"]),
        ("transcript.txt", "case", &["5.12"]),
        ("digest.txt", "covered", &["4.1"]),
        ("digest.txt", "overdue", &["4.1"]),
        ("digest.txt", "today", &["4.1"]),
        ("digest.txt", "soon", &["4.1"]),
        ("digest.txt", "actions", &["4.1"]),
        ("digest.txt", "unassigned", &["4.1"]),
        ("digest.txt", "left", &["4.1"]),
        ("digest.txt", "unsure", &["4.1"]),
        ("digest.txt", "undelivered", &["4.1"]),
        ("digest.txt", "to_hand_over", &["4.1"]),
        ("digest.txt", "moved", &["4.1"]),
        ("digest.txt", "provisional", &["4.1"]),
        ("digest.txt", "junk", &["4.1"]),
        ("digest.txt", "listed", &["4.1"]),
        ("digest.txt", "machines", &["4.1"]),
        ("weekly.txt", "week", &["4.1"]),
        ("weekly.txt", "overdue", &["4.1"]),
        ("weekly.txt", "oldest", &["4.1"]),
        ("_upkeep.txt", "horizon", &["4.1"]),
        ("_upkeep.txt", "ombudsman", &["4.1"]),
        ("_upkeep.txt", "mailboxes", &["4.1"]),
    ];
    let mut named = BTreeSet::new();
    for file in fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("config/letters")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".txt") {
            continue;
        }
        for part in template(&name).lines().filter_map(|line| line.strip_prefix('@')).filter(|part| !part.is_empty()) {
            named.insert((name.clone(), part.to_owned()));
        }
    }
    // Without the title there is no letter at all: see below.
    assert!(named.remove(&("response.txt".to_owned(), "title".to_owned())));
    let known: BTreeSet<_> = parts.iter().map(|(file, part, _)| ((*file).to_owned(), (*part).to_owned())).collect();
    assert_eq!(named, known);
    let guide = template("README.md");
    for (file, part, provisions) in parts {
        assert!(guide.contains(&format!("`{part}`")), "the guide for authors leaves out {part}");
        let problems = problems(file, without(part, &template(file)));
        let part = format!("the part \"{part}\"");
        for provision in provisions {
            let provision = format!("({})", cite(provision));
            assert!(
                problems.iter().any(|it| it.contains(&part) && it.contains(&provision)),
                "{provision} {problems:?}"
            );
        }
    }
}

#[test]
fn what_the_landlords_own_people_write_is_held_to_the_same_words() {
    let with_reasons = |reasons: &str| {
        let sample = with("response", |case| {
            case.responses.get_mut(&Stage::One).unwrap().answers[0].reasons = Words::new(reasons);
        });
        written_with(&sample, &landlord(), &TEMPLATES)
    };
    for words in ["Your Formal\nComplaint was late.", "You may ask for stage 3.", "An informal complaint."] {
        let refused = with_reasons(words).unwrap_err();
        assert!(matches!(refused, Unwritable::Unwelcome { .. }), "{words}: {refused}");
    }
    let kept = with_reasons("The roofer came after eight weeks.\n\nThat was too late.").unwrap();
    assert!(text(&kept).replace("\r\n", "\n").contains("came after eight weeks.\n\nThat was too late.\n"));
}

#[test]
fn a_letter_to_be_handed_over_goes_to_a_person_with_the_letter_to_print() {
    for (name, how, place) in [
        ("acknowledgement-by-post", "Please print and post: ", "14 Alder Court\nWellbrook Road\nLondon SE14 5XX\n"),
        ("acknowledgement-by-telephone", "Please call and post: ", "020 7946 0123"),
    ] {
        let written = written(&sample(name));
        assert_eq!(written.to, "sam@alder.example");
        assert_eq!(written.subject, format!("{how}the acknowledgement (ALD-1047-K)"));
        assert_eq!(header(&written, "To").as_deref(), Some("\"Sam Okafor\" <sam@alder.example>"));
        // An absence note must come back: else the letter lies in a mailbox that nobody reads.
        assert_eq!(header(&written, "Auto-Submitted").as_deref(), Some("auto-generated"));
        assert_eq!(header(&written, "X-Auto-Response-Suppress"), None);
        let text = text(&written).replace("\r\n", "\n");
        let (cover, letter) = text.split_once("____\n\n").unwrap();
        assert!(cover.contains(place) && cover.contains("Friday 4 December 2026"), "{cover}");
        assert!(
            cover.contains("\n    handed-over\n    letter: 1\n    on: today\n") && cover.contains("press Reply"),
            "{cover}"
        );
        assert!(letter.starts_with("We have received your complaint\n"), "{letter}");
        assert!(!letter.contains("redress") && !letter.contains("reply to this email"), "{letter}");

        let message = parsed(&written);
        let attached = message.attachments().next().unwrap();
        assert_eq!(attached.attachment_name(), Some("ALD-1047-K-acknowledgement.html"));
        let html = attached.text_contents().unwrap();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains("<title>We have received your complaint</title>"));
        assert!(html.contains("Dear <bdi>Jo Fielding</bdi>") && !html.contains("redress case"));
    }
}

#[test]
fn whoever_speaks_for_a_resident_gets_a_copy_that_says_so() {
    let written = written(&sample("response-copy"));
    assert_eq!(written.to, "mary.fielding@example.net");
    assert_eq!(written.subject, "Re: Leak again!! [ALD-1047-K]");
    let text = text(&written).replace("\r\n", " ");
    assert!(text.contains("Dear Mary Fielding,  This is your copy of our letter to Jo Fielding."), "{text}");
}

#[test]
fn staff_learn_what_to_do_for_a_resident_and_not_why() {
    for name in ["new-message-to-bear-in-mind", "reminder-adjustment"] {
        let text = text(&written(&sample(name)));
        assert!(text.contains("letters in large print, 16 point") && !text.contains("Poor sight"), "{name}: {text}");
    }
}

/// The forms of a letter's text, as somebody copies them: each begins below an empty line, its lines set in.
fn forms(text: &str) -> Vec<String> {
    let blocks = text.split("\n\n").filter(|block| block.starts_with("    ") && !block.starts_with("    redress "));
    blocks.map(|block| block.lines().map(|line| format!("{}\n", line.trim_end())).collect()).collect()
}

/// The links of a letter's HTML, as a mail program opens them: address, subject, and body with LF.
fn opened_links(html: &str) -> Vec<[String; 3]> {
    let decoded = |text: &str| {
        let mut pieces = text.split('%');
        let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            bytes.extend(piece[2..].bytes());
        }
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    };
    let links = html.split("href=\"mailto:").skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&"));
    let open = |link: String| {
        assert!("mailto:".len() + link.len() <= 1_900 && !link.contains(['+', ' ']), "{link}");
        let (address, rest) = link.split_once("?subject=").unwrap();
        let (subject, body) = rest.split_once("&body=").unwrap();
        [decoded(address), decoded(subject), decoded(body)]
    };
    links.map(open).collect()
}

#[test]
fn letters_to_staff_end_with_forms_to_send_back_and_links_that_prove_their_reader() {
    let mut verbs = BTreeSet::new();
    let landlord = landlord();
    for sample in samples(&landlord).iter().filter(|sample| sample.letter.audience == Audience::Staff) {
        let written = written(sample);
        let text = text(&written).replace("\r\n", "\n");
        let html = parsed(&written).body_html(0).unwrap().replace("\r\n", "\n");
        let forms = forms(&text);
        // The answer to "help extend" has its example before them.
        let example = usize::from(sample.name == "transcript-help-extend");
        assert!((1..=3).contains(&(forms.len() - example)), "{}: {forms:?}", sample.name);
        assert!(text.contains("Press Reply, copy what you need above the quoted text"), "{}", sample.name);
        assert!(!text.contains("mailto:"), "{}", sample.name);
        for form in &forms {
            let verb = form.lines().next().unwrap().trim();
            let verb = VERBS.iter().find(|known| known.name == verb).unwrap_or_else(|| panic!("{form}"));
            for line in form.lines().skip(1).filter(|line| !line.starts_with("      ")) {
                let (field, value) = line.trim().split_once(": ").unwrap_or_else(|| panic!("{form}"));
                assert!(verb.fields.iter().any(|known| known.name == field) && !value.is_empty(), "{form}");
            }
            verbs.insert(verb.name);
        }
        let links = opened_links(&html);
        assert!(links.len() >= forms.len() - example, "{}", sample.name);
        for (number, [address, subject, body]) in links.iter().enumerate() {
            assert_eq!(address, "complaints@alder.example");
            let reference = &sample.case.opening.as_ref().unwrap().reference;
            assert_eq!(Reference::find_in(subject), std::slice::from_ref(reference));
            let (today, code) = (london_date(sample.now), token::find(subject).unwrap());
            let proved = token::prove(code, reference, "alder", &written.to, today, &KEY).unwrap();
            assert_eq!((proved.letter, usize::from(proved.link)), (sample.letter.number, number), "{subject}");
            assert_eq!(subject.split(' ').next(), body.lines().next(), "{subject}");
            assert!(!subject.contains("Leak") && !subject.contains("Fielding"), "{subject}");
        }
    }
    for word in
        ["acknowledge", "define", "respond", "extend", "stay", "sort", "point", "assign", "done", "close", "review"]
    {
        assert!(verbs.contains(word), "{word}");
    }
    // Whoever answered at stage 1 is told of stage 2, and leaves it to others; so does the member responsible.
    let verbs_in = |name: &str| -> Vec<String> {
        let text = text(&written(&sample(name))).replace("\r\n", "\n");
        forms(&text).iter().map(|form| form.lines().next().unwrap().trim().to_owned()).collect()
    };
    assert_eq!(verbs_in("escalation-told"), ["assign", "note"]);
    assert_eq!(verbs_in("reminder-three-days-late"), ["note"]);
    assert_eq!(verbs_in("new-case"), ["define", "ask", "assign"]);
    assert_eq!(verbs_in("reminder-two-days-left"), ["respond", "extend", "update"]);
}

/// Copied from the text, wrapped as it is, or sent out of a link.
#[test]
fn a_form_that_is_sent_back_as_it_was_says_what_the_case_says() {
    for sample in samples(&landlord()).iter().filter(|sample| sample.letter.audience == Audience::Staff) {
        let written = written(sample);
        let html = parsed(&written).body_html(0).unwrap().into_owned();
        let bodies = opened_links(&html).into_iter().map(|[_, _, body]| body);
        for form in forms(&text(&written).replace("\r\n", "\n")).into_iter().chain(bodies) {
            let read = written::read(&form);
            assert_eq!((read.mistakes.len(), read.unread.as_deref(), read.forms.len()), (0, None, 1), "{form}{read:?}");
            let [Form { verb, fields }] = &read.forms[..] else { panic!("{form}") };
            assert_eq!(verb, form.lines().next().unwrap().trim(), "{form}");
            let of_field = |name: &str| {
                let of_field = fields.iter().filter(|(field, _)| field == name);
                of_field.map(|(_, value)| value.replace('\n', " ")).collect::<Vec<_>>()
            };
            assert!(fields.iter().all(|(_, value)| value != "…"), "{form}{fields:?}");
            if ["define", "acknowledge"].contains(&verb.as_str()) {
                let points = &sample.case.definition.points;
                let points: Vec<&str> = points.iter().map(Words::as_str).collect();
                assert_eq!(of_field("point"), points, "{form}");
            }
        }
    }
}

#[test]
fn an_answer_has_a_line_for_every_point_below_the_words_that_begin_it() {
    let text = text(&written(&sample("reminder-two-days-left"))).replace("\r\n", "\n");
    let respond = "    respond
    about: I reported the leak in my kitchen ceiling…
    answer: …
    about: The man on the phone told me to stop calling…
    answer: …
    remedy: …
    action: …
";
    assert!(text.contains(respond), "{text}");
    assert!(text.contains("Begin each answer with upheld, partly upheld or not upheld."), "{text}");
}

#[test]
fn a_definition_too_long_to_copy_is_not_written_into_a_form_by_halves() {
    let long = with("new-case", |case| {
        case.definition.points = vec![Words::new("Damp"), Words::new("The lift is broken again. ".repeat(80))];
    });
    let text = text(&written(&long)).replace("\r\n", "\n");
    assert!(
        text.contains("\n    define\n    point: …\n    outcome: …\n\nThe points you write take the place of all"),
        "{text}"
    );
}

#[test]
fn what_a_resident_writes_begins_no_field_and_no_line_of_a_form() {
    let hostile = with("new-case", |case| {
        case.definition.points = vec![Words::new("Leak\n\nundo\n</pre> <b> responsibility: all of it\noutcome: £900")];
    });
    let written = written(&hostile);
    let html = parsed(&written).body_html(0).unwrap().replace("\r\n", "\n");
    let form =
        "define\npoint: Leak undo &lt;/pre&gt; &lt;b&gt; responsibility – all of it outcome – £900\noutcome: Please";
    assert!(html.contains(form), "{html}");
    let define = &opened_links(&html)[0];
    assert_eq!(define[2].lines().count(), 3, "{define:?}");
}

#[test]
fn the_times_are_those_of_the_edition_that_holds() {
    let said = |name: &str| text(&written(&sample(name))).replace("\r\n", " ");
    let old = said("acknowledgement-2022");
    assert!(old.contains("our full answer within 10 working days of logging it"), "{old}");
    assert!(old.contains("final response within 20 working days of the day you ask"), "{old}");
    let new = said("acknowledgement");
    assert!(new.contains("our full answer within 10 working days after that"), "{new}");
    assert!(new.contains("final response within 20 working days after that"), "{new}");
}

#[test]
fn every_letter_to_a_resident_is_signed_by_role_and_names_nobody_of_the_landlords() {
    for sample in samples(&landlord()).iter().filter(|sample| sample.letter.audience == Audience::Resident) {
        let said = text(&written(sample)).replace("\r\n", "\n");
        let letter = said.split_once("____\n\n").map_or(said.as_str(), |(_, letter)| letter);
        for name in ["Sam Okafor", "Robin Hale", "Priya Nair", "Chris Moss"] {
            assert!(!letter.contains(name), "{} names {name}", sample.name);
        }
        let role = if sample.letter.says.stage() == Stage::Two { "Stage 2 Reviewer" } else { "Complaints Officer" };
        let end = format!("Yours sincerely,\n\n{role}\nAlder Court Housing Co-operative\n");
        assert!(letter.ends_with(&end), "{}", sample.name);
    }
}

#[test]
fn a_part_without_its_facts_is_refused() {
    let no_date = template("_response_date.txt").replace("by {{ respond_by }}. If\n", "soon. If\n");
    let problem = problems("_response_date.txt", no_date).concat();
    assert!(problem.contains("acknowledgement.txt: the part \"response_date\" does not say"), "{problem}");
    let one_point = template("_definition.txt").replace("in points %}", "in points[:1] %}");
    let problem = problems("_definition.txt", one_point).concat();
    assert!(problem.contains("the part \"definition\" lacks words it must quote"), "{problem}");
    for (from, to, lacks) in [
        ("# Our final response to your complaint", "# Our last answer", "\"title\" does not say \"final response\""),
        (", until {{ ombudsman_by }}", "", "\"ombudsman_next\" does not say"),
        ("{{ remedy.money }}", "money", "\"remedies\" does not say \"£150.00\""),
        ("in answers %}\n@definition", "in answers[1:] %}\n@definition", "\"definition\" lacks words it must quote"),
        (
            "{{ answer.finding }}",
            "We have decided about this.",
            "\"decision\" does not say \"You are right about this.",
        ),
        ("our {{ action.owner }}", "somebody", "\"actions\" does not say \"Repairs Manager\""),
    ] {
        let response = template("response.txt");
        assert!(response.contains(from), "{from}");
        let problem = problems("response.txt", response.replace(from, to)).concat();
        assert!(problem.contains(lacks), "{from}: {problem}");
    }
}

#[test]
fn stale_details_and_forbidden_words_are_refused_wherever_they_stand() {
    for (words, why) in [
        ("Liverpool L33 7WQ", "left this postal address"),
        ("London E14 9GE", "left this postal address"),
        ("Ask a Designated Person.", "nobody needs one"),
        ("You must wait eight\nweeks.", "nobody waits"),
        ("This is an informal complaint.", "Code 5.2"),
        ("This is a formal complaint.", "Code 1.4, 5.2"),
        ("Then comes stage three.", "Code 5.3"),
        ("We call it Stage 0.", "Code 5.2"),
    ] {
        let signature = format!("{}\n{words}\n", template("_signature.txt"));
        let problem = problems("_signature.txt", signature).concat();
        assert!(problem.contains(why), "{words}: {problem}");
        let frame = template("letter.html").replace("</body>", &format!("<p>{words}</p></body>"));
        assert!(problems("letter.html", frame).concat().contains(why), "{words}");
        let landlord = Landlord { name: words.replace('\n', " "), ..landlord() };
        let refused = written_with(&sample("acknowledgement"), &landlord, &TEMPLATES);
        assert!(matches!(refused, Err(Unwritable::Unwelcome { .. })), "{words}");
    }
}

#[test]
fn a_mistake_in_a_template_is_told_with_file_and_line() {
    for (name, text, told) in [
        ("reciept.txt", "x", "reciept.txt: no letter uses a template of this name"),
        ("receipt.txt", "# Hello\n{% if %}\n", "receipt.txt, line 2"),
        ("receipt.txt", "# Hello\n\n{{ resident_name }}\n", "receipt.txt, line 3"),
        ("receipt.txt", "{% include '_none.txt' %}", "_none.txt"),
        (
            "receipt.txt",
            "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
            "receipt.txt",
        ),
        ("receipt.txt", "no title\n", "receipt.txt: must have one title"),
        (
            "_letterhead.txt",
            "@letterhead\n{{ landlord.name }} {{ date }} {{ reference }} {{ name | first }}",
            "print them without a filter",
        ),
        ("letter.html", "<html lang=\"en-GB\">{{ title }}</html>", "print {{ body }} once"),
    ] {
        let problems = problems(name, text).join("\n");
        assert!(problems.contains(told), "{name} {text:?}: {problems}");
        assert!(!problems.contains("Fielding"), "{problems}");
    }
}

#[test]
fn a_landlords_own_details_are_tried_too() {
    assert_eq!(TEMPLATES.problems_for(&landlord(), &ombudsman()), Vec::<String>::new());

    let moved = Ombudsman { post: "PO Box 152, Liverpool L33 7WQ".to_owned(), ..ombudsman() };
    let problems = TEMPLATES.problems_for(&landlord(), &moved).join("\n");
    assert!(
        problems.contains("\"l33 7wq\" must not be in a letter: the Ombudsman left this postal address"),
        "{problems}"
    );
}

#[test]
fn a_landlord_may_say_it_in_other_words() {
    let policy =
        "@policy\nOur policy, with its two stages, is at {{ landlord.policy_link }}.\n{% include '_ours.txt' %}\n@\n";
    let overrides = vec![
        ("_policy.txt".to_owned(), policy.to_owned()),
        ("_ours.txt".to_owned(), "Ask at the office.\n".to_owned()),
    ];
    let templates = Templates::new(overrides).unwrap();
    let written = written_with(&sample("acknowledgement"), &landlord(), &templates).unwrap();
    assert!(text(&written).contains("https://www.alder.example/complaints. Ask at the office."));
}

#[test]
fn an_address_that_mail_cannot_reach_is_refused_without_naming_it() {
    for address in ["", "jo", "jo@", "j\u{f6}@example.org", "jo@example.org\r\nBcc: x@example.org"] {
        assert!(!can_be_written_to(address) && can_be_written_to("jo@example.org"));
        let mut sample = sample("acknowledgement");
        sample.letter.address = Words::new(address);
        let refused = written_with(&sample, &landlord(), &TEMPLATES).unwrap_err();
        assert_eq!(refused.to_string(), "the reader's address is not one that mail can be sent to");
    }
}
