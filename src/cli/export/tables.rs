//! The presets that carry rows: `transactions` and `parquet`. Nothing is booked; every row of the period is there.

use chrono::Datelike;

use super::super::args::Common;
use super::super::failure::Failure;
use super::super::world::World;
use super::job::{Exported, Job, Sight};
use super::output::{FileName, Output, commit, paths};
use super::write::compare;
use crate::domain::{ExitCode, Sum};
use crate::export::{OpenTarget, Preset, WriteError, push_transaction, transactions_header};
use crate::ledger::{Delivery, RowPlace, TransactionsWriter};
use crate::parse::SettlementRow;
use crate::report::journal::{Ledger, LedgerSettlement};

/// Days from the first of January of year 1 to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

/// Writes the rows of all ledgers; answers what is worth saying about it.
pub(super) fn write(
    job: &Job<'_>,
    ledgers: &[Ledger],
    common: &Common,
    world: &mut World<'_>,
) -> Result<Exported, Failure> {
    let last_day = ledgers.first().map(|ledger| ledger.last_day);
    let files: Vec<FileName<'_>> =
        last_day.map(|_| FileName { ledger: None, part: (1, 1), last_day }).into_iter().collect();
    let Some(path) = paths(job, &files, common.output.as_deref())?.into_iter().next() else {
        return Ok(Exported::new(vec!["nothing to export; no file is written".to_owned()], Vec::new()));
    };
    let (counts, written) = match job.preset {
        Preset::Parquet => write_parquet(job, ledgers, path.as_ref(), world)?,
        _ => write_csv(job, ledgers, path.as_ref(), world)?,
    };
    let told: Vec<String> = ledgers
        .iter()
        .zip(counts)
        .map(|(ledger, rows)| format!("{} {}: {rows} rows, {}", ledger.account, ledger.currency, ledger.vat.words()))
        .collect();
    Ok(Exported::new(told, written.into_iter().collect()))
}

type Written = (Vec<u64>, Option<std::path::PathBuf>);

fn write_csv(
    job: &Job<'_>,
    ledgers: &[Ledger],
    path: Option<&std::path::PathBuf>,
    world: &mut World<'_>,
) -> Result<Written, Failure> {
    let mut output = Output::open(path)?;
    transactions_header(job.dialect, &mut output.bytes);
    let mut put = |row: &SettlementRow<'_>, ledger: &Ledger, settlement: &LedgerSettlement| {
        push_transaction(job.dialect, row, ledger, settlement, &mut output.bytes);
        output.pass(world)
    };
    let counts = ledgers.iter().map(|ledger| rows(job, ledger, &mut put)).collect::<Result<Vec<_>, _>>()?;
    output.pass_all(world)?;
    Ok((counts, output.commit(job.replace)?))
}

fn write_parquet(
    job: &Job<'_>,
    ledgers: &[Ledger],
    path: Option<&std::path::PathBuf>,
    world: &mut World<'_>,
) -> Result<Written, Failure> {
    let refused =
        |why: &dyn std::fmt::Display| Failure::new(ExitCode::Storage, format!("cannot write the Parquet file: {why}"));
    let mut target = path.map(|path| OpenTarget::open(path)).transpose()?;
    let out: &mut dyn std::io::Write = match &mut target {
        Some(target) => target,
        None => &mut *world.stdout,
    };
    let mut writer = TransactionsWriter::new(out).map_err(|why| refused(&why))?;
    let mut put = |row: &SettlementRow<'_>, ledger: &Ledger, settlement: &LedgerSettlement| {
        let place = RowPlace {
            account: ledger.account.as_str(),
            epoch_day: ledger.period.zone().date_of(row.posted).num_days_from_ce() - EPOCH_DAY,
            vat_on_fees: ledger.vat.treatment.word(),
            file: &settlement.file,
        };
        writer.push(row, place).map_err(|why| refused(&why))
    };
    let counts = ledgers.iter().map(|ledger| rows(job, ledger, &mut put)).collect::<Result<Vec<_>, _>>()?;
    writer.finish().map_err(|why| refused(&why))?;
    let placed = match target {
        Some(target) => commit(target, job.replace)?,
        None => {
            world.stdout.flush().map_err(WriteError::from)?;
            false
        }
    };
    Ok((counts, path.filter(|_| placed).cloned()))
}

type PutRow<'a> = dyn FnMut(&SettlementRow<'_>, &Ledger, &LedgerSettlement) -> Result<(), Failure> + 'a;

/// Hands on every row of a ledger and compares their sum with the statement.
fn rows(job: &Job<'_>, ledger: &Ledger, put: &mut PutRow<'_>) -> Result<u64, Failure> {
    struct Pass<'a, 'p> {
        ledger: &'a Ledger,
        settlement: &'a LedgerSettlement,
        put: &'a mut PutRow<'p>,
        count: u64,
        moved: Sum,
    }
    impl Sight for Pass<'_, '_> {
        fn row(&mut self, row: &SettlementRow<'_>) -> Result<(), Failure> {
            self.count += 1;
            if row.kind.moves_balance() {
                self.moved += row.net;
            }
            (self.put)(row, self.ledger, self.settlement)
        }
    }
    let (mut count, mut moved) = (0, Sum::ZERO);
    for settlement in &ledger.settlements {
        let mut pass = Pass { ledger, settlement, put: &mut *put, count, moved };
        job.walk(ledger, settlement, delivery(job, ledger, settlement)?, &mut pass)?;
        (count, moved) = (pass.count, pass.moved);
    }
    compare(ledger, moved)?;
    Ok(count)
}

/// A file in another charset is read twice, and what was written cannot be taken back; so the first look is at
/// how often it begins.
fn delivery(job: &Job<'_>, ledger: &Ledger, settlement: &LedgerSettlement) -> Result<Delivery, Failure> {
    #[derive(Default)]
    struct Begun(u32);
    impl Sight for Begun {
        fn begin(&mut self) {
            self.0 += 1;
        }

        fn row(&mut self, _row: &SettlementRow<'_>) -> Result<(), Failure> {
            Ok(())
        }
    }
    let mut begun = Begun::default();
    job.walk(ledger, settlement, Delivery::AsRead, &mut begun)?;
    Ok(if begun.0 > 1 { Delivery::WhenWhole } else { Delivery::AsRead })
}
