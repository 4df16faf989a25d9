//! Three mail programs, as they write their answers to a letter: Outlook, Gmail and the iPhone's Mail.
//!
//! Each has its own headers, its own way to quote and its own signature, and wraps and encodes as it does in life. The
//! thread, the subject and the quoted words are those of the letter that is answered.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use mail_parser::{MessageParser, MimeHeaders as _};
use redress::daemon::clock::{Clock as _, SystemClock};

/// A letter out of somebody's mailbox.
#[derive(Clone, Debug)]
pub struct Letter {
    pub subject: String,
    pub from: (String, String),
    pub to: (String, String),
    pub message_id: String,
    references: Vec<String>,
    date: Zoned,
    pub text: String,
    pub html: String,
    /// Names and contents of what is attached.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Letter {
    pub fn read(raw: &[u8]) -> Letter {
        let read = MessageParser::default().parse(raw).expect("every letter is one");
        let mailbox = |address: Option<&mail_parser::Address>| {
            let mailbox = address.and_then(|address| address.first()).expect("somebody");
            (mailbox.name().unwrap_or_default().to_owned(), mailbox.address().unwrap_or_default().to_owned())
        };
        let references = read.references().as_text_list().unwrap_or_default();
        let date = read.date().expect("every letter has a date").to_timestamp();
        let files = read
            .attachments()
            .map(|part| (part.attachment_name().unwrap_or("message.eml").to_owned(), part.contents().to_vec()));
        Letter {
            subject: read.subject().unwrap_or_default().to_owned(),
            from: mailbox(read.from()),
            to: mailbox(read.to()),
            message_id: read.message_id().expect("every letter has a Message-ID").to_owned(),
            references: references.iter().map(|id| id.to_string()).collect(),
            date: london(Timestamp::from_second(date).expect("a moment")),
            text: read.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
            html: read.body_html(0).unwrap_or_default().replace("\r\n", "\n"),
            files: files.collect(),
        }
    }

    /// Whether the words stand in it, whatever the line breaks.
    pub fn says(&self, words: &str) -> bool {
        self.text.split_whitespace().collect::<Vec<_>>().join(" ").contains(words)
    }

    /// In-Reply-To and References of an answer to it.
    fn thread(&self) -> String {
        let all = self.references.iter().chain([&self.message_id]).map(|id| format!("<{id}>"));
        format!("In-Reply-To: <{}>\r\nReferences: {}\r\n", self.message_id, all.collect::<Vec<_>>().join("\r\n "))
    }

    /// The subject of an answer to it: programs do not repeat their own mark.
    fn answered(&self, mark: &str) -> String {
        let bare = self.subject.strip_prefix("Re: ").or(self.subject.strip_prefix("RE: ")).unwrap_or(&self.subject);
        format!("{mark} {bare}")
    }

    /// What stands between the body's tags of the letter's HTML.
    fn body(&self) -> &str {
        let body = self.html.split_once("<body>").map_or(&*self.html, |(_, body)| body);
        body.split_once("</body>").map_or(body, |(body, _)| body)
    }

    fn quoted(&self, mark: &str) -> String {
        self.text.trim_end().lines().map(|line| format!("{mark}{line}").trim_end().to_owned() + "\n").collect()
    }
}

/// An answer that somebody writes.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    pub letter: &'a Letter,
    /// What is written above the quoted text, a line each.
    pub words: &'a str,
    /// Names, types and contents of what is attached.
    pub files: &'a [(&'a str, &'a str, &'a [u8])],
}

impl Reply<'_> {
    /// Outlook for Windows: both bodies in base64, the thread under "From: Sent: To: Subject:" without a mark before it, and
    /// the logo of a signature as an inline image.
    pub fn outlook(&self, number: u32) -> Vec<u8> {
        let Letter { from, to, .. } = self.letter;
        let now = now();
        let sent = self.letter.date.strftime("%d %B %Y %H:%M");
        let cid = format!("image001.png@01DC5B3A.{number:08X}");
        let signature = "Complaints Officer";
        let text = format!(
            "{}\n\nKind regards,\n\n{}\n{signature}\n[cid:{cid}]\nOrchard Housing | 01632 960100\n\n\
             From: {} <{}>\nSent: {sent}\nTo: {} <{}>\nSubject: {}\n\n{}",
            self.words.trim(),
            to.0,
            from.0,
            from.1,
            to.0,
            to.1,
            self.letter.subject,
            self.letter.text
        );
        let paragraph = |line: &str| match line {
            "" => "<p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>\n".to_owned(),
            line => format!(
                "<p class=\"MsoNormal\"><span style=\"mso-fareast-language:EN-US\">{}<o:p></o:p></span></p>\n",
                escaped(line)
            ),
        };
        let words: String = self.words.trim().lines().map(paragraph).collect();
        let html = format!(
            "<html xmlns:v=\"urn:schemas-microsoft-com:vml\" xmlns:o=\"urn:schemas-microsoft-com:office:office\" \
             xmlns:w=\"urn:schemas-microsoft-com:office:word\" xmlns=\"http://www.w3.org/TR/REC-html40\">\n<head>\n\
             <meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\">\n\
             <meta name=\"Generator\" content=\"Microsoft Word 15 (filtered medium)\">\n<style><!--\n\
             p.MsoNormal, li.MsoNormal, div.MsoNormal {{margin:0cm; font-size:11.0pt; font-family:\"Aptos\",sans-serif;}}\n\
             --></style>\n</head>\n<body lang=\"EN-GB\" link=\"#467886\" vlink=\"#96607D\" style=\"word-wrap:break-word\">\n\
             <div class=\"WordSection1\">\n{words}{}{}{}{}{}\
             <p class=\"MsoNormal\"><img width=\"120\" height=\"40\" id=\"Picture_x0020_1\" src=\"cid:{cid}\" alt=\"Logo\"><o:p></o:p></p>\n{}\
             <p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>\n<div>\n\
             <div style=\"border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm\">\n<p class=\"MsoNormal\">\
             <b><span lang=\"EN-US\" style=\"font-family:&quot;Calibri&quot;,sans-serif\">From:</span></b><span lang=\"EN-US\"> {} &lt;{}&gt; \n\
             <br>\n<b>Sent:</b> {sent}<br>\n<b>To:</b> {} &lt;{}&gt;<br>\n<b>Subject:</b> {}<o:p></o:p></span></p>\n</div>\n</div>\n\
             <p class=\"MsoNormal\"><o:p>&nbsp;</o:p></p>\n{}\n</div>\n</body>\n</html>\n",
            paragraph(""),
            paragraph("Kind regards,"),
            paragraph(""),
            paragraph(&to.0),
            paragraph(signature),
            paragraph("Orchard Housing | 01632 960100"),
            escaped(&from.0),
            from.1,
            escaped(&to.0),
            to.1,
            escaped(&self.letter.subject),
            self.letter.body()
        );
        let alternative = parts(
            "multipart/alternative",
            &format!("_000_LO2P265MB{number:04}_"),
            &[
                part("Content-Type: text/plain; charset=\"utf-8\"", text.as_bytes()),
                part("Content-Type: text/html; charset=\"utf-8\"", html.as_bytes()),
            ],
        );
        let logo = part(
            &format!(
                "Content-Type: image/png; name=\"image001.png\"\r\nContent-Description: image001.png\r\n\
                 Content-Disposition: inline; filename=\"image001.png\"; size=67\r\nContent-ID: <{cid}>"
            ),
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x78\0\0\0\x28\x08\x02\0\0\0 a logo that nobody asked for",
        );
        let related = parts(
            "multipart/related; type=\"multipart/alternative\"",
            &format!("_004_LO2P265MB{number:04}_"),
            &[alternative, logo],
        );
        let mut all = vec![related];
        all.extend(self.files.iter().map(|(name, kind, bytes)| {
            part(
                &format!(
                    "Content-Type: {kind}; name=\"{name}\"\r\nContent-Description: {name}\r\n\
                     Content-Disposition: attachment; filename=\"{name}\"; size={}",
                    bytes.len()
                ),
                bytes,
            )
        }));
        let content = if all.len() == 1 {
            all.remove(0)
        } else {
            parts("multipart/mixed", &format!("_006_LO2P265MB{number:04}_"), &all)
        };
        let attached = if self.files.is_empty() {
            "X-MS-Has-Attach: yes\r\n"
        } else {
            "X-MS-Has-Attach: yes\r\nX-MS-TNEF-Correlator:\r\n"
        };
        format!(
            "From: {} <{}>\r\nTo: {} <{}>\r\nSubject: {}\r\nThread-Topic: {}\r\nThread-Index: AQHcW0FzQmFzZTY0IG9mIGEgdGhyZWFk{number:04}==\r\n\
             Date: {}\r\nMessage-ID: <LO2P265MB{number:04}A1B2C3D4E5F6@LO2P265MB{number:04}.GBRP265.PROD.OUTLOOK.COM>\r\n{}\
             Accept-Language: en-GB, en-US\r\nContent-Language: en-GB\r\n{attached}MIME-Version: 1.0\r\n{content}",
            to.0, to.1, from.0, from.1, folded(&self.letter.answered("RE:")), folded(&self.letter.subject),
            now.strftime("%a, %d %b %Y %H:%M:%S %z"), self.letter.thread()
        )
        .into_bytes()
    }

    /// Gmail in a browser: its text is broken at 78 columns, and the attribution too; the thread is quoted in both bodies.
    pub fn gmail(&self, number: u32) -> Vec<u8> {
        let Letter { from, to, .. } = self.letter;
        let sent = self.letter.date.strftime("%a, %-d %b %Y at %H:%M");
        let wrote = wrapped(&format!("On {sent}, {} <{}>", from.0, from.1));
        let text = format!("{}\n\n{wrote} wrote:\n\n{}", wrapped(self.words.trim()), self.letter.quoted("> "));
        let line = |line: &str| match line {
            "" => "<div><br></div>".to_owned(),
            line => format!("<div>{}</div>", escaped(line)),
        };
        let words: String = self.words.trim().lines().map(line).collect();
        let html = format!(
            "<div dir=\"ltr\">{words}</div><br><div class=\"gmail_quote gmail_quote_container\"><div dir=\"ltr\" class=\"gmail_attr\">\
             On {sent}, {} &lt;<a href=\"mailto:{}\">{}</a>&gt; wrote:<br></div><blockquote class=\"gmail_quote\" \
             style=\"margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex\">{}</blockquote></div>\n",
            escaped(&from.0),
            from.1,
            from.1,
            self.letter.body()
        );
        let boundary = format!("00000000000{number:016x}");
        let content = parts(
            "multipart/alternative",
            &boundary,
            &[
                printable("Content-Type: text/plain; charset=\"UTF-8\"", &text),
                printable("Content-Type: text/html; charset=\"UTF-8\"", &html),
            ],
        );
        format!(
            "MIME-Version: 1.0\r\n{}From: {} <{}>\r\nDate: {}\r\nX-Gm-Features: AWmQ_bk{number:04}\r\n\
             Message-ID: <CAHk-{number:04}wTz=u5@mail.gmail.com>\r\nSubject: {}\r\nTo: {} <{}>\r\n{content}",
            self.letter.thread(),
            to.0,
            to.1,
            now().strftime("%a, %d %b %Y %H:%M:%S %z"),
            folded(&self.letter.answered("Re:")),
            from.0,
            from.1
        )
        .into_bytes()
    }

    /// The iPhone: curly quotes, "Sent from my iPhone" above the quoted thread, and a byte order mark before that.
    pub fn iphone(&self, number: u32) -> Vec<u8> {
        let Letter { from, to, .. } = self.letter;
        let sent = self.letter.date.strftime("%-d %b %Y, at %H:%M");
        let words = self.words.trim().replace('\'', "\u{2019}");
        let wrote = format!("On {sent}, {} <{}> wrote:", from.0, from.1);
        let text = format!(
            "{words}\n\nSent from my iPhone\n\n> {wrote}\n>\n> \u{feff}{}",
            self.letter.quoted("> ").trim_start_matches("> ")
        );
        let html = format!(
            "<html><head><meta http-equiv=\"content-type\" content=\"text/html; charset=utf-8\"></head><body dir=\"auto\">{}\
             <br id=\"lineBreakAtBeginningOfSignature\"><div dir=\"ltr\">Sent from my iPhone</div><div dir=\"ltr\"><br>\
             <blockquote type=\"cite\">On {sent}, {} &lt;{}&gt; wrote:<br><br></blockquote></div>\
             <blockquote type=\"cite\"><div dir=\"ltr\">\u{feff}{}</div></blockquote></body></html>",
            words
                .lines()
                .map(|line| format!("<div>{}</div>", if line.is_empty() { "<br>".to_owned() } else { escaped(line) }))
                .collect::<String>(),
            escaped(&from.0),
            from.1,
            self.letter.body()
        );
        let content = parts(
            "multipart/alternative",
            &format!("Apple-Mail-5C1D{number:04}-7F0A-4B1E-9D2C"),
            &[
                printable("Content-Type: text/plain;\r\n\tcharset=utf-8", &text),
                printable("Content-Type: text/html;\r\n\tcharset=utf-8", &html),
            ],
        );
        // Its own fields stand below those of the content.
        let (kind, body) = content.split_once("\r\n\r\n").expect("a header and parts");
        format!(
            "{kind}\r\nContent-Transfer-Encoding: 7bit\r\nFrom: {} <{}>\r\nMime-Version: 1.0 (1.0)\r\nDate: {}\r\nSubject: {}\r\n\
             Message-Id: <7E21{number:04}-04F1-4D8C-A3B5@{}>\r\n{}To: {} <{}>\r\n\
             X-Mailer: iPhone Mail (23B85)\r\n\r\n{body}",
            to.0,
            to.1,
            now().strftime("%a, %-d %b %Y %H:%M:%S %z"),
            folded(&self.letter.answered("Re:")),
            to.1.rsplit('@').next().unwrap_or_default(),
            self.letter.thread(),
            from.0,
            from.1
        )
        .into_bytes()
    }
}

/// A new message from the iPhone, in text only: format=flowed, whose lines end with a space where they go on (RFC 3676).
pub fn iphone_new(from: (&str, &str), to: &str, subject: &str, words: &str, number: u32) -> Vec<u8> {
    let flowed: String = words.lines().map(|line| wrapped(line).replace('\n', " \n") + "\n").collect();
    format!(
        "Content-Type: text/plain;\r\n\tcharset=us-ascii;\r\n\tformat=flowed\r\nContent-Transfer-Encoding: 7bit\r\n\
         From: {} <{}>\r\nMime-Version: 1.0 (1.0)\r\nDate: {}\r\nSubject: {subject}\r\n\
         Message-Id: <9A03{number:04}-1B1F-4C6E-8E5D@{}>\r\nTo: {to}\r\nX-Mailer: iPhone Mail (23B85)\r\n\r\n{}\r\nSent from my iPhone\r\n",
        from.0, from.1, now().strftime("%a, %-d %b %Y %H:%M:%S %z"),
        from.1.rsplit('@').next().unwrap_or_default(), flowed.replace('\n', "\r\n")
    )
    .into_bytes()
}

fn now() -> Zoned {
    london(SystemClock.now())
}

fn london(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::get("Europe/London").expect("bundled"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A header's value over several lines, as RFC 5322 2.2.3 wants it.
fn folded(value: &str) -> String {
    wrapped(value).replace('\n', "\r\n ")
}

/// Broken between words so that no line is longer than 78.
fn wrapped(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > 77 {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

/// Several parts as one, its header first.
fn parts(kind: &str, boundary: &str, parts: &[String]) -> String {
    let inner: String = parts.iter().map(|part| format!("--{boundary}\r\n{part}\r\n")).collect();
    format!("Content-Type: {kind};\r\n\tboundary=\"{boundary}\"\r\n\r\n{inner}--{boundary}--\r\n")
}

fn part(head: &str, bytes: &[u8]) -> String {
    format!("{head}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}", base64(bytes))
}

/// RFC 2045 6.8.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for (line, group) in bytes.chunks(57).enumerate() {
        if line > 0 {
            encoded.push_str("\r\n");
        }
        for three in group.chunks(3) {
            let bits =
                three.iter().chain([0, 0].iter()).take(3).fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
            for place in 0..4 {
                let letter = LETTERS[bits >> (18 - 6 * place) & 63];
                encoded.push(if place > three.len() { '=' } else { char::from(letter) });
            }
        }
    }
    encoded
}

/// RFC 2045 6.7.
fn printable(head: &str, text: &str) -> String {
    let mut encoded = String::new();
    for line in text.lines() {
        let mut width = 0;
        let last = line.len().saturating_sub(1);
        for (at, byte) in line.bytes().enumerate() {
            let plain = matches!(byte, b'!'..=b'<' | b'>'..=b'~') || byte == b' ' && at < last;
            if width + if plain { 1 } else { 3 } > 75 {
                encoded.push_str("=\r\n");
                width = 0;
            }
            if plain {
                encoded.push(char::from(byte));
                width += 1;
            } else {
                _ = write!(encoded, "={byte:02X}");
                width += 3;
            }
        }
        encoded.push_str("\r\n");
    }
    format!("{head}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}", encoded.trim_end_matches("\r\n"))
}
