//! Learning the weights from labelled messages: one logistic regression a question.
//!
//! Solved by dual coordinate descent (Yu, Huang and Lin, "Dual coordinate descent methods for logistic regression and
//! maximum entropy models", 2011, algorithm 5), which needs no step size and visits the examples in the order given: the
//! same files in the same order give the same bytes.

use super::features::{Features, features};
use super::lexicon::Lexicon;
use super::model::{Head, Learnt};
use super::outcome;
use super::text::fresh;
use super::{Context, Exclusion, Flag, Label, OtherKind};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How much a mistake costs against the size of the weights, chosen by leaving one set out.
const COST: f64 = 1.2;
/// How much it counts how rare a feature is, chosen by leaving one set out.
const RARITY: f64 = 0.65;
/// A feature is left as it is where the logarithm of messages for one that has it is this.
const TYPICAL: f64 = 4.0;
/// The least that logarithm is taken for.
const COMMON: f64 = 0.1;
/// A feature met in fewer examples is left out: it would be learnt by heart.
const EXAMPLES_MIN: usize = 3;
const PASSES: usize = 20;
const NEWTON_STEPS_MAX: usize = 50;

/// The features of one example: (column, value).
type Row = Vec<(usize, f64)>;

/// A labelled message: one line of a training file.
#[derive(Clone, Debug, Deserialize)]
pub struct Example {
    /// Names the message in reports.
    pub id: String,
    /// Its subject line.
    pub subject: String,
    /// Its body as text.
    pub body: String,
    /// What the mail system knows of the thread.
    pub context: Context,
    /// The answer.
    pub label: Label,
    /// What kind of other, where the label is `other`.
    pub other_kind: Option<OtherKind>,
    /// Somebody speaks for a resident.
    pub representative: bool,
    /// Illness, disability, age or the like is disclosed.
    pub vulnerability: bool,
    /// Another way of dealing is asked for.
    pub adjustment_requested: bool,
    /// There is a present danger.
    pub urgent_hazard: bool,
    /// The wish, a span of `body`.
    pub outcome_sought: Option<String>,
    /// A ground of 2.2 that may apply.
    pub exclusion_hint: Option<Exclusion>,
}

impl Example {
    /// The answer to a question, or `None` where the example has no say.
    fn answer(&self, head: Head) -> Option<bool> {
        Some(match head {
            Head::Label(label) => self.label == label,
            Head::Kind(kind) => self.other_kind? == kind,
            Head::Exclusion(ground) => self.exclusion_hint == Some(ground),
            Head::Flag(Flag::Representative) => self.representative,
            Head::Flag(Flag::Vulnerability) => self.vulnerability,
            Head::Flag(Flag::AdjustmentRequested) => self.adjustment_requested,
            Head::Flag(Flag::UrgentHazard) => self.urgent_hazard,
            // Asked of sentences, not of messages.
            Head::Wish => return None,
        })
    }
}

/// Learns the weights of every question.
pub fn learn(lexicon: &Lexicon, examples: &[Example]) -> Learnt {
    let read: Vec<Features> =
        examples.iter().map(|e| features(lexicon, &e.subject, &e.body, &fresh(&e.body), e.context)).collect();
    let mut met: BTreeMap<u32, usize> = BTreeMap::new();
    for number in read.iter().flat_map(|read| read.values.keys()) {
        *met.entry(*number).or_default() += 1;
    }
    met.retain(|_, count| *count >= EXAMPLES_MIN);
    let sentences: Vec<(BTreeMap<u32, f32>, bool)> =
        examples.iter().zip(&read).flat_map(|(example, read)| wishes(lexicon, example, read)).collect();
    met.extend(outcome::places().map(|number| (number, examples.len())));
    let columns: BTreeMap<u32, usize> = met.keys().enumerate().map(|(column, number)| (*number, column)).collect();
    let row = |values: &mut dyn Iterator<Item = (&u32, &f32)>| -> Row {
        values.filter_map(|(number, value)| Some((*columns.get(number)?, f64::from(*value)))).collect()
    };
    let all: Vec<Row> = read.iter().map(|r| row(&mut r.values.iter())).collect();
    let without_flags: Vec<Row> =
        read.iter().map(|r| row(&mut r.values.iter().filter(|(n, _)| !r.flags.contains(n)))).collect();
    let wishes: Vec<(Row, bool)> = sentences.iter().map(|(values, yes)| (row(&mut values.iter()), *yes)).collect();

    let mut weights: BTreeMap<u32, Vec<f64>> = columns.keys().map(|n| (*n, vec![0.0; Head::ALL.len()])).collect();
    let mut biases = Vec::new();
    for (place, head) in Head::ALL.into_iter().enumerate() {
        let rows = if matches!(head, Head::Label(_) | Head::Kind(_)) { &without_flags } else { &all };
        let asked: Vec<(&[(usize, f64)], bool)> = match head {
            Head::Wish => wishes.iter().map(|(row, yes)| (row.as_slice(), *yes)).collect(),
            _ => rows
                .iter()
                .zip(examples)
                .filter_map(|(row, example)| Some((row.as_slice(), example.answer(head)?)))
                .collect(),
        };
        let (column_weights, bias) = solve(&asked, columns.len());
        biases.push(bias);
        for (row, weight) in weights.values_mut().zip(column_weights) {
            row[place] = weight;
        }
    }
    Learnt { biases, weights }
}

/// The sentences of an example that could put a wish, each with whether it does.
fn wishes(lexicon: &Lexicon, example: &Example, read: &Features) -> Vec<(BTreeMap<u32, f32>, bool)> {
    let wish = example.outcome_sought.as_deref().and_then(|wish| Some((example.body.find(wish)?, wish.len())));
    if wish.is_none() && example.label == Label::Other {
        return Vec::new();
    }
    let sentences = outcome::sentences(&read.tokens, &example.body);
    let count = sentences.len();
    sentences
        .into_iter()
        .enumerate()
        .map(|(n, at)| {
            let span = outcome::bytes(&read.tokens[at]);
            let yes = wish.is_some_and(|(start, length)| {
                let shared = span.end.min(start + length).saturating_sub(span.start.max(start));
                2 * shared > length.min(span.len())
            });
            (outcome::sentence(lexicon, &example.body, &span, n, count, example.context), yes)
        })
        .collect()
}

/// One logistic regression over columns weighed by rarity: the weight of each column, and the bias.
///
/// What few messages have says more than what most have, so it is made larger for learning. The learnt weight takes that
/// in, and sorting knows nothing of it.
fn solve(examples: &[(&[(usize, f64)], bool)], columns: usize) -> (Vec<f64>, f64) {
    let mut met = vec![0.0; columns];
    examples.iter().flat_map(|(row, _)| *row).for_each(|(column, _)| met[*column] += 1.0);
    let count = examples.len() as f64;
    let rarity: Vec<f64> =
        met.iter().map(|met| ((count / (1.0 + met)).ln().max(COMMON) / TYPICAL).powf(RARITY)).collect();
    let scaled: Vec<(Row, bool)> = examples
        .iter()
        .map(|(row, yes)| (row.iter().map(|(column, value)| (*column, value * rarity[*column])).collect(), *yes))
        .collect();
    let (mut weights, bias) = regress(&scaled, columns);
    weights.iter_mut().zip(&rarity).for_each(|(weight, rarity)| *weight *= rarity);
    (weights, bias)
}

/// One logistic regression: the weight of each column, and the bias.
fn regress(examples: &[(Row, bool)], columns: usize) -> (Vec<f64>, f64) {
    let mut weights = vec![0.0; columns + 1];
    let bias = columns;
    let mut duals: Vec<[f64; 2]> = vec![[(0.001 * COST).min(1e-8), COST - (0.001 * COST).min(1e-8)]; examples.len()];
    let sign = |yes: bool| if yes { 1.0 } else { -1.0 };
    let add = |weights: &mut Vec<f64>, row: &Row, step: f64| {
        row.iter().for_each(|(column, value)| weights[*column] += step * value);
        weights[bias] += step;
    };
    for ((row, yes), dual) in examples.iter().zip(&duals) {
        add(&mut weights, row, sign(*yes) * dual[0]);
    }
    let squares: Vec<f64> = examples.iter().map(|(row, _)| 1.0 + row.iter().map(|(_, v)| v * v).sum::<f64>()).collect();
    for _ in 0..PASSES {
        for (((row, yes), dual), square) in examples.iter().zip(&mut duals).zip(&squares) {
            let score = weights[bias] + row.iter().map(|(column, value)| weights[*column] * value).sum::<f64>();
            let slope = sign(*yes) * score;
            // Solve for whichever of the pair is the smaller: its logarithm is the delicate one.
            let (which, way) = if 0.5 * square * (dual[1] - dual[0]) + slope < 0.0 { (1, -1.0) } else { (0, 1.0) };
            let old = dual[which];
            let new = minimum(old, *square, way * slope);
            dual[which] = new;
            dual[1 - which] = COST - new;
            add(&mut weights, row, way * (new - old) * sign(*yes));
        }
    }
    let bias = weights.pop().unwrap_or_default();
    (weights, bias)
}

/// Where `z log z + (C-z) log (C-z) + square/2 (z-old)^2 + slope (z-old)` is least, by Newton's method.
fn minimum(old: f64, square: f64, slope: f64) -> f64 {
    let gradient = |z: f64| square * (z - old) + slope + (z / (COST - z)).ln();
    let mut z = if COST - old < 0.5 * COST { 0.1 * old } else { old };
    for _ in 0..NEWTON_STEPS_MAX {
        let g = gradient(z);
        if g.abs() < 1e-10 {
            break;
        }
        let next = z - g / (square + COST / ((COST - z) * z));
        z = if next <= 0.0 {
            0.1 * z
        } else if next >= COST {
            COST - 0.1 * (COST - z)
        } else {
            next
        };
    }
    z.clamp(f64::MIN_POSITIVE, COST - 1e-12)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regression_separates_what_can_be_separated_and_leans_to_the_commoner_answer() {
        let rows = [vec![(0, 1.0)], vec![(0, 1.0)], vec![(1, 1.0)], Vec::new()];
        let examples: Vec<_> = rows.into_iter().zip([true, true, false, false]).collect();
        let (weights, bias) = regress(&examples, 2);
        assert!(weights[0] > 0.3 && weights[1] < -0.2, "{weights:?}");
        assert!(weights[0] + bias > 0.0 && bias < 0.0, "{bias}");
        // At the optimum the bias' gradient is nil: bias = cost * sum of (answer - probability).
        let p = |z: f64| -> f64 { 1.0 / (1.0 + (-z).exp()) };
        let residual = COST * (2.0 * (1.0 - p(weights[0] + bias)) - p(weights[1] + bias) - p(bias));
        assert!((bias - residual).abs() < 1e-6, "{bias} {residual}");
    }
}
