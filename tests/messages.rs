//! Reading mail as it is met: one file a peculiarity, each with LF and with CRLF, and what people must see of it.
//!
//! `UPDATE_GOLDEN=1` writes what is seen below the first line of each `.expected`, which says where the peculiarity was met.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::fmt::Write;
use std::path::{Path, PathBuf};

use redress::domain::message::{self, Kind, Message, Severity};

/// What the fuzzer holds the reader to holds here as well.
#[path = "../fuzz/fuzz_targets/promises.rs"]
mod promises;

use promises::own;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/messages")
}

/// Every fixture by name, in order.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut found: Vec<(String, Vec<u8>)> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "eml"))
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), std::fs::read(&path).unwrap()))
        .collect();
    found.sort();
    assert!(found.len() > 50, "the fixtures are there");
    found
}

fn fixture(name: &str) -> Message {
    let raw = std::fs::read(folder().join(name).with_extension("eml")).unwrap();
    message::read(&raw, &own())
}

fn with_crlf(raw: &[u8]) -> Vec<u8> {
    raw.iter().flat_map(|&byte| if byte == b'\n' { vec![b'\r', b'\n'] } else { vec![byte] }).collect()
}

fn person(headers: &str, body: &str) -> Message {
    let raw = format!("From: Mary Jones <mary@example.com>\nTo: complaints@landlord.example.org\n{headers}\n{body}");
    message::read(raw.as_bytes(), &own())
}

/// What people see of a message.
fn seen(message: &Message) -> String {
    let mut page = String::new();
    let mut fact = |name: &str, value: String| writeln!(page, "{name}: {value}").unwrap();
    fact("kind", serde_json::to_value(message.kind).unwrap().as_str().unwrap().to_owned());
    fact("answer", if message.may_answer { "yes".to_owned() } else { "no".to_owned() });
    message.reasons.iter().for_each(|reason| fact("because", reason.clone()));
    let mailbox = |mailbox: &message::Mailbox| format!("{} <{}>", mailbox.name, mailbox.address).trim().to_owned();
    message.from.iter().for_each(|from| fact("from", mailbox(from)));
    message.reply_to.iter().filter(|to| message.from.as_ref() != Some(to)).for_each(|to| fact("reply to", mailbox(to)));
    fact("to", message.recipients.join(", "));
    fact("subject", message.subject.clone());
    for file in &message.attachments {
        fact("file", format!("{} ({}, {} bytes)", file.name, file.content_type, file.bytes));
    }
    message.problems.iter().for_each(|problem| fact("problem", problem.clone()));
    if !message.readable {
        fact("readable", "no".to_owned());
    }
    for failed in message.report.iter().flat_map(|report| &report.recipients) {
        let status = failed.status.as_deref().unwrap_or("no status");
        fact("failed", format!("{} {:?} {status}: {}", failed.address, failed.severity, failed.diagnostic));
    }
    for id in message.report.iter().flat_map(|report| &report.original_message_ids) {
        fact("about", id.clone());
    }
    if let Some(forward) = &message.forward {
        let date = forward.date.map_or_else(|| "no date".to_owned(), |date| date.to_string());
        fact("passed on", format!("{} at {date}: {}", mailbox(&forward.from), forward.words.replace('\n', " / ")));
    }
    writeln!(page, "new:").unwrap();
    for line in message.new_text().lines() {
        writeln!(page, "{}", format!("    {line}").trim_end()).unwrap();
    }
    page
}

#[test]
fn every_message_is_seen_as_its_expectation_says_with_lf_and_with_crlf() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for (name, raw) in fixtures() {
        let path = folder().join(&name).with_extension("expected");
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        let met = expected.lines().next().unwrap_or_default().to_owned();
        assert!(met.starts_with("# "), "{name}: the first line of the expectation says where it was met");
        let page = seen(&message::read(&raw, &own()));
        if update {
            std::fs::write(&path, format!("{met}\n{page}")).unwrap();
            continue;
        }
        if expected != format!("{met}\n{page}") {
            wrong.push(format!("{name} is seen as\n{page}"));
        }
        let page_with_crlf = seen(&message::read(&with_crlf(&raw), &own()));
        // Bytes of files that are not encoded differ with their line ends; nothing else may.
        let comparable =
            |page: &str| page.lines().filter(|line| !line.starts_with("file: ")).collect::<Vec<_>>().join("\n");
        if comparable(&page) != comparable(&page_with_crlf) {
            wrong.push(format!("{name} with CRLF is seen as\n{page_with_crlf}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_machine_is_answered_and_no_person_is_passed_over() {
    for (name, raw) in fixtures() {
        let message = message::read(&raw, &own());
        if message.kind != Kind::Person {
            assert!(!message.may_answer, "{name} would be answered");
        }
        assert!(!message.reasons.is_empty(), "{name} gives no reason");
    }
}

#[test]
fn a_form_is_logged_as_a_persons_and_answered_only_when_it_is_known() {
    let unknown = fixture("form_not_configured");
    assert!(unknown.kind.advances() && !unknown.may_answer);
    let known = fixture("form_configured");
    assert!(known.kind.advances() && known.may_answer);
    assert_eq!(known.reply_to.unwrap().address, "mary@example.com");
}

#[test]
fn a_report_below_somebodys_words_is_a_file_and_a_report_by_itself_is_a_machines() {
    let words = "--b\n\nFormal complaint: mail to repairs bounces, see attached.\n";
    let letter = |headers: &str, words: &str, part: &str| {
        let headers = format!("{headers}Content-Type: multipart/mixed; boundary=b\n");
        person(&headers, &format!("{words}--b\nContent-Type: message/{part}\n--b--\n"))
    };
    for (part, machine) in [
        ("delivery-status\n\nFinal-Recipient: rfc822; repairs@example.org\nAction: failed\n", Kind::Bounce),
        ("delivery-status\n\nFinal-Recipient: rfc822; repairs@example.org\nAction: delivered\n", Kind::Receipt),
        ("disposition-notification\n\nDisposition: manual-action/MDN-sent-manually; displayed\n", Kind::Receipt),
        ("disposition-notification\n\nDisposition: automatic-action/MDN-sent-automatically; deleted\n", Kind::Bounce),
    ] {
        let theirs = letter("", words, part);
        assert!(theirs.kind == Kind::Person && theirs.may_answer && theirs.report.is_none(), "{part}: {theirs:?}");
        for (headers, words) in [("", ""), ("Return-Path: <>\n", words), ("Auto-Submitted: auto-generated\n", words)] {
            assert_eq!(letter(headers, words, part).kind, machine, "{headers} {words} {part}");
        }
    }
    let raw = std::fs::read_to_string(folder().join("complains_with_a_bounce_attached.eml")).unwrap();
    let daemons = raw.replace("Mary Jones <mary@example.com>", "MAILER-DAEMON@mx.example.net");
    assert_eq!(message::read(daemons.as_bytes(), &own()).kind, Kind::Bounce);
}

#[test]
fn a_bounce_names_the_letter_and_the_address_that_failed() {
    for name in ["bounce_rfc3464", "bounce_qmail", "bounce_gateway_without_daemon"] {
        let report = fixture(name).report.unwrap();
        assert_eq!(report.original_message_ids, ["rd-24-0007.1.abc@landlord.example.org"], "{name}");
        let failed: Vec<&str> = report.recipients.iter().map(|failed| failed.address.as_str()).collect();
        assert_eq!(failed, ["mary@example.com"], "{name}");
        assert_eq!(report.recipients[0].severity, Severity::Hard, "{name}");
    }
    assert_eq!(fixture("bounce_mailbox_full").report.unwrap().recipients[0].severity, Severity::Soft);
    assert_eq!(fixture("bounce_delayed").report.unwrap().recipients[0].severity, Severity::Delayed);
}

#[test]
fn what_staff_pass_on_is_found_and_what_a_resident_quotes_is_not_passed_on() {
    let block =
        "From: Mary Jones\nSent: 8 March 2024 5:42 PM\nTo: Olive\nSubject: My ceiling\n\nThe ceiling came down.\n";
    let staff = "From: olive@landlord.example.org\nSubject: ceiling at number 4\n\n";
    let passed_on = message::read(format!("{staff}See below.\n\n{block}").as_bytes(), &own()).forward.unwrap();
    assert_eq!((passed_on.from.name.as_str(), passed_on.words.as_str()), ("Mary Jones", "The ceiling came down."));
    assert_eq!(passed_on.date.unwrap().to_string(), "2024-03-08T17:42:00Z");
    let ours = block.replace("From: Mary Jones", "From: Complaints <complaints@landlord.example.org>");
    assert!(message::read(format!("{staff}Done.\n\n{ours}").as_bytes(), &own()).forward.is_none(), "a letter of ours");
    assert!(person("Subject: Re: My ceiling\n", &format!("No.\n\n{block}")).forward.is_none(), "an answer");
}

#[test]
fn what_is_passed_on_is_found_in_every_common_mail_program() {
    for (program, text) in [
        (
            "Outlook",
            "FYI\n\nFrom: Mary Jones <mary@example.com>\nSent: 08 March 2024 17:42\nTo: C\nSubject: Ceiling\n\nIt came down.\n",
        ),
        (
            "Gmail",
            "---------- Forwarded message ---------\nFrom: Mary Jones <mary@example.com>\nDate: Fri, 8 Mar 2024 at 17:42\nSubject: Ceiling\nTo: <c@example.org>\n\n\nIt came down.\n",
        ),
        (
            "Apple Mail",
            "Begin forwarded message:\n\n> From: Mary Jones <mary@example.com>\n> Subject: Ceiling\n> Date: 8 March 2024 at 17:42:00 GMT\n> To: c@example.org\n> \n> It came down.\n\nSent from my iPhone\n",
        ),
        (
            "Thunderbird",
            "-------- Forwarded Message --------\nSubject: \tCeiling\nDate: \tFri, 8 Mar 2024 17:42:00 +0000\nFrom: \tMary Jones <mary@example.com>\nTo: \tc@example.org\n\nIt came down.\n",
        ),
        (
            "Yahoo",
            "----- Forwarded message ----- From: \"Mary Jones\" <mary@example.com>To: \"C\" <c@example.org>Sent: Friday, 8 March 2024 at 17:42:00 GMTSubject: Ceiling\nIt came down.\n",
        ),
        (
            "Samsung",
            "Sent from my Galaxy\n\n-------- Original message --------\nFrom: Mary Jones <mary@example.com>\nDate: 08/03/2024 17:42 (GMT+00:00)\nTo: c@example.org\nSubject: Ceiling\n\nIt came down.\n",
        ),
        (
            "Proton",
            "------- Forwarded Message -------\nFrom: Mary Jones <mary@example.com>\nDate: On Friday, 8 March 2024 at 17:42\nSubject: Ceiling\nTo: C\n\nIt came down.\n",
        ),
        (
            "Notes",
            "----- Forwarded by Olive/HQ on 09/03/2024 09:00 -----\n\nFrom:\tMary Jones <mary@example.com>\nTo:\tC\nDate:\t08/03/2024 17:42\nSubject:\tCeiling\n\nIt came down.\n",
        ),
        (
            "Outlook in German",
            "Von: Mary Jones <mary@example.com>\nGesendet: Freitag, 8. März 2024 17:42\nAn: C\nBetreff: Decke\n\nIt came down.\n",
        ),
    ] {
        let raw = format!(
            "From: olive@landlord.example.org\nContent-Type: text/plain; charset=utf-8\nSubject: Fwd: Ceiling\n\n{text}"
        );
        let passed_on = message::read(raw.as_bytes(), &own()).forward.unwrap_or_else(|| panic!("{program}"));
        assert_eq!(
            (passed_on.from.name.as_str(), passed_on.from.address.as_str()),
            ("Mary Jones", "mary@example.com"),
            "{program}"
        );
        assert_eq!(passed_on.date.map(|date| date.to_string()).as_deref(), Some("2024-03-08T17:42:00Z"), "{program}");
        assert_eq!(passed_on.words, "It came down.", "{program}");
    }
    let quoted = "No.\n\n> Begin forwarded message:\n>\n>> From: A <a@example.com>\n>> Date: 8 March 2024\n>> Subject: x\n>>\n>> y\n";
    assert!(person("Subject: Re: Ceiling\n", quoted).forward.is_none(), "an answer to somebody who passed it on");
}

#[test]
fn a_person_behind_an_empty_return_path_is_recorded_but_not_answered() {
    let form = person("Return-Path: <>\nSubject: Report from the website\n", "The gate does not close.\n");
    assert!(form.kind.advances() && !form.may_answer);
    let reply = person("Return-Path: <>\nSubject: Re: Your complaint\n", "Nid wyf yma.\n");
    assert_eq!((reply.kind, reply.may_answer), (Kind::AutoReply, false));
}

#[test]
fn an_absence_note_is_known_by_its_subject_in_many_languages() {
    for subject in [
        "Automatic reply: Your complaint",
        "Automatische Antwort: Ihre Beschwerde",
        "Réponse automatique : votre réclamation",
        "Respuesta automática: su queja",
        "Risposta automatica: il suo reclamo",
        "Automatisch antwoord: uw klacht",
        "Resposta automática: a sua queixa",
        "Odpowiedź automatyczna: skarga",
        "Răspuns automat: plângere",
        "Autosvar: klagomål",
        "Automatisk svar: klage",
        "Automaattinen vastaus: valitus",
        "Automatická odpověď: stížnost",
        "Otomatik yanıt: şikayet",
        "Автоматический ответ: жалоба",
        "Автоматична відповідь: скарга",
        "رد تلقائي: شكوى",
        "自动答复: 投诉",
        "自動応答: 苦情",
        "Ymateb awtomatig: eich cwyn",
        "Out of Office: Re: your complaint",
        "AUTO: Ann Lee is out of the office (returning 03/04/2024)",
        "[Auto-Reply] We have received your message",
        "Auto-Reply - Your letter",
        "Automatic reply - Customer Services",
        "Out of Office – Re: your letter",
        "\"Out of office\" Your letter",
        "[AUTO] Your letter",
        "Ann Lee is out of the office until Monday",
    ] {
        let message = person(&format!("Subject: {subject}\n"), "Text.\n");
        assert_eq!((message.kind, message.may_answer), (Kind::AutoReply, false), "{subject}");
    }
}

#[test]
fn an_absence_note_is_told_from_other_automatic_mail_in_many_languages() {
    for (subject, body) in [
        ("Automatic reply: Your case", "I am on annual leave. Please contact my colleague."),
        ("Automatic reply: Your case", "I no longer work for the council."),
        ("Out of Office: Your case", "Please ring the switchboard."),
        ("Automatische Antwort: Ihr Fall", "Ich bin bis zum 14.07.2024 nicht im Büro."),
        ("Abwesenheitsnotiz: Ihr Fall", "Ich lese meine Post wieder am Montag."),
        ("Réponse automatique : votre dossier", "Je suis absente du bureau jusqu'au 14 juillet."),
        ("Respuesta automática: su caso", "Estoy de vacaciones hasta el lunes."),
        ("Risposta automatica: il suo caso", "Sono in ferie fino al 14 luglio."),
        ("Automatisch antwoord: uw zaak", "Ik ben momenteel afwezig."),
        ("Resposta automática: o seu caso", "Estou de férias até 14 de julho."),
        ("Odpowiedź automatyczna: sprawa", "Jestem na urlopie do 14 lipca."),
        ("Răspuns automat: dosar", "Sunt în concediu până luni."),
        ("Otomatik yanıt: dosya", "Yıllık izindeyim."),
        ("Автоматический ответ: дело", "Я в отпуске до понедельника."),
        ("Ymateb awtomatig: eich achos", "Rwyf ar wyliau tan ddydd Llun."),
    ] {
        assert!(person(&format!("Subject: {subject}\n"), body).absence().is_some(), "{subject} / {body}");
    }
    for (subject, body) in [
        ("Automatic reply: Your case", "Thank you for your email. We aim to reply within ten working days."),
        ("Automatic reply: Your case", "For repairs out of office hours ring 01632 960001."),
        ("Automatic reply: Your case", "Thank you. Our office is closed at weekends and on bank holidays."),
        ("Réponse automatique : votre dossier", "Nous avons bien reçu votre message."),
        ("On leave", "I will be on annual leave next week. Can the plumber come on the 20th instead?"),
    ] {
        assert_eq!(person(&format!("Subject: {subject}\n"), body).absence(), None, "{subject} / {body}");
    }
}

#[test]
fn an_english_absence_note_tells_until_when() {
    // Sent on a Tuesday.
    for (note, until) in [
        ("I am on leave until 3 April 2024.", Some("2024-04-03")),
        ("I am out of the office from 13 March until Wednesday 3rd April.", Some("2024-04-03")),
        ("I am away and will return to the office on Monday, 8 April.", Some("2024-04-08")),
        ("I am on annual leave, back on 08/04/24. Thank you.", Some("2024-04-08")),
        ("I am on annual leave from 1 April to 12 April.", Some("2024-04-12")),
        ("On leave 01/04/2024 - 12/04/2024", Some("2024-04-12")),
        ("I am out of the office, returning April 8th, 2024.", Some("2024-04-08")),
        ("I'm away, back in the office on 2024-04-08.", Some("2024-04-08")),
        ("I am out of the office until Friday.", Some("2024-03-15")),
        ("I am out of the office today and will be back tomorrow.", Some("2024-03-13")),
        ("I am on leave until 3 January.", Some("2025-01-03")),
        ("I was on leave until 1 March and forgot to turn this off.", Some("2024-03-01")),
        ("We are closed for Christmas and back on 2 January.", Some("2025-01-02")),
        ("I am on leave. I work Monday to Friday.", None),
        ("I am on leave until further notice.", None),
        ("I am on leave. When I return. On 3 April we move house.", None),
        ("I am on leave until 31 February.", None),
    ] {
        let headers = "Date: Tue, 12 Mar 2024 09:00:00 +0000\nSubject: Automatic reply: Your case\n";
        let absence = person(headers, note).absence();
        let named = absence.map(|absence| absence.until.map(|until| until.to_string()));
        assert_eq!(named, Some(until.map(str::to_owned)), "{note}");
    }
    let undated = person("Subject: Automatic reply: Your case\n", "I am on leave until 3 April.");
    assert_eq!(undated.absence().map(|absence| absence.until), Some(None), "no year, and no day to count from");
}

#[test]
fn mail_from_the_ombudsman_is_known_with_its_references() {
    let mail = |from: &str, headers: &str| {
        let body =
            "Please send the file for 202303637 and 202401118.\n\n> About 202303637, tel 02079460001, 199912345.\n";
        let raw = format!("From: Casework <{from}>\n{headers}Subject: Ms M Jones (202217345)\n\n{body}");
        message::read(raw.as_bytes(), &own()).from_ombudsman(&["casework.example.org".to_owned()])
    };
    for from in ["info@housing-ombudsman.org.uk", "a.b@mail.Housing-Ombudsman.org.uk", "x@casework.example.org"] {
        let found = mail(from, "").unwrap();
        assert_eq!(found.references, ["202217345", "202303637", "202401118"], "{from}");
        assert_eq!(found.doubt, None, "{from}");
    }
    for from in ["info@nothousing-ombudsman.org.uk", "info@housing-ombudsman.org.uk.example.com", "mary@example.com"] {
        assert_eq!(mail(from, ""), None, "{from}");
    }
    for failed in ["spf=fail smtp.mailfrom=x; dkim=none", "spf=pass; dkim=fail", "dkim=fail; dmarc=fail action=none"] {
        let found = mail("info@housing-ombudsman.org.uk", &format!("Authentication-Results: mx; {failed}\n"));
        assert!(found.unwrap().doubt.is_some(), "{failed}");
    }
    let vouched = "Authentication-Results: mx; spf=fail smtp.mailfrom=x; dkim=pass header.d=y; dmarc=pass\n";
    assert_eq!(mail("info@housing-ombudsman.org.uk", vouched).unwrap().doubt, None);
}

#[test]
fn an_automatic_answer_is_known_by_its_header_alone() {
    for header in [
        "Auto-Submitted: auto-replied (vacation)",
        "Auto-Submitted: yes",
        "X-Autoreply: yes",
        "X-Autorespond: away",
        "X-Vacation: yes",
        "X-FC-MachineGenerated: true",
        "X-POST-MessageClass: 9; Autoresponder",
        "X-Mailer: vacation 1.2",
        "Precedence: auto_reply",
        "Precedence: bulk",
        "Delivered-To: Autoresponder",
        "Return-Path: <>\nIn-Reply-To: <letter@landlord.example.org>",
        "X-OTRS-Loop: yes",
        "x-ms-mail-application: Microsoft Power Automate\nx-ms-mail-operation-type: Reply",
        "X-Auto-Response-Suppress: All",
    ] {
        let message = person(&format!("{header}\nSubject: Re: Yours\n"), "I shall see to it.");
        assert!(!message.may_answer, "{header}");
    }
    for header in [
        "Auto-Submitted: no",
        "Auto-Submitted:  No ; typed by hand",
        "Auto-Submitted: NO (really)",
        "X-Autoreply: no",
        "Precedence: first-class",
        "X-MS-Exchange-Inbox-Rules-Loop: mary@example.com",
    ] {
        let message = person(&format!("{header}\nSubject: Re: Yours\n"), "I shall see to it.");
        assert!(message.may_answer, "{header}: {:?}", message.reasons);
    }
}

// Goal: two flows do not answer each other, and what a resident writes into a form of Microsoft's is not lost.
#[test]
fn what_a_flow_answers_is_an_automatic_answer_and_what_it_sends_is_logged() {
    for application in ["Microsoft Power Automate", "Microsoft Azure Logic Apps", "Microsoft Power Apps"] {
        let mail = |from: &str, operation: &str| {
            let raw = format!(
                "From: {from}\nReply-To: mary@example.com\nx-ms-mail-application: {application}\n{operation}\
                 Subject: Gate\n\nThe gate does not close.\n"
            );
            message::read(raw.as_bytes(), &own())
        };
        for operation in ["Reply", "ReplyAll"] {
            let answer = mail("desk@example.net", &format!("x-ms-mail-operation-type: {operation}\n"));
            assert_eq!((answer.kind, answer.may_answer), (Kind::AutoReply, false), "{application}: {operation}");
        }
        for operation in ["x-ms-mail-operation-type: Send\n", "x-ms-mail-operation-type: Forward\n", ""] {
            let sent = mail("desk@example.net", operation);
            assert_eq!((sent.kind, sent.may_answer), (Kind::Person, false), "{application}: {operation}");
            let form = mail(&own().forms[0], operation);
            assert_eq!((form.kind, form.may_answer), (Kind::Person, true), "{application}: {operation}");
        }
    }
}

#[test]
fn a_returned_letter_is_known_by_its_wording_in_many_languages() {
    for (subject, body) in [
        (
            "Unzustellbar: Yours",
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger:\nmary@example.com\n#550 5.1.1",
        ),
        ("Non remis : Yours", "Échec de la remise pour les destinataires suivants :\nmary@example.com\n#550 5.1.1"),
        (
            "No se puede entregar: Yours",
            "Error de entrega a los siguientes destinatarios:\nmary@example.com\n#550 5.1.1",
        ),
        ("Non recapitabile: Yours", "Recapito non riuscito per i seguenti destinatari:\nmary@example.com\n#550 5.1.1"),
        ("Niedostarczalne: Yours", "Dostarczenie wiadomości nie powiodło się:\nmary@example.com\n#550 5.1.1"),
        ("Onbestelbaar: Yours", "De bezorging aan deze geadresseerden is mislukt:\nmary@example.com\n#550 5.1.1"),
        ("Não é possível entregar: Yours", "Falha na entrega a estes destinatários:\nmary@example.com\n#550 5.1.1"),
        ("Недоставленное сообщение", "Ваше письмо не может быть отправлено: <mary@example.com>: 550 5.1.1"),
        ("Mailbox full: Yours", "The mailbox of mary@example.com is over quota. Your message was not delivered."),
        ("Mail could not be delivered", "The following mail could not be delivered.\nTo: mary@example.com"),
        (
            "**Message you sent blocked by our bulk email filter**",
            "Your message to: mary@example.com\nwas blocked by our Spam Firewall.",
        ),
    ] {
        let raw =
            format!("From: it@mx.example.net\nContent-Type: text/plain; charset=utf-8\nSubject: {subject}\n\n{body}\n");
        let message = message::read(raw.as_bytes(), &own());
        assert_eq!(message.kind, Kind::Bounce, "{subject} / {body}");
        let failed: Vec<String> = message.report.unwrap().recipients.into_iter().map(|failed| failed.address).collect();
        assert_eq!(failed, ["mary@example.com"], "{subject} / {body}");
    }
}

#[test]
fn a_mailing_that_says_how_to_be_rid_of_it_is_sorted_but_not_answered() {
    let foot = "You are receiving this email because you signed up. To unsubscribe, use the link below.";
    let mailing = person("Subject: News for spring\n", &format!("The allotments open on Sunday.\n\n{foot}\n"));
    assert_eq!((mailing.kind, mailing.may_answer), (Kind::List, false));
    let answer = person("Subject: Re: News for spring\n", &format!("And the fence?\n\n> {foot}\n"));
    assert!(answer.may_answer, "{:?}", answer.reasons);
    let complaint = person("Subject: Newsletter\n", "I asked to unsubscribe from your newsletter. It still comes.");
    assert!(complaint.may_answer, "{:?}", complaint.reasons);
}

#[test]
fn an_automatic_answer_without_any_mark_is_known_by_its_wording() {
    for (subject, body) in [
        ("Re: Yours", "I am on annual leave until Monday 14 July. If your query is urgent please contact the office."),
        (
            "Re: Yours",
            "Hi,\n\nI'm out of the office today. I'll respond to your email when I'm back on Thursday.\n\nAnn",
        ),
        ("Away from office", "I will be away until 14 July with no access to email."),
        (
            "Re: Yours",
            "Our offices are closed for Christmas and will reopen on 2 January. Your email will be answered then.",
        ),
        ("Re: Yours", "I have now left the organisation. Please send all future emails to the office."),
        ("Re: Yours", "This inbox is unmonitored. Use the form on the website."),
        (
            "Re: Yours",
            "Thank you for contacting Anytown Council. Your email has been received and will be dealt with within 10 working days.",
        ),
        (
            "Case 00123456: Yours",
            "Thank you for contacting us. Your case number is 00123456. One of our team will be in touch shortly.",
        ),
        (
            "New Support Ticket Opened",
            "A request has been created and assigned ticket #1234. A representative will follow-up with you.",
        ),
        ("Message Recall Success: Yours", "Your message\nTo: Mary\nrecall was successful"),
        (
            "Please confirm (conf#12)",
            "Your message is being held because the address has not been verified. To release your message, reply.",
        ),
        ("Re: Ihr Schreiben", "Ich bin derzeit im Urlaub. In dringenden Fällen wenden Sie sich bitte an Frau Müller."),
        (
            "AW: Schreiben",
            "Vielen Dank für Ihre E-Mail. Wir haben Ihre Anfrage erhalten und werden sie schnellstmöglich bearbeiten.",
        ),
        (
            "Re: votre lettre",
            "Je suis absente du bureau jusqu'au 14 juillet. En cas d'urgence, veuillez contacter M. Dupont.",
        ),
        (
            "Re: su carta",
            "Estaré fuera de la oficina hasta el lunes. Para asuntos urgentes, contacte con mi compañera.",
        ),
        ("Re: la lettera", "Sono in ferie fino al 14 luglio. Per urgenze contattare il collega."),
        ("Re: uw brief", "Ik ben afwezig tot 14 juli. Voor dringende zaken kunt u contact opnemen met mijn collega."),
        ("Re: a sua carta", "Encontro-me ausente até 14 de julho. Em caso de urgência, contacte o meu colega."),
        ("Re: pismo", "Przebywam na urlopie do 14 lipca. W pilnych sprawach proszę o kontakt z biurem."),
        ("Re: scrisoare", "Sunt în concediu până pe 14 iulie. Pentru urgențe contactați colega mea."),
        ("Re: mektup", "14 Temmuz'a kadar yıllık izindeyim. Acil durumlarda lütfen iş arkadaşımla iletişime geçin."),
        ("Re: письмо", "Я в отпуске до 14 июля. По срочным вопросам обращайтесь к моей коллеге."),
        ("Re: brev", "Jeg er på ferie og er tilbage den 15. juli. Ved hastende sager kontakt kontoret."),
        ("Re: brev", "Jag är på semester och är åter den 15 juli. Vid brådskande ärenden kontakta växeln."),
        (
            "Your email to Harbour Homes",
            "This is an automated response. We aim to respond within 10 working days. If you have no heating or hot water, \
             call 0300 123 4567.",
        ),
        ("Re: Yours", "Thank you for your email. This is an automated reply, please do not reply to this message."),
        (
            "Repairs desk",
            "Thank you for contacting the repairs desk. This is an automatic acknowledgement. If you have a leak that you \
             cannot contain, ring 0300 123 4567 at once.",
        ),
        (
            "Re: Yours",
            "I am on annual leave until 14 July and will not be checking emails. If you have no heating or hot water, call \
             0300 123 4567.",
        ),
        (
            "Re: Yours",
            "I'm out of the office until Monday. If your email is urgent, please ring the contact centre on 0300 123 4567. \
             For emergencies such as no heating or a leak through the roof, choose option 1.",
        ),
        (
            "Re: Yours",
            "Hello, this is an automated reply. I no longer work for Elm Council. Please email housing@example.org.",
        ),
        (
            "Anytown Council",
            "Please do not reply to this email. Thank you for your enquiry, which will be dealt with within 10 working days.",
        ),
        (
            "Re: Yours",
            "Thanks for getting in touch with Elm Homes. Please note that this inbox is not monitored at weekends. We'll get \
             back to you within two working days.",
        ),
        (
            "Re: Yours",
            "*** This is an automatically generated message ***\nYour enquiry has been logged. One of our advisers will reply.",
        ),
        (
            "Re: Yours",
            "I now allow mail from senders I know only. Sender verification: click https://verify.example.net/c and confirm \
             you are not a spammer.",
        ),
        (
            "Re: Yours",
            "Thank you for your email. I work Tuesdays and Wednesdays and will reply when I return. If you wish to make a \
             complaint, ring the switchboard. I am on leave this week.",
        ),
        (
            "Re: Complaint",
            "Thank you for contacting Harbour Homes. We have received your email and aim to respond within 5 working days. \
             If you have no heating or no hot water, call 0300 123 4567.",
        ),
        (
            "Re: Complaint",
            "Thank you for your email. A member of our team will be in touch within 10 working days. In an emergency, such \
             as no heating, no hot water or a leak through the roof, call 0800 123 4567.",
        ),
        (
            "Re: Complaint",
            "Thank you for contacting us. Your enquiry has been logged and will be dealt with within 10 working days.\n\n\
             Emergency repairs:\n- no heating or hot water\n- a burst pipe\n- the lift is out of order\n\nCall 0300 123 4567.",
        ),
        (
            "Re: Complaint",
            "Thank you for your enquiry. Your email has been received and will be answered as soon as possible. Out of hours, \
             if the boiler has failed or the front door does not lock, ring 0300 123 4567.",
        ),
    ] {
        let message = person(&format!("Subject: {subject}\n"), body);
        assert!(!message.may_answer && !message.kind.advances(), "{subject} / {body}");
    }
}

#[test]
fn people_who_use_the_words_of_machines_are_people() {
    for (subject, body) in [
        ("Re: Automatic reply: Your complaint", "Your automatic reply is no help. Please ring me."),
        ("Delivery failure of my new cooker", "The delivery failed on Monday and again today. I waited in all day."),
        (
            "Thank you for your letter",
            "Thank you for your email. I do not accept it. I am on holiday next week, so ring me after that.",
        ),
        ("On leave", "I will be on annual leave next week. Can the plumber come on the 20th instead?"),
        ("Undelivered parcel", "The parcel was returned to sender because the door entry does not work."),
        ("Return mail", "My post keeps going to flat 6. Nobody has answered me."),
        ("Confirmation", "You asked me to confirm: please do not reply to this address, use my mobile."),
        ("Automated messages", "All I get is automated messages. Is this an automated world now?"),
        ("Notice", "I received a failure notice from the gas engineer."),
        ("Away next week", "I will be away until 14 July. Don't send anybody then. For urgent access ring my sister."),
        ("Re: Your appointment", "I'm on annual leave from 1 July and back on the 14th, any day after that is fine."),
        ("Urlop", "Jestem na urlopie do 14 lipca. Kaloryfer nadal nie działa. Proszę o kontakt po powrocie."),
        ("Heizung", "Ich bin bis 14. Juli im Urlaub, danach wieder erreichbar. Die Heizung ist immer noch kaputt."),
        ("Rendez-vous", "Je suis absente jusqu'au 14 juillet. Venez après, le chauffage ne marche pas."),
        ("out of office", "You keep sending me out of office replies. I want to make a complaint about it."),
        ("Thank you for your letter", "We will respond within 10 working days. We do not accept the charge."),
        ("Case closed", "The case has been closed without a visit. Case number is 4471. This is not right."),
        ("Service failed", "This is an automatic breach of your policy. Tenants without heating since Friday."),
        (
            "Unmonitored",
            "This mailbox is not monitored, says your website. Third letter, roof still leaks, nobody comes.",
        ),
        ("Change of email", "My email address has changed. Please use mary2@example.com for my complaint from now on."),
        ("New job", "I no longer work for the bus company so please contact me on my own number about the repair."),
        ("The caretaker", "The caretaker has left the company and nobody cleans. Please send somebody."),
        ("Undelivered", "Fob undelivered. Card says could not be delivered. Please resend, mary@example.com."),
        (
            "Undeliverable: my email to you",
            "I got 'Undeliverable' back from your address, so here it is again. The bins overflow.",
        ),
        (
            "Delivery failed again",
            "My cooker did not come, can you ring me?\n\n-----Original Message-----\nFrom: C\nSent: 1 May\nTo: me\n\nOld.",
        ),
        ("Read: what you wrote", "I read what you wrote. It was read on Monday by my daughter as well."),
        ("Verification", "I sent the verification you asked for. The link did not work. This is the second time."),
        (
            "Portal",
            "I have tried to report the leak in my kitchen on your portal for three weeks. It says my account has not been \
             verified. I want to make a complaint.",
        ),
        ("At last", "This is the first time you have sent anyone in six months."),
        ("Login", "Can somebody help? I click the link and my login requires verification, so my rent goes unpaid."),
        ("Locked out", "The portal asks me to complete the verification process, then shuts. My boiler is still off."),
        (
            "Website",
            "Your website wants tenants to prove you are human and then it says to click again. The lift is out.",
        ),
        ("Boiler", "No need to reply, just get my boiler fixed. You promised 5 working days and it has been 12."),
        (
            "No answer",
            "All I got was this: This is an automated message, we aim to respond within 10 working days. That was in March \
             and my heating is still broken.",
        ),
        ("Answers", "Automated reply, automated reply, automated reply. I rang, and they get back to you never."),
        (
            "Who reads this",
            "Every time I write: This is an automated response, a member of our team will be in touch. Nobody has been.",
        ),
        ("Re: Case 4471", "It says\nThis mailbox is not monitored\nand to use the form, which never\nworks. Fed up."),
        ("Housing officer", "You told us: out of office, back on Monday. Do not reply to this, send a plumber."),
        (
            "Away again",
            "She has been on annual leave since May: this is an automatic reply, it says. Still no hot water.",
        ),
        ("Chatbot", "Your chatbot says: thank you for your message, this is an automated reply. The damp spreads."),
        (
            "Re: Repair",
            "Thank you for your email. No need to reply, but be in touch before the\nplumber comes to\nmy flat.",
        ),
        (
            "Auto messages",
            "Please don't reply to this with another auto message: we are closed, we aim to respond. Three children here.",
        ),
        ("Auto-gate at Orchard Court broken for 3 weeks", "Cars cannot get out."),
        ("Auto-door", "It stays open all night."),
        ("Auto-lock - block C", "It does not lock."),
        ("Auto - gate", "It does not shut."),
        ("Out of office - still no answer to my complaint", "Who deals with it now?"),
        ("Automatic reply - this is not good enough", "Six of these and no plumber."),
        ("Automatic reply", "This came again. Where is the plumber?"),
        ("\"Out of office\" reply every time we write", "Answer us."),
        ("OOO – again", "I rang four times."),
        ("Away message - the caretaker", "Nobody answers at the lodge."),
        ("My housing officer is out of the office until whenever", "I rang four times this week."),
        ("The caretaker is on vacation", "The bins overflow and the lift is out."),
        (
            "Re: Stage 1",
            "Thank you for your email. We have received your stage 1 letter and we will reply when we have seen a solicitor. \
             There is no heating; your emergency line does not answer.",
        ),
        (
            "Re: Stage 1",
            "Thank you for your message. We have received your offer, we will respond within 10 working days. The leak is \
             still there.",
        ),
        ("Housing officer", "Bev has left the council. We contacted three others and it goes round in circles."),
        ("Away", "Thank you for your email. On holiday to Sunday; the facility manager was contacted about the hob."),
        (
            "Complaint",
            "Thank you for your email\nThis is an automated response\n\nThat is what you send to a pensioner in the cold.",
        ),
        (
            "Account",
            "Message on screen: account requires verification, click here. It has been like that since 1 June.",
        ),
        ("Out of hours", "Automated message, press 1, press 2, it cuts off. Thanks for contacting us, it says."),
        (
            "Re: Your enquiry",
            "Thank you for getting in touch. You say a member of the team will be in touch within 10 working days. It was 25.",
        ),
        ("Left", "Mr Hall no longer works for you, they tell us. Please send future letters to flat 3 and not flat 8."),
        ("Automated", "This is an automated world. Please do not reply to this with a template."),
        (
            "Acknowledgement",
            "We acknowledge receipt of your letter. We have received your offer of 50 pounds and refuse it.",
        ),
        (
            "Holiday",
            "Thank you for your email. I'm on holiday, when I get back on the 3rd we measure the window for you.",
        ),
        (
            "Re: Visit",
            "Thanks for your email. I'm currently away, I'll be back on Sunday. Please can we do the week after.",
        ),
        ("Your ticket 4471", "Thank you for your email. Your ticket says fixed. It is not."),
        (
            "Phone line",
            "We rang and heard: this is an automated message, our offices are closed. The ceiling is down in the hall.",
        ),
    ] {
        let message = person(&format!("Subject: {subject}\n"), body);
        assert_eq!((message.kind, message.may_answer), (Kind::Person, true), "{subject}: {:?}", message.reasons);
    }
}

// Goal: a resident who is away and says how to get in is not taken for an absence note, and a note is for no resident.
// How:  pairs that share their words: who is away, until when, what to do when it cannot wait.
#[test]
fn a_resident_who_says_how_to_get_in_while_away_is_a_person_and_an_absence_note_is_none() {
    for words in [
        "I'm away until Monday the 3rd. If you require access please ring Mrs Patel next door on 07700 900123. Ann",
        "I am away this week. If it is urgent ring 07700 900321 and Joan will go round.",
        "Thank you for your email. I'm on holiday until Friday, I'll be back on Saturday, so Monday is fine for the man.",
        "I'm away from Friday. In my absence Dilys has keys. During my absence please use the back way.",
        "We are on holiday till Sunday. In an emergency please ring Dave at number 6, he has a spare set.",
        "Currently away with work. Call me before you come and I'll send Joan over. I will be back on Tuesday.",
        "Thanks for your message. I am on sick leave so come any day, I will be back at work in June.",
        "I will be away next week. If you need help with the lock ask Tom, he will let you in.",
        "While I am away the water is off at the stopcock. If urgent ring 07700 900123. I'm away till May.",
        "I'm travelling until the 9th. For anything urgent ring Jo on 07700 900456, she can let them in.",
        "Thank you for your message. I am away from work until Monday and will be back on Tuesday. The buzzer is number 4.",
        "I am on leave until the 14th and at the allotment. If it's urgent knock there.",
    ] {
        for subject in ["Re: Access on Tuesday", "Away next week"] {
            let message = person(&format!("Subject: {subject}\n"), words);
            assert_eq!((message.kind, message.may_answer), (Kind::Person, true), "{words}: {:?}", message.reasons);
        }
    }
    for words in [
        "I am away until Monday the 3rd. If you require assistance please ring the duty desk on 0300 123 4567. Ann",
        "I am away this week. If it is urgent please contact the team on 0300 123 4567.",
        "Thank you for your email. I am on holiday until Friday. I will reply on my return.",
        "I am away. In my absence please contact my colleague Sam Smith.",
        "I'm on leave until Monday. In an emergency please email duty@example.org.",
        "I am currently out of the office. If you require an urgent response please call the office.",
        "Thanks for your message. I am on sick leave and will get back to you in June.",
        "I will be away next week. If you need help with a tenancy ask the neighbourhood team.",
        "While I am away please contact my manager, jo@example.org.",
        "I'm travelling until the 9th with limited access to email. For anything urgent ring Jo on 07700 900456.",
        "I am on annual leave until 3 May. For urgent matters ring 0300 123 4567.",
        "I am on leave until the 14th. Your email will not be forwarded.",
    ] {
        let message = person("Subject: Re: Your letter\n", words);
        assert_eq!((message.kind, message.may_answer), (Kind::AutoReply, false), "{words}");
    }
}

#[test]
fn a_quotation_is_known_in_many_programs_and_languages() {
    for quotation in [
        "On Mon, 11 Mar 2024 at 09:00, Complaints <c@example.org> wrote:\n\nOld words.",
        "On Mon, 11 Mar 2024 at 09:00, A Rather Long Name of a Complaints Team\n<c@example.org> wrote:\n> Old words.",
        "Le lun. 11 mars 2024 à 09:00, Complaints <c@example.org> a écrit :\nOld words.",
        "Am Mo., 11. März 2024 um 09:00 Uhr schrieb Complaints <c@example.org>:\nOld words.",
        "El lun, 11 mar 2024 a las 9:00, Complaints (<c@example.org>) escribió:\nOld words.",
        "Il giorno lun 11 mar 2024 alle ore 09:00 Complaints <c@example.org> ha scritto:\nOld words.",
        "Op ma 11 mrt 2024 om 09:00 schreef Complaints <c@example.org>:\nOld words.",
        "Em seg., 11 de mar. de 2024 às 09:00, Complaints <c@example.org> escreveu:\nOld words.",
        "pon., 11 mar 2024 o 09:00 Complaints <c@example.org> napisał(a):\nOld words.",
        "În lun., 11 mar. 2024 la 09:00, Complaints <c@example.org> a scris:\nOld words.",
        "Den mån 11 mars 2024 kl 09:00 skrev Complaints <c@example.org>:\nOld words.",
        "ma 11. maalisk. 2024 klo 9.00 Complaints (c@example.org) kirjoitti:\nOld words.",
        "po 11. 3. 2024 v 9:00 odesílatel Complaints <c@example.org> napsal:\nOld words.",
        "Complaints <c@example.org>, 11 Mar 2024 Pzt, 09:00 tarihinde şunu yazdı:\nOld words.",
        "пн, 11 мар. 2024 г. в 09:00, Complaints <c@example.org>:\nOld words.",
        "пн, 11 бер. 2024 р. о 09:00 Complaints <c@example.org> пише:\nOld words.",
        "2024年3月11日(月) 9:00 Complaints <c@example.org>:\nOld words.",
        "Ar Llun, 11 Maw 2024 am 09:00, Complaints <c@example.org> ysgrifennodd:\nOld words.",
        "-----Original Message-----\nFrom: Complaints\nSent: 11 March 2024 09:00\nTo: Mary\nSubject: Yours\n\nOld words.",
        "________________________________\nFrom: Complaints <c@example.org>\nSent: 11 March 2024 09:00\nTo: Mary\nSubject: Yours\n\nOld words.",
        "*From:* Complaints <c@example.org>\n*Date:* 11 March 2024\n*To:* Mary\n*Subject:* Yours\n\nOld words.",
        "De : Complaints <c@example.org>\nEnvoyé : lundi 11 mars 2024 09:00\nÀ : Mary\nObjet : La vôtre\n\nOld words.",
        "Od: Complaints <c@example.org>\nWysłano: poniedziałek, 11 marca 2024\nDo: Mary\nTemat: Skarga\n\nOld words.",
        "От: Complaints <c@example.org>\nОтправлено: 11 марта 2024 г.\nКому: Mary\nТема: Жалоба\n\nOld words.",
        "发件人: Complaints <c@example.org>\n发送时间: 2024年3月11日\n收件人: Mary\n主题: 投诉\n\nOld words.",
        "Oddi wrth: Complaints <c@example.org>\nAnfonwyd: 11 Mawrth 2024\nAt: Mary\nPwnc: Cwyn\n\nOld words.",
        "---- On Mon, 11 Mar 2024 09:00:00 +0000 c@example.org wrote ----\n\nOld words.",
        "##- Please type your reply above this line -##\n\nOld words.",
        "Sent from my iPhone\n\n> Old words.",
        "Wysłane z iPhone'a\n\n> Old words.",
        "Yahoo Mail: Search, Organize, Conquer\n\nOn Mon, Mar 11, 2024 at 9:00 AM, Complaints\n<c@example.org> wrote:\nOld words.",
        ">>> Complaints <c@example.org> 11/03/2024 09:00 >>>\nOld words.",
        "في الاثنين، ١١ مارس ٢٠٢٤ في ٩:٠٠ ص تمت كتابة ما يلي بواسطة Complaints <c@example.org>:\n\nOld words.",
        "সোম, ১১ মার্চ, ২০২৪ তারিখে ৯:০০ AM টায় Complaints <c@example.org> লিখেছেন:\n\nOld words.",
        "در تاریخ دوشنبه ۱۱ مارس ۲۰۲۴،‏ ۹:۰۰ Complaints <c@example.org> نوشت:\n\nOld words.",
        "Στις Δευ 11 Μαρ 2024 στις 9:00 π.μ., ο χρήστης Complaints <c@example.org> έγραψε:\n\nOld words.",
        "Nga: Complaints <c@example.org>\nDërguar: e hënë, 11 mars 2024 09:00\nPër: Mary\nSubjekti: Yours\n\nOld words.",
        "No: Complaints <c@example.org>\nNosūtīts: 2024. gada 11. marts 09:00\nKam: Mary\nTēma: Yours\n\nOld words.",
        "From: Complaints <c@example.org>\nDate: 11 March 2024 09:00\n\nOld words.",
        "------------------ Original ------------------\nFrom: \"C\"<c@example.org>;\nDate: Mon, Mar 11, 2024 09:00 AM\nTo: \"m\"<m@example.com>;\n\nOld words.",
        "---\nThis email has been checked for viruses by Avast antivirus software.\nwww.avast.com",
        "Garanti sans virus. www.avast.com",
        "-- \nMary Jones\n4 High Street\n01632 960001",
    ] {
        let message = person("Subject: Re: Yours\n", &format!("New words.\n\n{quotation}\n"));
        assert_eq!(message.new_text(), "New words.", "{quotation}");
        assert!(message.text.contains(quotation.lines().last().unwrap()), "nothing is deleted");
    }
}

#[test]
fn a_quotation_in_a_page_is_known_by_its_container_or_its_head() {
    let old = "Old words.<br>More of them.";
    let head = "<b>From:</b> C &lt;c@example.org&gt;<br/><b>Sent:</b> 11 March 2024 09:00<br/><b>To:</b> Mary<br/><b>Subject:</b> Yours";
    let wrote = "On Mon, 11 Mar 2024 at 09:00, C &lt;c@example.org&gt; wrote:";
    for page in [
        format!(
            "<div>New words.</div><div class=\"gmail_quote\"><div class=\"gmail_attr\">{wrote}<br></div><blockquote class=\"gmail_quote\">{old}</blockquote></div>"
        ),
        format!(
            "<p>New words.</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><font>{head}</font></div><div>{old}</div>"
        ),
        format!(
            "<p class=MsoNormal>New words.<o:p></o:p></p><div style=\"border-top:solid 1pt\"><p class=MsoNormal>{head}</p></div><p>{old}</p>"
        ),
        format!("New words.<div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div>{wrote}</div><div>{old}</div></div>"),
        format!(
            "<p>New words.</p><div class=\"moz-cite-prefix\">On 11/03/2024 09:00, C wrote:<br></div><blockquote type=\"cite\">{old}</blockquote>"
        ),
        format!(
            "New words.<div id=\"composer_signature\">Sent from my Galaxy</div><div>-------- Original message --------</div><div>{head}</div>{old}"
        ),
        format!(
            "<div>New words.</div><div class=\"protonmail_quote\">{wrote}<br><blockquote class=\"protonmail_quote\" type=\"cite\">{old}</blockquote></div>"
        ),
        format!("<div>New words.</div><blockquote style='border-left: 2px solid blue'>{old}</blockquote>"),
        format!("<div>New words.</div><blockquote class='gmail_quote'>{old}</blockquote>"),
        format!(
            "<div>New words.</div><div class=\"zmail_extra\"><div>---- {wrote} ---</div><blockquote id=\"blockquote_zmail\">{old}</blockquote></div>"
        ),
        format!(
            "<div>New words.<br/><br/>Get <a href=\"https://aka.ms/o0ukef\">Outlook for iOS</a></div><hr/><div>{head}</div>{old}"
        ),
        format!(
            "<div>New words.</div><div name=\"quote\"><b>Gesendet:</b>&nbsp;Montag, 11. März 2024 um 09:00 Uhr<br/><b>Von:</b>&nbsp;C &lt;c@example.org&gt;<br/><b>An:</b>&nbsp;m@example.com<br/><b>Betreff:</b>&nbsp;Yours</div>{old}"
        ),
        format!(
            "New words.<hr><table><tr><td><b>From:</b></td><td>C &lt;c@example.org&gt;</td></tr><tr><td><b>Sent:</b></td><td>11 March 2024</td></tr><tr><td><b>To:</b></td><td>Mary</td></tr></table>{old}"
        ),
    ] {
        let message = person("Subject: Re: Yours\nContent-Type: text/html; charset=utf-8\n", &page);
        assert_eq!(message.new_text(), "New words.", "{page}");
        assert!(message.text.contains("More of them."), "nothing is deleted");
    }
}

#[test]
fn an_answer_is_known_by_its_prefix_in_many_languages() {
    // An answer that quotes somebody passes nothing on; a block that names no address needs the word for it.
    let block = "Von: Bob <bob@example.net>\nGesendet: 11. März 2024 09:00\nAn: Mary\nBetreff: x\n\nOld words.\n";
    for prefix in
        ["Re:", "RE :", "Re[2]:", "AW:", "Antwort:", "Antw:", "SV:", "Odp:", "RES:", "Rép :", "Ynt:", "ΑΠ:", "返信:"]
    {
        let message = person(
            &format!("Content-Type: text/plain; charset=utf-8\nSubject: {prefix} x\n"),
            &format!("New words.\n\n{block}"),
        );
        assert_eq!((message.forward.is_none(), message.new_text().as_str()), (true, "New words."), "{prefix}");
    }
    let block = block.replace("Bob <bob@example.net>", "Bob");
    for prefix in ["Fw:", "FWD:", "WG:", "TR :", "Doorst:", "PD:", "転送:"] {
        let message = person(
            &format!("Content-Type: text/plain; charset=utf-8\nSubject: {prefix} x\n"),
            &format!("See below.\n\n{block}"),
        );
        assert_eq!(message.forward.map(|forward| forward.words).as_deref(), Some("Old words."), "{prefix}");
    }
}

#[test]
fn what_a_person_indents_in_a_page_is_new() {
    let page = "<p>They said</p><blockquote style=\"margin:0 0 0 40px;border:none;padding:0px\">Friday.</blockquote><p>It was not.</p>";
    let message = person("Subject: Re: Yours\nContent-Type: text/html\n", page);
    assert_eq!(message.new_text(), "They said\n\nFriday.\n\nIt was not.");
}

#[test]
fn an_answer_without_a_new_word_may_hold_some_inside() {
    let block = "From: C <c@example.org>\nSent: 11 March 2024 09:00\nTo: Mary\nSubject: Yours\n\nOld words.\n";
    let message = person("Subject: Re: Yours\n", block);
    assert_eq!((message.new_text().as_str(), message.problems.len()), ("", 1), "{:?}", message.problems);
}

#[test]
fn headers_are_read_whatever_the_body_is_written_in() {
    let message = person(
        "Subject: Yours\nContent-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n",
        "//5IAGkA\n",
    );
    assert_eq!((message.subject.as_str(), message.text.trim()), ("Yours", "Hi"));
    assert_eq!(message.from.unwrap().address, "mary@example.com");
    let prose = person("Subject: Yours\nContent-Transfer-Encoding: base64\n", "This is no Base64 at all, really!\n");
    assert_eq!(prose.text.trim(), "This is no Base64 at all, really!");
}

#[test]
fn a_bare_name_below_a_signature_mark_is_how_they_signed() {
    assert_eq!(
        person("Subject: Yours\n", "Please ring.\n-- \nMary Jones\n").new_text(),
        "Please ring.\n-- \nMary Jones"
    );
    assert_eq!(person("Subject: Yours\n", "Please ring.\n-- \nTown Council\n").new_text(), "Please ring.");
}

#[test]
fn sentences_that_look_like_quotations_stay() {
    for body in [
        "On Monday 11 March 2024 I rang you. The man wrote:\nnothing at all.",
        "On the other hand, 10:15 was no good.\nI waited until 11:30.",
        "I rang at 10:15. On 11 March 2024 you wrote:\nthat somebody would come. Nobody did.",
        "I asked Bob <bob@example.org> and on 11 March 2024 at 10:15 he wrote back:\nno.",
        "Sent from my sister's house because my own is flooded.",
        "The date: 11 March.\nThe time: 10:15.\nThe man: nobody knows.",
        "First point\n---\nSecond point\n---\nThird point, and that is all.",
    ] {
        assert_eq!(person("Subject: Re: Yours\n", body).new_text(), body);
    }
}

#[test]
fn the_same_mail_through_an_alias_is_alike() {
    let direct =
        message::read(b"From: a@example.com\nMessage-ID: <1@example.com>\nSubject: x\n\nHello  there\n", &own());
    let alias = message::read(
        b"Received: by list\nDelivered-To: b@example.org\nFrom: A <A@example.com>\nMessage-ID: <1@example.com>\nSubject:  x\n\nHello there\r\n",
        &own(),
    );
    let other = message::read(b"From: a@example.com\nMessage-ID: <1@example.com>\nSubject: x\n\nGoodbye\n", &own());
    assert_eq!(direct.likeness(), alias.likeness());
    assert_ne!(direct.likeness(), other.likeness(), "the same Message-ID does not make the same mail");
}

/// Without a Message-ID, words and a second alone would take two scans for one.
#[test]
fn mail_without_a_message_id_is_alike_only_with_the_same_files() {
    let scan = |road: &str, file: &str, bytes: &str| {
        let head = format!(
            "Delivered-To: {road}@example.org\nFrom: a@example.com\nDate: Fri, 20 Nov 2026 08:55:00 +0000\nSubject: Scan\n\
             Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPlease see the attached letter.\n--b\n"
        );
        let file =
            format!("Content-Type: text/plain\nContent-Disposition: attachment; filename={file}\n\n{bytes}\n--b--\n");
        let read = message::read(format!("{head}{file}").as_bytes(), &own());
        assert_eq!(read.attachments.len(), 1);
        assert!(read.named());
        read.likeness()
    };
    let first = scan("complaints", "scan-1.txt", "The roof leaks.");
    assert_eq!(first, scan("repairs", "scan-1.txt", "The roof leaks."));
    assert_ne!(first, scan("complaints", "scan-2.txt", "The roof leaks."));
    assert_ne!(first, scan("complaints", "scan-1.txt", "The lift is broken."));
}

/// Who may be answered is another question.
#[test]
fn a_persons_mail_is_known_by_its_date_and_a_machines_is_not() {
    let read = |head: &str| {
        let mail = format!("Date: Fri, 20 Nov 2026 08:55:00 +0000\n{head}Subject: Gate\n\nThe gate does not close.\n");
        message::read(mail.as_bytes(), &own())
    };
    for head in ["From: a@example.com\n", "", "From: web@example.net\nAuto-Submitted: auto-generated\n"] {
        let read = read(head);
        assert!(read.kind == Kind::Person && read.named(), "{head}: {:?}", read.reasons);
    }
    let note = read("From: a@example.com\nAuto-Submitted: auto-replied\n");
    assert!(note.kind == Kind::AutoReply && !note.named(), "{:?}", note.reasons);
}

#[test]
fn message_ids_are_kept_without_brackets_and_space() {
    let message = person(
        "Message-ID: < a b@example.com >\nReferences: <1@x.org>\n <2@x.org>\nIn-Reply-To: Your mail <2@x.org>\n",
        "x",
    );
    assert_eq!(message.message_id.as_deref(), Some("ab@example.com"));
    assert_eq!(message.references, ["1@x.org", "2@x.org"]);
    assert_eq!(message.in_reply_to, ["2@x.org"]);
}

/// A generator of numbers that are the same on every machine (Knuth's MMIX constants).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }
}

// Goal: no bytes crash the reader, and what it hands on is safe to store, show and write into headers.
// How:  every fixture is cut, flipped, repeated and spliced with another, from one seed.
#[test]
fn damaged_messages_are_read_too() {
    let fixtures = fixtures();
    let mut numbers = Numbers(4);
    for (_, raw) in &fixtures {
        for round in 0..60 {
            let mut damaged = raw.clone();
            let at = numbers.below(damaged.len());
            match round % 6 {
                0 => damaged.truncate(at),
                1 => (0..20).for_each(|_| {
                    let at = numbers.below(damaged.len());
                    if let Some(byte) = damaged.get_mut(at) {
                        *byte ^= 1 << numbers.below(8);
                    }
                }),
                2 => damaged = damaged.repeat(2 + numbers.below(5)),
                3 => damaged.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| {
                    // All bare CR, or LF and CR in turns.
                    if round % 12 == 3 || numbers.below(2) == 0 {
                        *byte = b'\r';
                    }
                }),
                4 => {
                    let other = &fixtures[numbers.below(fixtures.len())].1;
                    damaged.truncate(at);
                    damaged.extend_from_slice(&other[numbers.below(other.len())..]);
                }
                _ => damaged = with_crlf(&damaged.split_off(at)),
            }
            promises::hold(&message::read(&damaged, &own()));
        }
    }
}

// Goal: time and memory grow with the size of a message and no faster.
// How:  a megabyte of whatever made a mail program slow. What grows faster than the size does not end.
#[test]
fn huge_and_nested_messages_come_to_an_end() {
    let plain = "From: a@example.com\n\n";
    let html = "From: a@example.com\nContent-Type: text/html\n\n";
    let mixed = "Content-Type: multipart/mixed; boundary=b\n\n--b\n";
    for (head, unit) in [
        (plain, "On it goes\n"),
        (plain, "On 11 Mar 2024 at 10:00 x wrote:\n"),
        (plain, "From: a\nTo: b\n\n"),
        (plain, "-- \nx\n"),
        (plain, "Nga: X <x@example.org>\n"),
        (plain, "Begin forwarded message:\n> "),
        (plain, ">>> X 11/03/2024 >>>\n"),
        (plain, "> > > >\n"),
        (html, "<blockquote>x"),
        (html, "<a href=\""),
        (html, "<!--"),
        ("", "Subject: x\n"),
        ("Subject: ", "=?utf-8?q?a?= "),
        ("To: ", "a@example.com, "),
        ("", mixed),
        ("", "Content-Type: message/rfc822\n\n"),
        ("From: a@example.com\nContent-Type: multipart/mixed; boundary=b\n\n", "--b\n\nx\n"),
    ] {
        let raw = format!("{head}{}", unit.repeat(1_000_000 / unit.len()));
        promises::hold(&message::read(raw.as_bytes(), &own()));
    }
}

#[test]
fn a_text_that_was_broken_for_the_way_is_whole_again() {
    let read = |parameters: &str, text: &str| {
        let headers = format!("Content-Type: text/plain; charset=utf-8; format=flowed{parameters}\nSubject: Re: Tap\n");
        person(&headers, text)
    };
    let text = "The tap drips \nand drips.\nIt is loud.\n \n From here:\n-- \nMary \nJones, Flat 9\n> Dear \n> Mary\n>> Hello \n> you\n";
    let message = read("", text);
    let joined =
        "The tap drips and drips.\nIt is loud.\n\nFrom here:\n-- \nMary Jones, Flat 9\n> Dear Mary\n>> Hello \n> you\n";
    assert_eq!(message.text, joined);
    assert_eq!(message.new_text(), "The tap drips and drips.\nIt is loud.\n\nFrom here:");
    assert_eq!(read("; delsp=yes", "水 \n漏れ\nback  \nflow\n").text, "水漏れ\nback flow\n");
    assert_eq!(person("Subject: Tap\n", "a \nb\n").text, "a \nb\n", "only where it says so");
}

#[test]
fn html_keeps_what_makes_a_list_and_a_line() {
    let text = |html: &str| person("Content-Type: text/html; charset=utf-8\nSubject: Tap\n", html).text;
    assert_eq!(
        text("<ol><li>Lift<li>Tap<ul><li>drips</ul><li>Roof</ol>").trim(),
        "1. Lift\n2. Tap\n\n- drips\n\n3. Roof"
    );
    assert_eq!(text("<p class=MsoNormal>a</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>b</p>").trim(), "a\n\nb");
    assert_eq!(text("<p style='margin:0cm 0cm 0.0001pt'>a</p><p style=\"margin: 0\">b</p>").trim(), "a\nb");
    assert_eq!(text("<p style='margin:0 0 12px'>a</p><p>b</p>").trim(), "a\n\nb");
    let signed = "<div>a</div><div id=\"Signature\"><div>Mary</div></div>";
    assert_eq!(text(signed).trim(), "a\n--\nMary");
    assert_eq!(text("<div id=\"Signature\"><div>All they wrote</div></div>").trim(), "All they wrote");
}

#[test]
fn an_absence_note_in_our_residents_languages_is_one_and_a_resident_who_is_away_is_a_person() {
    for (subject, note) in [
        ("স্বয়ংক্রিয় উত্তর: Your complaint", "আমি ১৪ ডিসেম্বর পর্যন্ত ছুটিতে আছি।"),
        ("Re: Your complaint", "আমি বর্তমানে অফিসের বাইরে আছি। এটি একটি স্বয়ংক্রিয় উত্তর।"),
        ("خودکار جواب: Your complaint", "میں 14 دسمبر تک چھٹی پر ہوں۔"),
        ("Re: Your complaint", "میں اس وقت دفتر سے باہر ہوں۔ یہ ایک خودکار پیغام ہے۔"),
        ("Jawaab toos ah: Your complaint", "Waxaan ku jiraa fasax ilaa 14 Diseembar."),
        ("Re: Your complaint", "Waxaan ku jiraa fasax. Tani waa jawaab toos ah."),
        ("ਆਟੋਮੈਟਿਕ ਜਵਾਬ: Your complaint", "ਮੈਂ ਛੁੱਟੀ ਤੇ ਹਾਂ।"),
        ("Re: Your complaint", "Şu anda ofis dışındayım. Bu otomatik bir yanıttır."),
    ] {
        let message = person(&format!("Content-Type: text/plain; charset=utf-8\nSubject: {subject}\n"), note);
        assert_eq!((message.kind, message.may_answer), (Kind::AutoReply, false), "{subject} / {note}");
    }
    for words in [
        "Gracias por su respuesta. Estoy de vacaciones hasta el lunes. A mi regreso pueden venir; el techo sigue goteando.",
        "Dziękuję za odpowiedź. Jestem na urlopie do piątku, po powrocie jestem w domu. Hydraulik nie przyszedł.",
        "Merci pour votre réponse. Je suis en vacances; à mon retour le plombier peut passer pour la fuite.",
        "Teşekkür ederim. Yıllık izindeyim, döndüğümde gelebilirsiniz. Kombi hala bozuk.",
        "شكرا على الرد. أنا في إجازة حتى الاثنين وعند عودتي يمكنكم الحضور. السقف ما زال يتسرب.",
        "Vă mulțumesc. Sunt în concediu până luni. La întoarcere puteți veni, tavanul curge în continuare.",
        "آپ کا شکریہ۔ میں چھٹی پر ہوں۔ چھت اب بھی ٹپک رہی ہے۔",
        "Waad mahadsan tahay. Waxaan ku jiraa fasax. Saqafka ayaa weli daadanaya.",
    ] {
        let message = person("Content-Type: text/plain; charset=utf-8\nSubject: Re: Your complaint\n", words);
        assert_eq!((message.kind, message.may_answer), (Kind::Person, true), "{words}");
    }
}

#[test]
fn a_delivery_report_is_known_in_our_residents_languages() {
    for (subject, words) in [
        ("Aviso de mensaje no entregado", "Su mensaje no pudo entregarse a jo@example.com. El usuario no existe."),
        ("Wiadomość niedostarczona", "Twoja wiadomość nie została dostarczona do jo@example.com."),
        ("Teslim edilemedi: Your complaint", "İletiniz jo@example.com adresine teslim edilemedi."),
        ("Methwyd â danfon: Your complaint", "Ni ellid danfon eich neges at jo@example.com."),
    ] {
        let raw = format!(
            "From: Post <post@example.com>\nContent-Type: text/plain; charset=utf-8\nSubject: {subject}\n\n{words}\n"
        );
        assert_eq!(message::read(raw.as_bytes(), &own()).kind, Kind::Bounce, "{subject}");
    }
}

#[test]
fn what_is_quoted_is_known_in_our_residents_languages_and_from_help_desks() {
    const LETTER: &str = "Dear Jo,\n\nYou said:\n\n> Nobody came.\n\nWe uphold your complaint.\n\nSam Okafor\n";
    for head in [
        "Ar Maw, 1 Rhag 2026 am 08:15, Elm <c@example.org> ysgrifennodd:",
        "منگل، 1 دسمبر، 2026 کو 8:15 AM پر Elm <c@example.org> نے لکھا:",
        "মঙ্গল, ১ ডিসে, ২০২৬ তারিখে ৮:১৫ AM টায় এ Elm <c@example.org> লিখেছেন:",
        "في الثلاثاء، ١ ديسمبر ٢٠٢٦ في ٨:١٥ ص تمت كتابة ما يلي بواسطة Elm <c@example.org>:",
        "থেকে: Elm <c@example.org>\nপাঠানো হয়েছে: 01/12/2026 08:15\nপ্রতি: Jo\nবিষয়: অভিযোগ",
        "منجانب: Elm <c@example.org>\nبھیجا گیا: 01/12/2026 08:15\nبنام: Jo <jo@example.com>\nموضوع: شکایت",
        "##- Please type your reply above this line -##",
        "--------------- Original Message ---------------\nFrom: Elm [c@example.org]\nSent: 01/12/2026 08:15\nTo: jo@example.com",
        "------------------- Original Message -------------------\nFrom: Elm;\nReceived: Tue Dec 01 2026 08:15:00 GMT+0000\nTo: jo@example.com;",
        "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Tuesday, December 1, 2026 8:15 AM, Elm <c@example.org> wrote:",
        "\u{2063}Get BlueMail for Android \u{200b}\n\nOn 1 Dec 2026, 08:15, Elm <c@example.org> wrote:",
    ] {
        let headers = "Content-Type: text/plain; charset=utf-8\nSubject: Re: Your complaint\n";
        let message = person(headers, &format!("I do not accept this.\nIt is broken.\n\n{head}\n\n{LETTER}"));
        assert_eq!(message.new_text(), "I do not accept this.\nIt is broken.", "{head}");
        assert!(message.text.contains("We uphold your complaint."), "{head}");
    }
}

#[test]
fn what_html_quotes_without_a_mark_of_its_own_is_known_by_what_stands_above_it() {
    const LETTER: &str = "<p>Dear Jo,</p><p>We uphold your complaint.</p>";
    for (program, below) in [
        (
            "Tutanota",
            "<div>1 Dec 2026, 08:15 by c@example.org:<br></div><blockquote class=\"tutanota_quote\">LETTER</blockquote>",
        ),
        (
            "Windows Mail",
            "<p>Sent from <a href=\"https://example.com/1\">Mail</a> for Windows</p><div><p class=MsoNormal><b>From: </b>Elm<br>\
             <b>Sent: </b>01 December 2026 08:15<br><b>To: </b>Jo<br><b>Subject: </b>Yours</p></div>LETTER",
        ),
        (
            "Zimbra",
            "<hr id=\"zwchr\"><div><b>From: </b>\"Elm\" &lt;c@example.org&gt;<br><b>To: </b>\"Jo\"<br>\
             <b>Sent: </b>Tuesday, 1 December, 2026 08:15:00<br><b>Subject: </b>Yours<br></div><div>LETTER</div>",
        ),
        (
            "Outlook for Mac",
            "<span id=\"OLK_SRC_BODY_SECTION\"><div><span>From: </span>Elm &lt;c@example.org&gt;<br><span>Date: </span>\
             Tuesday, 1 December 2026 at 08:15<br><span>To: </span>Jo<br></div>LETTER</span>",
        ),
    ] {
        let body = format!("<div>I do not accept this.</div><div>It is broken.</div><div><br></div>{below}");
        let headers = "Content-Type: text/html; charset=utf-8\nSubject: Re: Yours\n";
        let message = person(headers, &body.replace("LETTER", LETTER));
        assert_eq!(message.new_text(), "I do not accept this.\nIt is broken.", "{program}");
        assert!(message.text.contains("We uphold your complaint."), "{program}");
    }
    let goes_on = person(
        "Subject: Re: Yours\n",
        "No.\n\nSent from my iPhone <https://example.com> while I wait and nobody comes to mend it.\n",
    );
    assert_eq!(
        goes_on.new_text(),
        "No.\n\nSent from my iPhone <https://example.com> while I wait and nobody comes to mend it."
    );
}
