//! Weights: what each feature says for and against each question, and how they are kept.
//!
//! Every question is a logistic regression of its own over the same features. A file holds, little-endian: [`MAGIC`],
//! the fingerprint of the lexicon it was trained with (u64), for each of [`Head::ALL`] a bias and a largest weight
//! (f32), the number of features (u32), the feature numbers ascending (u32), and row by row a weight (i8) a question.
//! A weight is kept as the signed square root of its share of the largest, so that small ones stay apart.

use super::{Exclusion, Flag, Label, OtherKind};
use std::collections::BTreeMap;

/// First bytes of a weights file.
pub const MAGIC: &[u8; 16] = b"redress sorter 1";

const STEPS: f64 = 127.0;

/// A question the sorter answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// Is this its label?
    Label(Label),
    /// If other: is it of this kind?
    Kind(OtherKind),
    /// May this ground apply?
    Exclusion(Exclusion),
    /// Is this flag to be raised?
    Flag(Flag),
    /// Is this sentence the wish?
    Wish,
}

impl Head {
    /// All questions, in the order of the weights file.
    pub const ALL: [Self; 21] = [
        Self::Label(Label::Complaint),
        Self::Label(Label::ServiceRequest),
        Self::Label(Label::Stage2Request),
        Self::Label(Label::Other),
        Self::Flag(Flag::Representative),
        Self::Flag(Flag::Vulnerability),
        Self::Flag(Flag::AdjustmentRequested),
        Self::Flag(Flag::UrgentHazard),
        Self::Wish,
        Self::Kind(OtherKind::Survey),
        Self::Kind(OtherKind::Enquiry),
        Self::Kind(OtherKind::Compliment),
        Self::Kind(OtherKind::Spam),
        Self::Kind(OtherKind::AutoReply),
        Self::Kind(OtherKind::ThirdPartyBusiness),
        Self::Kind(OtherKind::InformationRequest),
        Self::Kind(OtherKind::Thanks),
        Self::Kind(OtherKind::Update),
        Self::Exclusion(Exclusion::Over12Months),
        Self::Exclusion(Exclusion::LegalProceedings),
        Self::Exclusion(Exclusion::AlreadyConsidered),
    ];

    /// Its place in [`Self::ALL`].
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|head| *head == self).expect("every question is listed")
    }
}

/// Why weights could not be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// Not such a file, or cut off.
    #[error("this is not a file of sorting weights, or it is cut short")]
    NotWeights,
    /// Trained with other phrases.
    #[error("these weights were trained with another lexicon; train them anew")]
    OtherLexicon,
}

/// What training learnt, before it is rounded for keeping.
pub struct Learnt {
    /// For each of [`Head::ALL`].
    pub biases: Vec<f64>,
    /// Feature number → its weight for each of [`Head::ALL`].
    pub weights: BTreeMap<u32, Vec<f64>>,
}

/// Weights ready for use.
pub struct Model {
    biases: Vec<f64>,
    largest: Vec<f64>,
    features: Vec<u32>,
    weights: Vec<i8>,
}

impl Model {
    /// Rounds what was learnt; features that say nothing are dropped.
    pub fn of(learnt: &Learnt) -> Self {
        // Through f32, so that a model just trained and the same read back are one.
        let kept = |value: f64| f64::from(value as f32);
        let largest: Vec<f64> = (0..Head::ALL.len())
            .map(|head| kept(learnt.weights.values().map(|row| row[head].abs()).fold(f64::MIN_POSITIVE, f64::max)))
            .collect();
        let mut features = Vec::new();
        let mut weights = Vec::new();
        for (number, row) in &learnt.weights {
            let rounded: Vec<i8> = row
                .iter()
                .zip(&largest)
                .map(|(w, l)| ((w.abs() / l).sqrt() * STEPS * w.signum()).round() as i8)
                .collect();
            if rounded.iter().any(|w| *w != 0) {
                features.push(*number);
                weights.extend(rounded);
            }
        }
        Self { biases: learnt.biases.iter().copied().map(kept).collect(), largest, features, weights }
    }

    /// Reads a weights file.
    ///
    /// # Errors
    /// When it is not one, or was trained with another lexicon than `fingerprint`.
    pub fn read(bytes: &[u8], fingerprint: u64) -> Result<Self, WeightsError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(WeightsError::NotWeights)?;
        if u64::from_le_bytes(take(&mut rest)?) != fingerprint {
            return Err(WeightsError::OtherLexicon);
        }
        let (mut biases, mut largest) = (Vec::new(), Vec::new());
        for _ in Head::ALL {
            biases.push(f64::from(f32::from_le_bytes(take(&mut rest)?)));
            largest.push(f64::from(f32::from_le_bytes(take(&mut rest)?)));
        }
        let count = u32::from_le_bytes(take(&mut rest)?) as usize;
        if rest.len() != count.saturating_mul(4 + Head::ALL.len()) {
            return Err(WeightsError::NotWeights);
        }
        let features = (0..count).map(|_| take(&mut rest).map(u32::from_le_bytes)).collect::<Result<_, _>>()?;
        Ok(Self { biases, largest, features, weights: rest.iter().map(|b| b.cast_signed()).collect() })
    }

    /// The bytes of a weights file.
    pub fn write(&self, fingerprint: u64) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(fingerprint.to_le_bytes());
        for (bias, largest) in self.biases.iter().zip(&self.largest) {
            out.extend((*bias as f32).to_le_bytes());
            out.extend((*largest as f32).to_le_bytes());
        }
        out.extend((self.features.len() as u32).to_le_bytes());
        out.extend(self.features.iter().flat_map(|number| number.to_le_bytes()));
        out.extend(self.weights.iter().map(|w| w.cast_unsigned()));
        out
    }

    /// The weight of a feature for a question; 0 when it was never met in training.
    pub fn weight(&self, number: u32, head: Head) -> f64 {
        self.row(number).map_or(0.0, |row| self.unrounded(row, head.place()))
    }

    /// For each of [`Head::ALL`] the log odds of "yes".
    pub fn scores(&self, values: &BTreeMap<u32, f32>) -> Vec<f64> {
        let mut scores = self.biases.clone();
        for (number, value) in values {
            if let Some(row) = self.row(*number) {
                for (head, score) in scores.iter_mut().enumerate() {
                    *score += self.unrounded(row, head) * f64::from(*value);
                }
            }
        }
        scores
    }

    /// The log odds of "yes" to one question.
    pub fn score(&self, values: &BTreeMap<u32, f32>, head: Head) -> f64 {
        let place = head.place();
        let rows = values.iter().filter_map(|(number, value)| Some((self.row(*number)?, f64::from(*value))));
        rows.fold(self.biases[place], |score, (row, value)| score + self.unrounded(row, place) * value)
    }

    fn row(&self, number: u32) -> Option<&[i8]> {
        let at = self.features.binary_search(&number).ok()? * Head::ALL.len();
        self.weights.get(at..at + Head::ALL.len())
    }

    fn unrounded(&self, row: &[i8], head: usize) -> f64 {
        let share = f64::from(row[head]) / STEPS;
        share * share.abs() * self.largest[head]
    }
}

/// Takes the next `N` bytes.
fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], WeightsError> {
    let (head, tail) = rest.split_first_chunk::<N>().ok_or(WeightsError::NotWeights)?;
    *rest = tail;
    Ok(*head)
}
