//! Every letter as its reader gets it, held by golden files (`UPDATE_GOLDEN=1` rewrites them), and what no letter may do.

use std::fs;
use std::path::PathBuf;

use jiff::civil::date;
use mail_parser::{Message, MessageParser, MimeHeaders};
use redress::domain::landlord::{Landlord, Ombudsman, Person};
use redress::domain::letter::{Desk, MessageKey, Sample, Templates, Unwritable, Written, samples, write};

fn person(name: &str, role: &str, address: &str) -> Person {
    Person { name: name.to_owned(), role: role.to_owned(), address: address.to_owned() }
}

fn landlord() -> Landlord {
    Landlord {
        key: "alder".to_owned(),
        name: "Alder Court Housing Co-operative".to_owned(),
        prefix: "ALD".to_owned(),
        addresses: vec!["complaints@alder.example".to_owned()],
        officer: person("Sam Okafor", "Complaints Officer", "sam@alder.example"),
        deputy: person("Priya Nair", "Deputy Complaints Officer", "priya@alder.example"),
        reviewers: vec![person("Robin Hale", "Stage 2 Reviewer", "robin@alder.example")],
        manager: person("Chris Moss", "Housing Manager", "chris@alder.example"),
        member_responsible: person("Ada Byrne", "Member Responsible for Complaints", "ada@alder.example"),
        staff: vec![],
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

const THREAD: [&str; 2] = ["leak-1@example.org", "<leak-3@example.org>"];

fn written_with(sample: &Sample, landlord: &Landlord, templates: &Templates) -> Result<Written, Unwritable> {
    let (ombudsman, key) = (ombudsman(), MessageKey::new([42; 32]));
    let desk = Desk { landlord, ombudsman: &ombudsman, templates, key: &key };
    let thread = THREAD.map(str::to_owned);
    write(&sample.case, &sample.letter, sample.enclosed().as_ref(), &thread, &desk, sample.now)
}

fn written(sample: &Sample) -> Written {
    written_with(sample, &landlord(), &Templates::new(vec![]).unwrap()).unwrap()
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
    assert!(samples.len() >= 24, "{}", samples.len());
    for sample in &samples {
        let written = written(sample);
        golden(&format!("{}.txt", sample.name), &readable(&written));
        let html = parsed(&written).body_html(0).unwrap().replace("\r\n", "\n");
        golden(&format!("{}.html", sample.name), &html);
    }
}
