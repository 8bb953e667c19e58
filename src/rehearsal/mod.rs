//! An invented merchant and its reports, to rehearse a month without Amazon.
//!
//! [`invent`] makes a deterministic sample from a [`Plan`]: settlement files in Amazon's exact layout,
//! transaction reports, disbursements, chargeback notifications, and an answer key. [`write_large`]
//! makes one huge settlement file for measurements. Books are invented first; the files and the key
//! are both made from the books, so neither can hide a mistake of the other. It writes to what it is
//! handed, never to a disk. [`serve`] plays Amazon's services with such a sample, on loopback. All of
//! this uses only [`crate::domain`]: it is a witness that knows neither the reader nor the client.

mod anomaly;
mod answer;
mod books;
mod country;
mod disputes;
mod key;
mod large;
mod layout;
mod notices;
mod plan;
mod random;
pub mod serve;
mod settling;
mod shop;
#[cfg(test)]
mod tests;
mod transactions;

pub use anomaly::Planted;
pub use answer::{Answer, DEFINITIONS, DisputeAnswer, Gap, Movement, PayoutAnswer, ReserveAnswer, UnknownAnswer};
pub use disputes::CaseAnswer;
pub use large::{LargeKind, LargeSummary, ROWS_MAX, ROWS_MIN, write_large};
pub use plan::{Anomaly, DisputeWork, Plan, RehearsalError};

use books::{Books, Delivery};

/// A file of a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFile {
    /// Its path relative to the sample, with `/`.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Files and what is in them.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Every file, answer key included.
    pub files: Vec<SampleFile>,
    /// The figures of the answer key.
    pub answers: Vec<Answer>,
    /// The planted faults.
    pub planted: Vec<Planted>,
    /// The key of every dispute, where it was asked for.
    pub cases: Vec<CaseAnswer>,
}

/// Invents the merchant of a plan. The same plan gives the same bytes.
///
/// # Errors
/// [`RehearsalError`] where an anomaly finds no place or a month is beyond the calendar.
pub fn invent(plan: &Plan) -> Result<Sample, RehearsalError> {
    let mut books = keep_books(plan)?;
    let planted = anomaly::plant(&mut books, &plan.anomalies)?;
    let mut files = Vec::new();
    let mut answers = Vec::new();
    for books in &books {
        let reports = account_files(books, plan)?;
        let folder = &books.account.name;
        files.extend(reports.into_iter().map(|(name, bytes)| SampleFile { path: format!("{folder}/{name}"), bytes }));
        answers.extend(answer::answers(books, &plan.months)?);
    }
    let mut cases = Vec::new();
    if plan.dispute_work == DisputeWork::Hard {
        cases = books.iter().flat_map(disputes::case_answers).collect();
        let key = disputes::case_key(&cases)?;
        files.push(SampleFile { path: "expected/disputes.json".to_owned(), bytes: key });
    }
    let key = key::answer_key(plan, &books, &planted, &answers)?;
    files.push(SampleFile { path: "expected/answer-key.json".to_owned(), bytes: key });
    // Tells the reader that this folder holds no reports.
    files.push(SampleFile { path: "expected/.settleignore".to_owned(), bytes: Vec::new() });
    Ok(Sample { files, answers, planted, cases })
}

/// The honest books of every account.
fn keep_books(plan: &Plan) -> Result<Vec<Books>, RehearsalError> {
    let mut all = Vec::new();
    for account in &plan.accounts {
        let windows = plan.windows(account)?;
        let mut life = shop::live(account, &windows, plan.seed, plan.orders_per_day);
        if plan.dispute_work == DisputeWork::Hard {
            disputes::complicate(&mut life, &windows, account.market.step);
        }
        all.push(settling::settle(account.clone(), &windows, life, plan.seed));
    }
    Ok(all)
}

/// Every report of one account: file name and bytes.
fn account_files(books: &Books, plan: &Plan) -> Result<Vec<(String, Vec<u8>)>, RehearsalError> {
    let mut files = Vec::new();
    for settlement in books.known() {
        files.push((settlement.file_name(), layout::settlement_file(&books.account, settlement)));
        if settlement.delivery == Delivery::Reissued {
            files.push((anomaly::reissued_name(settlement), layout::reissued_file(&books.account, settlement)));
        }
    }
    files.extend(transactions::transaction_reports(books, &plan.months)?);
    files.extend(notices::disbursement_files(books, &plan.months)?);
    files.extend(notices::chargeback_notifications(books)?);
    if plan.dispute_work == DisputeWork::Hard {
        files.extend(disputes::dispute_objects(books)?);
    }
    Ok(files)
}
