//! A letter's page: what a filled-in template says, block by block, and how that looks as text and as HTML.
//!
//! Templates are written once, as plain text with few conventions, and both forms are made from them: so the two always
//! say the same, the HTML is always well formed, and nothing is said in two places.
//!
//! ```text
//! # Title              one, at the top                  - item           list item
//! ## Heading                                            > words          quotation, its lines kept
//! ! paragraph          must be seen first               | words          what our people wrote, its lines kept
//! $ command            to be copied as it is            line\            ends the line there
//! + form               to be filled in and sent back
//! @part                what follows is this part of the letter (see `lint.rs`), until the next such line; a bare @ ends it
//! ```
//!
//! Words of other people never go through a template. It sees a mark in the place of each, and so does the lint; the
//! words are put in last, escaped. Hence nothing anybody writes can act as a template, as HTML or as layout, nor pass for, or
//! be held against, what the landlord says. What the landlord's own people wrote travels the same way, and is held against it.

use std::fmt::Write;

/// Text is wrapped here: room for two marks of quotation in a line of 78 (RFC 5322, 2.1.1).
const TEXT_WIDTH: usize = 74;

/// Keeps telephone numbers and dates on one line: a space in text, itself in HTML.
const NO_BREAK_SPACE: char = '\u{A0}';

/// A mark: the number of the words between two characters of Unicode's private use area.
const MARK_START: char = '\u{E000}';
const MARK_END: char = '\u{E001}';

/// Words that do not go through a template, to be put in the places of their marks.
#[derive(Debug, Default)]
pub(super) struct Theirs(Vec<Given>);

#[derive(Debug)]
enum Given {
    Words {
        words: String,
        /// By somebody who works for the landlord: then it is the landlord who says it.
        ours: bool,
    },
    /// Each with a word for it. Plain text leaves them out: they are too long to read.
    Links(Vec<(String, String)>),
}

impl Theirs {
    /// Keeps `words`, cleaned, and returns the mark that stands for them in the template.
    pub(super) fn mark(&mut self, words: &str) -> String {
        self.keep(words, false)
    }

    /// As [`Theirs::mark`], for what somebody who works for the landlord wrote to the reader.
    pub(super) fn mark_ours(&mut self, words: &str) -> String {
        self.keep(words, true)
    }

    fn keep(&mut self, words: &str, ours: bool) -> String {
        self.put(Given::Words { words: clean(words), ours })
    }

    /// Keeps links, each with a word for it, and returns the mark that stands for all of them.
    pub(super) fn links(&mut self, links: Vec<(String, String)>) -> String {
        self.put(Given::Links(links))
    }

    fn put(&mut self, given: Given) -> String {
        self.0.push(given);
        mark(self.0.len() - 1)
    }

    /// As [`Theirs::mark`], when there is something to mark.
    pub(super) fn mark_unless_empty(&mut self, words: String) -> Option<String> {
        (!words.is_empty()).then(|| self.mark(&words))
    }

    /// What the landlord's own people wrote, white space made single.
    pub(super) fn ours(&self) -> String {
        let ours = self.0.iter().filter_map(|given| match given {
            Given::Words { words, ours: true } => Some(single_spaced(words)),
            _ => None,
        });
        ours.collect::<Vec<_>>().join("\n")
    }

    fn get(&self, number: usize) -> &str {
        match self.0.get(number) {
            Some(Given::Words { words, .. }) => words,
            _ => "",
        }
    }

    fn html(&self, number: usize) -> String {
        match self.0.get(number) {
            Some(Given::Links(links)) => {
                let link =
                    |(words, to): &(String, String)| format!("[<a href=\"{}\">{}</a>]", escaped(to), escaped(words));
                links.iter().map(link).collect::<Vec<_>>().join(" ")
            }
            _ => format!("<bdi>{}</bdi>", escaped(&single_spaced(self.get(number)))),
        }
    }
}

fn mark(number: usize) -> String {
    format!("{MARK_START}{number}{MARK_END}")
}

/// `text` so that no line ends within it.
pub(super) fn together(text: &str) -> String {
    text.replace(' ', &NO_BREAK_SPACE.to_string())
}

/// Whether a fact is a mark: then it says nothing to a reader.
pub(super) fn is_mark(fact: &str) -> bool {
    fact.starts_with(MARK_START)
}

/// `text` without control characters and invisible reordering, its lines ended by `\n`, its ends trimmed.
pub(super) fn clean(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    let text = text.replace(['\t', NO_BREAK_SPACE], " ");
    let kept = text.chars().filter(|c| *c == '\n' || !(c.is_control() || reorders(*c)));
    kept.collect::<String>().trim().to_owned()
}

/// `text` on one line, as [`clean`] has it, of at most `chars_max` characters.
pub(super) fn one_line(text: &str, chars_max: usize) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    let cut: String = line.chars().take(chars_max - 1).collect();
    let whole_words = cut.rsplit_once(' ').map(|(words, _)| words).filter(|words| words.len() > cut.len() / 2);
    format!("{}…", whole_words.unwrap_or(&cut).trim_end_matches(['.', ',', ';', ':']))
}

/// Characters that change the order in which other characters are shown (Unicode Bidirectional Algorithm, 2.1 to 2.4):
/// left open, they turn round what follows them.
fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Title,
    Heading,
    Paragraph,
    Urgent,
    Item,
    Quotation,
    Said,
    Command,
    Form,
}

#[derive(Debug)]
struct Block {
    part: Option<String>,
    look: Look,
    /// With marks; `\n` where a line is ended by `\`.
    text: String,
}

/// What a letter says, with marks in the places of other people's words.
#[derive(Debug)]
pub(super) struct Page {
    blocks: Vec<Block>,
}

impl Page {
    /// Reads a filled-in template. Anything is a page.
    pub(super) fn parse(source: &str) -> Page {
        let mut blocks: Vec<Block> = Vec::new();
        let mut part = None;
        let mut going_on = false;
        for line in source.lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('@') {
                part = Some(name.trim().to_owned()).filter(|name| !name.is_empty());
                going_on = false;
            } else if line.is_empty() {
                going_on = false;
            } else {
                let (look, text) = look_of(line);
                match (look, blocks.last_mut()) {
                    (None, Some(last)) if going_on => {
                        last.text.push_str(if last.text.ends_with('\n') { "" } else { " " });
                        last.text.push_str(&ended(text));
                    }
                    _ => {
                        let look = look.unwrap_or(Look::Paragraph);
                        blocks.push(Block { part: part.clone(), look, text: ended(text) });
                    }
                }
                going_on = true;
            }
        }
        Page { blocks }
    }

    /// The title, as plain text.
    pub(super) fn title(&self, theirs: &Theirs) -> String {
        self.blocks
            .iter()
            .find(|block| block.look == Look::Title)
            .map_or(String::new(), |b| inline_text(&b.text, theirs))
    }

    pub(super) fn titles(&self) -> usize {
        self.blocks.iter().filter(|block| block.look == Look::Title).count()
    }

    /// All that part `name` says, white space made single, marks in place.
    pub(super) fn said(&self, name: &str) -> String {
        let of_part = |block: &&Block| block.part.as_deref() == Some(name);
        let text: Vec<&str> = self.blocks.iter().filter(of_part).map(|block| block.text.as_str()).collect();
        single_spaced(&text.join(" "))
    }

    /// All that the letter says, white space made single, marks in place.
    pub(super) fn all(&self) -> String {
        let text: Vec<&str> = self.blocks.iter().map(|block| block.text.as_str()).collect();
        single_spaced(&text.join(" "))
    }

    /// Whether every mark is one of `theirs`, whole as it was made.
    pub(super) fn marks_are_whole(&self, theirs: &Theirs) -> bool {
        let own_is_plain = |piece| match piece {
            Piece::Own(text) => !text.contains([MARK_START, MARK_END]),
            Piece::Theirs(number) => number < theirs.0.len(),
        };
        self.blocks.iter().all(|block| pieces(&block.text).all(own_is_plain))
    }

    /// The letter as plain text, lines ended by `\n` and wrapped.
    pub(super) fn text(&self, theirs: &Theirs) -> String {
        let mut out = String::new();
        let mut before: Option<Look> = None;
        for Block { look, text, .. } in &self.blocks {
            let list_goes_on = *look == Look::Item && before == Some(Look::Item);
            if before.is_some() && !list_goes_on {
                out.push('\n');
            }
            match look {
                Look::Quotation => wrap(&mut out, &lines_kept(text, theirs), "> ", "> "),
                Look::Item => wrap(&mut out, &inline_text(text, theirs), "- ", "  "),
                Look::Title | Look::Heading => {
                    let start = out.len();
                    wrap(&mut out, &inline_text(text, theirs), "", "");
                    let widest = out[start..].lines().map(|line| line.chars().count()).max().unwrap_or(0);
                    let rule = if *look == Look::Title { "=" } else { "-" };
                    let _ = writeln!(out, "{}", rule.repeat(widest));
                }
                Look::Said => wrap(&mut out, &lines_kept(text, theirs), "", ""),
                // Whole, however long: it is copied to a terminal.
                Look::Command => _ = writeln!(out, "    {}", inline_text(text, theirs)),
                Look::Form => lines_kept(text, theirs).lines().for_each(|line| wrap(&mut out, line, "    ", "      ")),
                Look::Paragraph | Look::Urgent => wrap(&mut out, &inline_text(text, theirs), "", ""),
            }
            before = Some(*look);
        }
        out
    }

    /// The letter as the inside of an HTML body.
    pub(super) fn html(&self, theirs: &Theirs) -> String {
        let mut out = String::new();
        let mut in_list = false;
        for Block { look, text, .. } in &self.blocks {
            let item = *look == Look::Item;
            if item != in_list {
                out.push_str(if item { "<ul>\n" } else { "</ul>\n" });
                in_list = item;
            }
            let inside = match look {
                Look::Quotation | Look::Said => lines_kept_html(text, theirs),
                Look::Form => escaped(&lines_kept(text, theirs)),
                _ => inline_html(text, theirs),
            };
            let _ = match look {
                Look::Title => writeln!(out, "<h1>{inside}</h1>"),
                Look::Heading => writeln!(out, "<h2>{inside}</h2>"),
                Look::Paragraph | Look::Said => writeln!(out, "<p>{inside}</p>"),
                Look::Command | Look::Form => writeln!(out, "<pre>{inside}</pre>"),
                Look::Urgent => writeln!(out, "<p class=\"urgent\"><strong>{inside}</strong></p>"),
                Look::Item => writeln!(out, "<li>{inside}</li>"),
                Look::Quotation => writeln!(out, "<blockquote dir=\"auto\"><p>{inside}</p></blockquote>"),
            };
        }
        if in_list {
            out.push_str("</ul>\n");
        }
        out
    }
}

/// How a line begins a block, or `None` when it goes on with the block before it.
fn look_of(line: &str) -> (Option<Look>, &str) {
    let looks = [
        ("# ", Look::Title),
        ("## ", Look::Heading),
        ("! ", Look::Urgent),
        ("- ", Look::Item),
        ("> ", Look::Quotation),
        ("| ", Look::Said),
        ("$ ", Look::Command),
        ("+ ", Look::Form),
    ];
    let found = looks.into_iter().find_map(|(start, look)| Some((Some(look), line.strip_prefix(start)?)));
    found.unwrap_or((None, line))
}

/// The line with `\n` in the place of the `\` that ends it.
fn ended(line: &str) -> String {
    line.strip_suffix('\\').map_or_else(|| line.to_owned(), |line| format!("{}\n", line.trim_end()))
}

pub(super) fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

enum Piece<'a> {
    Own(&'a str),
    Theirs(usize),
}

/// Our text and marks, in turn. A broken mark is taken for text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some((number, after)) = mark_at(rest) {
            rest = after;
            return Some(Piece::Theirs(number));
        }
        let next = rest.char_indices().skip(1).find(|(at, _)| mark_at(&rest[*at..]).is_some());
        let (own, after) = rest.split_at(next.map_or(rest.len(), |(at, _)| at));
        rest = after;
        Some(Piece::Own(own))
    })
}

fn mark_at(text: &str) -> Option<(usize, &str)> {
    let (number, after) = text.strip_prefix(MARK_START)?.split_once(MARK_END)?;
    Some((number.parse().ok()?, after))
}

fn inline_text(text: &str, theirs: &Theirs) -> String {
    let words = |piece| match piece {
        Piece::Own(text) => text.to_owned(),
        Piece::Theirs(number) => single_spaced(theirs.get(number)),
    };
    pieces(text.trim_end()).map(words).collect()
}

/// The words with their lines kept, and no more than one empty line between two.
fn lines_kept(text: &str, theirs: &Theirs) -> String {
    let words = |piece| match piece {
        Piece::Own(text) => text,
        Piece::Theirs(number) => theirs.get(number),
    };
    let text: String = pieces(text.trim_end()).map(words).collect();
    let mut lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n")
}

fn inline_html(text: &str, theirs: &Theirs) -> String {
    let html = |piece| match piece {
        Piece::Own(text) => linked(text).replace('\n', "<br>\n"),
        Piece::Theirs(number) => theirs.html(number),
    };
    pieces(text.trim_end()).map(html).collect()
}

fn lines_kept_html(text: &str, theirs: &Theirs) -> String {
    escaped(&lines_kept(text, theirs)).replace('\n', "<br>\n")
}

fn escaped(text: &str) -> String {
    html_escape::encode_quoted_attribute(text).into_owned()
}

/// Our own text as HTML, web addresses made into links.
fn linked(text: &str) -> String {
    let link = |word: &str| {
        let address = word.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '.' | ',' | ';' | ':' | ')'));
        let after = &word[address.len()..];
        if address.starts_with("https://") || address.starts_with("http://") {
            format!("<a href=\"{0}\">{0}</a>{after}", escaped(address))
        } else {
            escaped(word)
        }
    };
    text.split_inclusive(char::is_whitespace).map(link).collect()
}

/// Appends `text` with its lines wrapped at words; a longer word, such as a web address, stays whole.
fn wrap(out: &mut String, text: &str, first: &str, next: &str) {
    let mut start = first;
    for line in text.split('\n') {
        let mut row = start.to_owned();
        let mut width = row.chars().count();
        let mut empty = true;
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let letters = word.chars().count();
            if !empty && width + 1 + letters > TEXT_WIDTH {
                let _ = writeln!(out, "{row}");
                row = next.to_owned();
                (width, empty) = (row.chars().count(), true);
            }
            if !empty {
                row.push(' ');
                width += 1;
            }
            row.push_str(&word.replace(NO_BREAK_SPACE, " "));
            width += letters;
            empty = false;
        }
        let _ = writeln!(out, "{}", row.trim_end());
        start = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(source: &str, words: &[&str]) -> (String, String) {
        let mut theirs = Theirs::default();
        for words in words {
            theirs.mark(words);
        }
        let page = Page::parse(source);
        assert!(page.marks_are_whole(&theirs));
        (page.text(&theirs), page.html(&theirs))
    }

    #[test]
    fn every_convention_looks_right_as_text_and_as_html() {
        let source = "# Hello\n\n## Now\n! Call us.\n\nOne\nparagraph & more.\n\n- a\n- b\nb too\n\n$ do this\n\nSam\\\nOfficer\n";
        let (text, html) = page(source, &[]);
        assert_eq!(
            text,
            "Hello\n=====\n\nNow\n---\n\nCall us.\n\nOne paragraph & more.\n\n- a\n- b b too\n\n    do this\n\nSam\nOfficer\n"
        );
        assert_eq!(
            html,
            "<h1>Hello</h1>\n<h2>Now</h2>\n<p class=\"urgent\"><strong>Call us.</strong></p>\n<p>One paragraph &amp; more.</p>\n\
             <ul>\n<li>a</li>\n<li>b b too</li>\n</ul>\n<pre>do this</pre>\n<p>Sam<br>\nOfficer</p>\n"
        );
    }

    #[test]
    fn a_quotation_keeps_its_lines_and_a_word_within_a_line_does_not() {
        let source = format!("Dear {},\n\n> {1}\n\n| {1}\n", mark(0), mark(1));
        let (text, html) = page(&source, &["Jo\nFielding", "One & two.\r\n\r\n\r\n- three\t<b>"]);
        assert_eq!(text, "Dear Jo Fielding,\n\n> One & two.\n>\n> - three <b>\n\nOne & two.\n\n- three <b>\n");
        assert_eq!(
            html,
            "<p>Dear <bdi>Jo Fielding</bdi>,</p>\n\
             <blockquote dir=\"auto\"><p>One &amp; two.<br>\n<br>\n- three &lt;b&gt;</p></blockquote>\n\
             <p>One &amp; two.<br>\n<br>\n- three &lt;b&gt;</p>\n"
        );
    }

    #[test]
    fn a_form_keeps_its_lines_and_goes_on_further_in_and_a_link_is_no_plain_text() {
        let mut theirs = Theirs::default();
        let form = theirs.mark(&format!("define\npoint: {}\noutcome: <b>", "word ".repeat(20)));
        let to = |to: &str| (format!("to {to}"), format!("mailto:a@example.org?subject={to}&body=x"));
        let links = theirs.links(vec![to("one"), to("two")]);
        let page = Page::parse(&format!("To put it right: {links}\n\n+ {form}\n\n- listed {links}\n"));
        assert!(page.marks_are_whole(&theirs));
        let row = "    point: word word word word word word word word word word word word\n      word word word word word word word word\n";
        assert_eq!(page.text(&theirs), format!("To put it right:\n\n    define\n{row}    outcome: <b>\n\n- listed\n"));
        let html = page.html(&theirs);
        let link = |n: &str| format!("[<a href=\"mailto:a@example.org?subject={n}&amp;body=x\">to {n}</a>]");
        assert!(
            html.starts_with(&format!(
                "<p>To put it right: {} {}</p>\n<pre>define\npoint: word",
                link("one"),
                link("two")
            )),
            "{html}"
        );
        assert!(html.contains("\noutcome: &lt;b&gt;</pre>\n<ul>\n<li>listed [<a "), "{html}");
    }

    #[test]
    fn lines_end_between_words_but_not_within_a_telephone_number_or_a_web_address() {
        let long = "word ".repeat(13);
        let source =
            format!("{long}{} https://www.example.org/a/long/way/to/go/{}.", together("020 7946 0101"), "x".repeat(60));
        let (text, html) = page(&source, &[]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[1]), (long.trim_end(), "020 7946 0101"));
        assert!(lines[2].ends_with("x.") && lines.len() == 3);
        assert!(html.contains("x\">https://www.example.org/a/long") && html.ends_with("x</a>.</p>\n"));
    }

    #[test]
    fn a_mark_that_was_cut_or_made_up_is_noticed() {
        let mut theirs = Theirs::default();
        let made = theirs.mark("words");
        let headless: String = made.chars().skip(1).collect();
        for source in [headless, made.replace('0', "7"), made.replace('0', "x"), mark(1)] {
            assert!(!Page::parse(&source).marks_are_whole(&theirs), "{source:?}");
        }
        assert!(Page::parse(&made).marks_are_whole(&theirs));
    }
}
