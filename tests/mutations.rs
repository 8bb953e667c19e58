//! Whatever happens to the bytes of a good settlement, no amount is read that the file did not print,
//! unless a check of its row fails; and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says why by ending")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use proptest::prelude::*;
use settle::domain::{Amount, Sum};
use settle::parse::{
    Fault, Privacy, ReadOptions, Receiver, RowSink, SettlementHead, SettlementRow, gather, read_document,
};

/// Currency code and the five amounts of a row.
type Row = (&'static str, [Amount; 5]);

#[derive(Default)]
struct Rows(Vec<Row>);

impl RowSink for Rows {
    fn row(&mut self, row: &SettlementRow<'_>) {
        let amounts = [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net];
        self.0.push((row.currency.code(), amounts));
    }
}

impl Receiver for Rows {
    type Sink = Rows;

    fn begin(&mut self, _head: &SettlementHead) -> Result<Box<dyn Fn() -> Rows + Send + Sync>, Fault> {
        self.0.clear();
        Ok(Box::new(Rows::default))
    }

    fn take(&mut self, sink: Rows) -> Result<(), Fault> {
        self.0.extend(sink.0);
        Ok(())
    }
}

/// A place for one file that is written again and again.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The rows of a settlement with these bytes, `None` where it is refused.
    fn read(&self, bytes: &[u8]) -> Option<Vec<Row>> {
        let path = self.0.path().join("settlement.csv");
        fs::write(&path, bytes).unwrap();
        let options =
            ReadOptions { workers: NonZeroUsize::MIN, privacy: Privacy::Drop, watch: settle::parse::Watch::default() };
        let mut rows = Rows::default();
        let gathered = gather(&[path]);
        let read = gathered.inputs.first().map(|input| read_document(input, &options, &mut rows, None));
        read?.ok().map(|_| rows.0)
    }
}

fn ties((_, [amount, percentage_fee, fixed_fee, fee, net]): &Row) -> bool {
    let sum = |a: &Amount, b: &Amount| Sum::from(*a) - (Sum::default() - Sum::from(*b));
    sum(amount, fee) == Sum::from(*net) && sum(percentage_fee, fixed_fee) == Sum::from(*fee)
}

/// The first three rows of a sample, so that every byte of it can be tried.
fn good() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_reports/shop-fr/settlement-2026-09-02.csv");
    let text = fs::read_to_string(path).unwrap();
    text.split_inclusive('\n').take(9).collect::<String>().into_bytes()
}

fn unquoted(bytes: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap().replace("Boutique \"\"L'Été\"\", Paris", "Boutique");
    text.replace('"', "").into_bytes()
}

#[test]
fn a_file_cut_at_any_byte_is_refused_or_read_with_fewer_rows() {
    let (desk, file) = (Desk::new(), good());
    let whole = desk.read(&file).unwrap();
    assert!(whole.len() == 3 && whole.iter().all(ties));
    for length in 0..file.len() {
        let Some(rows) = desk.read(&file[..length]) else { continue };
        assert!(whole.starts_with(&rows), "cut after {length} bytes");
        // A whole row, with or without its line end, or the header alone.
        let ends_a_line = matches!(file[..=length], [.., b'\n', _] | [.., b'"', b'\n'] | [.., b',', b'\n']);
        let ends_the_header = matches!(file[..=length], [.., b'"', b',']);
        assert!(ends_a_line || (ends_the_header && rows.is_empty()), "cut after {length} bytes");
    }
}

#[test]
fn an_unquoted_file_cut_at_any_byte_never_alters_an_amount_unseen() {
    let (desk, file) = (Desk::new(), unquoted(&good()));
    let whole = desk.read(&file).unwrap();
    assert_eq!(whole.len(), 3);
    for length in 0..file.len() {
        let Some(rows) = desk.read(&file[..length]) else { continue };
        assert!(whole.starts_with(&rows) || !rows.iter().all(ties), "cut after {length} bytes: {rows:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_changed_byte_never_alters_an_amount_unseen(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let (desk, mut file) = (Desk::new(), good());
        let whole = desk.read(&file).unwrap();
        let at = at.index(file.len());
        file[at] = byte;
        if let Some(rows) = desk.read(&file) {
            prop_assert!(rows == whole || !rows.iter().all(ties), "byte {} is now {}: {:?}", at, byte, rows);
        }
    }

    #[test]
    fn no_damage_makes_the_reader_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..40),
        length in any::<prop::sample::Index>(),
    ) {
        let mut file = good();
        for (at, byte, how) in changes {
            let at = at.index(file.len());
            match how {
                0 => file[at] = byte,
                1 => file.insert(at, byte),
                _ => drop(file.remove(at)),
            }
        }
        file.truncate(length.index(file.len()) + 1);
        let _ = Desk::new().read(&file);
    }
}
