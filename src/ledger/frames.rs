//! Settlement rows as frames: the only place that turns amounts into a Polars dtype and back.
//!
//! Money enters as exact integers through `into_decimal` and leaves through the physical integers.
//! Polars rounds silently when it casts text, and means and float literals leave the decimals, so
//! neither is used anywhere.

use polars::prelude::*;

use crate::domain::{Amount, Currency, Instant, KindCache};
use crate::parse::{RowSink, SettlementRow};

/// Digits of the money columns; with 18 Parquet stores them as 64-bit integers that every engine reads.
pub const MONEY_PRECISION: usize = 18;
/// Decimals of the money columns.
pub(super) const MONEY_SCALE: usize = Amount::SCALE as usize;
/// The money columns, in order.
pub const MONEY_COLUMNS: [&str; 5] = ["amount", "percentage_fee", "fixed_fee", "fee", "net"];
/// The text columns, in order.
pub(super) const TEXT_COLUMNS: [&str; 12] = [
    "settlement_id",
    "transaction_id",
    "seller_reference_id",
    "type",
    "kind",
    "order_reference_id",
    "seller_order_id",
    "store_name",
    "currency",
    "description",
    "extra",
    "case_order_reference_id",
];

/// The order reference once more, on dispute rows and corrections only: a statement needs it there and nowhere
/// else, and need not read the wide column for it.
pub(super) const CASE_COLUMN: &str = "case_order_reference_id";

/// The columns of a settlement's Parquet file: line, posting instant in UTC, its printed offset in
/// minutes, twelve texts (empty cells are null), five decimals.
#[must_use]
pub fn settlement_schema() -> Schema {
    let mut schema = Schema::with_capacity(21);
    schema.insert("line".into(), DataType::Int64);
    schema.insert(SHIFT_COLUMN.into(), DataType::Int64);
    schema.insert("posted_utc".into(), DataType::Datetime(TimeUnit::Milliseconds, None));
    schema.insert("posted_offset_minutes".into(), DataType::Int32);
    for name in TEXT_COLUMNS {
        schema.insert(name.into(), DataType::String);
    }
    for name in MONEY_COLUMNS {
        schema.insert(name.into(), DataType::Decimal(MONEY_PRECISION, MONEY_SCALE));
    }
    schema
}

/// `line` less the row's number in the file, from 0: nearly constant, so that a statement gets at lines
/// without reading the column that does not compress.
pub(super) const SHIFT_COLUMN: &str = "line_less_row";

/// Columns in the making, filled row by row.
pub struct RowColumns {
    lines: Vec<i64>,
    posted: Vec<i64>,
    offsets: Vec<i32>,
    texts: [StringChunkedBuilder; 12],
    money: [Vec<i128>; 5],
}

impl RowColumns {
    /// Room for a number of rows.
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Self {
            lines: Vec::with_capacity(rows),
            posted: Vec::with_capacity(rows),
            offsets: Vec::with_capacity(rows),
            texts: TEXT_COLUMNS.map(|name| StringChunkedBuilder::new(name.into(), rows)),
            money: std::array::from_fn(|_| Vec::with_capacity(rows)),
        }
    }

    /// Rows so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The frame: as many rows as were pushed, the columns of [`settlement_schema`]. `first_row` is the
    /// number of its first row in the file, from 0.
    ///
    /// # Errors
    /// Where an amount has more digits than the money columns hold.
    pub fn into_frame(self, first_row: u64) -> PolarsResult<DataFrame> {
        let height = self.lines.len();
        let rows = first_row.cast_signed()..;
        let shifts: Vec<i64> = self.lines.iter().zip(rows).map(|(line, row)| line.wrapping_sub(row)).collect();
        let mut columns = vec![
            Column::new("line".into(), self.lines),
            Column::new(SHIFT_COLUMN.into(), shifts),
            Int64Chunked::from_vec("posted_utc".into(), self.posted)
                .into_datetime(TimeUnit::Milliseconds, None)
                .into_series()
                .into_column(),
            Column::new("posted_offset_minutes".into(), self.offsets),
        ];
        columns.extend(self.texts.map(|text| text.finish().into_series().into_column()));
        for (name, units) in MONEY_COLUMNS.into_iter().zip(self.money) {
            columns.push(money_column(name, units)?);
        }
        DataFrame::new(height, columns)
    }
}

impl RowSink for RowColumns {
    fn row(&mut self, row: &SettlementRow<'_>) {
        // Line numbers are far below 2^63, the format of every engine's integers.
        self.lines.push(row.line.cast_signed());
        self.posted.push(row.posted.utc_millis());
        self.offsets.push(i32::from(row.posted.offset_minutes()));
        let texts = [
            row.settlement_id,
            row.transaction_id,
            row.seller_reference_id,
            row.word,
            row.kind.word(),
            row.order_reference_id,
            row.seller_order_id,
            row.store_name,
            row.currency.code(),
            row.description,
            row.extra,
            if row.kind.can_join_case() { row.order_reference_id } else { "" },
        ];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.append_option((!text.is_empty()).then_some(text));
        }
        let amounts = [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net];
        for (column, amount) in self.money.iter_mut().zip(amounts) {
            column.push(i128::from(amount.units()));
        }
    }
}

/// Exact integers of ten-thousandths as a decimal column; the precision is checked.
pub(super) fn money_column(name: &str, units: Vec<i128>) -> PolarsResult<Column> {
    let decimals = Int128Chunked::from_vec(name.into(), units).into_decimal(MONEY_PRECISION, MONEY_SCALE)?;
    Ok(decimals.into_series().into_column())
}

/// A frame's columns, read back row by row. Columns that the frame lacks read as empty or zero.
pub(super) struct FrameRows<'a> {
    shifts: &'a [i64],
    first_row: i64,
    posted: &'a [i64],
    offsets: &'a [i32],
    texts: [TextColumn<'a>; 12],
    money: [Option<&'a [i128]>; 5],
    known: &'a Known,
}

/// What is known of every row of a document, so that its columns need not be read.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Both row checks passed in every row when the document was taken in: the total fee is the sum of the
    /// fees, and the net follows from amount and fees.
    pub checks_passed: bool,
    /// The settlement id, where all rows have the same.
    pub settlement_id: Option<String>,
    /// The currency, where all rows have the same.
    pub currency: Option<Currency>,
}

impl Known {
    /// The columns of a statement that still have to be read.
    pub(super) fn columns(&self) -> Vec<String> {
        let mut columns = vec![SHIFT_COLUMN, "posted_utc", "type", CASE_COLUMN];
        columns.extend(self.settlement_id.is_none().then_some("settlement_id"));
        columns.extend(self.currency.is_none().then_some("currency"));
        let [amount, percentage_fee, fixed_fee, fee, net] = MONEY_COLUMNS;
        columns.extend([amount, percentage_fee, fixed_fee]);
        columns.extend((!self.checks_passed).then_some([fee, net]).into_iter().flatten());
        columns.into_iter().map(str::to_owned).collect()
    }
}

/// A text column of one chunk; empty where the frame lacks it.
type TextColumn<'a> = Option<&'a <StringType as PolarsDataType>::Array>;

impl<'a> FrameRows<'a> {
    /// Takes a frame of one chunk that has at least the posting instant and the money columns, without a
    /// missing value in any of them; `first_row` is the number of its first row in the file, from 0.
    pub(super) fn new(frame: &'a DataFrame, first_row: usize, known: &'a Known) -> PolarsResult<Self> {
        let optional = |name: &str| frame.column(name).ok();
        let mut money = [None; 5];
        for (slice, name) in money.iter_mut().zip(MONEY_COLUMNS) {
            let Some(column) = optional(name) else { continue };
            let decimals = column.decimal()?;
            polars_ensure!(decimals.scale() == MONEY_SCALE, SchemaMismatch: "`{name}` has another scale");
            *slice = Some(decimals.physical().cont_slice()?);
        }
        let complete = money.iter().take(if known.checks_passed { 3 } else { 5 }).all(Option::is_some);
        polars_ensure!(complete, SchemaMismatch: "a money column is missing");
        let mut texts = [None; 12];
        for (text, name) in texts.iter_mut().zip(TEXT_COLUMNS) {
            *text = optional(name).map(|column| column.str()).transpose()?.and_then(|text| text.downcast_iter().next());
        }
        Ok(Self {
            shifts: optional(SHIFT_COLUMN).map(|column| column.i64()?.cont_slice()).transpose()?.unwrap_or_default(),
            first_row: i64::try_from(first_row).unwrap_or_default(),
            posted: frame.column("posted_utc")?.datetime()?.physical().cont_slice()?,
            offsets: optional("posted_offset_minutes")
                .map(|column| column.i32()?.cont_slice())
                .transpose()?
                .unwrap_or_default(),
            texts,
            money,
            known,
        })
    }

    /// The five amounts of a row; fee and net follow from the others where they are known to.
    fn amounts(&self, index: usize) -> PolarsResult<[Amount; 5]> {
        let cell = |column: Option<&[i128]>| column.and_then(|column| column.get(index)).copied().unwrap_or_default();
        let [amount, percentage_fee, fixed_fee, fee, net] = self.money;
        let (amount, percentage_fee, fixed_fee) = (cell(amount), cell(percentage_fee), cell(fixed_fee));
        let fee = if fee.is_none() { percentage_fee + fixed_fee } else { cell(fee) };
        let net = if net.is_none() { amount + fee } else { cell(net) };
        let mut amounts = [Amount::ZERO; 5];
        for (amount, units) in amounts.iter_mut().zip([amount, percentage_fee, fixed_fee, fee, net]) {
            let units = i64::try_from(units).map_err(|_| polars_err!(ComputeError: "an amount is too large"))?;
            *amount = Amount::from_units(units);
        }
        Ok(amounts)
    }

    /// Hands every row to a sink, in order.
    pub(super) fn each(&self, sink: &mut impl RowSink) -> PolarsResult<()> {
        // The kind is read from the word anew, so that a word that a later version knows is not stuck as
        // unknown in old files.
        let mut kinds = KindCache::default();
        let mut currencies: Vec<Currency> = Vec::new();
        for ((index, &posted), row) in self.posted.iter().enumerate().zip(self.first_row..) {
            let [
                settlement_id,
                transaction_id,
                seller_reference_id,
                word,
                _,
                order_reference_id,
                seller_order_id,
                store_name,
                code,
                description,
                extra,
                case,
            ] = self.texts.map(|text| text.and_then(|text| text.get(index)).unwrap_or_default());
            let offset = self.offsets.get(index).copied().unwrap_or_default();
            let [amount, percentage_fee, fixed_fee, fee, net] = self.amounts(index)?;
            sink.row(&SettlementRow {
                line: self.shifts.get(index).map_or(0, |shift| shift.wrapping_add(row)).cast_unsigned(),
                posted: Instant::new(posted, i16::try_from(offset).unwrap_or(0)),
                settlement_id: self.known.settlement_id.as_deref().unwrap_or(settlement_id),
                transaction_id,
                seller_reference_id,
                word,
                kind: kinds.kind(word),
                order_reference_id: if order_reference_id.is_empty() { case } else { order_reference_id },
                seller_order_id,
                store_name,
                currency: match self.known.currency {
                    Some(currency) => currency,
                    None => currency_of(code, &mut currencies)?,
                },
                description,
                amount,
                percentage_fee,
                fixed_fee,
                fee,
                net,
                extra,
            });
        }
        Ok(())
    }
}

fn currency_of(code: &str, known: &mut Vec<Currency>) -> PolarsResult<Currency> {
    if let Some(currency) = known.iter().find(|currency| currency.code() == code) {
        return Ok(*currency);
    }
    let currency = code.parse().map_err(|why| polars_err!(ComputeError: "{why}"))?;
    known.push(currency);
    Ok(currency)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::RowKind;

    /// A row's facts, owned, so that they can be compared after a round trip.
    type Owned = (u64, Instant, String, String, Currency, [i64; 5]);

    #[derive(Default)]
    struct Keep(Vec<Owned>);

    impl RowSink for Keep {
        fn row(&mut self, row: &SettlementRow<'_>) {
            let money = [row.amount, row.percentage_fee, row.fixed_fee, row.fee, row.net].map(Amount::units);
            let texts = (row.settlement_id.to_owned(), row.store_name.to_owned());
            self.0.push((row.line, row.posted, texts.0, texts.1, row.currency, money));
        }
    }

    fn push(columns: &mut RowColumns, (line, posted, settlement_id, store_name, currency, money): &Owned) {
        let [amount, percentage_fee, fixed_fee, fee, net] = money.map(Amount::from_units);
        columns.row(&SettlementRow {
            line: *line,
            posted: *posted,
            settlement_id,
            transaction_id: "",
            seller_reference_id: "",
            word: "Capture",
            kind: RowKind::Capture,
            order_reference_id: "",
            seller_order_id: "",
            store_name,
            currency: *currency,
            description: "",
            amount,
            percentage_fee,
            fixed_fee,
            fee,
            net,
            extra: "",
        });
    }

    /// Eighteen digits: the precision of the money columns.
    const UNITS: std::ops::Range<i64> = -999_999_999_999_999_999..999_999_999_999_999_999;

    proptest! {
        #[test]
        fn rows_survive_the_round_trip_through_a_frame(
            rows in proptest::collection::vec(
                (1..u64::MAX / 2, any::<i32>(), -840..840_i16, "[0-9]{1,11}", "\\PC{0,20}",
                 proptest::sample::select(vec!["EUR", "HUF", "JPY", "KWD"]), [UNITS, UNITS, UNITS, UNITS, UNITS]),
                0..40,
            ),
        ) {
            let rows: Vec<Owned> = rows
                .into_iter()
                .map(|(line, seconds, offset, id, store, code, money)| {
                    let posted = Instant::new(i64::from(seconds) * 1000, offset);
                    (line, posted, id, store, code.parse().unwrap(), money)
                })
                .collect();
            let mut columns = RowColumns::with_capacity(rows.len());
            for row in &rows { push(&mut columns, row); }
            let frame = columns.into_frame(7).unwrap();
            prop_assert_eq!(&**frame.schema(), &settlement_schema());
            let mut kept = Keep::default();
            FrameRows::new(&frame, 7, &Known::default()).unwrap().each(&mut kept).unwrap();
            prop_assert_eq!(kept.0, rows);
        }
    }

    #[test]
    fn an_amount_beyond_the_columns_precision_is_refused() {
        let mut columns = RowColumns::with_capacity(1);
        let row = (1, Instant::new(0, 0), "1".to_owned(), String::new(), "EUR".parse().unwrap(), [i64::MAX; 5]);
        push(&mut columns, &row);
        assert!(columns.into_frame(0).is_err());
    }
}
