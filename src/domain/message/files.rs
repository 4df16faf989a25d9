//! The files that came with a message, with their contents, to be sent on.

use super::body::name_of;
use super::mime::{self, Entity, Problems};

/// A picture within the text smaller than this is a logo or a signature, in bytes.
const LOGO_BYTES_MAX: u64 = 30 << 10;
/// Nobody sends more of them on purpose.
const FILES_MAX: usize = 50;

/// A file, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// The last part of the path the sender gave; never empty.
    pub name: String,
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// Without its contents.
impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "File({}, {} bytes)", self.content_type, self.bytes.len())
    }
}

/// What came with a message.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// Fit to be sent on as they are.
    pub whole: Vec<File>,
    /// Names of the others: pictures within the text, other messages, what only Outlook can open.
    pub others: Vec<String>,
}

/// The files of the message `raw`. Signatures, receipts and pictures as small as a logo are none.
pub fn files(raw: &[u8]) -> Files {
    let entity = mime::read(raw, &mut Problems::new());
    let parts = entity.walk(false);
    let html: String = parts
        .iter()
        .filter(|part| part.content_type == "text/html" && part.disposition != "attachment")
        .map(|part| part.text(&mut Problems::new()))
        .collect();
    let mut files = Files::default();
    for part in parts.into_iter().filter(|part| is_file(part)) {
        let kind = part.content_type.as_str();
        let shown = part
            .raw("content-id")
            .is_some_and(|id| html.contains(&format!("cid:{}", id.trim().trim_matches(['<', '>']))));
        let picture = kind.starts_with("image/") && shown;
        let name = name_of(part);
        if picture && part.size() <= LOGO_BYTES_MAX {
            continue;
        }
        let sendable = !picture && !kind.starts_with("message/") && !is_outlooks(part, &name);
        match sendable && files.whole.len() < FILES_MAX {
            true => {
                let bytes = part.bytes().into_owned();
                files.whole.push(File { name, content_type: kind.to_owned(), bytes });
            }
            false => files.others.push(name),
        }
    }
    files
}

fn is_file(part: &Entity<'_>) -> bool {
    let kind = part.content_type.as_str();
    let leaf = part.parts.is_empty() || kind == "message/rfc822";
    let signature = kind.ends_with("pkcs7-signature") || kind == "application/pgp-signature" || kind == "text/calendar";
    let named = part.disposition == "attachment" || part.name.is_some() || kind == "message/rfc822";
    leaf && named && !signature && !kind.starts_with("multipart/")
}

fn is_outlooks(part: &Entity<'_>, name: &str) -> bool {
    part.content_type == "application/ms-tnef" || name.eq_ignore_ascii_case("winmail.dat")
}
