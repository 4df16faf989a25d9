//! Letters to residents: what each kind prints, and what it must say by which provision of the Code.

use jiff::civil::Date;
use minijinja::{Value, context};

use super::facts::{Marked, Pen, Source, named, spoken, time_for};
use crate::domain::case::{Finding, Ground, Kind, Letter, Matter, News, Prefers, Remedy, RemedyKind, Says};
use crate::domain::code::{Duty, Edition, Stage, rule};
use crate::domain::words::Words;

pub(super) fn facts(source: &Source, marked: &Marked, pen: &mut Pen) -> Value {
    every_letter(source, pen);
    let own = match &source.letter.says {
        Says::Receipt { acknowledge_by, .. } => receipt(source, marked, *acknowledge_by, pen),
        Says::Acknowledgement { respond_by, .. } => acknowledgement(source, marked, *respond_by, pen),
        Says::Correction { respond_by, .. } => correction(source, marked, *respond_by, pen),
        Says::Clarification { questions, respond_by, .. } => {
            let questions: Vec<String> = questions.iter().map(|question| pen.ours(question)).collect();
            pen.must("questions", "5.6", questions.clone());
            let respond_by = respond_by.map(spoken);
            pen.must("goes_on", source.rule(source.stage().respond()).provision, respond_by.clone());
            context! { questions, respond_by }
        }
        Says::Response { ombudsman_by, .. } => response(source, marked, ombudsman_by.map(spoken), pen),
        Says::Extension { was, until, reason, updates_every, .. } => {
            let provision = source.rule(source.stage().respond()).extension.map_or("6.4", |(_, provision)| provision);
            let (was, until, reason) = (spoken(*was), spoken(*until), pen.ours(reason));
            pen.must("extension", provision, [was.clone(), until.clone()]);
            pen.must("reason", provision, [reason.clone()]);
            let updates_every = updates_every.map(working_days);
            if let Some(every) = &updates_every {
                pen.must("updates", "5.9", [every.clone()]);
            }
            context! { was, until, reason, updates_every }
        }
        Says::Refusal { ground, because, discretion, instead, .. } => {
            let provision = if source.stage() == Stage::Two { "5.11" } else { "2.4" };
            let ground = match ground {
                Ground::OverTwelveMonths => "It is about something that happened, and that you knew of, more than 12 \
                                             months before you told us."
                    .to_owned(),
                Ground::LegalProceedings => "A court case about it has begun: the claim form and the details of the \
                                             claim have been filed at court."
                    .to_owned(),
                Ground::AlreadyConsidered => {
                    "We have looked into the same matter before, under our complaints policy.".to_owned()
                }
                Ground::Other(ground) => pen.ours(&Words::new(ground.as_str())),
            };
            let because = pen.ours(because);
            let (discretion, instead) = (pen.ours_if_any(discretion), pen.ours_if_any(instead));
            pen.must("matter", provision, marked.points.clone());
            pen.must("reason", provision, [ground.clone(), because.clone()]);
            if let Some(discretion) = &discretion {
                pen.must("discretion", "2.3", [discretion.clone()]);
            }
            pen.must("ombudsman_right", provision, [source.desk.ombudsman.name.clone()]);
            pen.must("instead", provision, instead.clone());
            context! { ground, because, discretion, instead }
        }
        Says::RequestLogged => {
            pen.must("logged", "1.4", [spoken(source.received())]);
            pen.must("why", "1.4", []);
            pen.must("next", "1.4", []);
            pen.must("complain", "1.3", []);
            context! {}
        }
        Says::RequestAnswer { text } => {
            let text = pen.ours(text);
            pen.must("answer", "1.4", [text.clone()]);
            pen.must("complain", "1.3", []);
            context! { text }
        }
        Says::Correspondence { text } => correspondence(source, text.as_ref(), pen),
        Says::Added { received } => {
            pen.must("added", "5.12", [spoken(*received)]);
            context! { added => spoken(*received) }
        }
        Says::Update { text, next, news } => update(source, text, next.map(spoken), *news, pen),
        Says::Withdrawal => {
            pen.must("withdrawn", "5.12", []);
            pen.must("come_back", "1.3", []);
            context! {}
        }
        Says::Restriction { restriction, because, review } => {
            let (restriction, because, review) = (pen.ours(restriction), pen.ours(because), spoken(*review));
            pen.must("restriction", "5.14", [restriction.clone()]);
            pen.must("reason", "5.14", [because.clone()]);
            pen.must("review", "5.14", [review.clone()]);
            pen.must("still_heard", "1.3", []);
            pen.must("complain", "5.15", []);
            context! { restriction, because, review }
        }
        Says::Survey => {
            pen.must("questions", "1.6", []);
            pen.must("opt_out", "1.6", []);
            pen.must("complain", "1.6", []);
            context! {}
        }
        _ => context! {},
    };
    context! { ..own, ..every_letters_facts(source, pen) }
}

/// Whom it is from and about what, how to answer and get help, who is above the landlord, who signs: by role, not by name.
fn every_letter(source: &Source, pen: &mut Pen) {
    let (landlord, ombudsman) = (source.desk.landlord, source.desk.ombudsman);
    let reference = source.opening.reference.to_string();
    let role = source.handler().unwrap_or(&landlord.manager).role.clone();
    pen.must("letterhead", "5.12", [landlord.name.clone(), spoken(source.today()), reference.clone()]);
    pen.must("emergency", "6.1", [landlord.emergency_telephone.clone(), "999".to_owned()]);
    pen.must("reply", "3.1", [reference]);
    pen.must("adjustments", "5.10", []);
    pen.must("representative", "3.6", []);
    let details = [&ombudsman.name, &ombudsman.complaint_form, &ombudsman.telephone].map(String::clone);
    pen.must("ombudsman", ombudsman_provision(source), details);
    pen.must("signature", "4.1", [role, landlord.name.clone()]);
}

/// What asks for the Ombudsman's details in this letter.
fn ombudsman_provision(source: &Source) -> &'static str {
    match (&source.letter.says, source.stage(), source.edition()) {
        (Says::Extension { .. }, Stage::One, Edition::Of2024) => "6.5",
        (Says::Extension { .. }, Stage::Two, Edition::Of2024) => "6.16",
        (Says::Extension { .. }, Stage::One, Edition::Of2022) => "2022 Code 5.3",
        (Says::Extension { .. }, Stage::Two, Edition::Of2022) => "2022 Code 5.15",
        (Says::Response { .. }, Stage::Two, _) => "6.19",
        (Says::Refusal { .. }, ..) => "2.4",
        _ => "3.7",
    }
}

fn every_letters_facts(source: &Source, pen: &mut Pen) -> Value {
    let Letter { number, name, by_hand, .. } = source.letter;
    let case = source.case;
    let copy = case.letters.get(number).is_some_and(|letter| letter.copy);
    if copy {
        pen.must("copy", "3.6", []);
    }
    let adjustments: Vec<String> =
        case.adjustments.iter().filter_map(|(_, adjustment)| pen.line(adjustment.as_str())).collect();
    if !adjustments.is_empty() {
        pen.must("adjustments", "5.10", adjustments.clone());
    }
    let representative = case.representative.as_ref().map(|who| {
        context! { name => named(&who.name, pen), may => who.authority.is_some(), copied => who.address.is_some() }
    });
    let post = by_hand.as_ref().and(case.resident.as_ref()).and_then(|resident| resident.post.as_ref());
    let stage2 = case.escalation.as_ref().map_or(Edition::on(source.today()), |_| case.edition(Stage::Two));
    let stage1 = case.edition(Stage::One);
    context! {
        reader => named(name, pen),
        copy,
        on_paper => by_hand.is_some(),
        post => post.and_then(|post| pen.quotation(post.as_str())),
        reach => if by_hand.is_some() { "get in touch" } else { "reply to this email" },
        prefers => match case.resident.as_ref().map(|resident| resident.prefers).unwrap_or_default() {
            Prefers::Email => "email",
            Prefers::Post => "post",
            Prefers::Telephone => "telephone",
        },
        adjustments, representative,
        times => context! {
            acknowledge_1 => time_for(Duty::Acknowledge, stage1), respond_1 => time_for(Duty::RespondStage1, stage1),
            acknowledge_2 => time_for(Duty::AcknowledgeStage2, stage2), respond_2 => time_for(Duty::RespondStage2, stage2),
        },
        ombudsman_by => None::<String>,
    }
}

fn receipt(source: &Source, marked: &Marked, acknowledge_by: Date, pen: &mut Pen) -> Value {
    let stage2 = source.stage() == Stage::Two;
    let words = if stage2 { reasons(source, pen).into_iter().collect() } else { marked.points.clone() };
    if !(stage2 && words.is_empty()) {
        pen.must("words", "5.6", words.clone());
    }
    pen.must("correct_us", "5.6", []);
    let next = [spoken(source.began()), spoken(acknowledge_by)];
    pen.must("next", source.rule(source.stage().acknowledge()).provision, next);
    pen.must("policy", "3.4", [source.desk.landlord.policy_link.clone()]);
    context! {
        acknowledge_by => spoken(acknowledge_by),
        late => acknowledge_by < source.today(),
        words,
    }
}

/// Why the resident is still unhappy, if they said so (6.12).
fn reasons(source: &Source, pen: &mut Pen) -> Option<String> {
    let escalation = source.case.escalation.as_ref()?;
    escalation.reasons.as_ref().and_then(|reasons| pen.quotation(reasons.as_str()))
}

fn acknowledgement(source: &Source, marked: &Marked, respond_by: Date, pen: &mut Pen) -> Value {
    let (stage, landlord) = (source.stage(), source.desk.landlord);
    let definition = definition(source, marked, respond_by, pen);
    let role = source.handler().unwrap_or(&landlord.manager).role.clone();
    pen.must("handler", if stage == Stage::Two { "6.13" } else { "4.1" }, [role]);
    pen.must("independence", "5.8", []);
    pen.must("policy", "3.4", [landlord.policy_link.clone()]);
    // Only at first: what was open then may be done by now.
    let related = if stage == Stage::One { source.opening.related.as_slice() } else { &[] };
    let related: Vec<String> = related.iter().map(ToString::to_string).collect();
    if !related.is_empty() {
        pen.must("related", "1.5", related.clone());
    }
    let reasons = reasons(source, pen);
    if stage == Stage::Two {
        pen.must("why_unhappy", "6.12", reasons.clone());
    }
    let acknowledge_by = source.case.duties.get(&stage.acknowledge()).map(|owed| owed.due.date);
    context! {
        late => acknowledge_by.is_some_and(|date| date < source.today()),
        acknowledge_by => acknowledge_by.map(spoken),
        related, reasons,
        ..definition
    }
}

fn correction(source: &Source, marked: &Marked, respond_by: Date, pen: &mut Pen) -> Value {
    definition(source, marked, respond_by, pen)
}

/// The complaint as it is understood, what the resident would like, what is the landlord's to answer, and by when.
fn definition(source: &Source, marked: &Marked, respond_by: Date, pen: &mut Pen) -> Value {
    let landlord = source.desk.landlord;
    let definition = &source.case.definition;
    let responsibility = definition.responsibility.as_ref().and_then(|text| pen.quotation(text.as_str()));
    pen.must("stage", source.rule(source.stage().acknowledge()).provision, [source.stage().to_string()]);
    pen.must("definition", "5.6", marked.points.clone());
    pen.must("outcome", "5.6", marked.outcome.clone());
    pen.must("correct_us", "5.6", []);
    let phrases = landlord.responsible_for.iter().chain(&landlord.not_responsible_for);
    pen.must("responsibilities", "5.7", phrases.chain(&responsibility).cloned());
    pen.must("response_date", source.rule(source.stage().respond()).provision, [spoken(respond_by)]);
    let opening = source.opening;
    context! {
        respond_by => spoken(respond_by),
        respond_by_passed => respond_by < source.today(),
        own_words => opening.message.is_some() && definition.points == opening.points,
        responsibility,
    }
}

/// The seven items of 6.9 and 6.19.
fn response(source: &Source, marked: &Marked, ombudsman_by: Option<String>, pen: &mut Pen) -> Value {
    let stage = source.stage();
    let (respond, item) = (source.rule(stage.respond()).provision, if stage == Stage::Two { "6.19" } else { "6.9" });
    let Some(response) = source.case.responses.get(&stage) else { return context! {} };
    let definition = &source.case.definition;
    pen.must("stage", item, [stage.to_string()]);
    pen.must("outcome", item, marked.outcome.clone());

    let mut answers = Vec::new();
    for (point, answer) in definition.points.iter().zip(&response.answers) {
        let point = pen.quotation(point.as_str());
        let (finding, reasons) = (finding(answer.finding), pen.ours(&answer.reasons));
        pen.must("definition", item, point.clone());
        pen.must("decision", item, [finding.to_owned()]);
        pen.must("reasons", if stage == Stage::Two { "6.18" } else { "6.7" }, [reasons.clone()]);
        answers.push(context! { point, finding, reasons });
    }
    let found: Vec<Finding> = response.answers.iter().map(|answer| answer.finding).collect();
    let overall = overall(&found);
    let decision = pen.ours_if_any(&response.decision);
    pen.must("decision", item, [overall.to_owned()].into_iter().chain(decision.clone()));

    let mut remedies = Vec::new();
    for Remedy { kind, what, pence } in &response.remedies {
        let (what, money) = (pen.ours(what), pence.map(pounds));
        pen.must("remedies", "7.1", [what.clone()].into_iter().chain(money.clone()));
        remedies.push(context! { kind => remedy(*kind), what, money });
    }
    let mut actions = Vec::new();
    for action in &response.actions {
        let (what, owner, by) = (pen.ours(&action.what), action.owner.as_str(), spoken(action.by));
        pen.must("actions", "7.3", [what.clone(), owner.to_owned(), by.clone()]);
        actions.push(context! { what, owner, by });
    }
    pen.must("remedies", "7.1", []);
    pen.must("actions", item, []);
    match stage {
        Stage::One => pen.must("stage_2", "6.9", ["stage 2".to_owned()]),
        Stage::Two => {
            let name = source.desk.ombudsman.name.clone();
            pen.must("title", "6.19", ["final response".to_owned()]);
            pen.must("ombudsman_next", "6.19", [name].into_iter().chain(ombudsman_by.clone()));
        }
    }
    let due = source.case.duties.get(&stage.respond()).map(|owed| owed.due.date);
    let late = due.filter(|due| *due < source.today()).map(spoken);
    if late.is_some() {
        pen.must("late", respond, late.clone());
    }
    let sorry = found.iter().any(|finding| *finding != Finding::NotUpheld);
    context! { answers, overall, decision, remedies, actions, ombudsman_by, late, sorry }
}

fn finding(finding: Finding) -> &'static str {
    match finding {
        Finding::Upheld => "You are right about this. We uphold this point.",
        Finding::PartlyUpheld => "You are right about part of this. We uphold this point in part.",
        Finding::NotUpheld => "We looked into this, and we do not uphold this point.",
    }
}

/// The decision on the whole, which follows from those on the points.
fn overall(found: &[Finding]) -> &'static str {
    match found {
        found if found.iter().all(|finding| *finding == Finding::Upheld) => "We uphold your complaint.",
        found if found.iter().all(|finding| *finding == Finding::NotUpheld) => "We do not uphold your complaint.",
        _ => "We uphold your complaint in part.",
    }
}

/// How a remedy begins, before a colon.
fn remedy(kind: RemedyKind) -> String {
    let words = kind.in_words();
    let first = words.chars().next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + words.get(1..).unwrap_or_default()
}

fn pounds(pence: u32) -> String {
    format!("£{}.{:02}", pence / 100, pence % 100)
}

fn working_days(every: u16) -> String {
    if every == 1 { "every working day".to_owned() } else { format!("every {every} working days") }
}

fn correspondence(source: &Source, text: Option<&Words>, pen: &mut Pen) -> Value {
    let matter = source.opening.matter.filter(|_| source.opening.kind == Kind::Correspondence);
    let provision = if matter == Some(Matter::Survey) { "1.6" } else { "1.3" };
    let text = text.map(|text| pen.ours(text));
    pen.must("received", "5.12", [spoken(source.received())]);
    if text.is_some() {
        pen.must("answer", "1.3", text.clone());
    }
    pen.must("not_a_complaint", provision, []);
    pen.must("complain", provision, []);
    let answer_by = source.case.duties.get(&Duty::Answer).filter(|owed| owed.open()).map(|owed| owed.due.date);
    context! {
        text,
        matter => matter.map(word),
        answer_by => answer_by.filter(|date| *date >= source.today()).map(spoken),
    }
}

/// As templates know it.
pub(super) fn word(matter: Matter) -> &'static str {
    match matter {
        Matter::Enquiry => "enquiry",
        Matter::Survey => "survey",
        Matter::Unclear => "unclear",
        Matter::Information => "information",
        Matter::DataProtection => "data_protection",
        Matter::Ombudsman => "ombudsman",
    }
}

fn update(source: &Source, text: &Words, next: Option<String>, news: News, pen: &mut Pen) -> Value {
    let text = pen.ours(text);
    let (word, action) = match news {
        News::Case => ("case", None),
        News::Promised(action) => ("promised", Some(action)),
        News::Done(action) => ("done", Some(action)),
        News::Postponed(action) => ("postponed", Some(action)),
    };
    let provision = if action.is_some() { "6.6" } else { rule(Duty::Update, source.edition()).provision };
    pen.must("update", provision, [text.clone()]);
    if next.is_some() {
        pen.must("next", provision, next.clone());
    }
    let promised = action.and_then(|action| source.case.actions.get(&action)).map(|action| &action.promised);
    let action = promised.map(|promised| {
        context! { what => pen.ours(&promised.what), owner => promised.owner.as_str() }
    });
    context! { text, next, news => word, action }
}
