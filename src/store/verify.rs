//! Whether the database still says what was written into it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::backup::{number, passed_over};
use super::open::{Tx, on};
use super::questions::{CaseFile, CaseRow, case_file};
use super::{Store, sql};
use crate::domain::case::{Kind, Outcome};
use crate::domain::reference::FIRST_NUMBER;

impl Store {
    /// Walks every history: its chain, its words, and whether the rows kept for questions are its fold. Gives each finding
    /// as a sentence, and the number of cases looked at.
    pub async fn verify(&self) -> anyhow::Result<(usize, Vec<String>)> {
        let mut tx = self.db.begin_read().await?;
        let cases: Vec<CaseRow> = on!(&mut tx, c => sqlx::query_as(sql::CASE_LIST).fetch_all(c).await)?;
        let mut findings = Vec::new();
        let mut opened = BTreeMap::new();
        for row in &cases {
            match case_file(&mut tx, row.id).await {
                Err(error) => findings.push(format!("{error:#}")),
                Ok(file) => {
                    let found = differences(&mut tx, row, &file).await?;
                    findings.extend(found.into_iter().map(|finding| format!("{}: {finding}", row.reference)));
                }
            }
            *opened.entry(row.landlord.as_str()).or_insert(0_i64) += 1;
        }
        let numbers: Vec<(String, i64)> = on!(&mut tx, c => sqlx::query_as(sql::NUMBERS).fetch_all(c).await)?;
        for (landlord, last) in numbers {
            let passed_over: Option<Vec<u8>> =
                on!(&mut tx, c => sqlx::query_scalar(sql::INFO).bind(passed_over(&landlord)).fetch_optional(c).await)?;
            let passed_over = passed_over.map(number).transpose()?.unwrap_or(0);
            let used = last + 1 - FIRST_NUMBER - passed_over;
            let there = opened.get(landlord.as_str()).copied().unwrap_or(0);
            if used != there {
                findings.push(format!("{landlord}: {used} case numbers were used, and {there} cases are here"));
            }
        }
        Ok((cases.len(), findings))
    }
}

/// Where the rows of a case differ from its history.
async fn differences(tx: &mut Tx, row: &CaseRow, file: &CaseFile) -> anyhow::Result<Vec<&'static str>> {
    let case = &file.case;
    let mut findings = Vec::new();
    let lines: i64 = on!(tx, c => sqlx::query_scalar(sql::COUNT_EVENTS).bind(row.id).fetch_one(c).await)?;
    if lines != case.seq {
        findings.push("its history has lines beyond its end");
    }
    let reference = case.opening.as_ref().map(|opening| opening.reference.to_string());
    let (kind, received) = (case.kind.map(Kind::key), case.received.map(Timestamp::as_millisecond));
    if (reference, kind, received) != (Some(row.reference.clone()), Some(&row.kind), Some(row.received_at))
        || (case.open(), case.unsure, case.hazard) != (row.open(), row.unsure(), row.hazard())
    {
        findings.push("what the lists say differs from the history");
    }
    let deadlines: Vec<(String, String, i64, Option<i64>)> =
        on!(tx, c => sqlx::query_as(sql::CASE_DEADLINES).bind(row.id).fetch_all(c).await)?;
    let mut owed: Vec<_> = case
        .duties
        .iter()
        .map(|(duty, owed)| {
            let settled = owed.settled().map(Timestamp::as_millisecond);
            (duty.to_string(), owed.due.date.to_string(), i64::from(owed.due.provisional), settled)
        })
        .collect();
    owed.sort();
    if deadlines != owed {
        findings.push("its deadlines differ from the history");
    }
    let letters: Vec<(i64, String, Option<Vec<u8>>)> =
        on!(tx, c => sqlx::query_as(sql::CASE_LETTERS).bind(row.id).fetch_all(c).await)?;
    if !letters.iter().map(|(number, ..)| *number).eq(case.letters.keys().map(|number| i64::from(*number))) {
        findings.push("its letters are not those of the history");
    }
    for ((_, state, bytes), letter) in letters.iter().zip(case.letters.values()) {
        let fits = match (state.as_str(), &letter.outcome) {
            // A report may come back for a letter whose own fate is not known yet; a person may hand over any letter.
            (_, Some(Outcome::Returned { .. } | Outcome::Absent { .. } | Outcome::HandedOver { .. })) => true,
            ("sent", outcome) => matches!(outcome, Some(Outcome::Sent { .. })),
            ("dropped", outcome) => matches!(outcome, Some(Outcome::Dropped)),
            ("failed", outcome) => matches!(outcome, Some(Outcome::Refused { .. })),
            // Refused, and then tried once more because a person said so.
            (_, outcome) => matches!(outcome, None | Some(Outcome::Refused { .. })),
        };
        if !fits {
            findings.push("what became of a letter differs from the history");
        }
        if let (Some(Outcome::Sent { digest, .. }), Some(bytes)) = (&letter.outcome, bytes)
            && *digest != hex::encode(Sha256::digest(bytes))
        {
            findings.push("a letter was changed after it was sent");
        }
    }
    Ok(findings)
}
