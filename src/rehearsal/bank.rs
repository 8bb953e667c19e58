//! What the bank books: every payout with its fate, among lines of other people.
//!
//! Payouts arrive after some business days, some under their reference, some late, in parts, together
//! with the next one, sent back, one cent short, or not at all. Beside them stand look-alikes: equal
//! amounts of other names, other amounts of Amazon's name. The key tells which line is which payout.

use chrono::NaiveDate;
use serde::Serialize;

use super::bank_files::statement_file;
use super::books::{Books, Payout};
use super::country::Cents;
use super::plan::{AccountPlan, RehearsalError};
use super::random::Random;
use crate::domain::{BankCalendar, SettlementId};

/// Business days within which a payout surely arrives in time.
const DAYS_IN_TIME: (i64, i64) = (1, 5);
/// Business days after which it is surely late: the window of the facts ends after seven.
const DAYS_LATE: (i64, i64) = (9, 13);
/// Two equal amounts further apart than this can never be taken for each other.
const APART_DAYS: i64 = 60;
/// Calendar days after a posting in which lines could by chance add up to it.
const SUM_DAYS: i64 = 18;
/// Neighbouring payouts that could by chance add up to a line.
const RUN_MAX: usize = 7;
/// Days of statement before the first payout and after the last, so that every window is over.
const MARGIN_DAYS: u64 = 30;

/// What becomes of a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Fate {
    /// One line, nothing but amount, day and payee.
    Plain,
    /// One line with the reference of the disbursement.
    Reference,
    /// One line, after the window.
    Late,
    /// No line.
    Missing,
    /// Two lines.
    Split,
    /// One line together with the next payout.
    Batch,
    /// One line, and another that takes it back.
    Returned,
    /// One line with the reference, one cent short.
    Short,
}

/// Fates and how many of a thousand payouts have them; the rest are plain.
const FATES: [(Fate, u64); 7] = [
    (Fate::Reference, 200),
    (Fate::Late, 15),
    (Fate::Missing, 10),
    (Fate::Split, 12),
    (Fate::Batch, 20),
    (Fate::Returned, 8),
    (Fate::Short, 6),
];

/// One line of a bank account.
#[derive(Clone, Debug)]
pub(super) struct BankLine {
    /// The bank's own number of it.
    pub number: String,
    /// The day of booking.
    pub booked: NaiveDate,
    /// Credit positive.
    pub amount: Cents,
    /// The other party.
    pub party: &'static str,
    /// What stands in the text.
    pub text: String,
    /// Whether it takes an earlier line back.
    pub takes_back: bool,
}

/// The lines of one account, in order of booking.
#[derive(Clone, Debug)]
pub(super) struct BankBooks {
    pub account: AccountPlan,
    pub from: NaiveDate,
    pub until: NaiveDate,
    pub lines: Vec<BankLine>,
}

/// What a correct reader must find of one payout.
#[derive(Clone, Debug, Serialize)]
pub struct BankAnswer {
    /// The folder of the account's files.
    pub account: String,
    /// The settlement that was paid.
    pub settlement_id: SettlementId,
    /// What was paid, in hundredths.
    pub cents: i64,
    /// The local day of its posting.
    pub posted_on: String,
    /// What became of it.
    fate: Fate,
    /// The state that a correct reader gives, where it can be decided.
    pub state: &'static str,
    /// The bank's numbers of its lines.
    pub lines: Vec<String>,
    /// Whether nothing else could be taken for it.
    pub decidable: bool,
    #[serde(skip)]
    currency: crate::domain::Currency,
    #[serde(skip)]
    days: (NaiveDate, NaiveDate),
}

/// Files and answers of all accounts.
pub(super) struct Bank {
    pub files: Vec<(String, Vec<u8>)>,
    pub answers: Vec<BankAnswer>,
}

/// The bank statements of every account.
pub(super) fn bank_of(all: &[Books], seed: u64) -> Result<Bank, RehearsalError> {
    let mut bank = Bank { files: Vec::new(), answers: Vec::new() };
    let (mut strangers, mut lines) = (Vec::new(), Vec::new());
    for books in all {
        let Some(kept) = keep(books, seed, &mut bank.answers) else { continue };
        strangers.extend(kept.strange);
        let currency = kept.books.account.currency;
        lines.extend(kept.books.lines.iter().filter(|line| line.party == AMAZON).map(|line| (currency, line.clone())));
        bank.files.push(statement_file(&kept.books));
    }
    decide(&mut bank.answers, &strangers);
    doubt_sums(&mut bank.answers, &lines);
    join_batches(&mut bank.answers);
    Ok(bank)
}

/// The key of the bank as JSON, an answer a line.
pub(super) fn bank_key(answers: &[BankAnswer]) -> Result<Vec<u8>, RehearsalError> {
    let lines = answers.iter().map(serde_json::to_string).collect::<Result<Vec<String>, _>>()?;
    Ok(format!("{{\"schema\":\"settle.rehearsal-bank/1\",\n\"payouts\":[\n{}\n]}}\n", lines.join(",\n")).into_bytes())
}

/// An amount of Amazon's name that is no payout, or an equal amount of another's.
struct Strange {
    currency: crate::domain::Currency,
    amount: Cents,
    booked: NaiveDate,
}

struct Kept {
    books: BankBooks,
    strange: Vec<Strange>,
}

fn keep(books: &Books, seed: u64, answers: &mut Vec<BankAnswer>) -> Option<Kept> {
    let account = &books.account;
    let day_of = |payout: &Payout| account.zone.date_of(payout.posted);
    let (first, last) = (day_of(books.payouts.first()?), day_of(books.payouts.last()?));
    let from = first.checked_sub_days(chrono::Days::new(MARGIN_DAYS))?;
    let until = last.checked_add_days(chrono::Days::new(MARGIN_DAYS))?;
    let random = Random::for_purpose(seed, &format!("bank {} {}", account.position, account.market.country));
    let mut clerk =
        Clerk { account, random, calendar: BankCalendar::default(), lines: Vec::new(), strange: Vec::new() };
    let mut waiting: Option<BankAnswer> = None;
    for payout in &books.payouts {
        let posted = day_of(payout);
        let mut answer = clerk.answer(payout, posted);
        if let Some(mut earlier) = waiting.take() {
            clerk.batch(&mut earlier, &mut answer);
            answers.push(earlier);
        } else if answer.fate == Fate::Batch {
            waiting = Some(answer);
            continue;
        } else {
            clerk.book(&mut answer, posted);
        }
        // Nothing came, but a line of the amount and of another name did: somebody must look.
        if clerk.look_alikes(payout.amount, posted) && answer.fate == Fate::Missing {
            answer.state = "ambiguous";
        }
        answers.push(answer);
    }
    if let Some(mut alone) = waiting {
        alone.fate = Fate::Plain;
        let posted = alone.days.0;
        clerk.book(&mut alone, posted);
        answers.push(alone);
    }
    clerk.lines.sort_by(|a, b| (a.booked, &a.number).cmp(&(b.booked, &b.number)));
    let strange = std::mem::take(&mut clerk.strange);
    let lines = clerk.lines;
    Some(Kept { books: BankBooks { account: account.clone(), from, until, lines }, strange })
}

struct Clerk<'a> {
    account: &'a AccountPlan,
    random: Random,
    calendar: BankCalendar,
    lines: Vec<BankLine>,
    strange: Vec<Strange>,
}

impl Clerk<'_> {
    fn answer(&mut self, payout: &Payout, posted: NaiveDate) -> BankAnswer {
        let mut draw = self.random.below(1_000);
        let mut fate = Fate::Plain;
        for (candidate, share) in FATES {
            if draw < share {
                fate = candidate;
                break;
            }
            draw -= share;
        }
        // A collection has no reference and no parts.
        if payout.amount < 0 && fate != Fate::Missing {
            fate = Fate::Plain;
        }
        let state = match fate {
            Fate::Plain | Fate::Reference | Fate::Split | Fate::Batch => "matched",
            Fate::Late | Fate::Missing | Fate::Returned => "missing",
            Fate::Short => "amount_differs",
        };
        BankAnswer {
            account: self.account.name.clone(),
            settlement_id: payout.settlement.clone(),
            cents: payout.amount,
            posted_on: posted.to_string(),
            fate,
            state,
            lines: Vec::new(),
            decidable: true,
            currency: self.account.currency,
            days: (posted, posted),
        }
    }

    /// Books a payout by its fate.
    fn book(&mut self, answer: &mut BankAnswer, posted: NaiveDate) {
        let (cents, reference) = (answer.cents, format!("AMZN{}", answer.settlement_id));
        let arrives = self.day(posted, if answer.fate == Fate::Late { DAYS_LATE } else { DAYS_IN_TIME });
        match answer.fate {
            Fate::Missing => {}
            Fate::Plain | Fate::Late | Fate::Batch => self.credit(answer, arrives, cents, "AMAZON PAY AUSZAHLUNG"),
            Fate::Reference => self.credit(answer, arrives, cents, &reference),
            Fate::Short => self.credit(answer, arrives, cents - 1, &reference),
            Fate::Split => {
                let part = (cents * self.random.between(20, 80) / 100 / self.account.market.step
                    * self.account.market.step)
                    .clamp(self.account.market.step, cents - self.account.market.step);
                self.credit(answer, arrives, part, "AMAZON PAY AUSZAHLUNG");
                self.credit(answer, arrives, cents - part, "AMAZON PAY AUSZAHLUNG");
            }
            Fate::Returned => {
                self.credit(answer, arrives, cents, "AMAZON PAY AUSZAHLUNG");
                let back = self.calendar.after(arrives, 2);
                self.line(back, -cents, AMAZON, "RETOURE KONTO UNBEKANNT".to_owned(), true);
            }
        }
    }

    /// One line for two payouts.
    fn batch(&mut self, first: &mut BankAnswer, second: &mut BankAnswer) {
        let posted: NaiveDate = second.days.0;
        second.fate = Fate::Batch;
        second.state = "matched";
        let arrives = self.day(posted, DAYS_IN_TIME);
        self.credit(first, arrives, first.cents + second.cents, "AMAZON PAY AUSZAHLUNG");
        second.lines.clone_from(&first.lines);
        second.days.1 = arrives;
    }

    fn day(&mut self, posted: NaiveDate, (least, most): (i64, i64)) -> NaiveDate {
        let days = u32::try_from(self.random.between(least, most)).unwrap_or(1);
        self.calendar.after(posted, days)
    }

    fn credit(&mut self, answer: &mut BankAnswer, booked: NaiveDate, amount: Cents, text: &str) {
        let number = self.line(booked, amount, AMAZON, text.to_owned(), false);
        answer.lines.push(number);
        answer.days.1 = booked;
    }

    fn line(
        &mut self,
        booked: NaiveDate,
        amount: Cents,
        party: &'static str,
        text: String,
        takes_back: bool,
    ) -> String {
        let number = format!("{}{:08}", self.account.position + 1, self.lines.len() + 1);
        self.lines.push(BankLine { number: number.clone(), booked, amount, party, text, takes_back });
        number
    }

    /// Equal amounts of other names, other amounts of Amazon's name, and everyday lines; tells whether
    /// there is one of the first.
    fn look_alikes(&mut self, amount: Cents, posted: NaiveDate) -> bool {
        let alike = self.random.chance(120);
        if alike {
            let name = self.random.choose(&LOOK_ALIKES).copied().unwrap_or("AMAZONAS PAYMENTS GMBH");
            let booked = self.day(posted, DAYS_IN_TIME);
            self.line(booked, amount, name, "RECHNUNG".to_owned(), false);
        }
        if self.random.chance(100) {
            let booked = self.day(posted, DAYS_IN_TIME);
            let price = -(self.random.between(5, 200) * 100 + 99) / self.account.market.step * self.account.market.step;
            self.line(booked, price, AMAZON, "111-2222222-3333333 AMZN MKTP".to_owned(), false);
            self.strange.push(Strange { currency: self.account.currency, amount: price, booked });
        }
        if self.random.chance(40) {
            let booked = self.day(posted, DAYS_IN_TIME);
            let paid =
                (self.random.between(1_000, 90_000) * 100 + 37) / self.account.market.step * self.account.market.step;
            self.line(booked, paid, AMAZON, "MARKETPLACE".to_owned(), false);
            self.strange.push(Strange { currency: self.account.currency, amount: paid, booked });
        }
        let everyday = self.random.below(3);
        for _ in 0..everyday {
            let booked = self.day(posted, DAYS_IN_TIME);
            let name = self.random.choose(&EVERYDAY).copied().unwrap_or("MUELLER");
            let cents = self.random.between(-90_000, 90_000) / self.account.market.step * self.account.market.step;
            let cents = if cents == 0 { self.account.market.step } else { cents };
            self.line(booked, cents, name, "DIVERSES".to_owned(), false);
        }
        alike
    }
}

/// The payer as this bank prints it.
const AMAZON: &str = "AMAZON PAYMENTS EUROPE SCA";
/// Names that are not the payer's.
const LOOK_ALIKES: [&str; 4] =
    ["AMAZONAS PAYMENTS GMBH", "AMAZON EU SARL", "AMAZON PAYROLL SERVICES", "PAY AMAZON FAN SHOP"];
/// Names of other people.
const EVERYDAY: [&str; 4] = ["MUELLER UND SOHN", "BOULANGERIE DUPONT", "STADTWERKE", "SANTOS LDA"];

/// Marks what could be taken for something else: equal amounts of the same currency, or parts and sums
/// that equal one, near in time.
fn decide(answers: &mut [BankAnswer], strangers: &[Strange]) {
    let known: Vec<BankAnswer> = answers.to_vec();
    let batches = batches(answers);
    for (at, answer) in answers.iter_mut().enumerate() {
        if matches!(answer.fate, Fate::Reference | Fate::Short) {
            continue;
        }
        let near = |day: NaiveDate| (day - answer.days.0).num_days().abs() <= APART_DAYS;
        let equal = known.iter().enumerate().any(|(place, other)| {
            place != at
                && (other.currency, other.cents) == (answer.currency, answer.cents)
                && (near(other.days.0) || near(other.days.1))
        });
        let strange = strangers.iter().any(|strange| {
            (strange.currency, strange.amount) == (answer.currency, answer.cents) && near(strange.booked)
        });
        let summed = batches.iter().any(|batch| {
            (batch.currency, batch.amount) == (answer.currency, answer.cents)
                && batch.lines != answer.lines
                && near(batch.booked)
        });
        answer.decidable = !equal && !strange && !summed && answer.fate != Fate::Late;
    }
}

/// Marks payouts that other lines add up to, or that add up to other lines with their neighbours: by
/// chance, as round amounts do.
fn doubt_sums(answers: &mut [BankAnswer], lines: &[(crate::domain::Currency, BankLine)]) {
    let near = |day: NaiveDate, posted: NaiveDate| (-3..=SUM_DAYS).contains(&(day - posted).num_days());
    for answer in answers.iter_mut() {
        let around = lines.iter().filter(|(currency, line)| {
            *currency == answer.currency && near(line.booked, answer.days.0) && !answer.lines.contains(&line.number)
        });
        let amounts: Vec<Cents> = around.map(|(_, line)| line.amount).collect();
        let chance = amounts.iter().enumerate().any(|(at, one)| {
            amounts.iter().enumerate().skip(at + 1).any(|(next, two)| {
                one + two == answer.cents
                    || amounts.iter().skip(next + 1).any(|three| one + two + three == answer.cents)
            })
        });
        answer.decidable &= !chance || matches!(answer.fate, Fate::Reference | Fate::Short);
    }
    let known: Vec<BankAnswer> = answers.to_vec();
    for start in 0..known.len() {
        let Some(first) = known.get(start) else { continue };
        let mut sum = 0;
        for (length, next) in known.iter().skip(start).take(RUN_MAX).enumerate() {
            if next.account != first.account {
                break;
            }
            sum += next.cents;
            let chance = lines.iter().any(|(of, line)| {
                let foreign = !first.lines.contains(&line.number);
                *of == first.currency && line.amount == sum && near(line.booked, first.days.0) && foreign
            });
            if chance && length > 0 {
                answers.iter_mut().skip(start).take(length + 1).for_each(|answer| {
                    answer.decidable &= matches!(answer.fate, Fate::Reference | Fate::Short);
                });
            }
        }
    }
}

/// Both halves of a batch can be decided, or neither.
fn join_batches(answers: &mut [BankAnswer]) {
    let undecided: Vec<Vec<String>> = answers
        .iter()
        .filter(|answer| answer.fate == Fate::Batch && !answer.decidable)
        .map(|answer| answer.lines.clone())
        .collect();
    for answer in answers.iter_mut().filter(|answer| undecided.contains(&answer.lines) && !answer.lines.is_empty()) {
        answer.decidable = false;
    }
}

/// A line that holds two payouts.
struct Batch {
    lines: Vec<String>,
    currency: crate::domain::Currency,
    amount: Cents,
    booked: NaiveDate,
}

fn batches(answers: &[BankAnswer]) -> Vec<Batch> {
    let batched: Vec<&BankAnswer> = answers.iter().filter(|answer| answer.fate == Fate::Batch).collect();
    let pairs = batched.iter().zip(batched.iter().skip(1)).filter(|(a, b)| a.lines == b.lines);
    let batch = |(a, b): (&&BankAnswer, &&BankAnswer)| Batch {
        lines: a.lines.clone(),
        currency: a.currency,
        amount: a.cents + b.cents,
        booked: b.days.1,
    };
    pairs.map(batch).collect()
}
