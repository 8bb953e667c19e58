//! The eight checks of a statement (contract §6), tolerance zero, each failure with its two values.

use super::chain::{ChainBreak, ChainFindings};
use super::settlements::{Conflict, SettlementDocument};
use crate::domain::{AccountName, Currency, Instant, RowKind, SettlementId, Sum};
use crate::ledger::{FailedRow, RowCheck};

/// The names of the checks, in the order of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckName {
    /// `net = amount + total fee`.
    RowNet,
    /// `total fee = percentage fee + fixed fee`.
    RowFee,
    /// Every row lies inside its settlement's period.
    Period,
    /// One settlement id and one merchant id in a file.
    ConstantId,
    /// The reserve closed is the reserve opened next.
    ChainReserve,
    /// The balance carried over is the balance brought forward.
    ChainCarryover,
    /// No hole and no overlap between neighbours.
    ChainContiguous,
    /// One settlement is not there twice with different bytes.
    DuplicateSettlement,
}

impl CheckName {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CheckName::RowNet => "row_net",
            CheckName::RowFee => "row_fee",
            CheckName::Period => "period",
            CheckName::ConstantId => "constant_id",
            CheckName::ChainReserve => "chain_reserve",
            CheckName::ChainCarryover => "chain_carryover",
            CheckName::ChainContiguous => "chain_contiguous",
            CheckName::DuplicateSettlement => "duplicate_settlement",
        }
    }

    /// What it proves, for people.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            CheckName::RowNet => "net = amount + total fee, in every row",
            CheckName::RowFee => "total fee = percentage fee + fixed fee, in every row",
            CheckName::Period => "every row lies inside its settlement's period",
            CheckName::ConstantId => "one settlement and one merchant in each file",
            CheckName::ChainReserve => "reserve closed = reserve opened next",
            CheckName::ChainCarryover => "carried over = brought forward next",
            CheckName::ChainContiguous => "settlements follow one another without a hole",
            CheckName::DuplicateSettlement => "no settlement is there twice with other bytes",
        }
    }
}

/// One check and what it found.
#[derive(Clone, Debug)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// Rows, files or pairs that pass.
    pub passed: u64,
    /// How many fail; more than the list holds where a file is wrong throughout.
    pub failures: u64,
    /// The failures, the first thousand of each file.
    pub failed: Vec<Failure>,
}

/// Where a check fails and by how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The file.
    pub file: String,
    /// The line, where one line is to blame.
    pub line: Option<u64>,
    /// What the file says, and what it should say.
    pub values: FailedValues,
}

/// Stated and computed values of one failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailedValues {
    /// Two amounts.
    Amounts {
        /// Their currency.
        currency: Currency,
        /// What the file states.
        stated: Sum,
        /// What follows from the rest.
        computed: Sum,
    },
    /// Two instants: where something is, and the bound that it breaks.
    Instants {
        /// Where it is.
        stated: Instant,
        /// The bound.
        computed: Instant,
    },
    /// Two texts.
    Texts {
        /// What the file states.
        stated: String,
        /// What it should state.
        computed: String,
    },
}

/// The four checks within documents.
#[must_use]
pub fn row_checks(documents: &[&SettlementDocument]) -> Vec<Check> {
    let mut net = Check::new(CheckName::RowNet);
    let mut fee = Check::new(CheckName::RowFee);
    let mut period = Check::new(CheckName::Period);
    let mut constant = Check::new(CheckName::ConstantId);
    for document in documents {
        net.add_rows(&document.file, &document.digest.row_net);
        fee.add_rows(&document.file, &document.digest.row_fee);
        period.passed += document.digest.period.passed;
        period.failures += document.digest.period.failed;
        period.failed.extend(document.digest.period.first.iter().map(|row| {
            let bound = if row.posted < document.start { document.start } else { document.end };
            let values = FailedValues::Instants { stated: row.posted, computed: bound };
            Failure { file: document.file.clone(), line: Some(row.line), values }
        }));
        let foreign = constant_failures(document);
        if foreign.is_empty() {
            constant.passed += 1;
        }
        constant.failures += foreign.len() as u64;
        constant.failed.extend(foreign);
    }
    vec![net, fee, period, constant]
}

fn constant_failures(document: &SettlementDocument) -> Vec<Failure> {
    let first = document.digest.ids.first().map(|id| id.id.clone()).unwrap_or_default();
    let texts = |stated: &str, computed: &str, line| Failure {
        file: document.file.clone(),
        line: Some(line),
        values: FailedValues::Texts { stated: stated.to_owned(), computed: computed.to_owned() },
    };
    let mut failures: Vec<Failure> =
        document.digest.ids.iter().skip(1).map(|id| texts(&id.id, &first, id.line)).collect();
    failures.sort_by_key(|failure| failure.line);
    if let (Some(seller), Some((other, line))) = (&document.seller_id, &document.seller_conflict) {
        failures.push(texts(other.as_str(), seller.as_str(), *line));
    }
    failures
}

/// The three checks between settlements, over the chains of all accounts.
#[must_use]
pub fn chain_checks(chains: &[(AccountName, Currency, &ChainFindings)]) -> Vec<Check> {
    let mut reserve = Check::new(CheckName::ChainReserve);
    let mut carryover = Check::new(CheckName::ChainCarryover);
    let mut contiguous = Check::new(CheckName::ChainContiguous);
    for (_, currency, chain) in chains {
        reserve.passed += chain.pairs;
        carryover.passed += chain.pairs;
        contiguous.passed += chain.borders;
        for found in &chain.breaks {
            let (check, failure) = match found {
                ChainBreak::Amount { kind, file, opened, closed, .. } => {
                    let check = if *kind == RowKind::Reserve { &mut reserve } else { &mut carryover };
                    let values = FailedValues::Amounts { currency: *currency, stated: *opened, computed: *closed };
                    (check, Failure { file: file.clone(), line: None, values })
                }
                ChainBreak::Contiguity { file, end, start, .. } => {
                    let values = FailedValues::Instants { stated: *start, computed: *end };
                    (&mut contiguous, Failure { file: file.clone(), line: None, values })
                }
            };
            check.passed = check.passed.saturating_sub(1);
            check.failures += 1;
            check.failed.push(failure);
        }
    }
    vec![reserve, carryover, contiguous]
}

/// The check that every settlement is there once, or that somebody decided which document counts.
#[must_use]
pub fn duplicate_check(settlements: &[&SettlementDocument], conflicts: &[Conflict]) -> Check {
    let mut check = Check::new(CheckName::DuplicateSettlement);
    let open: Vec<&Conflict> = conflicts.iter().filter(|conflict| conflict.decided.is_none()).collect();
    let in_conflict =
        |id: Option<SettlementId>| open.iter().any(|conflict| Some(&conflict.settlement_id) == id.as_ref());
    check.passed = settlements.iter().filter(|document| !in_conflict(document.settlement_id())).count() as u64;
    check.failures = open.len() as u64;
    check.failed = open
        .into_iter()
        .map(|conflict| Failure {
            file: conflict.set_aside.clone(),
            line: None,
            values: FailedValues::Texts { stated: conflict.set_aside.clone(), computed: conflict.counted.clone() },
        })
        .collect();
    check
}

impl Check {
    fn new(name: CheckName) -> Self {
        Self { name, passed: 0, failures: 0, failed: Vec::new() }
    }

    fn add_rows(&mut self, file: &str, check: &RowCheck<FailedRow>) {
        self.passed += check.passed;
        self.failures += check.failed;
        self.failed.extend(check.first.iter().map(|row| Failure {
            file: file.to_owned(),
            line: Some(row.line),
            values: FailedValues::Amounts { currency: row.currency, stated: row.stated.into(), computed: row.computed },
        }));
    }
}
