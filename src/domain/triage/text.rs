//! What the sorter looks at: the words a person newly wrote, each with its place in the message.
//!
//! Quoted letters must not decide: a landlord's "if you are unhappy you may go to stage 2" stands beneath half of all
//! replies. This module's [`fresh`] is deliberately small and the only place that knows about quoting; a reader with a
//! fuller knowledge of mail programs can replace it, as long as it returns ranges of the same body.

use std::ops::Range;

/// Longest tag that is skipped as markup, in bytes; an honest "<" in a sentence is seldom followed by a later ">".
const TAG_MAX: usize = 400;

/// How many tokens are read: the longest letter has a tenth of them, and what comes after is seldom a person's.
const TOKENS_MAX: usize = 20_000;

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// In the subject line.
    Subject,
    /// In the new words of the body.
    Body,
}

/// One word or mark of punctuation, folded for comparing, with its bytes in the subject or body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Lower case, without apostrophes: `don't` is `dont`; sentence ends are `.`, pauses `,`, quotation marks `"`.
    pub word: String,
    /// The field `at` points into.
    pub field: Field,
    /// Byte range in that field.
    pub at: Range<usize>,
}

impl Token {
    /// Whether a phrase may not run across this token.
    pub fn ends_sentence(&self) -> bool {
        self.word == "."
    }

    /// Whether phrases read past this token as if it were not there.
    pub fn is_pause(&self) -> bool {
        self.word == "," || self.word == "\""
    }
}

/// The ranges of `body` that its writer newly wrote, line by line, in order.
///
/// When nothing is left beside quotation the whole body is returned: a message must be sorted by something.
pub fn fresh(body: &str) -> Vec<Range<usize>> {
    let mut kept = Vec::new();
    let mut wrote = false;
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let bare = line.trim();
        if bare.starts_with('>') || bare.starts_with('|') || (wrote && introduces_quote(bare)) {
            continue;
        }
        if wrote && begins_old_message(bare) {
            break;
        }
        wrote |= !bare.is_empty();
        kept.push(range);
    }
    if wrote { kept } else { std::iter::once(0..body.len()).collect() }
}

/// "On Tuesday, Repairs wrote:" in the languages residents' mail programs speak.
fn introduces_quote(line: &str) -> bool {
    const VERBS: [&str; 8] =
        ["wrote:", "escribió:", "napisał", "pisze:", "ysgrifennodd", "a écrit", "schrieb", "ha scritto"];
    line.len() < 160 && line.ends_with(':') && VERBS.iter().any(|verb| line.contains(verb))
}

/// The rule or header line under which the older message stands without quotation marks.
fn begins_old_message(line: &str) -> bool {
    let lower = line.to_lowercase();
    let rule = line.len() >= 8 && line.chars().all(|c| c == '_');
    rule || lower.starts_with("from:")
        || lower.starts_with("sent:")
        || (lower.starts_with("--") && (lower.contains("original message") || lower.contains("reply above")))
}

/// The tokens of a subject or of the new words of a body.
pub fn tokens(text: &str, ranges: &[Range<usize>], field: Field) -> Vec<Token> {
    let mut out = Vec::new();
    for range in ranges {
        let mut at = range.start;
        while let Some(c) = text.get(at..range.end).and_then(|rest| rest.chars().next()) {
            let end = token_end(text, at, range.end, c);
            if out.len() == TOKENS_MAX {
                return out;
            }
            if let Some(word) = fold(text.get(at..end).unwrap_or_default(), c) {
                out.push(Token { word, field, at: at..end });
            }
            at = end;
        }
    }
    out
}

/// Where the token that begins at `at` with `first` ends.
fn token_end(text: &str, at: usize, limit: usize, first: char) -> usize {
    let rest = text.get(at..limit).unwrap_or_default();
    if first == '<'
        && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!')
        && let Some(close) = rest.bytes().take(TAG_MAX).position(|byte| byte == b'>')
    {
        return at + close + 1;
    }
    if !is_word(first) {
        return at + first.len_utf8();
    }
    let mut chars = rest.char_indices().peekable();
    let mut before = first;
    while let Some((i, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let joins = match c {
            '\'' | '’' => next.is_some_and(char::is_alphabetic),
            '.' | ',' | ':' => before.is_ascii_digit() && next.is_some_and(|n| n.is_ascii_digit()),
            _ => is_word(c),
        };
        if !joins {
            return at + i;
        }
        before = c;
    }
    limit
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The token as it is compared, or `None` for white space and marks that say nothing.
fn fold(raw: &str, first: char) -> Option<String> {
    if is_word(first) {
        return Some(raw.chars().filter(|c| !matches!(c, '\'' | '’')).flat_map(char::to_lowercase).collect());
    }
    let mark = match first {
        '.' | ';' | ':' | '\n' | '<' => ".",
        '(' | ')' | ',' => ",",
        '"' | '“' | '”' => "\"",
        '?' => "?",
        '!' => "!",
        '£' => "£",
        '€' => "€",
        _ => return None,
    };
    Some(mark.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(body: &str) -> Vec<String> {
        tokens(body, &fresh(body), Field::Body).into_iter().map(|t| t.word).filter(|w| w != ".").collect()
    }

    #[test]
    fn a_landlords_letter_beneath_the_reply_is_not_read() {
        let body = "Still wet.\n\nOn Mon 3 March, Repairs wrote:\n> You may complain.\n> Stage 2.\n";
        assert_eq!(words(body), ["still", "wet"]);
        let body = "Still wet.\n________________________________\nFrom: Complaints\nYou may complain.\n";
        assert_eq!(words(body), ["still", "wet"]);
    }

    #[test]
    fn an_answer_beneath_the_quoted_letter_is_read() {
        assert_eq!(words("> Are you happy?\n> Regards\n\nnot really\n"), ["not", "really"]);
    }

    #[test]
    fn a_message_of_nothing_but_quotation_is_read_whole() {
        assert_eq!(words("> it is still wet\n"), ["it", "is", "still", "wet"]);
    }

    #[test]
    fn words_lose_case_apostrophes_and_markup_and_keep_numbers_whole() {
        assert_eq!(
            words("<p>I DON’T owe £1,140.50 <br/>at 3rd</p>"),
            ["i", "dont", "owe", "£", "1,140.50", "at", "3rd"]
        );
    }

    #[test]
    fn a_token_knows_its_bytes() {
        let body = "Prośba: “mleko” dziś!";
        for token in tokens(body, &fresh(body), Field::Body) {
            assert!(body.get(token.at.clone()).is_some(), "{token:?}");
        }
        assert_eq!(&body[tokens(body, &fresh(body), Field::Body)[3].at.clone()], "mleko");
    }
}
