//! HTML bodies → text with the quoting shown as `> `, so that one reader of quotes serves both.
//!
//! One pass, linear; never rendered, never kept. Links are written behind their words when they lead elsewhere.

/// Quotes nested deeper than this are shown at this depth.
const QUOTE_DEPTH_MAX: usize = 8;
/// Bytes of one tag that are looked at.
const TAG_BYTES_MAX: usize = 64 * 1_024;

/// What marks a `blockquote` as a quotation: Apple and Mozilla, Gmail and Proton, Zoho, Outlook and others, Zimbra.
const QUOTE_MARKS: [&str; 6] = ["cite", "_quote", "quote_", "quote\"", "quote'", "border-left"];

/// What marks the signature that a program adds: Gmail, Outlook on the web and on phones, Mozilla.
const SIGNATURES: [&str; 4] = ["gmail_signature\"", "id=\"Signature\"", "ms-outlook-mobile-signature", "moz-signature"];

/// The words of an HTML document as plain text.
pub(super) fn to_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = html;
    // Whether a closing mark is known to be missing, so that it is looked for once only.
    let mut unclosed_comment = false;
    while let Some(at) = rest.find('<') {
        writer.words(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("<!--") && !unclosed_comment {
            match rest.find("-->") {
                Some(end) => {
                    rest = &rest[end + 3..];
                    continue;
                }
                None => unclosed_comment = true,
            }
        }
        if !rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            writer.words("<");
            rest = &rest[1..];
            continue;
        }
        let Some(end) = tag_end(rest) else {
            writer.words(&rest[1..]);
            rest = "";
            break;
        };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        let name: String = tag.chars().take_while(|c| *c == '/' || c.is_ascii_alphanumeric()).take(12).collect();
        // "<br/>" is one name and a mark, not a name of its own.
        let name = name.trim_end_matches('/').to_ascii_lowercase();
        if matches!(name.as_str(), "style" | "script" | "title") && !tag.ends_with('/') {
            rest = skip_element(rest, &name, &mut writer);
            continue;
        }
        writer.tag(&name, tag);
    }
    writer.words(rest);
    writer.finish()
}

/// Where the tag at the start of `text` ends: at `>` outside quotes, or at the first `>` when quotes do not close.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut first = None;
    for (at, byte) in text.bytes().enumerate().take(TAG_BYTES_MAX) {
        match (quote, byte) {
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            (_, b'>') => first = first.or(Some(at)),
            _ => {}
        }
    }
    first
}

/// What follows the end tag of `name`; all of it when there is none, for hiding a letter is worse than showing a style.
fn skip_element<'t>(text: &'t str, name: &str, writer: &mut Writer) -> &'t str {
    if writer.unclosed.iter().any(|known| known == name) {
        return text;
    }
    let end = text.match_indices("</").map(|(at, _)| at).find(|at| {
        text.as_bytes().get(at + 2..at + 2 + name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()))
    });
    match end {
        Some(end) => text[end..].find('>').map_or("", |close| &text[end + close + 1..]),
        None => {
            writer.unclosed.push(name.to_owned());
            text
        }
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    line: String,
    /// One entry for each open `blockquote`: whether it quotes somebody.
    quotes: Vec<bool>,
    /// How many of them do.
    depth: usize,
    preformatted: usize,
    space: bool,
    /// The last line written with words on it.
    last: String,
    link: Option<(String, usize)>,
    unclosed: Vec<String>,
    /// Within a paragraph that stands close to its neighbours.
    tight: bool,
    /// One entry for each open list: the number of its next item, if it numbers them.
    lists: Vec<Option<u32>>,
    /// A signature begins with the next words, whether or not they say so.
    signs: bool,
}

impl Writer {
    fn words(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let text = html_escape::decode_html_entities(text);
        if self.preformatted > 0 {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.new_line();
                }
                self.line.push_str(line.trim_end_matches('\r'));
            }
            return;
        }
        for c in text.chars() {
            if matches!(c, ' ' | '\t' | '\r' | '\n' | '\x0c') {
                self.space = !self.line.is_empty();
            } else {
                if self.space {
                    self.line.push(' ');
                    self.space = false;
                }
                self.line.push(if c == '\u{a0}' { ' ' } else { c });
            }
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        match name {
            "br" | "/br" => self.new_line(),
            "p" if is_tight(tag) => {
                self.end_line();
                self.tight = true;
            }
            // Outlook's blank lines are paragraphs with a blank in them.
            "/p" if self.tight => {
                self.tight = false;
                if self.line.trim().is_empty() { self.paragraph() } else { self.end_line() }
            }
            "ul" | "ol" => {
                self.paragraph();
                self.lists.push((name == "ol").then_some(1));
            }
            "/ul" | "/ol" => {
                self.paragraph();
                self.lists.pop();
            }
            "p" | "/p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6"
            | "/table" => self.paragraph(),
            "div" | "/div" | "tr" | "/tr" | "table" | "section" | "article" | "header" | "footer" | "/section"
            | "/article" | "/header" | "/footer" | "body" | "/body" | "dt" | "dd" | "address" | "/address" => {
                self.end_line();
                self.signs |= SIGNATURES.iter().any(|mark| tag.contains(mark));
                // The containers of Outlook, Yahoo and Zoho: what follows is the mail that is answered.
                if tag.contains("divRplyFwdMsg") || tag.contains("appendonsend") || tag.contains("yahoo_quoted") {
                    self.paragraph();
                }
            }
            "li" => {
                self.end_line();
                match self.lists.last_mut() {
                    Some(Some(number)) => {
                        self.line.push_str(&format!("{number}. "));
                        *number = number.saturating_add(1);
                    }
                    _ => self.line.push_str("- "),
                }
            }
            "/li" => self.end_line(),
            "td" | "th" => self.space = !self.line.is_empty(),
            "hr" => {
                self.end_line();
                self.line.push_str("________________________________");
                self.new_line();
            }
            "pre" => {
                self.end_line();
                self.preformatted += 1;
            }
            "/pre" => {
                self.end_line();
                self.preformatted = self.preformatted.saturating_sub(1);
            }
            "blockquote" => {
                self.end_line();
                // Without a mark it may be a person's way to indent: a quote only behind "… wrote:".
                let quoting = QUOTE_MARKS.iter().any(|mark| tag.contains(mark)) || self.last.ends_with(':');
                self.depth += usize::from(quoting);
                self.quotes.push(quoting);
            }
            "/blockquote" => {
                self.end_line();
                self.depth -= usize::from(self.quotes.pop() == Some(true));
                self.paragraph();
            }
            "a" => self.link = attribute(tag, "href").map(|href| (href, self.line.len())),
            "/a" => self.end_link(),
            "img" => {
                if let Some(words) = attribute(tag, "alt").filter(|words| !words.trim().is_empty()) {
                    self.words(&format!("[{}]", words.trim()));
                }
            }
            _ => {}
        }
    }

    fn end_link(&mut self) {
        let Some((href, start)) = self.link.take() else { return };
        let words = self.line.get(start..).unwrap_or_default().trim();
        let shown = href.trim_start_matches("mailto:").trim_end_matches('/');
        let elsewhere =
            href.starts_with("http") && !words.is_empty() && !words.contains(shown) && !shown.contains(words);
        if elsewhere && href.len() < 300 {
            self.line.push_str(&format!(" <{href}>"));
        }
    }

    fn prefix(&self) -> String {
        "> ".repeat(self.depth.min(QUOTE_DEPTH_MAX))
    }

    fn new_line(&mut self) {
        let words = self.line.trim_end();
        if !words.is_empty() {
            // Shown as in plain text (RFC 3676, 4.3), unless it is all there is.
            if std::mem::take(&mut self.signs) && !self.last.is_empty() && self.last != "--" && !words.starts_with("--")
            {
                self.out.push_str(&format!("{}--\n", self.prefix()));
            }
            self.last.clear();
            self.last.push_str(words);
        }
        let line = format!("{}{words}", self.prefix());
        self.out.push_str(line.trim_end());
        self.out.push('\n');
        self.line.clear();
        self.space = false;
        self.link = self.link.take().map(|(href, _)| (href, 0));
    }

    fn end_line(&mut self) {
        if !self.line.trim().is_empty() {
            self.new_line();
        } else {
            self.line.clear();
            self.space = false;
        }
    }

    fn paragraph(&mut self) {
        self.end_line();
        let prefix = self.prefix();
        let last = self.out.trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
        let blank_already = self.out.ends_with("\n\n") || last.trim_end() == prefix.trim_end() || self.out.is_empty();
        if !blank_already {
            self.new_line();
        }
    }

    fn finish(mut self) -> String {
        self.end_line();
        self.out
    }
}

/// Whether a paragraph has no space above and below it: Outlook's own, and those whose style says so.
fn is_tight(tag: &str) -> bool {
    if ["MsoNormal", "MsoListParagraph", "MsoPlainText"].iter().any(|class| tag.contains(class)) {
        return true;
    }
    let Some(style) = attribute(tag, "style") else { return false };
    let margin = |name: &str| {
        let set = style.split(';').filter_map(|rule| rule.split_once(':')).find(|(key, _)| key.trim() == name);
        set.is_some_and(|(_, value)| value.split_whitespace().all(is_nothing))
    };
    margin("margin") || margin("margin-top") && margin("margin-bottom")
}

/// "0", "0cm", "0.0001pt".
fn is_nothing(length: &str) -> bool {
    length.trim_end_matches(char::is_alphabetic).parse::<f32>().is_ok_and(|number| number < 0.1)
}

/// The value of an attribute, entities decoded.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let at = tag.match_indices(name).map(|(at, _)| at).find(|at| {
        *at > 0 && tag.as_bytes()[at - 1].is_ascii_whitespace() && tag[at + name.len()..].trim_start().starts_with('=')
    })?;
    let value = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    Some(html_escape::decode_html_entities(value).into_owned())
}
