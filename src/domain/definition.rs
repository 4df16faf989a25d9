//! The complaint definition to begin with (Code 5.6): the resident's own words, point by point.
//!
//! Nothing is rephrased: points are the paragraphs and list items they wrote, without greeting and signing off. An
//! officer may put them better later; until then nobody has put words into the resident's mouth.

/// More than this many points is a long letter: the rest is in the message itself.
const POINTS_MAX: usize = 12;
/// Longest point, in characters.
const POINT_CHARS_MAX: usize = 1200;

/// Lines below a signing off that are no longer than this belong to it.
const SIGNATURE_WORDS_MAX: usize = 6;

/// A salutation has no more words than this.
const SALUTATION_WORDS_MAX: usize = 5;

const GREETINGS: &[&str] =
    &["dear", "hi", "hello", "hiya", "hey", "good morning", "good afternoon", "good evening", "to whom"];
const CLOSINGS: &[&str] = &[
    "kind regards",
    "best regards",
    "warm regards",
    "regards",
    "yours sincerely",
    "yours faithfully",
    "yours truly",
    "many thanks",
    "thanks",
    "thank you",
    "best wishes",
    "all the best",
    "sincerely",
    "cheers",
    "sent from my",
    "get outlook for",
    "cofion",
    "yn gywir",
    "z poważaniem",
    "pozdrawiam",
    "cu stimă",
];

/// The points of newly written text, in order. `name` is the writer's, as the message gave it: where it stands alone on a
/// line the signature begins. A paragraph that is nothing but the `outcome` they seek is no point, unless it is all there is.
pub fn points(text: &str, name: &str, outcome: Option<&str>) -> Vec<String> {
    let mut points = paragraphs(text, name);
    if let Some(outcome) = outcome.map(bare)
        && points.iter().any(|point| bare(point) != outcome)
    {
        points.retain(|point| bare(point) != outcome);
    }
    let more = points.len() > POINTS_MAX;
    points.truncate(POINTS_MAX);
    let mut points: Vec<String> = points.into_iter().map(shortened).collect();
    if more {
        points.push("(and more, as you wrote in your message)".to_owned());
    }
    points
}

/// The words alone, to see whether two texts say the same.
fn bare(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Blank lines part paragraphs; a list marker starts a new one. Greetings are no point, and neither are the short lines
/// that follow a signing off or the writer's name: flat, telephone.
fn paragraphs(text: &str, name: &str) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let (mut begun, mut open, mut signed_off) = (false, false, false);
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let salutation = !begun && is_salutation(line, lines.peek().copied());
        begun |= !line.is_empty();
        let (item, words) = list_item(line);
        let with_address = is_name_with_address(line, name) && !paragraphs.is_empty();
        if (is_closing(line) || is_name(line, name)) && !paragraphs.is_empty() {
            signed_off = true;
        }
        let signature = with_address || signed_off && line.split_whitespace().count() <= SIGNATURE_WORDS_MAX;
        signed_off |= with_address;
        if signature || salutation || is_greeting(line) || !words.chars().any(char::is_alphanumeric) {
            open = false;
            continue;
        }
        signed_off = false;
        match paragraphs.last_mut().filter(|_| open && !item) {
            Some(paragraph) => {
                paragraph.push(' ');
                paragraph.push_str(words);
            }
            None => paragraphs.push(words.to_owned()),
        }
        open = true;
    }
    paragraphs
}

/// Whether the line starts a list item, and its words without the marker.
fn list_item(line: &str) -> (bool, &str) {
    for marker in ["- ", "* ", "• ", "– ", "·"] {
        if let Some(words) = line.strip_prefix(marker) {
            return (true, words.trim_start());
        }
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=2).contains(&digits)
        && let Some(words) = line[digits..].strip_prefix(['.', ')'])
        && words.starts_with(' ')
    {
        return (true, words.trim_start());
    }
    (false, line)
}

/// A line of salutation and nothing else.
fn is_greeting(line: &str) -> bool {
    let lower = line.to_lowercase();
    let starts = GREETINGS.iter().any(|greeting| {
        lower.strip_prefix(greeting).is_some_and(|rest| rest.chars().next().is_none_or(|next| !next.is_alphanumeric()))
    });
    starts
        && lower.split_whitespace().count() <= 6
        && !lower.trim_end_matches(['!', ',', '.', ':', '-']).contains(['.', '!', '?'])
}

/// A first line that calls on somebody, in whatever words and language: short, with a comma, and an empty line behind.
fn is_salutation(line: &str, next: Option<&str>) -> bool {
    line.ends_with(',') && line.split_whitespace().count() <= SALUTATION_WORDS_MAX && next.is_some_and(str::is_empty)
}

/// The writer's whole name, or the first part of it, and nothing else.
fn is_name(line: &str, name: &str) -> bool {
    let line = line.trim_end_matches([',', '.']).to_lowercase();
    let name = name.trim().to_lowercase();
    !line.is_empty() && (line == name || name.split_whitespace().next() == Some(line.as_str()))
}

/// "Rosa Sample, Flat 9, Tower House", perhaps behind "Regards": the name, or its first part, and nothing but where they
/// live. "Rosa Sample, Flat 9, has no heating" is a point.
fn is_name_with_address(line: &str, name: &str) -> bool {
    let (line, name) = (line.to_lowercase(), name.trim().to_lowercase());
    let closing =
        CLOSINGS.iter().filter_map(|closing| line.strip_prefix(closing)?.trim_start().strip_prefix([',', '.']));
    let line = closing.min_by_key(|rest| rest.len()).unwrap_or(&line).trim_start();
    let first = name.split_whitespace().next().unwrap_or_default();
    let Some(rest) = [name.as_str(), first].into_iter().find_map(|name| after_word(line, name)) else { return false };
    let pieces = rest.split([',', '|', '–', '—', ';', '(', ')']).flat_map(|piece| piece.split(" - ")).map(str::trim);
    let mut pieces = pieces.filter(|piece| !piece.is_empty()).peekable();
    pieces.peek().is_some() && pieces.all(is_address)
}

/// What follows `word` at the start of `line`, where the word ends there.
fn after_word<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(word).filter(|_| !word.is_empty())?;
    rest.chars().next().is_none_or(|next| !next.is_alphanumeric()).then_some(rest)
}

/// "flat 9", "9 tower house", "flat 9 tower house", "n1 7aa", "07700 900162".
fn is_address(piece: &str) -> bool {
    const PARTS: &[&str] = &["flat", "apartment", "apt", "unit", "room", "studio", "block", "house", "no", "number"];
    const STREETS: &[&str] = &[
        "avenue",
        "ave",
        "buildings",
        "close",
        "cottages",
        "court",
        "crescent",
        "drive",
        "estate",
        "gardens",
        "green",
        "grove",
        "heights",
        "hill",
        "house",
        "lane",
        "lodge",
        "mansions",
        "mews",
        "place",
        "point",
        "quay",
        "rise",
        "road",
        "rd",
        "row",
        "square",
        "street",
        "terrace",
        "tower",
        "towers",
        "view",
        "villas",
        "walk",
        "way",
        "wharf",
        "yard",
    ];
    let words: Vec<&str> = piece.split_whitespace().map(|word| word.trim_matches(['.', '#', ':'])).collect();
    let numbered = |word: &str| word.len() <= 5 && word.bytes().any(|byte| byte.is_ascii_digit());
    let (letters, digits) = (piece.chars().any(char::is_alphabetic), piece.bytes().filter(u8::is_ascii_digit).count());
    match words.as_slice() {
        _ if !letters => digits >= 7,
        [.., last] if STREETS.contains(last) && words.len() <= 4 => true,
        [part, number, more @ ..] if PARTS.contains(part) && numbered(number) => {
            more.len() <= 5 && more.last().is_none_or(|last| STREETS.contains(last))
        }
        // A postcode.
        [part, number] => numbered(part) && numbered(number),
        _ => false,
    }
}

/// A line of signing off, perhaps with a name behind it.
fn is_closing(line: &str) -> bool {
    let lower = line.to_lowercase();
    let words = lower.split_whitespace().count();
    CLOSINGS.iter().any(|closing| {
        lower.strip_prefix(closing).is_some_and(|rest| {
            let bare = rest.trim_start_matches([',', '.', '!']).is_empty() || rest.starts_with([',', '.', '!']);
            words <= 6 && (bare || closing.starts_with("sent from") || closing.starts_with("get outlook"))
        })
    })
}

fn shortened(point: String) -> String {
    match point.char_indices().nth(POINT_CHARS_MAX) {
        Some((end, _)) => format!("{} …", point[..end].trim_end()),
        None => point,
    }
}

#[cfg(test)]
mod tests {
    use super::points;

    #[test]
    fn paragraphs_and_list_items_become_points_without_greeting_and_signing_off() {
        let text = "Dear Sir or Madam,\nThe boiler has been broken\nsince Monday.\n\n1. No heating\n2) No hot water\n- Nobody rang back\n\nThanks for reading this far, I want it fixed.\n\nKind regards,\nAnn Example\n14 Orchard Court";
        assert_eq!(
            points(text, "Ann Example", None),
            [
                "The boiler has been broken since Monday.",
                "No heating",
                "No hot water",
                "Nobody rang back",
                "Thanks for reading this far, I want it fixed."
            ]
        );
    }

    #[test]
    fn a_message_that_is_only_thanks_or_nothing_keeps_what_there_is() {
        assert_eq!(points("", "", None), [""; 0]);
        assert_eq!(points("thanks", "", None), ["thanks"]);
        assert_eq!(
            points("It leaks.\n\nRegards,\nAnn Example\n\nPS the lift has been broken for two weeks as well", "", None),
            ["It leaks.", "PS the lift has been broken for two weeks as well"]
        );
        assert_eq!(points("Hi there! You never came. Why?", "", None), ["Hi there! You never came. Why?"]);
    }

    #[test]
    fn a_salutation_and_a_signing_off_are_known_in_other_words_and_languages() {
        assert_eq!(
            points("To both of you,\n\nThe lights are out,\n\nagain.", "", None),
            ["The lights are out,", "again."]
        );
        let polish = "Szanowni Państwo,\n\nokno się nie zamyka.\n\nZ poważaniem\nWanda Kowalczyk\n9 Heron Lane";
        assert_eq!(points(polish, "Wanda Kowalczyk", None), ["okno się nie zamyka."]);
    }

    #[test]
    fn a_signature_without_a_signing_off_is_no_point() {
        let text = "It leaks.\n\nLeah Brandt\nFlat 4, Saltmarsh Court\n07700 900162";
        assert_eq!(points(text, "Leah Brandt", None), ["It leaks."]);
        assert_eq!(points("It leaks.\nleah", "Leah Brandt", None), ["It leaks."]);
        assert_eq!(points("Leah Brandt\nno heating", "Leah Brandt", None), ["Leah Brandt no heating"]);
        assert_eq!(points("It leaks.\n\n\nWet.", "", None), ["It leaks.", "Wet."]);
    }

    #[test]
    fn a_signature_on_one_line_with_an_address_is_no_point() {
        for line in [
            "Rosa Sample, Flat 9, Tower House",
            "rosa sample, flat 9 tower house, 12 Elm Road, N1 7AA",
            "Rosa Sample - Flat 9 - 07700 900162",
            "Rosa, 9 Tower House",
            "Rosa Sample (Flat 9A)",
            "Rosa Sample Flat 9 Tower House",
            "Kind regards, Rosa Sample, Flat 9, Tower House",
        ] {
            assert_eq!(points(&format!("It leaks.\n\n{line}\nTenant"), "Rosa Sample", None), ["It leaks."], "{line}");
        }
        for line in [
            "Rosa Sample, Flat 9, has no heating",
            "Rosa Sample, 3 weeks without heating",
            "Rosa Sample of Flat 9, Tower House was told to wait",
            "Rosa Sample, my neighbour",
            "Flat 9, Tower House, is flooded",
            "Roses, Flat 9, Tower House",
            "Thanks for nothing, Tower House",
        ] {
            assert_eq!(points(&format!("It leaks.\n\n{line}"), "Rosa Sample", None), ["It leaks.", line], "{line}");
        }
        assert_eq!(points("Rosa Sample, Flat 9", "Rosa Sample", None), ["Rosa Sample, Flat 9"], "it is all there is");
        assert_eq!(points("It leaks in\nFlat 9, Tower House", "", None), ["It leaks in Flat 9, Tower House"]);
    }

    #[test]
    fn a_paragraph_that_is_only_the_wish_is_no_point_unless_it_is_all_there_is() {
        let wish = Some("Please mend it and say sorry.");
        assert_eq!(points("It leaks.\n\nPlease mend it, and say sorry", "", wish), ["It leaks."]);
        assert_eq!(points("Please mend it and say sorry.", "", wish), ["Please mend it and say sorry."]);
        assert_eq!(points("It leaks. Please mend it and say sorry.", "", wish).len(), 1, "within a point it stays");
    }

    #[test]
    fn a_very_long_letter_is_cut_and_says_so() {
        let text = vec!["One more thing is wrong."; 40].join("\n\n");
        let points = points(&text, "", None);
        assert_eq!(points.len(), 13);
        assert!(points[12].contains("and more"));
        assert!(super::points(&"é".repeat(5000), "", None)[0].chars().count() < 1210);
    }
}
