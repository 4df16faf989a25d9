//! What people newly wrote when they answer a letter of ours, in the mail programs they have.
//!
//! Goal: what an officer writes above our letter is read as it stands, a field a line, and not a word of the letter itself.
//! How: each letter to staff is quoted the way each program does it, as plain text and HTML and as HTML alone.

#![expect(clippy::unwrap_used, reason = "helpers of tests, where a panic is a failed test")]

use std::path::Path;

use redress::domain::message::{self, Message, Own};

/// A command and a form, with what programs and people make of dashes, bullets, quotation marks and pounds.
const WRITTEN: [&str; 4] = [
    "Define",
    "Point 1: Three times it was “looked into” – and nobody came",
    "• Point 2: They weren’t told why; that is rude",
    "Outcome sought: £150 & a call <this week>",
];
const SIGNATURE: [&str; 3] = ["Sam Okafor", "Complaints Officer | Alder Court", "01632 960123"];
const DISCLAIMER: &str = "This e-mail and any files with it are confidential and intended solely for the addressee. If you \
                          have had it in error, please tell the sender and delete it.";
const WHO: &str = "Alder Court Housing Co-operative";
const ADDRESS: &str = "complaints@alder.example";

/// A letter of ours as a mail program has it.
struct Letter {
    text: String,
    /// What stands within `<body>`.
    html: String,
    subject: String,
}

fn letter(name: &str) -> Letter {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/letters");
    let read = |ending: &str| std::fs::read_to_string(folder.join(format!("{name}.{ending}"))).unwrap();
    let (text, html) = (read("txt"), read("html"));
    let (_, html) = html.split_once("<body>").unwrap();
    let text: String =
        text.lines().filter(|line| !line.starts_with("[attached")).map(|line| format!("{line}\n")).collect();
    let subject = text.lines().next().unwrap().to_owned();
    Letter { text, html: html.replace("</body>", "").replace("</html>", ""), subject }
}

/// The letters that staff answer.
const LETTERS: [&str; 9] = [
    "new-case",
    "new-case-hazard-excerpt",
    "new-case-request",
    "new-message",
    "reminder-two-days-left",
    "reminder-today",
    "escalation-unsure",
    "undelivered-refused",
    "assigned",
];

/// How a program writes an answer: plain text and HTML. What it marks as a signature is no part of what is newly written.
struct Program {
    name: &'static str,
    plain: fn(&Letter) -> String,
    html: fn(&Letter) -> String,
    /// Parameters of `text/plain`.
    flowed: &'static str,
    /// Whether the signature is known for one, in the plain text and in the HTML.
    signature_known: [bool; 2],
}

fn escaped(line: &str) -> String {
    line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn quoted(text: &str) -> String {
    text.lines().map(|line| format!("> {line}").trim_end().to_owned() + "\n").collect()
}

/// Each line in front of and behind `tags`.
fn each(lines: &[&str], before: &str, after: &str) -> String {
    lines.iter().map(|line| format!("{before}{}{after}\n", escaped(line))).collect()
}

fn plain_lines() -> String {
    format!("{}\n\n{}\n\n{DISCLAIMER}\n", WRITTEN.join("\n"), SIGNATURE.join("\n"))
}

const PROGRAMS: [Program; 10] = [
    Program {
        name: "Outlook for Windows",
        flowed: "",
        signature_known: [false, false],
        // Exchange writes a blank line behind each paragraph.
        plain: |letter| {
            let words = [&WRITTEN[..], &[" "], &SIGNATURE[..], &[" ", DISCLAIMER, " "]].concat().join("\n\n");
            format!(
                "{words}\n\nFrom: {WHO} <{ADDRESS}>\nSent: 01 December 2026 08:15\nTo: Sam Okafor <sam@alder.example>\nSubject: {}\n\n{}",
                letter.subject, letter.text
            )
        },
        html: |letter| {
            let paragraph =
                |lines: &[&str]| each(lines, "<p class=MsoNormal><span lang=EN-GB>", "<o:p></o:p></span></p>");
            let blank = "<p class=MsoNormal><o:p>&nbsp;</o:p></p>";
            format!(
                "<body lang=EN-GB link=\"#0563C1\" style='word-wrap:break-word'><div class=WordSection1>\n{}{blank}\n{}{blank}\n{}\
                 {blank}<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'>\n\
                 <p class=MsoNormal><b><span lang=EN-US>From:</span></b><span lang=EN-US> {WHO} &lt;{ADDRESS}&gt; <br>\n\
                 <b>Sent:</b> 01 December 2026 08:15<br>\n<b>To:</b> Sam Okafor &lt;sam@alder.example&gt;<br>\n\
                 <b>Subject:</b> {}<o:p></o:p></span></p></div></div>{blank}{}</div></body>",
                paragraph(&WRITTEN),
                paragraph(&SIGNATURE),
                paragraph(&[DISCLAIMER]),
                letter.subject,
                letter.html
            )
        },
    },
    Program {
        name: "Outlook on the web",
        flowed: "",
        signature_known: [false, true],
        plain: |letter| {
            format!(
                "{}\n________________________________\nFrom: {WHO} <{ADDRESS}>\nSent: Tuesday, December 1, 2026 8:15 AM\nTo: Sam Okafor <sam@alder.example>\nSubject: {}\n\n{}",
                plain_lines(),
                letter.subject,
                letter.text
            )
        },
        html: |letter| {
            const DIV: &str =
                "<div class=\"elementToProof\" style=\"font-family: Aptos, Calibri, sans-serif; font-size: 12pt;\">";
            format!(
                "<body dir=\"ltr\">\n{}{DIV}<br></div><div id=\"Signature\">{}</div><div><br></div>{}\
                 <div id=\"appendonsend\"></div>\n<hr style=\"display:inline-block;width:98%\" tabindex=\"-1\">\n\
                 <div id=\"divRplyFwdMsg\" dir=\"ltr\"><font face=\"Calibri, sans-serif\"><b>From:</b> {WHO} &lt;{ADDRESS}&gt;<br>\n\
                 <b>Sent:</b> Tuesday, December 1, 2026 8:15 AM<br>\n<b>To:</b> Sam Okafor &lt;sam@alder.example&gt;<br>\n\
                 <b>Subject:</b> {}</font><div>&nbsp;</div></div><div>{}</div></body>",
                each(&WRITTEN, DIV, "</div>"),
                each(&SIGNATURE, "<div>", "</div>"),
                each(&[DISCLAIMER], "<p>", "</p>"),
                letter.subject,
                letter.html
            )
        },
    },
    Program {
        name: "Outlook with ----- Original Message -----",
        flowed: "",
        signature_known: [false, false],
        plain: |letter| {
            format!(
                "{}\n-----Original Message-----\nFrom: {WHO} [mailto:{ADDRESS}] \nSent: 01 December 2026 08:15\nTo: Sam Okafor\nSubject: {}\n\n{}",
                plain_lines(),
                letter.subject,
                letter.text
            )
        },
        // Plain text that Exchange made into HTML.
        html: |letter| {
            let plain = format!(
                "{}\n-----Original Message-----\nFrom: {WHO} [mailto:{ADDRESS}] \nSent: 01 December 2026 08:15\nTo: Sam Okafor\nSubject: {}\n\n{}",
                plain_lines(),
                letter.subject,
                letter.text
            );
            let lines: String = plain.lines().map(|line| format!("{}<br>\n", escaped(line))).collect();
            format!("<body>\n<!-- Converted from text/plain format -->\n<p><font size=2>{lines}</font></p>\n</body>")
        },
    },
    Program {
        name: "Outlook for iOS",
        flowed: "",
        signature_known: [true, true],
        plain: |letter| {
            format!(
                "{}\n\nGet Outlook for iOS<https://aka.ms/o0ukef>\n________________________________\nFrom: {WHO} <{ADDRESS}>\nSent: Tuesday, December 1, 2026 8:15:00 AM\nTo: Sam Okafor <sam@alder.example>\nSubject: {}\n\n{}",
                WRITTEN.join("\n"),
                letter.subject,
                letter.text
            )
        },
        html: |letter| {
            format!(
                "<body>\n{}<div dir=\"ltr\"><br></div>\n<div id=\"ms-outlook-mobile-signature\" dir=\"ltr\">Get <a href=\"https://aka.ms/o0ukef\">Outlook for iOS</a></div>\n\
                 <div id=\"mail-editor-reference-message-container\" dir=\"auto\">\n<hr style=\"display:inline-block;width:98%\" tabindex=\"-1\">\n\
                 <div id=\"divRplyFwdMsg\" dir=\"ltr\"><font><b>From:</b> {WHO} &lt;{ADDRESS}&gt;<br><b>Sent:</b> Tuesday, December 1, 2026 8:15:00 AM<br>\
                 <b>To:</b> Sam Okafor &lt;sam@alder.example&gt;<br><b>Subject:</b> {}</font><div>&nbsp;</div></div>{}</div></body>",
                each(&WRITTEN, "<div dir=\"ltr\">", "</div>"),
                letter.subject,
                letter.html
            )
        },
    },
    Program {
        name: "Gmail",
        flowed: "",
        signature_known: [true, true],
        plain: |letter| {
            format!(
                "{}\n\n-- \n{}\n{DISCLAIMER}\n\n\nOn Tue, 1 Dec 2026 at 08:15, {WHO} <\n{ADDRESS}> wrote:\n\n{}",
                WRITTEN.join("\n"),
                SIGNATURE.join("\n"),
                quoted(&letter.text)
            )
        },
        html: |letter| {
            format!(
                "<div dir=\"ltr\">{}{}<div><br clear=\"all\"></div><div><br></div>-- <br><div dir=\"ltr\" class=\"gmail_signature\" data-smartmail=\"gmail_signature\">\
                 <div dir=\"ltr\">{}<br>{DISCLAIMER}</div></div></div><br><div class=\"gmail_quote gmail_quote_container\">\
                 <div dir=\"ltr\" class=\"gmail_attr\">On Tue, 1 Dec 2026 at 08:15, {WHO} &lt;<a href=\"mailto:{ADDRESS}\">{ADDRESS}</a>&gt; wrote:<br></div>\
                 <blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\"><u></u>\n{}</blockquote></div>\n",
                escaped(WRITTEN[0]),
                each(&WRITTEN[1..], "<div>", "</div>"),
                SIGNATURE.join("<br>"),
                letter.html
            )
        },
    },
    Program {
        name: "iPhone",
        flowed: "",
        signature_known: [true, true],
        plain: |letter| {
            let head = format!("On 1 Dec 2026, at 08:15, {WHO}\n<{ADDRESS}> wrote:\n\n\u{feff}");
            format!("{}\n\nSent from my iPhone\n\n{}", WRITTEN.join("\n"), quoted(&format!("{head}{}", letter.text)))
        },
        html: |letter| {
            format!(
                "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head><body dir=\"auto\">{}{}\
                 <div><br></div><div><br id=\"lineBreakAtBeginningOfSignature\"><div dir=\"ltr\">Sent from my iPhone</div>\
                 <div dir=\"ltr\"><br><blockquote type=\"cite\">On 1 Dec 2026, at 08:15, {WHO} &lt;{ADDRESS}&gt; wrote:<br><br></blockquote></div>\
                 <blockquote type=\"cite\"><div dir=\"ltr\">\u{feff}{}</div></blockquote></div></body></html>",
                escaped(WRITTEN[0]),
                each(&WRITTEN[1..], "<div>", "</div>"),
                letter.html
            )
        },
    },
    Program {
        name: "Apple Mail on a Mac",
        flowed: "; format=flowed; delsp=yes",
        signature_known: [false, false],
        plain: |letter| {
            let words = plain_lines().replace("and nobody came", "and  \nnobody came").replace("If you ", "If you  \n");
            format!("{words}\n> On 1 Dec 2026, at 08:15, {WHO}  \n> <{ADDRESS}> wrote:\n>\n{}", quoted(&letter.text))
        },
        html: |letter| {
            format!(
                "<html><body style=\"overflow-wrap: break-word; -webkit-nbsp-mode: space;\">{}<br><div><div>{}</div><div><br></div>{}</div>\
                 <div><br><blockquote type=\"cite\"><div>On 1 Dec 2026, at 08:15, {WHO} &lt;{ADDRESS}&gt; wrote:</div>\
                 <br class=\"Apple-interchange-newline\"><div>{}</div></blockquote></div><br></body></html>",
                each(&WRITTEN, "", "<br>"),
                SIGNATURE.join("</div><div>"),
                each(&[DISCLAIMER], "<div>", "</div>"),
                letter.html
            )
        },
    },
    Program {
        name: "Thunderbird",
        flowed: "; format=flowed",
        signature_known: [true, true],
        plain: |letter| {
            format!(
                "{}\n\nOn 01/12/2026 08:15, {WHO} wrote:\n{}\n-- \n{}\n\n{DISCLAIMER}\n",
                WRITTEN.join("\n").replace("and nobody", "and \nnobody"),
                quoted(&letter.text),
                SIGNATURE.join("\n")
            )
        },
        html: |letter| {
            format!(
                "<body>\n<p>{}</p>\n<div class=\"moz-cite-prefix\">On 01/12/2026 08:15, {WHO} wrote:<br></div>\n\
                 <blockquote type=\"cite\" cite=\"mid:ald-1047-k.2@alder.example\">{}</blockquote>\n\
                 <pre class=\"moz-signature\" cols=\"72\">-- \n{}\n\n{DISCLAIMER}</pre></body>",
                each(&WRITTEN, "", "<br>"),
                letter.html,
                SIGNATURE.join("\n")
            )
        },
    },
    Program {
        name: "Yahoo",
        flowed: "",
        signature_known: [true, true],
        plain: |letter| {
            format!(
                " {}\n\nSent from Yahoo Mail for iPhone\n\n    On Tuesday, 1 December 2026 at 08:15:00 GMT, {WHO} <{ADDRESS}> wrote:  \n \n {}",
                WRITTEN.join("\n"),
                letter.text.lines().collect::<Vec<_>>().join("\n ")
            )
        },
        html: |letter| {
            format!(
                "<html><head></head><body><div class=\"ydp1yahoo-style-wrap\" style=\"font-family:Helvetica;\">{}<div><br></div></div>\
                 <div id=\"ymail_android_signature\"><a href=\"https://mail.onelink.me/1\">Sent from Yahoo Mail for iPhone</a></div>\
                 <div id=\"yahoo_quoted_1\" class=\"yahoo_quoted\"><div style=\"font-family:Helvetica;\">\
                 <div>On Tuesday, 1 December 2026 at 08:15:00 GMT, {WHO} &lt;{ADDRESS}&gt; wrote:</div><div><br></div><div><br></div>\
                 <div>{}</div></div></div></body></html>",
                each(&WRITTEN, "<div dir=\"ltr\">", "</div>"),
                letter.html
            )
        },
    },
    Program {
        name: "Samsung",
        flowed: "",
        signature_known: [true, true],
        plain: |letter| {
            format!(
                "{}\n\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: {WHO} <{ADDRESS}> \nDate: 01/12/2026  08:15  (GMT+00:00) \nTo: Sam Okafor <sam@alder.example> \nSubject: {} \n\n{}",
                WRITTEN.join("\n"),
                letter.subject,
                letter.text
            )
        },
        html: |letter| {
            format!(
                "<html><head></head><body dir=\"auto\">{}<div dir=\"auto\"><br></div><div id=\"composer_signature\" dir=\"auto\">\
                 <div style=\"font-size:12px;color:#575757\" dir=\"auto\">Sent from my Galaxy</div></div><div dir=\"auto\"><br></div>\
                 <div align=\"left\" dir=\"auto\" style=\"font-size:100%;color:#000000\"><div>-------- Original message --------</div>\
                 <div>From: {WHO} &lt;{ADDRESS}&gt; </div><div>Date: 01/12/2026  08:15  (GMT+00:00) </div>\
                 <div>To: Sam Okafor &lt;sam@alder.example&gt; </div><div>Subject: {} </div><div><br></div></div>{}</body></html>",
                each(&WRITTEN, "<div dir=\"auto\">", "</div>"),
                letter.subject,
                letter.html
            )
        },
    },
];

fn read(subject: &str, body: &str) -> Message {
    let raw = format!(
        "From: Sam Okafor <sam@alder.example>\nTo: {WHO} <{ADDRESS}>\nSubject: Re: {subject}\n\
         In-Reply-To: <ald-1047-k.2.b2eb5a98981115d0@alder.example>\nMIME-Version: 1.0\n{body}"
    );
    let raw = raw.replace('\n', "\r\n");
    message::read(
        raw.as_bytes(),
        &Own { addresses: vec![ADDRESS.to_owned()], staff: vec!["sam@alder.example".to_owned()], ..Own::default() },
    )
}

fn part(kind: &str, body: &str) -> String {
    format!("Content-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n{body}\n")
}

/// The lines with words on them.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

#[test]
fn what_an_officer_writes_above_a_letter_is_read_as_it_stands_in_every_mail_program() {
    let mut wrong = Vec::new();
    for name in LETTERS {
        let letter = letter(name);
        for program in &PROGRAMS {
            let plain = part(&format!("text/plain; charset=utf-8{}", program.flowed), &(program.plain)(&letter));
            let html = part("text/html; charset=utf-8", &(program.html)(&letter));
            let both = format!("Content-Type: multipart/alternative; boundary=b\n\n--b\n{plain}\n--b\n{html}\n--b--\n");
            for (form, body, known) in [
                ("plain text and HTML", &both, program.signature_known[0]),
                ("HTML", &html, program.signature_known[1]),
            ] {
                let message = read(&letter.subject, body);
                let mut expected = WRITTEN.to_vec();
                if !known {
                    expected.extend(SIGNATURE);
                }
                let new = message.new_text();
                if lines(&new) != expected {
                    wrong.push(format!("{}, {form}, {name}: {new}", program.name));
                }
                let whole = lines(&message.text).len() > expected.len() + 10;
                if !whole || !message.may_answer || message.forward.is_some() {
                    wrong
                        .push(format!("{}, {form}, {name}: {:?} {:?}", program.name, message.reasons, message.forward));
                }
                if form == "HTML" && !new.starts_with(&WRITTEN.join("\n")) {
                    wrong.push(format!("{}, {form}, {name}: fields are torn apart: {new}", program.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn an_answer_that_adds_no_word_is_known_for_one_in_every_mail_program() {
    let letter = letter("new-case");
    let without = |body: &str| {
        let words = WRITTEN
            .iter()
            .chain(&SIGNATURE)
            .chain([&DISCLAIMER])
            .fold(body.to_owned(), |body, line| body.replace(line, "").replace(&escaped(line), ""));
        words.replace("and  \nnobody came", "").replace("and \nnobody came", "")
    };
    // Outlook marks no quotation: words may stand within it, and a person must look.
    for program in PROGRAMS.iter().filter(|program| ["Gmail", "iPhone"].contains(&program.name)) {
        for (kind, body) in [("text/plain", (program.plain)(&letter)), ("text/html", (program.html)(&letter))] {
            let message = read(&letter.subject, &part(&format!("{kind}; charset=utf-8"), &without(&body)));
            assert_eq!(message.new_text(), "", "{} {kind}", program.name);
            assert!(message.silent, "{} {kind}", program.name);
            assert_eq!(message.problems, ["Nothing new was written."], "{} {kind}", program.name);
        }
    }
    let thanks = read(&letter.subject, &part("text/plain", "Thanks\n\n> New complaint\n"));
    assert!(!thanks.silent);
}
