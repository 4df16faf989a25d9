//! The words of the table, ready to be looked up line by line.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::domain::command::grammar::{Field, Row, rows};
use crate::domain::command::values::squeezed;

/// A verb, and its fields by all their names.
#[derive(Debug)]
pub struct Names {
    pub row: Row,
    /// By what [`squeezed`] makes of the name.
    fields: BTreeMap<String, &'static Field>,
}

static NAMES: LazyLock<Vec<Names>> = LazyLock::new(|| rows().map(Names::of).collect());

/// By what [`squeezed`] makes of a verb's name, or of another word for it.
static VERBS: LazyLock<BTreeMap<String, &'static Names>> = LazyLock::new(|| {
    let words = |names: &'static Names| [names.row.name].into_iter().chain(names.row.also.iter().copied());
    NAMES.iter().flat_map(|names| words(names).map(move |word| (squeezed(word), names))).collect()
});

/// The verb of this name.
pub fn verb(written: &str) -> Option<&'static Names> {
    VERBS.get(&squeezed(written)).copied()
}

/// The verb whose name is nearly `written`.
pub fn near_verb(written: &str) -> Option<&'static Names> {
    near(written, VERBS.iter().map(|(name, names)| (name.as_str(), *names)))
}

/// What of `names` is one slip of the pen from `written`, or two when it is long. Short words are near to too many.
fn near<'n, T>(written: &str, names: impl Iterator<Item = (&'n str, T)>) -> Option<T> {
    const SHORT: usize = 4;
    const LONG: usize = 8;
    const LONGEST: usize = 30;
    let written = squeezed(written);
    let length = written.chars().take(LONGEST + 1).count();
    let slips = match length {
        0..SHORT => return None,
        SHORT..LONG => 1,
        LONG..=LONGEST => 2,
        _ => return None,
    };
    let near = names.filter(|(name, _)| name.chars().count() >= SHORT);
    let near = near.map(|(name, names)| (strsim::damerau_levenshtein(name, &written), names));
    near.filter(|(distance, _)| *distance <= slips).min_by_key(|(distance, _)| *distance).map(|(_, names)| names)
}

impl Names {
    fn of(row: Row) -> Names {
        let mut fields = BTreeMap::new();
        for field in row.fields {
            for word in [field.name].iter().chain(field.also) {
                let word = squeezed(word);
                if field.several {
                    fields.entry(format!("{word}s")).or_insert(field);
                }
                fields.entry(word).or_insert(field);
            }
        }
        Names { row, fields }
    }

    /// The field of this name, or of this other word for it.
    pub fn field(&self, written: &str) -> Option<&'static Field> {
        self.fields.get(&squeezed(written)).copied()
    }

    /// The field whose name is nearly `written`.
    pub fn near_field(&self, written: &str) -> Option<&'static Field> {
        near(written, self.fields.iter().map(|(name, field)| (name.as_str(), *field)))
    }

    /// The field that takes what stands directly behind the verb: the first that is needed, or the only one for words, or
    /// the only one.
    pub fn first(&self) -> Option<&'static Field> {
        let fields = self.row.fields;
        let only = |free: bool| {
            let mut fields = fields.iter().filter(|field| field.holds.free() || !free);
            fields.next().filter(|_| fields.next().is_none())
        };
        fields.iter().find(|field| field.needed).or_else(|| only(true)).or_else(|| only(false))
    }
}
