//! TALKS. The only sockets: a mailbox to read from and a transport to send by, two real kinds of each.
//!
//! [`mailbox`] and [`transport`] hold what callers need: the traits, their errors, and one type each that is whichever
//! kind the configuration names. `imap` and `smtp` speak the protocols over `wire`, which alone opens connections; `token`
//! gets what is shown to them where no password is taken.

pub mod backoff;
pub(crate) mod http;
pub mod imap;
pub mod mailbox;
pub mod maildir;
pub mod smtp;
mod token;
pub mod transport;
mod utf7;
pub(crate) mod wire;

/// A server's words, fit for a log line or a listing: one line, no control characters, at most 300 characters.
fn words(text: &str) -> String {
    let mut clean = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
    }
    match clean.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &clean[..end]),
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn a_servers_words_fit_on_one_line_whatever_it_says() {
        assert_eq!(words("  2.0.0 Ok:\r\n queued\u{1b}[31m as\t4XyZ \0"), "2.0.0 Ok: queued [31m as 4XyZ");
        assert_eq!(words(&"é".repeat(400)).chars().count(), 301);
    }
}
