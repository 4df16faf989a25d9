//! Bytes → a tree of MIME parts (RFC 2045, 2046, 2047, 2231, 5322), as lenient as mail programs are.
//!
//! The structure is ours: a broken boundary, a missing one, a missing header block or a bomb of parts must still show
//! people every word, within fixed memory and linear time. Character sets come from mail-parser, whose own structure
//! parser loses parameters folded after `=`, the first paragraph of a body without headers, and has no limits.

use mail_parser::decoders::charsets::map::charset_decoder;

/// Parts beyond this many stay unsplit inside the part they stand in.
const PARTS_MAX: usize = 1_000;
/// Multiparts nested deeper than this stay unsplit; mail programs nest five deep, bombs thousands.
const DEPTH_MAX: usize = 20;
/// Header fields beyond this many are passed over.
const FIELDS_MAX: usize = 1_000;
/// Bytes of one header field that are looked at.
const FIELD_BYTES_MAX: usize = 32 * 1_024;

/// One header field: its name in lower case, its value still folded and encoded.
#[derive(Debug)]
struct Field<'a> {
    name: String,
    value: &'a [u8],
}

/// A message or one part of it.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    fields: Vec<Field<'a>>,
    /// `type/subtype` in lower case; `text/plain` when none is given (RFC 2045, 5.2).
    pub content_type: String,
    pub parameters: Vec<(String, String)>,
    /// `attachment`, `inline`, or empty.
    pub disposition: String,
    /// File name from either header, decoded; still unsafe as a path.
    pub name: Option<String>,
    pub body: &'a [u8],
    pub parts: Vec<Entity<'a>>,
}

/// What was odd about the bytes, in words for an officer.
pub(super) type Problems = Vec<String>;

/// Reads a whole message. Total: any bytes give an entity.
pub(super) fn read<'a>(raw: &'a [u8], problems: &mut Problems) -> Entity<'a> {
    let raw = raw.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(raw);
    let start = raw.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(raw.len());
    let mut reader = Reader { parts_left: PARTS_MAX, problems };
    let entity = reader.entity(&raw[start..], 0, "text/plain");
    if entity.fields.is_empty() && !entity.body.is_empty() {
        reader.note("The message has no headers; all of it is shown as text.");
    }
    entity
}

struct Reader<'p> {
    parts_left: usize,
    problems: &'p mut Problems,
}

impl Reader<'_> {
    fn note(&mut self, problem: &str) {
        if !self.problems.iter().any(|known| known == problem) {
            self.problems.push(problem.to_owned());
        }
    }

    fn entity<'a>(&mut self, bytes: &'a [u8], depth: usize, default_type: &str) -> Entity<'a> {
        let (fields, body) = self.fields(bytes);
        let mut entity = Entity {
            fields,
            content_type: default_type.to_owned(),
            parameters: Vec::new(),
            disposition: String::new(),
            name: None,
            body,
            parts: Vec::new(),
        };
        if let Some(value) = entity.raw("content-type") {
            let (content_type, parameters) = parameters(&value);
            // RFC 2045, 5.2: what cannot be understood is plain text. "text" alone is met as well.
            if content_type.contains('/') {
                entity.content_type = content_type;
            }
            entity.parameters = parameters;
        }
        if let Some(value) = entity.raw("content-disposition") {
            let (disposition, parameters) = parameters(&value);
            entity.disposition = disposition;
            entity.name = look_up(&parameters, "filename").map(str::to_owned);
        }
        if entity.name.is_none() {
            entity.name = entity.parameter("name").map(str::to_owned);
        }
        if depth < DEPTH_MAX {
            if entity.content_type.starts_with("multipart/") {
                entity.parts = self.parts(&entity, depth);
            } else if entity.content_type == "message/rfc822" && entity.encoding().is_empty() && self.take_part() {
                entity.parts = vec![self.entity(skip_blank_lines(body), depth + 1, "text/plain")];
            }
        } else if entity.content_type.starts_with("multipart/") {
            self.note("Parts are nested too deeply; the innermost are not shown.");
        }
        entity
    }

    fn take_part(&mut self) -> bool {
        let left = self.parts_left > 0;
        if left {
            self.parts_left -= 1;
        } else {
            self.note("The message has too many parts; the last ones are not shown.");
        }
        left
    }

    fn parts<'a>(&mut self, entity: &Entity<'a>, depth: usize) -> Vec<Entity<'a>> {
        let declared = entity.parameter("boundary").map(|boundary| boundary.trim_end().as_bytes());
        let given = declared.filter(|boundary| !boundary.is_empty() && has_delimiter(entity.body, boundary));
        let boundary = given.or_else(|| guess_boundary(entity.body));
        let Some(boundary) = boundary else {
            self.note("The parts of the message are not marked off as announced.");
            return Vec::new();
        };
        if given.is_none() {
            self.note("The mark between the parts of the message was missing and had to be guessed.");
        }
        // RFC 2046, 5.1.5: parts of a digest are messages unless they say otherwise.
        let default_type = if entity.content_type == "multipart/digest" { "message/rfc822" } else { "text/plain" };
        let mut parts = Vec::new();
        let mut start = None;
        let mut closed = false;
        let mut at = 0;
        for line in entity.body.split_inclusive(|&byte| byte == b'\n') {
            if let Some(last) = delimiter(line, boundary) {
                if let Some(from) = start.take() {
                    if !self.take_part() {
                        return parts;
                    }
                    parts.push(self.entity(without_last_newline(&entity.body[from..at]), depth + 1, default_type));
                }
                closed = last;
                if !last {
                    start = Some(at + line.len());
                }
            }
            at += line.len();
        }
        if let Some(from) = start
            && from < entity.body.len()
            && self.take_part()
        {
            parts.push(self.entity(&entity.body[from..], depth + 1, default_type));
        }
        if !closed {
            self.note("The end of the message is missing.");
        }
        parts
    }

    /// Splits a header block from the body behind it. A line that is no field ends the block, unless well-known fields
    /// follow it: some senders break a header line and forget to indent the rest.
    fn fields<'a>(&mut self, bytes: &'a [u8]) -> (Vec<Field<'a>>, &'a [u8]) {
        let mut fields: Vec<Field<'a>> = Vec::new();
        let mut field: Option<(String, usize)> = None;
        let mut at = 0;
        let mut body = bytes.len();
        let mut lines = bytes.split_inclusive(|&byte| byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            let start = at;
            at += line.len();
            let words = trim_line_end(line);
            if words.is_empty() {
                // An empty line between two fields is a gateway's slip only before the first field has come.
                body = at;
                close(&mut fields, field.take(), bytes, start);
                break;
            }
            if words[0] == b' ' || words[0] == b'\t' {
                // RFC 5322, 4.2: old folds may hold lines of nothing but white space.
                let folds_on = lines.peek().is_some_and(|next| next.starts_with(b" ") || next.starts_with(b"\t"));
                if words.trim_ascii().is_empty() && !folds_on && !lines.peek().is_some_and(|next| well_known(next)) {
                    body = at;
                    close(&mut fields, field.take(), bytes, start);
                    break;
                }
                continue;
            }
            if let Some(name) = field_name(words) {
                close(&mut fields, field.take(), bytes, start);
                field = Some((name, start));
                continue;
            }
            let envelope = words.starts_with(b"From ") || words.starts_with(b">From ");
            if envelope && field.is_none() {
                continue;
            }
            if lines.peek().is_some_and(|next| well_known(next)) {
                self.note("A header line is broken.");
                continue;
            }
            body = start;
            close(&mut fields, field.take(), bytes, start);
            break;
        }
        close(&mut fields, field, bytes, at);
        if fields.is_empty() {
            // A body that happens to begin with an empty line is still a body; one without headers is all body.
            return (fields, bytes);
        }
        (fields, &bytes[body.min(bytes.len())..])
    }
}

fn close<'a>(fields: &mut Vec<Field<'a>>, field: Option<(String, usize)>, bytes: &'a [u8], end: usize) {
    if let Some((name, start)) = field
        && fields.len() < FIELDS_MAX
    {
        let line = &bytes[start..end];
        let colon = line.iter().position(|&byte| byte == b':').map_or(line.len(), |at| at + 1);
        let value = &line[colon..];
        fields.push(Field { name, value: &value[..value.len().min(FIELD_BYTES_MAX)] });
    }
}

fn trim_line_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    &line[..end]
}

fn without_last_newline(part: &[u8]) -> &[u8] {
    // RFC 2046, 5.1.1: the line end before a delimiter belongs to the delimiter.
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

fn skip_blank_lines(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len());
    &bytes[start..]
}

/// The lower-case name when `line` is a header field: printable ASCII up to a colon (RFC 5322, 2.2).
fn field_name(line: &[u8]) -> Option<String> {
    let colon = line.iter().take(100).position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let proper = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic());
    proper.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

fn well_known(line: &[u8]) -> bool {
    const NAMES: &[&str] = &[
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "received",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
        "content-disposition",
        "return-path",
        "delivered-to",
        "reply-to",
        "sender",
        "references",
        "in-reply-to",
        "dkim-signature",
    ];
    field_name(line).is_some_and(|name| NAMES.contains(&name.as_str()) || name.starts_with("x-"))
}

/// `Some(last)` when `line` delimits parts. Exact but for white space behind it, so that "a" and "a-b" may both be used.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

fn has_delimiter(body: &[u8], boundary: &[u8]) -> bool {
    body.split(|&byte| byte == b'\n').any(|line| delimiter(line, boundary).is_some())
}

/// The first line that looks like a delimiter and is followed by a header or an empty line.
fn guess_boundary(body: &[u8]) -> Option<&[u8]> {
    let mut lines = body.split(|&byte| byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let Some(mark) = line.trim_ascii_end().strip_prefix(b"--") else { continue };
        let followed = lines.peek().is_some_and(|next| trim_line_end(next).is_empty() || well_known(next));
        if mark.len() >= 6 && !mark.contains(&b' ') && followed {
            return Some(mark.strip_suffix(b"--").unwrap_or(mark));
        }
    }
    None
}

fn look_up<'v>(parameters: &'v [(String, String)], name: &str) -> Option<&'v str> {
    parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}

impl<'a> Entity<'a> {
    pub fn has_fields(&self) -> bool {
        !self.fields.is_empty()
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        look_up(&self.parameters, name)
    }

    /// The first field of that name, unfolded, in the sender's letters, encoded words as they are.
    pub fn raw(&self, name: &str) -> Option<String> {
        self.all(name).next()
    }

    /// Every field of that name, top first.
    pub fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = String> + 's {
        let charset = self.parameter("charset");
        self.fields.iter().filter(move |field| field.name == name).map(move |field| unfold(field.value, charset))
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The first field of that name as people read it: encoded words decoded, white space single.
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.raw(name).map(|value| decode_words(&value))
    }

    /// `base64`, `quoted-printable`, `x-uuencode`, or empty for bytes as they are.
    fn encoding(&self) -> String {
        let value = self.raw("content-transfer-encoding").unwrap_or_default().to_ascii_lowercase();
        ["base64", "quoted-printable", "uuencode"]
            .into_iter()
            .find(|known| value.contains(known))
            .unwrap_or_default()
            .to_owned()
    }

    /// The body's own bytes, transfer encoding undone.
    pub fn bytes(&self) -> std::borrow::Cow<'a, [u8]> {
        match self.encoding().as_str() {
            "base64" if !is_prose(self.body) => base64(self.body).into(),
            "quoted-printable" => quoted_printable(self.body).into(),
            "uuencode" => {
                let lines = self.body.split(|&byte| byte == b'\n').skip_while(|line| !line.starts_with(b"begin"));
                lines.skip(1).take_while(|line| trim_line_end(line) != b"end").flat_map(uudecode_line).collect()
            }
            _ => self.body.into(),
        }
    }

    /// Size of the attachment in bytes, without decoding it.
    pub fn size(&self) -> u64 {
        let significant = |bytes: &[u8]| {
            bytes.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count()
        };
        match self.encoding().as_str() {
            "base64" => significant(self.body) as u64 * 3 / 4,
            "" => self.body.len() as u64,
            _ => self.bytes().len() as u64,
        }
    }

    /// The body as text in its declared character set, or the likeliest one.
    pub fn text(&self, problems: &mut Problems) -> String {
        let (text, sure) = decode(&self.bytes(), self.parameter("charset"));
        if !sure {
            let problem = "Some letters could not be read in the character set the message names.";
            if !problems.iter().any(|known| known == problem) {
                problems.push(problem.to_owned());
            }
        }
        text
    }

    /// This part and all below it, outermost first; parts of enclosed messages only when `enclosed`.
    pub fn walk(&self, enclosed: bool) -> Vec<&Entity<'a>> {
        let mut found = vec![self];
        let mut next = 0;
        while next < found.len() {
            let entity = found[next];
            if enclosed || entity.content_type != "message/rfc822" {
                found.extend(entity.parts.iter());
            }
            next += 1;
        }
        found
    }
}

/// Joins the lines of a field (RFC 5322, 2.2.3); a fold becomes one space.
fn unfold(value: &[u8], charset: Option<&str>) -> String {
    // The character set is the body's. Headers follow it where it leaves ASCII alone, or where escapes show that they do.
    let bodys_alone = |charset: &&str| shifts(&charset.to_ascii_lowercase()) && !value.contains(&b'\x1b');
    let (text, _) = decode(value, charset.filter(|charset| !bodys_alone(charset)));
    let mut unfolded = String::with_capacity(text.len());
    for line in text.split(['\r', '\n']) {
        let line = if unfolded.is_empty() { line.trim_start() } else { line };
        let folded = line.trim_start_matches([' ', '\t']);
        if !unfolded.is_empty() && !folded.is_empty() {
            unfolded.push(' ');
        }
        unfolded.push_str(folded);
    }
    unfolded.truncate(unfolded.trim_end().len());
    unfolded
}

/// `value; name=value; …` (RFC 2045, 5.1) with RFC 2231 continuations, and encoded words where they are not allowed but
/// common.
fn parameters(field: &str) -> (String, Vec<(String, String)>) {
    let mut pieces = split_outside_quotes(field, ';').into_iter();
    let value: String = pieces.next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    // (name, section, encoded, value)
    let mut sections: Vec<(String, u32, bool, String)> = Vec::new();
    for piece in pieces.take(100) {
        let Some((name, text)) = piece.split_once('=') else { continue };
        let mut name = name.trim().to_ascii_lowercase();
        let encoded = name.ends_with('*');
        name.truncate(name.trim_end_matches('*').len());
        let section = match name.rsplit_once('*').map(|(stem, number)| (stem.to_owned(), number.parse())) {
            Some((stem, Ok(number))) => {
                name = stem;
                number
            }
            _ => 0,
        };
        sections.push((name, section, encoded, unquote(text.trim())));
    }
    let mut parameters: Vec<(String, String)> = Vec::new();
    sections.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
    let mut at = 0;
    while at < sections.len() {
        let name = sections[at].0.clone();
        let end = at + sections[at..].iter().take_while(|section| section.0 == name).count();
        let group = &sections[at..end];
        let text = if group.iter().any(|section| section.2) { rfc2231(group) } else { joined(group) };
        parameters.push((name, text));
        at = end;
    }
    (value.to_ascii_lowercase(), parameters)
}

fn joined(group: &[(String, u32, bool, String)]) -> String {
    // The same name twice without sections is two values, of which the first counts.
    let continued = group.iter().any(|section| section.1 > 0);
    let text = if continued { group.iter().map(|s| s.3.as_str()).collect() } else { group[0].3.clone() };
    decode_words(&text)
}

fn rfc2231(group: &[(String, u32, bool, String)]) -> String {
    let mut charset = None;
    let mut bytes = Vec::new();
    for (number, (_, _, encoded, text)) in group.iter().enumerate() {
        let mut text = text.as_str();
        if *encoded && number == 0 {
            let mut pieces = text.splitn(3, '\'');
            if let (Some(name), Some(_), Some(rest)) = (pieces.next(), pieces.next(), pieces.next()) {
                charset = Some(name.to_owned());
                text = rest;
            }
        }
        if *encoded {
            bytes.extend(percent(text.as_bytes()));
        } else {
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    decode(&bytes, charset.as_deref()).0
}

fn percent(text: &[u8]) -> Vec<u8> {
    unescape(text, b'%')
}

/// Replaces an escape character followed by two hexadecimal digits by the byte they name.
fn unescape(text: &[u8], escape: u8) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text.get(at + 1..at + 3).and_then(hex).filter(|_| text[at] == escape) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    out
}

fn hex(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()
}

/// Splits at `mark` where it stands outside double quotes.
pub(super) fn split_outside_quotes(text: &str, mark: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == mark && !quoted => {
                pieces.push(&text[start..at]);
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// Takes the quotes off a quoted-string (RFC 5322, 3.2.4), and a comment off the end of a bare value.
pub(super) fn unquote(text: &str) -> String {
    let Some(inner) = text.strip_prefix('"') else {
        return text.split(" (").next().unwrap_or(text).trim().to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => out.extend(characters.next()),
            _ => out.push(c),
        }
    }
    out
}

/// Decodes the encoded words of a field (RFC 2047) and makes white space single.
///
/// Neighbouring words of one character set are joined before decoding: many senders cut a letter in two.
pub(super) fn decode_words(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut pending: Option<(String, Vec<u8>)> = None;
    let mut rest = field;
    while let Some(at) = rest.find("=?") {
        let Some((charset, bytes, length)) = encoded_word(&rest[at..]) else {
            flush(&mut out, &mut pending);
            out.push_str(&rest[..at + 2]);
            rest = &rest[at + 2..];
            continue;
        };
        let between = &rest[..at];
        let adjacent = pending.is_some() && between.trim().is_empty();
        match &mut pending {
            // Character sets that shift by escapes start anew in each word, and decoders refuse idle shifts.
            Some((known, joined)) if adjacent && *known == charset && !shifts(&charset) => joined.extend(bytes),
            _ => {
                flush(&mut out, &mut pending);
                if !adjacent {
                    out.push_str(between);
                }
                pending = Some((charset, bytes));
            }
        }
        rest = &rest[at + length..];
    }
    flush(&mut out, &mut pending);
    out.push_str(rest);
    single_spaced(&out)
}

fn flush(out: &mut String, pending: &mut Option<(String, Vec<u8>)>) {
    if let Some((charset, bytes)) = pending.take() {
        out.push_str(&decode(&bytes, Some(&charset)).0);
    }
}

/// `=?charset?B or Q?text?=` at the start of `text`: lower-case charset, bytes, length.
fn encoded_word(text: &str) -> Option<(String, Vec<u8>, usize)> {
    let inner = text.strip_prefix("=?")?;
    let (charset, after) = inner.split_once('?')?;
    let proper = (1..60).contains(&charset.len()) && charset.bytes().all(|byte| byte.is_ascii_graphic());
    let (encoding, after) = after.split_once('?').filter(|(encoding, _)| proper && encoding.len() == 1)?;
    // A Q word may hold "?=" as in "Wozu?=3F?=": the end is the mark that no hexadecimal digits follow.
    let end = after.match_indices("?=").map(|(at, _)| at).find(|at| {
        let tail = after.as_bytes().get(at + 2..at + 4);
        !encoding.eq_ignore_ascii_case("q") || tail.and_then(hex).is_none() || !after[at + 2..].contains("?=")
    })?;
    let word = &after[..end];
    let bytes = match encoding {
        "b" | "B" => base64(word.as_bytes()),
        "q" | "Q" => unescape(word.replace('_', " ").as_bytes(), b'='),
        _ => return None,
    };
    // RFC 2231, 5: a language may follow the charset.
    let charset = charset.split('*').next().unwrap_or(charset).to_ascii_lowercase();
    let length = text.len() - after.len() + end + 2;
    Some((charset, bytes, length))
}

pub(super) fn single_spaced(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Whether a body said to be Base64 is plain words: some senders announce what they do not do.
fn is_prose(body: &[u8]) -> bool {
    let lines = || body.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii).take(100);
    let length: usize = lines().map(<[u8]>::len).sum();
    let spaces: usize = lines().map(|line| line.iter().filter(|&&byte| byte == b' ').count()).sum();
    spaces * 20 > length
}

/// Base64 as it is met: line ends, stray letters and padding anywhere are passed over, a cut end gives what is there.
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            // Padding ends a run: encoders that join finished runs are common.
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    out
}

/// Quoted-printable (RFC 2045, 6.7): soft line ends joined, what is no escape kept as it is.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let words = line.trim_ascii_end();
        match words.strip_suffix(b"=") {
            Some(soft) if line.len() > words.len() => out.extend(unescape(soft, b'=')),
            _ => {
                out.extend(unescape(words, b'='));
                if line.ends_with(b"\n") {
                    out.push(b'\n');
                }
            }
        }
    }
    out
}

/// One line of uuencoded data.
pub(super) fn uudecode_line(line: &[u8]) -> Vec<u8> {
    let line = trim_line_end(line);
    let Some((&first, data)) = line.split_first() else { return Vec::new() };
    let value = |byte: u8| u32::from(byte.wrapping_sub(32) & 63);
    let mut out = Vec::new();
    for chunk in data.chunks(4) {
        let bits = (0..4).fold(0, |bits, at| (bits << 6) | value(chunk.get(at).copied().unwrap_or(b' ')));
        out.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    out.truncate(value(first) as usize);
    out
}

/// Whether bytes of the character set that look like ASCII may be none.
fn shifts(label: &str) -> bool {
    label.starts_with("iso-2022") || label.contains("utf-7") || label.contains("utf-16")
}

/// Text in the declared character set, and whether every letter was understood.
///
/// What is valid UTF-8 beyond ASCII is UTF-8 whatever it calls itself; what claims to be UTF-8 or ASCII and is not, is
/// read as Windows-1252, as browsers do.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> (String, bool) {
    let label = charset.unwrap_or_default().trim_matches(['"', '\'', ' ']).to_ascii_lowercase();
    if !shifts(&label)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return (text.to_owned(), true);
    }
    let unicode = label.is_empty() || label.starts_with("utf-8") || label == "utf8" || label.contains("ascii");
    if unicode {
        let lossy = String::from_utf8_lossy(bytes);
        // Some letters did decode: a damaged UTF-8 text, not another character set.
        if lossy.chars().any(|c| !c.is_ascii() && c != char::REPLACEMENT_CHARACTER) {
            return (lossy.into_owned(), false);
        }
    }
    // "cp-850" is met as well as "cp850".
    let named =
        charset_decoder(label.as_bytes()).or_else(|| charset_decoder(label.replacen("cp-", "cp", 1).as_bytes()));
    let decoder = named.filter(|_| !unicode && !bytes.is_empty());
    match decoder.or_else(|| charset_decoder(b"windows-1252")) {
        Some(decoder) => {
            let text = decoder(bytes);
            let sure = !text.contains(char::REPLACEMENT_CHARACTER) && (label.is_empty() || !unicode);
            (text, sure)
        }
        None => (String::from_utf8_lossy(bytes).into_owned(), false),
    }
}
