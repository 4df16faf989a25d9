//! Modified UTF-7: how IMAP writes folder names (RFC 3501, 5.1.3).

/// Alphabet of RFC 3501's modified base64: "," stands where base64 has "/".
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// `name` as it goes over the wire, before quoting.
pub fn encode(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut foreign = Vec::new();
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            shift(&mut foreign, &mut encoded);
            encoded.push(c);
            if c == '&' {
                encoded.push('-');
            }
        } else {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift(&mut foreign, &mut encoded);
    encoded
}

/// Appends the waiting UTF-16 bytes as one shifted run, "&…-".
fn shift(foreign: &mut Vec<u8>, encoded: &mut String) {
    if foreign.is_empty() {
        return;
    }
    encoded.push('&');
    for triple in foreign.chunks(3) {
        let bits = triple.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - triple.len()));
        for place in 0..=triple.len() {
            encoded.push(char::from(ALPHABET[(bits >> (18 - 6 * place) & 63) as usize]));
        }
    }
    encoded.push('-');
    foreign.clear();
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn folder_names_go_over_the_wire_as_rfc_3501_writes_them() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Repairs & Complaints", "Repairs &- Complaints"),
            // The RFC's own example.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Cwynion tŷ", "Cwynion t&AXc-"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("🏠", "&2Dzf4A-"),
            ("a\u{1f}b", "a&AB8-b"),
        ] {
            assert_eq!(encode(name), wire);
        }
    }
}
