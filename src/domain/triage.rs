//! What a message is under the Complaint Handling Code, and why we think so.
//!
//! Dissatisfaction makes a complaint, not the word (1.2, 1.3); asking for something to be put right is a service request
//! (1.4); unhappiness with how that request went is a complaint (1.5); a survey answer is not one in itself (1.6); not
//! accepting the stage 1 answer is a request for stage 2, whatever its form (6.10, 6.12).
//!
//! A complaint silently filed as something else is a breach of the Code, while asking a person costs a minute. So the
//! verdict has an `unsure` band: inside it the complaint clock runs and an officer is asked. Flags and hints go to people
//! and never decide anything.
//!
//! Pure: the same words, weights and settings give the same verdict on every day. Known weakness: irony without any of
//! the usual marks, and messages whose only sign of an earlier report is the reader's knowledge of the case.

mod features;
mod lexicon;
mod model;
mod outcome;
mod reasons;
mod text;
mod train;

pub use model::WeightsError;
pub use train::Example;

use features::Features;
use lexicon::Lexicon;
use model::{Head, Model};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

/// A request for stage 2 less probable than this is unsure: whoever is taken to stage 2 unasked wonders why.
const STAGE_2_SURE_FROM: f64 = 0.6;

/// The phrases the sorter knows.
const LEXICON: &str = include_str!("../../config/sorter.words");
/// The weights the sorter was last trained to; `redress triage --train` writes them.
const WEIGHTS: &[u8] = include_bytes!("../../config/sorter.weights");
/// The idea of the lexicon that is dissatisfaction in so many words: never filed as something else without a person asked,
/// whatever the weights say (1.2).
const PLAINLY_UNHAPPY: &str = "plainly_unhappy";
/// The idea that takes it back: "not at all unhappy", or a neighbour it is about.
const PLAINLY_NOT: &str = "plainly_not";
/// The idea of the lexicon that is a danger in so many words: always told of, whatever the weights say.
const PLAIN_DANGER: &str = "flag_plain_danger";
/// The idea that takes it back: "if you smell gas", "I can't smell gas".
const NO_DANGER: &str = "flag_no_danger";
/// From which share of "other" a survey, a machine's answer or advertising may speak of dissatisfaction unasked.
const IMPERSONAL_FROM: f64 = 0.9;

/// Praise with a grievance in it is a complaint (1.2): where what follows the first sentences of thanks, taken alone, is
/// one with more than this probability, a person is asked. Chosen by leaving one set out.
const GRIEVANCE_FOLLOWS_FROM: f64 = 0.88;
/// What follows is looked at from each of so many sentences, the first but one on; a bound for very long messages.
const SENTENCES_TRIED: usize = 12;
/// And while there are so many words of it; fewer say too little.
const WORDS_FOLLOWING_MIN: usize = 8;

/// From which probability a ground to decline is hinted at; chosen by leaving one set out.
const EXCLUSION_FROM: f64 = 0.018;

/// Added to the log odds of a label before they are compared, chosen by leaving one set out: losing a complaint is a
/// breach of the Code; thanks and enquiries mention repairs and are taken for a request too easily; and most of what
/// answers a stage 1 response is a request for stage 2, so that its words, not the odds, must say so.
fn lean(label: Label) -> f64 {
    match label {
        Label::Complaint => 0.9,
        Label::Stage2Request => 0.3,
        Label::Other => 1.0,
        Label::ServiceRequest => 0.0,
    }
}

static PHRASES: LazyLock<Lexicon> = LazyLock::new(|| Lexicon::parse(LEXICON).expect("the embedded lexicon is tested"));
static EMBEDDED: LazyLock<Sorter> =
    LazyLock::new(|| Sorter::from_bytes(WEIGHTS).expect("the embedded weights are tested"));

/// What the mail system knows of the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Context {
    /// No case of ours.
    New,
    /// An answer to what we wrote about a service request.
    ReplyToServiceRequest,
    /// An answer to what we wrote while stage 1 runs.
    ReplyDuringStage1,
    /// An answer to the stage 1 response.
    ReplyToStage1Response,
}

impl Context {
    /// As it is written in data.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::ReplyToServiceRequest => "reply_to_service_request",
            Self::ReplyDuringStage1 => "reply_during_stage1",
            Self::ReplyToStage1Response => "reply_to_stage1_response",
        }
    }
}

/// What there is to sort.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The subject line.
    pub subject: &'a str,
    /// The body as text; quotation and footers may stand in it.
    pub body: &'a str,
    /// What it answers.
    pub context: Context,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    /// Any expression of dissatisfaction (1.2).
    Complaint,
    /// A wish that something be put right, without dissatisfaction with the landlord (1.4).
    ServiceRequest,
    /// The answer at stage 1 is not accepted (6.10).
    Stage2Request,
    /// None of these; see [`Sorted::other_kind`].
    Other,
}

impl Label {
    const ALL: [Self; 4] = [Self::Complaint, Self::ServiceRequest, Self::Stage2Request, Self::Other];

    /// Whether the Code's complaint clock runs for it.
    pub fn starts_clock(self) -> bool {
        matches!(self, Self::Complaint | Self::Stage2Request)
    }
}

/// What kind of other correspondence a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OtherKind {
    /// A returned survey or questionnaire (1.6).
    Survey,
    /// Wants information only.
    Enquiry,
    /// Praise.
    Compliment,
    /// Unwanted advertising or fraud.
    Spam,
    /// A machine's answer.
    AutoReply,
    /// Suppliers, insurers, peers, mail for somebody else.
    ThirdPartyBusiness,
    /// Data rights, or copies of documents.
    InformationRequest,
    /// Thanks and acceptance.
    Thanks,
    /// Facts, access, withdrawal; nothing new.
    Update,
}

impl OtherKind {
    const ALL: [Self; 9] = [
        Self::Survey,
        Self::Enquiry,
        Self::Compliment,
        Self::Spam,
        Self::AutoReply,
        Self::ThirdPartyBusiness,
        Self::InformationRequest,
        Self::Thanks,
        Self::Update,
    ];

    /// Whether such a message speaks of dissatisfaction without complaining: the answers of a survey (1.6), a machine's
    /// hint how to complain, a seller's "disappointed with your website".
    fn is_impersonal(self) -> bool {
        matches!(self, Self::Survey | Self::AutoReply | Self::Spam)
    }
}

/// A ground of provision 2.2 on which a complaint may be declined; a person decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// The event ended more than a year ago and was known then.
    #[serde(rename = "over_12_months")]
    Over12Months,
    /// A claim has been filed.
    LegalProceedings,
    /// It has been through both stages.
    AlreadyConsidered,
}

impl Exclusion {
    const ALL: [Self; 3] = [Self::Over12Months, Self::LegalProceedings, Self::AlreadyConsidered];

    /// As it stands in a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Over12Months => "it may have happened over 12 months ago",
            Self::LegalProceedings => "a court claim may have been filed",
            Self::AlreadyConsidered => "it may have been through the complaints process already",
        }
    }

    /// The ground of these words.
    pub fn named(words: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.in_words() == words)
    }
}

/// What people are told of a message beside its label; a flag decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// A danger is present; errs on the side of yes.
    UrgentHazard,
    /// Illness, disability, age or the like is disclosed.
    Vulnerability,
    /// Another way of dealing is asked for.
    AdjustmentRequested,
    /// Somebody speaks for a resident, or for a group.
    Representative,
}

impl Flag {
    const ALL: [Self; 4] = [Self::UrgentHazard, Self::Vulnerability, Self::AdjustmentRequested, Self::Representative];

    /// From which probability it is raised. Low, because a person looks at each and a missed one may hurt somebody; chosen
    /// by leaving one set out.
    fn raised_from(self) -> f64 {
        match self {
            Self::UrgentHazard => 0.06,
            Self::Vulnerability => 0.055,
            Self::AdjustmentRequested => 0.045,
            Self::Representative => 0.07,
        }
    }
}

/// What a landlord may adjust.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// A message filed as no complaint is unsure where the probability that it is one is above this. 0 to 1.
    pub complaint_from: f64,
    /// A verdict less probable than this is unsure. 0 to 1.
    pub sure_from: f64,
    /// Phrases that make a message unsure unless it is a complaint already.
    pub complaint_words: Vec<String>,
    /// Phrases that raise the hazard flag.
    pub hazard_words: Vec<String>,
    /// Phrases that raise the vulnerability flag.
    pub vulnerability_words: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            complaint_from: 0.2,
            sure_from: 0.3,
            complaint_words: Vec::new(),
            hazard_words: Vec::new(),
            vulnerability_words: Vec::new(),
        }
    }
}

/// A verdict, with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Sorted {
    /// The likeliest label.
    pub label: Label,
    /// What kind of other, where the label is `Other`.
    pub other_kind: Option<OtherKind>,
    /// Whether a person must be asked; the complaint clock runs meanwhile.
    pub unsure: bool,
    /// Probability of `label`, 0 to 1.
    pub confidence: f64,
    /// The words that spoke most for the label, heaviest first, as they stand in the message; where a person is asked
    /// whether it is a complaint, those that spoke for one.
    pub because: Vec<String>,
    /// [`Flag::Representative`].
    pub representative: bool,
    /// [`Flag::Vulnerability`].
    pub vulnerability: bool,
    /// [`Flag::AdjustmentRequested`].
    pub adjustment_requested: bool,
    /// [`Flag::UrgentHazard`].
    pub urgent_hazard: bool,
    /// Each raised flag with the words that raised it, heaviest first, as they stand in the message. Health and the like:
    /// for officers only.
    pub flag_words: BTreeMap<Flag, Vec<String>>,
    /// Where in the body the wish is put.
    pub outcome_sought: Option<Range<usize>>,
    /// A ground of 2.2 that may apply.
    pub exclusion_hint: Option<Exclusion>,
}

/// Sorts messages by one set of weights.
pub struct Sorter {
    model: Model,
}

impl Sorter {
    /// The sorter that ships with the program.
    pub fn embedded() -> &'static Self {
        &EMBEDDED
    }

    /// A sorter by the weights of a file.
    ///
    /// # Errors
    /// When the bytes are no weights, or weights trained with another lexicon.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, WeightsError> {
        Ok(Self { model: Model::read(bytes, fingerprint())? })
    }

    /// Learns from labelled messages and returns the bytes of a weights file; the same examples in the same order give
    /// the same bytes.
    pub fn train(examples: &[Example]) -> Vec<u8> {
        Model::of(&train::learn(&PHRASES, examples)).write(fingerprint())
    }

    /// Sorts one message.
    pub fn sort(&self, words: &Words, settings: &Settings) -> Sorted {
        let read = features::features(&PHRASES, words.subject, words.body, &text::fresh(words.body), words.context);
        let scores = self.model.scores(&read.values);
        let chance = |head: Head| chance(scores[head.place()]);

        let share = |label| share(&scores, label);
        let label = greatest(Label::ALL, share);
        let confidence = share(label);
        let in_code = in_code(&scores);
        let kind = greatest(OtherKind::ALL, |kind| chance(Head::Kind(kind)));
        let ground = greatest(Exclusion::ALL, |ground| chance(Head::Exclusion(ground)));

        let added = |phrases: &[String]| phrases.iter().any(|phrase| says(words, phrase).is_some());
        let impersonal = kind.is_impersonal() && share(Label::Other) > IMPERSONAL_FROM;
        let plain =
            (!impersonal && says_plainly(&read, PLAINLY_UNHAPPY, PLAINLY_NOT)) || added(&settings.complaint_words);
        let follows = || label == Label::Other && !impersonal && self.grievance_follows(&read, words);
        let doubtful = !label.starts_clock() && (plain || in_code > settings.complaint_from || follows());
        // What a person is asked is whether it is a complaint after all.
        let asked =
            if share(Label::Stage2Request) > share(Label::Complaint) { Label::Stage2Request } else { Label::Complaint };
        let because = if doubtful { asked } else { label };
        let because = reasons::reasons(&self.model, &read, words, Head::Label(because));
        // Below our own letter most people want stage 2, and the subject is ours: neither may decide alone ("Ok.").
        let said = because.iter().any(|reason| words.body.contains(reason));
        let leaning_only = label == Label::Stage2Request && (!said || confidence < STAGE_2_SURE_FROM);
        let unsure = doubtful || leaning_only || confidence < settings.sure_from;
        let flag_words = self.flag_words(&read, words, settings, &scores);
        let raised = |flag| flag_words.contains_key(&flag);
        Sorted {
            label,
            other_kind: (label == Label::Other).then_some(kind),
            unsure,
            confidence,
            because,
            representative: raised(Flag::Representative),
            vulnerability: raised(Flag::Vulnerability),
            adjustment_requested: raised(Flag::AdjustmentRequested),
            urgent_hazard: raised(Flag::UrgentHazard),
            outcome_sought: (label != Label::Other || kind == OtherKind::InformationRequest || unsure)
                .then(|| {
                    let for_others = raised(Flag::Representative);
                    outcome::wish(&PHRASES, &self.model, &read, words.body, words.context, for_others)
                })
                .flatten(),
            exclusion_hint: (label.starts_clock() && chance(Head::Exclusion(ground)) > EXCLUSION_FROM)
                .then_some(ground),
            flag_words,
        }
    }

    /// Whether some remainder of the message is a complaint when it is read without what precedes it.
    fn grievance_follows(&self, read: &Features, words: &Words) -> bool {
        let sentences = outcome::sentences(&read.tokens, words.body);
        sentences.iter().skip(1).take(SENTENCES_TRIED).any(|sentence| {
            let rest = &read.tokens[sentence.start..];
            let span = outcome::bytes(rest);
            let long_enough = rest.iter().filter(|token| token.word.len() > 1).nth(WORDS_FOLLOWING_MIN - 1).is_some();
            let follows = || features::features(&PHRASES, "", words.body, &[span], words.context);
            long_enough && in_code(&self.model.scores(&follows().values)) > GRIEVANCE_FOLLOWS_FROM
        })
    }

    /// The raised flags, each with the words that raised it: a landlord's own first.
    fn flag_words(
        &self,
        read: &Features,
        words: &Words,
        settings: &Settings,
        scores: &[f64],
    ) -> BTreeMap<Flag, Vec<String>> {
        let raise = |flag: Flag| {
            let own: &[String] = match flag {
                Flag::UrgentHazard => &settings.hazard_words,
                Flag::Vulnerability => &settings.vulnerability_words,
                Flag::AdjustmentRequested | Flag::Representative => &[],
            };
            let head = Head::Flag(flag);
            let plain = flag == Flag::UrgentHazard && says_plainly(read, PLAIN_DANGER, NO_DANGER);
            let raised = plain || chance(scores[head.place()]) > flag.raised_from();
            let mut said: Vec<String> = own.iter().filter_map(|phrase| says(words, phrase)).collect();
            if raised {
                said.extend(reasons::reasons(&self.model, read, words, head));
            }
            (raised || !said.is_empty()).then_some((flag, said))
        };
        Flag::ALL.into_iter().filter_map(raise).collect()
    }
}

/// Whether the writer says in so many words what `idea` stands for, and does not take it back by another.
fn says_plainly(read: &Features, idea: &str, taken_back: &str) -> bool {
    let met = |name: &str| read.hits.iter().filter(|hit| PHRASES.idea(hit.idea) == name).collect::<Vec<_>>();
    let taken_back = met(taken_back);
    let stands = |hit: &&lexicon::Hit| !taken_back.iter().any(|back| back.first <= hit.last && hit.first <= back.last);
    met(idea).iter().any(stands)
}

/// The probability of a label among the four, each leaned towards.
fn share(scores: &[f64], label: Label) -> f64 {
    let leaning = |label: Label| chance(scores[Head::Label(label).place()] + lean(label));
    leaning(label) / Label::ALL.into_iter().map(leaning).sum::<f64>()
}

/// The probability that the message belongs into the Code's procedure.
fn in_code(scores: &[f64]) -> f64 {
    share(scores, Label::Complaint) + share(scores, Label::Stage2Request)
}

/// Probability from log odds.
fn chance(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The item of the greatest measure, the first of equals.
fn greatest<T: Copy, const N: usize>(items: [T; N], measure: impl Fn(T) -> f64) -> T {
    items[1..].iter().fold(items[0], |best, item| if measure(*item) > measure(best) { *item } else { best })
}

/// A phrase a landlord added, where subject or body holds it, whatever its case.
fn says(words: &Words, phrase: &str) -> Option<String> {
    let phrase = phrase.trim();
    let sought = phrase.to_lowercase();
    let found =
        !sought.is_empty() && [words.subject, words.body].iter().any(|text| text.to_lowercase().contains(&sought));
    found.then(|| phrase.to_owned())
}

/// Tells one lexicon from another: features are named after its ideas, so weights fit one lexicon only.
fn fingerprint() -> u64 {
    LEXICON
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
