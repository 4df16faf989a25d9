//! Address fields (RFC 5322, 3.4) as they are met: unquoted commas, unclosed brackets, addresses used as names.

use super::mime::{decode_words, split_outside_quotes, unquote};
use super::{Mailbox, clean_line};

/// Addresses beyond this many in one field are passed over.
const ADDRESSES_MAX: usize = 200;

/// Every mailbox named in a field value, in order. What holds no address is skipped.
pub(super) fn mailboxes(field: &str) -> Vec<Mailbox> {
    let mut found = Vec::new();
    let mut left_over = String::new();
    for piece in split_outside_quotes(field, ',').into_iter().flat_map(|piece| split_outside_quotes(piece, ';')) {
        if found.len() == ADDRESSES_MAX {
            break;
        }
        let piece =
            if left_over.is_empty() { piece.trim().to_owned() } else { format!("{left_over}, {}", piece.trim()) };
        match mailbox(&piece) {
            Some(mailbox) => {
                found.push(mailbox);
                left_over.clear();
            }
            // "Jones, Mary <mary@example.org>" without quotes: the first half is part of the name.
            None if !piece.contains(['<', '@']) && piece.len() < 200 => left_over = piece,
            None => left_over.clear(),
        }
    }
    found
}

/// The one mailbox of a piece between commas.
fn mailbox(piece: &str) -> Option<Mailbox> {
    let (name, address) = match piece.rfind('<') {
        Some(open) => {
            let inside = &piece[open + 1..];
            let address = inside.split('>').next().and_then(address);
            // "<Name <addr@x>" and "addr@x <>": the address may stand on either side.
            match address {
                Some(address) => (piece[..open].to_owned(), address),
                None => (String::new(), piece.split(['<', '>', ' ']).find_map(self::address)?),
            }
        }
        None => {
            let (outside, comment) = match piece.split_once('(') {
                Some((outside, comment)) => (outside, comment.trim_end().trim_end_matches(')')),
                None => (piece, ""),
            };
            let address = outside.split_whitespace().find_map(address).or_else(|| address(outside))?;
            (comment.to_owned(), address)
        }
    };
    // A group's name ("undisclosed: ;") stands before a colon.
    let name = if name.contains('"') { name } else { name.rsplit(':').next().unwrap_or_default().to_owned() };
    let name = name.trim().trim_matches(['<', ' ']);
    let name = decode_words(&if name.starts_with('"') { unquote(name) } else { name.to_owned() });
    let name = clean_line(name.trim_matches(['\'', '"', ' ']));
    let name = if name.eq_ignore_ascii_case(&address) { String::new() } else { name };
    Some(Mailbox { name, address })
}

/// A lower-case addr-spec when `text` is one we may write to a database and, if it has a dot, to its owner.
pub(super) fn address(text: &str) -> Option<String> {
    let text = text.trim().trim_matches(['\'', '"', '<', '>', ',', ';', ':', '.', '(', ')', '[', ']']);
    let text = text.strip_prefix("mailto:").or_else(|| text.strip_prefix("MAILTO:")).unwrap_or(text);
    let (local, domain) = text.rsplit_once('@')?;
    let local_fits = (1..=64).contains(&local.chars().count())
        && local
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>' | ',' | ';' | '"' | '@'));
    let domain_fits = (1..=253).contains(&domain.len())
        && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
        && !domain.starts_with(['.', '-'])
        && !domain.contains("..");
    (local_fits && domain_fits).then(|| text.to_lowercase())
}

/// Every address in running text, each once, in order, at most `limit`.
pub(super) fn addresses_in(text: &str, limit: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let stops = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"' | '[' | ']' | '=');
    for word in text.split(stops).filter(|word| word.contains('@')) {
        if found.len() == limit {
            break;
        }
        let word = word.trim_end_matches(':');
        let word = word.rsplit(':').next().unwrap_or(word);
        if let Some(address) = address(word)
            && has_dotted_domain(&address)
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

/// Whether mail to the address can leave this machine.
pub(super) fn has_dotted_domain(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| domain.trim_end_matches('.').contains('.'))
}
