//! Forms as text, ready to be filled in: in a letter, and in the message that a link prepares.
//!
//! ```text
//! extend
//! until: …
//! reason: …
//! ```
//!
//! `written.rs` reads back what stands here: a verb, then a field on each line, and a value that is still [`BLANK`] as not given.

use std::fmt::Write as _;

use super::grammar;

/// Stands where something is to be written.
pub const BLANK: &str = "…";

/// What was written into a field, without the blank that people leave before or behind it; `None` when that is
/// all there is.
pub fn filled_in(value: &str) -> Option<&str> {
    // Mail programs make three dots of it, or one character of three dots.
    let blanks = [BLANK, "..."];
    let written = value.trim();
    let mut value = written;
    for blank in blanks {
        value = value.strip_prefix(blank).unwrap_or(value).trim_start();
        // With a space before it: else it is how their sentence ends.
        let before =
            value.strip_suffix(blank).filter(|before| before.is_empty() || before.ends_with(char::is_whitespace));
        value = before.unwrap_or(value).trim_end();
    }
    Some(value).filter(|value| !value.is_empty() || written.is_empty())
}

/// A field, and what is written there to begin with.
pub type Draft = (&'static str, String);

/// Longest link, in characters. Windows, and with it Outlook, takes 2,083 for the whole of one (`INTERNET_MAX_URL_LENGTH`), newer
/// Outlooks 2,048; on their way to the mail program Chrome passes on about 2,000 and Firefox 2,008. Gmail in a browser opens
/// about 6,000; Apple Mail and telephones name no limit. What is too long does not open at all, or loses its end.
const LINK_MAX: usize = 1_900;

/// Words before a colon that may name a field: "good reason".
const NAME_WORDS_MAX: usize = 3;

/// A form with what is written into it to begin with, field by field, in this order.
pub fn text<F: AsRef<str>, V: AsRef<str>>(verb: &str, drafts: &[(F, V)]) -> String {
    let mut text = format!("{verb}\n");
    for (field, value) in drafts {
        let (field, value) = (field.as_ref(), value.as_ref());
        let _ = writeln!(text, "{field}: {}", on_lines(verb, field, value));
    }
    text
}

/// The form of a verb with `drafts`, and a blank in each further field that is needed or usual.
pub fn ready(verb: &str, drafts: &[Draft]) -> Vec<Draft> {
    let Some(row) = grammar::row(verb) else { return drafts.to_vec() };
    let drafted = |name: &str| drafts.iter().any(|(field, _)| *field == name);
    let blank = row.fields.iter().filter(|field| (field.needed || field.usual) && !drafted(field.name));
    drafts.iter().cloned().chain(blank.map(|field| (field.name, BLANK.to_owned()))).collect()
}

/// A link that opens a new message to `address` with `subject` and the form; `None` when even its empty form is too long.
/// Where the drafts do not fit, it has blanks in the places of the longest.
pub fn link(address: &str, subject: &str, verb: &str, drafts: &[Draft]) -> Option<String> {
    let mut drafts = drafts.to_vec();
    loop {
        let link = mailto(address, subject, &text(verb, &drafts));
        if link.len() <= LINK_MAX {
            return Some(link);
        }
        drafts = with_less(&drafts)?;
    }
}

/// The drafts with one blank for all that the longest field holds: half a definition, sent back, would be taken for the whole.
fn with_less(drafts: &[Draft]) -> Option<Vec<Draft>> {
    let length = |name: &str| -> usize {
        let of_field = drafts.iter().filter(|(field, value)| *field == name && value != BLANK);
        of_field.map(|(_, value)| value.len()).sum()
    };
    let longest = drafts.iter().map(|(field, _)| *field).max_by_key(|field| length(field))?;
    if length(longest) == 0 {
        return None;
    }
    let mut less: Vec<Draft> = Vec::new();
    for (field, value) in drafts {
        if *field != longest {
            less.push((field, value.clone()));
        } else if less.iter().all(|(kept, _)| *kept != longest) {
            less.push((field, BLANK.to_owned()));
        }
    }
    Some(less)
}

/// RFC 6068, 2: everything outside "unreserved" of RFC 3986 is percent-encoded, lines end with `%0D%0A` (5), and a space is
/// `%20`, for a `+` stays a plus.
fn mailto(address: &str, subject: &str, body: &str) -> String {
    let address: Vec<String> = address.split('@').map(encoded).collect();
    let (subject, body) = (encoded(subject), encoded(&body.replace('\n', "\r\n")));
    format!("mailto:{}?subject={subject}&body={body}", address.join("@"))
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

/// The value on one line, or with its paragraphs where the field keeps them. No other line end, and no name of a field before
/// a colon: mail programs wrap lines where they like, and nothing a resident wrote may then begin a field of its own.
fn on_lines(verb: &str, field: &str, value: &str) -> String {
    let row = grammar::row(verb);
    let paragraphs = row.and_then(|row| row.field(field)).is_some_and(|field| field.paragraphs && !field.several);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let value = if paragraphs {
        let mut lines: Vec<String> = value.trim().lines().map(words).collect();
        lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
        lines.join("\n")
    } else {
        words(value)
    };
    match row {
        Some(row) => without_fields(row, &value),
        None => value,
    }
}

/// `text` with a dash in the place of each colon that stands behind a field's name.
fn without_fields(row: grammar::Row, text: &str) -> String {
    let names_field = |before: &str| {
        let words: Vec<&str> = before.split_whitespace().collect();
        let ends = words.len().saturating_sub(NAME_WORDS_MAX)..words.len();
        ends.into_iter().any(|at| row.field(&words[at..].join(" ")).is_some())
    };
    let pieces = text.split_inclusive(':').map(|piece| match piece.strip_suffix(':') {
        Some(before) if names_field(before) => format!("{} –", before.trim_end()),
        _ => piece.to_owned(),
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::command::grammar::{ASIDE, Form, Holds, LOG, Row, VERBS, rows};
    use crate::domain::command::written;

    fn drafts(drafts: &[(&'static str, &str)]) -> Vec<Draft> {
        drafts.iter().map(|(field, value)| (*field, (*value).to_owned())).collect()
    }

    /// What a mail program shows of a link: subject and body.
    fn opened(link: &str) -> (String, String) {
        let rest = link.strip_prefix("mailto:complaints@example.org?subject=").unwrap();
        let (subject, body) = rest.split_once("&body=").unwrap();
        let decoded = |text: &str| {
            let mut bytes = Vec::new();
            let mut pieces = text.split('%');
            bytes.extend(pieces.next().unwrap().bytes());
            for piece in pieces {
                bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
                bytes.extend(piece[2..].bytes());
            }
            String::from_utf8(bytes).unwrap()
        };
        (decoded(subject), decoded(body))
    }

    #[test]
    fn a_form_has_its_verb_and_each_field_on_a_line() {
        let extend = ready("extend", &drafts(&[("reason", "The surveyor\n is ill")]));
        assert_eq!(text("extend", &extend), "extend\nreason: The surveyor is ill\nuntil: …\n");
        assert_eq!(text("status", &ready("status", &[])), "status\n");
        let update = drafts(&[("text", "One.\n\n\n  Two. \n"), ("every", "weekly")]);
        assert_eq!(text("update", &update), "update\ntext: One.\n\nTwo.\nevery: weekly\n");
    }

    #[test]
    fn every_verb_has_a_form_with_all_that_it_needs() {
        assert_eq!(rows().count(), VERBS.len() + ASIDE.len() + 1);
        for row in rows() {
            let form = ready(row.name, &[]);
            for field in row.fields.iter().filter(|field| field.needed) {
                assert!(form.contains(&(field.name, BLANK.to_owned())), "{} {}", row.name, field.name);
            }
        }
        assert!(ready(LOG.name, &[]).iter().any(|(field, _)| *field == "received"));
    }

    #[test]
    fn words_of_a_resident_name_no_field_wherever_a_mail_program_ends_the_line() {
        let hostile = "Leak. Responsibility: all yours. My OUTCOME : £900, Points:x, good-reason: y, Note: z";
        let shown = text("define", &drafts(&[("point", hostile)]));
        assert_eq!(
            shown,
            "define\npoint: Leak. Responsibility – all yours. My OUTCOME – £900, Points –x, good-reason: y, Note: z\n"
        );
        assert_eq!(text("answer", &drafts(&[("text", "Call\nText: me")])), "answer\ntext: Call\nText – me\n");
    }

    #[test]
    fn a_blank_that_is_left_in_is_nothing_and_around_words_it_is_left_out() {
        for (written, read) in [
            ("…", None),
            ("...", None),
            (" … ", None),
            ("… Friday", Some("Friday")),
            ("...Friday", Some("Friday")),
            ("Friday …", Some("Friday")),
            ("…\nFriday", Some("Friday")),
            ("We shall see…", Some("We shall see…")),
            ("", Some("")),
        ] {
            assert_eq!(filled_in(written), read, "{written:?}");
        }
    }

    #[test]
    fn a_link_opens_a_message_with_subject_and_form_and_nothing_is_left_to_chance() {
        let form = drafts(&[("until", BLANK), ("reason", "50% & more + \"é\" <b>\u{1f527}")]);
        let subject = "extend [WEL-1047-K] rd01";
        let link = link("complaints@example.org", subject, "extend", &form).unwrap();
        let (_, query) = link.split_once('?').unwrap();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=&".contains(&byte);
        assert!(query.bytes().all(plain) && query.matches(['=', '&']).count() == 3, "{link}");
        assert!(
            link.contains("extend%20%5BWEL-1047-K%5D%20rd01&body=extend%0D%0Auntil%3A%20%E2%80%A6%0D%0A"),
            "{link}"
        );
        assert_eq!(opened(&link), (subject.to_owned(), text("extend", &form).replace('\n', "\r\n")));
        let odd = super::link("a+b?c@example.org", "x", "status", &[]).unwrap();
        assert!(odd.starts_with("mailto:a%2Bb%3Fc@example.org?"), "{odd}");
    }

    #[test]
    fn a_form_too_long_for_a_link_loses_whole_fields_and_no_half_words() {
        let point = "The lift has been broken since March and nobody tells us anything. ".repeat(12);
        let long = drafts(&[("point", &point), ("point", &point), ("point", "Damp"), ("outcome", "Mend it")]);
        let link = |form: &[Draft]| link("complaints@example.org", "define [WEL-1047-K]", "define", form);
        let cut = link(&long).unwrap();
        assert!(cut.len() <= LINK_MAX);
        assert_eq!(opened(&cut).1, "define\r\npoint: …\r\noutcome: Mend it\r\n");

        let whole = link(&long[1..]).unwrap();
        assert_eq!(opened(&whole).1.matches("point: ").count(), 2);
        assert!(opened(&whole).1.contains("Damp"), "{whole}");
        let many = vec![("answer", BLANK.to_owned()); 500];
        assert_eq!(link(&many), None, "not even its empty form fits");
    }

    /// Something in each field of a verb, long enough to be wrapped where words may be.
    fn filled(row: Row) -> Vec<Draft> {
        let value = |field: &grammar::Field| match field.holds {
            Holds::Flag => "yes".to_owned(),
            Holds::Words if !["name", "telephone", "subject", "estate"].contains(&field.name) => {
                format!(
                    "{}, as we found when we looked at it again on Tuesday with the caretaker of the house",
                    field.example
                )
            }
            _ => field.example.to_owned(),
        };
        row.fields.iter().map(|field| (field.name, value(field))).collect()
    }

    #[track_caller]
    fn reads_as(text: &str, row: Row, drafts: &[Draft]) {
        let read = written::read(text);
        let spaced = |value: &str| value.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = drafts.iter().map(|(field, value)| ((*field).to_owned(), value.clone())).collect();
        let forms: Vec<Form> = read
            .forms
            .iter()
            .map(|form| Form {
                verb: form.verb.clone(),
                fields: form.fields.iter().map(|(field, value)| (field.clone(), spaced(value))).collect(),
            })
            .collect();
        assert_eq!(read.mistakes, [], "{text}");
        assert_eq!(forms, [Form { verb: row.name.to_owned(), fields }], "{text}");
        assert_eq!(read.unread, None, "{text}");
    }

    #[test]
    fn every_form_reads_back_as_it_was_filled_in() {
        for row in rows() {
            reads_as(&text(row.name, &filled(row)), row, &filled(row));
            // What is only said or not said has no blank: no letter offers it.
            let open = row.fields.iter().filter(|field| field.holds != Holds::Flag);
            let blank: Vec<Draft> = open.map(|field| (field.name, BLANK.to_owned())).collect();
            reads_as(&text(row.name, &blank), row, &[]);
        }
    }

    /// The text with lines of at most `width`, each ended by `end`.
    fn wrapped(text: &str, width: usize, end: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for line in text.lines() {
            lines.push(String::new());
            for word in line.split(' ') {
                match lines.last_mut() {
                    Some(row) if row.is_empty() || row.chars().count() + 1 + word.chars().count() <= width => {
                        row.push_str(if row.is_empty() { "" } else { " " });
                        row.push_str(word);
                    }
                    _ => lines.push(word.to_owned()),
                }
            }
        }
        lines.join(end) + end
    }

    /// A form is copied from our letter, or comes out of a link, and goes through two mail programs.
    #[test]
    fn a_form_that_a_mail_program_has_laid_out_anew_still_reads() {
        for row in rows() {
            let form = text(row.name, &filled(row));
            let each_line = |change: &dyn Fn(&str) -> String| form.lines().map(change).collect::<Vec<_>>().join("\n");
            let bullets = form.lines().enumerate();
            let bullets = bullets.map(|(at, line)| format!("{}{line}\n", if at == 0 { "" } else { "• " }));
            for laid_out in [
                wrapped(&form, 76, "\n"),
                wrapped(&form, 72, "\n"),
                // RFC 3676: the space says that the line goes on.
                wrapped(&form, 72, " \r\n"),
                form.replace(' ', "\u{a0}"),
                each_line(&|line| format!("    {line}")),
                each_line(&|line| format!("{line}\n")),
                each_line(&|line| format!("{}{}", line[..1].to_uppercase(), &line[1..])),
                bullets.collect(),
                format!("Hi,\n\n{form}\nKind regards\nAda\n"),
            ] {
                reads_as(&laid_out, row, &filled(row));
            }
        }
    }

    #[test]
    fn the_letter_that_is_quoted_below_is_no_part_of_the_form() {
        let form = drafts(&[("until", "18 December"), ("reason", "The surveyor is ill")]);
        let row = grammar::row("extend").unwrap();
        reads_as(
            &format!("{}\n-----Original Message-----\nFrom: us\nextend\nuntil: …\n", text("extend", &form)),
            row,
            &form,
        );
    }
}
